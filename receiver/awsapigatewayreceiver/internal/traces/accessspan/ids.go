package accessspan

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// ids are those of a line's spans.
type ids struct {
	trace                  pcommon.TraceID
	parent, server, client pcommon.SpanID
	// request is what the ids are made of.
	request string
	flags   uint32
}

// requestKey is what tells a request from all others. A client of a REST API can choose the requestId of its requests, and the same for several ($context
// variables, API Gateway Developer Guide): the time of the request is a part of it, where the line has that.
func (f *Format) requestKey(l *Line) string {
	if id := f.text(l, f.extendedID); id != "" {
		return id
	}
	id := f.text(l, f.requestID)
	if id == "" {
		return l.Event.ID
	}
	if epoch := f.text(l, f.epoch); epoch != "" {
		return id + "\x00" + epoch
	}
	return id
}

// identify makes the ids of a line's spans. trace is the X-Ray trace id that the line shows, empty where it does not.
func (f *Format) identify(l *Line, trace pcommon.TraceID) ids {
	out := ids{trace: trace, request: f.requestKey(l), flags: attr.Sampled}
	for i := range f.contexts {
		c, ok := parseContext(f.text(l, f.contexts[i:i+1]))
		if !ok {
			continue
		}
		if out.trace.IsEmpty() && i >= f.xray { // an X-Ray trace id that the line does not show is not to be seen
			out.trace = c.trace
		}
		if c.trace != out.trace {
			continue
		}
		if c.unsampled {
			out.flags = 0
		}
		if !c.parent.IsEmpty() {
			out.parent = c.parent
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

// traceContext is what a request says of the trace that it is a part of.
type traceContext struct {
	trace     pcommon.TraceID
	parent    pcommon.SpanID // empty where it is not said
	unsampled bool           // the caller said that it does not record the trace
}

// parseContext reads a traceparent header's value (W3C Trace Context), or an X-Ray trace id, alone or in the value of an X-Amzn-Trace-Id header.
func parseContext(s string) (c traceContext, ok bool) {
	const traceparent = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if len(s) >= traceparent && s[2] == '-' && s[35] == '-' && s[52] == '-' {
		var version, flags [1]byte
		ok = unhex(version[:], s[:2]) && version[0] != 0xff && (len(s) == traceparent || version[0] != 0 && s[traceparent] == '-') &&
			unhex(c.trace[:], s[3:35]) && unhex(c.parent[:], s[36:52]) && unhex(flags[:], s[53:traceparent]) && !c.trace.IsEmpty() && !c.parent.IsEmpty()
		c.unsampled = flags[0]&attr.Sampled == 0
		return c, ok
	}
	for field := range strings.SplitSeq(s, ";") {
		name, value, named := strings.Cut(strings.TrimSpace(field), "=")
		switch {
		case !named:
			value = name
			fallthrough
		case name == "Root":
			if c.trace.IsEmpty() {
				c.trace, ok = accesslog.ParseTraceID(value)
			}
		case name == "Parent":
			if !unhex(c.parent[:], value) {
				c.parent = pcommon.SpanID{}
			}
		case name == "Sampled":
			c.unsampled = value == "0"
		}
	}
	return c, ok
}

// unhex reads as many hexadecimal digits as fill b, and says whether these are all that s has.
func unhex(b []byte, s string) bool {
	if len(s) != 2*len(b) {
		return false
	}
	_, err := hex.Decode(b, []byte(s))
	return err == nil
}
