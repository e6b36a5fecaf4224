package traces

import (
	"context"
	"slices"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

// Bounds of a batch: whole traces, up to these and one call's more.
const (
	maxBatchDocuments = 512
	maxBatchBytes     = 1 << 20
)

// batch is what is handed over at once, and what is to be remembered of it.
type batch struct {
	documents []*segment.Document
	// around are those that the documents are below, and that were handed over before, or will be.
	around []*segment.Document
	bytes  int
	memos  []taken
}

// taken is what is remembered of a trace, beside what is already.
type taken struct {
	id pcommon.TraceID
	memo
}

// trace takes the documents of a trace into a batch that were not handed over before. What is not final is held back: segments in progress, those that
// X-Ray infers of services whose own may still come, and all that it infers while the trace is in progress; and the trace of an API that the inventory
// does not know yet, as its resource would not say all.
func (r *Reader) trace(ctx context.Context, w *window, b *batch, c *candidate, t *model.Trace) {
	decode := segment.Decode
	if r.search.on {
		decode = segment.DecodeSpan
	}
	known := w.traces[c.id]
	next := taken{id: c.id, memo: memo{revision: c.revision}}
	var fresh []*segment.Document
	var hashes []uint64
	var before []string // documents that were handed over
	partial, unknown := c.partial, false
	for i := range t.Documents {
		hash := xxhash.Sum64String(t.Documents[i].Text)
		if known != nil && slices.Contains(known.segments, hash) || slices.Contains(hashes, hash) {
			r.Recorder.Duplicates(ctx, 1)
			before = append(before, t.Documents[i].Text)
			continue
		}
		d, err := decode(t.Documents[i].Text)
		if err != nil {
			r.Recorder.SegmentErrors(ctx, 1)
			r.once("segment", func() {
				r.Logger.Warn("A segment can't be decoded and is left out; more of them are only counted", zap.String("trace_id", t.ID), zap.Error(err))
			})
			next.segments = append(next.segments, hash)
			continue
		}
		partial = partial || d.InProgress
		if d.API != "" {
			_, known := r.Inventory.Current().API(d.API)
			unknown = unknown || !known
		}
		fresh, hashes = append(fresh, d), append(hashes, hash)
		b.bytes += len(t.Documents[i].Text)
	}
	below, held := false, false
	for i, d := range fresh {
		if !w.now.final && (unknown || d.Tentative() || partial && (d.InProgress || d.Inferred)) {
			b.around, held = append(b.around, d), true
			continue
		}
		below = below || d.Below()
		b.documents = append(b.documents, d)
		next.segments = append(next.segments, hashes[i])
	}
	if below {
		for _, text := range before {
			if d, err := decode(text); err == nil {
				b.around = append(b.around, d)
			}
		}
	}
	next.again = held || partial || t.Limited // a limited one is counted when it is read last
	if w.now.final {
		if partial {
			r.Recorder.Incomplete(ctx, InProgress, 1)
		}
		if t.Limited {
			r.Recorder.Incomplete(ctx, Limited, 1)
		}
	}
	b.memos = append(b.memos, next)
}

// handOver offers a batch until the pipeline takes it, and then remembers it. The error is ctx's, which has ended.
func (r *Reader) handOver(ctx context.Context, w *window, b *batch) error {
	if len(b.documents) > 0 {
		outcome, err := r.Emitter.Emit(ctx, func() ptrace.Traces {
			out := r.translator.NewBatch()
			for _, d := range b.around {
				out.Know(d)
			}
			for _, d := range b.documents {
				out.Add(d)
			}
			return out.Traces()
		})
		if err != nil {
			return err
		}
		spans, unknown := 0, 0
		for _, d := range b.documents {
			spans, unknown = spans+d.Spans(), unknown+d.Unknown
		}
		r.Recorder.UnknownMembers(ctx, int64(unknown))
		if outcome == emit.Refused {
			r.Recorder.RefusedSpans(ctx, int64(spans))
		}
	}
	r.achieved = true
	w.remember(b.memos)
	r.saveBatch(ctx, w, b.memos)
	return nil
}

// remember notes what was read.
func (w *window) remember(memos []taken) {
	for i := range memos {
		m, ok := w.traces[memos[i].id]
		if !ok {
			m = &memo{}
			w.traces[memos[i].id] = m
		}
		m.revision, m.again = memos[i].revision, memos[i].again
		m.segments = append(m.segments, memos[i].segments...)
	}
}
