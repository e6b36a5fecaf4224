package segment

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Bounds of what a cause becomes.
const (
	maxExceptions = 64
	maxFrames     = 256 // of an exception
)

// causeBlock is why a segment failed: the id of an exception that another segment of the trace has, or exceptions.
type causeBlock struct {
	id         string
	directory  string
	paths      []string
	exceptions []exception
}

type exception struct {
	id, message, kind string
	remote            bool  // what was called returned the error
	truncated         int64 // frames that are left out
	skipped           int64 // exceptions between this and its cause
	cause             string
	stack             []frame
}

type frame struct {
	path, label string
	line        int64
}

func (r *reader) cause(s *segment) {
	c := &causeBlock{}
	if r.peek() == '"' {
		if c.id = r.string(); c.id != "" {
			s.cause = c
		}
		return
	}
	if !r.open('{') {
		return
	}
	s.cause = c
	for key := ""; r.member(&key); {
		switch key {
		case "working_directory":
			r.str(&c.directory)
		case "paths":
			r.list(&c.paths)
		case "exceptions":
			r.exceptions(s)
		default:
			r.other(&s.others, "cause.", key)
		}
	}
}

func (r *reader) exceptions(s *segment) {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		r.exception(s)
	}
}

func (r *reader) exception(s *segment) {
	if !r.open('{') {
		return
	}
	e := exception{}
	for key := ""; r.member(&key); {
		switch key {
		case "id":
			r.str(&e.id)
		case "message":
			r.str(&e.message)
		case "type":
			r.str(&e.kind)
		case "remote":
			r.boolean(&e.remote)
		case "truncated":
			r.integer(&e.truncated)
		case "skipped":
			r.integer(&e.skipped)
		case "cause":
			r.str(&e.cause)
		case "stack":
			r.stack(s, &e.stack)
		default:
			r.other(&s.others, "cause.exceptions.", key)
		}
	}
	if len(s.cause.exceptions) < maxExceptions {
		s.cause.exceptions = append(s.cause.exceptions, e)
	}
}

func (r *reader) stack(s *segment, to *[]frame) {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		f := frame{}
		if !r.open('{') {
			continue
		}
		for key := ""; r.member(&key); {
			switch key {
			case "path":
				r.str(&f.path)
			case "label":
				r.str(&f.label)
			case "line":
				r.integer(&f.line)
			default:
				r.other(&s.others, "cause.exceptions.stack.", key)
			}
		}
		if len(*to) < maxFrames {
			*to = append(*to, f)
		}
	}
}

// kindOf is the type of the first exception, "" where there is none.
func (c *causeBlock) kindOf() string {
	if c != nil && len(c.exceptions) > 0 {
		return c.exceptions[0].kind
	}
	return ""
}

// cause writes exceptions as events of the span, at its end: X-Ray keeps no times of them.
func (w *writer) cause(span ptrace.Span, c *causeBlock) {
	w.str(attr.XRayCauseID, c.id)
	w.str(attr.XRayDirectory, c.directory)
	w.list(attr.XRayPaths, c.paths)
	for i := range c.exceptions {
		e := &c.exceptions[i]
		event := span.Events().AppendEmpty()
		event.SetName("exception")
		event.SetTimestamp(span.EndTimestamp())
		on := writer{rules: w.rules, attributes: event.Attributes()}
		on.attributes.EnsureCapacity(5)
		on.str(attr.ExceptionType, e.kind)
		on.str(attr.ExceptionMessage, on.clean(e.message))
		on.str(attr.ExceptionStack, c.trace(e))
		on.str(attr.XRayExceptionID, e.id)
		on.flag(attr.XRayExceptionRemote, e.remote)
		event.SetDroppedAttributesCount(on.dropped)
	}
}

// trace is the stack of an exception, a frame a line. Messages are not in it: they have an attribute with rules of its own.
func (c *causeBlock) trace(e *exception) string {
	var b strings.Builder
	for i := range e.stack {
		f := &e.stack[i]
		b.WriteString("at ")
		b.WriteString(first(f.label, "unknown"))
		if f.path != "" {
			b.WriteString(" (")
			b.WriteString(f.path)
			if f.line > 0 {
				b.WriteByte(':')
				b.WriteString(strconv.FormatInt(f.line, 10))
			}
			b.WriteByte(')')
		}
		b.WriteByte('\n')
	}
	if e.truncated > 0 {
		b.WriteString("... " + strconv.FormatInt(e.truncated, 10) + " more frames\n")
	}
	if e.skipped > 0 {
		b.WriteString("... " + strconv.FormatInt(e.skipped, 10) + " exceptions skipped\n")
	}
	if e.cause != "" {
		b.WriteString("Caused by: " + cut(c.nameOf(e.cause), maxKey) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// nameOf is the type of an exception, or its id where it is in another segment.
func (c *causeBlock) nameOf(id string) string {
	for i := range c.exceptions {
		if e := &c.exceptions[i]; e.id == id && e.kind != "" {
			return e.kind
		}
	}
	return id
}
