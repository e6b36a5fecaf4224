package main

import (
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/executionlog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// phases are lines of execution logs by their phase, without the request id before them. What the page says of them is what the decoder makes of them.
var phases = []struct {
	name  string
	lines []string
}{
	{"start", []string{"Extended Request Id: Vts2pH6ArPEFcuQ=", "Starting execution for request: 515f1e99-39db-11e9-9e96-01e5c04505b9"}},
	{"usage_plan", []string{
		"API Key ID: a1b2c3d4e5",
		"API Key ****bMZHBg authorized because method 'POST /pets' does not require API Key. Request will not contribute to throttle or quota limits",
		"Usage Plan check succeeded for API Key ****bMZHBg and API Stage a1b2c3d4e5/prod",
	}},
	{"authorizer", []string{
		"Starting authorizer: elkw5b for request: 515f1e99-39db-11e9-9e96-01e5c04505b9", "Incoming identity: ****I1BUdE",
		`Authorizer result body before parsing: {"principalId":"jane"}`, "Using valid authorizer policy for principal: jane", "Successfully completed authorizer execution",
	}},
	{"request", []string{
		"HTTP Method: POST, Resource Path: /pets", "Method request headers: {Accept=*/*}", `Method request body before transformations: {"name":"Rex"}`,
		"WebSocket Request Route: [$connect]", "Client [UserAgent: curl/8.1, SourceIp: 203.0.113.9] is connecting to WebSocket API [a1b2c3d4e5].",
		"WebSocket API [a1b2c3d4e5] received message from client [Connection Id: G3CYhdr4IAMCJ1A=]. hello",
	}},
	{"integration", []string{
		"Endpoint request URI: https://example.com/pets?limit=10", "Endpoint request headers: {Accept=*/*}", "Sending request to https://example.com/pets",
		"Received response. Status: 200, Integration latency: 388 ms", `Endpoint response body before transformations: {"name":"Rex"}`,
		"AWS Integration Endpoint RequestId : 57593f79-6e46-4a6f-91b1-f5d848cc2059",
	}},
	{"response", []string{
		"Method response headers: {Content-Type=application/json}", "Gateway response type: DEFAULT_5XX with status code: 502",
		"Message from client [Connection Id: G3CYhdr4IAMCJ1A=] sent to API [a1b2c3d4e5] with response status code [200].",
	}},
	{"end", []string{
		"Method completed with status: 200", "X-ray Tracing ID : 1-5c755b5d-07b29b94e632d3da19d88789",
		"Client [Connection Id: G3CYhdr4IAMCJ1A=] disconnected from API [a1b2c3d4e5] with integration response status code [200]. Close reason: [1001: Going away]",
	}},
	{"error", []string{
		"Execution failed due to a timeout error",
		"Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 400",
		"Lambda execution failed with status 200 due to customer function error: no memory. Lambda request id: 71952965-1f2d-4e7a-9f2e-2c9a6f1d0b11",
		"Key throttle limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource k0w8mc, HttpMethod POST. Limit: 1.00 Burst: 1",
		"Request validation failed: Missing required request parameters: [limit]",
		"User: arn:aws:iam::111122223333:user/jane is not authorized to perform: execute-api:Invoke",
	}},
}

// decode decodes a line as the receiver does, with everything that the user can ask for, or with nothing.
func decode(line string, everything bool) (record plog.LogRecord, known bool) {
	var include []string
	if everything {
		include = []string{"*"}
	}
	record = plog.NewLogRecord()
	known = executionlog.New(redact.New(nil, include, ""), false, true).Write(record, line)
	return record, known
}

func executionPage(w func(format string, args ...any)) {
	w("# Execution logs\n")
	w("REST and WebSocket APIs write what they did with a request, a line for each step, where the logging level of the stage or of a method says so. `%s` is the id", attr.RequestID)
	w("in parentheses that begins the line, and the same as in the access log. AWS documents few of the lines: one that is not known comes out with its text and its request id, and is")
	w("counted in `unknown_log_lines`. Lines of a canary have `%s: true`.\n", attr.Canary)
	w("| phase | lines such as | attributes |")
	w("| --- | --- | --- |")
	for _, p := range phases {
		for _, line := range p.lines {
			masked, _ := decode(line, false)
			w("| `%s` | `%s` | %s |", p.name, masked.Body().Str(), code(attributesOf(line)))
		}
	}
	w("\n`***` stands for what is masked: keys, tokens, authorizers' results, bodies, headers, parameters and query strings. With `logs::execution::bodies: true` the last four are")
	w("shown, and only what is known to be a credential stays masked: headers such as `Authorization` and `Cookie`, JSON Web Tokens, authorizers' results. Whatever else stands in a body")
	w("comes out, passwords too.\n")
	w("| attribute | type | |")
	w("| --- | --- | --- |")
	w("| `%s` | string | the phase |", attr.Phase)
	w("| `%s` | string | |", attr.RequestID)
	w("| `%sexecution.truncated` | bool | `true` where API Gateway cut the line, at 1,024 bytes |", attr.Prefix)
	types := executionTypes()
	for _, name := range slices.Sorted(maps.Keys(types)) {
		w("| `%s` | %s | %s |", name, types[name], executionNotes[name])
	}
	w("")
}

// executionNotes say what is not plain from an attribute's name.
var executionNotes = map[string]string{
	attr.Prefix + "execution.size": "of the body, headers or parameters that the line shows, in bytes",
	attr.ErrorMessage:              "the whole text of a line of the phase `error`",
	attr.UserID:                    "off unless `logs::include` names it; masked in the body",
	attr.XRayTraceID:               "without `Root=`; also the record's TraceId",
}

// attributesOf are the names of what a line says, in their order, but the phase and the request id, which each line has.
func attributesOf(line string) []string {
	record, _ := decode(line, true)
	var names []string
	for name := range record.Attributes().All() {
		if name != attr.Phase && name != attr.RequestID {
			names = append(names, name)
		}
	}
	return names
}

// executionTypes are the types of the attributes of all lines.
func executionTypes() map[string]string {
	types := map[string]string{}
	for _, p := range phases {
		for _, line := range p.lines {
			record, _ := decode(line, true)
			for name, v := range record.Attributes().All() {
				types[name] = strings.ToLower(v.Type().String())
				if v.Type() == pcommon.ValueTypeStr {
					types[name] = "string"
				}
				if strings.HasSuffix(name, "latency") {
					types[name] += ", s"
				}
			}
		}
	}
	delete(types, attr.Phase)
	delete(types, attr.RequestID)
	return types
}
