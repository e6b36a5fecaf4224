package segment

import (
	"encoding/json"
	"strings"
)

// secrets are the keys whose values never leave the receiver, under any name before them, in lower case and with hyphens.
var secrets = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "set-cookie": true, "x-api-key": true, "x-amz-security-token": true,
	"password": true, "secret": true, "token": true, "api-key": true, "apikey": true,
}

const longestSecret = len("x-amz-security-token")

// isSecret says whether the last part of a key is one of them. Most keys are known to be none by their length.
func isSecret(key string) bool {
	last := key[strings.LastIndexByte(key, '.')+1:]
	if len(last) < len("token") || len(last) > longestSecret {
		return false
	}
	var normal [longestSecret]byte
	for i := range len(last) {
		c := last[i]
		switch {
		case c == '_':
			c = '-'
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		normal[i] = c
	}
	return secrets[string(normal[:len(last)])]
}

// scrub is JSON with null in the place of what is secret by its key, the JSON itself where nothing is.
func (w *writer) scrub(raw string) string {
	s := scrubber{reader: reader{text: raw}, clean: w.clean}
	s.value(false)
	if s.done == 0 {
		return raw
	}
	s.out.WriteString(raw[s.done:])
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
	case secret:
		s.skip()
		s.replace(start, "null")
	case c == '{':
		key := ""
		for s.open('{'); s.member(&key); {
			s.value(isSecret(key))
		}
	case c == '[':
		for s.open('['); s.more(']'); {
			s.value(false)
		}
	case c == '"':
		if before := s.string(); s.clean(before) != before {
			s.replace(start, quote(s.clean(before)))
		}
	default:
		s.skip()
	}
}

// replace puts something else in the place of what was read since start.
func (s *scrubber) replace(start int, by string) {
	if s.err == nil {
		s.out.WriteString(s.text[s.done:start])
		s.out.WriteString(by)
		s.done = s.at
	}
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
