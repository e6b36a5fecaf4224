package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

func TestTextsLoseQueriesAndCredentials(t *testing.T) {
	w := writer{rules: redact.New(nil, nil, "")}
	for text, want := range map[string]string{
		"GET https://h/p?token=S failed":                                     "GET https://h/p failed",
		"GET\t/pay?x\n/pay?y":                                                "GET\t/pay\n/pay",
		"asked api.example.com/pay?q=S, got none":                            "asked api.example.com/pay got none",
		"lambda.example?token=S":                                             "lambda.example",
		`Post "https://ann:S@h:8443/p": EOF`:                                 `Post "https://REDACTED:REDACTED@h:8443/p": EOF`,
		"https://ann:S/x@h/ is no host":                                      "https://REDACTED is no host",
		"from /login?next=https://h/p?q=S to /":                              "from /login to /",
		"see https://h/x/https://ann:S@i/ there":                             "see https://h/x/REDACTED there",
		"cannot open redis://:S@cache:6379/0":                                "cannot open redis://REDACTED:REDACTED@cache:6379/0",
		"https://h/p?q=a b&token=S":                                          "https://h/p",
		`[1,"https://h/p?q=S"]`:                                              `[1,"https://h/p"]`,
		`{"a":{"accessToken":["S"],"x-amzn-trace-id":"Root=1"}} behind /a?S`: `{"a":{"accessToken":null,"x-amzn-trace-id":"Root=1"}} behind /a`,
		"{\"a\":1}\x00 https://ann:S@h/p?q=S":                                "{\"a\":1}\x00 https://REDACTED:REDACTED@h/p",
		` {"body":"{\"pwd\":\"S`:                                             ` {"body":"{\"pwd\":null"`,
		`{"a":1, "https://h/p?q=S" :{"b?c=d":2}}`:                            `{"a":1, "https://h/p":{"b":2}}`,
	} {
		assert.Equal(t, want, w.clean(text), text)
	}
	assert.Equal(t, `{"token":null`, w.clean(`{"token":12`), "what was cut")
	assert.Equal(t, strings.Repeat("[", maxDepth)+"null", w.clean(strings.Repeat("[", 300)+`{"token":"S"}`), "what is too deep to look into")
	for _, text := range []string{
		"", "plain", "is it ok?", "and/or?", "(yes/no?)", "ann@example.com", "https://example.com/@me", "/pets/{id}", "[INFO] began", "{half", "[", "#1 of a/b",
		"SELECT * FROM a WHERE b=? AND c IN (?,?)", "UPDATE a SET b=?,c=? WHERE d/2=?", "arn:aws:iam::1:user/ann@example.com", `{"sampling_key":"a","count":1}`, "a://",
	} {
		assert.Equal(t, text, w.clean(text))
	}
	asked := writer{rules: redact.New(nil, []string{"url.query"}, "")}
	assert.Equal(t, "GET https://h/p?a=b&token=REDACTED /q?access%5Ftoken=REDACTED", asked.clean("GET https://h/p?a=b&token=S /q?access%5Ftoken=S"))
}

func TestURLsOfSpansNeedNoScheme(t *testing.T) {
	w, asked := writer{rules: redact.New(nil, nil, "")}, writer{rules: redact.New(nil, []string{"url.query"}, "")}
	for text, want := range map[string][2]string{
		"api.example.com/pay?token=S": {"api.example.com/pay", "api.example.com/pay?token=REDACTED"},
		"api.example.com/pay#S":       {"api.example.com/pay", "api.example.com/pay"},
		"ann:S@api.example.com/pay?S": {"", ""},
		"/pay?a=b":                    {"/pay", "/pay?a=b"},
		"https://h/p?a=b":             {"https://h/p", "https://h/p?a=b"},
		"https://ann:S/@h/p":          {"https://REDACTED", "https://REDACTED"},
	} {
		assert.Equal(t, want, [2]string{w.cleanURL(text), asked.cleanURL(text)}, text)
	}
}

// What takes a time that grows with the square of the length would take minutes here.
func TestLongTextsAreReadOnce(t *testing.T) {
	w := writer{rules: redact.New(nil, nil, "")}
	for _, text := range []string{"?", "a://", "1", "/?,", "[", `{"a":`, `"\\`, "=?", "@:", "a b?c ", "://", `"`, `\"`, "{}", "{} ", "a=b;", "a=%25", "a=%2525", "token=;"} {
		long := strings.Repeat(text, maxDocument/len(text))
		w.clean(long)
		w.clean("[" + long)
		w.clean("/" + long + "://?")
	}
}
