package accesslog

import "strings"

// Words of API Gateway's errors about the credentials of a request, which repeat what they are about: 'x' not a valid key=value pair (missing equal-sign)
// in Authorization header: 'x'.
const (
	notAPair = "' not a valid key=value pair"
	ofHeader = "in Authorization header: '"
)

// repeated are the words after which an error repeats the Authorization header, or the canonical request, up to its end.
var repeated = [...]string{"Authorization=", "String for this request should have been"}

// isError says whether a variable's values are words about a failure.
func (v *variable) isError() bool { return v.grammar >= quoted && strings.Contains(v.name, "rror") }

// credentials finds what the words of an error repeat of a request's credentials: parts in their order, which do not overlap.
func credentials(s string) (parts []span) {
	from := 0
	if end := strings.LastIndex(s, notAPair); end >= 0 {
		if start := strings.IndexByte(s, '\'') + 1; start < end {
			parts = append(parts, span{start, end})
		}
		from = end + len(notAPair)
	}
	if i := strings.Index(s[from:], ofHeader); i >= 0 {
		start := from + i + len(ofHeader)
		from = len(s)
		if end := strings.LastIndexByte(s[start:], '\''); end >= 0 {
			from = start + end
		}
		parts = append(parts, span{start, from})
	}
	last := len(s)
	for _, words := range repeated {
		if i := strings.Index(s[from:last], words); i >= 0 {
			last = from + i + len(words)
		}
	}
	parts = tokens(s, span{from, last}, parts)
	if last < len(s) {
		parts = append(parts, span{last, len(s)})
	}
	return parts
}

// A word after Bearer may be a token, not the language's next word, if it is as long as this.
const (
	minToken = 8
	bearer   = "bearer "
)

// tokens adds what is a token by its looks: a JSON Web Token, which is {" in base64 up to its first dot, or what follows Bearer.
func tokens(s string, in span, parts []span) []span {
	for start := in.start; start < in.end; {
		n := tokenLength(s[start:in.end])
		word := s[start : start+n]
		switch begin := strings.Index(word, "eyJ"); {
		case n >= minToken && start >= len(bearer) && strings.EqualFold(s[start-len(bearer):start], bearer):
			parts = append(parts, span{start, start + n})
		case begin >= 0 && strings.IndexByte(word[begin:], '.') > 0:
			parts = append(parts, span{start + begin, start + n})
		}
		start += n + 1
	}
	return parts
}

// tokenLength is how many characters of a token a text begins with (RFC 6750, section 2.1: b64token).
func tokenLength(s string) int {
	n := 0
	for n < len(s) && (isNameCharacter(s[n]) || strings.IndexByte("-.~+/=", s[n]) >= 0) {
		n++
	}
	return n
}

// withoutCredentials is the words of an error with each byte of what they repeat replaced.
func withoutCredentials(s string) string {
	parts := credentials(s)
	if parts == nil {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	done := 0
	for _, part := range parts {
		out.WriteString(s[done:part.start])
		mask(&out, part.end-part.start)
		done = part.end
	}
	out.WriteString(s[done:])
	return out.String()
}
