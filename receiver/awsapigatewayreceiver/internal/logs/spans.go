package logs

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// recordsAccess says whether the access logs of stages make records.
func (r *Reader) recordsAccess() bool { return r.Emitter != nil && r.Config.Access.Enabled }

// traced says whether X-Ray has the requests of a stage, and they are pulled from there. Lines of any stage of an API may be those of one that it has.
func (r *Reader) traced(snapshot *inventory.Snapshot, a *model.API, stage string) bool {
	return slices.ContainsFunc(snapshot.Stages[a.ID], func(s model.Stage) bool { return r.pulled(a, &s) && (stage == "" || s.Name == stage) })
}

// pulled says whether the segments of a stage's requests are pulled from X-Ray.
func (r *Reader) pulled(a *model.API, s *model.Stage) bool {
	return r.XRayPulled && a.Type == model.REST && s.Tracing
}

// trace adds to a source what its spans need.
func (r *Reader) trace(snapshot *inventory.Snapshot, s *source) {
	if r.Spans == nil || s.api == nil {
		return
	}
	s.traced = r.traced(snapshot, s.api, s.stage)
	s.targets = func() accessspan.Targets { return r.targets.of(r.Inventory.Current(), s.api.ID) }
}

// spot is where the spans of a source go; nil is the source of lines that are nobody's.
type spot struct {
	source  *source
	spans   ptrace.SpanSlice
	targets accessspan.Targets
}

// traced says whether no spans are made of a source's lines, since X-Ray has them; of lines that are nobody's, X-Ray may have some.
func (b *builder) traced(s *source) bool { return s == nil && b.routes.traced || s != nil && s.traced }

// span makes the spans of a decoded line.
func (b *builder) span(e *model.LogEvent, f *format, s *source) {
	if b.traced(s) {
		return
	}
	at := b.spot(s)
	line := accessspan.Line{Text: e.Message, Values: &b.values, Event: e, Known: s.known(), Targets: at.targets}
	if s != nil {
		line.API = s.api
	}
	n := f.spans.Write(at.spans, &line)
	b.spans += n
	if n == 0 {
		b.spanless++
	}
}

// spot is the place of a source's spans. It is only there for as long as it takes to write them.
func (b *builder) spot(s *source) *spot {
	for i := range b.spots {
		if b.spots[i].source == s {
			return &b.spots[i]
		}
	}
	rs := b.traces.ResourceSpans().AppendEmpty()
	at := spot{source: s}
	if s == nil {
		b.routes.foreign.CopyTo(rs.Resource())
	} else {
		s.resource.CopyTo(rs.Resource())
		at.targets = s.targets()
	}
	rs.Resource().Attributes().Remove(attr.LogGroupNames) // it is no part of what a stage is
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName(metadata.ScopeName)
	ss.Scope().SetVersion(b.reader.Version)
	at.spans = ss.Spans()
	b.spots = append(b.spots, at)
	return &b.spots[len(b.spots)-1]
}

// split leaves the records to b, and returns a builder that has the spans.
func (b *builder) split() *builder {
	s := *b
	b.makesSpans = false
	s.makesRecords, s.dests, s.parse = false, nil, nil
	s.values = accesslog.Values{}
	return &s
}

func (r *Reader) emitSpans(ctx context.Context, b *builder) error {
	offers := 0
	outcome, err := r.Spans.Offer(ctx, func() ptrace.Traces {
		if offers++; offers > 1 {
			r.build(b)
		}
		return b.traces
	})
	if err != nil {
		return err
	}
	if b.spanless > 0 {
		r.Recorder.SpanlessLines(ctx, int64(b.spanless))
	}
	if outcome == emit.Refused {
		r.Recorder.RefusedSpans(ctx, int64(b.spans))
		return nil
	}
	if b.spans > 0 {
		r.Recorder.Spans(ctx, int64(b.spans))
	}
	if r.Emitter == nil {
		b.count(ctx) // what was met, which the records' part counts otherwise
	}
	return nil
}
