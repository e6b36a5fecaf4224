package accesslog

import "sync"

// The documented formats (API Gateway Developer Guide, set up CloudWatch logging for REST APIs; customize HTTP API access logs), and those that the
// console offers for WebSocket APIs. REST's CLF is there with and without the blank after the date; formats of earlier years end at requestId.
const (
	clfStart    = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]`
	clfRequest  = `"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId`
	clfExtended = ` $context.extendedRequestId`

	httpCLF = `$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" ` +
		`$context.status $context.responseLength $context.requestId`
	webSocketCLF = clfStart + ` "$context.eventType $context.routeKey $context.connectionId" $context.status $context.requestId`

	csvStart    = `$context.identity.sourceIp,$context.identity.caller,$context.identity.user,$context.requestTime,`
	csvExtended = `,$context.extendedRequestId`

	restCSV = csvStart + `$context.httpMethod,$context.resourcePath,$context.protocol,$context.status,$context.responseLength,$context.requestId`
	httpCSV = `$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,` +
		`$context.responseLength,$context.requestId`
	webSocketCSV = csvStart + `$context.eventType,$context.routeKey,$context.connectionId,$context.status,$context.requestId`

	jsonStart     = `{ "requestId":"$context.requestId", `
	jsonExtended  = `"extendedRequestId":"$context.extendedRequestId",`
	jsonCaller    = `"ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", `
	restJSON      = jsonCaller + `"httpMethod":"$context.httpMethod", "resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }`
	webSocketJSON = jsonCaller + `"eventType":"$context.eventType", "routeKey":"$context.routeKey", "status":"$context.status", "connectionId":"$context.connectionId" }`

	httpJSON = jsonStart + `"ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod","routeKey":"$context.routeKey", ` +
		`"status":"$context.status","protocol":"$context.protocol", "responseLength":"$context.responseLength"`

	xmlStart    = `<request id="$context.requestId"> `
	xmlExtended = `<extendedRequestId>$context.extendedRequestId</extendedRequestId> `
	xmlCaller   = `<ip>$context.identity.sourceIp</ip> <caller>$context.identity.caller</caller> <user>$context.identity.user</user> <requestTime>$context.requestTime</requestTime> `
	xmlStatus   = `<status>$context.status</status> `
	xmlResponse = xmlStatus + `<protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> `
	xmlEnd      = `</request>`

	restXML      = xmlCaller + `<httpMethod>$context.httpMethod</httpMethod> <resourcePath>$context.resourcePath</resourcePath> ` + xmlResponse
	httpXML      = `<ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> <routeKey>$context.routeKey</routeKey> ` + xmlResponse
	webSocketXML = xmlCaller + `<eventType>$context.eventType</eventType> <routeKey>$context.routeKey</routeKey> ` + xmlStatus + `<connectionId>$context.connectionId</connectionId> `
)

var stockFormats = []string{
	jsonStart + jsonExtended + restJSON, jsonStart + restJSON,
	httpJSON + `, "extendedRequestId": "$context.extendedRequestId" }`, httpJSON + ` }`,
	jsonStart + jsonExtended + webSocketJSON, jsonStart + webSocketJSON,

	clfStart + clfRequest + clfExtended, clfStart + clfRequest, clfStart + " " + clfRequest + clfExtended, clfStart + " " + clfRequest,
	httpCLF + clfExtended, httpCLF, webSocketCLF,

	restCSV + csvExtended, restCSV, httpCSV + csvExtended, httpCSV, webSocketCSV,

	xmlStart + xmlExtended + restXML + xmlEnd, xmlStart + restXML + xmlEnd,
	xmlStart + httpXML + xmlExtended + xmlEnd, xmlStart + httpXML + xmlEnd,
	xmlStart + xmlExtended + webSocketXML + xmlEnd, xmlStart + webSocketXML + xmlEnd,
}

// Stock returns the formats that AWS documents, in the order to try them on a line of an unknown one. Unlike a stage's own format, they read no line with
// a value that its grammar does not fit: it is of another one.
var Stock = sync.OnceValue(func() []*Format {
	formats := make([]*Format, 0, len(stockFormats))
	for _, s := range stockFormats {
		f, err := Compile(s)
		if err != nil {
			panic(err) // a constant
		}
		f.passes = f.passes[:1]
		formats = append(formats, f)
	}
	return formats
})
