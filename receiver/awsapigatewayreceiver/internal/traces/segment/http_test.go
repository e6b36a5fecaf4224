package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

func TestARequestToAServer(t *testing.T) {
	for block, want := range map[string]map[string]any{
		`"request":{"method":"GET","url":"https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/pets/42?expand=owner#top","user_agent":"curl/8.5.0","client_ip":"203.0.113.7"},` +
			`"response":{"status":200,"content_length":512}`: {
			"http.request.method": "GET", "url.scheme": "https", "url.path": "/prod/pets/42", "server.port": int64(443),
			"server.address": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "client.address": "203.0.113.7", "user_agent.original": "curl/8.5.0",
			"http.response.status_code": int64(200), "http.response.body.size": int64(512),
		},
		`"request":{"method":"post","url":"http://[2001:db8::1]:8080","x_forwarded_for":true},"response":{"status":404,"content_length":-1}`: {
			"http.request.method": "POST", "http.request.method_original": "post", "url.scheme": "http", "url.path": "/", "server.address": "2001:db8::1",
			"server.port": int64(8080), "http.response.status_code": int64(404), "aws.xray.http.request.x_forwarded_for": true,
		},
		`"request":{"method":"PURGE","url":"/a/b?c"}`: {
			"http.request.method": "_OTHER", "http.request.method_original": "PURGE", "url.path": "/a/b",
		},
		`"request":{"url":"no url at all"},"response":{"content_length":7}`: {},
		`"request":{"x_forwarded_for":false,"method":""}`:                   {},
	} {
		assert.Equal(t, want, spanOf(t, inSegment(`,"http":{`+block+`}`)).Attributes().AsRaw(), block)
	}
}

func TestACallOverHTTP(t *testing.T) {
	span := subspanOf(t, inSubsegment(`,"namespace":"remote","http":{"request":{"method":"POST","url":"https://ann:pw@names.example.com:8443/pets/42?a=b","traced":true,"user_agent":"sdk"},`+
		`"response":{"status":201,"content_length":0}}`))
	assert.Equal(t, "POST", span.Name())
	assert.Equal(t, map[string]any{
		"http.request.method": "POST", "url.full": "https://REDACTED:REDACTED@names.example.com:8443/pets/42", "server.address": "names.example.com",
		"server.port": int64(8443), "http.response.status_code": int64(201), "http.response.body.size": int64(0), "user_agent.original": "sdk",
		"aws.xray.http.request.traced": true, "aws.xray.name": "sub",
	}, span.Attributes().AsRaw())
}

func TestQueriesComeOutWhereTheUserAsksForThem(t *testing.T) {
	s := settings()
	s.Rules = redact.New(nil, []string{"url.query"}, "")
	spans := spansByID(translate(t, s, inSegment(`,"http":{"request":{"url":"https://example.com/a?b=c&token=T1&X-Amz-Signature=T2&sig=T3"}},`+
		`"subsegments":[{"id":"53995c3f42cd8ad8","namespace":"remote","http":{"request":{"url":"https://example.com/a?b=c&password=T4"}}}]`)))
	query, _ := spans["70de5b6f19ff9a0a"].Attributes().Get("url.query")
	assert.Equal(t, "b=c&token=REDACTED&X-Amz-Signature=REDACTED&sig=REDACTED", query.Str())
	full, _ := spans["53995c3f42cd8ad8"].Attributes().Get("url.full")
	assert.Equal(t, "https://example.com/a?b=c&password=REDACTED", full.Str())
}

func TestRulesRedactAttributes(t *testing.T) {
	s := settings()
	s.Rules = redact.New([]redact.Rule{
		{Attribute: "client.address", Action: "hash"},
		{Attribute: "user_agent.*", Action: "drop"},
		{Attribute: "http.response.status_code", Action: "hash"},
		{Attribute: "url.query", Action: "hash"},
		{Attribute: "exception.message", Action: "drop"},
		{Attribute: "aws.xray.annotation.a", Action: "hash"},
	}, []string{"user.id"}, "0123456789abcdef")
	span := spansByID(translate(t, s, inSegment(`,"user":"ann","annotations":{"a":1,"b":"x"},"http":{"request":{"url":"https://example.com/a?b=c","client_ip":"203.0.113.7","user_agent":"curl"},"response":{"status":500}},`+
		`"cause":{"exceptions":[{"message":"no such pet"}]}`)))["70de5b6f19ff9a0a"]
	got := span.Attributes().AsRaw()
	for _, hashed := range []string{"client.address", "url.query"} {
		require.Contains(t, got, hashed)
		assert.Regexp(t, "^[0-9a-f]{32}$", got[hashed])
		delete(got, hashed)
	}
	assert.Equal(t, map[string]any{
		"url.scheme": "https", "url.path": "/a", "server.address": "example.com", "server.port": int64(443), "error.type": "500", "user.id": "ann",
		"aws.xray.annotation.b": "x",
	}, got, "what is no text has no hash, and is dropped")
	assert.Empty(t, span.Events().At(0).Attributes().AsRaw())
}

func TestURLsAreTakenApart(t *testing.T) {
	for text, want := range map[string]location{
		"https://example.com":                  {scheme: "https", host: "example.com", port: 443, path: "/"},
		"HTTP://example.com/a/@me":             {scheme: "http", host: "example.com", port: 80, path: "/a/@me"},
		"https://a:b@example.com:8443/c?d=e#f": {scheme: "https", host: "example.com", port: 8443, portText: ":8443", path: "/c", query: "d=e", credentials: true},
		"https://a@b@example.com/":             {scheme: "https", host: "example.com", port: 443, path: "/", credentials: true},
		"https://[::1]/":                       {scheme: "https", host: "::1", port: 443, path: "/"},
		"s3://bucket/key":                      {scheme: "s3", host: "bucket", path: "/key"},
		"/only/a/path?with=query":              {path: "/only/a/path", query: "with=query"},
	} {
		got, ok := parseURL(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "?", "example.com/a", "https://", "https:///a", "https://example.com:port/", "https://example.com:99999/", "://a", "1a://b", "//host/a", "a b://c"} {
		_, ok := parseURL(text)
		assert.False(t, ok, text)
	}
}

// A status has three digits (RFC 9110, section 15): another number is none, and makes no value of error.type.
func TestOnlyAStatusOfHTTPIsOne(t *testing.T) {
	for status, want := range map[string]bool{"100": true, "599": true, "999": true, "99": false, "1000": false, "99999999999": false, "-500": false, "5e2": true} {
		span := spanOf(t, inSegment(`,"http":{"request":{"method":"GET"},"response":{"status":`+status+`}}`))
		_, ok := span.Attributes().Get("http.response.status_code")
		assert.Equal(t, want, ok, status)
		_, failed := span.Attributes().Get("error.type")
		assert.Equal(t, want && status != "100", failed, status)
	}
}
