package awssim

import (
	"slices"
	"strings"
)

// phaseVariables say what each phase before the integration did, and the error that a request ended with.
var phaseVariables = func() map[string]contextVariable {
	all := map[string]contextVariable{
		"waf.error":                     {inREST | inWebSocket, phaseError(phaseWAF)},
		"authenticate.error":            {inREST | inWebSocket, phaseError(phaseAuthenticate)},
		"authorize.error":               {inREST | inWebSocket, phaseError(phaseAuthorize)},
		"authorizer.error":              {inAll, phaseError(phaseAuthorizer)},
		"error.message":                 {inAll, text(func(c *logContext) string { return c.outcome.message })},
		"error.responseType":            {inAll, text(func(c *logContext) string { return c.outcome.responseType })},
		"error.validationErrorString":   {inREST | inWebSocket, text(func(c *logContext) string { return c.outcome.validation })},
		"error.messageString":           {inAll, messageString},
		"webaclArn":                     {inREST, text(func(c *logContext) string { return c.version.stage.WebACL })},
		"authorizer.integrationLatency": {inREST, number(func(c *logContext) int64 { return c.phaseLatency(phaseAuthorizer) - 1 })},
		"authorizer.integrationStatus":  {inREST, number((*logContext).authorizerStatus)},
		"authorizer.principalId":        {inREST | inWebSocket, authorizerPrincipal},
		"authorizer.requestId":          {inREST | inWebSocket, authorizerRequest},
		"wafResponseCode":               {inREST, text((*logContext).wafResponse)},
	}
	for name, p := range map[string]phase{"waf": phaseWAF, "authenticate": phaseAuthenticate, "authorizer": phaseAuthorizer, "authorize": phaseAuthorize} {
		all[name+".latency"] = contextVariable{inREST | inWebSocket, number(func(c *logContext) int64 { return c.phaseLatency(p) })}
		all[name+".status"] = contextVariable{inREST | inWebSocket, number(func(c *logContext) int64 { return c.phaseStatus(p) })}
	}
	return all
}()

// passes reports whether the request came to a phase that its route and stage have.
func (c *logContext) passes(p phase) bool {
	if !c.reached(p) {
		return false
	}
	switch p {
	case phaseWAF:
		return c.version.stage.WebACL != ""
	case phaseAuthorizer:
		return slices.Contains([]string{"CUSTOM", "COGNITO_USER_POOLS", "JWT"}, c.route.auth)
	default:
		return c.route.auth == "AWS_IAM" || p == phaseAuthorize && c.route.auth == "CUSTOM"
	}
}

// phaseLatency is in milliseconds; -1 where the request did not come to the phase.
func (c *logContext) phaseLatency(p phase) int64 {
	if !c.passes(p) {
		return -1
	}
	return 1 + int64(c.draw(drawPhase)>>(8*p)&0xf)
}

func (c *logContext) phaseStatus(p phase) int64 {
	switch {
	case !c.passes(p):
		return -1
	case c.outcome.phase == p:
		return int64(c.outcome.status)
	default:
		return 200
	}
}

func phaseError(p phase) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte {
		if c.outcome.phase != p {
			return b
		}
		return append(b, c.outcome.cause...)
	}
}

// messageString is the error's message in quotes: they are the variable's own.
func messageString(b []byte, c *logContext) []byte {
	if c.outcome.message == "" {
		return b
	}
	return append(append(append(b, '"'), c.outcome.message...), '"')
}

func (c *logContext) wafResponse() string {
	switch {
	case c.version.stage.WebACL == "":
		return ""
	case c.outcome.phase == phaseWAF:
		return "WAF_BLOCK"
	default:
		return "WAF_ALLOW"
	}
}

// authorizerStatus is what the authorizer's function returned.
func (c *logContext) authorizerStatus() int64 {
	if c.route.auth != "CUSTOM" || !c.reached(phaseAuthorizer) {
		return -1
	}
	return 200
}

func authorizerPrincipal(b []byte, c *logContext) []byte {
	if !c.authorized("CUSTOM") {
		return b
	}
	return appendHex(append(b, "user|"...), c.draw(drawAuthorizer), 8)
}

func authorizerRequest(b []byte, c *logContext) []byte {
	if c.authorizerStatus() < 0 {
		return b
	}
	return appendUUID(b, c.draw(drawAuthorizer2), c.draw(drawAuthorizer))
}

// integrationVariables say what the integration did.
var integrationVariables = map[string]contextVariable{
	"awsEndpointRequestId":             {inAll, endpointRequest},
	"integration.requestId":            {inAll, endpointRequest},
	"awsEndpointRequestId2":            {inHTTP, endpointRequest2},
	"integration.error":                {inAll, phaseError(phaseIntegration)},
	"integrationErrorMessage":          {inREST | inHTTP, phaseError(phaseIntegration)},
	"integration.latency":              {inAll, number(func(c *logContext) int64 { return int64(c.request.integration) })},
	"integrationLatency":               {inAll, number(func(c *logContext) int64 { return int64(c.request.integration) })},
	"integration.integrationStatus":    {inAll, number((*logContext).serviceStatus)},
	"integrationStatus":                {inAll, number((*logContext).serviceStatus)},
	"integration.status":               {inAll, number((*logContext).backendStatus)},
	"integration.responseTransferMode": {inREST, text((*logContext).transferMode)},
	"integration.timeToAllHeaders":     {inREST, number(func(c *logContext) int64 { return c.streamed(2) })},
	"integration.timeToFirstContent":   {inREST, number(func(c *logContext) int64 { return c.streamed(1) })},
}

// aws reports whether the route calls an AWS service, most often Lambda.
func (c *logContext) aws() bool {
	return c.route.integration != nil && strings.HasPrefix(c.route.integration.Type, "AWS")
}

func endpointRequest(b []byte, c *logContext) []byte {
	if !c.integrated() || !c.aws() {
		return b
	}
	return appendUUID(b, c.draw(drawEndpoint), c.draw(drawEndpoint2))
}

// endpointRequest2 is what S3 and few others answer.
func endpointRequest2(b []byte, c *logContext) []byte {
	if !c.integrated() || !c.aws() || c.draw(drawEndpoint)&15 != 0 {
		return b
	}
	return append(appendShortID(appendShortID(b, c.draw(drawEndpoint), c.key), c.draw(drawEndpoint2), c.key), "+/="...)
}

// serviceStatus is that of the integration's service: Lambda answers 200 for functions that fail.
func (c *logContext) serviceStatus() int64 {
	switch {
	case !c.integrated():
		return -1
	case c.aws():
		return 200
	default:
		return c.backendStatus()
	}
}

// backendStatus is what the function or backend returned; -1 where it returned nothing.
func (c *logContext) backendStatus() int64 {
	if !c.integrated() || c.outcome.backend == 0 {
		return -1
	}
	return int64(c.outcome.backend)
}

func (c *logContext) transferMode() string {
	if c.route.integration == nil || !c.integrated() {
		return ""
	}
	if c.route.integration.TransferMode == "STREAM" {
		return "STREAMED"
	}
	return "BUFFERED"
}

// streamed is a part of a streamed integration's latency.
func (c *logContext) streamed(divisor int64) int64 {
	if c.transferMode() != "STREAMED" {
		return -1
	}
	return int64(c.request.integration) / (2 * divisor)
}
