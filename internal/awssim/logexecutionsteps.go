package awssim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// rest writes the execution of a REST API's method, phase by phase.
func (x *execution) rest() {
	c := x.c
	x.note("Extended Request Id: ", x.text(contextVariables["extendedRequestId"].write))
	if x.plan(); c.outcome.phase == phasePlan {
		x.failure()
		x.end()
		return
	}
	x.note("Starting execution for request: ", x.id)
	x.note("HTTP Method: ", c.method, ", Resource Path: ", x.resourcePath())
	x.after += 2
	if c.outcome.phase <= phaseAuthenticate {
		x.failure()
		x.end()
		return
	}
	x.authorizer()
	if c.outcome.phase <= phaseAuthorize {
		x.failure()
		x.end()
		return
	}
	x.requested()
	if c.outcome.phase == phaseValidate {
		x.failure()
		x.end()
		return
	}
	if c.request.cache == cacheHit {
		x.note("Response was served from the cache")
	} else {
		x.integration()
	}
	x.end()
}

// resourcePath is the request's path without its stage.
func (x *execution) resourcePath() string { return string(x.c.resource(nil)) }

// plan writes the check of the usage plan.
func (x *execution) plan() {
	c := x.c
	key, stage := masked(x.text(contextVariables["identity.apiKey"].write)), c.info.api.ID+"/"+c.info.stage.Name
	x.note("Verifying Usage Plan for request: ", x.id, ". API Key: ", key, " API Stage: ", stage)
	if c.outcome.phase == phasePlan {
		return
	}
	if !c.route.apiKey {
		x.note("API Key  authorized because method '", c.method, " ", cmp.Or(c.route.path, "/"),
			"' does not require API Key. Request will not contribute to throttle or quota limits")
	}
	x.note("Usage Plan check succeeded for API Key ", key, " and API Stage ", stage)
}

// authorizer writes what a Lambda or Cognito authorizer did.
func (x *execution) authorizer() {
	c := x.c
	if !slices.Contains([]string{"CUSTOM", "COGNITO_USER_POOLS"}, c.route.auth) {
		return
	}
	x.note("Starting authorizer: ", cmp.Or(c.route.authorizer, "auth00"), " for request: ", x.id)
	x.note("Incoming identity: ", masked(string(appendHex(nil, c.draw(drawAuthorizer), 32))))
	x.after += max(c.phaseLatency(phaseAuthorizer), 0)
	if c.outcome.phase == phaseAuthorizer {
		return
	}
	if c.route.auth != "CUSTOM" {
		x.note("Successfully completed authorizer execution")
		return
	}
	principal := x.text(authorizerPrincipal)
	x.body(`Authorizer result body before parsing: {"principalId":"`, principal, `","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke",`,
		`"Effect":"Allow","Resource":"*"}]},"context":{"secret":"s3cr3t-of-the-authorizer"}}`)
	x.note("Using valid authorizer policy for principal: ", masked(principal))
	x.note("Successfully completed authorizer execution")
}

// requested writes the request as the method got it.
func (x *execution) requested() {
	c := x.c
	if key := x.text(contextVariables["identity.apiKey"].write); key != "" {
		x.note("API Key: ", masked(key))
		x.note("API Key ID: ", x.text(contextVariables["identity.apiKeyId"].write))
	}
	x.note("Method request path: ", x.parameters())
	x.note("Method request query string: ", []string{"{}", "{page=2, size=50}", `{q="a, b"=c}`}[c.draw(drawParameter)>>40%3])
	host := string(c.host(nil))
	x.note("Method request headers: {Accept=application/json, User-Agent=", c.userAgent(), ", X-Forwarded-Proto=https, Host=", host,
		", X-Forwarded-For=", string(c.sourceIP(nil)), ", X-Amzn-Trace-Id=Self=1-;Root=", string(c.traceID(nil)),
		", Authorization=", masked("Bearer "+string(appendHex(nil, c.draw(drawAuthorizer), 16))), ", Cookie=session=", strconv.FormatUint(c.draw(drawAuthorizer2), 36), "}")
	x.body("Method request body before transformations: ", c.requestBody())
}

// parameters are those of the path, as {id=4711}.
func (x *execution) parameters() string {
	var pairs []string
	template, path := strings.Split(x.c.route.path, "/"), strings.Split(x.resourcePath(), "/")
	for i, part := range template {
		if strings.HasPrefix(part, "{") && i < len(path) {
			pairs = append(pairs, strings.Trim(part, "{}+")+"="+path[i])
		}
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// requestBody is a body with what should not be shown; some have several lines, some are long.
func (c *logContext) requestBody() string {
	n := c.draw(drawParameter)
	body := `{"item":"` + string(appendHex(nil, n, 6)) + `","card":"4111111111111111","password":"hunter2"}`
	switch n >> 50 & 7 {
	case 0:
		return "{\n  \"note\": \"two\nlines\",\n  \"body\": " + body + "\n}"
	case 1:
		return `{"items":[` + strings.Repeat(body+",", 20) + body + "]}"
	case 2:
		return ""
	default:
		return body
	}
}

// endpoint is the address of the integration. ARNs of AWS services are arn:P:apigateway:R:SERVICE:path/… or :action/….
func (c *logContext) endpoint() string {
	uri := ""
	if c.route.integration != nil {
		uri = c.route.integration.URI
	}
	parts := strings.SplitN(uri, ":", 6)
	if len(parts) < 6 || parts[2] != "apigateway" {
		return cmp.Or(uri, "https://example.com/")
	}
	host := "https://" + parts[4] + "." + parts[3] + "." + dnsSuffix(parts[1]) + "/"
	if action, ok := strings.CutPrefix(parts[5], "action/"); ok {
		return host + "?Action=" + action
	}
	return host + strings.TrimPrefix(parts[5], "path/")
}

// integration writes the call of the integration.
func (x *execution) integration() {
	c := x.c
	uri := c.endpoint()
	x.note("Endpoint request URI: ", uri)
	x.note("Endpoint request headers: {x-amzn-lambda-integration-tag=", x.id, ", Authorization=", masked(strings.Repeat("x", 300)+string(appendHex(nil, c.draw(drawEndpoint), 6))),
		", X-Amz-Date=", c.time().Format("20060102T150405Z"), ", x-amzn-apigateway-api-id=", c.info.api.ID,
		", X-Amz-Source-Arn=arn:aws:execute-api:", c.info.region.Name, ":", c.info.account, ":", c.info.api.ID, "/", c.info.stage.Name, "/", c.method, x.resourcePath(),
		", X-Amz-Security-Token=", strings.Repeat("IQoJb3JpZ2luX2VjE", 40), "}")
	x.body("Endpoint request body after transformations: {\"resource\":\"", c.route.path, "\",\"body\":", strconv.Quote(c.requestBody()), "}")
	x.note("Sending request to ", uri)
	x.after = max(x.after, int64(c.request.latency)-1)
	if !c.integrated() || c.outcome.backend == 0 {
		x.failure()
		return
	}
	latency := strconv.Itoa(int(c.request.integration)) + " ms"
	status := strconv.FormatInt(c.serviceStatus(), 10)
	headers := "Endpoint response headers: {Date=" + c.time().Format("Mon, 02 Jan 2006 15:04:05 GMT") + ", Content-Type=application/json, x-amzn-RequestId=" + x.text(endpointRequest) + "}"
	body := `{"statusCode":` + strconv.Itoa(c.outcome.backend) + `,"body":"{\"token\":\"` + string(appendHex(nil, c.draw(drawEndpoint2), 12)) + `\"}"}`
	if x.newer {
		x.note("Received response. Status: ", status, ", Integration latency: ", latency)
		x.note(headers)
		x.body("Endpoint response body before transformations: ", body)
	} else {
		x.note("Received response. Integration latency: ", latency)
		x.body("Endpoint response body before transformations: ", body)
		x.note(headers)
	}
	if c.outcome.phase != phaseDone {
		x.failure()
		return
	}
	x.body("Method response body after transformations: ", body)
	x.note("Method response headers: {X-Amzn-Trace-Id=Root=", string(c.traceID(nil)), ";Sampled=1, Content-Type=application/json}")
}

// webSocket writes the execution of a WebSocket API's route. The wording is that of an emulator which copies AWS's.
func (x *execution) webSocket() {
	c := x.c
	api, connection := c.info.api.ID, x.text(contextVariables["connectionId"].write)
	status := strconv.Itoa(c.outcome.status)
	x.note("Extended Request Id: ", x.id)
	x.note("Starting execution for request: ", x.id)
	x.note("WebSocket Request Route: [", c.route.key, "]")
	if c.route.key == "$connect" {
		x.note("Client [UserAgent: ", c.userAgent(), ", SourceIp: ", string(c.sourceIP(nil)), "] is connecting to WebSocket API [", api, "].")
		x.authorizer()
	} else if c.route.key != "$disconnect" {
		x.note("WebSocket API [", api, "] received message from client [Connection Id: ", connection, "]. ")
		x.body("Message: ", c.requestBody())
	}
	x.after = max(int64(c.request.latency)-1, 0)
	if c.outcome.status >= 400 {
		x.failure()
	}
	switch {
	case c.outcome.phase != phaseDone:
	case c.route.key == "$connect":
		x.note("Client [Connection Id: ", connection, "] connected to API [", api, "] successfully.")
	case c.route.key == "$disconnect":
		x.note("Client [Connection Id: ", connection, "] disconnected from API [", api, "] with integration response status code [", status, "]. Close reason: [1001: Going away]")
	default:
		x.note("Message from client [Connection Id: ", connection, "] sent to API [", api, "] with response status code [", status, "].")
	}
	if c.outcome.phase != phaseDone && x.newer {
		x.say("Gateway response type: ", c.outcome.responseType, " with status code: ", status)
	}
	if id := x.text(endpointRequest); id != "" {
		x.after = int64(c.request.latency)
		x.note("AWS Integration Endpoint RequestId : ", id)
	}
}
