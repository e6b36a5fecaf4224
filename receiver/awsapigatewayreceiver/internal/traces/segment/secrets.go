package segment

import (
	"encoding/json"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// scrub is JSON with null in the place of what is secret by its key, the JSON itself where nothing is: one value, or several one after another, as lines
// have them. What of a text is no JSON, or was cut, is a text like others.
func (w *writer) scrub(raw string) string {
	s := scrubber{reader: reader{text: raw}, clean: w.clean}
	for s.value(false); s.err == nil && isJSON(s.text[s.at:]); {
		s.value(false)
	}
	rest := raw[s.done:]
	if (s.err != nil || !s.ended()) && suspicious(rest) {
		rest = public(rest, w.keepsQueries())
	}
	if s.done == 0 {
		return rest
	}
	s.out.WriteString(rest)
	return s.out.String()
}

type scrubber struct {
	reader
	clean func(string) string
	out   strings.Builder
	done  int // how far the JSON is in out
}

func (s *scrubber) value(secret bool) {
	c := s.peek()
	start := s.at
	switch {
	case s.err != nil || start == len(s.text):
		s.fail("")
	case secret:
		s.skip()
		s.replace(start, "null")
	case c == '{':
		key := ""
		for s.open('{'); s.key(&key); {
			s.value(redact.Secret(key))
		}
		s.tooDeep(start)
	case c == '[':
		for s.open('['); s.more(']'); {
			s.value(false)
		}
		s.tooDeep(start)
	case c == '"':
		before := s.string()
		if s.err != nil {
			before = unescape(s.text[start+1:]) // as far as it goes
		}
		if after := s.clean(before); after != before {
			s.replace(start, quote(after))
		}
	default:
		s.skip()
	}
}

// key goes on to the next member, like member. Keys may be URLs, too.
func (s *scrubber) key(to *string) bool {
	start := s.at
	if !s.member(to) {
		return false
	}
	if after := s.clean(*to); after != *to {
		comma := s.text[start : start+strings.IndexByte(s.text[start:], '"')]
		s.replace(start, comma+quote(after)+":")
	}
	return true
}

// tooDeep leaves out what nobody looked into.
func (s *scrubber) tooDeep(start int) {
	if s.depth > maxDepth && s.done <= start {
		s.replace(start, "null")
	}
}

// replace puts something else in the place of what was read since start: after an error, of all that follows.
func (s *scrubber) replace(start int, by string) {
	s.out.WriteString(s.text[s.done:start])
	s.out.WriteString(by)
	s.done = s.at
}

// quote is a text as a JSON string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return "null" // never: every text can be one
	}
	return string(b)
}

// isPersonal says whether an attribute tells who a user is: that is off unless the user of the receiver asks for it.
func isPersonal(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "enduser.")
}
