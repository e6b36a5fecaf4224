package awssim

import "strings"

// formatPart is literal text of an access-log format, and the variable after it.
type formatPart struct {
	literal string
	name    string // of the variable, without "$context."; "": none
	write   func([]byte, *logContext) []byte
}

// contextPrefix begins each variable of a format. Nothing else is replaced in it.
const contextPrefix = "$context."

// compileFormat takes an access-log format apart. What it can't name for that type of API is written as absent.
func compileFormat(kind, format string) []formatPart {
	var parts []formatPart
	for format != "" {
		at := strings.Index(format, contextPrefix)
		if at < 0 {
			return append(parts, formatPart{literal: format})
		}
		rest := format[at+len(contextPrefix):]
		name := rest[:variableLength(rest)]
		if name == "" {
			parts, format = append(parts, formatPart{literal: format[:at+len(contextPrefix)]}), rest
			continue
		}
		parts = append(parts, formatPart{literal: format[:at], name: name, write: variable(kind, name)})
		format = rest[len(name):]
	}
	return parts
}

// variableLength returns how long the name is that a text begins with: words of letters, digits and underscores with dots between them. The names of
// headers may have hyphens.
func variableLength(s string) int {
	hyphens := strings.HasPrefix(s, "requestOverride.") || strings.HasPrefix(s, "responseOverride.header.")
	n := 0
	for n < len(s) {
		c := s[n]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-' && hyphens:
		case c == '.' && n > 0 && n+1 < len(s) && s[n+1] != '.' && variableLength(s[n+1:]) > 0:
		default:
			return n
		}
		n++
	}
	return n
}

// appendLine writes an access-log line: values verbatim, "-" for those that are absent, without any escaping.
func appendLine(b []byte, parts []formatPart, c *logContext) []byte {
	for i := range parts {
		p := &parts[i]
		b = append(b, p.literal...)
		if p.name == "" {
			continue
		}
		before := len(b)
		if p.write != nil {
			b = p.write(b, c)
		}
		if len(b) == before {
			b = append(b, '-')
		}
	}
	return b
}

// variable finds how a variable is written; nil: the type of API has none of that name.
func variable(kind, name string) func([]byte, *logContext) []byte {
	if v, ok := contextVariables[name]; ok {
		if !v.in.has(kind) {
			return nil
		}
		return v.write
	}
	for _, p := range contextProperties {
		if property, ok := strings.CutPrefix(name, p.prefix); ok && p.in.has(kind) {
			return func(b []byte, c *logContext) []byte { return p.write(b, c, property) }
		}
	}
	return nil
}

// kinds are types of APIs.
type kinds uint8

const (
	inREST kinds = 1 << iota
	inHTTP
	inWebSocket
	inAll = inREST | inHTTP | inWebSocket
)

func (k kinds) has(kind string) bool {
	switch kind {
	case TypeREST:
		return k&inREST != 0
	case TypeHTTP:
		return k&inHTTP != 0
	default:
		return k&inWebSocket != 0
	}
}
