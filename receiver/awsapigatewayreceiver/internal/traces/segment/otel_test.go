package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

const (
	stageResource = `"resource":{"attributes":{"cloud.provider":"aws","service.name":"petstore","aws.api_gateway.stage":"prod","cloud.account.id":"123456789012",` +
		`"cloud.resource_id":"arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/prod","aws.api_gateway.rest_api_id":"a1b2c3d4e5","cloud.platform":"aws_api_gateway"}}`

	stageSpan = `{` + stageResource + `,"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"194fcc8747581230","name":"petstore/prod","kind":"SERVER",` +
		`"startTimeUnixNano":1533910398320999936,"endTimeUnixNano":1533910398614000000,"durationNano":293000064,"attributes":{"aws.local.service":"petstore",` +
		`"aws.local.operation":"GET /pets/{petId}","http.url":"https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/pets/42?expand=owner","http.method":"GET",` +
		`"url.full":"https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/pets/42?expand=owner","http.request.method":"GET","http.status_code":502,` +
		`"http.response.status_code":502,"http.client_ip":"203.0.113.7","http.user_agent":"curl/8.5.0"},"status":{"code":"ERROR"},` +
		`"_aws":{"xray":{"name":"petstore/prod","type":"segment"}}}`

	integrationSpan = `{` + stageResource + `,"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"53995c3f42cd8ad8","parentSpanId":"194fcc8747581230","name":"awslambda.Invoke",` +
		`"kind":"CLIENT","startTimeUnixNano":"1533910398325000000","endTimeUnixNano":"1533910398610000000","attributes":{"rpc.system":"aws-api","rpc.service":"awslambda",` +
		`"rpc.method":"Invoke","http.response.status_code":502},"status":{"code":"UNSET"}}`

	applicationSpan = `{"resource":{"attributes":{"service.name":"pets","process.pid":12,"list":["a","b"]}},"scope":{"name":"io.opentelemetry.sdk","version":"2.1","attributes":{"a":1}},` +
		`"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"1122334455667788","parentSpanId":"","flags":257,"traceState":"a=b","name":"GET /pets","kind":"SPAN_KIND_CONSUMER",` +
		`"startTimeUnixNano":1533910398330000000,"durationNano":5000000,"attributes":{"text":"a","int":1,"float":1.5,"yes":true,"none":null,"list":["a",1,{"b":null}],"map":{"c":[1]},` +
		`"url.query":"q=1","user.id":"ann","db.query.text":"SELECT 1"},"events":[{"name":"exception","timeUnixNano":1533910398331000000,"attributes":{"exception.type":"T","exception.message":"m"}}],` +
		`"links":[{"traceId":"58406520a006649127e371903a2de979","spanId":"53995c3f42cd8ad8","attributes":{"l":1}}],"status":{"code":"STATUS_CODE_ERROR","message":"failed"},"novel":7}`
)

func translateSpans(t *testing.T, s Settings, documents ...string) ptrace.Traces {
	t.Helper()
	b := New(s).NewBatch()
	for _, document := range documents {
		d, err := DecodeSpan(document)
		require.NoError(t, err, document)
		b.Add(d)
	}
	return b.Traces()
}

func TestASpanSaysWhatItIs(t *testing.T) {
	d, err := DecodeSpan(stageSpan)
	require.NoError(t, err)
	assert.Equal(t, []any{"5b6d9d7ea1b2c3d4e5f60718293a4b5c", "a1b2c3d4e5", "prod", 1, 0, false}, []any{d.TraceID.String(), d.API, d.Stage, d.Spans(), d.Unknown, d.InProgress})
	d, err = DecodeSpan(applicationSpan)
	require.NoError(t, err)
	assert.Equal(t, []any{"", "", 1, 1}, []any{d.API, d.Stage, d.Spans(), d.Unknown})
}

func TestSpansOfAStageHaveTheStagesResource(t *testing.T) {
	traces := translateSpans(t, settings(), stageSpan, integrationSpan)
	assert.Equal(t, []map[string]any{petstoreProd}, resources(traces))
	spans := spansByID(traces)

	span := spans["194fcc8747581230"]
	assert.Equal(t, "petstore/prod", span.Name())
	assert.Equal(t, ptrace.SpanKindServer, span.Kind())
	assert.Equal(t, ptrace.StatusCodeError, span.Status().Code())
	assert.EqualValues(t, 1533910398320999936, span.StartTimestamp())
	assert.EqualValues(t, 1533910398614000000, span.EndTimestamp())
	assert.Equal(t, map[string]any{
		"aws.local.service": "petstore", "aws.local.operation": "GET /pets/{petId}", "http.request.method": "GET", "http.response.status_code": int64(502),
		"url.full": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/pets/42", "url.scheme": "https", "url.path": "/prod/pets/42",
		"server.address": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "server.port": int64(443), "client.address": "203.0.113.7", "user_agent.original": "curl/8.5.0",
	}, span.Attributes().AsRaw(), "with the parts of the URL that the conventions want")

	span = spans["53995c3f42cd8ad8"]
	assert.Equal(t, "awslambda.Invoke", span.Name())
	assert.Equal(t, "194fcc8747581230", span.ParentSpanID().String())
	assert.Equal(t, ptrace.StatusCodeUnset, span.Status().Code(), "as AWS says")
	assert.EqualValues(t, 1533910398325000000, span.StartTimestamp())
	assert.Equal(t, map[string]any{"rpc.system": "aws-api", "rpc.service": "awslambda", "rpc.method": "Invoke", "http.response.status_code": int64(502)}, span.Attributes().AsRaw())
}

func TestSpansOfApplicationsComeOutAsTheyAre(t *testing.T) {
	traces := translateSpans(t, settings(), applicationSpan)
	assert.Equal(t, []map[string]any{{"service.name": "pets", "process.pid": int64(12), "list": []any{"a", "b"}}}, resources(traces))
	scope := traces.ResourceSpans().At(0).ScopeSpans().At(0).Scope()
	assert.Equal(t, []any{"io.opentelemetry.sdk", "2.1", map[string]any{"a": int64(1)}}, []any{scope.Name(), scope.Version(), scope.Attributes().AsRaw()})

	span := spansByID(traces)["1122334455667788"]
	assert.Equal(t, "GET /pets", span.Name())
	assert.Equal(t, ptrace.SpanKindConsumer, span.Kind())
	assert.Equal(t, "a=b", span.TraceState().AsRaw())
	assert.EqualValues(t, 257, span.Flags())
	assert.True(t, span.ParentSpanID().IsEmpty())
	assert.EqualValues(t, 1533910398335000000, span.EndTimestamp(), "by its duration")
	assert.Equal(t, ptrace.StatusCodeError, span.Status().Code())
	assert.Equal(t, "failed", span.Status().Message())
	assert.Equal(t, map[string]any{
		"text": "a", "int": int64(1), "float": 1.5, "yes": true, "list": []any{"a", int64(1), `{"b":null}`}, "map": `{"c":[1]}`, "db.query.text": "SELECT 1", "aws.xray.novel": int64(7),
	}, span.Attributes().AsRaw())
	require.Equal(t, 1, span.Events().Len())
	event := span.Events().At(0)
	assert.Equal(t, "exception", event.Name())
	assert.EqualValues(t, 1533910398331000000, event.Timestamp())
	assert.Equal(t, map[string]any{"exception.type": "T", "exception.message": "m"}, event.Attributes().AsRaw())
	require.Equal(t, 1, span.Links().Len())
	assert.Equal(t, "58406520a006649127e371903a2de979", span.Links().At(0).TraceID().String())
	assert.Equal(t, map[string]any{"l": int64(1)}, span.Links().At(0).Attributes().AsRaw())
}

func TestOldNamesOfHTTPBecomeStable(t *testing.T) {
	span := spansByID(translateSpans(t, settings(), `{"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"194fcc8747581230","startTimeUnixNano":1,"kind":"SERVER","attributes":{`+
		`"http.method":"GET","http.scheme":"https","http.target":"/pets?a=b","http.host":"example.com:8443","net.host.port":8443,"http.flavor":"1.1","http.status_code":200,`+
		`"http.user_agent":"curl","http.client_ip":"203.0.113.7","http.response_content_length":512,"http.request_content_length":3}}`))["194fcc8747581230"]
	assert.Equal(t, map[string]any{
		"http.request.method": "GET", "url.scheme": "https", "url.path": "/pets", "server.address": "example.com", "server.port": int64(8443), "network.protocol.version": "1.1",
		"http.response.status_code": int64(200), "user_agent.original": "curl", "client.address": "203.0.113.7", "http.response.body.size": int64(512),
		"http.request.body.size": int64(3), "aws.xray.in_progress": true,
	}, span.Attributes().AsRaw())
	assert.Equal(t, ptrace.SpanKindServer, span.Kind())
}

func TestRulesRedactSpans(t *testing.T) {
	s := settings()
	s.Rules = redact.New([]redact.Rule{{Attribute: "exception.message", Action: "drop"}, {Attribute: "list", Action: "hash"}, {Attribute: "text", Action: "hash"}},
		[]string{"url.query", "user.id"}, "0123456789abcdef")
	span := spansByID(translateSpans(t, s, applicationSpan))["1122334455667788"]
	got := span.Attributes().AsRaw()
	assert.Equal(t, "q=1", got["url.query"])
	assert.Equal(t, "ann", got["user.id"])
	assert.Regexp(t, "^[0-9a-f]{32}$", got["text"])
	assert.NotContains(t, got, "list")
	assert.Equal(t, map[string]any{"exception.type": "T"}, span.Events().At(0).Attributes().AsRaw())
	assert.Empty(t, span.Status().Message())
}

func TestKindsStatusesAndTimesInAllForms(t *testing.T) {
	span := func(members string) ptrace.Span {
		return spansByID(translateSpans(t, settings(), `{"traceId":"1-5b6d9d7e-a1b2c3d4e5f60718293a4b5c","spanId":"194fcc8747581230","startTimeUnixNano":1000`+members+`}`))["194fcc8747581230"]
	}
	for text, want := range map[string]ptrace.SpanKind{
		`"SERVER"`: ptrace.SpanKindServer, `"SPAN_KIND_CLIENT"`: ptrace.SpanKindClient, `4`: ptrace.SpanKindProducer, `"INTERNAL"`: ptrace.SpanKindInternal,
		`"UNSPECIFIED"`: ptrace.SpanKindUnspecified, `"novel"`: ptrace.SpanKindInternal, `7`: ptrace.SpanKindInternal, `-1`: ptrace.SpanKindInternal, `null`: ptrace.SpanKindInternal,
	} {
		assert.Equal(t, want, span(`,"kind":`+text).Kind(), text)
	}
	for text, want := range map[string]ptrace.StatusCode{
		`"OK"`: ptrace.StatusCodeOk, `"UNSET"`: ptrace.StatusCodeUnset, `"STATUS_CODE_ERROR"`: ptrace.StatusCodeError, `2`: ptrace.StatusCodeError, `"x"`: ptrace.StatusCodeUnset,
	} {
		assert.Equal(t, want, span(`,"status":{"code":`+text+`}`).Status().Code(), text)
	}
	for text, want := range map[string]uint64{
		`"endTimeUnixNano":2000`: 2000, `"endTimeUnixNano":"2000"`: 2000, `"endTimeUnixNano":2.0E3`: 2000, `"durationNano":500`: 1500, `"endTimeUnixNano":500`: 1000,
		`"endTimeUnixNano":-5`: 1000, `"endTimeUnixNano":1e30`: 1000, `"endTimeUnixNano":"soon"`: 1000, `"durationNano":9223372036854775807`: 1000, `"x":1`: 1000,
	} {
		assert.EqualValues(t, want, span(`,`+text).EndTimestamp(), text)
	}
}

func TestAWrongTypeInASpanLosesThatMemberAlone(t *testing.T) {
	for _, document := range []string{stageSpan, integrationSpan, applicationSpan} {
		for _, path := range paths(decoded(t, document), nil) {
			for _, to := range []any{nil, "text", "", 7, -1.5, true, map[string]any{"k": "v"}, []any{1, "x", nil, []any{}}} {
				d, err := DecodeSpan(change(t, document, path, to))
				if len(path) == 1 && (path[0] == "traceId" || path[0] == "spanId" || path[0] == "startTimeUnixNano") {
					continue
				}
				require.NoError(t, err, "%v is %v", path, to)
				b := New(settings()).NewBatch()
				b.Add(d)
				assert.Equal(t, 1, b.Traces().SpanCount(), "%v is %v", path, to)
			}
		}
	}
}

func TestASpanWithoutAResourceIsOfTheTarget(t *testing.T) {
	for _, resource := range []string{``, `,"resource":{}`, `,"resource":{"attributes":{"password":"x"}}`} {
		d, err := DecodeSpan(`{"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"70de5b6f19ff9a0a","startTimeUnixNano":1,"scope":{"name":"s"}` + resource + `}`)
		require.NoError(t, err)
		b := New(settings()).NewBatch()
		b.Add(d)
		traces := b.Traces()
		assert.Equal(t, []map[string]any{{
			"cloud.provider": "aws", "cloud.account.id": "123456789012", "cloud.region": "us-east-1", "aws.account.name": "prod", "service.name": "unknown_service",
		}}, resources(traces), resource)
		assert.Equal(t, "s", traces.ResourceSpans().At(0).ScopeSpans().At(0).Scope().Name())
	}
}
