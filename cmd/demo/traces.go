package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
)

// traceOutput is what the file exporter has written of traces so far.
type traceOutput struct {
	offset int64 // read up to here
	spans  int
	said   int             // what spans was when it was said last
	traces *recent[*trace] // by id
	shown  bool            // one of them

	// How many traces there were, of them those that go on behind API Gateway, which only X-Ray has, and those that come from access logs.
	seen, beyond, logged int
}

const (
	// tracesKept is how many traces are kept, which is some ten minutes of the demonstration, spansKept how many spans of each.
	tracesKept = 8000
	spansKept  = 200
)

// trace is the spans of a trace that have come so far, by id.
type trace struct {
	spans    map[string]*span
	services map[string]bool
	logged   bool // it comes from an access log
	beyond   bool // it goes on behind API Gateway

	requestID string // of API Gateway's request
}

// span is one of them, as OTLP has it in JSON, with the service of its resource.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	StartTimeUnixNano                   int64 `json:",string"`
	EndTimeUnixNano                     int64 `json:",string"`
	Attributes                          attributes
	Status                              struct{ Code int }

	service string
	gateway bool   // it is API Gateway's own
	outcome string // the response's status, or whether it failed
	failed  bool
}

// failedSpan is the code of a span's status that says so.
const failedSpan = 2

// spans is a line of the file: OTLP in JSON, as far as it is needed here.
type spans struct {
	ResourceSpans []struct {
		Resource   struct{ Attributes attributes }
		ScopeSpans []struct{ Spans []*span }
	}
}

func newTraceOutput() *traceOutput { return &traceOutput{traces: newRecent[*trace](tracesKept)} }

// read takes in what was added to the file.
func (o *traceOutput) read(path string) error {
	return readLines(path, &o.offset, func(line []byte) error {
		var batch spans
		if err := json.Unmarshal(line, &batch); err != nil {
			return err
		}
		for i := range batch.ResourceSpans {
			rs := &batch.ResourceSpans[i]
			for _, scope := range rs.ScopeSpans {
				for _, s := range scope.Spans {
					o.add(rs.Resource.Attributes, s)
				}
			}
		}
		return nil
	})
}

func (o *traceOutput) add(resource attributes, s *span) {
	o.spans++
	s.service = resource.text("service.name")
	if stage := resource.text(stageName); stage != "" {
		s.service, s.gateway = resource.text(apiName)+"/"+stage, true
	}
	t := o.traces.get(s.TraceID)
	if t == nil {
		t = &trace{spans: map[string]*span{}, services: map[string]bool{}}
		o.traces.put(s.TraceID, t)
		o.seen++
	}
	if len(t.spans) < spansKept {
		t.spans[s.SpanID] = s
		t.services[s.service] = true
	}
	switch logged := s.Attributes.value(responseLatency) != nil; {
	case t.logged:
	case logged:
		t.logged = true
		o.logged++
		if t.beyond {
			t.beyond = false
			o.beyond--
		}
	case len(t.services) > 1 && !t.beyond:
		t.beyond = true
		o.beyond++
	}
	if s.gateway && t.requestID == "" {
		t.requestID = s.Attributes.text(requestID)
	}
	s.judge()
	s.Attributes = nil // the most of a span, which is kept for long
}

// judge says how the span ended.
func (s *span) judge() {
	code := s.Attributes.number(status)
	s.failed = s.Status.Code == failedSpan || code >= http.StatusBadRequest
	switch {
	case code > 0:
		s.outcome = fmt.Sprintf("%.0f", code)
	case s.failed:
		s.outcome = "error"
	default:
		s.outcome = "-"
	}
}

// servicesShown is how many services the trace that is shown goes through: API Gateway, Lambda, the function, and what this calls.
const servicesShown = 4

// show shows, once, a trace that goes through several services, with its record of the access log; "" before there is one.
func (o *traceOutput) show(l *requestLogs) string {
	if o.shown {
		return ""
	}
	for id, request := range l.traced.newest() {
		t := o.traces.get(id)
		if t == nil || len(t.services) < servicesShown {
			continue
		}
		if root := t.root(); root != nil && root.gateway {
			out := "  " + strings.ReplaceAll(request, "\t", "  ") + "  trace " + id + "\n" + t.tree(root)
			o.shown = true
			return out
		}
	}
	return ""
}

// root is the span that all others are below, nil where there are several or one is missing.
func (t *trace) root() *span {
	var root *span
	for _, s := range t.spans {
		if t.spans[s.ParentSpanID] != nil {
			continue
		}
		if root != nil {
			return nil
		}
		root = s
	}
	return root
}

// walk hands over the spans below each other, from the root, each with its depth.
func (t *trace) walk(root *span, take func(s *span, depth int)) {
	below := map[string][]*span{}
	for _, s := range t.spans {
		below[s.ParentSpanID] = append(below[s.ParentSpanID], s)
	}
	var from func(s *span, depth int)
	from = func(s *span, depth int) {
		take(s, depth)
		children := below[s.SpanID]
		slices.SortFunc(children, func(a, b *span) int {
			return cmp.Or(cmp.Compare(a.StartTimeUnixNano, b.StartTimeUnixNano), cmp.Compare(a.SpanID, b.SpanID))
		})
		for _, child := range children {
			from(child, depth+1)
		}
	}
	from(root, 0)
}

// tree shows spans below each other: name, service, duration and status.
func (t *trace) tree(root *span) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	t.walk(root, func(s *span, depth int) {
		fmt.Fprintf(w, "    %s%s\t%s\t%.0f ms\t%s\n", strings.Repeat("  ", depth), escaped(s.Name), escaped(s.service), 1000*s.seconds(), escaped(s.outcome))
	})
	_ = w.Flush() // to memory
	return b.String()
}

func (s *span) seconds() float64 { return float64(s.EndTimeUnixNano-s.StartTimeUnixNano) / 1e9 }

// more counts what came since it was asked last.
func (o *traceOutput) more() string {
	n := o.spans - o.said
	o.said = o.spans
	return fmt.Sprintf("%d spans", n)
}
