// Package logs reads log groups: the access logs of stages, each in its own format, and execution logs. One reader serves both kinds and all
// groups of a target.
package logs

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/executionlog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Client makes the AWS calls. *aws.Client does.
type Client interface {
	Now() time.Time
	// WaitLogEvents takes a turn of the limiter of FilterLogEvents, LogEventsPerSecond is its rate.
	WaitLogEvents(ctx context.Context) error
	LogEventsPerSecond() float64
	// FilterLogEvents makes one attempt at one page.
	FilterLogEvents(ctx context.Context, group string, from, to int64, token string, page *model.LogPage) error
	DescribeLogGroups(ctx context.Context, names []string) ([]model.LogGroup, error)
}

// Inventory knows the stages. *inventory.Inventory does.
type Inventory interface {
	Wait(ctx context.Context) (*inventory.Snapshot, error)
	Current() *inventory.Snapshot
	RefreshStages(ctx context.Context, api string) error
}

// Settings are what the reader of one target needs.
type Settings struct {
	Target    model.Target
	Config    *Config
	Client    Client
	Inventory Inventory
	Store     *checkpoint.Store
	Resources *resource.Writer
	Emitter   *emit.Logs
	Clock     poll.Clock
	Recorder  Recorder
	Logger    *zap.Logger
	// Pages is how many pages may be in memory at once.
	Pages   int
	Version string
}

// Recorder counts into the receiver's own metrics.
type Recorder struct {
	Records         func(ctx context.Context, kind string, n int64)
	Bytes           func(ctx context.Context, read string, n int64)
	ParseErrors     func(ctx context.Context, format string, n int64)
	UnknownLines    func(ctx context.Context, n int64)
	Duplicates      func(ctx context.Context, n int64)
	Skipped         func(ctx context.Context, n int64)
	OddTimestamps   func(ctx context.Context, n int64)
	RefusedRecords  func(ctx context.Context, n int64)
	LostSeconds     func(ctx context.Context, seconds float64)
	CheckpointError func(ctx context.Context)
}

// Status is what the internal metrics show of a reader.
type Status struct {
	Groups     int
	Unreadable map[string]int // by reason
	Remembered int
	// ReadTo is up to when the group that is furthest behind has been handed over; zero before the first read.
	ReadTo      time.Time
	LastSuccess time.Time
}

const (
	// discoverInterval is how often it is looked whether the inventory has changed.
	discoverInterval = time.Second
	// describeInterval is how often class, retention and key of each group are read.
	describeInterval = 5 * time.Minute
	// Waits of a group whose read failed.
	minRetry = time.Second
	maxRetry = 2 * time.Minute
	// saveInterval is how often the position of a group is stored that has nothing new.
	saveInterval = time.Minute
	// maxRemembered bounds the ids of a target that are remembered, at 8 to 20 bytes each.
	maxRemembered = 2 << 20
)

// Reader reads the log groups of one target.
type Reader struct {
	Settings
	book      *book
	writer    *accesslog.Writer
	stock     []*format
	execution *executionlog.Decoder
	groups    registry
	queue     *queue
	index     index
	pages     sync.Pool
	slots     chan struct{}
	running   sync.WaitGroup

	// describeNow asks for the description of groups that have none.
	describeNow chan struct{}

	// discovering is held while what the inventory says is taken up.
	discovering sync.Mutex

	mu          sync.Mutex
	said        map[string]bool // what was said of destinations that can't be read
	dark        map[string]string
	asks        map[string]*ask // by API
	askLimit    *rate.Limiter
	lastSuccess time.Time
	report      func(all, some error)
	saidBound   bool
	saidStore   bool
}

// New makes the reader of a target whose account is known.
func New(s Settings) *Reader {
	rules := redact.New(s.Config.Redact, s.Config.Include, s.Config.HashKey)
	keep := s.Config.Body == BodyOriginal
	r := &Reader{
		Settings: s, writer: accesslog.NewWriter(rules, keep), execution: executionlog.New(rules, s.Config.Execution.Bodies, keep),
		queue: newQueue(s.Clock, s.Client.Now, s.Client.LogEventsPerSecond()), slots: make(chan struct{}, s.Pages),
		describeNow: make(chan struct{}, 1), said: map[string]bool{}, asks: map[string]*ask{},
		askLimit: rate.NewLimiter(asksPerSecond, askBurst),
	}
	r.index = newIndex(0)
	r.pages.New = func() any { return &model.LogPage{} }
	r.book = newBook(r.writer, s.Logger)
	for _, f := range accesslog.Stock() {
		r.stock = append(r.stock, &format{Format: f, bound: r.writer.Bind(f)})
	}
	return r
}

func (r *Reader) now() time.Time { return r.Client.Now() }

// Run reads until ctx ends. report is told when groups can't be read: all is an error where none can, some where a part of them can't.
func (r *Reader) Run(ctx context.Context, report func(all, some error)) {
	r.report = report
	if err := r.loadIndex(ctx); err != nil {
		r.checkpointFailed(ctx, err)
	}
	if _, err := r.Inventory.Wait(ctx); err != nil {
		return
	}
	r.running.Go(func() { r.follow(ctx) })
	r.running.Go(func() { r.describeAll(ctx) })
	r.dispatch(ctx)
	r.running.Wait()
	// What was handed over is stored with it; only where a group had nothing new is its position older.
	for _, g := range r.groups.all() {
		if g.dirty {
			r.save(ctx, g, nil, r.now())
		}
	}
}

// follow keeps up with the inventory.
func (r *Reader) follow(ctx context.Context) {
	var last *inventory.Snapshot
	for {
		if s := r.Inventory.Current(); s != last {
			r.discover(ctx)
			last = s
			r.wakeDescribe()
		}
		if r.Clock.Sleep(ctx, discoverInterval) != nil {
			return
		}
	}
}

func (r *Reader) wakeDescribe() {
	select {
	case r.describeNow <- struct{}{}:
	default:
	}
}

// dispatch sends one read after the other, as the limiter allows.
func (r *Reader) dispatch(ctx context.Context) {
	for {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if r.queue.wait(ctx) != nil || r.Client.WaitLogEvents(ctx) != nil {
			return
		}
		t := r.queue.next()
		if t == nil {
			<-r.slots
			continue
		}
		r.running.Go(func() { r.read(ctx, t) })
	}
}

// read makes one call, and takes in what came unless another goroutine does. It holds a slot, which belongs to the page until that has been handed
// over.
func (r *Reader) read(ctx context.Context, t *task) {
	g, c := t.group, t.chain
	if c == nil {
		if c = r.begin(ctx, g, t.class); c == nil {
			<-r.slots
			return
		}
	}
	page := r.pages.Get().(*model.LogPage)
	err := r.Client.FilterLogEvents(ctx, g.name, c.from, c.to, c.token, page)
	g.mu.Lock()
	c.began = min(c.began, r.now().UnixMilli()) // the answer may have set the clock back
	g.mu.Unlock()
	if err == nil {
		err = c.check(page)
	}
	if err != nil {
		r.putPage(page)
		<-r.slots
		r.failed(ctx, g, c, err)
		return
	}
	r.succeeded(g)
	c.token = page.Token
	j := &job{chain: c, page: page, final: page.Token == ""}
	g.mu.Lock()
	g.jobs = append(g.jobs, j)
	switch {
	case j.final:
	case g.taking || len(g.jobs) >= maxJobs:
		g.stalled = append(g.stalled, c)
	default:
		r.goOn(g, c)
	}
	take := !g.taking
	g.taking = true
	g.mu.Unlock()
	if take {
		r.takeIn(ctx, g)
	}
}

// begin plans a chain of a group. What can't be read any more is said before; it returns nil where there is nothing to read.
func (r *Reader) begin(ctx context.Context, g *group, class class) *chain {
	g.mu.Lock()
	if g.removed || g.unreadable != "" && !g.probing {
		g.rest(class)
		g.mu.Unlock()
		return nil
	}
	now := r.now()
	lost, reason := g.clamp(now, r.Config.MaxBackfill, g.interval(now, r.Config))
	g.mu.Unlock()
	if reason != "" {
		if r.lost(ctx, g, lost, reason) != nil {
			return nil // ctx has ended
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.plan(class, now.UnixMilli(), r.Config.LateWindow)
	if c == nil {
		g.rest(class)
	}
	return c
}

func (r *Reader) putPage(p *model.LogPage) {
	clear(p.Events) // or the page would live on
	p.Events = p.Events[:0]
	if cap(p.Events) <= maxPooledEvents {
		r.pages.Put(p)
	}
}

// maxPooledEvents is the size of a page at AWS's limit.
const maxPooledEvents = 10_000

// goOn puts the next page of a chain into the queue.
func (r *Reader) goOn(g *group, c *chain) {
	t := &task{group: g, class: classDrain, chain: c, at: g.pos.newest}
	if c.sweep {
		t.class, t.at = classSweep, c.began
	}
	r.queue.add(t)
}

// takeIn hands the pages of a group over, one after the other.
func (r *Reader) takeIn(ctx context.Context, g *group) {
	for {
		g.mu.Lock()
		if len(g.jobs) == 0 || ctx.Err() != nil {
			g.taking = false
			g.mu.Unlock()
			return
		}
		j := g.jobs[0]
		// While this page is handed over, the next one is fetched.
		if len(g.jobs) < maxJobs {
			for _, c := range g.stalled {
				r.goOn(g, c)
			}
			g.stalled = g.stalled[:0]
		}
		g.mu.Unlock()
		err := r.handOver(ctx, g, j)
		r.putPage(j.page)
		<-r.slots
		if err != nil {
			return // ctx has ended; as g.handing stays, what was not handed over is not stored
		}
		g.mu.Lock()
		g.jobs = slices.Delete(g.jobs, 0, 1)
		if j.final {
			r.ended(g, j.chain)
		}
		g.mu.Unlock()
	}
}

// ended plans what comes after a chain.
func (r *Reader) ended(g *group, c *chain) {
	now := r.now()
	if c.sweep {
		g.sweepActive = false
		return
	}
	r.queue.add(&task{group: g, class: classPoll, at: c.began + g.interval(now, r.Config).Milliseconds()})
	if _, due := g.pos.sweep(now.UnixMilli(), r.Config.LateWindow); due && !g.sweepActive {
		g.sweepActive = true
		r.queue.add(&task{group: g, class: classSweep, at: now.UnixMilli()})
	}
}

// Status is how the reader is doing.
func (r *Reader) Status() Status {
	s := Status{Unreadable: map[string]int{}}
	r.mu.Lock()
	s.LastSuccess = r.lastSuccess
	for _, reason := range r.dark {
		s.Unreadable[reason]++
	}
	r.mu.Unlock()
	for _, g := range r.groups.all() {
		g.mu.Lock()
		s.Groups++
		s.Remembered += g.seen.count
		if g.absent() {
			s.Groups--
		} else if g.unreadable != "" {
			s.Unreadable[g.unreadable]++
		} else if readTo := time.UnixMilli(g.readTo()); g.begun && (s.ReadTo.IsZero() || readTo.Before(s.ReadTo)) {
			s.ReadTo = readTo
		}
		g.mu.Unlock()
	}
	return s
}

func (r *Reader) checkpointFailed(ctx context.Context, err error) {
	r.Recorder.CheckpointError(ctx)
	r.mu.Lock()
	said := r.saidStore
	r.saidStore = true
	r.mu.Unlock()
	if !said {
		r.Logger.Error("Positions of log groups can't be stored or taken up; a restart may repeat or miss events", zap.Error(err))
	}
}

// registry holds the groups of a target. Those that nobody writes to any more are retired: should they come back, they go on where they were.
type registry struct {
	mu      sync.Mutex
	byName  map[string]*group
	retired map[string]*group
}

func (r *registry) get(name string) *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byName[name]
}

func (r *registry) put(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[string]*group{}
	}
	r.byName[g.name] = g
}

func (r *registry) retire(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byName, g.name)
	if r.retired == nil {
		r.retired = map[string]*group{}
	}
	if len(r.retired) < maxRetired {
		r.retired[g.name] = g
	}
}

// back returns a group that was retired, nil where there is none of that name.
func (r *registry) back(name string) *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.retired[name]
	delete(r.retired, name)
	return g
}

// maxRetired bounds the groups that are kept though nobody writes to them.
const maxRetired = 10_000

// all are the groups, in no order.
func (r *registry) all() []*group {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*group, 0, len(r.byName))
	for _, g := range r.byName {
		out = append(out, g)
	}
	return out
}

// handOver hands the new events of a page over, in batches, and moves the position after each.
func (r *Reader) handOver(ctx context.Context, g *group, j *job) error {
	for p := range j.parts {
		g.mu.Lock()
		t := g.take(p, r.Config.LateWindow)
		g.handing = true
		now := r.now()
		if t.newBytes > 0 && !j.chain.sweep {
			g.lastEvent = now
		}
		stale := now.Sub(g.savedAt) >= saveInterval
		g.mu.Unlock()
		if len(t.events) > 0 {
			if err := r.emit(ctx, g, j.page, t.events); err != nil {
				return err
			}
		}
		r.Recorder.Bytes(ctx, BytesNew, int64(t.newBytes))
		r.Recorder.Bytes(ctx, BytesAgain, int64(t.repeated))
		r.Recorder.Duplicates(ctx, int64(p.hi-p.lo-len(t.events)))
		g.mu.Lock()
		g.handing = false
		g.mu.Unlock()
		if len(t.events) > 0 || stale {
			r.save(ctx, g, t.fresh, now)
		}
	}
	r.bound(g)
	return nil
}

// What bytes were read for.
const (
	BytesNew   = "new"
	BytesAgain = "again"
)

// emit hands a batch over. A line that can't be decoded shows that a stage may have another format by now: then its settings are read anew before
// the line is given up.
func (r *Reader) emit(ctx context.Context, g *group, page *model.LogPage, events []int32) error {
	b := &builder{reader: r, group: g, page: page, events: events, observed: pcommon.NewTimestampFromTime(r.now())}
	built := b.build()
	if len(b.ask) > 0 && r.refresh(ctx, b.ask) {
		built = b.build()
	}
	offers := 0
	outcome, err := r.Emitter.Emit(ctx, func() plog.Logs {
		if offers++; offers > 1 {
			return b.build() // the pipeline may have changed what it refused
		}
		return built
	})
	if err != nil {
		return err
	}
	if outcome == emit.Refused {
		r.Recorder.RefusedRecords(ctx, int64(b.records))
	}
	b.count(ctx)
	return nil
}
