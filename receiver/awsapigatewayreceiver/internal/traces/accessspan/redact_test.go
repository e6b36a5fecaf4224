package accessspan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

const secretFormat = "$context.responseLatency $context.integrationLatency $context.authorizer.latency $context.httpMethod $context.resourcePath " +
	"[$context.identity.apiKey] [$context.authorizer.principalId] [$context.authorizer.claims.email] [$context.authorizer.token] [$context.identity.user] " +
	"[$context.requestOverride.header.Authorization] [$context.authorizer.traceparent] [$context.integration.error] [$context.xrayTraceId]"

const secretLine = "9 5 2 GET /orders [PLANTED] [PLANTED] [PLANTED] [PLANTED] [PLANTED] [PLANTED] [PLANTED] [-] [-]"

func TestNoSecretIsInASpan(t *testing.T) {
	traces := bind(t, secretFormat, nil).write(t, secretLine, of(restAPI))
	require.Equal(t, 3, traces.SpanCount())
	encoded, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), "PLANTED")
	assert.Contains(t, string(encoded), "/orders")
}

func TestWhatTheUserAsksForIsInSpansToo(t *testing.T) {
	spans := spansOf(bind(t, secretFormat, redact.New(nil, []string{"user.id"}, "")).write(t, secretLine, of(restAPI)))
	assert.Equal(t, "PLANTED", spans[0].attributes["user.id"])
	assert.NotContains(t, spans[2].attributes, "user.id")
}

// A rule holds for the name, for the status in words, and for the ids that a span shows, as well as for the attribute.
func TestRulesHoldForAllOfASpan(t *testing.T) {
	rules := []redact.Rule{
		{Attribute: "http.route", Action: "drop"},
		{Attribute: "aws.api_gateway.integration.error", Action: "hash"},
		{Attribute: "aws.xray.trace_id"},
		{Attribute: "url.scheme"},
		{Attribute: "error.type"},
		{Attribute: "http.request.method", Action: "hash"},
	}
	const line = "9 5 2 GET /PLANTED [-] [-] [-] [-] [-] [-] [-] [PLANTED] [1-58406520-a006649127e371903a2de979]"
	traces := bind(t, secretFormat, redact.New(rules, nil, "0123456789abcdef")).write(t, line, of(restAPI))
	encoded, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), "PLANTED")
	spans := spansOf(traces)
	assert.NotEqual(t, "58406520a006649127e371903a2de979", spans[0].trace)
	assert.Equal(t, spans[0].attributes["http.request.method"], spans[0].name)
	assert.Len(t, spans[0].name, 32, "a hash")
	assert.Equal(t, spans[2].attributes["aws.api_gateway.integration.error"], spans[2].message)
	assert.NotContains(t, spans[0].attributes, "url.scheme")
	assert.NotContains(t, spans[2].attributes, "error.type")
	assert.Equal(t, "Error", spans[2].status)
}

// The name of a call over HTTP is made of the attributes that it has.
func TestPathsThatAreLeftOutAreInNoName(t *testing.T) {
	for attribute, want := range map[string]string{"url.template": "GET", "http.request.method": "/PLANTED", "url.full": "GET /PLANTED"} {
		spans := spansOf(bind(t, "$context.responseLatency $context.integrationLatency $context.httpMethod $context.resourcePath", redact.New([]redact.Rule{{Attribute: attribute}}, nil, "")).
			write(t, "9 5 GET /orders", func(l *Line) {
				l.Targets = Targets{"GET /orders": NewTarget(Integration{Type: "HTTP", Method: "GET", URI: "https://example.com/PLANTED"})}
			}))
		assert.Equal(t, want, spans[1].name, attribute)
	}
}
