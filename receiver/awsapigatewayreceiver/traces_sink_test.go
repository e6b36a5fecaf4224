package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanID identifies a span; both ids are in hex.
type spanID struct{ trace, span string }

// spanData is what a consumer sees of a span beside its ids.
type spanData struct {
	Parent, Name, Kind, Status string
	Start, End                 time.Time
	Attributes, Resource       map[string]any
	Events                     []map[string]any
	Links                      []spanID
}

// gotSpan is a span as it came last, as it was before where it was another, and how often it came.
type gotSpan struct {
	spanID
	spanData
	times  int
	before *spanData
}

// spanSink is a consumer of spans that checks their form, and keeps them by their ids.
type spanSink struct {
	mu    sync.Mutex
	spans map[spanID]*gotSpan
	errs  []string
	// refuse fails a Consume, where it is set and returns an error. It is called with the lock held.
	refuse func() error
	// raw is told the text of each batch, where it is set.
	raw func(otlp []byte)
}

func newSpanSink() *spanSink { return &spanSink{spans: map[spanID]*gotSpan{}} }

func (*spanSink) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (s *spanSink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			td.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true }) // a refusal may spoil the data
			return err
		}
	}
	s.take(td)
	return nil
}

func (s *spanSink) take(td ptrace.Traces) {
	if td.SpanCount() == 0 {
		s.errorf("a batch has no spans")
	}
	if s.raw != nil {
		b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		if err != nil {
			s.errorf("cannot marshal: %v", err)
		}
		s.raw(b)
	}
	var resources []map[string]any
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource().Attributes().AsRaw()
		if slices.ContainsFunc(resources, func(o map[string]any) bool { return reflect.DeepEqual(o, resource) }) {
			s.errorf("a batch has a resource twice: %v", resource)
		}
		resources = append(resources, resource)
		if resource["service.name"] == nil || resource["cloud.account.id"] == nil || resource["cloud.region"] == nil {
			s.errorf("a resource lacks its identity: %v", resource)
		}
		for _, ss := range rs.ScopeSpans().All() {
			if ss.Scope().Name() == "" || ss.Spans().Len() == 0 {
				s.errorf("the scope %q has %d spans", ss.Scope().Name(), ss.Spans().Len())
			}
			for _, span := range ss.Spans().All() {
				s.add(resource, span)
			}
		}
	}
}

func (s *spanSink) add(resource map[string]any, span ptrace.Span) {
	if span.TraceID().IsEmpty() || span.SpanID().IsEmpty() || span.Name() == "" || span.StartTimestamp() == 0 || span.EndTimestamp() < span.StartTimestamp() {
		s.errorf("the span %q of %v has no ids or times", span.Name(), resource)
	}
	g := &gotSpan{
		spanID: spanID{span.TraceID().String(), span.SpanID().String()}, times: 1,
		spanData: spanData{
			Parent: span.ParentSpanID().String(), Name: span.Name(), Kind: span.Kind().String(), Status: span.Status().Code().String(),
			Start: span.StartTimestamp().AsTime(), End: span.EndTimestamp().AsTime(), Attributes: span.Attributes().AsRaw(), Resource: resource,
		},
	}
	for k, v := range g.Attributes {
		if v == "" || v == nil {
			s.errorf("%s of %s is empty", k, span.Name())
		}
	}
	for _, e := range span.Events().All() {
		g.Events = append(g.Events, e.Attributes().AsRaw())
	}
	for _, l := range span.Links().All() {
		g.Links = append(g.Links, spanID{l.TraceID().String(), l.SpanID().String()})
	}
	if before, ok := s.spans[g.spanID]; ok {
		g.times += before.times
		if g.before = before.before; !reflect.DeepEqual(before.spanData, g.spanData) {
			g.before = &before.spanData
		}
	}
	s.spans[g.spanID] = g
}

func (s *spanSink) errorf(format string, args ...any) {
	if len(s.errs) < 20 {
		s.errs = append(s.errs, fmt.Sprintf(format, args...))
	}
}

func (s *spanSink) setRefuse(refuse func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// taken are the spans so far.
func (s *spanSink) taken() map[spanID]*gotSpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.spans)
}

// all are the spans so far, by trace id.
func (s *spanSink) all() map[string][]*gotSpan {
	traces := map[string][]*gotSpan{}
	for _, g := range s.taken() {
		traces[g.trace] = append(traces[g.trace], g)
	}
	return traces
}

// len is how many different spans there are.
func (s *spanSink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.spans)
}

// has says whether all of some spans have come.
func (s *spanSink) has(want map[spanID]spanData) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range want {
		if s.spans[id] == nil {
			return false
		}
	}
	return true
}
