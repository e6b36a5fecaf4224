package accessspan

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// made is a span as tests look at it.
type made struct {
	name, kind, trace, id, parent string
	from, to                      int64 // Unix milliseconds
	status, message               string
	attributes                    map[string]any
}

var (
	restAPI      = &model.API{ID: "r1", Name: "orders", Type: model.REST}
	httpAPI      = &model.API{ID: "h1", Name: "web", Type: model.HTTP}
	webSocketAPI = &model.API{ID: "w1", Name: "chat", Type: model.WebSocket}
)

// bind compiles a format for a test.
func bind(t testing.TB, format string, rules *redact.Rules) *Format {
	t.Helper()
	f, err := accesslog.Compile(format)
	require.NoError(t, err)
	if rules == nil {
		rules = redact.New(nil, nil, "")
	}
	return Bind(f, accesslog.NewWriter(rules, true).Bind(f))
}

// write makes the spans of a line in a format. edit completes what is known of it.
func (f *Format) write(t testing.TB, line string, edit func(*Line)) ptrace.Traces {
	t.Helper()
	l := Line{Text: line, Values: &accesslog.Values{}, Event: &model.LogEvent{ID: "event-1", Timestamp: 1_700_000_009_000}}
	require.True(t, f.Decode(line, l.Values), line)
	if edit != nil {
		edit(&l)
	}
	out := ptrace.NewTraces()
	n := f.Write(out.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans(), &l)
	require.Equal(t, out.SpanCount(), n)
	return out
}

func of(api *model.API) func(*Line) {
	return func(l *Line) { l.API, l.Known = api, accesslog.Identity{APIID: api.ID, Stage: "prod"} }
}

func spansOf(traces ptrace.Traces) (out []made) {
	for _, s := range traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		out = append(out, made{
			name: s.Name(), kind: s.Kind().String(), trace: s.TraceID().String(), id: s.SpanID().String(), parent: s.ParentSpanID().String(),
			from: s.StartTimestamp().AsTime().UnixMilli(), to: s.EndTimestamp().AsTime().UnixMilli(),
			status: s.Status().Code().String(), message: s.Status().Message(), attributes: s.Attributes().AsRaw(),
		})
	}
	return out
}

const began = 1_700_000_000_123

// Lines in the three formats that have everything.
const (
	restLine = `{"requestId":"a3c1f6f0-1111-2222-3333-444455556666","extendedRequestId":"Vwc2MGFUrPEFV_g=","apiId":"r1","stage":"prod",` +
		`"requestTimeEpoch":"1700000000123","httpMethod":"GET","path":"/prod/orders/7","resourcePath":"/orders/{id}","protocol":"HTTP/1.1","status":"502",` +
		`"responseLatency":"250","responseLength":"36","domainName":"r1.execute-api.us-east-1.amazonaws.com","sourceIp":"203.0.113.7",` +
		`"xrayTraceId":"1-58406520-a006649127e371903a2de979","integrationLatency":"180","integration.status":"200","integration.requestId":"backend-1",` +
		`"integration.error":"Malformed Lambda proxy response","authorizer.latency":"40","authorizer.status":"200","authorizer.error":"-",` +
		`"error.responseType":"DEFAULT_5XX","error.message":"Internal server error","userAgent":"curl/8 (x)"}`
	httpLine = `{"requestId":"Vdntpho8IAMEVSQ=","apiId":"h1","stage":"prod","requestTimeEpoch":"1700000000123","httpMethod":"POST","path":"/prod/orders",` +
		`"routeKey":"ANY /orders","protocol":"HTTP/1.1","status":"503","responseLatency":"90","responseLength":"12","domainName":"h1.execute-api.us-east-1.amazonaws.com",` +
		`"sourceIp":"203.0.113.7","integrationLatency":"70","integration.status":"503","integration.requestId":"-","integration.error":"-",` +
		`"authorizer.latency":"9","authorizer.error":"-","error.responseType":"-","error.message":"-","userAgent":"curl/8"}`
	webSocketLine = `{"requestId":"Vdntpho8IAMEVSQ=","apiId":"w1","stage":"prod","requestTimeEpoch":"1700000000123","routeKey":"sendMessage","eventType":"MESSAGE",` +
		`"connectionId":"Vdntpd","status":"200","domainName":"w1.execute-api.us-east-1.amazonaws.com","sourceIp":"203.0.113.7",` +
		`"integrationLatency":"30","integration.status":"200","integration.requestId":"-","integration.error":"-","authorizer.latency":"5","authorizer.status":"200",` +
		`"authorizer.error":"-","error.responseType":"-","error.message":"-","userAgent":"-"}`
)
