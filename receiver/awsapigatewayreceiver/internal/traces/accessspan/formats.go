package accessspan

// Formats of access logs with everything that spans are made of, for a stage's settings: one line each, and below the 1,024 bytes that HTTP and WebSocket
// APIs take (AccessLogSettings in API Gateway's v2 API reference). HTTP APIs have fewer variables of authorizers, and no X-Ray trace ids; WebSocket APIs
// have neither a method and a path nor the latency of the response. What clients write as they like comes last: there is nothing behind it to forge.
const (
	RESTFormat = `{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","apiId":"$context.apiId","stage":"$context.stage",` +
		`"requestTimeEpoch":"$context.requestTimeEpoch","httpMethod":"$context.httpMethod","path":"$context.path","resourcePath":"$context.resourcePath",` +
		`"protocol":"$context.protocol","status":"$context.status","responseLatency":"$context.responseLatency","responseLength":"$context.responseLength",` +
		`"domainName":"$context.domainName","sourceIp":"$context.identity.sourceIp","xrayTraceId":"$context.xrayTraceId",` +
		integrationMembers +
		`"authorizer.latency":"$context.authorizer.latency","authorizer.status":"$context.authorizer.status","authorizer.error":"$context.authorizer.error",` +
		lastMembers

	HTTPFormat = `{"requestId":"$context.requestId","apiId":"$context.apiId","stage":"$context.stage","requestTimeEpoch":"$context.requestTimeEpoch",` +
		`"httpMethod":"$context.httpMethod","path":"$context.path","routeKey":"$context.routeKey","protocol":"$context.protocol","status":"$context.status",` +
		`"responseLatency":"$context.responseLatency","responseLength":"$context.responseLength","domainName":"$context.domainName",` +
		`"sourceIp":"$context.identity.sourceIp",` +
		integrationMembers +
		`"authorizer.latency":"$context.authorizer.integrationLatency","authorizer.error":"$context.authorizer.error",` +
		lastMembers

	WebSocketFormat = `{"requestId":"$context.requestId","apiId":"$context.apiId","stage":"$context.stage","requestTimeEpoch":"$context.requestTimeEpoch",` +
		`"routeKey":"$context.routeKey","eventType":"$context.eventType","connectionId":"$context.connectionId","status":"$context.status",` +
		`"domainName":"$context.domainName","sourceIp":"$context.identity.sourceIp",` +
		integrationMembers +
		`"authorizer.latency":"$context.authorizer.latency","authorizer.status":"$context.authorizer.status","authorizer.error":"$context.authorizer.error",` +
		lastMembers

	integrationMembers = `"integrationLatency":"$context.integrationLatency","integration.status":"$context.integration.status",` +
		`"integration.requestId":"$context.integration.requestId","integration.error":"$context.integration.error",`
	lastMembers = `"error.responseType":"$context.error.responseType","error.message":"$context.error.message",` +
		`"userAgent":"$context.identity.userAgent"}`
)
