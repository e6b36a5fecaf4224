package executionlog

import (
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
		}
	}
	return c
}()

// scrub masks the values of secret names in a part of the line, and what is a token by its looks. A name has one word or two: "x-api-key=",
// "Authorization header: ". It reads each byte once.
func (d *Decoder) scrub(e *event, in span) {
	line := e.line[:in.to]
	var word, before span // the last word, and the one a space before it
	quoted := false
	for i := in.from; i < len(line); i++ {
		switch classes[line[i]] {
		case nameByte:
			start := i
			for i+1 < len(line) && classes[line[i+1]] == nameByte {
				i++
			}
			before = span{}
			if start == word.to+1 && line[word.to] == ' ' && word.from < word.to {
				before = word
			}
			word, quoted = span{start, i + 1}, false
			if isToken(line, before, word) {
				word.to = tokenEnd(line, start)
				e.mask(word)
				i = word.to - 1
			}
		case gap:
			quoted = quoted || line[i] == '"' || line[i] == '\''
		case delim:
			if word.from < word.to {
				name := word
				if before.from < before.to {
					name.from = before.from
				}
				if k := d.secretName(e.of(name), quoted || line[i] == '='); k != nil {
					value := d.valueOf(line, i, quoted, e.of(name), k)
					e.mask(value)
					i = max(i, value.to-1)
				}
			}
			word = span{}
		default:
			word = span{}
		}
	}
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
