package entity

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Bounds of one batch: entity events are about 1 KB, a deployment of a large API 30 KB, and gRPC takes 4 MB by default.
const (
	maxRecords = 1000
	maxBytes   = 1 << 20
)

// Settings are what a Reporter needs.
type Settings struct {
	Target    model.Target
	Config    inventory.Config
	Resources *resource.Writer
	Store     *checkpoint.Store
	// Key is where what is owed is stored.
	Key   string
	Clock poll.Clock
	// Now is AWS's time.
	Now     func() time.Time
	Current func() *inventory.Snapshot
	Logger  *zap.Logger
	// Dropped counts deletions and changes that were given up, CheckpointError failures to store them.
	Dropped         func(ctx context.Context, n int64)
	CheckpointError func(ctx context.Context)
	// Version is the collector's, for the scope.
	Version string
}

// Reporter reports the entities of one target: changes at once, everything again each report interval. While the pipeline refuses, only which
// entities have to be reported is remembered; their state is taken from the newest snapshot when they are. Deletions and changes are kept, also
// across restarts, until they were taken.
type Reporter struct {
	Settings
	emitter *emit.Logs // while Run runs
	wake    chan struct{}

	writing sync.Mutex // one write of the ledger at a time; taken before mu

	mu       sync.Mutex
	pending  map[inventory.Place]map[uint64]struct{}
	inFlight map[inventory.Place]map[uint64]struct{} // taken from pending by the batch that is offered
	ledger   ledger
	reported time.Time // the schedule was served up to here
	ended    bool      // Run is over: what waits then waits for the next start
}

// NewReporter makes the reporter of a target whose account is known.
func NewReporter(s Settings) *Reporter {
	return &Reporter{
		Settings: s, wake: make(chan struct{}, 1), reported: s.Now(),
		pending: map[inventory.Place]map[uint64]struct{}{}, inFlight: map[inventory.Place]map[uint64]struct{}{},
	}
}

// Observe takes a new snapshot in. It is called with one after the other, and before a snapshot is stored: what was deleted is in the ledger by
// then.
func (r *Reporter) Observe(ctx context.Context, old, next *inventory.Snapshot) {
	d := inventory.Diff(old, next)
	if d.Broken > 0 {
		r.Logger.Error("Part of the stored inventory can't be read back: what was deleted from it is not reported", zap.Int("parts", d.Broken))
	}
	if r.Config.EntityEvents == inventory.EventsNone {
		d.Changed, d.Deleted = nil, nil
	}
	if d.Empty() {
		return
	}
	now := r.Now()
	r.mu.Lock()
	for place, keys := range d.Changed {
		for _, k := range keys {
			add(r.pending, place, k)
		}
	}
	dropped := r.ledger.add(d, now)
	r.mu.Unlock()
	if dropped > 0 {
		r.Logger.Error("Too many deletions and changes wait for the pipeline: some are given up", zap.Int("dropped", dropped))
		r.Dropped(ctx, int64(dropped))
	}
	r.persist(ctx)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func add(to map[inventory.Place]map[uint64]struct{}, place inventory.Place, key uint64) {
	if to[place] == nil {
		to[place] = map[uint64]struct{}{}
	}
	to[place][key] = struct{}{}
}

// Run reports to the emitter until ctx ends. Then it stores which states still wait, so that the next start reports these, and no others again.
func (r *Reporter) Run(ctx context.Context, emitter *emit.Logs) {
	r.emitter = emitter
	defer r.end(ctx)
	tick := max(r.Config.ReportInterval/ticks, time.Second)
	for ctx.Err() == nil {
		r.schedule()
		for r.send(ctx) {
		}
		if r.pause(ctx, tick) != nil {
			return
		}
	}
}

func (r *Reporter) end(ctx context.Context) {
	r.mu.Lock()
	r.ended = true
	waits := len(r.pending)+len(r.inFlight) > 0
	r.mu.Unlock()
	if waits {
		r.persist(ctx)
	}
}

// ticks are how often the schedule is looked at in a report interval.
const ticks = 120

// pause waits for the next tick or a change.
func (r *Reporter) pause(ctx context.Context, tick time.Duration) error {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		select {
		case <-r.wake:
			stop()
		case <-waiting.Done():
		}
	}()
	_ = r.Clock.Sleep(waiting, tick)
	stop()
	<-woken
	return ctx.Err()
}

// send offers one batch until it is taken. It returns false where there is nothing to send, or ctx ended.
func (r *Reporter) send(ctx context.Context) bool {
	r.mu.Lock()
	idle := len(r.pending) == 0 && r.ledger.empty()
	r.mu.Unlock()
	if idle || ctx.Err() != nil {
		return false
	}
	var sent int64
	outcome, err := r.emitter.Emit(ctx, func() (logs plog.Logs) {
		logs, sent = r.build()
		return logs
	})
	if err != nil {
		return false
	}
	r.mu.Lock()
	clear(r.inFlight)
	n := r.ledger.sent(sent)
	r.mu.Unlock()
	if outcome == emit.Refused {
		r.Dropped(ctx, n)
	}
	r.persist(ctx)
	return true
}

// build makes the next batch, anew for each offer: the latest state wins. It returns the ledger entry up to which deletions and changes are in it.
func (r *Reporter) build() (plog.Logs, int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for place, keys := range r.inFlight {
		for k := range keys {
			add(r.pending, place, k)
		}
	}
	clear(r.inFlight)
	w := &Writer{target: r.Target, legacy: r.Config.EntityEvents == inventory.EventsLegacy, resources: r.Resources, version: r.Version, at: r.Now(), logs: plog.NewLogs()}
	sent, records := r.ledger.write(w)
	snapshot := r.Current()
	bytes := 0
	for _, place := range r.places() {
		if records >= maxRecords || bytes >= maxBytes {
			break
		}
		wanted := r.pending[place]
		var part *inventory.Part
		if snapshot != nil {
			part = snapshot.Parts[place.API][place.Part]
		}
		interval := r.interval(place.Part)
		full := false
		err := part.Entities(func(key uint64) bool { _, ok := wanted[key]; return ok }, func(key uint64, e *model.Entity, size int) bool {
			if full = records >= maxRecords || bytes >= maxBytes; full {
				return false
			}
			w.State(e, interval)
			records++
			bytes += size
			delete(wanted, key)
			add(r.inFlight, place, key)
			return true
		})
		if err != nil {
			r.Logger.Error("Part of the inventory can't be read back: it is reported when it was read anew", zap.String("api", place.API), zap.String("part", place.Part), zap.Error(err))
		}
		if !full {
			delete(r.pending, place) // what is left of it is no more: its deletion is in the ledger
		}
	}
	return w.logs, sent
}

// places are those with pending entities, in an order that does not depend on chance.
func (r *Reporter) places() []inventory.Place {
	out := make([]inventory.Place, 0, len(r.pending))
	for p := range r.pending {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b inventory.Place) int {
		return slices.Compare([]string{a.API, a.Part}, []string{b.API, b.Part})
	})
	return out
}
