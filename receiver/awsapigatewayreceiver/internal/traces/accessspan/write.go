package accessspan

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// maxLatency is above any request's: 29 seconds, 15 minutes where the response streams (API Gateway quotas, integration timeout).
const maxLatency = 24 * time.Hour

// httpsPort is the only one that API Gateway serves.
const httpsPort = 443

// Write appends the spans of a line, and says how many: none where it does not say how long the request took.
func (f *Format) Write(spans ptrace.SpanSlice, l *Line) int {
	total, ok := f.duration(l)
	if !ok {
		return 0
	}
	start, ok := f.bound.Time(l.Text, l.Values)
	if !ok {
		start = pcommon.Timestamp(max(l.Event.Timestamp, 0)) * pcommon.Timestamp(time.Millisecond)
	}
	server := spans.AppendEmpty()
	server.SetKind(ptrace.SpanKindServer)
	server.SetStartTimestamp(start)
	server.SetEndTimestamp(start + pcommon.Timestamp(total)) //nolint:gosec // a latency is of digits only
	trace := f.bound.Attributes(server.Attributes(), room, l.Text, l.Values, l.Known)
	f.request(server, l)
	id := f.identify(l, trace)
	server.SetTraceID(id.trace)
	server.SetSpanID(id.server)
	server.SetParentSpanID(id.parent)
	server.SetFlags(id.flags)
	n := 1
	if f.authorize(spans, server, l, &id) {
		n++
	}
	if f.integrate(spans, server, l, &id) {
		n++
	}
	return n
}

// room is for the attributes of a SERVER span that a log record does not have.
const room = 5

// latency is a number of milliseconds that can be a latency.
func (f *Format) latency(l *Line, r accesslog.Ref) (time.Duration, bool) {
	ms, ok := f.number(l, r)
	if !ok || ms > maxLatency.Milliseconds() {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// duration is how long a request took.
func (f *Format) duration(l *Line) (time.Duration, bool) {
	if d, ok := f.latency(l, f.total); ok || !f.overWebSocket(l) {
		return d, ok
	}
	authorizer, authorized := f.latency(l, f.authorizer)
	integration, integrated := f.latency(l, f.integration)
	return authorizer + integration, authorized || integrated
}

// request completes a SERVER span that has the attributes of a log record. Its name is made of those, so that nothing is in it that is not to be seen.
func (f *Format) request(span ptrace.Span, l *Line) {
	a := span.Attributes()
	scheme := "https"
	if f.overWebSocket(l) {
		scheme = "wss"
	}
	f.put(a, attr.URLScheme, scheme)
	if _, ok := a.Get(attr.ServerAddress); ok {
		f.putInt(a, attr.ServerPort, httpsPort)
	}
	key, route := textOf(a, attr.RouteKey), textOf(a, attr.HTTPRoute)
	method := f.requestMethod(a, key)
	span.SetName(nameOf(method, route, key))
	if status, ok := f.number(l, f.status); ok && status >= 500 {
		span.Status().SetCode(ptrace.StatusCodeError)
		if _, ok := a.Get(attr.ErrorType); !ok {
			f.put(a, attr.ErrorType, strconv.FormatInt(status, 10))
		}
	}
}

// requestMethod puts the method right: that of the route key where the line has no other, and one that semantic conventions know.
func (f *Format) requestMethod(a pcommon.Map, key string) string {
	method := textOf(a, attr.HTTPRequestMethod)
	if method == "" {
		first, rest, ok := strings.Cut(key, " ")
		if _, known := attr.Method(first); !ok || !known || !strings.HasPrefix(rest, "/") || f.left[attr.HTTPRequestMethod] {
			return ""
		}
		method = first
		a.PutStr(attr.HTTPRequestMethod, method)
	}
	value, same := attr.Method(method)
	if same || f.left[attr.HTTPRequestMethod] {
		return method // which may be a hash
	}
	a.PutStr(attr.HTTPRequestMethod, value)
	f.put(a, attr.MethodOriginal, method)
	return value
}

// nameOf is the name of a SERVER span: the method with the route, or the route key where it has no path, as $default and those of WebSocket APIs.
func nameOf(method, route, key string) string {
	if method == attr.OtherMethod {
		method = "HTTP"
	}
	switch {
	case route != "" && method != "":
		return method + " " + route
	case key != "":
		return key
	case route != "":
		return route
	case method != "":
		return method
	}
	return "HTTP"
}

// put writes an attribute unless the user does not want it.
func (f *Format) put(a pcommon.Map, attribute, value string) {
	if value != "" && !f.left[attribute] {
		a.PutStr(attribute, value)
	}
}

func (f *Format) putInt(a pcommon.Map, attribute string, value int64) {
	if !f.left[attribute] {
		a.PutInt(attribute, value)
	}
}

// textOf is an attribute's value, "" where there is none.
func textOf(a pcommon.Map, attribute string) string {
	v, ok := a.Get(attribute)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return v.Str()
}
