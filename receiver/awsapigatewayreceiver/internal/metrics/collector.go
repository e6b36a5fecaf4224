// Package metrics turns CloudWatch's metrics of API Gateway into OTLP metrics: it plans what to ask for, fetches, decodes, maps and emits.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Reader are the CloudWatch reads of one target. *aws.Client has them.
type Reader interface {
	Now() time.Time
	// ClockKnown says whether Now is AWS's time already, since AWS has answered.
	ClockKnown() bool
	ListMetrics(ctx context.Context, recentlyActive bool, yield func([]model.Metric) error) error
	FirstMetrics(ctx context.Context, metric string) ([]model.Metric, error)
	MetricData(ctx context.Context, queries []model.Query, period time.Duration, w model.Window) ([]model.Series, error)
}

// Settings are what a Collector needs.
type Settings struct {
	Target    model.Target
	Config    *Config
	Filter    *inventory.Filter
	Reader    Reader
	Inventory *inventory.Inventory
	Store     *checkpoint.Store
	Resources *resource.Writer
	Emitter   *emit.Metrics
	Clock     poll.Clock
	Recorder  Recorder
	Logger    *zap.Logger
	// Started is when the receiver started, which may be long before the target answers.
	Started time.Time
	// Version is the collector's, for the scope.
	Version string
}

// Recorder counts; its methods fill internal metrics. All are safe for concurrent use.
type Recorder struct {
	Billed          func(ctx context.Context, low, high int64)
	Listed          func(ctx context.Context, requests int64)
	LatePoints      func(ctx context.Context, n int64)
	LostSeconds     func(ctx context.Context, seconds float64)
	Malformed       func(ctx context.Context, operation string)
	CheckpointError func(ctx context.Context)
	RefusedPoints   func(ctx context.Context, n int64)
}

const (
	// requestsInFlight is the number of GetMetricData requests of one target that wait for their answers together.
	requestsInFlight = 5
	// listInterval is how often ListMetrics is read: a new metric takes up to 15 minutes to be listed anyway.
	listInterval = 5 * time.Minute
	// activeWindow is how much of the past RecentlyActive surely lists.
	activeWindow = 3 * time.Hour
	// failedRounds is how often a cycle asks again for what failed before it leaves the rest to a later one.
	failedRounds = 3
	// minRetry is the first wait before a cycle that was not complete is taken up again.
	minRetry = 15 * time.Second
)

// Collector collects the metrics of one target.
type Collector struct {
	Settings
	period     int64
	classifier classifier
	intervals  []time.Duration
	state      *state
	mapper     mapper
	logger     *zap.Logger

	// emitting guards the ledgers, the mapper and the state while answers are handed over, one at a time.
	emitting poll.Turn
	points   []point
	staged   []staged

	lastList time.Time // the cycle of the newest list that was complete
	pages    int       // of the newest list
	cycles   int
	orphans  map[inventory.Key]*inventory.Snapshot
	// firstSeen are the times of the list before the one that first named an API which the inventory did not know.
	firstSeen map[inventory.Key]int64
	named     map[string]bool // of unknown metrics, for their one log line
	owners    ownerCache
	// resolved are the owners by stage in the snapshot resolvedIn.
	resolved   map[stageKey]*stageOwners
	resolvedIn *inventory.Snapshot

	mu     sync.Mutex
	status Status
}

// Status is what the internal metrics show of a collector.
type Status struct {
	Series, Unknown, Ambiguous int
	// ReadTo is the end of the newest period that was handed over of the series that is furthest behind; zero before the first.
	ReadTo      time.Time
	LastSuccess time.Time
	// First is true once a cycle has ended.
	First bool
	Cost  Cost
}

// New makes the collector of a target whose account is known.
func New(set Settings) *Collector {
	c := &Collector{
		Settings:   set,
		period:     int64(set.Config.Period / time.Second),
		classifier: classifier{plans: plans(set.Config)},
		logger:     set.Logger.With(zap.String("target", set.Target.Label), zap.String("signal", "metrics")),
		orphans:    map[inventory.Key]*inventory.Snapshot{},
		firstSeen:  map[inventory.Key]int64{},
		named:      map[string]bool{},
	}
	for _, l := range set.Config.Levels {
		c.classifier.stage = c.classifier.stage || l == LevelStage
		c.classifier.route = c.classifier.route || l == LevelRoute
	}
	seen := map[time.Duration]bool{}
	for _, p := range c.classifier.plans {
		if !seen[p.interval] {
			seen[p.interval] = true
			c.intervals = append(c.intervals, p.interval)
		}
	}
	c.mapper = mapper{bounds: set.Config.HistogramBuckets, version: set.Version, resource: c.writeResource}
	c.state = newState(set.Store, set.Target.Label, c.logger, set.Recorder.CheckpointError)
	c.state.account = set.Target.AccountID
	return c
}

// Status returns a copy of the collector's status.
func (c *Collector) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Run collects until ctx ends. report is told the outcome of each cycle.
func (c *Collector) Run(ctx context.Context, report func(error)) {
	wait := poll.Backoff{Min: minRetry, Max: c.Config.CollectionInterval}
	if c.learnTime(ctx, &wait, report) != nil {
		return
	}
	for {
		err := c.restore(ctx)
		if err == nil || ctx.Err() != nil {
			break
		}
		report(err)
		c.state.report(ctx, err)
		if c.Clock.Sleep(ctx, wait.Next()) != nil {
			return
		}
	}
	wait.Reset()
	next := make(map[time.Duration]time.Time, len(c.intervals))
	var retry time.Time
	for ctx.Err() == nil {
		now := c.Clock.Now()
		due := map[time.Duration]bool{}
		for _, interval := range c.intervals {
			if !now.Before(next[interval]) {
				due[interval] = true
				next[interval] = now.Add(poll.Jitter(interval) - interval/40)
			}
		}
		err := c.cycle(ctx, due)
		if ctx.Err() != nil {
			return
		}
		report(err)
		if err != nil {
			retry = c.Clock.Now().Add(wait.Next())
		} else {
			wait.Reset()
			retry = time.Time{}
		}
		wake := retry
		for _, t := range next {
			if wake.IsZero() || t.Before(wake) {
				wake = t
			}
		}
		if c.Clock.Sleep(ctx, wake.Sub(c.Clock.Now())) != nil {
			return
		}
	}
}

// learnTime asks until an answer has told AWS's time, which the positions are held against: a denial does, too. An answer without one, which only others
// than AWS give, is no reason to wait.
func (c *Collector) learnTime(ctx context.Context, wait *poll.Backoff, report func(error)) error {
	for !c.Reader.ClockKnown() {
		_, err := c.Reader.FirstMetrics(ctx, Catalogue[0].Sources[0].Metric)
		if err == nil || c.Reader.ClockKnown() {
			break
		}
		report(err)
		if err := c.Clock.Sleep(ctx, wait.Next()); err != nil {
			return err
		}
	}
	return nil
}

// errIncomplete is the outcome of a cycle that could not read everything; the rest is asked for again, for the same windows.
var errIncomplete = errors.New("the collection is not complete")

// errClock is the outcome of a cycle whose windows reached into the future.
var errClock = errors.New("what was read is asked for again: the local clock was ahead of AWS's until an answer told the time")

// clockGrain is what Now may go back by without anybody having set the clock: answers tell the time in whole seconds, and some are slow.
const clockGrain = 10 * time.Second

// ahead says whether a time was in the future, as an answer has shown since: somebody had set the local clock forward, and its offset was not known yet.
func (c *Collector) ahead(then time.Time) bool { return c.Reader.Now().Before(then.Add(-clockGrain)) }

// cycle reads and hands over everything that is new of the series whose interval is due, and what an earlier cycle failed to read.
func (c *Collector) cycle(ctx context.Context, due map[time.Duration]bool) error {
	now := c.Reader.Now()
	end := poll.Align(now.Add(-c.Config.Delay), c.Config.Period)
	c.cycles++
	run := &round{c: c, now: now, end: end, ctx: ctx, cycle: c.cycles}

	if c.cycles == 1 {
		c.renewOwners(ctx, now)
	}
	// What is known is asked for first; then the list is read, and what is new on a page is asked for while the next page is read.
	if len(c.state.byAPI) > 0 {
		snapshot, err := c.Inventory.Wait(ctx)
		if err != nil {
			return err
		}
		c.resolveAll(snapshot)
	}
	run.start()
	run.plan(c.dueGroups(now, end, func(s *series) bool { return due[s.plan.interval] || s.failed }))
	var listErr error
	if now.Sub(c.lastList) >= listInterval-listInterval/20 || now.Before(c.lastList) {
		listErr = c.discover(ctx, run)
	}
	run.wait()
	wait := poll.Backoff{Min: time.Second, Max: minRetry}
	for range failedRounds {
		again := c.dueGroups(now, end, func(s *series) bool { return s.failed })
		if len(again) == 0 || len(run.errs) > 0 || ctx.Err() != nil {
			break
		}
		if run.failures > 0 {
			if c.Clock.Sleep(ctx, wait.Next()) != nil {
				break
			}
		}
		run.start()
		run.plan(again)
		run.wait()
	}
	for c.behind(end, due) && run.errs == nil && ctx.Err() == nil {
		// Windows that were too long for one request.
		run.start()
		run.plan(c.dueGroups(now, end, func(s *series) bool { return due[s.plan.interval] }))
		run.wait()
	}
	if run.lost > 0 {
		c.Recorder.LostSeconds(ctx, float64(run.lost))
		c.logger.Warn("Metrics can't be read any more, since they are older than metrics::max_backfill", zap.Int64("series_seconds", run.lost))
	}
	err := errors.Join(append(run.errs, listErr)...)
	if err == nil && run.failures > 0 {
		err = fmt.Errorf("%w: %w", errIncomplete, run.reason)
	}
	c.finish(now, err)
	return err
}

// renewOwners lists the APIs before an outage is read, as a collector that runs would have meanwhile: one may have been deleted, and another one made
// that has its name. Where they can't be listed, what is stored has to do.
func (c *Collector) renewOwners(ctx context.Context, now time.Time) {
	if age, ok := c.Inventory.Age(); !ok || age <= listInterval {
		return
	}
	if err := c.Inventory.List(ctx, now.Add(-listInterval)); err != nil {
		c.logger.Debug("Cannot list the APIs after an outage", zap.Error(err)) // the inventory's own crawl reports it
	}
}

// finish sums the cycle up.
func (c *Collector) finish(now time.Time, err error) {
	status := Status{First: true, LastSuccess: c.status.LastSuccess, Unknown: c.status.Unknown}
	oldest := int64(0)
	for _, api := range c.state.byAPI {
		for _, s := range api {
			s.asks = 0
			if !s.listed || !s.wanted {
				continue
			}
			status.Series++
			if s.owners.At(now).Ambiguous() {
				status.Ambiguous++
			}
			if s.readTo != 0 && (oldest == 0 || s.readTo < oldest) {
				oldest = s.readTo
			}
			status.Cost.add(s.plan)
		}
	}
	status.Cost.list(c.pages)
	if oldest != 0 {
		status.ReadTo = time.Unix(oldest, 0)
	}
	if err == nil {
		status.LastSuccess = now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	status.Unknown = c.status.Unknown
	c.status = status
}

// behind says whether a series still has something to read that only the length of a request kept back.
func (c *Collector) behind(end int64, due map[time.Duration]bool) bool {
	for _, api := range c.state.byAPI {
		for _, s := range api {
			if s.listed && s.wanted && due[s.plan.interval] && s.readTo != 0 && s.readTo < end && !s.failed {
				return true
			}
		}
	}
	return false
}

// dueGroups are the groups of the listed series that pass, oldest first.
func (c *Collector) dueGroups(now time.Time, end int64, pass func(*series) bool) []group {
	var groups []group
	for _, api := range c.state.byAPI {
		for _, s := range api {
			if s.listed && s.wanted && s.readTo < end && pass(s) {
				groups = append(groups, group{series: s, from: c.from(s, now)})
			}
		}
	}
	return groups
}

// from is where a series is read from: its position, or for one that was never seen the target's first start less initial_lookback, but no
// further back than the lists reach.
func (c *Collector) from(s *series, now time.Time) int64 {
	if s.ledger.Settled != 0 {
		return s.ledger.Settled
	}
	first := c.state.meta.First - int64(c.Config.InitialLookback/time.Second)
	listed := min(c.state.meta.Listed, now.Unix())
	if seen, ok := c.firstSeen[s.key]; ok {
		listed = min(listed, seen) // it waited for the inventory
	}
	from := max(first, listed-int64(maxFirstRead/time.Second), now.Add(-c.Config.MaxBackfill).Unix())
	return from - from%c.period
}

// writeResource writes the resource of an owner's stage.
func (c *Collector) writeResource(res pcommon.Resource, s *series, owner string) {
	o := c.owners.get(s, owner)
	c.Resources.Stage(res, o.API, o.Candidates, s.stage)
}
