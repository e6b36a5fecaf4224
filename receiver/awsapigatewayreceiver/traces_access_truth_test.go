package awsapigatewayreceiver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// accessTrace are the spans that should come out for a line of an access log.
type accessTrace struct {
	api     *awssim.API
	stage   *awssim.Stage
	request *awssim.AccessRecord
}

// milliseconds is the first of some variables that is one of the line's, and false where there is none.
func (a *accessTrace) milliseconds(names ...string) (time.Duration, bool) {
	for _, name := range names {
		if ms, err := strconv.Atoi(a.value(name)); err == nil {
			return time.Duration(ms) * time.Millisecond, true
		}
	}
	return 0, false
}

// value is that of a variable of the stage's format, "" where the format does not have it, or the request does not.
func (a *accessTrace) value(name string) string {
	if v := a.request.Values[name]; v != "-" && strings.Contains(a.stage.AccessLog.Format, "$context."+name+`"`) {
		return v
	}
	return ""
}

func (a *accessTrace) duration() (time.Duration, bool) {
	if a.api.Type != awssim.TypeWebSocket {
		return a.milliseconds("responseLatency")
	}
	authorizer, authorized := a.milliseconds("authorizer.latency")
	integration, integrated := a.milliseconds("integrationLatency")
	return authorizer + integration, authorized || integrated
}

// spans are those of the line.
func (a *accessTrace) spans(to map[spanID]spanData) {
	total, ok := a.duration()
	if !ok {
		return
	}
	request := a.value("extendedRequestId")
	if request == "" {
		request = a.value("requestId")
		if epoch := a.value("requestTimeEpoch"); epoch != "" {
			request += "\x00" + epoch
		}
	}
	sum := sha256.Sum256([]byte(request))
	trace := w3c(a.value("xrayTraceId"))
	if trace == "" {
		trace = hex.EncodeToString(sum[:16])
	}
	server := hex.EncodeToString(sum[16:24])
	start, end := a.request.At, a.request.At.Add(total)
	to[spanID{trace, server}] = a.server(start, end)
	if d, ok := a.milliseconds("authorizer.latency", "authorizer.integrationLatency"); ok {
		id := sha256.Sum256([]byte("authorizer\x00" + request))
		to[spanID{trace, hex.EncodeToString(id[:8])}] = spanData{
			Parent: server, Name: "authorizer", Kind: "Internal", Status: a.status("authorizer.status", "authorizer.error"), Start: start, End: start.Add(min(d, total)),
			Resource: a.resource(),
		}
	}
	if d, ok := a.milliseconds("integrationLatency"); ok && a.called() != "" {
		to[spanID{trace, hex.EncodeToString(sum[24:])}] = spanData{
			Parent: server, Name: a.called(), Kind: "Client", Status: a.integrationStatus(), Start: end.Add(-min(d, total)), End: end,
			Resource: a.resource(),
		}
	}
}

func (a *accessTrace) server(start, end time.Time) spanData {
	out := spanData{Kind: "Server", Name: a.name(), Status: "Unset", Start: start, End: end, Resource: a.resource()}
	status, _ := strconv.Atoi(a.value("status"))
	if status >= 500 {
		out.Status = "Error"
	}
	scheme := "https"
	if a.api.Type == awssim.TypeWebSocket {
		scheme = "wss"
	}
	out.Attributes = map[string]any{
		"http.request.method": text(a.value("httpMethod")), "http.response.status_code": number(status), "url.path": text(a.value("path")), "url.scheme": scheme,
		"server.address": text(a.value("domainName")), "server.port": int64(443), "aws.request_id": text(a.value("requestId")), "log.record.uid": nil, "user.id": nil,
		"client.address": text(a.value("identity.sourceIp")), "user_agent.original": text(unescaped(a.value("identity.userAgent"), a.stage.AccessLog.Format)),
	}
	return out
}

// name is the method with the route, or a route key without a path.
func (a *accessTrace) name() string {
	route, key := a.value("resourcePath"), a.value("routeKey")
	if route != "" {
		return a.value("httpMethod") + " " + route
	}
	return key
}

// called is the name of the span of the integration, "" where nothing is called.
func (a *accessTrace) called() string {
	for _, route := range a.api.Routes {
		key := route.RouteKey
		if key == "" {
			key = route.Method + " " + route.Path
		}
		if a.value("routeKey") != key && (a.value("resourcePath") != route.Path || route.Method != "ANY" && a.value("httpMethod") != route.Method) {
			continue
		}
		return calledBy(route.Integration, a.value("httpMethod"))
	}
	return "integration"
}

func calledBy(i *awssim.Integration, method string) string {
	if i.Method != "ANY" && i.Method != "" {
		method = i.Method
	}
	switch {
	case i.Type == "MOCK", i.Type == "":
		return ""
	case strings.Contains(i.URI, ":lambda:"):
		return "Lambda.Invoke"
	case i.Subtype != "":
		return strings.Replace(i.Subtype, "-", ".", 1)
	case strings.HasPrefix(i.Type, "HTTP"):
		_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(i.URI, "http://"), "https://"), "/")
		return method + " /" + path
	}
	parts := strings.SplitN(i.URI, ":", 6)
	service, operation := parts[4], strings.TrimPrefix(parts[5], "action/")
	if strings.Contains(operation, "/") {
		return service
	}
	return service + "." + operation
}

// status is an error where what was called answered with one, or an error is told.
func (a *accessTrace) status(code, words string) string {
	if status, _ := strconv.Atoi(a.value(code)); status >= 400 || a.value(words) != "" {
		return "Error"
	}
	return "Unset"
}

// integrationStatus is none where the code of a Lambda function answered with a status of 4xx: the call of Lambda was none that failed.
func (a *accessTrace) integrationStatus() string {
	status, _ := strconv.Atoi(a.value("integration.status"))
	if called := a.called(); status >= 400 && status < 500 && a.value("integration.error") == "" && (called == "Lambda.Invoke" || called == "integration") {
		return "Unset"
	}
	return a.status("integration.status", "integration.error")
}

func (a *accessTrace) resource() map[string]any {
	out := stageResource(a.api, a.stage.Name, "")
	delete(out, "aws.log.group.names")
	return out
}

// accessSpanTruth is what should come out for the access logs of the stages of the test's region that X-Ray does not trace.
func (r *rig) accessSpanTruth(from, to time.Time) map[spanID]spanData {
	r.t.Helper()
	return r.loggedTruth(from, to, func(stage *awssim.Stage) bool { return !stage.Tracing })
}

// loggedTruth is what should come out for the access logs of stages.
func (r *rig) loggedTruth(from, to time.Time, of func(stage *awssim.Stage) bool) map[spanID]spanData {
	r.t.Helper()
	want := map[spanID]spanData{}
	for _, api := range r.world.Accounts[0].Regions[0].APIs {
		for _, stage := range api.Stages {
			if !of(stage) {
				continue
			}
			for request := range r.world.AccessRecords(api, stage, from, to) {
				if request.Group != "" {
					(&accessTrace{api, stage, &request}).spans(want)
				}
			}
		}
	}
	require.NotEmpty(r.t, want)
	return want
}

// compareAccessSpans holds the spans that were made of access logs to what happened, and takes them out of those that came.
func (r *rig) compareAccessSpans(got map[spanID]*gotSpan, from, to time.Time) {
	r.t.Helper()
	want, ours, pulled := r.accessSpanTruth(from, to), map[spanID]*gotSpan{}, map[string]bool{}
	for _, api := range r.world.Accounts[0].Regions[0].APIs {
		for _, stage := range api.Stages {
			pulled[api.ID+"/"+stage.Name] = stage.Tracing
		}
	}
	maps.DeleteFunc(got, func(id spanID, g *gotSpan) bool {
		api, ofStage := g.Resource[prefix+"api_id"].(string)
		if ofStage = ofStage && !pulled[fmt.Sprint(api, "/", g.Resource[prefix+"stage"])]; ofStage {
			ours[id] = g
		}
		return ofStage
	})
	compareSpans(r.t, ours, want)
	assert.NotEmpty(r.t, ours)
}
