package executionlog

// Phases of an execution.
const (
	phaseStart       = "start"
	phaseUsagePlan   = "usage_plan"
	phaseAuthorizer  = "authorizer"
	phaseRequest     = "request"
	phaseIntegration = "integration"
	phaseResponse    = "response"
	phaseEnd         = "end"
	phaseError       = "error"
)

// forms are the lines that API Gateway writes, with holes for what differs; {} is a hole that is of no use. Of those that begin alike the first that
// fits is taken. In the phase error the whole text is the error's message.
var forms = compile([]form{
	{"", "Cloudwatch logs enabled for API Gateway{}"},

	{phaseStart, "Execution log for request {request}"},
	{phaseStart, "Extended Request Id: {extended}"},
	{phaseStart, "Starting execution for request: {request}"},

	{phaseUsagePlan, "Verifying Usage Plan for request: {request}. API Key: {secret} API Stage: {}"},
	{phaseUsagePlan, "Usage Plan check succeeded for API Key {secret} and API Stage {}"},
	{phaseUsagePlan, "API Key: {secret}"},
	{phaseUsagePlan, "API Key ID: {key id}"},
	{phaseError, "API Key {secret} not authorized because {}"},
	{phaseUsagePlan, "API Key {secret} authorized because method '{route key}' does not require API Key{}"},
	{phaseUsagePlan, "API Key {secret} authorized because {}"},

	{phaseAuthorizer, "Starting authorizer: {authorizer} for request: {request}"},
	{phaseAuthorizer, "Incoming identity: {secret}"},
	{phaseAuthorizer, "Authorizer result body before parsing: {result}"},
	{phaseAuthorizer, "Using valid authorizer policy for principal: {user}"},
	{phaseAuthorizer, "Successfully completed authorizer execution"},

	{phaseRequest, "HTTP Method: {method}, Resource Path: {path}"},
	{phaseRequest, "Method request path: {content}"},
	{phaseRequest, "Method request query string: {content}"},
	{phaseRequest, "Method request headers: {content}"},
	{phaseRequest, "Method request body before transformations: {content}"},

	{phaseIntegration, "Endpoint request URI: {uri}"},
	{phaseIntegration, "Endpoint request headers: {content}"},
	{phaseIntegration, "Endpoint request body after transformations: {content}"},
	{phaseIntegration, "Sending request to {uri}"},
	{phaseIntegration, "Received response. Status: {service status}, Integration latency: {latency} ms"},
	{phaseIntegration, "Received response. Integration latency: {latency} ms"},
	{phaseIntegration, "Endpoint response headers: {content}"},
	{phaseIntegration, "Endpoint response body before transformations: {content}"},
	{phaseIntegration, "AWS Integration Endpoint RequestId : {backend request}"},

	{phaseResponse, "Response was served from the cache{}"},
	{phaseResponse, "Method response headers: {content}"},
	{phaseResponse, "Method response body after transformations: {content}"},
	{phaseResponse, "Gateway response type: {error type} with status code: {status}"},
	{phaseResponse, "Gateway response headers: {content}"},
	{phaseResponse, "Gateway response body: {content}"},

	{phaseEnd, "Successfully completed execution"},
	{phaseEnd, "Method completed with status: {status}"},
	{phaseEnd, "X-ray Tracing ID : {trace}"},

	// WebSocket APIs.
	{phaseRequest, "WebSocket Request Route: [{route key}]"},
	{phaseRequest, "Client [UserAgent: {user agent}, SourceIp: {client}] is connecting to WebSocket API [{}]."},
	{phaseRequest, "WebSocket API [{}] received message from client [Connection Id: {connection}]. {message}"},
	{phaseRequest, "Message: {content}"},
	{phaseResponse, "Client [Connection Id: {connection}] connected to API [{}] successfully."},
	{phaseResponse, "Message from client [Connection Id: {connection}] sent to API [{}] with response status code [{status}]."},
	{phaseEnd, "Client [Connection Id: {connection}] disconnected from API [{}] with integration response status code [{backend status}]. " +
		"Close reason: [{close code}: {close reason}]"},
	{phaseEnd, "Client [Connection Id: {connection}] disconnected from API [{}] with integration response status code [{backend status}].{}"},

	// Refusals.
	{phaseError, "Key throttle limit exceeded for RestApi {}, Stage {}, Resource {resource}, HttpMethod {method}. Limit: {rate} Burst: {burst}"},
	{phaseError, "Key throttle limit exceeded {}"},
	{phaseError, "Throttle limit exceeded {}"},
	{phaseError, "Quota limit exceeded for API Key {secret} and API Stage {}"},
	{phaseError, "Invalid API Key identifier specified{}"},
	{phaseError, "Unauthorized request: {request}"},
	{phaseError, "Access denied by resource policy{}"},
	{phaseError, "Missing Authentication Token{}"},
	{phaseError, "The client is not authorized to perform this operation{}"},
	{phaseError, "The security token included in the request is {}"},
	{phaseError, "The request signature we calculated does not match {}String for this request should have been{content}"},
	{phaseError, "The request signature we calculated does not match {}"},
	{phaseError, "Authorization header requires {}"},
	{phaseError, "'{secret}' not a valid key=value pair {secret}"},
	{phaseError, "User: {user} is not authorized to perform: {}"},
	{phaseError, "Request validation failed: {validation}"},
	{phaseError, "Request body does not match model schema for content type {}: {validation}"},

	// Failures. What an authorizer answered is secret even where it can't be read.
	{phaseError, "Execution failed due to configuration error: No match for output mapping and no default output mapping configured. " +
		"Endpoint Response Status Code: {backend status}"},
	{phaseError, "Execution failed due to configuration error: Output mapping refers to an invalid method response: {}"},
	{phaseError, "Execution failed due to configuration error: Authorizer function failed with response body: {result}"},
	{phaseError, "Execution failed due to configuration error: Invalid JSON in response: {result}"},
	{phaseError, "Execution failed {}"},
	{phaseError, "Lambda execution failed with status {service status} due to customer function error: {}. Lambda request id: {backend request}"},
	{phaseError, "Lambda execution failed with status {service status} due to {}"},
	{phaseError, "Lambda invocation failed with status: {service status}. Lambda request id: {backend request}"},
	{phaseError, "Lambda invocation failed {}"},
})
