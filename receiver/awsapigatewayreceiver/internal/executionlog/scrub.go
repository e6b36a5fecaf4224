package executionlog

import (
	"strconv"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// keyword is a part of the names whose values are masked in any text, in whatever spelling: lower case, letters and digits alone.
type keyword struct {
	name string
	// member says that only the name of a member counts, quoted or with = after it: in plain text the word is harmless.
	member bool
	// attribute is what the value would become; where that is kept, the value stays. "": never.
	attribute string
	off       bool
}

// keywords name what API Gateway leaves unmasked: of HTTP headers, in maps as Java writes them and in JSON, and of the events that it hands to
// functions and authorizers. Values that become attributes of other lines are masked where the attribute is dropped.
var keywords = []keyword{
	{name: "authorization"},
	{name: "authorizer", member: true},
	{name: "claims", member: true},
	{name: "cookie"},
	{name: "apikey"},
	{name: "securitytoken"},
	{name: "authtoken"},
	{name: "accesstoken"},
	{name: "idtoken"},
	{name: "refreshtoken"},
	{name: "amzsignature"},
	{name: "incomingidentity"},
	{name: "principal", attribute: attr.UserID, off: true},
	{name: "forwardedfor", attribute: attr.ClientAddress},
	{name: "sourceip", attribute: attr.ClientAddress},
	{name: "useragent", attribute: attr.UserAgent},
	{name: "traceid", attribute: attr.XRayTraceID},
	{name: "connectionid", attribute: connectionIDName},
}

// class is what a byte means to the search for names.
type class uint8

const (
	other    class = iota
	nameByte       // of a name
	gap            // may stand between a name and what announces its value
	delim          // announces a value
	percent        // begins what is encoded in a URL
)

var classes = func() (c [256]class) {
	for b := range 256 {
		switch {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '-', b == '_':
			c[b] = nameByte
		case strings.IndexByte(" \t\r\n\\\"')]", byte(b)) >= 0:
			c[b] = gap
		case strings.IndexByte("=:>", byte(b)) >= 0:
			c[b] = delim
		case b == '%':
			c[b] = percent
		}
	}
	return c
}()

// scrub masks the values of secret names in a part of the line, and what is a token by its looks. A name has one word or two: "x-api-key=",
// "Authorization header: ". It reads each byte once.
func (d *Decoder) scrub(e *event, in span) {
	line := e.line[:in.to]
	var word, before, name span            // the last word, the one a space before it, and the name that both may be
	quoted, space, escape := false, -1, -1 // where an encoded space, and anything encoded, ends
	for i := in.from; i < len(line); i++ {
		switch classes[line[i]] {
		case nameByte:
			start := i
			for i+1 < len(line) && classes[line[i+1]] == nameByte {
				i++
			}
			before = span{}
			if (start == word.to+1 && line[word.to] == ' ' || start == space) && word.from < word.to {
				before = word
			}
			word, quoted = span{start, i + 1}, false
			if isToken(line, before, word) || before.to > 0 && isKey(line, before, word) {
				word.to = tokenEnd(line, start)
				e.mask(word)
				i = word.to - 1
			}
			if name = word; before.from < before.to {
				name.from = before.from
			} else if start == escape {
				name.from-- // the A of %0Authorization may be both
			}
		case gap:
			quoted = quoted || line[i] == '"' || line[i] == '\''
		case delim:
			i = d.announced(e, line, i, line[i], name, quoted)
			word, name = span{}, span{}
		case percent:
			c, end := decoded(line, i)
			if c == ' ' && i == word.to {
				space = end + 1
			}
			escape = end + 1
			switch i = end; classes[c] {
			case gap:
				quoted = quoted || c == '"' || c == '\''
			case delim:
				i = d.announced(e, line, i, c, name, quoted)
				word, name = span{}, span{}
			default:
				word, name = span{}, span{}
			}
		default:
			word, name = span{}, span{}
		}
	}
}

// announced masks what the byte at i announces, which says or stands for c, if it is the value of a secret name, and returns the last byte that was read.
func (d *Decoder) announced(e *event, line string, i int, c byte, name span, quoted bool) int {
	if name.from == name.to {
		return i
	}
	k := d.secretName(e.of(name), quoted || c == '=')
	if k == nil {
		return i
	}
	value := d.valueOf(line, i, quoted, e.of(name), k)
	e.mask(value)
	return max(i, value.to-1)
}

// decoded is the character that a percent sign stands for with what follows it, encoded once or more often, and where that ends. What is none stands for
// itself.
func decoded(line string, i int) (c byte, end int) {
	at := i + 1
	for strings.HasPrefix(line[at:], "25") {
		at += len("25")
	}
	if len(line) < at+2 {
		return '%', i
	}
	n, err := strconv.ParseUint(line[at:at+2], 16, 8)
	if err != nil {
		return '%', i
	}
	return byte(n), at + 1
}

// minKey is how long the value of an API key is at least (API Gateway Developer Guide, API keys).
const minKey = 20

// isKey reports whether a word after "API Key" is long enough to be one.
func isKey(line string, before, word span) bool {
	const label = "API Key"
	return before.to-len(label) >= 0 && strings.EqualFold(line[before.to-len(label):before.to], label) && word.to-word.from >= minKey
}

// minToken is how long a word after Bearer is that may be a token, not the language's next word.
const minToken = 8

// isToken reports whether a token begins with the word: a JSON Web Token, which is {" in base64 up to its first dot, or what follows Bearer.
func isToken(line string, before, word span) bool {
	if strings.HasPrefix(line[word.from:], "eyJ") && word.to < len(line) && line[word.to] == '.' {
		return true
	}
	return before.to-before.from == len("bearer") && strings.EqualFold(line[before.from:before.to], "bearer") && tokenEnd(line, word.from)-word.from >= minToken
}

func tokenEnd(line string, from int) int {
	for from < len(line) && (classes[line[from]] == nameByte || strings.IndexByte(".~+/=", line[from]) >= 0) {
		from++
	}
	return from
}
