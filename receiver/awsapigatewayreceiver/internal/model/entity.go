package model

import (
	"maps"
	"slices"
	"strings"
)

// ID identifies an entity within its target: attribute names and their values. The target's account and region, which belong to every id of an
// API Gateway resource, are left out.
type ID map[string]string

// Entity is one resource: who it is, everything that is known of it, and what it relates to. Its JSON form is how it is kept and compared.
type Entity struct {
	Type string `json:"t"`
	ID   ID     `json:"i"`
	// Description holds strings, bools, integers, Decimals, and lists and maps of them, by attribute name.
	Description map[string]any `json:"d,omitempty"`
	Relations   []Relation     `json:"r,omitempty"`
}

// Relation points from an entity to another one, on the side that lives shorter.
type Relation struct {
	Kind string `json:"k"` // part_of, runs, depends_on, ...
	Type string `json:"t"`
	ID   ID     `json:"i"`
}

// Key tells entities apart: the type and the values of the id.
func Key(kind string, id ID) string {
	var b strings.Builder
	b.WriteString(kind)
	for _, k := range slices.Sorted(maps.Keys(id)) {
		b.WriteByte(0)
		b.WriteString(k)
		b.WriteByte('=')
		b.WriteString(id[k])
	}
	return b.String()
}
