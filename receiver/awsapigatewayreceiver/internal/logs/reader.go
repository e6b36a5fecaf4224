// Package logs reads log groups: the access logs of stages, each in its own format, and execution logs. One reader serves both kinds and all
// groups of a target, and makes of each event what is wanted of it: a record, spans, or both.
package logs

import (
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/executionlog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

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
	targets   targets
	began     time.Time
	// listed is when the inventory listed all APIs last. seenBefore is when it had before it could not for long, as before the start, and resumed since
	// when it can.
	listed, seenBefore, resumed time.Time
	pages                       sync.Pool
	slots                       chan struct{}
	builders                    chan struct{}
	running                     sync.WaitGroup

	// describeNow asks for the description of groups that have none.
	describeNow chan struct{}

	// discovering is held while what the inventory says is taken up, discovered says that it was since the start.
	discovering poll.Turn
	discovered  bool
	// leaving is up to when an earlier run was to read the groups that it was leaving, until they are left here.
	leaving map[string]time.Time

	mu          sync.Mutex
	said        map[string]bool // what was said once and is not to be said again
	dark        map[string]string
	asks        map[string]*ask // by API
	askLimit    *rate.Limiter
	lastSuccess time.Time
	report      func(all, some error)
}

// New makes the reader of a target whose account is known.
func New(s Settings) *Reader {
	rules := redact.New(s.Config.Redact, s.Config.Include, s.Config.HashKey)
	keep := s.Config.Body == BodyOriginal
	r := &Reader{
		Settings: s, writer: accesslog.NewWriter(rules, keep), execution: executionlog.New(rules, s.Config.Execution.Bodies, keep),
		queue: newQueue(s.Clock, s.Client.Now, s.Client.LogEventsPerSecond()), slots: make(chan struct{}, s.Pages), builders: make(chan struct{}, runtime.GOMAXPROCS(0)),
		describeNow: make(chan struct{}, 1), said: map[string]bool{}, asks: map[string]*ask{},
		askLimit: rate.NewLimiter(asksPerSecond, askBurst),
	}
	r.index = newIndex("", 0)
	r.pages.New = func() any { return &model.LogPage{} }
	r.book = newBook(r.writer, s.Spans != nil, s.Logger)
	for _, f := range accesslog.Stock() {
		r.stock = append(r.stock, r.book.bind(f))
	}
	return r
}

func (r *Reader) now() time.Time { return r.Client.Now() }

// Run reads until ctx ends. report is told when groups can't be read: all is an error where none can, some where a part of them can't.
func (r *Reader) Run(ctx context.Context, report func(all, some error)) {
	r.report = report
	started := r.Clock.Now()
	if r.learnTime(ctx) != nil {
		return
	}
	r.began = r.now().Add(started.Sub(r.Clock.Now())) // by AWS's clock
	if err := r.loadIndex(ctx, r.began); err != nil {
		r.checkpointFailed(ctx, err)
	}
	r.listed, r.resumed = r.seenBefore, r.now()
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

// learnTime asks until an answer has told AWS's time, which the positions are held against: a denial does, too. An answer without one, which only others
// than AWS give, is no reason to wait.
func (r *Reader) learnTime(ctx context.Context) error {
	wait, failed := poll.Backoff{Min: minRetry, Max: maxRetry}, false
	for !r.Client.ClockKnown() {
		_, err := r.Client.DescribeLogGroups(ctx, []string{welcome})
		if err == nil || r.Client.ClockKnown() {
			break
		}
		failed = true
		r.report(err, nil)
		if err := r.Clock.Sleep(ctx, wait.Next()); err != nil {
			return err
		}
	}
	if failed {
		r.report(nil, nil) // there may be no log group of which reading would say so
	}
	return nil
}

// welcome is the log group that API Gateway makes itself where it is allowed to write logs.
const welcome = "/aws/apigateway/welcome"

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
	now, readable := r.now(), !g.removed && (g.unreadable == "" || g.probing)
	if readable {
		if lost, reason := g.clamp(now, r.Config.MaxBackfill, g.interval(now, r.Config)); reason != "" {
			g.lose(lost, reason)
		}
	}
	g.mu.Unlock()
	if r.sayLosses(ctx, g) != nil {
		return nil // ctx has ended
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !readable {
		g.rest(class)
		return nil
	}
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
