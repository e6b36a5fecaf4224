package accessspan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Whatever a format and its line say, spans are whole: ids, a name, times in order, one trace.
func FuzzSpans(f *testing.F) {
	f.Add(RESTFormat, restLine)
	f.Add(HTTPFormat, httpLine)
	f.Add(WebSocketFormat, webSocketLine)
	f.Add("$context.responseLatency $context.requestTimeEpoch $context.integrationLatency $context.authorizer.latency", "86400000 9223372036854 86400000 1")
	f.Add("$context.responseLatency $context.authorizer.traceparent", "1 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	writer := accesslog.NewWriter(redact.New(nil, nil, ""), true)
	targets := Targets{"GET /orders/{id}": NewTarget(Integration{Type: "HTTP", URI: "https://a/b", Method: "ANY"})}
	f.Fuzz(func(t *testing.T, format, line string) {
		compiled, err := accesslog.Compile(format)
		var v accesslog.Values
		if err != nil || !compiled.Decode(line, &v) {
			var ok bool
			if compiled, ok = accesslog.DecodeJSON(line, &v); !ok {
				return
			}
		}
		spans := ptrace.NewSpanSlice()
		b := Bind(compiled, writer.Bind(compiled))
		n := b.Write(spans, &Line{Text: line, Values: &v, Event: &model.LogEvent{ID: "e", Timestamp: -5}, Targets: targets})
		assert.Equal(t, n, spans.Len())
		assert.LessOrEqual(t, n, 3)
		for _, s := range spans.All() {
			assert.NotEmpty(t, s.Name())
			assert.False(t, s.SpanID().IsEmpty() || s.TraceID().IsEmpty())
			assert.Equal(t, spans.At(0).TraceID(), s.TraceID())
			assert.LessOrEqual(t, s.StartTimestamp(), s.EndTimestamp())
			assert.GreaterOrEqual(t, s.StartTimestamp(), spans.At(0).StartTimestamp())
			assert.LessOrEqual(t, s.EndTimestamp(), spans.At(0).EndTimestamp())
		}
	})
}

func FuzzTarget(f *testing.F) {
	f.Add("HTTP", "", "https://a:80/b?{c}", "GET", "")
	f.Add("AWS_PROXY", "SQS-SendMessage", "arn:aws:apigateway:r:x.y:action/Z", "", "arn:aws:lambda:r:a:function:f")
	f.Fuzz(func(_ *testing.T, kind, subtype, uri, method, resource string) {
		NewTarget(Integration{Type: kind, Subtype: subtype, URI: uri, Method: method, Resource: resource})
	})
}
