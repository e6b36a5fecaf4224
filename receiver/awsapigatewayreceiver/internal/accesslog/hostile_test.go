package accesslog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fill repeats a text up to a length.
func fill(text string, length int) string { return strings.Repeat(text, length/len(text)+1)[:length] }

// A client that fills its user agent with what separates the values neither gets a value of its own into the record, nor costs more time than the
// length of the line.
func TestLongHostileAgentsAreReadInLinearTime(t *testing.T) {
	const agentAt = "\x00"
	for _, test := range []struct{ name, format, line, agent string }{
		{
			"JSON", `{"id":"$context.requestId","agent":"$context.identity.userAgent","status":"$context.status","path":"$context.path","ms":"$context.responseLatency"}`,
			`{"id":"Q8N=","agent":"` + agentAt + `","status":"404","path":"/pets","ms":"12"}`, `","status":"200","path":"/x","ms":`,
		},
		{
			"JSON with two texts", `{"agent":"$context.identity.userAgent","e":"$context.error.message","status":"$context.status"}`,
			`{"agent":"` + agentAt + `","e":"no","status":"404"}`, `","status":"200`,
		},
		{"CSV", "$context.requestId,$context.identity.userAgent,$context.status,$context.path", "Q8N=," + agentAt + ",404,/pets", ",404,"},
		{"commas", "$context.requestId,$context.identity.userAgent,$context.status,$context.path", "Q8N=," + agentAt + ",404,/pets", ","},
		{"CLF", `[$context.requestTime] "$context.identity.userAgent" $context.status $context.requestId`, `[18/Jul/2022:12:33:39 +0000] "` + agentAt + `" 404 Q8N=`, `]" 200 `},
		{"blanks", "$context.identity.userAgent $context.httpMethod $context.path $context.status", agentAt + " GET /pets 404", " "},
		{"bars around tokens", "$context.identity.userAgent|$context.requestId|$context.stage|$context.status", agentAt + "|Q8N=|prod|404", "|"},
		{"letters beside a token", "$context.identity.userAgent$context.httpMethod $context.status", agentAt + "GET 404", " A"},
		{"routes", "$context.identity.userAgent $context.routeKey $context.status", agentAt + " GET /pets 404", "GET /a "},
		{"a value that is quoted", "$context.error.messageString $context.identity.userAgent $context.status", `"no" ` + agentAt + ` 404`, `" "`},
		{"hyphens", "$context.identity.userAgent-$context.nothing-$context.nothing-$context.status", agentAt + "----404", "-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := compiled(t, test.format)
			for _, length := range []int{8 << 10, 32 << 10} {
				line := strings.Replace(test.line, agentAt, fill(test.agent, length)+"end", 1)
				v := &Values{}
				require.True(t, f.Decode(line, v))
				assert.Equal(t, "404", f.Get(line, v, "status"))
				assert.LessOrEqual(t, v.spent, 3*len(f.segments)*len(line))

				broken := strings.TrimSuffix(strings.Replace(line, "404", "4x4", 1), "12\"}")
				f.Decode(broken, v)
				assert.LessOrEqual(t, v.spent, 3*len(f.segments)*len(broken))
			}
		})
	}
}

// A log event has at most 1 MB.
func TestALineOfAMegabyteIsRead(t *testing.T) {
	f, v := compiled(t, "$context.requestId,$context.identity.userAgent,$context.status,$context.stage"), &Values{}
	line := "Q8N=," + strings.Repeat(",404,/x", 1<<20/len(",404,/x")) + "end,404,prod"
	require.True(t, f.Decode(line, v))
	assert.Len(t, f.Get(line, v, "identity.userAgent"), len(line)-len("Q8N=,,404,prod"))
}

// Without escapes, a client can write what looks like the values that follow its own in JSON, too. It gets nothing into the values of a format that has
// what clients write at its end.
func TestAgentsAtTheEndOfAFormatForgeNothing(t *testing.T) {
	const agent = `x","status":"200","error":"","agent":"y`
	f, v := compiled(t, `{"id":"$context.requestId","status":"$context.status","error":"$context.error.message","agent":"$context.identity.userAgent"}`), &Values{}
	line := `{"id":"Q8N=","status":"404","error":"no","agent":"` + agent + `"}`
	require.True(t, f.Decode(line, v))
	assert.Equal(t, "404", f.Get(line, v, "status"))
	assert.Equal(t, "no", f.Get(line, v, "error.message"))
	assert.Equal(t, agent, f.Get(line, v, "identity.userAgent"))
}

// Where an agent does not have the text that follows it together with a rest that fits, it comes back whole.
func TestLongHostileAgentsComeBack(t *testing.T) {
	const format = `{"id":"$context.requestId","agent":"$context.identity.userAgent","status":"$context.status","path":"$context.path"}`
	f, v := compiled(t, format), &Values{}
	for _, text := range hostile {
		if text == "" {
			continue
		}
		agent := fill(text, 8<<10)
		line := `{"id":"Q8N=","agent":"` + agent + `","status":"404","path":"/pets"}`
		require.True(t, f.Decode(line, v), text)
		assert.Equal(t, agent, v.spans[1].of(line), text)
	}
}

// What is read of a JSON line in no known format is bounded, whatever is in it: so many values at any depth, and keys so long. A line that has more is
// given up where that shows, and costs no more than the part before it.
func TestHostileJSONLinesAreGivenUp(t *testing.T) {
	const length = 512 << 10
	begin, key := `{"requestId":"a-b","status":"200","x":`, strings.Repeat("k", length/2)
	for name, test := range map[string]struct {
		line     string
		value    int // of which the line is given up
		read, of int // of bytes: at most
	}{
		"empty objects in an array":             {begin + "[" + fill("{},", length) + "{}]}", maxValues + 1, 2 << 10, length},
		"empty arrays in an array":              {begin + "[" + fill("[],", length) + "[]]}", maxValues + 1, 2 << 10, length},
		"nulls":                                 {begin + "[" + fill("null,", length/5*5) + "null]}", maxValues + 1, 4 << 10, length},
		"empty objects in an object":            {begin + "{" + fill(`"k":{},`, length/7*7) + `"k":{}}}`, maxValues + 1, 4 << 10, length},
		"a long key":                            {`{"` + key + `":1,"requestId":"a-b","status":"200"}`, 2, len(key) + 16, length / 2},
		"a long key with many empty objects":    {`{"requestId":"a-b","status":"200","` + key + `":[` + fill("{},", length/2/3*3) + "{}]}", 4, len(key) + 64, length},
		"a long key within many nested objects": {`{"requestId":"a-b","status":"200",` + nested(`"`+strings.Repeat("k", 100)+`":`, maxDepth-2) + "}", 6, 512, 1 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			require.Greater(t, len(test.line), test.of)
			_, ok := DecodeJSON(test.line, &Values{})
			assert.False(t, ok)
			r := &objectReader{line: test.line, decoder: json.NewDecoder(strings.NewReader(test.line)), format: &Format{}}
			require.ErrorIs(t, r.value("", 0), errTooMuch)
			assert.Equal(t, test.value, r.values)
			assert.LessOrEqual(t, int(r.decoder.InputOffset()), test.read)
		})
	}
}

// nested are objects in objects, each the value of the key before it.
func nested(key string, depth int) string {
	return strings.Repeat(key+"{", depth) + strings.Repeat("}", depth)
}

// A format with every variable there is reads a line with every value, and one without any.
func TestTheLargestFormatReadsItsLines(t *testing.T) {
	var literals, values, nothing []string
	var format strings.Builder
	for _, variable := range documented {
		if format.Len() > maxFormat-60 {
			break
		}
		literals, values, nothing = append(literals, "~"+string(rune('a'+len(values)%26))+"="), append(values, value(variable.grammar)), append(nothing, "-")
		format.WriteString(literals[len(literals)-1] + contextPrefix + variable.name)
	}
	literals = append(literals, "")
	f, v := compiled(t, format.String()), &Values{}
	for _, want := range [][]string{values, nothing} {
		line := render(literals, want)
		require.True(t, f.Decode(line, v))
		assert.Equal(t, want, parts(line, v))
	}
	assert.Greater(t, len(values), 70)
}

// value is one that fits a grammar.
func value(g grammar) string {
	switch g {
	case text:
		return `some text, "quoted"`
	case quoted:
		return `"some text"`
	}
	return likely[g][0]
}
