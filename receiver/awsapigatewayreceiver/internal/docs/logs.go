package main

import (
	"bytes"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

func logsPage() []byte {
	var b bytes.Buffer
	w := printer(&b)
	w(generated)
	w("# Logs\n")
	w("In a logs pipeline the receiver reads the access logs of all stages, and execution logs where `logs::execution::enabled` says so. Each log event is one record. What else comes")
	w("in a logs pipeline is in [entities.md](entities.md).\n")
	w("| EventName | what | body |")
	w("| --- | --- | --- |")
	w("| `aws.api_gateway.access` | a request, as the access log of its stage has it | the line, with what is left out masked |")
	w("| `aws.api_gateway.execution` | a line of an execution log | the line, with what is left out masked |")
	w("| `aws.api_gateway.logs_lost` | events of a log group that can't be read any more | which, from when to when, and why |")
	w("| `%s` | a [change of state](#transitions-of-alarms) of an alarm | CloudWatch's sentence |\n", alarms.Event)
	w("Records of requests have no body with `logs::body: none`. All have:\n")
	w("| | |")
	w("| --- | --- |")
	w("| Timestamp | of the request: `$context.requestTimeEpoch`, else `$context.requestTime`, else that of the log event |")
	w("| ObservedTimestamp | when it was read |")
	w("| Severity | ERROR from status 500 on and for lines of the phase `error`, WARN from 400 on, else INFO |")
	w("| TraceId | of X-Ray, where the line has it: the 8 and 24 digits of `1-5c755b5d-07b29b94e632d3da19d88789` |")
	w("| `%s` | the id of the log event: a record that comes twice has it twice |", attr.LogRecordUID)
	w("| `%s` | with `logs::log_stream: true` |", attr.LogStreamName)
	w("| resource | that of the stage, as its [metrics](metrics.md#resource-attributes) have it, and `%s`, a list of one |\n", attr.LogGroupNames)
	w("A record whose stage can't be told stands on the resource of the API, or on one of account and region with `%s`, the ids of the APIs that write to the log group.\n", attr.APIIDs)
	accessPage(w)
	executionPage(w)
	lostPage(w)
	alarmTransitions(w)
	return b.Bytes()
}

func accessPage(w func(format string, args ...any)) {
	w("# Access logs\n")
	w("An empty value or `-` means that there is none, and gives no attribute. Where several variables become one attribute, the first of them in the table that has a value counts.\n")
	w("| `$context.` | attribute | type | |")
	w("| --- | --- | --- | --- |")
	for _, d := range accesslog.VariableDocs() {
		note := variableNotes[d.Name]
		switch {
		case d.Secret:
			d.Attributes, d.Type, note = nil, "", "Never comes out; masked in the body."
		case d.Asked:
			note = strings.TrimSpace("Off; masked in the body. " + note)
		}
		w("| `%s` | %s | %s | %s |", d.Name, code(d.Attributes), d.Type, note)
	}
	w("\n*Off* is what comes out only if `logs::include` names the attribute: `include: [user.id, %sauthorizer.claims.*]`. Names of other variables become attributes as the", attr.Prefix)
	w("table's do: `$context.fooBar.bazQux` is `%sfoo_bar.baz_qux`.\n", attr.Prefix)
	w("A line that no format fits has `%s: no format fits`, and all of it is the body. Where a format in the log group has a masked variable, the body of such a line, and of one\n"+
		"that was read as JSON by its keys, only says how long the line is.\n", attr.ParseError)
}

// variableNotes say what a variable's attribute and type do not.
var variableNotes = map[string]string{
	"accountId":                      "Stands on the resource; an attribute where the line says another one.",
	"apiId":                          "Stands on the resource; an attribute where the line says another one.",
	"stage":                          "Stands on the resource; an attribute where the line says another one.",
	"connectedAt":                    "Unix time in milliseconds.",
	"error.messageString":            "Without its quotes.",
	"protocol":                       "`1.1` of `HTTP/1.1`.",
	"tlsVersion":                     "`1.2` of `TLSv1.2`.",
	"requestTime":                    "The record's Timestamp, where there is no `requestTimeEpoch`.",
	"requestTimeEpoch":               "The record's Timestamp.",
	"routeKey":                       "The latter is the path in it; `$default` has none.",
	"status":                         "Also decides the severity.",
	"xrayTraceId":                    "Without `Root=`; also the record's TraceId.",
	"requestOverride.<name>":         "Headers that carry credentials, such as `Authorization` and `Cookie`, never come out.",
	"authorizer.<name>":              "What an authorizer returns, and `authorizer.claims.<name>`, the claims of a token.",
	"responseOverride.header.<name>": "`Set-Cookie` and the like never come out.",
	"<name>":                         "Any other variable.",
}

func lostPage(w func(format string, args ...any)) {
	w("# What is lost\n")
	w("A record with the EventName `aws.api_gateway.logs_lost` and severity WARN says that events of a log group can't be read any more. Its Timestamp is the end of the interval.\n")
	w("| attribute | value |")
	w("| --- | --- |")
	w("| `%slost.reason` | `retention`, `max_backfill`, or `deleted`: the log group was deleted and made again |", attr.Prefix)
	w("| `%slost.from`, `%slost.to` | the interval, RFC 3339 |", attr.Prefix, attr.Prefix)
}
