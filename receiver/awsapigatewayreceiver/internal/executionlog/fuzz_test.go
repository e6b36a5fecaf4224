package executionlog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// decoders are one for each kind of setting.
func decoders() []*Decoder {
	all := redact.New([]redact.Rule{{Attribute: "aws.request_id", Action: "hash"}, {Attribute: "*", Action: "drop"}}, nil, "0123456789abcdef")
	return []*Decoder{plain(), withBodies(), New(all, false, true), New(all, true, true)}
}

// FuzzLine decodes anything: what comes out is as valid as the line, and not much longer.
func FuzzLine(f *testing.F) {
	for _, line := range request {
		f.Add(line)
	}
	for _, line := range []string{"", "(", "()", "(a) ", "Wed Feb 12 23:56:44 UTC 2025 : ", "API Key", `"cookie":"\\\"`, `{"cookie":[[{"a":"}"`, "cookie=", "<cookie>", "X-ray Tracing ID : Root=;", truncated} {
		f.Add(line)
	}
	all := decoders()
	f.Fuzz(func(t *testing.T, line string) {
		for _, d := range all {
			record, _ := decode(d, line)
			assertSane(t, line, record.Body().Str())
			for _, v := range record.Attributes().All() {
				if v.Type() == pcommon.ValueTypeStr {
					assertSane(t, line, v.Str())
				}
			}
			assert.NotZero(t, record.SeverityNumber())
		}
	})
}

func assertSane(t *testing.T, line, out string) {
	t.Helper()
	if utf8.ValidString(line) {
		assert.True(t, utf8.ValidString(out), "%q of %q", out, line)
	}
	assert.LessOrEqual(t, len(out), 2*len(line)+32) // a mask has three bytes, and a hash 32; what is masked has at least one, and something announces it
}

// FuzzSecret puts a secret into any text, as the value of a header in two forms.
func FuzzSecret(f *testing.F) {
	f.Add("(a) Endpoint request headers: {Accept=a, ", ", Host=h}")
	f.Add(`Method request body before transformations: {"a":"`, `"}`)
	f.Add("API Key: ", " API Stage: a/b")
	f.Add("(", ") HTTP Method: GET, Resource Path: /")
	f.Add("Bearer ", "")
	f.Add("API Key:", "")
	all := decoders()
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, planted) {
			return
		}
		for _, name := range []string{"Authorization=", "x-api-key: ", `"Cookie":"`} {
			for _, d := range all {
				withoutSecret(t, d, before+name+planted+after)
			}
		}
	})
}
