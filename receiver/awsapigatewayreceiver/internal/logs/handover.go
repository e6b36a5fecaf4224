package logs

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

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
	if c.sweep {
		g.sweepActive = false
		return
	}
	r.queue.add(&task{group: g, class: classPoll, at: c.began + g.interval(r.now(), r.Config).Milliseconds()})
	if _, due := g.pos.sweep(c.began, r.Config.LateWindow); due && !g.sweepActive {
		g.sweepActive = true
		r.queue.add(&task{group: g, class: classSweep, at: c.began})
	}
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
		g.half.done(j.page, t.events)
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

// emit hands a batch over, and returns when everybody has taken it, or refused it for good. A line that can't be decoded shows that a stage may have
// another format by now: then its settings are read anew before the line is given up.
func (r *Reader) emit(ctx context.Context, g *group, page *model.LogPage, events []int32) error {
	parts := r.parts(g, page, events)
	var ask []string
	for _, b := range parts {
		if r.build(b); len(b.ask) > 0 {
			ask = b.ask
		}
	}
	if len(ask) > 0 && r.refresh(ctx, ask) {
		for _, b := range parts {
			r.build(b)
		}
	}
	// From here on all of it is offered, or what was taken would come again with what was not.
	if err := ctx.Err(); err != nil {
		return err
	}
	if b := parts[0]; b.makesRecords && b.makesSpans {
		parts = append(parts, b.split())
	}
	return r.emitParts(ctx, g, parts)
}

// parts are the builders of a batch: one for its records and its spans, so that each line is decoded once; or one for each, where one of the two
// outputs has taken some of it before the last restart.
func (r *Reader) parts(g *group, page *model.LogPage, events []int32) []*builder {
	all := builder{
		reader: r, group: g, page: page, events: events, observed: pcommon.NewTimestampFromTime(r.now()),
		makesRecords: r.Emitter != nil, makesSpans: r.Spans != nil,
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.half.empty() {
		return []*builder{&all}
	}
	var parts []*builder
	if all.makesRecords {
		records := all
		records.makesSpans, records.events = false, g.half.records.without(page, events)
		parts = append(parts, &records)
	}
	if all.makesSpans {
		spans := all
		spans.makesRecords, spans.events = false, g.half.spans.without(page, events)
		parts = append(parts, &spans)
	}
	return parts
}

// emitParts hands the parts of a batch over, beside each other: whoever refuses is offered its part again and again, and does not hold up the other's.
func (r *Reader) emitParts(ctx context.Context, g *group, parts []*builder) error {
	errs := make([]error, len(parts))
	var others sync.WaitGroup
	for i, b := range parts[1:] {
		others.Go(func() { errs[i+1] = r.emitPart(ctx, b) })
	}
	errs[0] = r.emitPart(ctx, parts[0])
	others.Wait()
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	var taken []*builder
	for i, b := range parts {
		if errs[i] == nil && b.made() {
			taken = append(taken, b)
		}
	}
	if len(taken) > 0 {
		r.saveHalf(ctx, g, taken)
	}
	return err
}

// made says whether there was anything to take in a part of a batch.
func (b *builder) made() bool { return b.makesRecords && b.records > 0 || b.makesSpans && b.spans > 0 }

func (r *Reader) emitPart(ctx context.Context, b *builder) error {
	if b.makesRecords {
		return r.emitRecords(ctx, b)
	}
	return r.emitSpans(ctx, b)
}

func (r *Reader) emitRecords(ctx context.Context, b *builder) error {
	offers := 0
	outcome, err := r.Emitter.Offer(ctx, func() plog.Logs {
		if offers++; offers > 1 {
			r.build(b) // the pipeline may have changed what it refused
		}
		return b.logs
	})
	if err != nil {
		return err
	}
	if outcome == emit.Refused {
		r.Recorder.RefusedRecords(ctx, int64(b.records))
		return nil
	}
	b.count(ctx)
	return nil
}

// build makes the records and spans of a batch, as many batches at a time as there are processors: more would only keep each other's memory from the
// caches.
func (r *Reader) build(b *builder) {
	r.builders <- struct{}{}
	defer func() { <-r.builders }()
	b.build()
}
