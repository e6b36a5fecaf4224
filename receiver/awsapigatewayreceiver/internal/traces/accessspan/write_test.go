package accessspan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestOfARESTAPI(t *testing.T) {
	spans := spansOf(bind(t, RESTFormat, nil).write(t, restLine, of(restAPI)))
	const trace = "58406520a006649127e371903a2de979"
	require.Len(t, spans, 3)
	server, authorizer, integration := spans[0], spans[1], spans[2]
	assert.Equal(t, made{
		name: "GET /orders/{id}", kind: "Server", trace: trace, id: server.id, from: began, to: began + 250, status: "Error",
		attributes: map[string]any{
			"http.request.method": "GET", "url.path": "/prod/orders/7", "url.scheme": "https", "http.route": "/orders/{id}", "http.response.status_code": int64(502),
			"server.address": "r1.execute-api.us-east-1.amazonaws.com", "server.port": int64(443), "client.address": "203.0.113.7", "user_agent.original": "curl/8 (x)",
			"network.protocol.version": "1.1", "http.response.body.size": int64(36), "error.type": "DEFAULT_5XX", "aws.request_id": "a3c1f6f0-1111-2222-3333-444455556666",
			"aws.api_gateway.extended_request_id": "Vwc2MGFUrPEFV_g=", "aws.xray.trace_id": "1-58406520-a006649127e371903a2de979",
			"aws.api_gateway.response.latency": 0.25, "aws.api_gateway.integration.latency": 0.18, "aws.api_gateway.integration.status_code": int64(200),
			"aws.api_gateway.integration.request_id": "backend-1", "aws.api_gateway.integration.error": "Malformed Lambda proxy response",
			"aws.api_gateway.authorizer.latency": 0.04, "aws.api_gateway.authorizer.status": int64(200), "aws.api_gateway.error.message": "Internal server error",
		},
	}, server)
	assert.Equal(t, made{
		name: "authorizer", kind: "Internal", trace: trace, id: authorizer.id, parent: server.id, from: began, to: began + 40, status: "Unset",
		attributes: map[string]any{"aws.api_gateway.authorizer.status": int64(200)},
	}, authorizer)
	assert.Equal(t, made{
		name: "integration", kind: "Client", trace: trace, id: integration.id, parent: server.id, from: began + 70, to: began + 250,
		status: "Error", message: "Malformed Lambda proxy response", attributes: map[string]any{
			"aws.api_gateway.integration.status_code": int64(200), "aws.api_gateway.integration.request_id": "backend-1",
			"aws.api_gateway.integration.error": "Malformed Lambda proxy response", "error.type": "_OTHER",
		},
	}, integration)
}

func TestRequestOfAnHTTPAPI(t *testing.T) {
	spans := spansOf(bind(t, HTTPFormat, nil).write(t, httpLine, of(httpAPI)))
	require.Len(t, spans, 3)
	server, authorizer, integration := spans[0], spans[1], spans[2]
	assert.Equal(t, "POST /orders", server.name)
	assert.Equal(t, "Error", server.status)
	assert.Equal(t, "503", server.attributes["error.type"], "the status, where API Gateway has no word for the error")
	assert.Equal(t, "ANY /orders", server.attributes["aws.api_gateway.route_key"])
	assert.Equal(t, [2]int64{began, began + 90}, [2]int64{server.from, server.to})
	assert.Equal(t, [2]int64{began, began + 9}, [2]int64{authorizer.from, authorizer.to})
	assert.Equal(t, [2]int64{began + 20, began + 90}, [2]int64{integration.from, integration.to})
	assert.Equal(t, "Error", integration.status)
	assert.Equal(t, "503", integration.attributes["error.type"])
	assert.NotContains(t, integration.attributes, "http.response.status_code", "it may be Lambda's")
	for _, s := range spans[1:] {
		assert.Equal(t, server.trace, s.trace)
		assert.Equal(t, server.id, s.parent)
	}
}

// A message has no method and no path, and no latency of a response: the parts of it that are known count.
func TestMessageOfAWebSocketAPI(t *testing.T) {
	spans := spansOf(bind(t, WebSocketFormat, nil).write(t, webSocketLine, of(webSocketAPI)))
	require.Len(t, spans, 3)
	server, authorizer, integration := spans[0], spans[1], spans[2]
	assert.Equal(t, "sendMessage", server.name)
	assert.Equal(t, "wss", server.attributes["url.scheme"])
	assert.Equal(t, "MESSAGE", server.attributes["aws.api_gateway.event_type"])
	assert.Equal(t, "Unset", server.status)
	assert.Equal(t, [2]int64{began, began + 35}, [2]int64{server.from, server.to})
	assert.Equal(t, [2]int64{began, began + 5}, [2]int64{authorizer.from, authorizer.to})
	assert.Equal(t, [2]int64{began + 5, began + 35}, [2]int64{integration.from, integration.to})
	assert.Equal(t, spans, spansOf(bind(t, WebSocketFormat, nil).write(t, webSocketLine, func(l *Line) { l.Known.APIID, l.Known.Stage = "w1", "prod" })),
		"the format shows what it is of, where the API is not known")
}

// Semantic conventions v1.40.0, HTTP server spans: what is required, required where there is one, and recommended, as far as an access log can say it.
func TestServerSpansHaveWhatSemanticConventionsAskFor(t *testing.T) {
	for name, spans := range map[string][]made{
		"REST": spansOf(bind(t, RESTFormat, nil).write(t, restLine, of(restAPI))),
		"HTTP": spansOf(bind(t, HTTPFormat, nil).write(t, httpLine, of(httpAPI))),
	} {
		for _, attribute := range []string{
			"http.request.method", "url.path", "url.scheme",
			"error.type", "http.response.status_code", "http.route", "server.port",
			"server.address", "client.address", "network.protocol.version", "user_agent.original",
		} {
			assert.Contains(t, spans[0].attributes, attribute, name)
		}
		assert.NotContains(t, spans[0].attributes, "log.record.uid", name)
	}
}

// What a line does not say, its spans leave out; without the duration of the request there are none.
func TestMissingVariablesShortenTheSpans(t *testing.T) {
	for format, tt := range map[string]struct {
		line     string
		names    []string
		from, to int64
	}{
		"$context.requestTimeEpoch $context.responseLatency $context.httpMethod $context.integrationLatency": {"1700000000123 9 GET 5", []string{"GET", "integration"}, began, began + 9},
		"$context.requestTimeEpoch $context.responseLatency $context.httpMethod $context.authorizer.latency": {"1700000000123 9 GET 5", []string{"GET", "authorizer"}, began, began + 9},
		"$context.requestTimeEpoch $context.responseLatency $context.httpMethod":                             {"1700000000123 9 GET", []string{"GET"}, began, began + 9},
		"[$context.requestTime] $context.responseLatency $context.resourcePath":                              {"[14/Nov/2023:22:13:20 +0000] 9 /orders", []string{"/orders"}, 1_700_000_000_000, 1_700_000_000_009},
		"$context.responseLatency $context.requestId":                                                        {"0 x", []string{"HTTP"}, 1_700_000_009_000, 1_700_000_009_000},
		"$context.responseLatency $context.integrationLatency":                                               {"9 -", []string{"HTTP"}, 1_700_000_009_000, 1_700_000_009_009},
		"$context.requestTimeEpoch $context.httpMethod $context.integrationLatency":                          {line: "1700000000123 GET 5"},
		"$context.requestTimeEpoch $context.responseLatency":                                                 {line: "1700000000123 -"},
		"$context.responseLatency $context.requestTimeEpoch":                                                 {line: "86400001 1700000000123"},
		"$context.requestTimeEpoch $context.connectionId":                                                    {line: "1700000000123 x"},
		"$context.requestTimeEpoch $context.connectionId $context.authorizer.latency":                        {"1700000000123 x 7", []string{"HTTP", "authorizer"}, began, began + 7},
	} {
		spans := spansOf(bind(t, format, nil).write(t, tt.line, nil))
		var names []string
		for _, s := range spans {
			names = append(names, s.name)
		}
		assert.Equal(t, tt.names, names, format)
		if len(spans) > 0 {
			assert.Equal(t, [2]int64{tt.from, tt.to}, [2]int64{spans[0].from, spans[0].to}, format)
		}
	}
}

func TestSpansAreNamedByMethodAndRoute(t *testing.T) {
	const format = "$context.responseLatency $context.httpMethod $context.resourcePath [$context.routeKey]"
	for line, want := range map[string]struct{ name, method, original string }{
		"1 GET /orders/{id} [-]":              {"GET /orders/{id}", "GET", ""},
		"1 GET - [GET /orders/{id}]":          {"GET /orders/{id}", "GET", ""},
		"1 - - [GET /orders/{id}]":            {"GET /orders/{id}", "GET", ""},
		"1 - - [ANY /orders/{id}]":            {"ANY /orders/{id}", "", ""},
		"1 PUT - [ANY /orders/{id}]":          {"PUT /orders/{id}", "PUT", ""},
		"1 GET - [$default]":                  {"$default", "GET", ""},
		"1 - - [sendMessage]":                 {"sendMessage", "", ""},
		"1 - - [GET something]":               {"GET something", "", ""},
		"1 BREW /pots [-]":                    {"HTTP /pots", "_OTHER", "BREW"},
		"1 BREW - [-]":                        {"HTTP", "_OTHER", "BREW"},
		"1 - - [POST /@connections/{connId}]": {"POST /@connections/{connId}", "POST", ""},
	} {
		span := spansOf(bind(t, format, nil).write(t, line, nil))[0]
		assert.Equal(t, want.name, span.name, line)
		assert.Equal(t, want.method, textIn(span.attributes, "http.request.method"), line)
		assert.Equal(t, want.original, textIn(span.attributes, "http.request.method_original"), line)
	}
}

func textIn(m map[string]any, name string) string { s, _ := m[name].(string); return s }

// Of a request that failed, semantic conventions call a server's span an error from status 500 on, a client's from 400 on.
func TestStatusesAreErrorsOnTheirSide(t *testing.T) {
	const format = "$context.responseLatency $context.integrationLatency $context.authorizer.latency $context.status $context.integration.status " +
		"$context.integration.integrationStatus $context.authorizer.status [$context.integration.error] [$context.authorizer.error]"
	targets := map[string]Targets{
		"http": {"ANY ": NewTarget(Integration{Type: "HTTP", Method: "GET", URI: "https://example.com/"})}, "service": {"ANY ": NewTarget(Integration{Subtype: "SQS-SendMessage"})},
		"lambda": {"ANY ": NewTarget(Integration{Type: "AWS_PROXY", Resource: "arn:aws:lambda:us-east-1:111122223333:function:orders"})}, "unknown": nil,
	}
	for line, want := range map[string][4]string{ // error.type of server, authorizer and integration, and the last one of a function or of what is not known
		"9 5 2 200 200 200 200 [-] [-]":            {},
		"9 5 2 404 404 200 200 [-] [-]":            {"", "", "404", ""},
		"9 5 2 404 404 - 200 [-] [-]":              {"", "", "404", ""},
		"9 5 2 429 - 429 200 [-] [-]":              {"", "", "429", "429"},
		"9 5 2 502 200 200 200 [timed out] [-]":    {"502", "", "_OTHER", "_OTHER"},
		"9 5 2 500 200 500 200 [-] [-]":            {"500", "", "500", "500"},
		"9 5 2 500 500 200 200 [-] [-]":            {"500", "", "500", ""},
		"9 5 2 500 502 - 200 [-] [-]":              {"500", "", "502", "502"},
		"9 5 2 403 - - 403 [-] [-]":                {"", "403", "", ""},
		"9 5 2 500 - - - [-] [no such function]":   {"500", "_OTHER", "", ""},
		"9 5 2 504 503 200 500 [it failed] [down]": {"504", "500", "503", "_OTHER"},
	} {
		for called, targets := range targets {
			want := want
			if called == "lambda" || called == "unknown" {
				want[2] = want[3]
			}
			for i, span := range spansOf(bind(t, format, nil).write(t, line, func(l *Line) { l.Targets = targets })) {
				assert.Equal(t, want[i], textIn(span.attributes, "error.type"), "%s: %s of %s", line, span.name, called)
				assert.Equal(t, want[i] != "", span.status == "Error", "%s: %s of %s", line, span.name, called)
				assert.Equal(t, i == 2 && line[len(line)-6:] == "[down]", span.message == "it failed", line)
			}
		}
	}
}

// Whatever latencies a line has, children begin and end within their parent.
func TestChildrenLieWithinTheirParent(t *testing.T) {
	f := bind(t, "$context.requestTimeEpoch $context.responseLatency $context.integrationLatency $context.authorizer.latency", nil)
	for _, line := range []string{"1700000000123 10 11 12", "1700000000123 0 5 5", "1700000000123 10 10 10", "1700000000123 10 8 8", "1700000000123 10 86400000 0"} {
		spans := spansOf(f.write(t, line, nil))
		require.Len(t, spans, 3)
		for _, s := range spans[1:] {
			assert.LessOrEqual(t, spans[0].from, s.from, line)
			assert.LessOrEqual(t, s.from, s.to, line)
			assert.LessOrEqual(t, s.to, spans[0].to, line)
		}
	}
}
