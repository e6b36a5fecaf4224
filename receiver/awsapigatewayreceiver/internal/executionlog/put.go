package executionlog

import (
	"encoding/hex"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// callers is how many attributes a caller adds to those of the line: the event's id, the log stream.
const callers = 2

// put writes the attributes.
func (d *Decoder) put(record plog.LogRecord, e *event) {
	to := record.Attributes()
	to.EnsureCapacity(to.Len() + 1 + e.count + callers)
	if e.phase != "" {
		d.putText(to, phase, e.phase, e.phase)
	}
	if e.size != unknownSize && d.actions[size] == redact.Keep {
		to.PutInt(executionSize, int64(e.size))
	}
	if e.truncated && d.actions[cut] == redact.Keep {
		to.PutBool(executionTruncated, true)
	}
	for i, v := range e.values[:e.count] {
		a := &attributes[v.field]
		if a.name == "" || v.field == requestID && i > 0 && e.values[0].field == requestID {
			continue // the prefix alone decides which request a line belongs to
		}
		switch a.as {
		case text:
			d.putText(to, v.field, e.of(v.span), e.render(v.span))
		case trace:
			d.putTrace(record, v, e)
		default:
			d.putNumber(to, v, e)
		}
	}
}

// putText writes a text as it is shown, or the hash of what it is.
func (d *Decoder) putText(to pcommon.Map, f field, is, shown string) {
	switch name := attributes[f].name; d.actions[f] {
	case redact.Keep:
		to.PutStr(name, shown)
	case redact.Hash:
		to.PutStr(name, d.rules.Hash(is))
	}
}

// putNumber writes what is a number. A status counts for the severity even where its attribute is dropped.
func (d *Decoder) putNumber(to pcommon.Map, v value, e *event) {
	a := &attributes[v.field]
	keep := d.actions[v.field] == redact.Keep
	if !isNumber(e.of(v.span)) {
		return
	}
	if a.as == integer {
		n, err := strconv.ParseInt(e.of(v.span), 10, 64)
		if err != nil {
			return
		}
		if v.field == status || v.field == backendStatus || v.field == serviceStatus {
			e.status = max(e.status, n)
		}
		if keep {
			to.PutInt(a.name, n)
		}
		return
	}
	n, err := strconv.ParseFloat(e.of(v.span), 64)
	if err != nil || !keep {
		return
	}
	if a.as == seconds {
		n /= 1000
	}
	to.PutDouble(a.name, n)
}

// isNumber says whether a text looks like a number without a sign. strconv reads more: signs, hexadecimal digits, and words.
func isNumber(s string) bool {
	return s != "" && s[0]-'0' <= 9 && strings.Trim(s, "0123456789.eE+-") == ""
}

// putTrace writes the id of the X-Ray trace, which newer lines write with "Root=" before it, also as the record's.
func (d *Decoder) putTrace(record plog.LogRecord, v value, e *event) {
	v.from += len(e.of(v.span)) - len(strings.TrimPrefix(e.of(v.span), "Root="))
	if end := strings.IndexByte(e.of(v.span), ';'); end >= 0 {
		v.to = v.from + end
	}
	if v.from == v.to {
		return
	}
	d.putText(record.Attributes(), v.field, e.of(v.span), e.render(v.span))
	if id, ok := parseTraceID(e.of(v.span)); ok && d.actions[v.field] == redact.Keep {
		record.SetTraceID(id)
	}
}

// parseTraceID reads 1-5c755b5d-07b29b94e632d3da19d88789: a version, eight digits of time, and 24 of chance (X-Ray Developer Guide, sending trace data).
func parseTraceID(s string) (id pcommon.TraceID, ok bool) {
	if len(s) != len("1-5c755b5d-07b29b94e632d3da19d88789") || s[:2] != "1-" || s[10] != '-' {
		return id, false
	}
	var digits [32]byte
	copy(digits[:8], s[2:10])
	copy(digits[8:], s[11:])
	_, err := hex.Decode(id[:], digits[:])
	return id, err == nil && !id.IsEmpty()
}
