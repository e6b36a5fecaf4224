// Package printable shows text that others wrote, names of APIs and AWS's messages for example, so that it can't pass for anything else: in a terminal,
// control characters move the cursor and change colours, and marks of direction turn the order of what stands on the line around.
package printable

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text escapes what is not printable, as Go writes it: \x1b, \u202e. Line feeds and tabs stay; bytes that are no UTF-8 become \x and their value.
func Text(s string) string {
	if strings.IndexFunc(s, hidden) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(0x100|uint64(s[0]), 16)[1:])
		case hidden(r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// hidden says whether a character is not printable. Spaces other than ASCII's look like it, and are hidden.
func hidden(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }
