package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// object is a mapping whose keys keep their order; list is a sequence.
type (
	field struct {
		key   string
		value any
	}
	object []field
	list   []any
)

// flow is a list on one line, block a string on lines of its own.
type (
	flow  []any
	block string
)

// plain are the strings that YAML reads as themselves without quotes.
var (
	plain    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./:-]*( [A-Za-z0-9_./:-]+)*$`)
	reserved = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|null|y|n)$|: |:$| #`)
)

// encodeYAML writes a document.
func encodeYAML(v any) []byte {
	var b bytes.Buffer
	writeYAML(&b, v, 0)
	return b.Bytes()
}

func writeYAML(b *bytes.Buffer, v any, depth int) {
	indent := strings.Repeat("  ", depth)
	switch v := v.(type) {
	case object:
		for _, f := range v {
			b.WriteString(indent + f.key + ":")
			writeValue(b, f.value, depth+1)
		}
	case list:
		for _, item := range v {
			var inner bytes.Buffer
			writeYAML(&inner, item, depth+1)
			if _, ok := item.(object); ok {
				// The first key stands behind the dash.
				b.WriteString(indent + "- " + strings.TrimPrefix(inner.String(), indent+"  "))
				continue
			}
			b.WriteString(indent + "-")
			writeValue(b, item, depth+1)
		}
	default:
		b.WriteString(indent + scalar(v) + "\n")
	}
}

// writeValue writes what follows a key or a dash.
func writeValue(b *bytes.Buffer, v any, depth int) {
	switch v := v.(type) {
	case object, list:
		b.WriteString("\n")
		writeYAML(b, v, depth)
	case flow:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = scalar(item)
		}
		b.WriteString(" [" + strings.Join(items, ", ") + "]\n")
	case block:
		b.WriteString(" |-\n")
		for line := range strings.SplitSeq(string(v), "\n") {
			b.WriteString(strings.TrimRight(strings.Repeat("  ", depth)+line, " ") + "\n")
		}
	default:
		b.WriteString(" " + scalar(v) + "\n")
	}
}

func scalar(v any) string {
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	if plain.MatchString(s) && !reserved.MatchString(s) {
		return s
	}
	return strings.TrimSuffix(string(encodeJSON(s, "")), "\n")
}

// encodeJSON writes JSON without the escapes that HTML needs.
func encodeJSON(v any, indent string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		panic(err) // it is this program's own data
	}
	return b.Bytes()
}
