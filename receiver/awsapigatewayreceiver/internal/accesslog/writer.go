package accesslog

import (
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Writer maps access-log lines to log records. It can be used by several goroutines at once.
type Writer struct {
	rules    *redact.Rules
	keepBody bool
}

// NewWriter makes a writer that follows the rules for each attribute. Without keepBody, records have no body.
func NewWriter(rules *redact.Rules, keepBody bool) *Writer {
	return &Writer{rules, keepBody}
}

// Bound is a format with what the writer does with each of its variables.
type Bound struct {
	*Writer
	format *Format
	fields []field
	masks  []masking // ascending
	// Segments with what is a part of the record beside its attributes.
	status, epoch, date Ref
}

// field is an attribute of the record, and the segments that it can come from, by precedence.
type field struct {
	attribute string
	action    redact.Action // Keep or Hash
	sources   []source
}

type source struct {
	segment int
	as      conversion
	escape  escape
	rank    int
	isError bool
}

// masking is a segment of whose values something is masked in the body: the whole, or what an error repeats of credentials.
type masking struct {
	segment int
	whole   bool
}

// Bind works out what happens to the variables of a format, once for all of its lines.
func (w *Writer) Bind(f *Format) *Bound {
	b := &Bound{Writer: w, format: f, status: f.indices["status"], epoch: f.indices["requestTimeEpoch"], date: f.indices["requestTime"]}
	at := map[string]int{}
	masked := w.masked(f)
	lost := f.lost(masked)
	for i := range f.segments {
		v := &f.segments[i].variable
		if whole := masked[i] || lost[i]; whole || v.isError() {
			b.masks = append(b.masks, masking{i, whole})
		}
		if lost[i] && !masked[i] {
			continue
		}
		for _, t := range v.targets {
			action := w.action(v, t)
			if action == redact.Drop {
				continue
			}
			k, ok := at[t.attribute]
			if !ok {
				k = len(b.fields)
				at[t.attribute] = k
				b.fields = append(b.fields, field{attribute: t.attribute, action: action})
			}
			b.fields[k].sources = append(b.fields[k].sources, source{i, t.as, f.segments[i].escape, v.rank, v.isError()})
		}
	}
	for _, field := range b.fields {
		slices.SortStableFunc(field.sources, func(x, y source) int { return x.rank - y.rank })
	}
	return b
}

// masked says of each segment whether its values may not be seen as they are.
func (w *Writer) masked(f *Format) []bool {
	out := make([]bool, len(f.segments))
	for i := range f.segments {
		v := &f.segments[i].variable
		out[i] = slices.ContainsFunc(v.targets, func(t target) bool { return w.action(v, t) != redact.Keep })
	}
	return out
}

func (w *Writer) action(v *variable, t target) redact.Action {
	if v.secrecy == secret {
		return redact.Drop
	}
	action := w.rules.Of(t.attribute, v.secrecy == asked)
	if action == redact.Hash && t.as != asText && t.as < asProtocol {
		return redact.Drop // only a text has a hash: an attribute never changes its type
	}
	return action
}

// Keeps says whether the values of an attribute come out as they are, if it is not off by default.
func (b *Bound) Keeps(attribute string) bool { return b.rules.Of(attribute, false) == redact.Keep }

// Secret says whether the format has a variable whose values are masked: then, lines of its stage that can't be decoded must not come out, either.
func (b *Bound) Secret() bool {
	return slices.ContainsFunc(b.masks, func(m masking) bool { return m.whole })
}

// unmatched is the value of attr.ParseError.
const unmatched = "no format fits"

// WriteUnmatched maps a line that no format fits: all of it is the body, or how long it is where it may have secrets in it.
func (w *Writer) WriteUnmatched(record plog.LogRecord, line string, withhold bool) {
	record.Attributes().PutStr(attr.ParseError, unmatched)
	setSeverity(record, 0)
	switch {
	case !w.keepBody:
	case withhold:
		w.Withhold(record, line)
	default:
		record.Body().SetStr(line)
	}
}

// Withhold puts how long a line is in the place of the body, where a line may have secrets in it.
func (w *Writer) Withhold(record plog.LogRecord, line string) {
	if w.keepBody {
		record.Body().SetStr("withheld: " + strconv.Itoa(len(line)) + " bytes")
	}
}

// setSeverity is by the status of the response, 0 where it is unknown.
func setSeverity(record plog.LogRecord, status int64) {
	number, text := plog.SeverityNumberInfo, "INFO"
	switch {
	case status >= 500:
		number, text = plog.SeverityNumberError, "ERROR"
	case status >= 400:
		number, text = plog.SeverityNumberWarn, "WARN"
	}
	record.SetSeverityNumber(number)
	record.SetSeverityText(text)
}
