package segment

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStringsAreWhatJSONSaysTheyAre(t *testing.T) {
	for _, text := range []string{
		`""`, `"plain"`, `"a\"b\\c\/d"`, `"\b\f\n\r\t"`, `"\u00e9\u4e2d"`, `"\ud83d\ude00!"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"日本"`,
	} {
		var want string
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		r := reader{text: text}
		assert.Equal(t, want, r.value().text, text)
		assert.NoError(t, r.err)
	}
}

func TestWhatIsNoJSONIsAnError(t *testing.T) {
	for _, text := range []string{
		``, ` `, `null`, `[]`, `"text"`, `{`, `{"id"`, `{"id":`, `{"id":"a"`, `{"id":"a",}`, `{"id":"a" "name":"b"}`, `{,"id":"a"}`, `{id:"a"}`, `{"x":[1,]}`, `{"x":[,1]}`,
		`{"x":[1 2]}`, `{"x":tru}`, `{"x":nul}`, `{"x":-}`, `{"x":1.}`, `{"x":1e}`, `{"x":+1}`, `{"x":.5}`, `{"x":01}`, `{"x":"a\`, `{"x":[}`, `{"x":{]}`, `{"x":1}}`, `{"x":1} {}`,
		`{"x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	} {
		for _, decode := range []func(string) (*Document, error){Decode, DecodeSpan} {
			d, err := decode(text)
			assert.Error(t, err, text)
			assert.Nil(t, d, text)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":"53995c3f42cd8ad8"`:       "cannot decode segment document: ends too early",
		`{"id":"53995c3f42cd8ad8"}}`:     "cannot decode segment document: something follows the document at byte 25",
		`{"id" "53995c3f42cd8ad8"}`:      "cannot decode segment document: a colon is missing at byte 6",
		`{}`:                             "cannot decode segment document: has no usable trace id",
		`{"trace_id":"` + traceID + `"}`: "cannot decode segment document: has no usable id",
		`{"trace_id":"` + traceID + `","id":"53995c3f42cd8ad8"}`: "cannot decode segment document: has no usable start time",
		strings.Repeat(" ", maxDocument+1):                       "cannot decode segment document: has more than 1048576 bytes",
	} {
		_, err := Decode(text)
		assert.EqualError(t, err, want)
	}
	_, err := DecodeSpan(`{"traceId":"` + traceID + `","spanId":"53995c3f42cd8ad8"}`)
	assert.EqualError(t, err, "cannot decode span: has no usable start time")
}
