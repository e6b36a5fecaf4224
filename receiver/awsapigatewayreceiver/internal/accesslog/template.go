package accesslog

import "strings"

// contextPrefix begins each variable of a format.
const contextPrefix = "$context."

// cut takes a format apart: its literal texts, and the names of the variables between them, of which there is one less.
func cut(format string) (literals, names []string) {
	literal := 0
	for at := 0; ; {
		i := strings.Index(format[at:], contextPrefix)
		if i < 0 {
			return append(literals, format[literal:]), names
		}
		begin := at + i
		at = begin + len(contextPrefix)
		n := nameLength(format[at:])
		if n == 0 {
			continue
		}
		literals, names = append(literals, format[literal:begin]), append(names, format[at:at+n])
		at += n
		literal = at
	}
}

// nameLength is how long the name of a variable is that a text begins with.
func nameLength(s string) int {
	joins := "."
	n := 0
	for n < len(s) {
		switch c := s[n]; {
		case isNameCharacter(c):
		case n > 0 && strings.IndexByte(joins, c) >= 0 && n+1 < len(s) && isNameCharacter(s[n+1]):
		default:
			return n
		}
		n++
		switch s[:n] {
		case "requestOverride.", "responseOverride.header.":
			joins = ".-"
		case "authorizer.claims.":
			joins = ".-:"
		}
	}
	return n
}

func isNameCharacter(c byte) bool {
	return isLowerOrDigit(c) || isUpper(c) || c == '_'
}

// escape is how a value is escaped where its variable stands, if it is.
type escape uint8

const (
	verbatim escape = iota
	jsonEscape
	xmlEscape
)

// escapes says for each variable of a format how its values are escaped: by what the literal texts look like before it, and whether it brings quotes.
func escapes(literals, names []string) []escape {
	out := make([]escape, len(names))
	first, last := strings.TrimSpace(literals[0]), strings.TrimSpace(literals[len(out)])
	switch {
	case strings.HasPrefix(first, "<"):
		for i := range out {
			out[i] = xmlEscape
		}
	case strings.HasPrefix(first, "{") && strings.HasSuffix(last, "}"):
		inside := false
		for i := range out {
			if inside = quotesToggle(literals[i], inside); inside || lookUp(names[i]).grammar == quoted {
				out[i] = jsonEscape
			}
		}
	}
	return out
}

// quotesToggle says whether a JSON string is open after a text, if one was before it.
func quotesToggle(s string, inside bool) bool {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && inside:
			i++
		case s[i] == '"':
			inside = !inside
		}
	}
	return inside
}
