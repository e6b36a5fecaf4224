package accesslog

import (
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// spare is room for the attributes that the reader adds to a record: the event's id and the log stream.
const spare = 2

// Write maps a line that was just decoded: attributes, body, severity, trace id, and the timestamp where the line has one. known is what the record's
// resource says already.
func (b *Bound) Write(record plog.LogRecord, line string, v *Values, known Identity) {
	if id := b.Attributes(record.Attributes(), spare, line, v, known); !id.IsEmpty() {
		record.SetTraceID(id)
	}
	status, _ := b.format.Number(line, v, b.status)
	setSeverity(record, status)
	if t, ok := b.Time(line, v); ok {
		record.SetTimestamp(t)
	}
	if b.keepBody {
		record.Body().SetStr(b.body(line, v))
	}
}

// Attributes writes the attributes of a line that was just decoded, with room for some more, and returns the trace id among them, empty where there is
// none.
func (b *Bound) Attributes(attributes pcommon.Map, room int, line string, v *Values, known Identity) (trace pcommon.TraceID) {
	attributes.EnsureCapacity(attributes.Len() + len(b.fields) + room)
	for i := range b.fields {
		f := &b.fields[i]
		for k := range f.sources {
			s := &f.sources[k]
			if raw, _ := b.format.value(line, v, s.segment); raw != "" && b.put(attributes, &trace, f, s, raw, &known) {
				break
			}
		}
	}
	return trace
}

// put writes an attribute, and says whether the value was one.
func (b *Bound) put(attributes pcommon.Map, trace *pcommon.TraceID, f *field, s *source, raw string, known *Identity) bool {
	switch {
	case f.action == redact.Hash:
		value, ok := s.as.text(s.escape.undo(raw), known)
		if ok && value != "" {
			attributes.PutStr(f.attribute, b.rules.Hash(value))
		}
		return ok
	case s.as == asText:
		if s.isError {
			raw = withoutCredentials(raw)
		}
		attributes.PutStr(f.attribute, s.escape.undo(raw))
		return true
	case s.as == asInt, s.as == asSeconds:
		n, ok := parseInt(raw)
		if ok && s.as == asInt {
			attributes.PutInt(f.attribute, n)
		} else if ok {
			attributes.PutDouble(f.attribute, float64(n)/1000)
		}
		return ok
	case s.as == asBool:
		if truthLength(raw) != len(raw) {
			return false
		}
		attributes.PutBool(f.attribute, raw == "true")
		return true
	}
	value, ok := s.as.text(s.escape.undo(raw), known)
	if !ok || value == "" {
		return ok
	}
	if s.as == asTrace {
		if id, ok := ParseTraceID(value); ok {
			*trace = id
		}
	}
	attributes.PutStr(f.attribute, value)
	return true
}

// text is an attribute's value that is text; "" where there is nothing to say. It is false where the value does not say it.
func (c conversion) text(value string, known *Identity) (string, bool) {
	switch c {
	case asProtocol:
		return strings.TrimPrefix(strings.TrimPrefix(value, "HTTP/"), "TLSv"), true
	case asTrace:
		return traceID(value), true
	case asRoute:
		_, route, ok := strings.Cut(value, " ")
		return route, ok && strings.HasPrefix(route, "/")
	case asAPIID:
		return unless(value == known.APIID, value), true
	case asStage:
		return unless(value == known.Stage, value), true
	case asAccount:
		return unless(value == known.AccountID, value), true
	}
	return value, true
}

// unless is the value where a condition does not hold.
func unless(condition bool, value string) string {
	if condition {
		return ""
	}
	return value
}

// Time is when the request of a decoded line came: requestTimeEpoch, else requestTime. It is false where the line has neither.
func (b *Bound) Time(line string, v *Values) (pcommon.Timestamp, bool) {
	const maxMilliseconds = math.MaxInt64 / 1_000_000
	if ms, ok := b.format.Number(line, v, b.epoch); ok && ms <= maxMilliseconds {
		return pcommon.Timestamp(ms * 1e6), true //nolint:gosec // digits only, and bounded above
	}
	for _, i := range b.date {
		raw, _ := b.format.value(line, v, i)
		if seconds, ok := v.clock.read(raw); ok && seconds >= 0 && seconds <= maxMilliseconds/1000 {
			return pcommon.Timestamp(seconds * 1e9), true
		}
	}
	return 0, false
}

// body is the line, with each byte replaced of the values that are dropped or hashed, and of what errors repeat of credentials.
func (b *Bound) body(line string, v *Values) string {
	var out strings.Builder
	done := 0
	for _, m := range b.masks {
		raw, at := b.format.value(line, v, m.segment)
		if raw == "" {
			continue
		}
		shown := ""
		if !m.whole {
			if shown = withoutCredentials(raw); shown == raw {
				continue
			}
		}
		if done == 0 {
			out.Grow(len(line))
		}
		out.WriteString(line[done:at.start])
		if m.whole {
			mask(&out, at.end-at.start)
		} else {
			out.WriteString(shown)
		}
		done = at.end
	}
	if done == 0 {
		return line
	}
	out.WriteString(line[done:])
	return out.String()
}

const stars = "****************************************************************"

func mask(out *strings.Builder, n int) {
	for ; n > len(stars); n -= len(stars) {
		out.WriteString(stars)
	}
	out.WriteString(stars[:n])
}

// parseInt reads a number without a sign.
func parseInt(s string) (n int64, ok bool) {
	if s == "" || len(s) > len("9223372036854775807")-1 {
		return 0, false // eighteen digits always fit
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}

// traceID is the X-Ray trace id of a value that may be a whole X-Amzn-Trace-Id header.
func traceID(s string) string {
	_, id, ok := strings.Cut(s, "Root=")
	if !ok {
		return s
	}
	id, _, _ = strings.Cut(id, ";")
	return id
}

// ParseTraceID reads 1-, 8 hexadecimal digits of seconds, - and 24 random ones: together, the 16 bytes of a W3C trace id.
func ParseTraceID(s string) (id pcommon.TraceID, ok bool) {
	const length = len("1-58406520-a006649127e371903a2de979")
	if len(s) != length || s[:2] != "1-" || s[10] != '-' {
		return id, false
	}
	digit := 0
	for i := 2; i < length; i++ {
		if i == 10 {
			continue
		}
		n, ok := hexDigit(s[i])
		if !ok {
			return pcommon.TraceID{}, false
		}
		id[digit/2] = id[digit/2]<<4 | n
		digit++
	}
	return id, !id.IsEmpty()
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
