package awssim

// phase is how far a request gets in API Gateway (API Gateway Developer Guide: $context.waf → authenticate → authorizer → authorize → integration).
type phase uint8

const (
	phaseWAF phase = iota
	phaseAuthenticate
	phaseAuthorizer
	phaseAuthorize
	phasePlan     // API keys, usage plans, throttles
	phaseValidate // of the request
	phaseIntegration
	phaseDone
)

// outcome is how a request ended, as its log lines tell.
type outcome struct {
	phase              phase // in which it failed
	status             int
	backend            int    // what the integration returned; 0: nothing
	responseType       string // of the gateway response; "" where the integration's answer was passed on
	message            string // of the gateway response
	validation         string
	cause              string // the error of the phase
	execution          string // how execution logs put it
	needs              string // the authorization that a route has where this can happen; "key": an API key, "waf": a web ACL
	restOnly, httpOnly bool
}

// refused are client errors that reach no integration.
var refused = []outcome{
	{phase: phasePlan, status: 429, responseType: "THROTTLED", message: "Too Many Requests", execution: "throttle"},
	{
		phase: phaseValidate, status: 400, responseType: "BAD_REQUEST_BODY", message: "Invalid request body", restOnly: true,
		validation: `[object has missing required properties (["item","quantity"])]`,
		execution:  `Request body does not match model schema for content type application/json: [object has missing required properties (["item","quantity"])]`,
	},
	{
		phase: phaseValidate, status: 400, responseType: "BAD_REQUEST_PARAMETERS", message: "Missing required request parameters: [page, size]", restOnly: true,
		validation: "[page, size]", execution: "Request validation failed: Missing required request parameters: [page, size]",
	},
	{
		phase: phaseAuthenticate, status: 403, responseType: "MISSING_AUTHENTICATION_TOKEN", message: "Missing Authentication Token", cause: "Missing Authentication Token", needs: "AWS_IAM",
		execution: "Missing Authentication Token",
	},
	{
		phase: phaseAuthenticate, status: 403, responseType: "INVALID_SIGNATURE", needs: "AWS_IAM",
		message:   `'Bearer abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer "abc"'.`,
		cause:     "The request signature we calculated does not match the signature you provided.",
		execution: "The request signature we calculated does not match the signature you provided.",
	},
	{phase: phaseAuthorizer, status: 401, responseType: "UNAUTHORIZED", message: "Unauthorized", cause: "Unauthorized", needs: "CUSTOM", execution: "unauthorized"},
	{
		phase: phaseAuthorizer, status: 401, responseType: "UNAUTHORIZED", message: "The incoming token has expired", cause: "The incoming token has expired", needs: "COGNITO_USER_POOLS",
		execution: "unauthorized",
	},
	{phase: phaseAuthorizer, status: 401, responseType: "UNAUTHORIZED", message: "Unauthorized", cause: `the token has "aud", but none of [shop, admin]`, needs: "JWT"},
	{
		phase: phaseAuthorize, status: 403, responseType: "ACCESS_DENIED", message: "User is not authorized to access this resource with an explicit deny", needs: "CUSTOM",
		cause: "The client is not authorized to perform this operation.", execution: "The client is not authorized to perform this operation.",
	},
	{
		phase: phaseAuthorize, status: 403, responseType: "ACCESS_DENIED", needs: "AWS_IAM",
		message: "User: anonymous is not authorized to perform: execute-api:Invoke", cause: "access denied", execution: "Access denied by resource policy",
	},
	{phase: phasePlan, status: 403, responseType: "INVALID_API_KEY", message: "Forbidden", needs: "key", execution: "key"},
	{phase: phasePlan, status: 429, responseType: "QUOTA_EXCEEDED", message: "Limit Exceeded", needs: "key", execution: "quota"},
	{phase: phaseWAF, status: 403, responseType: "WAF_FILTERED", message: "Forbidden", needs: "waf"},
	{phase: phaseAuthenticate, status: 404, responseType: "DEFAULT_4XX", message: "Not Found", httpOnly: true},
}

// broken are server errors that reach no integration.
var broken = []outcome{
	{
		phase: phaseIntegration, status: 500, responseType: "API_CONFIGURATION_ERROR", message: "Internal server error",
		cause:     "Invalid permissions on Lambda function",
		execution: "Execution failed due to configuration error: Invalid permissions on Lambda function",
	},
	{
		phase: phaseAuthorizer, status: 500, responseType: "AUTHORIZER_CONFIGURATION_ERROR", message: "Internal server error", needs: "CUSTOM",
		cause:     "Execution failed due to configuration error: Authorizer returned an invalid policy",
		execution: "Execution failed due to configuration error: Invalid JSON in response: Unrecognized token 'policy'",
	},
	{phase: phaseIntegration, status: 503, responseType: "DEFAULT_5XX", message: "Service Unavailable", cause: "Rate exceeded", execution: "Lambda invocation failed with status: 429. Lambda request id: %"},
}

// failed are server errors of an integration.
var failed = []outcome{
	{
		phase: phaseIntegration, status: 502, backend: 200, responseType: "DEFAULT_5XX", message: "Internal server error",
		cause:     `The response from the Lambda function doesn't match the format that API Gateway expects. Lambda body contains the wrong type for field "statusCode"`,
		execution: "Execution failed due to configuration error: Malformed Lambda proxy response",
	},
	{
		phase: phaseIntegration, status: 504, responseType: "INTEGRATION_TIMEOUT", message: "Endpoint request timed out", cause: "Endpoint request timed out",
		execution: "Execution failed due to a timeout error",
	},
	{
		phase: phaseIntegration, status: 502, backend: 200, responseType: "DEFAULT_5XX", message: "Internal server error",
		cause: "2026-11-21T12:00:00.000Z Task timed out after 10.00 seconds",
		execution: `Lambda execution failed with status 200 due to customer function error: {"errorMessage":"cannot read property 'id' of undefined","errorType":"TypeError"}` +
			". Lambda request id: %",
	},
	{
		phase: phaseIntegration, status: 504, responseType: "INTEGRATION_FAILURE", message: "Network error communicating with endpoint", cause: "Network error communicating with endpoint",
		execution: "Execution failed due to a network error communicating with endpoint",
	},
	{phase: phaseDone, status: 500, backend: 500},
	{phase: phaseDone, status: 503, backend: 503},
	{phase: phaseDone, status: 502, backend: 502},
}

// decide draws how the request ended, within what the metrics count it as.
func (c *logContext) decide() outcome {
	n := c.draw(drawOutcome)
	switch {
	case c.request.end == endOK:
		return c.success(n)
	case c.request.end == endClientError && c.integrated():
		status := []int{400, 404, 404, 409, 422, 404, 410, 400}[n&7]
		return outcome{phase: phaseDone, status: status, backend: status}
	case c.request.end == endClientError:
		return c.pick(refused, n)
	case !c.integrated():
		return c.pick(broken, n)
	default:
		return c.pick(failed, n)
	}
}

func (c *logContext) success(n uint64) outcome {
	status := 200
	switch {
	case c.info.kind == TypeWebSocket || c.request.cache != cacheNone:
	case c.method == "POST" && n&1 == 0:
		status = 201
	case c.method == "DELETE" && n&1 == 0:
		status = 204
	case c.method == "GET" && n&31 == 0:
		status = 304
	}
	o := outcome{phase: phaseDone, status: status}
	if c.integrated() {
		o.backend = status
	}
	return o
}

// pick draws one of the outcomes that can happen on the request's route.
func (c *logContext) pick(from []outcome, n uint64) outcome {
	var can [16]int
	k := uint64(0)
	for i := range from {
		if c.possible(&from[i]) {
			can[k], k = i, k+1
		}
	}
	return from[can[n%k]]
}

func (c *logContext) possible(o *outcome) bool {
	if o.restOnly && c.info.kind != TypeREST || o.httpOnly && c.info.kind != TypeHTTP {
		return false
	}
	switch o.needs {
	case "":
		return true
	case "key":
		return c.route.apiKey
	case "waf":
		return c.version.stage.WebACL != ""
	default:
		return c.route.auth == o.needs
	}
}
