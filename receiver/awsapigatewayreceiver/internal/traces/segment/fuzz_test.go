package segment

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// A span is at most so large beside what its document says, and each byte of a document stands in so many attributes at most.
const (
	spanBytes = 2000
	copies    = 8
)

// Of any document, no decoder panics, and what it says comes out once, whole and bounded.
func fuzz(f *testing.F, decode func(string) (*Document, error)) {
	translator := New(settings())
	f.Fuzz(func(t *testing.T, document string) {
		d, err := decode(document)
		if err != nil {
			require.Nil(t, d)
			return
		}
		require.True(t, json.Valid([]byte(document)) || !utf8.ValidString(document) || looseJSON(document), "%q", document)
		var sizes [2]int
		for i := range sizes {
			b := translator.NewBatch()
			b.Add(d)
			traces := b.Traces()
			require.Equal(t, d.Spans(), traces.SpanCount())
			require.Equal(t, 1, traces.ResourceSpans().Len())
			for id, span := range spansByID(traces) {
				require.NotEmpty(t, id)
				require.False(t, span.TraceID().IsEmpty())
				require.LessOrEqual(t, span.StartTimestamp(), span.EndTimestamp())
				require.LessOrEqual(t, span.Attributes().Len(), maxAttributes)
				for key, v := range span.Attributes().All() {
					require.True(t, utf8.ValidString(key) && utf8.ValidString(v.AsString()), "%q: %q", key, v.AsString())
				}
			}
			sizes[i] = (&ptrace.ProtoMarshaler{}).TracesSize(traces)
			require.LessOrEqual(t, sizes[i], copies*len(document)+spanBytes*d.Spans())
		}
		assert.Equal(t, sizes[0], sizes[1])
	})
}

// looseJSON says that a document has control characters in strings, or escapes that JSON does not know: they are taken as they are.
func looseJSON(document string) bool {
	for i := range len(document) {
		if document[i] < ' ' || document[i] == '\\' {
			return true
		}
	}
	return false
}

func FuzzDecode(f *testing.F) {
	for _, document := range append([]string{fullDocument}, requestDocuments...) {
		f.Add(document)
	}
	segments, _ := withSecrets()
	for _, document := range segments {
		f.Add(document)
	}
	fuzz(f, Decode)
}

func FuzzDecodeSpan(f *testing.F) {
	for _, document := range []string{stageSpan, integrationSpan, applicationSpan} {
		f.Add(document)
	}
	_, spans := withSecrets()
	for _, document := range spans {
		f.Add(document)
	}
	fuzz(f, DecodeSpan)
}

// Whatever stands around a URL, its credentials and its query do not come out.
func FuzzClean(f *testing.F) {
	for _, around := range [][2]string{{"GET", "failed"}, {`{"a":"`, `"}`}, {`["x`, ``}, {`{"`, `":[1,2]}`}, {"{", "}"}, {"a?b", "c"}, {`"\`, `\"`}, {"{}\x00", ""}} {
		f.Add(around[0], around[1])
	}
	w := writer{rules: redact.New(nil, nil, "")}
	f.Fuzz(func(t *testing.T, before, after string) {
		const url = " https://ann:" + planted + "@example.com/p?q=" + planted + " "
		text := before + url + after
		if clean := w.clean(text); strings.Contains(clean, planted) {
			t.Errorf("%q becomes %q", text, clean)
		}
	})
}
