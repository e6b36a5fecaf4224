package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// templates are formats that people write, each with a line.
var templates = []struct {
	name, format, line string
	want               map[string]string
}{
	{"one variable", "$context.requestId", "Q8NnAiztIAMEV4w=", map[string]string{"requestId": "Q8NnAiztIAMEV4w="}},
	{"one variable in text", "id: $context.requestId!", "id: Q8NnAiztIAMEV4w=!", map[string]string{"requestId": "Q8NnAiztIAMEV4w="}},
	{"one text", "$context.error.message", `any "text" at all`, map[string]string{"error.message": `any "text" at all`}},
	{"an empty line", "$context.error.message", "", map[string]string{}},
	{"all absent", "$context.status $context.error.message $context.path", "- - -", map[string]string{}},
	{"all empty", "$context.status,$context.error.message,$context.path", ",,", map[string]string{}},
	{
		"CLF with a user agent", `$context.identity.sourceIp - [$context.requestTime] "$context.httpMethod $context.path $context.protocol" $context.status "$context.identity.userAgent"`,
		`203.0.113.7 - [18/Jul/2022:12:33:39 +0000] "GET /pets HTTP/1.1" 200 "Mozilla/5.0 "quoted" (compatible)"`,
		map[string]string{
			"identity.sourceIp": "203.0.113.7", "requestTime": "18/Jul/2022:12:33:39 +0000", "httpMethod": "GET", "path": "/pets", "protocol": "HTTP/1.1",
			"status": "200", "identity.userAgent": `Mozilla/5.0 "quoted" (compatible)`,
		},
	},
	{
		"CLF with the user agent before the status", `[$context.requestTime] "$context.identity.userAgent" $context.status $context.responseLength`,
		`[18/Jul/2022:12:33:39 +0000] "]" 200 12 - "" 404 7`,
		map[string]string{"requestTime": "18/Jul/2022:12:33:39 +0000", "identity.userAgent": `]" 200 12 - "`, "status": "404", "responseLength": "7"},
	},
	{
		"a date among blanks", "$context.requestTime $context.status $context.requestTime", "18/Jul/2022:12:33:39 +0000 200 -",
		map[string]string{"requestTime": "18/Jul/2022:12:33:39 +0000", "status": "200"},
	},
	{
		"CSV with a user agent", "$context.requestId,$context.status,$context.identity.userAgent,$context.path",
		"Q8N=,200,one, two, three,/pets",
		map[string]string{"requestId": "Q8N=", "status": "200", "identity.userAgent": "one, two, three", "path": "/pets"},
	},
	{
		"CSV with quotes", `"$context.requestId","$context.identity.userAgent","$context.status"`,
		`"Q8N=","a","b","200"`,
		map[string]string{"requestId": "Q8N=", "identity.userAgent": `a","b`, "status": "200"},
	},
	{
		"tabs and a line's end", "$context.requestTimeEpoch\t$context.httpMethod\t$context.identity.userAgent\n",
		"1658147619982\tGET\ttab\tbed",
		map[string]string{"requestTimeEpoch": "1658147619982", "httpMethod": "GET", "identity.userAgent": "tab\tbed"},
	},
	{
		"a line's end that is there", "$context.requestTimeEpoch\t$context.identity.userAgent\r\n",
		"1658147619982\tcurl/8\r\n",
		map[string]string{"requestTimeEpoch": "1658147619982", "identity.userAgent": "curl/8"},
	},
	{
		"an empty value before white space that is missing", "$context.status\t$context.path\t$context.error.message\t",
		"200\t/pets\t",
		map[string]string{"status": "200", "path": "/pets"},
	},
	{
		"bars", "$context.extendedRequestId|$context.status|$context.resourcePath|$context.identity.userAgent|",
		"Vwc=|200|/pets/{a|b}|x|y|",
		map[string]string{"extendedRequestId": "Vwc=", "status": "200", "resourcePath": "/pets/{a", "identity.userAgent": "b}|x|y"},
	},
	{
		"key=value", `id=$context.requestId status=$context.status agent="$context.identity.userAgent" ms=$context.responseLatency`,
		`id=Q8N= status=200 agent="a" ms=b" ms=12`,
		map[string]string{"requestId": "Q8N=", "status": "200", "identity.userAgent": `a" ms=b`, "responseLatency": "12"},
	},
	{
		"numbers without quotes in JSON", `{"status":$context.status,"ms":$context.responseLatency,"ok":$context.isCanaryRequest}`,
		`{"status":-,"ms":12,"ok":true}`,
		map[string]string{"responseLatency": "12", "isCanaryRequest": "true"},
	},
	{
		"a value with quotes of its own", `{"e":$context.error.messageString,"s":"$context.status"}`,
		`{"e":"not "really" a,b","s":"404"}`,
		map[string]string{"error.messageString": `not "really" a,b`, "status": "404"},
	},
	{
		"such a value that is absent", `{"e":$context.error.messageString,"f":$context.error.messageString,"s":"$context.status"}`,
		`{"e":"-","f":-,"s":"404"}`,
		map[string]string{"status": "404"},
	},
	{
		"such a value in quotes", `{"e":"$context.error.messageString","s":"$context.status"}`,
		`{"e":""Forbidden"","s":"403"}`,
		map[string]string{"error.messageString": "Forbidden", "status": "403"},
	},
	{
		"nested JSON", `{"request":{"id":"$context.requestId","agent":"$context.identity.userAgent"},"response":{"status":$context.status}}`,
		`{"request":{"id":"Q8N=","agent":"evil","status":"200","x":""},"response":{"status":500}}`,
		map[string]string{"requestId": "Q8N=", "identity.userAgent": `evil","status":"200","x":"`, "status": "500"},
	},
	{
		"JSON escapes", `{"agent":"$context.identity.userAgent","path":"$context.path"}`,
		`{"agent":"back\\slash \"q\" \u00e9 \ud83e\udd8a","path":"/a\/b"}`,
		map[string]string{"identity.userAgent": `back\slash "q" é 🦊`, "path": "/a/b"},
	},
	{
		"what only looks like JSON escapes", `{"agent":"$context.identity.userAgent","e":"$context.error.message","i":"$context.integration.error"}`,
		`{"agent":"C:\dir","e":"a\nb "quoted"","i":"\ud83e"}`,
		map[string]string{"identity.userAgent": `C:\dir`, "error.message": `a\nb "quoted"`, "integration.error": `\ud83e`},
	},
	{
		"two values in one string", `{"request":"$context.httpMethod $context.path","agent":"$context.identity.userAgent"}`,
		`{"request":"GET /a b","agent":"x"}`,
		map[string]string{"httpMethod": "GET", "path": "/a b", "identity.userAgent": "x"},
	},
	{
		"a JSON array", `["$context.requestId",$context.status,"$context.identity.userAgent"]`,
		`["Q8N=",200,"x","y\n"]`,
		map[string]string{"requestId": "Q8N=", "status": "200", "identity.userAgent": `x","y\n`},
	},
	{
		"XML with attributes", `<r t="$context.requestTimeEpoch" id='$context.requestId'><a>$context.identity.userAgent</a><s>$context.status</s></r>`,
		`<r t="1658147619982" id='Q8N='><a>a &amp; b &lt;c&gt; &#233;&#x1F98A;</a><s>200</s></r>`,
		map[string]string{"requestTimeEpoch": "1658147619982", "requestId": "Q8N=", "identity.userAgent": "a & b <c> é🦊", "status": "200"},
	},
	{
		"what only looks like XML", `<r><a>$context.identity.userAgent</a><e>$context.error.message</e></r>`,
		`<r><a>a &amp b</a><e><b>&amp;</b></e></r>`,
		map[string]string{"identity.userAgent": "a &amp b", "error.message": "<b>&amp;</b>"},
	},
	{
		"elements in a value", `<r><a>$context.identity.userAgent</a><s>$context.status</s></r>`,
		`<r><a></a><s>200</s></a><s>500</s></r>`,
		map[string]string{"identity.userAgent": "</a><s>200</s>", "status": "500"},
	},
	{"variables side by side", "https://$context.domainName$context.path", "https://api.example.com/pets", map[string]string{"domainName": "api.example.com", "path": "/pets"}},
	{"a method before its path", "$context.httpMethod$context.resourcePath:$context.status", "GET/pets/{id}:200", map[string]string{"httpMethod": "GET", "resourcePath": "/pets/{id}", "status": "200"}},
	{"a number before a word", "$context.status$context.httpMethod", "200GET", map[string]string{"status": "200", "httpMethod": "GET"}},
	{"two that can't be told apart", "$context.apiId$context.stage", "abc123prod", map[string]string{"apiId": "abc123prod"}},
	{"a text before a number", "$context.error.message$context.status", "oops 42 404", map[string]string{"error.message": "oops 42 ", "status": "404"}},
	{"a text before a text", "$context.error.message$context.identity.userAgent", "oops", map[string]string{"identity.userAgent": "oops"}},
	{"absent side by side", "$context.status$context.path", "-/pets", map[string]string{"path": "/pets"}},
	{"a variable twice", "$context.requestId $context.status $context.requestId", "- 200 Q8N=", map[string]string{"requestId": "Q8N=", "status": "200"}},
	{"lookalikes", "$contextual $context. $context..status $$context.status.$Context.path", "$contextual $context. $context..status $200.$Context.path", map[string]string{"status": "200"}},
	{"a dollar at the end", "$context.status$", "200$", map[string]string{"status": "200"}},
	{"no more than a name", "$context.status. $context.requestId-$context.stage", "200. Q8N=-prod", map[string]string{"status": "200", "requestId": "Q8N=", "stage": "prod"}},
	{"letters of other languages", "状態→$context.status←«$context.identity.userAgent»", "状態→200←«日本語»«»", map[string]string{"status": "200", "identity.userAgent": "日本語»«"}},
	{"a variable of no API", "$context.nothing $context.status", "- 200", map[string]string{"status": "200"}},
	{"a variable that has become known", "$context.nothing $context.status", "some thing 200", map[string]string{"nothing": "some thing", "status": "200"}},
	{
		"claims and headers", "$context.authorizer.claims.cognito:username|$context.authorizer.claims.custom:tenant-id|$context.requestOverride.header.X-Version:$context.status",
		"anna|7|v 2:200",
		map[string]string{"authorizer.claims.cognito:username": "anna", "authorizer.claims.custom:tenant-id": "7", "requestOverride.header.X-Version": "v 2", "status": "200"},
	},
	{"a hyphen between", "$context.requestId-$context.status", "a3c1-1111-200", map[string]string{"requestId": "a3c1-1111", "status": "200"}},
	{"a literal that begins a value", "$context.error.message:$context.error.responseType:$context.status", "a:b:c:200", map[string]string{"error.message": "a", "error.responseType": "b:c", "status": "200"}},
	{
		"JSON with a quote in a literal text", `{"a \"quoted\" key":"$context.identity.userAgent","s":$context.status}`, `{"a \"quoted\" key":"a\/b","s":200}`,
		map[string]string{"identity.userAgent": "a/b", "status": "200"},
	},
	{"a principal with a comma", "$context.identity.caller,$context.status", "AROA:a,b,200", map[string]string{"identity.caller": "AROA:a,b", "status": "200"}},
	{"a method that is none", `"$context.httpMethod" $context.status`, `"G3T!" 400`, map[string]string{"httpMethod": "G3T!", "status": "400"}},
}

func TestFormatsThatPeopleWriteReadTheirLines(t *testing.T) {
	assert.GreaterOrEqual(t, len(templates), 40)
	for _, test := range templates {
		t.Run(test.name, func(t *testing.T) {
			f, v := compiled(t, test.format), &Values{}
			require.True(t, f.Decode(test.line, v))
			assert.Equal(t, test.want, values(f, test.line, v))
		})
	}
}

func TestALineOfAnotherFormatIsNotRead(t *testing.T) {
	for _, test := range []struct{ format, line string }{
		{"$context.status", "abc"},
		{"$context.status", "200 "},
		{"$context.status ", "200  "},
		{"$context.status $context.path", "200"},
		{"[$context.status]", "200]"},
		{"[$context.status]", "[200"},
		{"[$context.status]", "["},
		{"$context.requestTime", "18/Jul/2022 12:33:39"},
		{"$context.isCanaryRequest", "yes"},
		{"aa$context.path", "a"},
		{"a-$context.path-a", "a-a"},
	} {
		assert.False(t, compiled(t, test.format).Decode(test.line, &Values{}), "%q %q", test.format, test.line)
	}
}

func TestWhatIsNoFormatSaysWhy(t *testing.T) {
	_, err := Compile("")
	require.ErrorContains(t, err, "has no $context variable")
	_, err = Compile("$contextual $context. text")
	require.ErrorContains(t, err, "has no $context variable")
	_, err = Compile(strings.Repeat("$context.path ", 220))
	require.EqualError(t, err, "cannot compile an access-log format of 3080 bytes: API Gateway has at most 3072")
}

func TestVariablesAreNamedOnce(t *testing.T) {
	f := compiled(t, "$context.status $context.nothing $context.status $context.authorizer.claims.sub")
	assert.Equal(t, []string{"status", "nothing", "authorizer.claims.sub"}, f.Variables())
}

func TestIdentityIsWhatTheLineSays(t *testing.T) {
	f, v := compiled(t, "$context.apiId $context.stage $context.accountId $context.domainName $context.domainPrefix $context.apiId"), &Values{}
	line := "- $default 123456789012 api.example.com - abc123"
	require.True(t, f.Decode(line, v))
	assert.Equal(t, Identity{APIID: "abc123", Stage: "$default", AccountID: "123456789012", DomainName: "api.example.com"}, f.Identity(line, v))
	assert.Empty(t, f.Get(line, v, "status"))
}

func TestAmbiguousFormatsNameBothVariables(t *testing.T) {
	for _, test := range []struct {
		format string
		want   []Ambiguity
	}{
		{"$context.identity.userAgent $context.error.message", []Ambiguity{{"identity.userAgent", "error.message", " "}}},
		{`"$context.identity.userAgent" "$context.error.message"`, []Ambiguity{{"identity.userAgent", "error.message", `" "`}}},
		{"$context.identity.userAgent,$context.status,$context.error.message", []Ambiguity{{"identity.userAgent", "error.message", ",$context.status,"}}},
		{"$context.identity.userAgent\t$context.path\t$context.error.message", []Ambiguity{{"identity.userAgent", "error.message", "\t$context.path\t"}}},
		{"$context.error.message|$context.waf.error|$context.integration.error", []Ambiguity{{"error.message", "waf.error", "|"}, {"waf.error", "integration.error", "|"}}},
		{"$context.path,$context.identity.userAgent", []Ambiguity{{"path", "identity.userAgent", ","}}},
		{"$context.apiId$context.stage", []Ambiguity{{"apiId", "stage", ""}}},
		{"$context.status$context.responseLength", []Ambiguity{{"status", "responseLength", ""}}},
		{"$context.domainName$context.path", nil},
		{"$context.status$context.httpMethod", nil},
		{"$context.status$context.requestTime", []Ambiguity{{"status", "requestTime", ""}}},
		{"$context.error.message$context.error.messageString", []Ambiguity{{"error.message", "error.messageString", ""}}},
		{"$context.stage$context.isCanaryRequest", []Ambiguity{{"stage", "isCanaryRequest", ""}}},
		{"$context.requestTime$context.status", nil},
		{"$context.error.message$context.requestTime", nil},
		{"$context.identity.userAgent,$context.status", nil},
		{"$context.identity.userAgent $context.path", nil},
		{"$context.identity.userAgent status=$context.error.message", nil},
		{`{"a":"$context.identity.userAgent","b":"$context.error.message"}`, nil},
		{`<a>$context.identity.userAgent</a><b>$context.error.message</b>`, nil},
		{"$context.identity.userAgent ------ $context.error.message", nil},
		{"$context.requestId $context.status $context.path", nil},
	} {
		assert.Equal(t, test.want, compiled(t, test.format).Ambiguities(), test.format)
	}
}
