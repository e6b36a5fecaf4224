package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

const hashKey = "a key of enough bytes"

func TestSecretsNeverComeOut(t *testing.T) {
	everything := redact.New([]redact.Rule{{Attribute: "aws.api_gateway.identity.api_key", Action: "hash"}}, []string{"*"}, hashKey)
	for _, variable := range []string{
		"identity.apiKey", "requestOverride.header.Authorization", "requestOverride.header.cookie", "requestOverride.header.x-api-key",
		"responseOverride.header.Set-Cookie", "requestOverride.header.X-Amz-Security-Token", "requestOverride.header.proxy-authorization",
		"requestOverride.header.X-Auth-Token", "requestOverride.querystring.access_token", "requestOverride.path.token",
		"identity.apiKeys", "identity.sessionToken", // which AWS documents nowhere, and may make
	} {
		record := written(t, everything, "id=$context.requestId key=$context."+variable+" key2=$context."+variable, "id=Q8N= key=s3cret key2=s3cret", Identity{})
		assert.Equal(t, map[string]any{"aws.request_id": "Q8N="}, record.Attributes().AsRaw(), variable)
		assert.Equal(t, "id=Q8N= key=****** key2=******", record.Body().Str(), variable)
	}
}

func TestPersonsAreOffUnlessAskedFor(t *testing.T) {
	const format = "$context.authorizer.principalId|$context.identity.user|$context.authorizer.claims.email|$context.authorizer.tenant|$context.identity.clientCert.clientCertPem|$context.status"
	const line = "anna|AROA:x|anna@example.com|acme|-----BEGIN\nMIIC|200"
	record := written(t, usual(), format, line, Identity{})
	assert.Equal(t, map[string]any{"http.response.status_code": int64(200)}, record.Attributes().AsRaw())
	assert.Equal(t, "****|******|****************|****|"+strings.Repeat("*", len("-----BEGIN\nMIIC"))+"|200", record.Body().Str())

	asked := redact.New(nil, []string{"user.id", "aws.api_gateway.authorizer.claims.*"}, "")
	record = written(t, asked, format, line, Identity{})
	assert.Equal(t, map[string]any{
		"user.id": "anna", "aws.api_gateway.authorizer.claims.email": "anna@example.com", "http.response.status_code": int64(200),
	}, record.Attributes().AsRaw())
	assert.Equal(t, "anna|AROA:x|anna@example.com|****|"+strings.Repeat("*", len("-----BEGIN\nMIIC"))+"|200", record.Body().Str())
}

func TestRulesDropAndHashAttributes(t *testing.T) {
	rules := redact.New([]redact.Rule{
		{Attribute: "client.address"},
		{Attribute: "user_agent.original", Action: "hash"},
		{Attribute: "http.response.body.size", Action: "hash"},
		{Attribute: "aws.xray.trace_id", Action: "drop"},
		{Attribute: "http.route", Action: "hash"},
	}, nil, hashKey)
	const format = `{"ip":"$context.identity.sourceIp","agent":"$context.identity.userAgent","size":$context.responseLength,"trace":"$context.xrayTraceId","route":"$context.routeKey"}`
	const line = `{"ip":"203.0.113.7","agent":"日本 \"x\"","size":607,"trace":"1-58406520-a006649127e371903a2de979","route":"GET /pets"}`
	record := written(t, rules, format, line, Identity{})
	assert.Equal(t, map[string]any{
		"user_agent.original":       rules.Hash(`日本 "x"`), // a number is dropped: it would become a text
		"aws.api_gateway.route_key": "GET /pets", "http.route": rules.Hash("/pets"),
	}, record.Attributes().AsRaw())
	masked := `{"ip":"***********","agent":"************","size":***,"trace":"***********************************","route":"*********"}`
	assert.Equal(t, []string{masked}, []string{record.Body().Str()})
	assert.True(t, record.TraceID().IsEmpty())
}

// What is masked has as many bytes as before, so that lines stay comparable; and the line itself, which shares memory with others, stays as it is.
func TestMaskingKeepsTheLine(t *testing.T) {
	key := strings.Repeat("k", 300)
	line := `"` + key + `" "Forbidden"`
	before := strings.Clone(line)
	record := written(t, redact.New([]redact.Rule{{Attribute: "aws.api_gateway.error.message"}}, nil, ""), `"$context.identity.apiKey" $context.error.messageString`, line, Identity{})
	assert.Equal(t, `"`+strings.Repeat("*", 300)+`" "*********"`, record.Body().Str())
	assert.Equal(t, before, line)
}

func TestABodyWithoutSecretsIsTheLineItself(t *testing.T) {
	f, v := compiled(t, "$context.identity.apiKey $context.identity.userAgent"), &Values{}
	line := "- " + strings.Repeat("a", 4096)
	require.True(t, f.Decode(line, v))
	bound := NewWriter(usual(), true).Bind(f)
	assert.Zero(t, testing.AllocsPerRun(10, func() { bound.body(line, v) }))
	assert.Equal(t, line, bound.body(line, v))
}

func TestWithoutBodiesThereIsNone(t *testing.T) {
	f, v, record := compiled(t, "$context.status"), &Values{}, plog.NewLogRecord()
	w := NewWriter(usual(), false)
	require.True(t, f.Decode("200", v))
	w.Bind(f).Write(record, "200", v, Identity{})
	assert.Empty(t, record.Body().AsRaw())
	w.WriteUnmatched(record, "a line", true)
	w.WriteUnmatched(record, "a line", false)
	assert.Empty(t, record.Body().AsRaw())
}

func TestAFormatSaysWhetherItHasSecrets(t *testing.T) {
	for format, want := range map[string]bool{
		"$context.requestId $context.status": false, "$context.identity.apiKeyId": false, "$context.identity.apiKey": true, "$context.authorizer.tenant": true,
		"$context.identity.user": true, "$context.authorizer.status": false, "$context.requestOverride.header.Cookie": true, "$context.requestOverride.header.Accept": false,
	} {
		assert.Equal(t, want, NewWriter(usual(), true).Bind(compiled(t, format)).Secret(), format)
	}
	dropping := redact.New([]redact.Rule{{Attribute: "url.path"}}, nil, "")
	assert.True(t, NewWriter(dropping, true).Bind(compiled(t, "$context.path")).Secret())
}

func TestAnUnmatchedLineIsWholeOrWithheld(t *testing.T) {
	w := NewWriter(usual(), true)
	record := plog.NewLogRecord()
	w.WriteUnmatched(record, "a line", false)
	assert.Equal(t, "a line", record.Body().Str())
	assert.Equal(t, map[string]any{"aws.api_gateway.parse.error": "no format fits"}, record.Attributes().AsRaw())
	assert.Equal(t, plog.SeverityNumberInfo, record.SeverityNumber())
	record = plog.NewLogRecord()
	w.WriteUnmatched(record, "a s3cret", true)
	assert.Equal(t, "withheld: 8 bytes", record.Body().Str())
}

func TestTheFirstPresentVariableOfAnAttributeCounts(t *testing.T) {
	for _, test := range []struct {
		format, line string
		want         map[string]any
	}{
		{"$context.integrationLatency $context.integration.latency", "12 12", map[string]any{"aws.api_gateway.integration.latency": 0.012}},
		{"$context.integrationLatency $context.integration.latency", "12 -", map[string]any{"aws.api_gateway.integration.latency": 0.012}},
		{"$context.integrationLatency $context.integration.latency", "- 13", map[string]any{"aws.api_gateway.integration.latency": 0.013}},
		{"$context.status $context.status", "- 404", map[string]any{"http.response.status_code": int64(404)}},
		{"$context.routeKey $context.resourcePath", "GET /a /b", map[string]any{"aws.api_gateway.route_key": "GET /a", "http.route": "/b"}},
		{"$context.routeKey $context.resourcePath", "GET /a -", map[string]any{"aws.api_gateway.route_key": "GET /a", "http.route": "/a"}},
		{"$context.routeKey", "$default", map[string]any{"aws.api_gateway.route_key": "$default"}},
		{"$context.responseLength", "99999999999999999999", map[string]any{}}, // more than an attribute can hold
		{"$context.protocol", "h2", map[string]any{"network.protocol.version": "h2"}},
		{"$context.xrayTraceId", "Self=1;Root=1-58406520-a006649127e371903a2de979;Sampled=1", map[string]any{"aws.xray.trace_id": "1-58406520-a006649127e371903a2de979"}},
		{"$context.xrayTraceId", "1-58406520-a00664912", map[string]any{"aws.xray.trace_id": "1-58406520-a00664912"}},
	} {
		assert.Equal(t, test.want, written(t, usual(), test.format, test.line, Identity{}).Attributes().AsRaw(), test.format)
	}
	people := redact.New(nil, []string{"user.id"}, "")
	assert.Equal(t, map[string]any{"user.id": "anna"}, written(t, people, "$context.identity.user|$context.authorizer.principalId", "AROA:x|anna", Identity{}).Attributes().AsRaw())
}

func TestOnlyATraceIDOfXRaysBecomesTheRecords(t *testing.T) {
	for value, want := range map[string]string{
		"1-58406520-a006649127e371903a2de979":      "58406520a006649127e371903a2de979",
		"Root=1-58406520-A006649127E371903A2DE979": "58406520a006649127e371903a2de979",
		"2-58406520-a006649127e371903a2de979":      "",
		"1-58406520-a006649127e371903a2de97g":      "",
		"1-58406520:a006649127e371903a2de979":      "",
		"1-00000000-000000000000000000000000":      "",
		"1-58406520-a006649127e371903a2de9":        "",
		"-":                                        "",
	} {
		assert.Equal(t, want, written(t, usual(), "$context.xrayTraceId", value, Identity{}).TraceID().String(), value)
	}
}
