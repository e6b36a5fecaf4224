package faults

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// spanID identifies a span; both ids are in hex.
type spanID struct{ trace, span string }

func (s spanID) String() string { return s.trace + "/" + s.span }

// span is what is compared with the world.
type span struct {
	parent     string
	start, end time.Time
	status     int64
}

type gotSpan struct {
	span
	name       string
	attributes map[string]any
	first      time.Time
}

// spanRecord has spans by their ids.
type spanRecord struct {
	*history
	spans map[spanID]gotSpan
}

func newSpanRecord(h *history) *spanRecord { return &spanRecord{h, map[spanID]gotSpan{}} }

func (r *spanRecord) take(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				r.span(s)
			}
		}
	}
}

// span takes a span. Where the inventory was lost with the positions, a span that comes again may come before the routes are known anew, and lack theirs.
func (r *spanRecord) span(s ptrace.Span) {
	id := spanID{s.TraceID().String(), s.SpanID().String()}
	got := gotSpan{
		span: span{parent: s.ParentSpanID().String(), start: s.StartTimestamp().AsTime(), end: s.EndTimestamp().AsTime()},
		name: s.Name(), attributes: s.Attributes().AsRaw(), first: time.Now(),
	}
	got.status, _ = got.attributes["http.response.status_code"].(int64)
	before, ok := r.spans[id]
	switch {
	case !ok:
		r.spans[id] = got
	case before.span != got.span, !r.lostBy(before.first) && (before.name != got.name || !reflect.DeepEqual(before.attributes, got.attributes)):
		r.problem("the span %v is %v, and was %v", id, got, before)
	default:
		r.repeat("span", before.first, func() string { return fmt.Sprintf("%v %s of %v", id, got.name, got.start) })
	}
}

// wantSpans are the segments and subsegments of all traces.
func wantSpans(w *awssim.World, from, to time.Time) map[spanID]span {
	want := map[spanID]span{}
	stages(w, func(api *awssim.API, stage *awssim.Stage) {
		for trace := range w.Traces(api, stage, from, to) {
			for _, s := range trace.Segments {
				id := strings.ReplaceAll(strings.TrimPrefix(trace.TraceID, "1-"), "-", "")
				want[spanID{id, s.ID}] = span{s.ParentID, s.Start, s.End, int64(s.Status)}
			}
		}
	})
	return want
}

func (r *spanRecord) compare(want map[spanID]span) (missing, wrong []string) {
	for _, id := range sortedKeys(want) {
		switch g, ok := r.spans[id]; {
		case !ok:
			missing = append(missing, fmt.Sprintf("the span %v at %v", id, want[id].start))
		case g.span != want[id]:
			wrong = append(wrong, fmt.Sprintf("the span %v is %v, not %v", id, g.span, want[id]))
		}
	}
	for id, g := range r.spans {
		if _, ok := want[id]; !ok {
			wrong = append(wrong, fmt.Sprintf("the span %v %s is not in the world: %v", id, g.name, g.attributes))
		}
	}
	return missing, wrong
}
