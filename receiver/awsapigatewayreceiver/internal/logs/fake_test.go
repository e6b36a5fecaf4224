package logs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
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
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// fakeClient is AWS as a test wants it. Functions that are nil find every log group, of class STANDARD, and no events.
type fakeClient struct {
	now      func() time.Time // nil: time.Now
	known    func() bool      // whether an answer has told the time; nil: it has
	filter   func(group string, from, to int64, token string) (model.LogPage, error)
	describe func(names []string) ([]model.LogGroup, error)

	mu    sync.Mutex
	calls []fakeCall
}

type fakeCall struct {
	group    string
	from, to int64
	token    string
	at       time.Time
}

func (c *fakeClient) Now() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}

func (c *fakeClient) ClockKnown() bool { return c.known == nil || c.known() }

// fakePerSecond is the rate of the fake's limiter.
const fakePerSecond = 10

func (*fakeClient) LogEventsPerSecond() float64 { return fakePerSecond }

func (*fakeClient) WaitLogEvents(ctx context.Context) error {
	return poll.System{}.Sleep(ctx, time.Second/fakePerSecond)
}

func (c *fakeClient) FilterLogEvents(ctx context.Context, group string, from, to int64, token string, page *model.LogPage) error {
	c.mu.Lock()
	c.calls = append(c.calls, fakeCall{group, from, to, token, c.Now()})
	c.mu.Unlock()
	if c.filter == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	answer, err := c.filter(group, from, to, token)
	answer.Events = append(page.Events[:0], answer.Events...)
	*page = answer
	return err
}

func (c *fakeClient) DescribeLogGroups(_ context.Context, names []string) ([]model.LogGroup, error) {
	if c.describe != nil {
		return c.describe(names)
	}
	groups := make([]model.LogGroup, len(names))
	for i, name := range names {
		groups[i] = model.LogGroup{Name: name, Class: "STANDARD"}
	}
	return groups, nil
}

// made are the calls of FilterLogEvents so far.
func (c *fakeClient) made() []fakeCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// fakeInventory is a snapshot that a test replaces.
type fakeInventory struct {
	mu       sync.Mutex
	snapshot *inventory.Snapshot
	refresh  func(api string) *inventory.Snapshot // nil: nothing changes
	fails    bool
	asked    []string
	interval time.Duration
}

func (f *fakeInventory) Interval() time.Duration { return f.interval }

func (f *fakeInventory) Wait(ctx context.Context) (*inventory.Snapshot, error) {
	return f.Current(), ctx.Err()
}

func (f *fakeInventory) Current() *inventory.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

func (f *fakeInventory) RefreshStages(_ context.Context, api string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, api)
	if f.fails {
		return errTest
	}
	if f.refresh != nil {
		f.snapshot = f.refresh(api)
	}
	return nil
}

// see lets the reader take up a snapshot.
func (b *bench) see(ctx context.Context, s *inventory.Snapshot) {
	b.inv.mu.Lock()
	b.inv.snapshot = s
	b.inv.mu.Unlock()
	b.discover(ctx)
}

// bench is a reader with everything around it.
type bench struct {
	*Reader
	client *fakeClient
	inv    *fakeInventory
	said   *observer.ObservedLogs
	refuse func() error
	// refuseSpans is the same of the pipeline that takes spans.
	refuseSpans func() error

	mu       sync.Mutex
	counts   map[string]int64
	lostSecs float64
	records  []record
	spans    []sentSpan
	health   [2]error // all, some
}

// record is what a test looks at of a log record.
type record struct {
	event, uid, body string
	attributes       map[string]any
	resource         map[string]any
	at               time.Time
}

var benchTarget = model.Target{Label: "default/us-east-1", AccountID: "111122223333", Region: "us-east-1", Partition: "aws"}

// sentSpan is what a test looks at of a span.
type sentSpan struct {
	name, kind, trace, id, parent string
	attributes, resource          map[string]any
	at                            time.Time
}

// newBench makes a reader of a snapshot's log groups for records; edit changes its configuration.
func newBench(t *testing.T, snapshot *inventory.Snapshot, edit func(*Config)) *bench {
	t.Helper()
	return newBenchFor(t, snapshot, edit, signals{records: true})
}

// signals are what a bench's reader reads for.
type signals struct{ records, spans, xray bool }

func newBenchFor(t testing.TB, snapshot *inventory.Snapshot, edit func(*Config), reads signals) *bench {
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
	next, err := consumer.NewLogs(b.consume)
	require.NoError(t, err)
	nextSpans, err := consumer.NewTraces(b.consumeSpans)
	require.NoError(t, err)
	count := func(name string) func(context.Context, int64) {
		return func(_ context.Context, n int64) { b.count(name, n) }
	}
	by := func(name string) func(context.Context, string, int64) {
		return func(_ context.Context, value string, n int64) { b.count(name+"="+value, n) }
	}
	settings := Settings{
		Target: benchTarget, Config: &config, Client: b.client, Inventory: b.inv, Store: &checkpoint.Store{}, Resources: resource.NewWriter(benchTarget, nil, nil),
		Clock: poll.System{}, Logger: zap.New(core), Pages: 4, Version: "1", XRayPulled: reads.xray,
		Recorder: Recorder{
			Records: by("records"), Bytes: by("bytes"), ParseErrors: by("parse"), UnknownLines: count("unknown"), Duplicates: count("duplicates"), Skipped: count("skipped"),
			OddTimestamps: count("odd"), RefusedRecords: count("refused"), CheckpointError: func(context.Context) { b.count("checkpoint", 1) },
			LostSeconds: func(_ context.Context, s float64) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.lostSecs += s
			},
			Spans: count("spans"), SpanlessLines: count("spanless"), RefusedSpans: count("refused spans"),
		},
	}
	emitting := emit.Settings{Hold: context.Background(), Obs: obs, Clock: poll.System{}, Logger: zap.NewNop(), Refused: func(error) {}, Format: "cloudwatchlogs"}
	if reads.records {
		settings.Emitter = emit.NewLogs(emitting, next)
	}
	if reads.spans {
		settings.Spans = emit.NewTraces(emitting, nextSpans)
	}
	b.Reader = New(settings)
	b.report = b.took
	require.NoError(t, b.loadIndex(t.Context(), b.now()))
	return b
}

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

// took notes the reader's health.
func (b *bench) took(all, some error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.health = [2]error{all, some}
}

func (b *bench) healthy() (all, some error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.health[0], b.health[1]
}

func (b *bench) consume(_ context.Context, ld plog.Logs) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		if err := b.refuse(); err != nil {
			return err
		}
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				attributes := r.Attributes().AsRaw()
				uid, _ := attributes["log.record.uid"].(string) // what is lost has none
				b.records = append(b.records, record{r.EventName(), uid, r.Body().AsString(), attributes, rl.Resource().Attributes().AsRaw(), r.Timestamp().AsTime()})
			}
		}
	}
	return nil
}

func (b *bench) consumeSpans(_ context.Context, td ptrace.Traces) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuseSpans != nil {
		if err := b.refuseSpans(); err != nil {
			return err
		}
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				b.spans = append(b.spans, sentSpan{
					s.Name(), s.Kind().String(), s.TraceID().String(), s.SpanID().String(), s.ParentSpanID().String(), s.Attributes().AsRaw(), rs.Resource().Attributes().AsRaw(),
					s.StartTimestamp().AsTime(),
				})
			}
		}
	}
	return nil
}

func (b *bench) cameSpans() []sentSpan {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.spans)
}

func (b *bench) came() []record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.records)
}

// run runs the reader until the returned function is called.
func (b *bench) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Run(ctx, b.took)
	}()
	return func() {
		cancel()
		<-done
	}
}

// failure is an answer of AWS that is an error.
func failure(class aws.Class, code string) error {
	return &aws.Error{Operation: "FilterLogEvents", Class: class, Code: code, Err: errTest}
}

var errTest = errors.New("said AWS")
