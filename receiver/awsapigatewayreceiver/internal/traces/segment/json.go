package segment

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may stand in each other: 126 subsegments below each other, as each has an array and an object.
const maxDepth = 256

// reader reads JSON from front to back, by what is expected of each member. Strings without escapes point into the text. After an error nothing is
// read any more, so that only the end of a document has to look for it.
type reader struct {
	text    string
	at      int
	depth   int
	err     error
	unknown int // members that have no attribute of their own, or not the type that they should have
	spans   int // subsegments and the segment itself
}

var errShort = errors.New("ends too early")

func (r *reader) fail(what string) {
	switch {
	case r.err != nil:
	case r.at >= len(r.text):
		r.err = errShort
	default:
		r.err = fmt.Errorf("%s at byte %d", what, r.at)
	}
	r.at = len(r.text)
}

// peek is the first byte of what comes next, 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// ended says whether nothing comes next. A byte 0 is something.
func (r *reader) ended() bool {
	r.peek()
	return r.at >= len(r.text)
}

// open enters an object or an array. What is none is skipped.
func (r *reader) open(bracket byte) bool {
	if r.peek() != bracket {
		r.mistyped()
		return false
	}
	r.at++
	if r.depth++; r.depth > maxDepth {
		r.fail("too deep")
	}
	return r.err == nil
}

// more goes on to the next element, and is false after the last one. Nothing was read yet where the bracket is right before: no value ends with one.
func (r *reader) more(end byte) bool {
	if r.err != nil {
		return false
	}
	first := r.text[r.at-1] == '{' || r.text[r.at-1] == '['
	c := r.peek()
	switch {
	case c == end:
		r.at++
		r.depth--
		return false
	case first:
	case c == ',':
		r.at++
	default:
		r.fail("a comma is missing")
	}
	return r.err == nil
}

// member goes on to the next member of an object, up to its value.
func (r *reader) member(key *string) bool {
	if !r.more('}') {
		return false
	}
	if r.peek() != '"' {
		r.fail("a key is missing")
		return false
	}
	*key = r.string()
	if r.peek() != ':' {
		r.fail("a colon is missing")
		return false
	}
	r.at++
	return r.err == nil
}

// string reads a string, whose quote is the next byte.
func (r *reader) string() string {
	start, escaped := r.at+1, false
	for i := start; i < len(r.text); i++ {
		switch r.text[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			r.at = i + 1
			if escaped {
				return unescape(r.text[start:i])
			}
			return r.text[start:i]
		}
	}
	r.at = len(r.text)
	r.fail("")
	return ""
}

// unescape undoes the escapes of a string. What is no escape stays, and half a surrogate pair becomes U+FFFD.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found || rest == "" {
			return b.String()
		}
		s = rest[1:]
		switch c := rest[0]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			unit, after := codeUnit(rest[1:])
			if utf16.IsSurrogate(unit) {
				second, ok := strings.CutPrefix(after, `\u`)
				low, end := codeUnit(second)
				if unit = utf16.DecodeRune(unit, low); ok && unit != utf8.RuneError {
					after = end
				} else {
					unit = utf8.RuneError
				}
			}
			b.WriteRune(unit)
			s = after
		default:
			b.WriteByte(c)
		}
	}
}

// codeUnit reads the four digits of a \u escape.
func codeUnit(s string) (unit rune, rest string) {
	if len(s) < 4 {
		return utf8.RuneError, ""
	}
	for i := range 4 {
		digit, ok := hexDigit(s[i])
		if !ok {
			return utf8.RuneError, s[i:]
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, s[4:]
}

// number reads the text of a number.
func (r *reader) number() string {
	start := r.at
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	if r.at < len(r.text) && r.text[r.at] == '0' {
		r.at++
	} else {
		r.digits()
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		r.digits()
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		r.digits()
	}
	if r.err != nil {
		return ""
	}
	return r.text[start:r.at]
}

func (r *reader) digits() {
	start := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		r.at++
	}
	if r.at == start {
		r.fail("a digit is missing")
	}
}

func (r *reader) literal(word string) {
	if !strings.HasPrefix(r.text[r.at:], word) {
		r.fail("no value")
		return
	}
	r.at += len(word)
}

// skip reads over a value.
func (r *reader) skip() {
	switch c := r.peek(); c {
	case '"':
		r.string()
	case '{':
		key := ""
		for r.open('{'); r.member(&key); {
			r.skip()
		}
	case '[':
		for r.open('['); r.more(']'); {
			r.skip()
		}
	case 't':
		r.literal("true")
	case 'f':
		r.literal("false")
	case 'n':
		r.literal("null")
	default:
		r.number()
	}
}

// mistyped reads over a value that is not what it should be. null stands for an absent value.
func (r *reader) mistyped() {
	if r.peek() != 'n' {
		r.unknown++
	}
	r.skip()
}

// str reads a value that should be a string.
func (r *reader) str(to *string) {
	if r.peek() != '"' {
		r.mistyped()
		return
	}
	*to = r.string()
}

// boolean reads a value that should be true or false.
func (r *reader) boolean(to *bool) {
	switch r.peek() {
	case 't':
		r.literal("true")
		*to = true
	case 'f':
		r.literal("false")
		*to = false
	default:
		r.mistyped()
	}
}

// integer reads a value that should be a whole number.
func (r *reader) integer(to *int64) {
	v := r.value()
	n, ok := v.count()
	switch {
	case v.kind == number && ok:
		*to = n
	case v.kind != null:
		r.unknown++
	}
}

// maxList is how many strings of a list are kept.
const maxList = 64

// list reads a value that should be an array of strings. What is none of them is left out.
func (r *reader) list(to *[]string) {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		var s string
		if r.str(&s); s != "" && len(*to) < maxList {
			*to = append(*to, s)
		}
	}
}
