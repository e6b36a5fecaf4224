package main

import (
	"bytes"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

func tracesPage() []byte {
	var b bytes.Buffer
	w := printer(&b)
	w(generated)
	w("# Traces\n")
	w("In a traces pipeline the receiver hands over the traces that X-Ray has of REST stages and, with `traces::access_logs::enabled: true`, spans that are made of access logs. How both")
	w("are read is in the [README](README.md#traces).\n")
	xrayPage(w)
	accessPageOfSpans(w)
	return b.Bytes()
}

func xrayPage(w func(format string, args ...any)) {
	w("# Spans from X-Ray\n")
	w("Each segment and each subsegment of a trace that goes through API Gateway is a span, those of Lambda, tables, queues and whatever else is called among them. Ids are X-Ray's: the trace")
	w("`1-5c755b5d-07b29b94e632d3da19d88789` is `5c755b5d07b29b94e632d3da19d88789`. Times are X-Ray's, to the nanosecond; what is in progress ends when it began.\n")
	w("| X-Ray's | name of the span | kind |")
	w("| --- | --- | --- |")
	w("| segment of a stage, origin `AWS::ApiGateway::Stage` | `GET /orders/{id}`, the method and the route; X-Ray's name, `orders/prod`, where the inventory has no route for the path, or several | SERVER |")
	w("| subsegment of the namespace `aws` | `Lambda.Invoke`, `DynamoDB.GetItem`: the service, which is X-Ray's name, and the operation where it is said | CLIENT |")
	w("| subsegment of the namespace `remote` | the method of an HTTP call, else X-Ray's name | CLIENT |")
	w("| inferred segment without an origin, and any whose name is a path or a URL: of what an HTTP integration calls | the method, else `HTTP` | SERVER |")
	w("| any other subsegment | X-Ray's name | INTERNAL |")
	w("| segment of a Lambda function below that of the Lambda service | X-Ray's name, which both have | INTERNAL |")
	w("| segment of a queue or topic | X-Ray's name | CONSUMER |")
	w("| any other segment | X-Ray's name | SERVER |\n")
	w("X-Ray's name is `%s` where the span has another one.\n", attr.XRayName)
	w("| status | where |")
	w("| --- | --- |")
	w("| ERROR, with `%s` | the HTTP status is 500 or above, or 400 or above in spans that are not SERVER; or X-Ray says `fault`; or it says `error`, and the span is not SERVER or has no HTTP status |", attr.ErrorType)
	w("| unset | otherwise: an answer of 4xx is no error of the server, though X-Ray calls it one, which `%s` keeps |\n", attr.XRayError)
	w("`%s` is the HTTP status, else the type of the first exception, else `_OTHER`. Each exception of a cause is an event `exception` at the end of the span, with `%s`, `%s`,",
		attr.ErrorType, attr.ExceptionType, attr.ExceptionMessage)
	w("`%s`, `%s` and `%s: true` where what was called raised it. Links of a segment are links of its span.\n", attr.ExceptionStack, attr.XRayExceptionID, attr.XRayExceptionRemote)
	w("| attribute | type | from the document's |")
	w("| --- | --- | --- |")
	types := typesOf(translated().spans)
	for _, a := range spanAttributes {
		kind := types[a.sample()]
		if a.ofAnyType() {
			kind = "string, int, double or bool"
		}
		w("| `%s` | %s | %s |", a.name, kind, a.from)
	}
	w("\n*Off* is what comes out only if `logs::include` names it. Members that AWS does not document come out under `aws.xray.` by their path, and are counted in `unknown_segment_members`. A span has at")
	w("most 256 attributes, a value at most 16 KiB. Values of keys that end in a word such as `token`, `password`, `secret`, `authorization`, `cookie` or `apiKey`, of annotations, metadata and")
	w("queries, never come out, in JSON within a text neither; nor do users and connection strings of databases, and users and passwords in URLs. Queries of URLs and paths are not in names and")
	w("messages either.\n")
	w("Where Transaction Search is on, spans come from CloudWatch Logs in OpenTelemetry's form. They keep the name, kind, status, attributes, events, links and scope that AWS gave them, with the")
	w("stable names of HTTP attributes in place of older ones, and the same is left out of them.\n")
	w("## Resources\n")
	w("A stage's spans have the [resource](metrics.md#resource-attributes) of its metrics and log records. A canary's have `%s: true`. Other segments' resources say what they come from:\n", attr.Canary)
	w("| attribute | type | from the document's |")
	w("| --- | --- | --- |")
	types = typesOf(translated().resources)
	for _, a := range serviceAttributes {
		w("| `%s` | %s | %s |", a.name, types[a.name], a.from)
	}
	w("")
}
