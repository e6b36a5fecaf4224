package awsapigatewayreceiver

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// caller is how the documented formats of REST and WebSocket APIs begin.
const (
	callerText = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]`
	callerJSON = `"ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", `
	callerXML  = `<ip>$context.identity.sourceIp</ip> <caller>$context.identity.caller</caller> <user>$context.identity.user</user> <requestTime>$context.requestTime</requestTime> `
	callerCSV  = `$context.identity.sourceIp,$context.identity.caller,$context.identity.user,$context.requestTime,`
)

// restFormats are the documented formats of REST APIs, and odd ones, by the name of the stage that writes them.
var restFormats = map[string]string{
	"clf": callerText + ` "$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`,
	"clf-without-blank": callerText +
		`"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`,
	"json": `{ "requestId":"$context.requestId", "extendedRequestId":"$context.extendedRequestId",` + callerJSON + `"httpMethod":"$context.httpMethod", ` +
		`"resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }`,
	"xml": `<request id="$context.requestId"> <extendedRequestId>$context.extendedRequestId</extendedRequestId> ` + callerXML +
		`<httpMethod>$context.httpMethod</httpMethod> <resourcePath>$context.resourcePath</resourcePath> <status>$context.status</status> ` +
		`<protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>`,
	"csv": callerCSV + `$context.httpMethod,$context.resourcePath,$context.protocol,$context.status,$context.responseLength,$context.requestId,$context.extendedRequestId`,

	// JSON only where each number is there, and no text has a quote.
	"numbers": `{"id":"$context.requestId","status":$context.status,"latency":$context.responseLatency,"backend":$context.integrationLatency,` +
		`"agent":"$context.identity.userAgent","error":$context.error.messageString,"type":"$context.error.responseType"}`,
	"pairs": `requestId=$context.requestId status=$context.status path=$context.path agent="$context.identity.userAgent" ip=$context.identity.sourceIp,` +
		`$context.xrayTraceId latency=$context.responseLatency/$context.integration.latency ms`,
	"tabs": "$context.requestTimeEpoch\t$context.requestId\t$context.httpMethod\t$context.path\t$context.status\t$context.identity.userAgent\t$context.nothing\n",
	"bars": `$context.extendedRequestId|$context.status|$context.responseLatency|$context.resourcePath|$context.identity.userAgent|$context.error.message|`,
	"elements": `<r t="$context.requestTimeEpoch" id='$context.requestId'><m>$context.httpMethod</m><p>$context.path</p><s>$context.status</s>` +
		`<a>$context.identity.userAgent</a><e>$context.error.message</e><l>$context.responseLatency</l></r>`,
	"combined": `$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.path $context.protocol" $context.status ` +
		`$context.responseLength "-" "$context.identity.userAgent" $context.requestId`,
	"nested": `{"request":{"id":"$context.requestId","user":{"sub":"$context.authorizer.claims.sub","principal":"$context.authorizer.principalId",` +
		`"tenant":"$context.authorizer.tenant"}},"http":{"status":$context.status,"agent":"$context.identity.userAgent"},"ms":[$context.responseLatency,$context.integrationLatency]}`,
	"brackets": `[$context.requestId] [$context.status] [$context.identity.userAgent] [$context.error.message] end`,
	"twice": `id=$context.requestId again=$context.requestId status=$context.status at=$context.requestTimeEpoch key=$context.identity.apiKey keyId=$context.identity.apiKeyId ` +
		`user=$context.identity.user of=$context.apiId/$context.stage in=$context.accountId version=$context.requestOverride.header.X-Version`,
	"everything": everything(awssim.TypeREST, "authorizer.claims.email"),
}

// httpFormats are those of HTTP APIs.
var httpFormats = map[string]string{
	"json": `{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod",` +
		`"routeKey":"$context.routeKey", "status":"$context.status","protocol":"$context.protocol", "responseLength":"$context.responseLength", "extendedRequestId": "$context.extendedRequestId" }`,
	"clf": `$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" ` +
		`$context.status $context.responseLength $context.requestId $context.extendedRequestId`,
	"xml": `<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> ` +
		`<routeKey>$context.routeKey</routeKey> <status>$context.status</status> <protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> ` +
		`<extendedRequestId>$context.extendedRequestId</extendedRequestId> </request>`,
	"csv": `$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,` +
		`$context.responseLength,$context.requestId,$context.extendedRequestId`,
	"blanks":     `$context.requestId $context.routeKey $context.status $context.path $context.dataProcessed`,
	"everything": everything(awssim.TypeHTTP, "authorizer.claims.scope"),
}

// webSocketFormats are those of WebSocket APIs.
var webSocketFormats = map[string]string{
	"json": `{ "requestId":"$context.requestId", ` + callerJSON + `"eventType":"$context.eventType", "routeKey":"$context.routeKey", "status":"$context.status", ` +
		`"connectionId":"$context.connectionId" }`,
	"clf": callerText + ` "$context.eventType $context.routeKey $context.connectionId" $context.status $context.requestId`,
	"xml": `<request id="$context.requestId"> ` + callerXML + `<eventType>$context.eventType</eventType> <routeKey>$context.routeKey</routeKey> ` +
		`<status>$context.status</status> <connectionId>$context.connectionId</connectionId> </request>`,
	"csv":        callerCSV + `$context.eventType,$context.routeKey,$context.connectionId,$context.status,$context.requestId`,
	"everything": everything(awssim.TypeWebSocket, "authorizer.level"),
}

// everything has most variables of a type of API as JSON: a format has 3 KB at most.
func everything(kind, property string) string {
	fields := []string{`"` + property + `":"$context.` + property + `"`}
	for _, name := range awssim.VariableNames(kind) {
		switch {
		case name == "error.messageString", name == "identity.clientCert.clientCertPem", strings.HasPrefix(name, "identity.cognito"):
		case kind == awssim.TypeREST && (strings.HasPrefix(name, "integration") || strings.HasPrefix(name, "customDomain")):
		default:
			fields = append(fields, `"`+name+`":"$context.`+name+`"`)
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}
