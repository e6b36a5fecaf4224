package accesslog

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// undo returns the text that a value stands for: the value itself, without a copy, where nothing in it was escaped.
func (e escape) undo(s string) string {
	switch e {
	case jsonEscape:
		if strings.IndexByte(s, '\\') >= 0 {
			return unescapeJSON(s)
		}
	case xmlEscape:
		if strings.IndexByte(s, '&') >= 0 {
			return unescapeXML(s)
		}
	}
	return s
}

// unescapeJSON returns what a JSON string stands for, or the text itself if it can't be the inside of one.
func unescapeJSON(s string) string {
	if lonelySurrogate(s) {
		return s
	}
	var out string
	if json.Unmarshal([]byte(`"`+s+`"`), &out) != nil {
		return s
	}
	return out
}

// lonelySurrogate finds \u escapes that stand for half a character, which encoding/json would replace.
func lonelySurrogate(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		first, ok := codeUnit(s[i:])
		if !ok {
			i++
			continue
		}
		i += 5
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := codeUnit(s[i+1:])
		if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// codeUnit reads a \u escape.
func codeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

// entities are those that XML has without a declaration.
var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// unescapeXML returns what text of an XML document stands for, or the text itself if it can't be one.
func unescapeXML(s string) string {
	var b strings.Builder
	for rest := s; ; {
		plain, after, found := strings.Cut(rest, "&")
		if strings.IndexByte(plain, '<') >= 0 {
			return s
		}
		b.WriteString(plain)
		if !found {
			return b.String()
		}
		name, below, ok := strings.Cut(after, ";")
		character, known := entity(name)
		if !ok || !known {
			return s
		}
		b.WriteString(character)
		rest = below
	}
}

// entity is the character of a named or numeric reference.
func entity(name string) (string, bool) {
	if c, ok := entities[name]; ok {
		return c, true
	}
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		return "", false
	}
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}
