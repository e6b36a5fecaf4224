package segment

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const planted = "hunter2hunter2"

// secretKeys are keys whose values never come out, in several spellings.
var secretKeys = []string{
	"Authorization", "proxy-authorization", "Proxy_Authorization", "cookie", "Set-Cookie", "set_cookie", "X-Api-Key", "x_api_key", "X-Amz-Security-Token",
	"password", "PASSWORD", "secret", "token", "api-key", "api_key", "apikey", "apiKey", "pass\\u0077ord",
	"access_token", "accessToken", "idToken", "client_secret", "X-Auth-Token", "passwd", "private_key", "aws_secret_access_key",
}

// withSecrets are documents with a secret wherever one may be.
func withSecrets() (segments, spans []string) {
	var keyed, nested strings.Builder
	for _, key := range secretKeys {
		keyed.WriteString(`"` + key + `":"` + planted + `","http.request.header.` + key + `":["` + planted + `"],`)
		nested.WriteString(`{"` + key + `":{"value":"` + planted + `"},"kept":"visible"},`)
	}
	members := keyed.String() + `"nested":[` + nested.String() + `{"url":"https://ann:` + planted + `@example.com/?token=` + planted + `"}],"url":"https://example.com/a?b=` + planted + `",` +
		`"event":"{\"headers\":{\"Authorization\":\"Bearer ` + planted + `\"},\"body\":\"{\\\"password\\\":\\\"` + planted + `\\\"}\"}",` +
		`"cut":"[{\"token\":\"` + planted + `","said":"GET https://h/p?token=` + planted + ` failed","bracketed":"[WARN] /p?x=` + planted + ` and more","fragment":"https://h/cb#access_token=` + planted + `",` +
		`"path":"/a?b=` + planted + `","broken":"https://ann:` + planted + `/x@example.com/","visible":"visible"`
	url := `https://ann:` + planted + `@example.com/pets?token=` + planted + `#` + planted
	segments = []string{
		inSegment(`,"user":"` + planted + `","annotations":{` + members + `},"metadata":{"ns":{` + members + `},"token":"` + planted + `"},"novel":{` + members + `},` +
			`"http":{"request":{"method":"GET","url":"` + url + `","headers":{` + members + `},"authorization":"` + planted + `","query":"a=` + planted + `"}},` +
			`"links":[{"trace_id":"` + traceID + `","attributes":{` + members + `}}],` +
			`"aws":{"queue_url":"` + url + `"},"cause":{"exceptions":[{"message":"no https://ann:` + planted + `@h/","headers":{` + members + `}}]}`),
		inSubsegment(`,"namespace":"remote","http":{"request":{"method":"GET","url":"` + url + `","headers":{` + members + `}}},` +
			`"sql":{"url":"jdbc:postgresql://ann:` + planted + `@db.example.com/orders?password=` + planted + `","user":"` + planted + `","connection_string":"Password=` + planted + `"}`),
		inSubsegment(`,"sql":{"url":"jdbc:sqlserver://db:1433;user=ann;password=` + planted + `"}`),
		inSubsegment(`,"sql":{"url":"postgresql://ann:` + planted + `/1@db.example.com/orders","user":["` + planted + `"]}`),
		inSubsegment(`,"sql":{"url":"jdbc:oracle:thin:ann/` + planted + `@db:1521:orders"}`),
		inSubsegment(`,"sql":{"url":"jdbc:mysql://db.example.com:3306/orders?user=u&password=p@` + planted + `"}`),
		inSubsegment(`,"sql":{"url":"mysql://ann:1?@` + planted + `/2@db.example.com/orders"}`),
		inSegment(`,"http":{"request":{"url":["` + url + `"]}},"user":{"id":"` + planted + `"}`),
		inSegment(`,"http":{"request":{"url":"https://ann:` + planted + `/x@example.com/"}}`),
		strings.Replace(inSegment(``), "example.com", "/pets?token="+planted, 1),
	}
	spans = []string{`{"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"70de5b6f19ff9a0a","startTimeUnixNano":1,"name":"GET /pay?token=` + planted + `","kind":"SERVER","status":{"code":"ERROR","message":"GET https://h/p?q=` + planted + ` failed"},"attributes":{` + members + `,` +
		`"url.full":"api.example.com/pay?q=` + planted + `","http.request.query":"q=` + planted + `","http.request.queryStringParameters":["` + planted + `"],"http.url":"` + url + `","http.target":"/pets?token=` + planted + `","url.query":"token=` + planted + `","user.id":"` + planted + `","enduser.id":"` + planted + `",` +
		`"db.user":"` + planted + `","db.connection_string":"` + planted + `","http.request.header.referer":["` + url + `"],"user.name":"` + planted + `","aws.local.operation":"GET /pay?q=` + planted + `"},` +
		`"resource":{"attributes":{` + members + `}},"scope":{"name":"s","attributes":{` + members + `}},"events":[{"name":"/e?q=` + planted + `","attributes":{` + members + `}}],` +
		`"links":[{"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","attributes":{` + members + `}}],"novel":{` + members + `},"_aws":{"xray":{"token":"` + planted + `"}}}`}
	return segments, spans
}

func TestNoSecretComesOut(t *testing.T) {
	segments, spans := withSecrets()
	for _, decode := range []struct {
		documents []string
		decode    func(string) (*Document, error)
	}{{segments, Decode}, {spans, DecodeSpan}} {
		for _, document := range decode.documents {
			require.True(t, json.Valid([]byte(document)), document)
			d, err := decode.decode(document)
			require.NoError(t, err, document)
			b := New(settings()).NewBatch()
			b.Add(d)
			all, err := (&ptrace.JSONMarshaler{}).MarshalTraces(b.Traces())
			require.NoError(t, err)
			if i := strings.Index(string(all), planted); i >= 0 {
				assert.Fail(t, "a secret came out", "%s\n\nof\n\n%s", all[max(0, i-150):min(len(all), i+50)], document)
			}
			if strings.Contains(document, "visible") {
				assert.Contains(t, string(all), "visible", "what is none is kept")
			}
		}
	}
}

func TestNestedValuesStayJSON(t *testing.T) {
	document := inSegment(`,"metadata":{"ns":{"k":[{"a":1,"password":"x","b":{"token":[1,2]}}, "https://example.com/\"?q", {"c":"\u00e9"}]}}`)
	value, _ := spanOf(t, document).Attributes().Get("aws.xray.metadata.ns.k")
	assert.JSONEq(t, `[{"a":1,"password":null,"b":{"token":null}}, "https://example.com/\"", {"c":"\u00e9"}]`, value.Str())
}

// Secrets come out of no place in which applications keep them by mistake: a namespace of that name, a trace of calls, a text that is JSON twice or several
// times over, a form, and what a URL has in a parameter.
func TestNoSecretComesOutOfUnusualPlaces(t *testing.T) {
	for _, members := range []string{
		`,"metadata":{"credentials":{"user":"ann","value":"` + planted + `"}}`,
		`,"metadata":{"ns":{"event":"\"{\\\"password\\\":\\\"` + planted + `\\\"}\""}}`,
		`,"metadata":{"ns":{"lines":"{\"a\":1}\n{\"password\":\"` + planted + `\"}"}}`,
		`,"metadata":{"ns":{"lines":"{\"a\":1}{\"b\":2}\n [{\"password\":\"` + planted + `\"}] and more"}}`,
		`,"metadata":{"ns":{"body":"grant_type=password&client_secret=` + planted + `&a=b"}}`,
		`,"metadata":{"ns":{"event":{"body":"password=` + planted + `"}}}`,
		`,"annotations":{"connectionString":"Server=h;Password=` + planted + `"}`,
		`,"cause":{"exceptions":[{"stack":[{"path":"https://h/app.js?token=` + planted + `","label":"f","line":3}]}]}`,
		`,"cause":{"exceptions":[{"stack":[{"path":"p","label":"https://ann:` + planted + `@h/"}]}]}`,
		`,"cause":{"exceptions":[{"type":"Failed https://h/?token=` + planted + `"}]},"fault":true`,
		`,"cause":{"working_directory":"https://ann:` + planted + `@h/","paths":["https://h/app.js?token=` + planted + `"]}`,
		`,"aws":{"resource_names":["https://ann:` + planted + `@h/q"],"table_names":["https://h/?a=` + planted + `"]}`,
		`,"aws":{"topic_arn":"https://ann:` + planted + `@h/q","operation":"Get /a?token=` + planted + `","bucket_name":"https://ann:` + planted + `@h/","key":"a/b?X-Amz-Signature=` + planted + `"}`,
		`,"precursor_ids":["https://ann:` + planted + `@h/"]`,
		`,"origin":"https://ann:` + planted + `@h/"`,
		`,"http":{"request":{"method":"GET https://h/?token=` + planted + `","url":"https://h/"}}`,
		`,"http":{"request":{"method":"GET","url":"https://h/cb","user_agent":"a (+https://ann:` + planted + `@h/)","client_ip":"https://ann:` + planted + `@h/"}}`,
	} {
		for _, document := range []string{inSegment(members), inSubsegment(members + `,"namespace":"aws"`)} {
			require.True(t, json.Valid([]byte(document)), document)
			all, err := (&ptrace.JSONMarshaler{}).MarshalTraces(translate(t, settings(), document))
			require.NoError(t, err)
			if i := strings.Index(string(all), planted); i >= 0 {
				assert.Fail(t, "a secret came out", "%s\n\nof\n\n%s", all[max(0, i-150):min(len(all), i+50)], members)
			}
		}
	}
}

// Where queries are asked for, a URL in one, however often encoded, a second separator, and a key that is encoded twice hide nothing.
func TestQueriesThatAreAskedForHaveNoSecrets(t *testing.T) {
	for _, query := range []string{
		"access%255Ftoken=" + planted, "a=1;token=" + planted, "a=1&amp;token=" + planted, "next=https%3A%2F%2Fh%2Fcb%3Fa%3Db%26access_token%3D" + planted,
		"next=https%253A%252F%252Fh%252Fcb%253Faccess_token%253D" + planted, "next=https%3A%2F%2Fann%3A" + planted + "%40h%2F", "X%2DAmz%2DSignature=" + planted,
	} {
		assert.NotContains(t, redactQuery("x=y&"+query), planted, query)
	}
	assert.Equal(t, "a=b%20c&next=https%3A%2F%2Fh%2Fcb%3Fd%3De&f", redactQuery("a=b%20c&next=https%3A%2F%2Fh%2Fcb%3Fd%3De&f"))
}
