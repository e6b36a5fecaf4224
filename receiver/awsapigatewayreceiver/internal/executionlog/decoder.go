// Package executionlog decodes the execution logs of REST and WebSocket APIs into log records: what each line states becomes attributes, and what
// must not leave is masked in the body. AWS documents few of the lines; the table in forms.go holds those that are known, in their old and new
// wordings.
package executionlog

import (
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Decoder writes lines into log records. It keeps nothing between lines, and many goroutines can use it at once.
type Decoder struct {
	rules    *redact.Rules
	actions  [fields]redact.Action
	secrets  [256][]keyword
	bodies   bool
	keepBody bool
}

// New makes a decoder. bodies says that bodies, headers and other parameters stay in the body of the record, but for the secrets in them
// (logs.execution.bodies), and keepBody that records have a body (logs.body: original).
func New(rules *redact.Rules, bodies, keepBody bool) *Decoder {
	d := &Decoder{rules: rules, bodies: bodies, keepBody: keepBody}
	for f := range d.actions {
		if a := attributes[f]; a.name != "" {
			d.actions[f] = rules.Of(a.name, a.off)
			if a.as != text && a.as != trace && d.actions[f] == redact.Hash {
				d.actions[f] = redact.Drop // only a text has a hash: an attribute never changes its type
			}
		}
	}
	for _, k := range keywords {
		if k.attribute == "" || rules.Of(k.attribute, k.off) != redact.Keep {
			d.secrets[k.name[0]] = append(d.secrets[k.name[0]], k)
		}
	}
	return d
}

// Write writes the body, the attributes and the severity of a line into a record, and the trace id where the line states it. It reports whether the
// form of the line is known. What it writes shares the memory of the line wherever nothing is masked.
func (d *Decoder) Write(record plog.LogRecord, line string) (known bool) {
	e := event{line: line, size: unknownSize}
	known = d.read(&e)
	d.put(record, &e)
	if d.keepBody {
		record.Body().SetStr(e.render(span{0, len(line)}))
	}
	severity(record, &e)
	return known
}

// read finds what the line says, and what of it is masked.
func (d *Decoder) read(e *event) (known bool) {
	e.split()
	known = e.match()
	if !known {
		e.label()
	}
	d.hide(e)
	return known
}

func severity(record plog.LogRecord, e *event) {
	switch {
	case e.phase == phaseError || e.status >= 500:
		record.SetSeverityNumber(plog.SeverityNumberError)
		record.SetSeverityText("ERROR")
	case e.status >= 400:
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.SetSeverityText("WARN")
	default:
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.SetSeverityText("INFO")
	}
}
