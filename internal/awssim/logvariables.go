package awssim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// contextVariable is a variable of access logs: which types of APIs have it, and its value. A value that writes nothing is absent.
type contextVariable struct {
	in    kinds
	write func([]byte, *logContext) []byte
}

// contextProperty is a family of variables that end in a name of the user's.
type contextProperty struct {
	prefix string
	in     kinds
	write  func(b []byte, c *logContext, property string) []byte
}

// contextVariables are those of API Gateway's documentation (Developer Guide, variables for access logging: REST; HTTP; WebSocket).
var contextVariables = func() map[string]contextVariable {
	all := map[string]contextVariable{}
	for _, family := range []map[string]contextVariable{requestVariables, identityVariables, phaseVariables, integrationVariables} {
		maps.Copy(all, family)
	}
	return all
}()

func text(s func(*logContext) string) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte { return append(b, s(c)...) }
}

// number writes what is not negative.
func number(n func(*logContext) int64) func([]byte, *logContext) []byte {
	return func(b []byte, c *logContext) []byte {
		if v := n(c); v >= 0 {
			return strconv.AppendInt(b, v, 10)
		}
		return b
	}
}

// requestVariables say what was asked for, and what was answered.
var requestVariables = map[string]contextVariable{
	"accountId":         {inREST | inHTTP, text(func(c *logContext) string { return c.info.account })},
	"apiId":             {inAll, text(func(c *logContext) string { return c.info.api.ID })},
	"stage":             {inAll, text(func(c *logContext) string { return c.info.stage.Name })},
	"connectedAt":       {inWebSocket, number(func(c *logContext) int64 { _, since := c.connection(); return since })},
	"connectionId":      {inWebSocket, func(b []byte, c *logContext) []byte { id, _ := c.connection(); return appendShortID(b, id, mix(id)) }},
	"dataProcessed":     {inHTTP, number(func(c *logContext) int64 { return int64(c.request.bytes) })},
	"domainName":        {inAll, func(b []byte, c *logContext) []byte { return c.host(b) }},
	"extendedRequestId": {inAll, func(b []byte, c *logContext) []byte { return appendShortID(b, c.draw(drawExtended), c.key) }},
	"httpMethod":        {inREST | inHTTP, text(func(c *logContext) string { return c.method })},
	"path":              {inREST | inHTTP, func(b []byte, c *logContext) []byte { return c.path(b) }},
	"protocol":          {inREST | inHTTP, text(func(*logContext) string { return "HTTP/1.1" })},
	"requestTimeEpoch":  {inAll, number(func(c *logContext) int64 { return c.at })},
	"resourceId":        {inREST, text(func(c *logContext) string { return c.route.resourceID })},
	"resourcePath":      {inREST, text(func(c *logContext) string { return cmp.Or(c.route.path, "/") })},
	"responseLatency":   {inREST | inHTTP, number(func(c *logContext) int64 { return int64(c.request.latency) })},
	"routeKey":          {inHTTP | inWebSocket, text(func(c *logContext) string { return c.route.key })},
	"status":            {inAll, number(func(c *logContext) int64 { return int64(c.outcome.status) })},
	"endpointType":      {inREST, text(func(c *logContext) string { return cmp.Or(c.info.api.EndpointType, "REGIONAL") })},
	"cipherSuite":       {inREST, text(func(*logContext) string { return "ECDHE-RSA-AES128-GCM-SHA256" })},
	"tlsVersion":        {inREST, text(func(*logContext) string { return "TLSv1.2" })},
	"domainPrefix": {inREST | inHTTP, func(b []byte, c *logContext) []byte {
		before := len(b)
		b = c.host(b)
		return b[:before+strings.IndexByte(string(b[before:]), '.')]
	}},
	"deploymentId": {inREST, text(func(c *logContext) string {
		if c.request.canary {
			return c.version.stage.canaryDeployment(c.info.api)
		}
		return c.version.stage.deployment(c.info.api)
	})},
	"customDomain.basePathMatched": {inREST | inHTTP, text(func(c *logContext) string {
		if c.domain == nil {
			return ""
		}
		return c.domain.basePath
	})},
	"customDomain.routingRuleIdMatched": {inREST, text(func(c *logContext) string {
		if c.domain == nil {
			return ""
		}
		return c.domain.rule
	})},
	"eventType": {inWebSocket, text(func(c *logContext) string {
		switch c.route.key {
		case "$connect":
			return "CONNECT"
		case "$disconnect":
			return "DISCONNECT"
		default:
			return "MESSAGE"
		}
	})},
	"messageId": {inWebSocket, func(b []byte, c *logContext) []byte {
		if c.route.key == "$connect" || c.route.key == "$disconnect" {
			return b
		}
		return appendShortID(b, c.draw(drawMessage), 2)
	}},
	"isCanaryRequest": {inREST, text(func(c *logContext) string {
		if c.info.stage.CanaryPercent <= 0 {
			return ""
		}
		return strconv.FormatBool(c.request.canary)
	})},
	"requestId": {inAll, func(b []byte, c *logContext) []byte { return c.requestID(b) }},
	"requestTime": {inAll, func(b []byte, c *logContext) []byte {
		return c.time().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	}},
	"responseLength": {inREST | inHTTP, number(func(c *logContext) int64 {
		if c.info.kind == TypeHTTP {
			return int64(c.request.bytes) * 3 / 4
		}
		return int64(c.request.bytes)
	})},
	"responseOverride.status": {inREST, number(func(c *logContext) int64 {
		if c.draw(drawParameter)>>20&63 != 0 {
			return -1
		}
		return int64(c.outcome.status)
	})},
	"xrayTraceId": {inREST, func(b []byte, c *logContext) []byte {
		if !c.version.stage.Tracing {
			return b
		}
		return c.traceID(b)
	}},
}

// requestID writes a UUID, in HTTP and WebSocket APIs the extended request id.
func (c *logContext) requestID(b []byte) []byte {
	if c.info.kind == TypeREST {
		return appendUUID(b, c.draw(drawID), c.draw(drawID2))
	}
	return appendShortID(b, c.draw(drawExtended), c.key)
}

// traceID writes an X-Ray trace id: its version, the second of the request, 96 random bits.
func (c *logContext) traceID(b []byte) []byte {
	b = append(appendHex(append(b, "1-"...), uint64(c.at/1000), 8), '-')
	return appendHex(appendHex(b, c.draw(drawTrace), 16), c.draw(drawTrace2), 8)
}

// contextProperties are variables whose names end as the user wishes. The authorizers of the simulator return a few of them.
var contextProperties = []contextProperty{
	{"authorizer.claims.", inREST | inHTTP, func(b []byte, c *logContext, property string) []byte {
		if !c.authorized("COGNITO_USER_POOLS", "JWT") {
			return b
		}
		switch property {
		case "sub":
			return appendUUID(b, c.draw(drawAuthorizer), c.draw(drawAuthorizer2))
		case "email":
			return append(appendHex(append(b, "user"...), c.draw(drawAuthorizer), 4), "@example.com"...)
		case "scope":
			return append(b, "orders/read orders/write"...)
		case "cognito_groups":
			return append(b, "[buyers, \"a,b\"]"...)
		}
		return b
	}},
	{"authorizer.", inAll, func(b []byte, c *logContext, property string) []byte {
		if !c.authorized("CUSTOM") {
			return b
		}
		switch property {
		case "tenant":
			return append(b, authorizerTenants[c.draw(drawAuthorizer)%uint64(len(authorizerTenants))]...)
		case "level":
			return strconv.AppendUint(b, c.draw(drawAuthorizer2)%10, 10)
		case "active":
			return strconv.AppendBool(b, c.draw(drawAuthorizer2)&16 == 0)
		}
		return b
	}},
	{"requestOverride.header.", inREST, override},
	{"requestOverride.path.", inREST, override},
	{"requestOverride.querystring.", inREST, override},
	{"responseOverride.header.", inREST, override},
}

var authorizerTenants = []string{"acme", "globex", `Smith & Sons, "Ltd"`, "o'neill", "Größe", "initech"}

// override is the value of the few requests that a mapping template changes.
func override(b []byte, c *logContext, property string) []byte {
	if c.draw(drawParameter)>>20&63 != 0 {
		return b
	}
	return append(append(b, "override of "...), property...)
}

// usualProperties are the variables with names of the user's that a record has besides those of its format.
var usualProperties = []string{
	"authorizer.claims.sub", "authorizer.claims.email", "authorizer.claims.scope", "authorizer.claims.cognito_groups",
	"authorizer.tenant", "authorizer.level", "authorizer.active", "requestOverride.header.X-Version", "responseOverride.header.X-Version",
}

// recordVariables are the variables that the records of a type of API have whatever its format.
var recordVariables = func() map[string][]formatPart {
	all := map[string][]formatPart{}
	for _, kind := range []string{TypeREST, TypeHTTP, TypeWebSocket} {
		names := append(VariableNames(kind), usualProperties...)
		for _, name := range names {
			if write := variable(kind, name); write != nil {
				all[kind] = append(all[kind], formatPart{name: name, write: write})
			}
		}
	}
	return all
}()

// moreVariables are the variables of a format that records would not have without it.
func moreVariables(kind string, format []formatPart) []formatPart {
	var more []formatPart
	for _, p := range format {
		if p.write != nil && !slices.ContainsFunc(recordVariables[kind], func(q formatPart) bool { return q.name == p.name }) {
			more = append(more, p)
		}
	}
	return more
}

// values are all variables of a request that are present, without "$context.".
func (c *logContext) values() map[string]string {
	usual := recordVariables[c.info.kind]
	out := make(map[string]string, len(usual)+len(c.version.more))
	var room [256]byte
	b := room[:0]
	for _, parts := range [][]formatPart{usual, c.version.more} {
		for i := range parts {
			if b = parts[i].write(b[:0], c); len(b) > 0 {
				out[parts[i].name] = string(b)
			}
		}
	}
	return out
}

// VariableNames returns the names of all documented $context variables of a type of API that have no part of the user's, sorted.
func VariableNames(kind string) []string {
	var names []string
	for name, v := range contextVariables {
		if v.in.has(kind) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// certificateValidity is the lifetime of clients' certificates.
const certificateValidity = "Nov 21 12:00:00 2026 GMT"

var certificateIssued = time.Date(2025, 11, 21, 12, 0, 0, 0, time.UTC).Format("Jan _2 15:04:05 2006 GMT")
