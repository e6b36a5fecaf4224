package awsapigatewayreceiver

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// Origins of segments, as X-Ray names them.
const (
	stageOrigin    = "AWS::ApiGateway::Stage"
	functionOrigin = "AWS::Lambda::Function"
)

// spanTruth says what the spans of a stage's traces are. What it says of attributes and resources has to be there, and nil must not; there may be more.
type spanTruth struct {
	api   *awssim.API
	stage *awssim.Stage
	trace *awssim.TraceRecord
	route string
}

// anyOperation stands for the operation in the name of a call of AWS, which the span says and the truth does not.
const anyOperation = ".*"

// w3c is a trace id as OpenTelemetry writes it.
func w3c(xray string) string { return strings.ReplaceAll(strings.TrimPrefix(xray, "1-"), "-", "") }

// spans are those of the trace.
func (s *spanTruth) spans(to map[spanID]spanData) {
	documents := map[string]*awssim.SegmentRecord{}
	for i := range s.trace.Segments {
		seg := &s.trace.Segments[i]
		if seg.ID == seg.Document {
			documents[seg.ID] = seg
		}
		to[spanID{w3c(s.trace.TraceID), seg.ID}] = s.span(seg, documents[seg.Document])
	}
}

func (s *spanTruth) span(seg, document *awssim.SegmentRecord) spanData {
	out := spanData{Parent: seg.ParentID, Name: seg.Name, Kind: spanKind(seg), Start: seg.Start, End: seg.End, Resource: s.resource(document)}
	remote := seg.Namespace == "remote" || seg.Inferred && seg.Origin == ""
	switch {
	case seg.Origin == stageOrigin:
		out.Name = seg.Method + " " + s.route
	case remote && seg.Method != "":
		out.Name = seg.Method
	case seg.Namespace == "aws":
		out.Name += anyOperation
	}
	server := out.Kind == "Server"
	out.Attributes = map[string]any{
		"aws.xray.fault": flag(seg.Fault), "aws.xray.error": flag(seg.Error), "aws.xray.throttle": flag(seg.Throttle), "aws.xray.inferred": flag(seg.Inferred),
		"aws.xray.in_progress": nil, "url.query": nil, "user.id": nil, "aws.xray.origin": text(seg.Origin),
		"http.request.method": text(seg.Method), "http.response.status_code": number(seg.Status),
	}
	out.Status = "Unset"
	if seg.Fault || seg.Status >= 500 || !server && (seg.Status >= 400 || seg.Error) {
		out.Status = "Error"
	}
	if (out.Status == "Error") && seg.Status >= 400 {
		out.Attributes["error.type"] = fmt.Sprint(seg.Status)
	}
	if seg.URL != "" {
		s.url(out.Attributes, seg.URL, server)
	}
	if seg.Origin == stageOrigin {
		out.Attributes["aws.request_id"] = s.trace.RequestID
		out.Attributes[prefix+"extended_request_id"] = s.trace.ExtendedRequestID
		out.Attributes["http.route"] = text(s.route)
	}
	return out
}

func (*spanTruth) url(to map[string]any, raw string, server bool) {
	raw, _, _ = strings.Cut(raw, "?")
	scheme, rest, _ := strings.Cut(raw, "://")
	authority, path, _ := strings.Cut(rest, "/")
	host, _, _ := strings.Cut(authority, ":")
	to["server.address"] = host
	if server {
		to["url.scheme"], to["url.path"], to["url.full"] = scheme, "/"+path, nil
	} else {
		to["url.full"], to["url.path"] = raw, nil
	}
}

// spanKind is the part that a segment plays.
func spanKind(seg *awssim.SegmentRecord) string {
	switch {
	case seg.Namespace != "":
		return "Client"
	case seg.Origin == functionOrigin, seg.ID != seg.Document:
		return "Internal"
	case seg.Origin == "AWS::SQS::Queue", seg.Origin == "AWS::SNS":
		return "Consumer"
	}
	return "Server"
}

// resource is that of the service that a segment comes from.
func (s *spanTruth) resource(document *awssim.SegmentRecord) map[string]any {
	if document.Origin == stageOrigin {
		out := stageResource(s.api, s.stage.Name, "")
		delete(out, "aws.log.group.names")
		return out
	}
	service := document.Name
	if u, err := url.Parse(document.URL); err == nil && u.Host != "" && strings.HasPrefix(service, "/") {
		service = u.Hostname() // a segment for each path would be a service for each
	}
	out := map[string]any{
		"cloud.provider": "aws", "cloud.account.id": testAccount, "cloud.region": testRegion, "service.name": service,
		"cloud.resource_id": text(document.ResourceARN), prefix + "api_id": nil, "cloud.platform": nil, "faas.name": nil,
	}
	if strings.HasPrefix(document.Origin, "AWS::Lambda") {
		out["cloud.platform"], out["faas.name"] = "aws_lambda", document.Name
	}
	return out
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func number(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func flag(set bool) any {
	if !set {
		return nil
	}
	return true
}

// spanTruth is what should come out for the traces of all stages of the test's region that are wanted.
func (r *rig) spanTruth(from, to time.Time, wanted func(api *awssim.API, stage *awssim.Stage) bool) map[spanID]spanData {
	r.t.Helper()
	want := map[spanID]spanData{}
	for s := range tracedRequests(r.world, r.world.Accounts[0], from, to, wanted) {
		s.spans(want)
	}
	require.NotEmpty(r.t, want)
	return want
}

// tracedRequests are the requests that X-Ray traces in an account.
func tracedRequests(
	w *awssim.World, account *awssim.Account, from, to time.Time, wanted func(api *awssim.API, stage *awssim.Stage) bool,
) func(yield func(*spanTruth) bool) {
	return func(yield func(*spanTruth) bool) {
		for _, api := range account.Regions[0].APIs {
			for _, stage := range api.Stages {
				if wanted != nil && !wanted(api, stage) || cmp.Or(api.Type, awssim.TypeREST) != awssim.TypeREST {
					continue
				}
				routes := map[string]string{} // by request id
				for request := range w.AccessRecords(api, stage, from, to) {
					routes[request.Values["requestId"]] = request.Values["resourcePath"]
				}
				for trace := range w.Traces(api, stage, from, to) {
					if !yield(&spanTruth{api, stage, &trace, routes[trace.RequestID]}) {
						return
					}
				}
			}
		}
	}
}

// compareSpans holds the spans that came to those that should: each span, each of its attributes that are known, none too many.
func compareSpans(t *testing.T, got map[spanID]*gotSpan, want map[spanID]spanData) {
	t.Helper()
	var wrong []string
	missing := 0
	for _, id := range sortedSpans(want) {
		w := want[id]
		switch g := got[id]; {
		case g == nil:
			missing++
			wrong = append(wrong, fmt.Sprintf("missing: %s %s of %s at %v", w.Kind, w.Name, id.trace, w.Start))
		default:
			if d := spanDifference(&w, &g.spanData); d != "" {
				wrong = append(wrong, fmt.Sprintf("%s %s of %s: %s", w.Kind, w.Name, id.trace, d))
			}
		}
	}
	for id, g := range got {
		if _, ok := want[id]; !ok {
			wrong = append(wrong, fmt.Sprintf("too many: %s %s of %s: %v", g.Kind, g.Name, id.trace, g.Attributes))
		}
	}
	assert.Empty(t, strings.Join(wrong[:min(len(wrong), 5)], "\n"), "%d of %d spans are wrong, of them %d are missing", len(wrong), len(want), missing)
}

func sortedSpans(of map[spanID]spanData) []spanID {
	return slices.SortedFunc(maps.Keys(of), func(a, b spanID) int { return cmp.Or(cmp.Compare(a.trace, b.trace), cmp.Compare(a.span, b.span)) })
}

// spanDifference says where a span is not as it should be.
func spanDifference(want, got *spanData) string {
	var b strings.Builder
	name := want.Name
	if service, called := strings.CutSuffix(name, anyOperation); called {
		name = fmt.Sprint(service, ".", got.Attributes["rpc.method"])
	}
	for _, m := range []struct {
		of        string
		want, got map[string]any
	}{
		{"", want.Attributes, got.Attributes},
		{"resource ", want.Resource, got.Resource},
		{
			"",
			map[string]any{"parent": want.Parent, "name": name, "kind": want.Kind, "status": want.Status, "start": want.Start, "end": want.End},
			map[string]any{"parent": got.Parent, "name": got.Name, "kind": got.Kind, "status": got.Status, "start": got.Start, "end": got.End},
		},
	} {
		for _, k := range slices.Sorted(maps.Keys(m.want)) {
			if !reflect.DeepEqual(m.want[k], m.got[k]) {
				fmt.Fprintf(&b, "%s%s is %#v, not %#v; ", m.of, k, m.got[k], m.want[k])
			}
		}
	}
	return b.String()
}

// repeats are how many spans came more than once, and how many of those had changed.
func (s *spanSink) repeats() (repeated, changed int) {
	for _, g := range s.taken() {
		if g.times > 1 {
			repeated++
		}
		if g.before != nil {
			changed++
		}
	}
	return repeated, changed
}
