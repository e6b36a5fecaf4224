package faults

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
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

// wantSpans are the segments and subsegments of all traces, and, of stages without X-Ray, what access logs tell of their requests.
func wantSpans(w *awssim.World, from, to time.Time) map[spanID]span {
	want := map[spanID]span{}
	stages(w, func(api *awssim.API, stage *awssim.Stage) {
		if !stage.Tracing {
			for a := range w.AccessRecords(api, stage, from, to) {
				wantLogged(api, stage, a, want)
			}
		}
		for trace := range w.Traces(api, stage, from, to) {
			for _, s := range trace.Segments {
				id := strings.ReplaceAll(strings.TrimPrefix(trace.TraceID, "1-"), "-", "")
				want[spanID{id, s.ID}] = span{s.ParentID, s.Start, s.End, int64(s.Status)}
			}
		}
	})
	return want
}

// wantLogged adds the spans of a line: of a REST API's stage that of the request, of a WebSocket API's that of the integration, too. An HTTP API's format
// has no latency here, and so no spans. Their ids are parts of the hash of what identifies the request.
func wantLogged(api *awssim.API, stage *awssim.Stage, a awssim.AccessRecord, want map[spanID]span) {
	value := func(name string) string {
		if v := a.Values[name]; v != "-" && strings.Contains(stage.AccessLog.Format, "$context."+name+`"`) {
			return v
		}
		return ""
	}
	request, latency := value("extendedRequestId"), "responseLatency"
	if api.Type == awssim.TypeWebSocket {
		request, latency = value("requestId")+"\x00"+value("requestTimeEpoch"), "integrationLatency"
	}
	ms, err := strconv.Atoi(value(latency))
	if err != nil {
		return
	}
	sum := sha256.Sum256([]byte(request))
	trace, server, end := hex.EncodeToString(sum[:16]), hex.EncodeToString(sum[16:24]), a.At.Add(time.Duration(ms)*time.Millisecond)
	status, _ := strconv.ParseInt(value("status"), 10, 64)
	want[spanID{trace, server}] = span{"", a.At, end, status}
	if latency == "integrationLatency" {
		want[spanID{trace, hex.EncodeToString(sum[24:])}] = span{server, a.At, end, 0}
	}
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
