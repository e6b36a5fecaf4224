package segment

import (
	"math"
	"strconv"
)

// kind is the type of a JSON value.
type kind uint8

const (
	null kind = iota
	text
	number
	yes
	no
	array
	object
)

// value is any JSON value: a string's content, else its JSON text.
type value struct {
	kind kind
	text string
}

// member is a member of an object that the sender names as it likes, or that we don't know.
type member struct {
	key string
	value
}

// value reads any value.
func (r *reader) value() value {
	c := r.peek()
	start := r.at
	v := value{kind: number}
	switch c {
	case '"':
		return value{text, r.string()}
	case 't':
		v.kind = yes
	case 'f':
		v.kind = no
	case 'n':
		v.kind = null
	case '{':
		v.kind = object
	case '[':
		v.kind = array
	}
	r.skip()
	if r.err != nil {
		return value{}
	}
	v.text = r.text[start:r.at]
	return v
}

// other keeps a member of a block that has no attribute of its own, by its path in the document.
func (r *reader) other(to *[]member, block, key string) {
	v := r.value()
	if v.kind == null {
		return
	}
	r.unknown++
	keep(to, member{block + key, v})
}

// keep adds a member. More than a span can have are read for nothing: one of them stands for those that are left out.
func keep(to *[]member, m member) {
	if len(*to) <= maxAttributes {
		*to = append(*to, m)
	}
}

// integer is the value of a number without a fraction.
func (v value) integer() (int64, bool) {
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// count is the value of a number that should be whole: 429, 4.29E2.
func (v value) count() (int64, bool) {
	if n, ok := v.integer(); ok {
		return n, true
	}
	f, err := strconv.ParseFloat(v.text, 64)
	n := int64(f)
	return n, err == nil && math.Abs(f) < 1<<53 && float64(n) == f
}
