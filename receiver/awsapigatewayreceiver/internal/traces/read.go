package traces

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

const (
	// workers is how many calls are under way at once: enough for the limiter's rate at a latency of a second or less.
	workers = 16
	// maxRounds is how often traces that AWS leaves unprocessed are asked for again in a row without getting any.
	maxRounds = 8
	// maxFailures is how many calls of a round may fail, as long as none succeeds.
	maxFailures = 4
	// Waits between the rounds.
	minRoundWait = time.Second
	maxRoundWait = 30 * time.Second
)

// retrieve reads the traces that were chosen and hands them over.
func (r *Reader) retrieve(ctx context.Context, w *window) error {
	for now := w.now; ; {
		if err := r.rounds(ctx, w); err != nil {
			return err
		}
		if len(now.missing) == 0 {
			return nil
		}
		if err := r.findOut(ctx, askAgain); err != nil {
			return err
		}
		if now.on == r.search.on {
			return r.giveUp(ctx, w, Missing, &now.missing)
		}
		now.pending, now.missing = now.missing, nil // segments go elsewhere by now
	}
}

// rounds asks for the pending traces, again and again while AWS leaves some unprocessed.
func (r *Reader) rounds(ctx context.Context, w *window) error {
	wait := poll.Backoff{Min: minRoundWait, Max: maxRoundWait}
	for now := w.now; len(now.pending) > 0; {
		if err := r.findOut(ctx, askInterval); err != nil {
			return err
		}
		if len(now.missing) == 0 {
			now.on = r.search.on
		}
		before := len(now.pending)
		err := r.round(ctx, w)
		if errors.Is(err, errSearchOff) {
			r.turnOff("StartTraceRetrieval", err)
			continue
		}
		if err != nil {
			return err
		}
		if len(now.pending) == 0 {
			return nil
		}
		now.rounds++
		if len(now.pending) < before {
			now.rounds = 0
			wait.Reset()
		}
		if r.exhausted(w) {
			if now.final {
				r.Logger.Warn("X-Ray does not hand traces out; they are given up", zap.Int("traces", len(now.pending)),
					zap.Time("from", time.Unix(w.Start, 0).UTC()), zap.Error(now.failed))
			}
			return r.giveUp(ctx, w, Unprocessed, &now.pending)
		}
		if now.failed != nil && len(now.pending) == before {
			return now.failed
		}
		if err := r.Clock.Sleep(ctx, wait.Next()); err != nil {
			return err
		}
	}
	return nil
}

// exhausted says whether the traces that are pending were asked for often enough. Where calls fail, it may be AWS that does, and not what these traces
// are: unless others came meanwhile, that needs patience before they are given up for good.
func (r *Reader) exhausted(w *window) bool {
	now := w.now
	if now.rounds < maxRounds {
		return false
	}
	waited := r.Client.Now().Sub(now.began)
	switch {
	case now.failed == nil, !now.final:
		return true
	case aws.ClassOf(now.failed) == aws.Server:
		return waited >= outage || waited >= patience && w.mixed > 1
	}
	return waited >= patience || w.mixed > 1
}

// giveUp ends the reading of traces that do not come: at the first reading they are left to the last one.
func (r *Reader) giveUp(ctx context.Context, w *window, reason string, traces *[]candidate) error {
	b := &batch{}
	for _, c := range *traces {
		b.memos = append(b.memos, taken{id: c.id, memo: memo{again: true}})
	}
	if w.now.final {
		r.Recorder.Incomplete(ctx, reason, int64(len(*traces)))
	}
	*traces = nil
	return r.handOver(ctx, w, b)
}

// answer is what one call brought.
type answer struct {
	asked       []candidate
	traces      []model.Trace
	unprocessed []string
	err         error
}

// round asks for each pending trace once, several calls at a time. What was handed over, or does not exist, is pending no more.
func (r *Reader) round(ctx context.Context, w *window) error {
	fetch, size, workers := r.source(w)
	if n := w.now.failures; n > 1 {
		size = max(1, size>>(2*(n-1))) // one may spoil the answer of the others
	}
	w.now.failed = nil
	calls := make(chan []candidate)
	answers := make(chan answer)
	calling, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() {
		defer close(calls)
		for some := range slices.Chunk(w.now.pending, size) {
			select {
			case calls <- some:
			case <-calling.Done():
				return
			}
		}
	})
	for range min(workers, (len(w.now.pending)+size-1)/size) {
		running.Go(func() {
			for some := range calls {
				a := answer{asked: some}
				a.traces, a.unprocessed, a.err = fetch(ctx, idsOf(some))
				select {
				case answers <- a:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		running.Wait()
		close(answers)
	}()
	done, err := r.take(ctx, w, answers, stop)
	running.Wait()
	if w.now.failures++; w.now.failed == nil {
		w.now.failures = 0
	}
	for _, c := range w.now.missing {
		done[c.id] = true
	}
	w.now.pending = slices.DeleteFunc(slices.Clone(w.now.pending), func(c candidate) bool { return done[c.id] })
	return err
}

// take hands answers over as they come. After the first error no more calls are made; what is on its way is still taken.
func (r *Reader) take(ctx context.Context, w *window, answers <-chan answer, stop func()) (done map[pcommon.TraceID]bool, first error) {
	done = map[pcommon.TraceID]bool{}
	b := &batch{}
	failures, succeeded := 0, false
	flush := func() {
		if len(b.memos) == 0 || ctx.Err() != nil {
			return
		}
		if err := r.handOver(ctx, w, b); err != nil {
			return // ctx has ended
		}
		for i := range b.memos {
			done[b.memos[i].id] = true
		}
		b = &batch{}
	}
	for {
		var a answer
		var more bool
		select {
		case a, more = <-answers:
		default:
			flush() // nothing else is there: data is not kept waiting
			a, more = <-answers
		}
		if !more {
			flush()
			if ctx.Err() != nil {
				first = ctx.Err()
			}
			if failures > 0 && succeeded {
				w.mixed++
			}
			return done, first
		}
		if a.err != nil && spoiled(a.err) {
			w.now.failed = a.err
			if failures++; failures < maxFailures || succeeded {
				continue // the others may come
			}
		}
		if a.err != nil {
			if first == nil && !spoiled(a.err) {
				first = a.err
			}
			stop()
			continue
		}
		if succeeded = true; r.search.on {
			r.retrievesFrom(fromSearch)
		}
		r.add(ctx, w, b, &a)
		if len(b.documents) >= maxBatchDocuments || b.bytes >= maxBatchBytes {
			flush()
		}
	}
}

func idsOf(some []candidate) []string {
	ids := make([]string, len(some))
	for i := range some {
		ids[i] = xrayID(some[i].id)
	}
	return ids
}

// add takes what a call brought into a batch.
func (r *Reader) add(ctx context.Context, w *window, b *batch, a *answer) {
	r.Recorder.Retrieved(ctx, int64(len(a.traces)))
	r.count(func(t *tally) {
		t.called++
		t.retrieved += int64(len(a.traces))
	})
	found := make(map[pcommon.TraceID]*model.Trace, len(a.traces))
	for i := range a.traces {
		if id, ok := segment.TraceID(a.traces[i].ID); ok {
			found[id] = &a.traces[i]
		}
	}
	later := make(map[pcommon.TraceID]bool, len(a.unprocessed))
	for _, s := range a.unprocessed {
		if id, ok := segment.TraceID(s); ok {
			later[id] = true
		}
	}
	for i := range a.asked {
		c := &a.asked[i]
		switch t := found[c.id]; {
		case t != nil:
			r.trace(ctx, w, b, c, t)
		case later[c.id]: // it stays pending
		default:
			w.now.missing = append(w.now.missing, *c)
		}
	}
}
