package segment

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// link leads to another segment, mostly of another trace: that of a message in a batch.
type link struct {
	trace      pcommon.TraceID
	span       pcommon.SpanID
	attributes []member
}

func (r *reader) links(to *[]link, others *[]member) {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		if !r.open('{') {
			continue
		}
		l, trace := link{}, ""
		for key := ""; r.member(&key); {
			switch key {
			case "trace_id", "traceId":
				r.str(&trace)
			case "id", "span_id", "spanId":
				r.spanID(&l.span)
			case "attributes":
				r.members(&l.attributes)
			default:
				r.other(others, "links.", key)
			}
		}
		var ok bool
		if l.trace, ok = TraceID(trace); !ok {
			r.unknown++
		} else if len(*to) < maxList {
			*to = append(*to, l)
		}
	}
}

// members reads an object whose members have any names.
func (r *reader) members(to *[]member) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		if v := r.value(); v.kind != null {
			keep(to, member{key, v})
		}
	}
}

func (w *writer) links(span ptrace.Span, links []link) {
	for i := range links {
		l := span.Links().AppendEmpty()
		l.SetTraceID(links[i].trace)
		l.SetSpanID(links[i].span)
		on := writer{rules: w.rules, attributes: l.Attributes()}
		for k := range links[i].attributes {
			on.member("", &links[i].attributes[k])
		}
		l.SetDroppedAttributesCount(on.dropped)
	}
}
