package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// reassemble puts a line together from a format's literal texts and a line's parts.
func reassemble(t *testing.T, f *Format, line string, v *Values) string {
	var b strings.Builder
	b.WriteString(f.prefix)
	end := len(f.prefix)
	for i, at := range v.spans {
		require.True(t, end == at.start && at.start <= at.end && at.end <= len(line), "%v", v.spans)
		b.WriteString(at.of(line))
		b.WriteString(f.segments[i].literal)
		end = at.end + len(f.segments[i].literal)
	}
	return b.String()
}

// Of any format and any line, the literal texts and the parts make up the line, and what is masked does not come out.
func FuzzFormat(f *testing.F) {
	for _, test := range templates {
		f.Add(test.format, test.line)
	}
	for i, test := range stockLines {
		f.Add(stockFormats[i%len(stockFormats)], test.line)
	}
	w := NewWriter(usual(), true)
	f.Fuzz(func(t *testing.T, format, line string) {
		compiled, err := Compile(format)
		if err != nil {
			return
		}
		compiled.Ambiguities()
		v, record := &Values{}, plog.NewLogRecord()
		bound := w.Bind(compiled)
		if !compiled.Decode(line, v) {
			w.WriteUnmatched(record, line, bound.Secret())
			return
		}
		whole := reassemble(t, compiled, line, v)
		require.True(t, whole == line || whole+compiled.space == line, "%q %q", whole, line)
		bound.Write(record, line, v, compiled.Identity(line, v))
		assert.Len(t, record.Body().Str(), len(line))
	})
}

// A secret between any text comes out neither in an attribute nor in the body, even where the format does not fit the line.
func FuzzSecret(f *testing.F) {
	f.Add("agent", `"`, `","status":"`)
	f.Add(`","key":"`, `\`, "}")
	const planted = "S3CRETKEY"
	format := `{"agent":"$context.identity.userAgent","key":"$context.identity.apiKey","e":"$context.error.message","again":"$context.identity.apiKey"}`
	compiled := compiled(f, format)
	w := NewWriter(usual(), true)
	bound := w.Bind(compiled)
	f.Fuzz(func(t *testing.T, agent, before, message string) {
		for _, text := range []string{agent, before, message} {
			if strings.Contains(text, "key") || strings.Contains(text, "again") || strings.Contains(text, planted) {
				return // a value that imitates the format is another value
			}
		}
		line := `{"agent":"` + agent + `","key":"` + before + planted + `","e":"` + message + `","again":"` + planted + `"}`
		v, record := &Values{}, plog.NewLogRecord()
		if compiled.Decode(line, v) {
			bound.Write(record, line, v, Identity{})
		} else {
			w.WriteUnmatched(record, line, bound.Secret())
		}
		for _, value := range record.Attributes().All() {
			assert.NotContains(t, value.AsString(), planted)
		}
		assert.NotContains(t, record.Body().Str(), planted)
	})
}

// Of any JSON line, the values are parts of it.
func FuzzJSON(f *testing.F) {
	f.Add(`{"requestId":"a","identity":{"apiKey":"s3cret"},"status":200}`)
	f.Add("{\n\"requestId\" : \"\\u0061\" ,\"x\":[{\"cookie\":null}]}")
	w := NewWriter(usual(), true)
	f.Fuzz(func(t *testing.T, line string) {
		v, record := &Values{}, plog.NewLogRecord()
		format, ok := DecodeJSON(line, v)
		if !ok {
			return
		}
		end := 0
		for _, at := range v.spans {
			require.True(t, end <= at.start && at.start <= at.end && at.end <= len(line), "%v", v.spans)
			end = at.end
		}
		w.Bind(format).Write(record, line, v, format.Identity(line, v))
		assert.Len(t, record.Body().Str(), len(line))
	})
}
