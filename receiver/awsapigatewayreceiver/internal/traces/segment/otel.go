package segment

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// span is a span as Transaction Search keeps it, in the log group aws/spans too: attributes are an object, times are numbers of nanoseconds.
type span struct {
	id, parent           pcommon.SpanID
	name, state          string
	kind                 ptrace.SpanKind
	start, end           pcommon.Timestamp
	flags                uint32
	status               ptrace.StatusCode
	message              string // of the status
	attributes, resource []member
	resourceText         string // JSON, "" where the document has none
	scopeText            string
	events               []event
	links                []link
	others               []member
}

type event struct {
	name       string
	time       pcommon.Timestamp
	attributes []member
}

// maxEvents is how many events of a span are kept.
const maxEvents = 128

// otel reads a span.
func (r *reader) otel(d *Document) error {
	s := &span{flags: attr.Sampled, kind: ptrace.SpanKindInternal}
	var duration uint64
	trace := r.otelMembers(s, &duration)
	if r.err != nil {
		return r.err
	}
	id, ok := TraceID(trace)
	switch {
	case !ok:
		return errTrace
	case s.id.IsEmpty():
		return errID
	case s.start == 0:
		return errStart
	}
	d.InProgress = s.end == 0 && duration == 0
	if s.end == 0 && duration < maxNanos-uint64(s.start) {
		s.end = s.start + pcommon.Timestamp(duration)
	}
	s.end = max(s.end, s.start)
	d.TraceID, d.span, d.spans = id, s, 1
	if platform := find(s.resource, attr.CloudPlatform); platform == resourcePlatform {
		d.API = first(find(s.resource, attr.RestAPIID), pathPart(find(s.resource, attr.CloudResourceID), "/restapis/"))
		d.Stage = first(find(s.resource, attr.Stage), pathPart(find(s.resource, attr.CloudResourceID), "/stages/"))
		d.Stage = strings.TrimSuffix(d.Stage, canarySuffix)
	}
	return nil
}

// resourcePlatform is the cloud.platform of API Gateway's spans.
const resourcePlatform = "aws_api_gateway"

func (r *reader) otelMembers(s *span, duration *uint64) (trace string) {
	if !r.open('{') {
		return ""
	}
	for key := ""; r.member(&key); {
		switch key {
		case "traceId":
			r.str(&trace)
		case "spanId":
			r.spanID(&s.id)
		case "parentSpanId":
			r.parent(&s.parent)
		case "traceState":
			r.str(&s.state)
		case "name":
			r.str(&s.name)
		case "flags":
			var flags int64
			if r.integer(&flags); flags != 0 {
				s.flags = uint32(flags) //nolint:gosec // the flags of a span are of 32 bits
			}
		case "kind":
			s.kind = enumerated(r, "SPAN_KIND_", spanKinds, s.kind)
		case "startTimeUnixNano":
			r.nanos((*uint64)(&s.start))
		case "endTimeUnixNano":
			r.nanos((*uint64)(&s.end))
		case "durationNano":
			r.nanos(duration)
		case "status":
			r.otelStatus(s)
		case "attributes":
			r.members(&s.attributes)
		case "resource":
			s.resourceText = r.within(s, "resource.", &s.resource)
		case "scope":
			s.scopeText = r.value().text
		case "events":
			r.events(s)
		case "links":
			r.links(&s.links, &s.others)
		case "_aws", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount":
			r.skip() // what the document was made of, and what is missing from it
		default:
			r.other(&s.others, "", key)
		}
	}
	return trace
}

// parent reads the parent's id, which is empty in a root span.
func (r *reader) parent(to *pcommon.SpanID) {
	if r.peek() == '"' && strings.HasPrefix(r.text[r.at:], `""`) {
		r.skip()
		return
	}
	r.spanID(to)
}

// within reads the attributes of the resource, and returns its JSON.
func (r *reader) within(s *span, block string, to *[]member) string {
	r.peek()
	start := r.at
	if !r.open('{') {
		return ""
	}
	for key := ""; r.member(&key); {
		if key == "attributes" {
			r.members(to)
		} else {
			r.other(&s.others, block, key)
		}
	}
	if r.err != nil {
		return ""
	}
	return r.text[start:r.at]
}

// nanos reads a number of nanoseconds: a number, or text, since most readers of JSON keep 53 bits.
func (r *reader) nanos(to *uint64) {
	v := r.value()
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil && v.kind == number {
		if f, ferr := strconv.ParseFloat(v.text, 64); ferr == nil && f < maxNanos {
			n, err = int64(f), nil // 1.753228558420999936E18
		}
	}
	switch {
	case err == nil && n >= 0 && (v.kind == number || v.kind == text):
		*to = uint64(n)
	case v.kind != null:
		r.unknown++
	}
}

var spanKinds = map[string]ptrace.SpanKind{
	"UNSPECIFIED": ptrace.SpanKindUnspecified, "INTERNAL": ptrace.SpanKindInternal, "SERVER": ptrace.SpanKindServer,
	"CLIENT": ptrace.SpanKindClient, "PRODUCER": ptrace.SpanKindProducer, "CONSUMER": ptrace.SpanKindConsumer,
}

var statusCodes = map[string]ptrace.StatusCode{"UNSET": ptrace.StatusCodeUnset, "OK": ptrace.StatusCodeOk, "ERROR": ptrace.StatusCodeError}

// enumerated reads a value of an enumeration: its name, with or without the prefix that it has in OTLP, or its number there.
func enumerated[T ~int32](r *reader, prefix string, values map[string]T, otherwise T) T {
	v := r.value()
	if v.kind == text {
		if found, ok := values[strings.TrimPrefix(v.text, prefix)]; ok {
			return found
		}
	}
	if n, ok := v.integer(); ok && v.kind == number && n >= 0 && n < int64(len(values)) {
		return T(n)
	}
	if v.kind != null {
		r.unknown++
	}
	return otherwise
}

func (r *reader) otelStatus(s *span) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		switch key {
		case "code":
			s.status = enumerated(r, "STATUS_CODE_", statusCodes, s.status)
		case "message":
			r.str(&s.message)
		default:
			r.other(&s.others, "status.", key)
		}
	}
}

func (r *reader) events(s *span) {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		if !r.open('{') {
			continue
		}
		e := event{}
		for key := ""; r.member(&key); {
			switch key {
			case "name":
				r.str(&e.name)
			case "timeUnixNano":
				r.nanos((*uint64)(&e.time))
			case "attributes":
				r.members(&e.attributes)
			case "droppedAttributesCount":
				r.skip()
			default:
				r.other(&s.others, "events.", key)
			}
		}
		if len(s.events) < maxEvents {
			s.events = append(s.events, e)
		}
	}
}
