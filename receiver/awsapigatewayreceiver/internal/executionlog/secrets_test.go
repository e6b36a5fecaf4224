package executionlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

func withBodies() *Decoder { return New(redact.New(nil, nil, ""), true, true) }

func TestBodiesStayWhereAskedForButNotTheirSecrets(t *testing.T) {
	const (
		headers = "Method request headers: "
		request = "Endpoint request body after transformations: "
	)
	for _, c := range []struct{ line, want string }{
		{"Method request path: {resource=user_info}", "Method request path: {resource=user_info}"},
		{headers + "{Accept=a, Authorization=****7c8ada, Host=h}", headers + "{Accept=a, Authorization=***, Host=h}"},
		{
			headers + "{authorization=AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host;date, Signature=abcdef, X-Amz-Date=20260101T000000Z}",
			headers + "{authorization=***, X-Amz-Date=20260101T000000Z}",
		},
		{headers + "{Cookie=a=b, c=d; e=f, X-Forwarded-For=1.2.3.4, 5.6.7.8}", headers + "{Cookie=***, X-Forwarded-For=1.2.3.4, 5.6.7.8}"},
		{headers + "{Set-Cookie=a=b; Expires=Thu, 01 Jan 2026 00:00:00 GMT; Path=/, x=y, Via=1.1 v}", headers + "{Set-Cookie=***, Via=1.1 v}"},
		{headers + "{x-api-key=****bMZHBg, Host=h}", headers + "{x-api-key=***, Host=h}"},
		{headers + "{Proxy-Authorization=Basic abc, Host=h}", headers + "{Proxy-Authorization=***, Host=h}"},
		{headers + "{x-amzn-Remapped-Authorization=Bearer abc, Host=h}", headers + "{x-amzn-Remapped-Authorization=***, Host=h}"},
		{headers + "{A=b, X-Amz-Security-Token=IQoJb3 [TRUNCATED]", headers + "{A=b, X-Amz-Security-Token=*** [TRUNCATED]"},
		{headers + "{x-custom=key eyJhbGciOi.eyJleHAi.V6iFHSvV2-_, Host=h}", headers + "{x-custom=key ***, Host=h}"},
		{request + `{"headers":{"Authorization":"Bearer a\"b","Host":"h"}}`, request + `{"headers":{"Authorization":"***","Host":"h"}}`},
		{request + `{"multiValueHeaders":{"Authorization":["a","b]"],"Host":["h"]}}`, request + `{"multiValueHeaders":{"Authorization":[***],"Host":["h"]}}`},
		{request + `{"body":"{\"Cookie\":\"a=\\\"b\\\", c\",\"Host\":\"h\"}"}`, request + `{"body":"{\"Cookie\":\"***\",\"Host\":\"h\"}"}`},
		{
			request + `{"requestContext":{"authorizer":{"principalId":"jane","k":"}"},"identity":{"apiKey":"k","apiKeyId":"i","sourceIp":"1.2.3.4"}}}`,
			request + `{"requestContext":{"authorizer":{***},"identity":{"apiKey":"***","apiKeyId":"***","sourceIp":"1.2.3.4"}}}`,
		},
		{request + `{"type":"TOKEN","authorizationToken":"abc","methodArn":"m"}`, request + `{"type":"TOKEN","authorizationToken":"***","methodArn":"m"}`},
		{request + `{"cookie":null,"a":1}`, request + `{"cookie":***,"a":1}`},
		{request + "<a><Authorization>Bearer abc</Authorization></a>", request + "<a><Authorization>***</Authorization></a>"},
		{`Authorizer result body before parsing: {"principalId":"jane"}`, "Authorizer result body before parsing: ***"},
		{"Incoming identity: abc", "Incoming identity: ***"},
		{"Endpoint request URI: https://jane:pw@h.example/p?q=1", "Endpoint request URI: https://***@h.example/p?q=1"},
		{"Endpoint request URI: https://h.example/p?a=1&X-Amz-Security-Token=abc", "Endpoint request URI: https://h.example/p?a=1&X-Amz-Security-Token=***"},
	} {
		record, known := decode(withBodies(), c.line)
		assert.True(t, known)
		assert.Equal(t, c.want, record.Body().Str())
	}
}

func TestURIsLoseQueryAndUser(t *testing.T) {
	for uri, want := range map[string]string{
		"https://h.example/p":                                       "https://h.example/p",
		"https://h.example/p?q=1#f":                                 "https://h.example/p?***",
		"https://jane:p@w@h.example?q=a@b":                          "https://***@h.example?***",
		"jane@h.example/a@b":                                        "***@h.example/a@b",
		"https://h.execute-api/s/@connections/id":                   "https://h.execute-api/s/@connections/id",
		"https://h.example/p?q=1 [TRUNCATED]":                       "https://h.example/p?*** [TRUNCATED]",
		"arn:aws:states:eu-west-1:123456789012:stateMachine:Orders": "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders",
	} {
		for _, label := range []string{"Endpoint request URI: ", "Sending request to "} {
			record, known := decode(plain(), label+uri)
			assert.True(t, known)
			assert.Equal(t, label+want, record.Body().Str())
		}
	}
}

func TestRulesMaskInTheBodyWhatTheyDropOrHash(t *testing.T) {
	rules := redact.New([]redact.Rule{
		{Attribute: "aws.request_id", Action: "hash"},
		{Attribute: "aws.api_gateway.execution.*", Action: "drop"},
		{Attribute: "client.address", Action: "drop"},
		{Attribute: "user_agent.original", Action: "drop"},
		{Attribute: "http.response.status_code", Action: "hash"},
		{Attribute: "aws.xray.trace_id", Action: "hash"},
		{Attribute: "aws.api_gateway.integration.request_id", Action: "drop"},
	}, []string{"user.id"}, "0123456789abcdef")
	d := New(rules, true, true)
	for _, c := range []struct {
		line, body string
		want       attributesOf
	}{
		{"Starting execution for request: " + id, "Starting execution for request: ***", attributesOf{}},
		{
			"Client [UserAgent: curl, SourceIp: 203.0.113.9] is connecting to WebSocket API [a].", "Client [UserAgent: ***] is connecting to WebSocket API [a].",
			attributesOf{},
		},
		{"Method request headers: {User-Agent=curl, X-Forwarded-For=203.0.113.9, Via=v}", "Method request headers: {User-Agent=***, Via=v}", attributesOf{}},
		{"Endpoint request headers: {x-amzn-lambda-integration-tag=" + id + "}", "Endpoint request headers: {x-amzn-lambda-integration-tag=***}", attributesOf{}},
		{"Method completed with status: 404", "Method completed with status: ***", attributesOf{}},
		{
			"X-ray Tracing ID : Root=1-6962324d-273b8749616a929c8bd4fd14", "X-ray Tracing ID : ***",
			attributesOf{"aws.xray.trace_id": rules.Hash("1-6962324d-273b8749616a929c8bd4fd14")},
		},
		{"Using valid authorizer policy for principal: ****bkwef5", "Using valid authorizer policy for principal: ****bkwef5", attributesOf{"user.id": "****bkwef5"}},
		{
			"Lambda invocation failed with status: 429. Lambda request id: 71952965-1f2d", "Lambda invocation failed with status: 429. Lambda request id: ***",
			attributesOf{"aws.api_gateway.integration.service_status_code": int64(429), why: "Lambda invocation failed with status: 429. Lambda request id: ***"},
		},
	} {
		record, known := decode(d, "("+id+") "+c.line)
		assert.True(t, known)
		c.want["aws.request_id"] = rules.Hash(id)
		assert.Equal(t, c.want, record.Attributes().AsRaw(), c.line)
		assert.Equal(t, "(***) "+c.body, record.Body().Str())
		assert.True(t, record.TraceID().IsEmpty())
		if strings.HasSuffix(c.line, "404") {
			assert.Equal(t, "WARN", record.SeverityText())
		}
	}
}

// planted stands in values for the secret.
const planted = "S3cr3tOfTheTest"

// values are secrets as headers and tokens have them; %s is where they are secret.
var secretValues = []string{
	"%s", "Bearer %s", "Basic %s==", "****%s", "a=b, c=%s", "sid=%s; theme=dark", "x, %s", "Digest username=\"u\", response=\"%s\"", "AWS4-HMAC-SHA256 Credential=A/b, Signature=%s",
	"a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT, b=%s", "}%s", "{%s}", "[%s]", "a] %s",
}

func secretHeaders() (names []string) {
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Amz-Security-Token", "x-amzn-Remapped-Authorization", "X_API_KEY", "X-Forwarded-Authorization",
		"authorizationToken", "cookies",
	} {
		names = append(names, name, strings.ToLower(name), strings.ToUpper(name))
	}
	return names
}

// quoted escapes a value for a string of JSON, so many times.
func quoted(v string, levels int) string {
	for range levels {
		v = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)
	}
	return v
}

func escaped(levels int, json string) string { return quoted(json, levels) }

// plantings are texts in which a value stands at a header's name.
func plantings(name, value string) []string {
	q := quoted(value, 1)
	list := []string{
		"{Accept=*/*, " + name + "=" + value + ", Host=example.com}",
		"{" + name + "=" + value + "}",
		"{" + name + " = " + value + ", Accept=*/*",
		"{" + name + "=[" + value + "], Host=[example.com]}",
		name + ": " + value + "\r\nHost: example.com",
		name + " header: '" + value + "'",
		"see headers[\"" + name + "\"] = " + value,
		"/p?a=b&" + name + "=" + value + "&c=d",
		"<" + name + ">" + value + "</" + name + ">",
	}
	for level := range 3 {
		list = append(list,
			escaped(level, `{"headers":{"Accept":"*/*","`+name+`":"`+q+`","Host":"h"}}`),
			escaped(level, `{"headers" : { "`+name+`" : "`+q+`" , "Host" : "h"}}`),
			escaped(level, `{"multiValueHeaders":{"`+name+`":["`+q+`","`+q+`"],"Host":["h"]}}`),
			escaped(level, "{\n  \""+name+"\":\n  [ \""+q+"\" ]\n}"),
		)
	}
	return list
}

var labelled = []string{
	"Method request headers: ", "Method request query string: ", "Method request path: ", "Method request body before transformations: ", "Endpoint request headers: ",
	"Endpoint request body after transformations: ", "Endpoint response headers: ", "Endpoint response body before transformations: ", "Method response headers: ",
	"Method response body after transformations: ", "Gateway response headers: ", "Gateway response body: ", "Message: ",
	"WebSocket API [a] received message from client [Connection Id: c]. ", "Lambda execution failed with status 200 due to customer function error: ", "Execution failed due to ",
	"Method request trailers of a new kind: ", "Something new happened with ", "",
}

func TestNoHeadersSecretComesOut(t *testing.T) {
	off, on := plain(), withBodies()
	n := 0
	for _, name := range secretHeaders() {
		for _, v := range secretValues {
			for _, text := range plantings(name, fmt.Sprintf(v, planted)) {
				for _, label := range labelled {
					if n++; n%racetest.Thinned != 0 {
						continue
					}
					line := "(" + id + ") " + label + text
					withoutSecret(t, off, line)
					withoutSecret(t, on, line)
				}
			}
		}
	}
}

func TestNoSecretComesOutOfATruncatedLine(t *testing.T) {
	on := withBodies()
	for _, name := range secretHeaders() {
		for _, v := range secretValues {
			for _, text := range plantings(name, fmt.Sprintf(v, planted)) {
				at := strings.Index(text, planted) + len(planted)
				for _, end := range []int{at, min(at+1, len(text)), min(at+2, len(text))} {
					withoutSecret(t, on, "Endpoint request headers: "+text[:end]+" [TRUNCATED]")
				}
			}
		}
	}
}

func TestNoAuthorizersSecretComesOut(t *testing.T) {
	for _, d := range []*Decoder{plain(), withBodies()} {
		for _, line := range []string{
			"Incoming identity: %s",
			"Incoming identity: a, b=%s",
			"INCOMING identity=%s",
			`Authorizer result body before parsing: {"context":{"extension":"%s"}}`,
			`Authorizer result body before parsing: {"context":{"extension":"%s [TRUNCATED]`,
			"Using valid authorizer policy for principal: %s",
			"Using a valid policy for principal: %s",
			"Execution failed due to configuration error: Authorizer function failed with response body: {\"a\":\"%s\"}",
			"Execution failed due to configuration error: Invalid JSON in response: Unrecognized token '%s': was expecting",
			`Endpoint request body after transformations: {"requestContext":{"authorizer":{"claims":{"email":"%s"},"x":1}}}`,
			`Endpoint request body after transformations: {"requestContext":{"authorizer":{"claims":{"email":"%s [TRUNCATED]`,
			`Endpoint request body after transformations: {authorizer={email=%s}, claims={a=%[1]s}}`,
			`Endpoint request body after transformations: {"body":"{\"authorizer\":{\"email\":\"%s\"}}"}`,
			"API Key: %s",
			"API Key: %s [TRUNCATED]",
			"Verifying Usage Plan for request: a. API Key: %s API Stage: a/b",
			"Verifying Usage Plan for request: a. API Key: %s",
			"Usage Plan check succeeded for API Key %s and API Stage a/b",
			"Usage Plan check went well for API Key: %s and API Stage a/b",
			"Quota limit exceeded for API Key %s and API Stage a/b",
			"API Key %s not authorized because of it",
			"API Key a authorized because %s authorized because of it",
			"API Key %s",
			`'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%[1]s'.`,
			"The request signature we calculated does not match the signature you provided.\nhost:h\nx-amz-security-token:%s\n",
			"Endpoint request URI: https://jane:%s@h.example/",
			"User: arn:aws:iam::111122223333:user/%s is not authorized to perform: execute-api:Invoke",
		} {
			withoutSecret(t, d, fmt.Sprintf(line, planted))
		}
	}
}

// Clients encode what they send once or twice, and a URL may be a part of another's query.
func TestNoEncodedSecretComesOut(t *testing.T) {
	for _, line := range []string{
		"Method request query string: {next=https%3A%2F%2Fh%2F%3Faccess_token%3D" + planted + "}",
		"Method request query string: {next=https%253A%252F%252Fh%252F%253Faccess_token%253D" + planted + "}",
		"Method request body before transformations: %7B%22access_token%22%3A%22" + planted + "%22%7D",
		"Method request query string: {a=Bearer%20" + planted + "}",
		"Method request query string: {a=Bearer%20eyJhbGciOi.eyJleHAi." + planted + "}",
		"Method request query string: {a=%22eyJhbGciOi.eyJleHAi." + planted + "%22}",
		"Method request headers: {x=a, y=b%2520eyJhbGciOi.eyJleHAi." + planted + "}",
		"Endpoint request URI: https://ann:" + planted + "/x@h.example/p",
		"Sending request to https://ann:" + planted + "?x@h.example/p",
		"Sending request to https://ann:x/" + planted + "?y@h.example/p",
		"Something new took the API Key aB3dE6gH9jK2mN5pQ8sT" + planted + " and went on",
	} {
		withoutSecret(t, withBodies(), line)
		withoutSecret(t, plain(), line)
	}
}

// What a validator says of a body quotes it, and the canonical request has the query and the headers.
func TestErrorsSayNothingOfBodiesUnlessBodiesAreOn(t *testing.T) {
	const (
		schema    = "Request body does not match model schema for content type application/json: ["
		canonical = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method." +
			"\n\nThe Canonical String for this request should have been"
	)
	for line, want := range map[string]string{
		schema + `string "S3cr3tOfTheTest" is too short (length: 15, required minimum: 20)]`:      schema + `string "***" is too short (length: 15, required minimum: 20)]`,
		schema + `ECMA 262 regex "^[a-z]+$" does not match input string "S3cr\"3tOfTheTest"]`:     schema + `ECMA 262 regex "^[a-z]+$" does not match input string "***"]`,
		schema + `instance value ("S3cr3tOfTheTest") not found in enum (possible values: ["a"])]`: schema + `instance value (***) not found in enum (possible values: ["a"])]`,
		schema + `instance value ({"a":[1,")"]}) not found in enum (possible values: ["a"])]`:     schema + `instance value (***) not found in enum (possible values: ["a"])]`,
		schema + `object has missing required properties (["name"])]`:                             schema + `object has missing required properties (["name"])]`,
		schema + `string "S3cr3tOf [TRUNCATED]`:                                                   schema + `string "*** [TRUNCATED]`,
		canonical + "\n'GET\n/p\nq=S3cr3tOfTheTest":                                               canonical + "\n***",
	} {
		record, known := decode(plain(), line)
		assert.True(t, known)
		assert.Equal(t, want, record.Body().Str())
		for name, value := range record.Attributes().All() {
			assert.NotContains(t, value.AsString(), "S3cr", name)
		}
	}
	record, _ := decode(withBodies(), schema+`string "ab" is too short]`)
	assert.Equal(t, schema+`string "ab" is too short]`, record.Body().Str())
}

func withoutSecret(t *testing.T, d *Decoder, line string) {
	t.Helper()
	record, _ := decode(d, line)
	if strings.Contains(record.Body().AsString(), planted) || strings.Contains(fmt.Sprint(record.Attributes().AsRaw()), planted) {
		t.Fatalf("%q became %q %v", line, record.Body().Str(), record.Attributes().AsRaw())
	}
}
