package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

func TestAJSONLineOfAnUnknownFormatIsReadByItsKeys(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       map[string]any
		masked     string // "": the line
	}{
		{
			"by the names of variables",
			`{"httpMethod":"GET","integrationErrorMessage":"-","protocol":"HTTP/1.1","requestId":"Vdntpho8IAMEVSQ=","requestTime":"18/Jul/2022:12:33:39 +0000",` +
				`"resourcePath":"-","responseLength":"607","routeKey":"ANY /","sourceIp":"107.21.85.89","status":"200"}`,
			map[string]any{
				"http.request.method": "GET", "network.protocol.version": "1.1", "aws.request_id": "Vdntpho8IAMEVSQ=", "http.response.body.size": int64(607),
				"aws.api_gateway.route_key": "ANY /", "http.route": "/", "client.address": "107.21.85.89", "http.response.status_code": int64(200),
			},
			"",
		},
		{
			"in any spelling, numbers as numbers",
			`{"request_id":"a-b","STATUS":404,"user-agent":"a \"b\"","response_latency":12,"Source IP":"::1","unknown":{"x":[1,null,true]},"ip":null,"isCanaryRequest":true}`,
			map[string]any{
				"aws.request_id": "a-b", "http.response.status_code": int64(404), "user_agent.original": `a "b"`, "aws.api_gateway.response.latency": 0.012,
				"client.address": "::1", "aws.api_gateway.canary": true,
			},
			"",
		},
		{
			"nested, with what is off and secret",
			`{ "requestId" : "a-b" , "identity" : { "apiKey" : "s3cret" , "user" : "anna" , "sourceIp":"::1" }, "authorizer": {"tenant":"acme","claims":{"sub":["x","yz"]},"status":200},` +
				`"headers":{"Cookie":"c=1","x_api_key":"abc"},"claims_email":"a@b", "principal_id":7}`,
			map[string]any{"aws.request_id": "a-b", "client.address": "::1", "aws.api_gateway.authorizer.status": int64(200)},
			`{ "requestId" : "a-b" , "identity" : { "apiKey" : "******" , "user" : "****" , "sourceIp":"::1" }, "authorizer": {"tenant":"****","claims":{"sub":["*","**"]},"status":200},` +
				`"headers":{"Cookie":"***","x_api_key":"***"},"claims_email":"***", "principal_id":*}`,
		},
		{
			"by the stock names", `{"extendedRequestId":"Vwc=","ip":"::1","caller":"AROA:x","latency":"7"}`,
			map[string]any{
				"aws.api_gateway.extended_request_id": "Vwc=", "client.address": "::1", "aws.api_gateway.identity.caller": "AROA:x", "aws.api_gateway.response.latency": 0.007,
			},
			"",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, record := &Values{}, plog.NewLogRecord()
			f, ok := DecodeJSON(test.line, v)
			require.True(t, ok)
			NewWriter(usual(), true).Bind(f).Write(record, test.line, v, Identity{})
			assert.Equal(t, test.want, record.Attributes().AsRaw())
			if test.masked == "" {
				test.masked = test.line
			}
			assert.Equal(t, []string{test.masked}, []string{record.Body().Str()})
		})
	}
}

func TestAJSONLineSaysWhoseItIs(t *testing.T) {
	v := &Values{}
	line := `{"requestId":"a-b","apiId":"abc123","stage":"prod","domain_name":"api.example.com"}`
	f, ok := DecodeJSON(line, v)
	require.True(t, ok)
	assert.Equal(t, Identity{APIID: "abc123", Stage: "prod", DomainName: "api.example.com"}, f.Identity(line, v))
	assert.Equal(t, "a-b", f.Get(line, v, "requestId"))
}

func TestAskedForPropertiesOfAJSONLineComeOut(t *testing.T) {
	v, record := &Values{}, plog.NewLogRecord()
	line := `{"requestId":"a-b","authorizer":{"claims":{"email":"a@b"}}}`
	f, ok := DecodeJSON(line, v)
	require.True(t, ok)
	NewWriter(redact.New(nil, []string{"aws.api_gateway.authorizer.claims.*"}, ""), true).Bind(f).Write(record, line, v, Identity{})
	assert.Equal(t, map[string]any{"aws.request_id": "a-b", "aws.api_gateway.authorizer.claims.email": "a@b"}, record.Attributes().AsRaw())
}

// An authorizer's variables have the same names wherever it stands in a line.
func TestAnAuthorizerStandsAnywhereInAJSONLine(t *testing.T) {
	v, record := &Values{}, plog.NewLogRecord()
	line := `{"requestId":"a-b","requestContext":{"authorizer":{"principalId":"anna","latency":7,"status":200,"tenant":"acme"}}}`
	f, ok := DecodeJSON(line, v)
	require.True(t, ok)
	NewWriter(redact.New(nil, []string{"user.id"}, ""), true).Bind(f).Write(record, line, v, Identity{})
	assert.Equal(t, map[string]any{
		"aws.request_id": "a-b", "user.id": "anna", "aws.api_gateway.authorizer.latency": 0.007, "aws.api_gateway.authorizer.status": int64(200),
	}, record.Attributes().AsRaw())
	assert.Equal(t, []string{strings.Replace(line, "acme", "****", 1)}, []string{record.Body().Str()})
}

func TestSecretsOfAJSONLineNeverComeOut(t *testing.T) {
	v, record := &Values{}, plog.NewLogRecord()
	line := `{"requestId":"a-b","status":"200","accessToken":"s3cret","nested":{"client_secret":"s3cret"}}`
	f, ok := DecodeJSON(line, v)
	require.True(t, ok)
	NewWriter(redact.New(nil, []string{"*"}, ""), true).Bind(f).Write(record, line, v, Identity{})
	assert.Equal(t, map[string]any{"aws.request_id": "a-b", "http.response.status_code": int64(200)}, record.Attributes().AsRaw())
	assert.Equal(t, []string{`{"requestId":"a-b","status":"200","accessToken":"******","nested":{"client_secret":"******"}}`}, []string{record.Body().Str()})
}

func TestOtherLinesAreNotReadAsJSON(t *testing.T) {
	for name, line := range map[string]string{
		"empty": "", "text": "hello", "an array": `[{"requestId":"a","status":"200"}]`, "cut": `{"requestId":"a","status":"200"`, "more behind": `{"requestId":"a","status":"200"} x`,
		"two": `{"requestId":"a","status":"200"}{"requestId":"a","status":"200"}`, "no request id": `{"status":"200","path":"/"}`, "a request id only": `{"requestId":"a","x":"y"}`,
		"broken by a value": `{"requestId":"a","status":-}`, "a function's": `{"level":"INFO","message":"hello","requestId":"a"}`,
		"deep": `{"requestId":"a","status":"200","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		"wide": `{"requestId":"a","status":"200","x":[` + strings.Repeat("1,", 1000) + `1]}`,
		"long": `{"requestId":"a","status":"200","x":"` + strings.Repeat("x", maxJSON) + `"}`,
	} {
		_, ok := DecodeJSON(line, &Values{})
		assert.False(t, ok, name)
	}
}
