package accessspan

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
)

// ids are those of a line's spans.
type ids struct {
	trace                  pcommon.TraceID
	parent, server, client pcommon.SpanID
	// request is what the ids are made of.
	request string
}

// identify makes the ids of a line's spans. trace is the X-Ray trace id that the line shows, empty where it does not.
func (f *Format) identify(l *Line, trace pcommon.TraceID) ids {
	out := ids{trace: trace, request: f.text(l, f.ids)}
	if out.request == "" {
		out.request = l.Event.ID
	}
	for i := range f.contexts {
		t, p, ok := parseContext(f.text(l, f.contexts[i:i+1]))
		if !ok {
			continue
		}
		if out.trace.IsEmpty() && i >= f.xray { // an X-Ray trace id that the line does not show is not to be seen
			out.trace = t
		}
		if t == out.trace && !p.IsEmpty() {
			out.parent = p
			break
		}
	}
	var memory [128]byte
	sum := sha256.Sum256(append(memory[:0], out.request...))
	if out.trace.IsEmpty() {
		out.trace = pcommon.TraceID(sum[:16])
	}
	out.server, out.client = pcommon.SpanID(sum[16:24]), pcommon.SpanID(sum[24:])
	return out
}

// authorizer is the id of the authorizer's span.
func (i *ids) authorizer() pcommon.SpanID {
	var memory [128]byte
	sum := sha256.Sum256(append(append(memory[:0], "authorizer\x00"...), i.request...))
	return pcommon.SpanID(sum[:8])
}

// parseContext reads a trace id, and the parent's id if there is one: a traceparent header's value (W3C Trace Context), or an X-Ray trace id, alone or in
// the value of an X-Amzn-Trace-Id header.
func parseContext(s string) (trace pcommon.TraceID, parent pcommon.SpanID, ok bool) {
	const traceparent = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if len(s) >= traceparent && s[2] == '-' && s[35] == '-' && s[52] == '-' {
		var version [1]byte
		ok = unhex(version[:], s[:2]) && version[0] != 0xff && (len(s) == traceparent || version[0] != 0 && s[traceparent] == '-') &&
			unhex(trace[:], s[3:35]) && unhex(parent[:], s[36:52]) && !trace.IsEmpty() && !parent.IsEmpty()
		return trace, parent, ok
	}
	for field := range strings.SplitSeq(s, ";") {
		name, value, named := strings.Cut(strings.TrimSpace(field), "=")
		switch {
		case !named:
			value = name
			fallthrough
		case name == "Root":
			if trace.IsEmpty() {
				trace, ok = accesslog.ParseTraceID(value)
			}
		case name == "Parent":
			if !unhex(parent[:], value) {
				parent = pcommon.SpanID{}
			}
		}
	}
	return trace, parent, ok
}

// unhex reads as many hexadecimal digits as fill b, and says whether these are all that s has.
func unhex(b []byte, s string) bool {
	if len(s) != 2*len(b) {
		return false
	}
	_, err := hex.Decode(b, []byte(s))
	return err == nil
}
