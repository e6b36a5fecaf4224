package main

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// spanFormats are the formats to copy.
var spanFormats = []struct {
	name   string // of the APIs
	api    model.APIType
	format string
	route  string // that its lines have here, as the inventory calls it
}{
	{"REST", model.REST, accessspan.RESTFormat, "POST /orders/{id}"},
	{"HTTP", model.HTTP, accessspan.HTTPFormat, "POST /orders/{id}"},
	{"WebSocket", model.WebSocket, accessspan.WebSocketFormat, "sendMessage"},
}

// integrations are what a route may call.
var integrations = []struct {
	what        string
	integration accessspan.Integration
}{
	{"a Lambda function", accessspan.Integration{Type: "AWS_PROXY", Resource: "arn:aws:lambda:us-east-1:111122223333:function:orders"}},
	{"an HTTP backend", accessspan.Integration{Type: "HTTP_PROXY", Method: "ANY", URI: "https://example.com/orders"}},
	{"an AWS service", accessspan.Integration{Type: "AWS", URI: "arn:aws:apigateway:us-east-1:states:action/StartExecution"}},
	{"what is not known", accessspan.Integration{}},
}

// sampleValues are values of variables that are not just any text.
var sampleValues = map[string]string{
	"requestTimeEpoch": "1551194973000", "status": "502", "httpMethod": "POST", "resourcePath": "/orders/{id}", "routeKey": "POST /orders/{id}", "protocol": "HTTP/1.1",
	"responseLatency": "120", "responseLength": "20", "integrationLatency": "90", "integration.status": "200", "authorizer.latency": "20",
	"authorizer.integrationLatency": "20", "authorizer.status": "200", "xrayTraceId": "1-5c755b5d-07b29b94e632d3da19d88789", "error.responseType": "-",
}

// logged are the spans of a line in one of the formats.
func logged(n int, i accessspan.Integration) ptrace.SpanSlice {
	s := spanFormats[n]
	format, err := accesslog.Compile(s.format)
	if err != nil {
		panic(fmt.Sprintf("%v: %s", err, s.format)) // a format of ours
	}
	line := s.format
	for _, name := range format.Variables() {
		value, ok := sampleValues[name]
		switch {
		case name == "routeKey":
			value = s.route
		case !ok:
			value = "text"
		}
		line = strings.Replace(line, `"$context.`+name+`"`, `"`+value+`"`, 1)
	}
	var values accesslog.Values
	if !format.Decode(line, &values) {
		panic("cannot decode " + line) // a line of ours
	}
	spans := ptrace.NewSpanSlice()
	bound := accessspan.Bind(format, accesslog.NewWriter(redact.New(nil, nil, ""), false).Bind(format))
	bound.Write(spans, &accessspan.Line{
		Text: line, Values: &values, Event: &model.LogEvent{ID: "1", Message: line},
		API: &model.API{ID: "a1b2c3d4e5", Type: s.api}, Known: accesslog.Identity{APIID: "text", Stage: "text"},
		Targets: accessspan.Targets{s.route: accessspan.NewTarget(i)},
	})
	return spans
}

func accessPageOfSpans(w func(format string, args ...any)) {
	w("# Spans from access logs\n")
	w("A line makes a SERVER span for the request, a CLIENT span for its integration and an INTERNAL span for its authorizer, as far as the stage's format says how long they took. The formats in")
	w("the [README](README.md#spans-from-access-logs) say all that follows.\n")
	w("| span | name | from | to |")
	w("| --- | --- | --- | --- |")
	w("| SERVER | `GET /orders/{id}`, `$default`, `sendMessage`; the method where the line has no route | `$context.requestTimeEpoch`, else `requestTime`, else the time of the log event | `responseLatency` later; of WebSocket APIs, which have none, the latencies of authorizer and integration together |")
	w("| CLIENT | what the integration calls, see below; `integration` where the inventory does not know | `integrationLatency` or `integration.latency` before its end | the end of the SERVER span |")
	w("| INTERNAL | `authorizer` | the start of the SERVER span | `authorizer.latency` or `authorizer.integrationLatency` later |\n")
	w("A line that does not say how long the request took makes no span, and is counted in `spanless_log_lines`. An integration of the type MOCK has no span. No child is longer than its parent.\n")
	w("| id | made of |")
	w("| --- | --- |")
	w("| trace | `xrayTraceId`; else any variable whose name ends in `traceparent` or `X-Amzn-Trace-Id`, such as `$context.authorizer.traceparent`, whose parent is the SERVER span's; else a hash of the request's id |")
	w("| span | a hash of `extendedRequestId`, else `requestId` with `requestTimeEpoch`, else the id of the log event: a line that is read twice makes the same spans |\n")
	w("The SERVER span's status is ERROR from HTTP status 500 on, that of the others from 400 on, or where the line has an error of theirs. The message says that error. A call of Lambda, and one of")
	w("which the inventory does not know what it calls, goes by `integrationStatus`; without that, by an `integration.status` from 500 on: below, it is what the function answered. Spans are sampled")
	w("unless the caller's context says no. The resource is the stage's, the scope the receiver's. With all three formats spans have:\n")
	w("| span | calls | name | attributes |")
	w("| --- | --- | --- | --- |")
	for n, s := range spanFormats {
		span := logged(n, accessspan.Integration{Type: "MOCK"}).At(0)
		w("| SERVER of %s APIs | | `%s` | %s |", s.name, span.Name(), code(namesOf(span)))
	}
	for _, i := range integrations {
		spans := logged(0, i.integration)
		span := spans.At(spans.Len() - 1)
		w("| CLIENT | %s | `%s` | %s |", i.what, span.Name(), code(namesOf(span)))
	}
	span := logged(0, accessspan.Integration{Type: "MOCK"}).At(1)
	w("| INTERNAL | | `%s` | %s |", span.Name(), code(namesOf(span)))
	w("\nThe SERVER span has what else the format has, as the attributes of [log records](logs.md#access-logs), but `%s`. An attribute whose variable is empty or `-` is not there; spans that failed", attr.LogRecordUID)
	w("have `%s`. A URI with variables of the stage is `url.template` alone.", attr.ErrorType)
}

func namesOf(s ptrace.Span) (names []string) {
	for name := range s.Attributes().All() {
		names = append(names, name)
	}
	return names
}
