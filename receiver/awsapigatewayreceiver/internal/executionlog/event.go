package executionlog

import "strings"

// span is a part of a line, by its bytes: [from, to).
type span struct{ from, to int }

// value is what a line says about a field.
type value struct {
	field field
	span
}

// unknownSize is that of a line without a body or parameters.
const unknownSize = -1

// maxValues is how many values a line has: the request id, and the holes of a form.
const maxValues = 8

// event is a line while it is decoded.
type event struct {
	line string
	// text is the line without its prefix and the mark of truncation.
	text      span
	truncated bool
	phase     string
	values    [maxValues]value
	count     int
	// size is that of the body or the parameters that the line shows, in bytes.
	size int
	// status is the highest HTTP status that the line states.
	status int64
	masks  []span
}

const (
	// truncated ends the lines that API Gateway cuts: at 1,024 bytes in all that were seen.
	truncated = " [TRUNCATED]"
	// maxRequestID bounds what is taken for a request id; API Gateway's have up to 36 characters.
	maxRequestID = 128
)

// split takes off what is around the text: in logs "(<request id>) " stands before it, in the output of TestInvokeMethod a date, and lines of 2016 have
// neither.
func (e *event) split() {
	line := e.line
	for e.text.to = len(line); e.text.to > 0 && line[e.text.to-1] <= ' '; {
		e.text.to--
	}
	if strings.HasSuffix(line[:e.text.to], truncated) {
		e.truncated = true
		e.text.to -= len(truncated)
	}
	line = line[:e.text.to]
	switch end := idEnd(line); {
	case end > 0:
		e.add(requestID, len("("), end)
		e.text.from = min(end+len(") "), len(line))
	case dated(line):
		e.text.from = dateLength + len(dateEnd)
	}
}

// idEnd is where the request id ends that the line begins with, in parentheses; 0 where it begins with none. Ids are UUIDs or base64, so that nothing
// hides in them.
func idEnd(line string) int {
	if line == "" || line[0] != '(' {
		return 0
	}
	end := 1
	for end < len(line) && end <= maxRequestID && (classes[line[end]] == nameByte || line[end] == '+' || line[end] == '/') {
		end++
	}
	for end < len(line) && line[end] == '=' {
		end++
	}
	if line[end:] != ")" && !strings.HasPrefix(line[end:], ") ") {
		return 0
	}
	return end
}

// Lines of TestInvokeMethod begin with a date as Java writes it, as in "Wed Feb 12 23:56:44 UTC 2025 : Starting execution".
const (
	dateLength = len("Wed Feb 12 23:56:44 UTC 2025")
	dateEnd    = " : "
)

func dated(line string) bool {
	return len(line) > dateLength && strings.HasPrefix(line[dateLength:], dateEnd) && line[3] == ' ' && line[7] == ' ' && line[13] == ':' && line[16] == ':'
}

// add notes a value, without the spaces around it. Where a line says nothing it has an empty one, or "-".
func (e *event) add(f field, from, to int) {
	if f == ignored {
		return
	}
	for from < to && e.line[from] <= ' ' {
		from++
	}
	for from < to && e.line[to-1] <= ' ' {
		to--
	}
	if v := e.line[from:to]; (v == "" || v == "-") && !f.sized() {
		return
	}
	e.values[e.count] = value{f, span{from, to}}
	e.count++
}

func (e *event) of(s span) string { return e.line[s.from:s.to] }
