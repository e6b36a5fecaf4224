package accessspan

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIntegrationsAreNamedByWhatTheyCall(t *testing.T) {
	const invoke = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
	lambda := map[string]any{"rpc.system": "aws-api", "rpc.service": "Lambda", "rpc.method": "Invoke", "faas.invoked_provider": "aws"}
	function := map[string]any{"faas.invoked_name": "orders", "faas.invoked_region": "us-east-1"}
	for name, tt := range map[string]struct {
		of         Integration
		span       string
		attributes []map[string]any
	}{
		"a function": {
			Integration{Type: "AWS_PROXY", URI: invoke + "arn:aws:lambda:us-east-1:111122223333:function:orders/invocations", Resource: "arn:aws:lambda:us-east-1:111122223333:function:orders"},
			"Lambda.Invoke",
			[]map[string]any{lambda, function},
		},
		"a function's alias": {Integration{Type: "AWS_PROXY", Resource: "arn:aws:lambda:us-east-1:111122223333:function:orders:live"}, "Lambda.Invoke", []map[string]any{lambda, function}},
		"a function of the stage's": {
			Integration{Type: "AWS_PROXY", URI: invoke + "arn:aws:lambda:us-east-1:111122223333:function:${stageVariables.fn}/invocations"},
			"Lambda.Invoke",
			[]map[string]any{lambda},
		},
		"a template over HTTP": {
			Integration{Type: "HTTP_PROXY", Method: "GET", URI: "https://Backend.example.com/orders/{id}"},
			"GET /orders/{id}",
			[]map[string]any{{"http.request.method": "GET", "url.template": "/orders/{id}", "server.address": "backend.example.com", "server.port": int64(443), "http.response.status_code": int64(200)}},
		},
		"a URL, with the request's method": {
			Integration{Type: "HTTP", Method: "ANY", URI: "http://10.0.0.1:8080/v1"},
			"PUT /v1",
			[]map[string]any{{"http.request.method": "PUT", "url.template": "/v1", "url.full": "http://10.0.0.1:8080/v1", "server.address": "10.0.0.1", "server.port": int64(8080), "http.response.status_code": int64(200)}},
		},
		"plain HTTP": {
			Integration{Type: "HTTP", Method: "GET", URI: "http://[::1]/"},
			"GET /",
			[]map[string]any{{"http.request.method": "GET", "url.template": "/", "url.full": "http://[::1]/", "server.address": "::1", "server.port": int64(80), "http.response.status_code": int64(200)}},
		},
		"a host of the stage's": {
			Integration{Type: "HTTP", Method: "GET", URI: "https://${stageVariables.host}/v1"},
			"GET /v1",
			[]map[string]any{{"http.request.method": "GET", "url.template": "/v1", "http.response.status_code": int64(200)}},
		},
		"a load balancer": {
			Integration{Type: "HTTP_PROXY", Method: "ANY", URI: "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/x/1/2", Resource: "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/x/1/2"},
			"PUT",
			[]map[string]any{{"http.request.method": "PUT", "http.response.status_code": int64(200)}},
		},
		"an action":             {Integration{Type: "AWS", URI: "arn:aws:apigateway:us-east-1:states:action/StartExecution"}, "states.StartExecution", []map[string]any{{"rpc.system": "aws-api", "rpc.service": "states", "rpc.method": "StartExecution"}}},
		"a path":                {Integration{Type: "AWS", URI: "arn:aws:apigateway:us-east-1:sqs:path/111122223333/orders"}, "sqs", []map[string]any{{"rpc.system": "aws-api", "rpc.service": "sqs"}}},
		"a service's subdomain": {Integration{Type: "AWS", URI: "arn:aws:apigateway:us-east-1:data.iot:path/topics"}, "iot", []map[string]any{{"rpc.system": "aws-api", "rpc.service": "iot"}}},
		"a first-class action":  {Integration{Type: "AWS_PROXY", Subtype: "SQS-SendMessage"}, "SQS.SendMessage", []map[string]any{{"rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "SendMessage"}}},
		"nobody knows":          {Integration{}, "integration", nil},
		"nonsense":              {Integration{Type: "NEW", URI: "arn:::"}, "integration", nil},
	} {
		t.Run(name, func(t *testing.T) {
			spans := spansOf(bind(t, "$context.responseLatency $context.integrationLatency $context.httpMethod $context.resourcePath $context.integration.status", nil).
				write(t, "9 5 PUT /orders 200", func(l *Line) { l.Targets = Targets{"PUT /orders": NewTarget(tt.of)} }))
			want := map[string]any{"aws.api_gateway.integration.status_code": int64(200)}
			for _, attributes := range tt.attributes {
				for k, v := range attributes {
					want[k] = v
				}
			}
			assert.Equal(t, tt.span, spans[1].name)
			assert.Equal(t, want, spans[1].attributes)
		})
	}
}

// A client's span over HTTP has what semantic conventions v1.40.0 require, where the integration's URI says it.
func TestCallsOverHTTPHaveWhatSemanticConventionsAskFor(t *testing.T) {
	spans := spansOf(bind(t, HTTPFormat, nil).write(t, httpLine, func(l *Line) {
		of(httpAPI)(l)
		l.Targets = Targets{"ANY /orders": NewTarget(Integration{Type: "HTTP_PROXY", Method: "ANY", URI: "https://backend.example.com/orders"})}
	}))
	for _, attribute := range []string{"http.request.method", "server.address", "server.port", "url.full", "error.type", "http.response.status_code", "url.template"} {
		assert.Contains(t, spans[2].attributes, attribute)
	}
}

func TestRoutesAreFoundByTheirKeys(t *testing.T) {
	rest := Targets{"GET /orders": {operation: "get"}, "ANY /orders": {operation: "any"}, "ANY /{proxy+}": {operation: "proxy"}}
	v2 := Targets{"GET /orders": {operation: "get"}, "$default": {operation: "default"}, "sendMessage": {operation: "send"}}
	const restFormat = "$context.responseLatency $context.integrationLatency $context.httpMethod $context.resourcePath"
	const v2Format = "$context.responseLatency $context.integrationLatency $context.httpMethod $context.routeKey"
	for _, tt := range []struct {
		targets            Targets
		format, line, want string
	}{
		{rest, restFormat, "9 5 GET /orders", "get"},
		{rest, restFormat, "9 5 POST /orders", "any"},
		{rest, restFormat, "9 5 GET /{proxy+}", "proxy"},
		{rest, restFormat, "9 5 GET /other", "integration"},
		{v2, v2Format, "9 5 GET GET /orders", "get"},
		{v2, v2Format, "9 5 GET $default", "default"},
		{v2, v2Format, "9 5 - sendMessage", "send"},
		{v2, v2Format, "9 5 GET -", "integration"},
		{nil, v2Format, "9 5 GET GET /orders", "integration"},
	} {
		assert.Equal(t, tt.want, spansOf(bind(t, tt.format, nil).write(t, tt.line, func(l *Line) { l.Targets = tt.targets }))[1].name, tt.line)
	}
}

// A mock integration calls nobody, and an AWS service's request id is the call's.
func TestCallsToAWSHaveTheirRequestID(t *testing.T) {
	f := bind(t, RESTFormat, nil)
	key := "GET /orders/{id}"
	mocked := spansOf(f.write(t, restLine, func(l *Line) { l.Targets = Targets{key: NewTarget(Integration{Type: "MOCK"})} }))
	assert.Len(t, mocked, 2)
	called := spansOf(f.write(t, restLine, func(l *Line) { l.Targets = Targets{key: NewTarget(Integration{Subtype: "SQS-SendMessage"})} }))
	assert.Equal(t, "backend-1", called[2].attributes["aws.request_id"])
}
