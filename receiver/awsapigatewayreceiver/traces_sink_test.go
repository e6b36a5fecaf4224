package awsapigatewayreceiver

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanID identifies a span; both ids are in hex.
type spanID struct{ trace, span string }

// gotSpan is a span as it came out last, and how often it came.
type gotSpan struct {
	spanID
	parent, name, kind, status string
	start, end                 time.Time
	attributes, resource       map[string]any
	events                     []map[string]any
	times                      int
}

// spanSink keeps the spans that it gets.
type spanSink struct {
	mu    sync.Mutex
	spans map[spanID]*gotSpan
	last  time.Time // real time
	// refuse fails a Consume, where it is set and returns an error. It is called with the lock held.
	refuse func() error
}

func newSpanSink() *spanSink { return &spanSink{spans: map[spanID]*gotSpan{}} }

func (*spanSink) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (s *spanSink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			td.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true }) // it is allowed to
			return err
		}
	}
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource().Attributes().AsRaw()
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				s.take(resource, span)
			}
		}
	}
	return nil
}

func (s *spanSink) take(resource map[string]any, span ptrace.Span) {
	id := spanID{span.TraceID().String(), span.SpanID().String()}
	times := 1
	if before, ok := s.spans[id]; ok {
		times += before.times
	}
	g := &gotSpan{
		spanID: id, parent: span.ParentSpanID().String(), name: span.Name(), kind: span.Kind().String(), status: span.Status().Code().String(),
		start: span.StartTimestamp().AsTime(), end: span.EndTimestamp().AsTime(), attributes: span.Attributes().AsRaw(), resource: resource, times: times,
	}
	for _, e := range span.Events().All() {
		g.events = append(g.events, e.Attributes().AsRaw())
	}
	s.spans[id] = g
}

// all are the spans so far, by trace id.
func (s *spanSink) all() map[string][]*gotSpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	traces := map[string][]*gotSpan{}
	for g := range maps.Values(s.spans) {
		traces[g.trace] = append(traces[g.trace], g)
	}
	for _, spans := range traces {
		slices.SortFunc(spans, func(a, b *gotSpan) int { return a.start.Compare(b.start) })
	}
	return traces
}

// len is how many different spans there are.
func (s *spanSink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.spans)
}
