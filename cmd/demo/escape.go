package main

import (
	"strconv"
	"strings"
	"unicode"
)

// escaped is a text whose characters that are not printable are written as Go does, so that a name moves no cursor, sets no colour and begins neither
// a line nor a column of its own in the terminal.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
