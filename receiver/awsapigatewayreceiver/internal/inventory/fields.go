package inventory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object as AWS wrote it, with its numbers undecided.
type object map[string]any

// decodeObject reads one item of an answer.
func decodeObject(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("cannot decode: %w", err)
	}
	return o, nil
}

// at returns the value at a path of members, separated by dots; nil where there is none.
func (o object) at(path string) any {
	for {
		member, rest, deeper := strings.Cut(path, ".")
		v := o[member]
		if !deeper {
			return v
		}
		below, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		o, path = below, rest
	}
}

// text returns the string at a path, "" where there is none.
func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

// number returns the number at a path, nil where there is none.
func (o object) number(path string) *float64 {
	n, ok := o.at(path).(json.Number)
	if !ok {
		return nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil
	}
	return &f
}

func (o object) is(path string) bool {
	b, _ := o.at(path).(bool)
	return b
}

// objects returns the objects of the list at a path.
func (o object) objects(path string) []object {
	list, _ := o.at(path).([]any)
	out := make([]object, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// members returns the members of the object at a path that are objects themselves.
func (o object) members(path string) map[string]object { return membersOf(o.at(path)) }

func membersOf(v any) map[string]object {
	m, _ := v.(map[string]any)
	out := make(map[string]object, len(m))
	for k, v := range m {
		if below, ok := v.(map[string]any); ok {
			out[k] = below
		}
	}
	return out
}

// texts returns the strings of the list at a path; a string alone is a list of one.
func (o object) texts(path string) []string {
	switch v := o.at(path).(type) {
	case string:
		return []string{v}
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// date returns the time at a path, zero where there is none that can be read.
func (o object) date(path string) time.Time {
	t, _ := parseDate(o.at(path))
	return t
}

// parseDate reads a time in both forms: v1 writes seconds since 1970, v2 RFC 3339.
func parseDate(v any) (time.Time, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil || f < 0 || f > maxUnix {
			return time.Time{}, false
		}
		whole, fraction := math.Modf(f)
		return time.Unix(int64(whole), int64(math.Round(fraction*1e3))*1e6).UTC(), true
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		return t.UTC(), err == nil
	}
	return time.Time{}, false
}

// maxUnix is the last second of the year 9999, which RFC 3339 can still write.
const maxUnix = 253402300799

// Decimal is a number that stays a floating-point one, whatever its value: a limit of 100.0 and one of 0.5 have one type.
type Decimal float64

// MarshalJSON always writes a fraction or an exponent.
func (d Decimal) MarshalJSON() ([]byte, error) {
	b := strconv.AppendFloat(nil, float64(d), 'g', -1, 64)
	if math.IsInf(float64(d), 0) || math.IsNaN(float64(d)) {
		return nil, fmt.Errorf("cannot encode %v", float64(d))
	}
	if !bytes.ContainsAny(b, ".e") {
		b = append(b, '.', '0')
	}
	return b, nil
}

// field says which attribute a member of AWS's answer becomes, and how. What no field names does not come out.
type field struct {
	member, attribute string
	as                conversion
}

// conversion turns a value into that of an attribute: nil where there is nothing to say, false where it is not what AWS documents.
type conversion func(v any) (any, bool)

// describe converts the members of an object that fields name. A value that a conversion does not understand stays as it is, and is counted.
func (d *describer) describe(into map[string]any, o object, fields []field) {
	for _, f := range fields {
		v := o.at(f.member)
		if v == nil {
			continue
		}
		out, ok := f.as(v)
		if !ok {
			d.bad++
			out = raw(v)
		}
		if out != nil {
			into[f.attribute] = out
		}
	}
}

// maxRaw bounds a value that is passed on as it is.
const maxRaw = 1024

// raw is a value as AWS wrote it, as text.
func raw(v any) any {
	s, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		s = string(b)
	}
	if len(s) > maxRaw {
		s = s[:maxRaw]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func text(v any) (any, bool) {
	s, ok := v.(string)
	if ok && s == "" {
		return nil, true
	}
	return s, ok
}

func boolean(v any) (any, bool) {
	b, ok := v.(bool)
	return b, ok
}

func integer(v any) (any, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	if i, err := n.Int64(); err == nil {
		return i, true
	}
	f, err := n.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return nil, false
	}
	return int64(f), true
}

func decimal(v any) (any, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	f, err := n.Float64()
	return Decimal(f), err == nil
}

// date becomes RFC 3339.
func date(v any) (any, bool) {
	t, ok := parseDate(v)
	return t.Format(time.RFC3339Nano), ok
}

// list is a list of strings. A string alone, which v1 writes for some lists of one, is one, too.
func list(v any) (any, bool) {
	if s, ok := v.(string); ok {
		v = []any{s}
	}
	in, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]any, 0, len(in))
	for _, e := range in {
		s, ok := e.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, true
	}
	return out, true
}

// first is the first string of a list.
func first(v any) (any, bool) {
	l, ok := list(v)
	if l == nil {
		return nil, ok
	}
	return l.([]any)[0], true
}

// dictionary is a map of strings or bools, as it is.
func dictionary(v any) (any, bool) {
	in, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	out := make(map[string]any, len(in))
	for k, e := range in {
		switch e.(type) {
		case string, bool:
			out[k] = e
		default:
			return nil, false
		}
	}
	if len(out) == 0 {
		return nil, true
	}
	return out, true
}

// names are the keys of a map whose values may be secret.
func names(v any) (any, bool) {
	in, ok := v.(map[string]any)
	if !ok {
		return nil, true // and what it is instead may be one, too
	}
	if len(in) == 0 {
		return nil, true
	}
	return sortedNames(in), true
}

// digest tells that there is a document, and whether it changed, without its text.
func digest(v any) (any, bool) {
	s, ok := v.(string)
	if !ok || s == "" {
		return nil, true
	}
	return hashOf(s), true
}

// digests are those of a map of documents.
func digests(v any) (any, bool) {
	in, _ := v.(map[string]any)
	out := make(map[string]any, len(in))
	for k, e := range in {
		if s, ok := e.(string); ok {
			out[k] = hashOf(s)
		}
	}
	if len(out) == 0 {
		return nil, true
	}
	return out, true
}

// hashOf is half of the SHA-256 of a text, in hex.
func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
