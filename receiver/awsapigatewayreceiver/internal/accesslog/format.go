package accesslog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxFormat is how long a format can be, in bytes (API Gateway quotas: access-log template, 3 KB).
const maxFormat = 3 << 10

var errNoVariable = errors.New("it has no $context variable: lines look all the same")

// Format is a compiled format. It never changes, and can be used by several goroutines at once.
type Format struct {
	prefix   string // before the first variable
	segments []segment
	space    string // white space at the end, which may be missing from a line
	passes   []bool // whether a pass is lenient
	indices  map[string][]int
	identity [4][]int // of the segments that Identity reads, in the order of its fields
}

// segment is a variable, and the text after it. The text after the last one is without white space at its end.
type segment struct {
	variable variable
	literal  string
	escape   escape
	closed   bool // see closes
}

// Compile turns the format of a stage's access log into a decoder. Errors say why no line could be decoded.
func Compile(format string) (*Format, error) {
	if len(format) > maxFormat {
		return nil, fmt.Errorf("cannot compile an access-log format of %d bytes: API Gateway has at most %d", len(format), maxFormat)
	}
	literals, names := cut(format)
	if len(names) == 0 {
		return nil, fmt.Errorf("cannot compile an access-log format: %w", errNoVariable)
	}
	f := &Format{prefix: literals[0], passes: []bool{false, true}}
	escapes := escapes(literals, names)
	for i, name := range names {
		f.segments = append(f.segments, segment{variable: lookUp(name), literal: literals[i+1], escape: escapes[i]})
	}
	last := &f.segments[len(names)-1]
	trimmed := strings.TrimRight(last.literal, " \t\r\n")
	last.literal, f.space = trimmed, last.literal[len(trimmed):]
	for i := range f.segments {
		s := &f.segments[i]
		s.closed = s.closes(s.variable.grammar)
	}
	f.index()
	return f, nil
}

// index notes where the variables are.
func (f *Format) index() {
	f.indices = make(map[string][]int, len(f.segments))
	for i := range f.segments {
		name := f.segments[i].variable.name
		f.indices[name] = append(f.indices[name], i)
	}
	for i, name := range [...]string{"apiId", "stage", "accountId", "domainName"} {
		f.identity[i] = f.indices[name]
	}
}

// Variables returns the names of the format's variables without "$context.", in its order, each once.
func (f *Format) Variables() []string {
	var names []string
	for i := range f.segments {
		if name := f.segments[i].variable.name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Values are the parts of one line that are the values of a format's variables. They can be used for any number of lines and formats, one after another.
type Values struct {
	spans    []span
	attempts []attempt
	clock    clock
	spent    int // what the last search cost, in bytes looked at
}

// span is a part of a line: s[start:end].
type span struct{ start, end int }

func (s span) of(line string) string { return line[s.start:s.end] }

func isAbsent(value string) bool { return value == "" || value == "-" }

// value returns what the line has for a variable: without the quotes of a quoted one, with its escapes; "" where it is absent. At is where it is.
func (f *Format) value(line string, v *Values, segment int) (raw string, at span) {
	at = v.spans[segment]
	if f.segments[segment].variable.grammar == quoted && at.end-at.start >= 2 && line[at.start] == '"' && line[at.end-1] == '"' {
		at.start++
		at.end--
	}
	if raw = at.of(line); isAbsent(raw) {
		return "", at
	}
	return raw, at
}

// Get returns the value of a variable, "" where it is absent or the format does not have it. line and v are those of the last Decode. Nothing is
// redacted in it.
func (f *Format) Get(line string, v *Values, variable string) string {
	return f.first(line, v, f.indices[variable])
}

// first returns the first present value of some segments, unescaped.
func (f *Format) first(line string, v *Values, segments []int) string {
	for _, i := range segments {
		if raw, _ := f.value(line, v, i); raw != "" {
			return f.segments[i].escape.undo(raw)
		}
	}
	return ""
}

// Ref is where the lines of a format have one of some variables.
type Ref []int

// Ref looks some variables up, of which the first that a line has counts. It is empty where the format has none of them.
func (f *Format) Ref(variables ...string) (r Ref) {
	for _, name := range variables {
		r = append(r, f.indices[name]...)
	}
	return r
}

// Text returns the value of a variable, "" where it is absent. line and v are those of the last Decode. Nothing is redacted in it.
func (f *Format) Text(line string, v *Values, r Ref) string { return f.first(line, v, r) }

// Number returns the value of a variable that is a number without a sign; false where it is absent, or is none.
func (f *Format) Number(line string, v *Values, r Ref) (int64, bool) {
	for _, i := range r {
		raw, _ := f.value(line, v, i)
		if n, ok := parseInt(raw); ok {
			return n, true
		}
	}
	return 0, false
}

// Identity says whose a line is; "" where it does not say.
type Identity struct{ APIID, Stage, AccountID, DomainName string }

// Identity returns what a decoded line says about its API and stage.
func (f *Format) Identity(line string, v *Values) Identity {
	var id Identity
	for i, field := range [...]*string{&id.APIID, &id.Stage, &id.AccountID, &id.DomainName} {
		*field = f.first(line, v, f.identity[i])
	}
	return id
}
