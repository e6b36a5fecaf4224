package accessspan

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Names of spans.
const (
	nameAuthorizer  = "authorizer"
	nameIntegration = "integration" // of which the inventory does not know what it calls
)

// attributesOf are the attributes that variables become.
func attributesOf(variables ...string) []string {
	for i, name := range variables {
		variables[i] = accesslog.AttributeOf(name)
	}
	return variables
}

// Attributes of the SERVER span that its children have as well, where the line has them and they are to be seen.
var (
	ofAuthorizer  = attributesOf("authorizer.status", "authorizer.integrationStatus", "authorizer.requestId", "authorizer.error")
	ofIntegration = attributesOf("integration.status", "integration.integrationStatus", "integration.requestId", "integration.error")
)

// child appends the span of a part of the request, with some attributes of its parent and room for more.
func child(spans ptrace.SpanSlice, parent ptrace.Span, attributes []string, room int) ptrace.Span {
	span := spans.AppendEmpty()
	span.SetTraceID(parent.TraceID())
	span.SetParentSpanID(parent.SpanID())
	span.SetFlags(parent.Flags())
	from, to := parent.Attributes(), span.Attributes()
	to.EnsureCapacity(len(attributes) + room)
	for _, name := range attributes {
		if v, ok := from.Get(name); ok {
			v.CopyTo(to.PutEmpty(name))
		}
	}
	return span
}

// within is a latency that is no longer than the span it is a part of.
func (f *Format) within(parent ptrace.Span, l *Line, r accesslog.Ref) (pcommon.Timestamp, bool) {
	d, ok := f.latency(l, r)
	return min(pcommon.Timestamp(d), parent.EndTimestamp()-parent.StartTimestamp()), ok //nolint:gosec // a latency is of digits only
}

// authorize appends the span of the authorizer, if there is one, and says whether there is.
func (f *Format) authorize(spans ptrace.SpanSlice, parent ptrace.Span, l *Line, id *ids) bool {
	d, ok := f.within(parent, l, f.authorizer)
	if !ok {
		return false
	}
	span := child(spans, parent, ofAuthorizer, 1)
	span.SetSpanID(id.authorizer())
	span.SetName(nameAuthorizer)
	span.SetKind(ptrace.SpanKindInternal)
	span.SetStartTimestamp(parent.StartTimestamp())
	span.SetEndTimestamp(parent.StartTimestamp() + d)
	status, _ := f.number(l, f.authorizerStatus)
	f.fail(span, status, f.text(l, f.authorizerError) != "", ofAuthorizer[len(ofAuthorizer)-1])
	return true
}

// integrate appends the span of the integration, if there is one, and says whether there is.
func (f *Format) integrate(spans ptrace.SpanSlice, parent ptrace.Span, l *Line, id *ids) bool {
	d, ok := f.within(parent, l, f.integration)
	if !ok {
		return false
	}
	target := l.Targets.of(f, l)
	if target == nil {
		target = &unknownTarget
	}
	if target.mock {
		return false
	}
	span := child(spans, parent, ofIntegration, len(target.texts)+4)
	span.SetSpanID(id.client)
	span.SetKind(ptrace.SpanKindClient)
	span.SetStartTimestamp(parent.EndTimestamp() - d)
	span.SetEndTimestamp(parent.EndTimestamp())
	status := f.answer(l, target)
	f.describe(span, parent, target)
	if status > 0 && target.http {
		f.putInt(span.Attributes(), attr.StatusCode, status)
	}
	f.fail(span, status, f.text(l, f.integrationError) != "", attr.IntegrationError)
	return true
}

var unknownTarget Target

// answer is the status of an integration's answer, 0 where there is none. What the code of a Lambda function returns as the status of its response is none
// of the call that invoked it, which integrationStatus is: a 404 is no failed call. Without that, a status of 500 or above is what a function that failed
// looks like.
func (f *Format) answer(l *Line, t *Target) int64 {
	backend, _ := f.number(l, f.backendStatus)
	service, served := f.number(l, f.serviceStatus)
	switch {
	case t.answers && (backend >= 400 || backend > 0 && service < 400):
		return backend
	case t.answers, served:
		return service
	case backend >= 500:
		return backend
	}
	return 0
}

// describe says what an integration calls.
func (f *Format) describe(span, parent ptrace.Span, t *Target) {
	a := span.Attributes()
	for _, text := range t.texts {
		f.put(a, text.name, text.value)
	}
	if t.port != 0 {
		f.putInt(a, attr.ServerPort, t.port)
	}
	if !t.http {
		span.SetName(t.operation)
		if t.operation == "" {
			span.SetName(nameIntegration)
		} else if v, ok := a.Get(attr.BackendRequestID); ok {
			f.put(a, attr.RequestID, v.AsString())
		}
		return
	}
	method := t.method
	if method == "" {
		method = textOf(parent.Attributes(), attr.HTTPRequestMethod)
	}
	f.put(a, attr.HTTPRequestMethod, method)
	span.SetName(nameOf(textOf(a, attr.HTTPRequestMethod), textOf(a, attr.URLTemplate), ""))
}

// fail marks the span of a call whose answer was an error, which the attribute of that name says in words.
func (f *Format) fail(span ptrace.Span, status int64, said bool, words string) {
	if status < 400 && !said {
		return
	}
	span.Status().SetCode(ptrace.StatusCodeError)
	span.Status().SetMessage(textOf(span.Attributes(), words))
	kind := attr.OtherError
	if status >= 400 {
		kind = strconv.FormatInt(status, 10)
	}
	f.put(span.Attributes(), attr.ErrorType, kind)
}
