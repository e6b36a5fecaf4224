package traces

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// fakeClient is X-Ray with a world. What a test sets is asked before the world is, one call at a time, and may fail it.
type fakeClient struct {
	world
	now       func() time.Time // nil: time.Now
	known     func() bool      // whether an answer has told the time; nil: it has
	latency   time.Duration
	slow      func() time.Duration // adds to the latency
	page      int                  // summaries of a page; 0: 100
	listing   func(c scan) error
	getting   func(ids []string) (unprocessed []string, err error)
	search    func() (bool, error) // nil: Transaction Search is off
	starting  func(ids []string) error
	retrieval func(asked int, page *model.Retrieval) error // asked is how often the same retrieval was asked for its first page

	mu         sync.Mutex
	scans      []scan
	gets       [][]string
	asked      int // where segments go
	retrievals []*retrieved
}

// scan is a call of GetTraceSummaries.
type scan struct {
	model.Window
	filter, token string
	at            time.Time
}

type retrieved struct {
	ids    []string
	window model.Window
	asked  int
}

// answer notes a call, and waits as long as it lasts.
func (c *fakeClient) answer(ctx context.Context, note func()) error {
	c.mu.Lock()
	note()
	latency := c.latency
	if c.slow != nil {
		latency += c.slow()
	}
	c.mu.Unlock()
	return poll.System{}.Sleep(ctx, latency)
}

// ask asks what a test has set.
func (c *fakeClient) ask(hook func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return hook()
}

func (c *fakeClient) Now() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}

func (c *fakeClient) ClockKnown() bool { return c.known == nil || c.known() }

func (c *fakeClient) TraceSummaries(ctx context.Context, w model.Window, filter, token string) (page model.TracePage, err error) {
	s := scan{w, filter, token, c.Now()}
	if err := c.answer(ctx, func() { c.scans = append(c.scans, s) }); err != nil {
		return page, err
	}
	if c.listing != nil {
		if err := c.ask(func() error { return c.listing(s) }); err != nil {
			return page, err
		}
	}
	size := c.page
	if size == 0 {
		size = 100
	}
	return c.list(w, filter, token, size, c.Now()), nil
}

func (c *fakeClient) Traces(ctx context.Context, ids []string) (traces []model.Trace, unprocessed []string, err error) {
	if len(ids) > aws.MaxTraceIDs {
		return nil, nil, fmt.Errorf("%d ids", len(ids))
	}
	if err := c.answer(ctx, func() { c.gets = append(c.gets, ids) }); err != nil {
		return nil, nil, err
	}
	if c.getting != nil {
		if err = c.ask(func() (err error) { unprocessed, err = c.getting(ids); return err }); err != nil {
			return nil, nil, err
		}
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(unprocessed, id) })
	return c.get(ids, c.Now(), document.segment), unprocessed, nil
}

func (c *fakeClient) TransactionSearch(ctx context.Context) (on bool, _ error) {
	if err := c.answer(ctx, func() { c.asked++ }); err != nil || c.search == nil {
		return false, err
	}
	err := c.ask(func() (err error) { on, err = c.search(); return err })
	return on, err
}

func (c *fakeClient) StartRetrieval(ctx context.Context, ids []string, w model.Window) (token string, err error) {
	if len(ids) > aws.MaxRetrievalIDs {
		return "", fmt.Errorf("%d ids", len(ids))
	}
	err = c.answer(ctx, func() {
		token = strconv.Itoa(len(c.retrievals))
		c.retrievals = append(c.retrievals, &retrieved{ids: ids, window: w})
	})
	if err == nil && c.starting != nil {
		err = c.ask(func() error { return c.starting(ids) })
	}
	return token, err
}

// retrievalPage is how many traces a page of a retrieval has.
const retrievalPage = 30

func (c *fakeClient) Retrieved(ctx context.Context, retrieval, token string) (page model.Retrieval, err error) {
	n, _ := strconv.Atoi(retrieval)
	var r retrieved
	err = c.answer(ctx, func() {
		if token == "" {
			c.retrievals[n].asked++
		}
		r = *c.retrievals[n]
	})
	if err != nil {
		return page, err
	}
	first, _ := strconv.Atoi(token)
	last := min(first+retrievalPage, len(r.ids))
	page = model.Retrieval{Traces: c.get(r.ids[first:last], c.Now(), document.span), Done: true, Status: "COMPLETE"}
	if last < len(r.ids) {
		page.Token = strconv.Itoa(last)
	}
	if c.retrieval != nil {
		err = c.ask(func() error { return c.retrieval(r.asked, &page) })
	}
	return page, err
}

// made are the scans so far.
func (c *fakeClient) made() []scan {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.scans)
}

// got are the ids of each call of BatchGetTraces so far.
func (c *fakeClient) got() [][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.gets)
}

// begun is how many retrievals were started so far.
func (c *fakeClient) begun() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.retrievals)
}

// fakeInventory is a snapshot that a test replaces.
type fakeInventory struct {
	mu       sync.Mutex
	snapshot *inventory.Snapshot
}

func (f *fakeInventory) Wait(ctx context.Context) (*inventory.Snapshot, error) {
	return f.Current(), ctx.Err()
}

func (f *fakeInventory) Current() *inventory.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

func (f *fakeInventory) see(s *inventory.Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot = s
}

// bench is a reader with everything around it.
type bench struct {
	*Reader
	client *fakeClient
	inv    *fakeInventory
	said   *observer.ObservedLogs
	refuse func(ptrace.Traces) error // what the pipeline says to data

	mu       sync.Mutex
	counts   map[string]int64
	lostSecs float64
	spans    []string // trace/span, as they came
	batches  int
	reports  []error
}

var benchTarget = model.Target{Label: "default/us-east-1", AccountID: "111122223333", Region: "us-east-1", Partition: "aws"}

// newBench makes a reader; edit changes its configuration.
func newBench(t testing.TB, snapshot *inventory.Snapshot, edit func(*Config)) *bench {
	t.Helper()
	b := &bench{client: &fakeClient{}, inv: &fakeInventory{snapshot: snapshot}, counts: map[string]int64{}}
	config := DefaultConfig()
	if edit != nil {
		edit(&config)
	}
	require.NoError(t, config.Check())
	core, said := observer.New(zap.InfoLevel)
	b.said = said
	set := receivertest.NewNopSettings(metadata.Type)
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: component.NewID(metadata.Type), Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	next, err := consumer.NewTraces(b.consume)
	require.NoError(t, err)
	count := func(name string) func(context.Context, int64) {
		return func(_ context.Context, n int64) { b.count(name, n) }
	}
	b.Reader = New(Settings{
		Target: benchTarget, Config: &config, Rules: redact.New(nil, nil, ""), Client: b.client, Inventory: b.inv, Store: &checkpoint.Store{},
		Resources: resource.NewWriter(benchTarget, nil, nil), Clock: poll.System{}, Logger: zap.New(core), Version: "1",
		Emitter: emit.NewTraces(emit.Settings{Hold: context.Background(), Obs: obs, Clock: poll.System{}, Logger: zap.NewNop(), Refused: func(error) {}, Format: "xray"}, next),
		Recorder: Recorder{
			Scanned: count("scanned"), Retrieved: count("retrieved"), LeftOut: count("left out"), SegmentErrors: count("segment errors"), UnknownMembers: count("unknown"),
			Duplicates: count("duplicates"), RefusedSpans: count("refused"), CheckpointError: func(context.Context) { b.count("checkpoint", 1) },
			Incomplete: func(_ context.Context, reason string, n int64) { b.count(reason, n) },
			LostSeconds: func(_ context.Context, s float64) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.lostSecs += s
			},
		},
	})
	return b
}

// restart makes the reader anew, as the next start of the collector does.
func (b *bench) restart() { b.Reader = New(b.Settings) }

func (b *bench) count(name string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts[name] += n
}

func (b *bench) counted(name string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[name]
}

func (b *bench) lost() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lostSecs
}

func (b *bench) consume(_ context.Context, td ptrace.Traces) error {
	if b.refuse != nil {
		if err := b.refuse(td); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.batches++
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				b.spans = append(b.spans, s.TraceID().String()+"/"+s.SpanID().String())
			}
		}
	}
	return nil
}

// came is how often each span came, by trace/span.
func (b *bench) came() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	times := map[string]int{}
	for _, s := range b.spans {
		times[s]++
	}
	return times
}

// times is how often a segment of a trace came.
func (b *bench) times(s *scripted, segment string) int { return b.came()[w3c(s.ID)+"/"+segment] }

func (b *bench) report(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reports = append(b.reports, err)
}

func (b *bench) reported() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.reports)
}

// says is how many lines were logged that hold a text.
func (b *bench) says(text string) (n int) {
	for _, line := range b.said.All() {
		if strings.Contains(line.Message, text) {
			n++
		}
	}
	return n
}

// run runs the reader until the returned function is called.
func (b *bench) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	reader := b.Reader
	go func() {
		defer close(done)
		reader.Run(ctx, b.report)
	}()
	return func() {
		cancel()
		<-done
	}
}

// failure is an answer of AWS that is an error.
func failure(class aws.Class, code string) error {
	return &aws.Error{Operation: "an operation of X-Ray", Class: class, Code: code, Err: errTest}
}

var errTest = errors.New("said AWS")
