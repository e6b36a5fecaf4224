package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// traceOutput is what the file exporter has written of traces so far.
type traceOutput struct {
	offset int64 // read up to here
	spans  int
	said   int               // what spans was when it was said last
	traces map[string]*trace // by id, until one is shown, and then nil
}

// trace is the spans of a trace that have come so far, by id.
type trace struct {
	spans    map[string]*span
	services map[string]bool
	logged   bool // it comes from an access log
}

// span is one of them, as OTLP has it in JSON, with the service of its resource.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	StartTimeUnixNano                   int64 `json:",string"`
	EndTimeUnixNano                     int64 `json:",string"`
	Attributes                          attributes
	Status                              struct{ Code int }

	service string
	gateway bool // it is API Gateway's own
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

func newTraceOutput() *traceOutput { return &traceOutput{traces: map[string]*trace{}} }

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
	if o.traces == nil {
		return
	}
	s.service = resource.text("service.name")
	if stage := resource.text(stageName); stage != "" {
		s.service, s.gateway = resource.text(apiName)+"/"+stage, true
	}
	t := o.traces[s.TraceID]
	if t == nil {
		t = &trace{spans: map[string]*span{}, services: map[string]bool{}}
		o.traces[s.TraceID] = t
	}
	t.spans[s.SpanID] = s
	t.services[s.service] = true
	t.logged = t.logged || s.Attributes.value(responseLatency) != nil
}

// count counts the traces that go on behind API Gateway, which only X-Ray has, and those that come from access logs.
func (o *traceOutput) count() (beyond, logged int) {
	for _, t := range o.traces {
		switch {
		case t.logged:
			logged++
		case len(t.services) > 1:
			beyond++
		}
	}
	return beyond, logged
}

// servicesShown is how many services the trace that is shown goes through: API Gateway, Lambda, the function, and what this calls.
const servicesShown = 4

// show shows, once, a trace that goes through several services, with its record of the access log; "" before there is one.
func (o *traceOutput) show(l *requestLogs) string {
	for _, id := range slices.Sorted(maps.Keys(l.traced)) {
		t := o.traces[id]
		if t == nil || len(t.services) < servicesShown {
			continue
		}
		if root := t.root(); root != nil && root.gateway {
			out := "  " + strings.ReplaceAll(l.traced[id], "\t", "  ") + "  trace " + id + "\n" + t.tree(root)
			o.traces, l.traced = nil, nil
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

// tree shows spans below each other: name, service, duration and status.
func (t *trace) tree(root *span) string {
	below := map[string][]*span{}
	for _, s := range t.spans {
		below[s.ParentSpanID] = append(below[s.ParentSpanID], s)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	var show func(s *span, indent string)
	show = func(s *span, indent string) {
		ms := float64(s.EndTimeUnixNano-s.StartTimeUnixNano) / 1e6
		fmt.Fprintf(w, "%s%s\t%s\t%.0f ms\t%s\n", indent, s.Name, s.service, ms, s.outcome())
		children := below[s.SpanID]
		slices.SortFunc(children, func(a, b *span) int {
			return cmp.Or(cmp.Compare(a.StartTimeUnixNano, b.StartTimeUnixNano), cmp.Compare(a.SpanID, b.SpanID))
		})
		for _, child := range children {
			show(child, indent+"  ")
		}
	}
	show(root, "    ")
	_ = w.Flush() // to memory
	return b.String()
}

// outcome is a span's status: the response's, or whether it failed.
func (s *span) outcome() string {
	switch code := s.Attributes.number(status); {
	case code > 0:
		return fmt.Sprintf("%.0f", code)
	case s.Status.Code == failedSpan:
		return "error"
	}
	return "-"
}

// more counts what came since it was asked last.
func (o *traceOutput) more() string {
	n := o.spans - o.said
	o.said = o.spans
	return fmt.Sprintf("%d spans", n)
}
