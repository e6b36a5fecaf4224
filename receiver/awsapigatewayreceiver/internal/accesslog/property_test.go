package accesslog

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile are values that make lines hard to read.
var hostile = []string{
	"-", "", "- -", " ", `"`, `""`, "'", ",", "]", `]"`, `] " - [`, "|", "\t", "/", "200", "true", `","status":"200`, `evil","status":"200","x":"`, "one, two, three",
	`]" 200 12 - "`, "Mozilla/5.0 (Ünïcode; 日本語; 🦊)", `back\slash \" \n \u0041 \`, "</userAgent><status>500</status>", "tab\tbed", "a&amp;b & <c>",
	"18/Jul/2022:12:33:39 +0000", "GET /pets", "$context.status", "x status=200", "a\nb", "404 -", "/a /b", `"quoted" text`, ", ", " - ",
}

// likely are values that AWS writes.
var likely = map[grammar][]string{
	absent: {""}, integer: {"200", "0", "1658147619982"}, address: {"203.0.113.7", "2001:db8::1"}, host: {"api.example.com"}, name: {"prod", "$default", "abc123"},
	method: {"GET", "POST"}, token: {"a3c1f6f0-1111-2222", "Vwc2MGFUrPEFV_g=", "AROA:i-0abc", "HTTP/1.1", "arn:aws:sts::1:r/x"}, word: {"a,b:c"}, dates: {"May 26 12:30:54 2026 GMT"},
	path: {"/pets", "/", "/a,b|c"}, boolean: {"true", "false"}, date: {"18/Jul/2022:12:33:39 +0000"}, routeKey: {"GET /pets/{id}", "$default", "sendmessage"},
}

// draw makes a value of a variable: mostly one that fits.
func draw(r *rand.Rand, g grammar) string {
	switch {
	case r.IntN(6) == 0:
		return "-"
	case g == quoted:
		return `"` + pick(r, hostile) + `"`
	case g == text, r.IntN(40) == 0:
		value := pick(r, hostile)
		if r.IntN(3) == 0 {
			value += pick(r, hostile)
		}
		return value
	}
	return pick(r, likely[g])
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// render writes a line as API Gateway does.
func render(literals, values []string) string {
	var b strings.Builder
	for i, value := range values {
		b.WriteString(literals[i])
		b.WriteString(value)
	}
	b.WriteString(literals[len(values)])
	return b.String()
}

// parts are what a line has for each of a format's variables, as it is.
func parts(line string, v *Values) []string {
	var out []string
	for _, at := range v.spans {
		out = append(out, at.of(line))
	}
	return out
}

// unmistakable says whether a value can't be mistaken: it fits, and what follows it can't be found in it.
func unmistakable(g grammar, value, literal string) bool {
	if !forms[g].MatchString(value) {
		return false
	}
	return literal != "" && strings.Index(value+literal, literal) == len(value) || g == date && value != "-"
}

// randomly is a source of random numbers whose seed is in the test's log.
func randomly(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Whatever a line says, it is read by the documented rule; and values that do not have in them what follows them come back as they were.
func TestDecodingFollowsTheDocumentedRule(t *testing.T) {
	r := randomly(t)
	formats := append([]string(nil), stockFormats...)
	for _, test := range templates {
		if !strings.Contains(test.format, "claims") { // whose names are longer than the oracle knows
			formats = append(formats, test.format)
		}
	}
	exact := 0
	for _, format := range formats {
		f, o, v := compiled(t, format), newOracle(format), &Values{}
		for range 30 {
			values := make([]string, len(o.grammars))
			plain := true
			for i, g := range o.grammars {
				values[i] = draw(r, g)
				last := i == len(values)-1 && forms[g].MatchString(values[i])
				plain = plain && (last || unmistakable(g, values[i], o.literals[i+1]))
			}
			line := render(o.literals, values)
			want, ok := o.read(line)
			require.Equal(t, ok, f.Decode(line, v), "%q\n%q", format, line)
			if ok {
				require.Equal(t, want, parts(line, v), "%q\n%q", format, line)
			}
			if plain {
				require.Equal(t, values, parts(line, v), "%q\n%q", format, line)
				exact++
			}
		}
	}
	assert.Greater(t, exact, 3*len(formats))
}

// Variables and separators that have much in common, and what lines can have of them.
var (
	muddledNames = []string{
		"status", "error.message", "path", "requestId", "nothing", "routeKey", "isCanaryRequest", "error.messageString", "requestTime", "identity.sourceIp", "stage",
		"identity.clientCert.validity.notAfter", "httpMethod",
	}
	muddledSeparators = []string{" ", "-", ",", "/", `"`, "0", "a", "", "--", " -", "|", "\n", "A", ":"}
	muddledValues     = []string{"-", "", "-", "0", "/", "a", " ", `"`, "A /", "true", "18/Jul/2022:12:33:39 +0000", "--", ",", "A"}
)

// Nor do short lines of nothing but separators confuse it, in formats of nothing else.
func TestSeparatorsAloneAreReadByTheRule(t *testing.T) {
	r := randomly(t)
	for range 4000 {
		var format, line strings.Builder
		for range 1 + r.IntN(6) {
			separator := pick(r, muddledSeparators)
			format.WriteString(separator + contextPrefix + pick(r, muddledNames))
			line.WriteString(separator + pick(r, muddledValues))
		}
		separator := pick(r, muddledSeparators)
		format.WriteString(separator)
		line.WriteString(separator)
		f, v := compiled(t, format.String()), &Values{}
		want, ok := newOracle(format.String()).read(line.String())
		require.Equal(t, ok, f.Decode(line.String(), v), "%q\n%q", format.String(), line.String())
		if ok {
			require.Equal(t, want, parts(line.String(), v), "%q\n%q", format.String(), line.String())
		}
	}
}

// No line costs more than its length and the number of variables allow, and none is given up.
func TestSeparatorsAloneAreReadInLinearTime(t *testing.T) {
	r := randomly(t)
	for range 4000 {
		var format, line strings.Builder
		separators := []string{pick(r, muddledSeparators), pick(r, muddledSeparators)}
		for range 3 + r.IntN(12) {
			format.WriteString(pick(r, separators) + contextPrefix + pick(r, muddledNames))
		}
		f, v := compiled(t, format.String()+"!"), &Values{}
		units := append([]string{pick(r, muddledValues), pick(r, muddledValues)}, separators...)
		line.WriteString(f.prefix)
		for range 100 + r.IntN(500) {
			line.WriteString(pick(r, units))
		}
		v.spans = make([]span, len(f.segments))
		for _, lenient := range f.passes {
			f.search(line.String(), v, lenient)
			require.LessOrEqual(t, v.spent, effort/2*(len(f.segments)+1)*(line.Len()+1), "%q\n%q", format.String(), line.String())
		}
	}
}
