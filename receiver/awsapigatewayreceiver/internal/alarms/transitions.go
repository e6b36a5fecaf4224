package alarms

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// TransitionsSettings are what the records of one target need.
type TransitionsSettings struct {
	List      *List
	Resources *resource.Writer
	Emitter   *emit.Logs
	Store     *checkpoint.Store
	// Key is where the positions are stored.
	Key    string
	Clock  poll.Clock
	Logger *zap.Logger
	// Report takes the outcome of each reading of the history.
	Report func(error)
	// Refused counts records that the pipeline refused for good, LostSeconds what can't be read any more, CheckpointError failures to store positions.
	Refused         func(ctx context.Context, n int64)
	LostSeconds     func(ctx context.Context, s float64)
	CheckpointError func(ctx context.Context)
	// Version is the collector's, for the scope.
	Version string
}

// Transitions reports each change of state of one target's alarms, once.
type Transitions struct {
	TransitionsSettings
	positions map[string]*position
	// alarms are those of this reading, by name, and gone are those that were deleted since the history was read: it still tells of them.
	alarms, gone map[string]*Alarm
}

// maxGone bounds the alarms that are deleted while the history can't be read: CloudWatch allows 5,000 of them at a time.
const maxGone = 10_000

// NewTransitions makes the reporter of a target whose account is known.
func NewTransitions(s TransitionsSettings) *Transitions {
	return &Transitions{TransitionsSettings: s, positions: map[string]*position{}, gone: map[string]*Alarm{}}
}

// Run reports until ctx ends.
func (t *Transitions) Run(ctx context.Context) {
	t.restore(ctx)
	if _, err := t.List.Inventory.Wait(ctx); err != nil {
		return
	}
	for {
		if alarms, err := t.List.Read(ctx); err == nil {
			t.cycle(ctx, alarms)
		}
		if t.Clock.Sleep(ctx, poll.Jitter(t.List.Interval)) != nil {
			return
		}
	}
}

// cycle reads what is new of the history of each type of which there are alarms.
func (t *Transitions) cycle(ctx context.Context, alarms []Alarm) {
	wanted := t.know(alarms)
	var errs []error
	for _, kind := range types {
		p, now := t.positions[kind], t.List.Client.Now()
		t.checkFuture(ctx, p, now)
		if wanted[kind] {
			if err := t.read(ctx, kind, p, now); err != nil {
				errs = append(errs, err)
				continue
			}
			maps.DeleteFunc(t.gone, func(_ string, a *Alarm) bool { return a.Type == kind })
		}
		p.reach(now.UnixMilli())
	}
	if ctx.Err() != nil {
		return // what was handed over is stored already
	}
	t.save(ctx)
	t.Report(errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, errPending) })...))
}

// know takes the alarms of a reading in. It returns the types of which there are alarms, or were when the history was read.
func (t *Transitions) know(alarms []Alarm) (wanted map[string]bool) {
	before := t.alarms
	t.alarms, wanted = make(map[string]*Alarm, len(alarms)), map[string]bool{}
	for i := range alarms {
		t.alarms[alarms[i].Name] = &alarms[i]
		delete(t.gone, alarms[i].Name)
		wanted[alarms[i].Type] = true
	}
	for name, a := range before {
		if t.alarms[name] == nil && len(t.gone) < maxGone {
			t.gone[name] = a
		}
	}
	for _, a := range t.gone {
		wanted[a.Type] = true
	}
	return wanted
}

// errPending ends a reading at a transition of which it is not known yet whose it is. The next one goes on there.
var errPending = errors.New("the alarm's API is not known yet")

// read hands over what is new of the history of a type, up to a time.
func (t *Transitions) read(ctx context.Context, kind string, p *position, now time.Time) error {
	from := p.from()
	if oldest := now.Add(-retention); from.Before(oldest) {
		t.Logger.Warn("CloudWatch no longer has all of the history of alarms since the collector ran last", zap.Time("from", from), zap.Time("to", oldest))
		t.LostSeconds(ctx, oldest.Sub(from).Seconds())
		p.skip(oldest)
		from = oldest
	}
	return t.List.Client.Transitions(ctx, kind, from, now, func(page []model.Transition) error { return t.handOver(ctx, p, page) })
}

// handOver hands over what is new of a page, and stores the position.
func (t *Transitions) handOver(ctx context.Context, p *position, page []model.Transition) error {
	var fresh []change
	var pending error
	taken := map[string]bool{}
	for i := range page {
		a := t.alarm(page[i].Alarm)
		id := uid(&page[i])
		if _, seen := p.Seen[id]; a == nil || a.Type != page[i].Type || seen || taken[id] || page[i].At.UnixMilli() < p.First {
			continue
		}
		if a.pending {
			pending = errPending
			break
		}
		taken[id] = true
		fresh = append(fresh, change{transition: &page[i], alarm: a, uid: id})
	}
	if len(fresh) == 0 {
		return pending
	}
	outcome, err := t.Emitter.Emit(ctx, func() plog.Logs { return t.build(fresh) })
	if err != nil {
		return err
	}
	if outcome == emit.Refused {
		t.Refused(ctx, int64(len(fresh)))
	}
	for _, c := range fresh {
		p.take(c.uid, c.transition.At.UnixMilli())
	}
	t.save(ctx)
	return pending
}

func (t *Transitions) alarm(name string) *Alarm {
	if a, ok := t.alarms[name]; ok {
		return a
	}
	return t.gone[name]
}
