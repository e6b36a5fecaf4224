package main

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
)

// Names, paths and messages draw nothing in the terminal, and add no lines and no columns to a table.
func TestHostileNamesAreShownAsText(t *testing.T) {
	const hostile = "pets\x1b[2J\u202e\u009b31m\nevil\tcolumn"
	const shown = `pets\x1b[2J\u202e\u009b31m\nevil\tcolumn`
	o := &output{stages: map[string]*stage{"a": {account: hostile, region: hostile, api: hostile, kind: hostile, name: hostile}}}
	tree := (&trace{}).tree(&span{Name: hostile, service: hostile, outcome: hostile})
	change := (&change{at: time.Unix(0, 0), where: hostile, text: hostile}).String()
	for _, text := range []string{o.table(1), tree, change} {
		assert.Equal(t, -1, strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", text)
		assert.Contains(t, text, shown)
	}
	assert.Equal(t, 2, strings.Count(o.table(1), "\n"), "a head and a row")
	assert.Equal(t, `é "q" \`, escaped(`é "q" \`))
}
