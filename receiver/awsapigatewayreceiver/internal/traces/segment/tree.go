package segment

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// room is about how many attributes the span of a segment has.
func (s *segment) room() int {
	n := 4 + len(s.annotations) + len(s.metadata) + len(s.others)
	if s.http.present() {
		n += 8
	}
	if s.aws != nil {
		n += 10
	}
	if s.sql != nil {
		n += 8
	}
	return min(n, maxAttributes)
}

// addSegment adds a segment and those below it.
func (b *Batch) addSegment(to place, d *Document, s *segment) {
	span := to.spans.AppendEmpty()
	span.SetTraceID(d.TraceID)
	span.SetSpanID(s.id)
	span.SetParentSpanID(s.parent)
	span.SetFlags(attr.Sampled)
	span.SetKind(s.kind())
	span.SetStartTimestamp(s.start)
	span.SetEndTimestamp(s.end)
	w := writer{rules: b.Rules, attributes: span.Attributes()}
	w.attributes.EnsureCapacity(s.room())
	stage := d.API != "" && s == d.segment
	b.name(&w, span, d, s)
	w.http(&s.http, span.Kind() == ptrace.SpanKindServer)
	if stage && strings.HasSuffix(s.fullStage(), canarySuffix) {
		w.flag(attr.Canary, true)
	}
	if s.aws != nil {
		w.aws(s, to.account)
	}
	if s.sql != nil {
		w.sql(s.sql)
	}
	w.status(span, s)
	w.str(attr.XRayOrigin, s.origin)
	if s.namespace != "aws" && s.namespace != "remote" {
		w.str(attr.XRayNamespace, s.namespace)
	}
	w.flag(attr.XRayInProgress, s.inProgress)
	w.flag(attr.XRayInferred, s.inferred)
	w.flag(attr.FaaSColdStart, s.coldStart())
	w.optional(attr.UserID, s.user, true)
	if s.cause != nil {
		w.cause(span, s.cause)
	}
	w.annotations(s, stage)
	w.list(attr.XRayPrecursors, s.precursors)
	w.links(span, s.links)
	for i := range s.others {
		w.member(attr.XRayPrefix, &s.others[i])
	}
	span.SetDroppedAttributesCount(w.dropped)
	for _, below := range s.subsegments {
		b.addSegment(to, d, below)
	}
}

// coldStart says whether the function was made for this call: then it has an Initialization.
func (s *segment) coldStart() bool {
	if s.origin != lambdaFunction {
		return false
	}
	for _, below := range s.subsegments {
		if below.name == "Initialization" || below.name == "Init" {
			return true
		}
	}
	return false
}

// requestIDOf is the id of the request that the block names, "" where there is none.
func (a *awsBlock) requestIDOf() string {
	if a == nil {
		return ""
	}
	return first(a.requestID, a.gateway.requestID)
}
