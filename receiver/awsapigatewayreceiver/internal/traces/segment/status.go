package segment

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// kind is the part that a segment plays in a call.
//
// A segment is a request that a service got, SERVER, and a subsegment in a namespace is a call that it made, CLIENT; any other subsegment is a part of its
// own work. A queue or topic takes no requests but messages: CONSUMER. Lambda has two segments for one call, of the service and of the function below
// it, and both have the function's name: the second one is INTERNAL, or each call would count twice.
func (s *segment) kind() ptrace.SpanKind {
	switch {
	case s.below && (s.namespace == "aws" || s.namespace == "remote"):
		return ptrace.SpanKindClient
	case s.below, s.origin == lambdaFunction && !s.parent.IsEmpty():
		return ptrace.SpanKindInternal
	case s.origin == "AWS::SQS::Queue", s.origin == "AWS::SNS", s.origin == "AWS::SNS::Topic":
		return ptrace.SpanKindConsumer
	}
	return ptrace.SpanKindServer
}

// failure is the value of error.type, "" where the span has not failed. An answer of 4xx is an error of whoever asked: not of the server, though X-Ray
// calls it one.
func (s *segment) failure(kind ptrace.SpanKind) string {
	status := s.http.status
	server := kind == ptrace.SpanKindServer
	switch {
	case status >= 500, status >= 400 && !server:
		return strconv.FormatInt(status, 10)
	case s.fault, s.error && !(server && status > 0):
		return first(s.cause.kindOf(), attr.OtherError)
	}
	return ""
}

func (w *writer) status(span ptrace.Span, s *segment) {
	if failure := s.failure(span.Kind()); failure != "" {
		span.Status().SetCode(ptrace.StatusCodeError)
		w.str(attr.ErrorType, failure)
	}
	w.flag(attr.XRayFault, s.fault)
	w.flag(attr.XRayError, s.error)
	w.flag(attr.XRayThrottle, s.throttle)
}
