package metrics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// round reads requests, several at a time, and hands their answers over one by one, as they come.
type round struct {
	c   *Collector
	ctx context.Context //nolint:containedctx // a round is one call's work
	now time.Time
	end int64 // of the windows
	// cycle is the number of the cycle that the round belongs to.
	cycle int

	packer   packer
	requests chan request
	workers  sync.WaitGroup

	mu       sync.Mutex
	errs     []error
	hopeless bool  // a denial, or an AWS that does not answer: what is left of the round is not asked for
	failures int   // groups of this round that have to be asked again
	reason   error // of one of them
	lost     int64
}

// start makes the round ready for requests.
func (r *round) start() {
	r.failures, r.errs, r.hopeless = 0, nil, false
	r.requests = make(chan request)
	r.packer = packer{end: r.end, period: r.c.period, submit: func(req request) {
		select {
		case r.requests <- req:
		case <-r.ctx.Done():
		}
	}}
	for range requestsInFlight {
		r.workers.Go(func() {
			for req := range r.requests {
				if r.ctx.Err() == nil {
					r.fetch(req)
				}
			}
		})
	}
}

// plan asks for groups, oldest first.
func (r *round) plan(groups []group) {
	slices.SortFunc(groups, func(a, b group) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		return a.series.compare(b.series)
	})
	r.add(groups)
	r.packer.flush()
}

// add asks for groups once they fill a request.
func (r *round) add(groups []group) {
	oldest := r.now.Add(-r.c.Config.MaxBackfill).Unix()
	oldest -= oldest % r.c.period
	for _, g := range groups {
		g.series.cycle = r.cycle
		if g.from < oldest {
			// Once for each second, however often it is tried.
			if known := max(g.series.ledger.Settled, g.series.readTo, g.series.lostTo); g.series.ledger.Settled != 0 && known < oldest {
				r.lost += oldest - known
				g.series.lostTo = oldest
			}
			g.from = oldest
		}
		if g.from < r.end {
			r.packer.add(g)
		}
	}
}

// wait ends the round: it returns when every request is answered and handed over.
func (r *round) wait() {
	r.packer.flush()
	close(r.requests)
	r.workers.Wait()
}

func (r *round) fetch(req request) {
	r.mu.Lock()
	hopeless := r.hopeless
	r.mu.Unlock()
	if hopeless {
		r.c.emitting.Lock()
		defer r.c.emitting.Unlock()
		for _, g := range req.groups {
			g.series.failed = true
		}
		return
	}
	queries := req.build()
	answers, err := r.c.Reader.MetricData(r.ctx, queries, r.c.Config.Period, req.window)
	if err == nil {
		low := 0
		for _, g := range req.groups {
			low += g.series.plan.low()
		}
		r.c.Recorder.Billed(r.ctx, int64(low), int64(len(queries)))
	}
	if r.c.ahead(r.now) {
		err, answers = errors.Join(err, errClock), make([]model.Series, len(queries)) // periods that are still to come would be settled
	}
	if err != nil {
		r.mu.Lock()
		r.errs = append(r.errs, err)
		class := aws.ClassOf(err)
		r.hopeless = class != aws.Throttled && class != aws.Server && class != aws.Malformed
		r.mu.Unlock()
	}
	r.c.emitting.Lock()
	defer r.c.emitting.Unlock()
	c := r.c
	c.points, c.staged = c.points[:0], c.staged[:0]
	late, failures, at := 0, 0, 0
	var reason error
	settled := r.now.Add(-c.Config.Delay - c.Config.Revisit).Unix()
	settled -= settled % c.period
	for _, g := range req.groups {
		s := g.series
		n := len(s.plan.statistics)
		observations, err := decode(s.plan, answers[at:at+n], false)
		if err == nil {
			s.sparse = false
		} else if errors.Is(err, errMissing) && (s.sparse || s.asks >= maxAsks) {
			s.sparse = true
			observations, err = decode(s.plan, answers[at:at+n], true)
		}
		at += n
		if err != nil {
			s.failed = true
			failures++
			reason = err
			if errors.Is(err, errMissing) {
				s.asks++
				c.Recorder.Malformed(r.ctx, "GetMetricData")
			}
			c.logger.Debug("Asking again", zap.Error(err))
			continue
		}
		var n2 int
		var l ledger
		l, c.points, n2 = s.ledger.advance(read{
			series: s, observations: observations, from: req.window.Start, to: req.window.End, settled: settled, period: c.period,
			owner: func(end int64) string { return c.owners.at(s, end) },
		}, c.points)
		late += n2
		c.staged = append(c.staged, staged{series: s, ledger: l})
	}
	err = c.handOver(r.ctx)
	if err == nil {
		for i := range c.staged {
			s := c.staged[i].series
			s.readTo, s.failed, s.asks = req.window.End, false, 0
		}
		c.Recorder.LatePoints(r.ctx, int64(late))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures += failures
	if reason != nil {
		r.reason = reason
	}
	if err != nil {
		r.errs = append(r.errs, err)
		for i := range c.staged {
			c.staged[i].series.failed = true
		}
	}
}

// handOver emits the points of one answer and moves the positions. It blocks while the pipeline refuses.
func (c *Collector) handOver(ctx context.Context) error {
	if len(c.staged) == 0 {
		return nil
	}
	if len(c.points) > 0 {
		md := c.mapper.build(c.points)
		if err := c.state.begin(ctx, c.staged, md); err != nil {
			// Without its record a hand-over would only not be identical after a kill: the data goes on.
			c.state.reportWrite(ctx, err)
		}
		first := true
		outcome, err := c.Emitter.Emit(ctx, func() pmetric.Metrics {
			if !first {
				md = c.mapper.build(c.points)
			}
			first = false
			return md
		})
		if err != nil {
			return fmt.Errorf("cannot hand over %d points: %w", len(c.points), err)
		}
		if outcome == emit.Refused {
			c.Recorder.RefusedPoints(ctx, int64(len(c.points)))
		}
	}
	// The data is handed over, so the positions move whatever becomes of ctx.
	c.state.reportWrite(context.WithoutCancel(ctx), c.state.commit(context.WithoutCancel(ctx), c.staged))
	return nil
}

// ownerCache resolves owners of series by their ids.
type ownerCache struct {
	byID map[string]inventory.Owner
}

func (o *ownerCache) at(s *series, end int64) string {
	owner := s.owners.At(time.Unix(end, 0))
	id := owner.ID()
	if o.byID == nil {
		o.byID = map[string]inventory.Owner{}
	}
	o.byID[id] = owner
	return id
}

// get returns an owner that at named, or one that a stored ledger names.
func (o *ownerCache) get(s *series, id string) inventory.Owner {
	if owner, ok := o.byID[id]; ok {
		return owner
	}
	for _, a := range s.owners.APIs() {
		if a.ID == id {
			return inventory.Owner{API: a}
		}
	}
	owner := s.owners.At(time.Unix(maxUnix, 0))
	if ids := strings.Split(id, ","); len(ids) > 1 {
		return inventory.Owner{API: owner.API, Candidates: ids}
	}
	return owner
}
