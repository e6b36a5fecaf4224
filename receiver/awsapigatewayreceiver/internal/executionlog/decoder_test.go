package executionlog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

const (
	id     = "515f1e99-39db-11e9-9e96-01e5c04505b9"
	lambda = "https://lambda.eu-west-2.amazonaws.com/2015-03-31/functions/arn:aws:lambda:eu-west-2:111122223333:function:verify/invocations"
)

type attributesOf = map[string]any

// said is what a line is expected to become. An empty body stands for the line itself, an empty severity for INFO.
type said struct {
	line           string
	want           attributesOf
	severity, body string
}

func plain() *Decoder { return New(redact.New(nil, nil, ""), false, true) }

func decode(d *Decoder, line string) (plog.LogRecord, bool) {
	record := plog.NewLogRecord()
	return record, d.Write(record, line)
}

// check decodes lines of a request: each has its id.
func check(t *testing.T, d *Decoder, request string, lines []said) {
	t.Helper()
	for _, l := range lines {
		record, known := decode(d, "("+request+") "+l.line)
		assert.True(t, known, l.line)
		want := attributesOf{"aws.request_id": request}
		for k, v := range l.want {
			want[k] = v
		}
		for k, v := range want {
			if n, ok := v.(int); ok {
				want[k] = int64(n)
			}
		}
		assert.Equal(t, want, record.Attributes().AsRaw(), l.line)
		if l.severity == "" {
			l.severity = "INFO"
		}
		assert.Equal(t, l.severity, record.SeverityText(), l.line)
		if l.body == "" {
			l.body = l.line
		}
		assert.Equal(t, "("+request+") "+l.body, record.Body().Str())
	}
}

func inPhase(name string, more ...any) attributesOf {
	m := attributesOf{"aws.api_gateway.execution.phase": name}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

const sizeName = "aws.api_gateway.execution.size"

func TestRESTRequest(t *testing.T) {
	check(t, plain(), id, []said{
		{line: "Extended Request Id: Vts2pH6ArPEFcuQ=", want: inPhase("start", "aws.api_gateway.extended_request_id", "Vts2pH6ArPEFcuQ=")},
		{line: "Verifying Usage Plan for request: " + id + ". API Key:  API Stage: h733q2j6gb/Prod", want: inPhase("usage_plan")},
		{
			line: "API Key  authorized because method 'POST /verifyReceipt' does not require API Key. Request will not contribute to throttle or quota limits",
			want: inPhase("usage_plan", "aws.api_gateway.route_key", "POST /verifyReceipt"),
		},
		{line: "Usage Plan check succeeded for API Key  and API Stage h733q2j6gb/Prod", want: inPhase("usage_plan")},
		{line: "Starting execution for request: " + id, want: inPhase("start")},
		{line: "HTTP Method: POST, Resource Path: /verifyReceipt", want: inPhase("request", "http.request.method", "POST", "url.path", "/verifyReceipt")},
		{line: "API Key: **********************************bMZHBg", want: inPhase("usage_plan"), body: "API Key: ***"},
		{line: "API Key ID: a1b2c3d4e5", want: inPhase("usage_plan", "aws.api_gateway.api_key_id", "a1b2c3d4e5")},
		{line: "Method request path: {resource=user_info}", want: inPhase("request", sizeName, 20), body: "Method request path: ***"},
		{line: "Method request query string: {}", want: inPhase("request", sizeName, 2), body: "Method request query string: ***"},
		{line: "Method request headers: {Accept=*/*, Cookie=a=b}", want: inPhase("request", sizeName, 24), body: "Method request headers: ***"},
		{line: `Method request body before transformations: {"receiptData":"x"}`, want: inPhase("request", sizeName, 19), body: "Method request body before transformations: ***"},
		{line: "Endpoint request URI: " + lambda, want: inPhase("integration")},
		{line: "Endpoint request headers: {X-Amz-Security-Token=IQoJb3", want: inPhase("integration", sizeName, 28), body: "Endpoint request headers: ***"},
		{line: "Endpoint request body after transformations: {}", want: inPhase("integration", sizeName, 2), body: "Endpoint request body after transformations: ***"},
		{line: "Sending request to " + lambda, want: inPhase("integration")},
		{line: "Received response. Integration latency: 40 ms", want: inPhase("integration", "aws.api_gateway.integration.latency", 0.04)},
		{
			line: "Received response. Status: 200, Integration latency: 388 ms",
			want: inPhase("integration", "aws.api_gateway.integration.latency", 0.388, "aws.api_gateway.integration.service_status_code", 200),
		},
		{line: "Endpoint response headers: {}", want: inPhase("integration", sizeName, 2), body: "Endpoint response headers: ***"},
		{line: "Endpoint response body before transformations: {\n}", want: inPhase("integration", sizeName, 3), body: "Endpoint response body before transformations: ***"},
		{line: "Method response body after transformations: (null)", want: inPhase("response", sizeName, 6), body: "Method response body after transformations: ***"},
		{line: "Method response headers: {A=b}", want: inPhase("response", sizeName, 5), body: "Method response headers: ***"},
		{line: "Response was served from the cache", want: inPhase("response")},
		{line: "Successfully completed execution", want: inPhase("end")},
		{line: "Method completed with status: 200", want: inPhase("end", "http.response.status_code", 200)},
		{
			line: "AWS Integration Endpoint RequestId : 57593f79-6e46-4a6f-91b1-f5d848cc2059",
			want: inPhase("integration", "aws.api_gateway.integration.request_id", "57593f79-6e46-4a6f-91b1-f5d848cc2059"),
		},
		{
			line: "X-ray Tracing ID : 1-5c755b5d-07b29b94e632d3da19d88789",
			want: inPhase("end", "aws.xray.trace_id", "1-5c755b5d-07b29b94e632d3da19d88789"),
		},
	})
}

func TestUsagePlan(t *testing.T) {
	check(t, plain(), id, []said{
		{
			line: "Verifying Usage Plan for request: " + id + ". API Key: ****bMZHBg API Stage: ulhoxnm2x2/dev", want: inPhase("usage_plan"),
			body: "Verifying Usage Plan for request: " + id + ". API Key: *** API Stage: ulhoxnm2x2/dev",
		},
		{
			line: "Usage Plan check succeeded for API Key ****bMZHBg and API Stage ulhoxnm2x2/dev", want: inPhase("usage_plan"),
			body: "Usage Plan check succeeded for API Key *** and API Stage ulhoxnm2x2/dev",
		},
		{line: "API Key ****bMZHBg authorized because of its plan", want: inPhase("usage_plan"), body: "API Key *** authorized because of its plan"},
	})
}

func TestAuthorizer(t *testing.T) {
	check(t, plain(), id, []said{
		{line: "Starting authorizer: elkw5b for request: " + id, want: inPhase("authorizer", "aws.api_gateway.authorizer_id", "elkw5b")},
		{line: "Incoming identity: ****I1BUdE", want: inPhase("authorizer"), body: "Incoming identity: ***"},
		{line: `Authorizer result body before parsing: {"context": {"secret": "s"}}`, want: inPhase("authorizer", sizeName, 28), body: "Authorizer result body before parsing: ***"},
		{line: "Using valid authorizer policy for principal: ****bkwef5", want: inPhase("authorizer"), body: "Using valid authorizer policy for principal: ***"},
		{line: "Using valid authorizer policy for principal:", want: inPhase("authorizer")},
		{line: "Successfully completed authorizer execution", want: inPhase("authorizer")},
		{
			line: "Unauthorized request: 9cef3834-f42c-46d7-83fe-a6401a431398", severity: "ERROR",
			want: inPhase("error", "aws.api_gateway.error.message", "Unauthorized request: 9cef3834-f42c-46d7-83fe-a6401a431398"),
		},
	})
}

func TestWebSocket(t *testing.T) {
	check(t, plain(), "G3CYhHqgoAMFu3A=", []said{
		{line: "Extended Request Id: G3CYhHqgoAMFu3A=", want: inPhase("start", "aws.api_gateway.extended_request_id", "G3CYhHqgoAMFu3A=")},
		{line: "WebSocket Request Route: [$connect]", want: inPhase("request", "aws.api_gateway.route_key", "$connect")},
		{
			line: "Client [UserAgent: Mozilla/5.0 (X11, like Gecko), SourceIp: 203.0.113.9] is connecting to WebSocket API [abc123].",
			want: inPhase("request", "user_agent.original", "Mozilla/5.0 (X11, like Gecko)", "client.address", "203.0.113.9"),
		},
		{
			line: "WebSocket API [abc123] received message from client [Connection Id: G3CYhdr4IAMCJ1A=]. ",
			want: inPhase("request", "aws.api_gateway.connection_id", "G3CYhdr4IAMCJ1A="),
		},
		{
			line: `WebSocket API [abc123] received message from client [Connection Id: G3CYhdr4IAMCJ1A=]. {"card":[4111]}].`,
			want: inPhase("request", "aws.api_gateway.connection_id", "G3CYhdr4IAMCJ1A=", sizeName, 17),
			body: "WebSocket API [abc123] received message from client [Connection Id: G3CYhdr4IAMCJ1A=]. ***",
		},
		{line: `Message: {"card":4111}`, want: inPhase("request", sizeName, 13), body: "Message: ***"},
		{
			line: "Client [Connection Id: G3CYhdr4IAMCJ1A=] connected to API [abc123] successfully.",
			want: inPhase("response", "aws.api_gateway.connection_id", "G3CYhdr4IAMCJ1A="),
		},
		{
			line: "Message from client [Connection Id: G3CYhdr4IAMCJ1A=] sent to API [abc123] with response status code [404].", severity: "WARN",
			want: inPhase("response", "aws.api_gateway.connection_id", "G3CYhdr4IAMCJ1A=", "http.response.status_code", 404),
		},
		{
			line: "Client [Connection Id: G3CYhdr4IAMCJ1A=] disconnected from API [abc123] with integration response status code [200]. Close reason: [1001: Going away]",
			want: inPhase("end", "aws.api_gateway.connection_id", "G3CYhdr4IAMCJ1A=", "aws.api_gateway.integration.status_code", 200,
				"aws.api_gateway.websocket.close_code", 1001, "aws.api_gateway.websocket.close_reason", "Going away"),
		},
		{
			line: "Client [Connection Id: G3CYhdr4IAMCJ1A=] disconnected from API [abc123] with integration response status code [200].",
			want: inPhase("end", "aws.api_gateway.connection_id", "G3CYhdr4IAMCJ1A=", "aws.api_gateway.integration.status_code", 200),
		},
	})
}

func TestTraceIDBecomesTheRecords(t *testing.T) {
	for _, line := range []string{
		"X-ray Tracing ID : Root=1-6962324d-273b8749616a929c8bd4fd14",
		"X-ray Tracing ID : 1-6962324d-273b8749616a929c8bd4fd14",
		"X-ray Tracing ID : Root=1-6962324d-273b8749616a929c8bd4fd14;Parent=61e6466ca210cdf8;Sampled=1",
	} {
		record, known := decode(plain(), line)
		require.True(t, known)
		assert.Equal(t, "6962324d273b8749616a929c8bd4fd14", record.TraceID().String())
		assert.Equal(t, "1-6962324d-273b8749616a929c8bd4fd14", record.Attributes().AsRaw()["aws.xray.trace_id"])
	}
	for _, line := range []string{"X-ray Tracing ID : 2-6962324d-273b8749616a929c8bd4fd14", "X-ray Tracing ID : 1-6962324d-273b8749616a929c8bd4fd1x", "X-ray Tracing ID :"} {
		record, known := decode(plain(), line)
		assert.True(t, known)
		assert.True(t, record.TraceID().IsEmpty(), line)
	}
}

func TestPrefixes(t *testing.T) {
	status := int64(200)
	for line, want := range map[string]attributesOf{
		"Method completed with status: 200":                                             inPhase("end", "http.response.status_code", status),
		"Wed Feb 12 23:56:44 UTC 2025 : Method completed with status: 200":              inPhase("end", "http.response.status_code", status),
		"(Vts2pH6ArPEFcuQ=) Method completed with status: 200\n":                        inPhase("end", "http.response.status_code", status, "aws.request_id", "Vts2pH6ArPEFcuQ="),
		"() Method completed with status: 200":                                          inPhase("end", "http.response.status_code", status),
		"(UUID_REPLACED_INVALID_REQUEST_ID) Method completed with status: -":            inPhase("end", "aws.request_id", "UUID_REPLACED_INVALID_REQUEST_ID"),
		"Execution log for request test-request":                                        inPhase("start", "aws.request_id", "test-request"),
		"Cloudwatch logs enabled for API Gateway":                                       {},
		"Wed Feb 12 23:56:45 UTC 2025 : Endpoint response body before transformations:": inPhase("integration", sizeName, int64(0)),
	} {
		record, known := decode(plain(), line)
		assert.True(t, known, line)
		assert.Equal(t, want, record.Attributes().AsRaw(), line)
		assert.Equal(t, line, record.Body().Str())
	}
}

func TestTruncatedLines(t *testing.T) {
	record, known := decode(plain(), "("+id+") Endpoint request headers: {Authorization=****7c8ada, X-Amz-Security-Token=FQoDYXdz [TRUNCATED]")
	assert.True(t, known)
	assert.Equal(t, inPhase("integration", "aws.request_id", id, sizeName, int64(56), "aws.api_gateway.execution.truncated", true), record.Attributes().AsRaw())
	assert.Equal(t, "("+id+") Endpoint request headers: *** [TRUNCATED]", record.Body().Str())
}

func TestUnknownLines(t *testing.T) {
	for line, want := range map[string]said{
		"Nothing that anyone has seen": {want: attributesOf{}},
		"":                             {want: attributesOf{}},
		"Method response body of a new kind: {\"a\":1}":       {want: attributesOf{sizeName: int64(7)}, body: "Method response body of a new kind: ***"},
		"Canary request headers: {A=b}":                       {want: attributesOf{sizeName: int64(5)}, body: "Canary request headers: ***"},
		"Stage parameters {a=b}":                              {want: attributesOf{sizeName: int64(4)}, body: "Stage parameters {***"},
		"Event Payload=abc":                                   {want: attributesOf{sizeName: int64(3)}, body: "Event Payload=***"},
		"Token was Authorization=Bearer abc":                  {want: attributesOf{}, body: "Token was Authorization=***"},
		"API Key ****bMZHBg was never seen":                   {want: attributesOf{}, body: "API Key ***"},
		"The body is too large":                               {want: attributesOf{}},
		"HTTP Method: GET and no path":                        {want: attributesOf{}},
		"Received response. Status: 200, and nothing":         {want: attributesOf{}},
		"Client [UserAgent: a, SourceIp: b] is doing nothing": {want: attributesOf{}},
	} {
		record, known := decode(plain(), "("+id+") "+line)
		assert.False(t, known, line)
		want.want["aws.request_id"] = id
		assert.Equal(t, want.want, record.Attributes().AsRaw(), line)
		if want.body == "" {
			want.body = line
		}
		assert.Equal(t, "("+id+") "+want.body, record.Body().Str())
	}
}

func TestBodyIsKeptOnlyWhereAsked(t *testing.T) {
	record, known := decode(New(redact.New(nil, nil, ""), true, false), "(a) HTTP Method: GET, Resource Path: /")
	assert.True(t, known)
	assert.Empty(t, record.Body().AsString())
	assert.Equal(t, inPhase("request", "aws.request_id", "a", "http.request.method", "GET", "url.path", "/"), record.Attributes().AsRaw())
}
