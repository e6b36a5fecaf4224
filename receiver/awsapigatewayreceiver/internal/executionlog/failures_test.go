package executionlog

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const why = "aws.api_gateway.error.message"

// failed is a line of a failure, whose text is the error's message.
func failed(line string, more ...any) said {
	return said{line: line, severity: "ERROR", want: inPhase("error", append([]any{why, line}, more...)...)}
}

// failedAs is one of whose text a part is masked.
func failedAs(line, body string, more ...any) said {
	return said{line: line, body: body, severity: "ERROR", want: inPhase("error", append([]any{why, body}, more...)...)}
}

func TestFailures(t *testing.T) {
	const misconfigured = "Execution failed due to configuration error: "
	check(t, plain(), id, []said{
		failed("Execution failed due to a timeout error"),
		failed("Execution failed due to an internal error"),
		failed("Execution failed due to a network error communicating with endpoint"),
		failed(misconfigured + "Malformed Lambda proxy response"),
		failed(misconfigured + "Invalid permissions on Lambda function"),
		failed(misconfigured + "Output mapping refers to an invalid method response: 200"),
		failed(misconfigured + "statusCode should be an integer which defined in request template"),
		failed(misconfigured+"No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 400",
			"aws.api_gateway.integration.status_code", 400),
		failedAs(misconfigured+"Authorizer function failed with response body: {\"a\":1}", misconfigured+"Authorizer function failed with response body: ***", sizeName, 7),
		failedAs(misconfigured+"Invalid JSON in response: Unrecognized token 'policy'", misconfigured+"Invalid JSON in response: ***", sizeName, 27),
		failed(`Lambda execution failed with status 200 due to customer function error: {"errorMessage":"2026 Task timed out after 10.00 seconds"}. Lambda request id: 71952965-1f2d`,
			"aws.api_gateway.integration.service_status_code", 200, "aws.api_gateway.integration.request_id", "71952965-1f2d"),
		failed("Lambda execution failed with status 200 due to customer function error: no id", "aws.api_gateway.integration.service_status_code", 200),
		failed("Lambda invocation failed with status: 429. Lambda request id: 71952965-1f2d",
			"aws.api_gateway.integration.service_status_code", 429, "aws.api_gateway.integration.request_id", "71952965-1f2d"),
	})
}

func TestRefusals(t *testing.T) {
	check(t, plain(), id, []said{
		failed("Key throttle limit exceeded for RestApi uwe3g5jm54, Stage Prod, Resource k0w8mc, HttpMethod POST. Limit: 1.00 Burst: 1",
			"aws.api_gateway.resource_id", "k0w8mc", "http.request.method", "POST",
			"aws.api_gateway.throttle.rate_limit", 1.0, "aws.api_gateway.throttle.burst_limit", 1),
		failed("Throttle limit exceeded for the account"),
		failedAs("Quota limit exceeded for API Key ****bMZHBg and API Stage abc/prod", "Quota limit exceeded for API Key *** and API Stage abc/prod"),
		failedAs("API Key ****000000 not authorized because API Key is not associated with a usage plan for API Stage abc/prod: No Usage Plan found for key and API Stage",
			"API Key *** not authorized because API Key is not associated with a usage plan for API Stage abc/prod: No Usage Plan found for key and API Stage"),
		failed("Invalid API Key identifier specified"),
		failed("Access denied by resource policy"),
		failed("Missing Authentication Token"),
		failed("The client is not authorized to perform this operation."),
		failed("The request signature we calculated does not match the signature you provided."),
		failedAs("User: arn:aws:iam::111122223333:user/jane is not authorized to perform: execute-api:Invoke",
			"User: *** is not authorized to perform: execute-api:Invoke"),
		failedAs(`'Bearer abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer "abc"'.`, "'***' not a valid key=value pair ***"),
		failed("Request validation failed: Missing required request parameters: [page, size]",
			"aws.api_gateway.error.validation_message", "Missing required request parameters: [page, size]"),
		failed(`Request body does not match model schema for content type application/json: [object has missing required properties (["item"])]`,
			"aws.api_gateway.error.validation_message", `[object has missing required properties (["item"])]`),
	})
}

func TestGatewayResponses(t *testing.T) {
	check(t, plain(), id, []said{
		{
			line: "Gateway response type: DEFAULT_5XX with status code: 502", severity: "ERROR",
			want: inPhase("response", "error.type", "DEFAULT_5XX", "http.response.status_code", 502),
		},
		{
			line: "Gateway response type: THROTTLED with status code: 429", severity: "WARN",
			want: inPhase("response", "error.type", "THROTTLED", "http.response.status_code", 429),
		},
		{line: `Gateway response body: {"message":"x"}`, want: inPhase("response", sizeName, 15), body: "Gateway response body: ***"},
		{line: "Gateway response headers: {a=b}", want: inPhase("response", sizeName, 5), body: "Gateway response headers: ***"},
		{line: "Method completed with status: 504", severity: "ERROR", want: inPhase("end", "http.response.status_code", 504)},
		{line: "Method completed with status: 403", severity: "WARN", want: inPhase("end", "http.response.status_code", 403)},
	})
}

// Latencies and statuses have no sign; what has one, or is no number, is left to the body.
func TestNumbersThatCannotBeAreLeftOut(t *testing.T) {
	for _, line := range []string{
		"Received response. Status: -200, Integration latency: -1 ms",
		"Received response. Status: +200, Integration latency: 1e999 ms",
		"Received response. Status: 99999999999999999999, Integration latency: NaN ms",
		"Received response. Status: 0x1, Integration latency: 0x1p4 ms",
		"Received response. Status: 2_0, Integration latency: Inf ms",
		"Method completed with status: -1",
	} {
		record, known := decode(plain(), line)
		assert.True(t, known, line)
		record.Attributes().Remove("aws.api_gateway.execution.phase")
		assert.Empty(t, record.Attributes().AsRaw(), line)
		assert.Equal(t, line, record.Body().Str())
	}
}
