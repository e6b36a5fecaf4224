package accesslog

import (
	"slices"
	"strings"
)

// Ambiguity names two variables of which both can have the text between them, without "$context.", and what the format has there.
type Ambiguity struct{ First, Second, Separator string }

// Ambiguities finds where the values of a format can be mistaken for each other: see the package's documentation. Each variable is named as a first one
// at most once.
func (f *Format) Ambiguities() []Ambiguity {
	var out []Ambiguity
	for i := range f.segments[:len(f.segments)-1] {
		if j, between := f.rival(i); j > 0 {
			out = append(out, Ambiguity{f.segments[i].variable.name, f.segments[j].variable.name, between})
		}
	}
	return out
}

// rival returns the variable to which the i-th can lose text, and what is between them; 0 where there is none.
func (f *Format) rival(i int) (j int, between string) {
	s := &f.segments[i]
	first := s.variable.grammar
	if s.literal == "" {
		if next := f.segments[i+1].variable.grammar; first.shares(next) {
			return i + 1, ""
		}
		return 0, ""
	}
	if !first.hasAll(s.literal) {
		return 0, ""
	}
	for j := i + 1; j < len(f.segments); j++ {
		literal := f.segments[j-1].literal
		if between += literal; !weak(literal) {
			return 0, ""
		}
		v := f.segments[j].variable
		if v.grammar.hasAll(literal) {
			return j, between
		}
		between += contextPrefix + v.name
	}
	return 0, ""
}

// lost says of each segment whether it can have a part of a masked value: a variable can lose text to a later one, and takes what it can of one that
// follows directly. Where all that separates them is alike, those between them get parts, too, but for numbers. Values that were read by their keys can't.
func (f *Format) lost(masked []bool) []bool {
	if f.passes == nil {
		return masked
	}
	out := slices.Clone(masked)
	for i := len(out) - 2; i >= 0; i-- {
		if j, _ := f.rival(i); j == i+1 && f.segments[i].literal == "" {
			out[i] = out[i] || out[j]
		}
	}
	for i := range out[:len(out)-1] {
		j, _ := f.rival(i)
		if !out[i] || j == 0 || slices.ContainsFunc(f.segments[i+1:j], segment.standsOut) {
			continue
		}
		out[j] = true
		if slices.ContainsFunc(f.segments[i:j], func(s segment) bool { return s.literal != f.segments[i].literal }) {
			continue
		}
		for k := i + 1; k < j; k++ {
			out[k] = out[k] || !f.segments[k].isNumber()
		}
	}
	return out
}

// isNumber says whether the variable has no text: a number, date or truth value.
func (s segment) isNumber() bool {
	g := s.variable.grammar
	return g == integer || g == date || g == boolean
}

// standsOut says whether no value has the like of the variable and of what follows it in it by chance: a date, or a number before more than a blank.
func (s segment) standsOut() bool {
	return s.variable.grammar == date || s.isNumber() && strings.TrimSpace(s.literal) != ""
}

// longestWeak is how long a text without letters and digits can be that values often have in them.
const longestWeak = 4

// weak says whether values naturally have a text in them.
func weak(s string) bool {
	if len(s) > longestWeak {
		return false
	}
	for i := range len(s) {
		if isLowerOrDigit(s[i]) || isUpper(s[i]) || s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hasAll says whether all characters of a text can be in a value.
func (g grammar) hasAll(s string) bool {
	for i := range len(s) {
		if !g.has(s[i]) {
			return false
		}
	}
	return true
}

// shares says whether a value can go on with what begins the next one, which follows directly. A date stands out of any text.
func (g grammar) shares(next grammar) bool {
	if g.wide() && next == date {
		return false
	}
	for c := range 256 {
		if g.has(byte(c)) && next.canBegin(byte(c)) {
			return true
		}
	}
	return false
}

// canBegin says whether a value can have a first character.
func (g grammar) canBegin(c byte) bool {
	switch g {
	case text:
		return true
	case quoted:
		return c == '"'
	case date:
		return '0' <= c && c <= '9'
	case boolean:
		return c == 't' || c == 'f'
	}
	return g.begins(c)
}
