package awssim

import (
	"strings"
	"time"
)

// The access-log formats of AWS's documentation (API Gateway Developer Guide, set up logging; HTTP APIs: customize access logs).
const (
	demoCLF = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] ` +
		`"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`
	demoJSON = `{ "requestId":"$context.requestId", "extendedRequestId":"$context.extendedRequestId","ip": "$context.identity.sourceIp", ` +
		`"caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod", ` +
		`"resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }`
	demoXML = `<request id="$context.requestId"> <extendedRequestId>$context.extendedRequestId</extendedRequestId> <ip>$context.identity.sourceIp</ip> ` +
		`<caller>$context.identity.caller</caller> <user>$context.identity.user</user> <requestTime>$context.requestTime</requestTime> ` +
		`<httpMethod>$context.httpMethod</httpMethod> <resourcePath>$context.resourcePath</resourcePath> <status>$context.status</status> ` +
		`<protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>`
	demoCSV = `$context.identity.sourceIp,$context.identity.caller,$context.identity.user,$context.requestTime,$context.httpMethod,$context.resourcePath,` +
		`$context.protocol,$context.status,$context.responseLength,$context.requestId,$context.extendedRequestId`
	demoHTTPJSON = `{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", ` +
		`"httpMethod":"$context.httpMethod","routeKey":"$context.routeKey", "status":"$context.status","protocol":"$context.protocol", ` +
		`"responseLength":"$context.responseLength", "extendedRequestId": "$context.extendedRequestId" }`
)

// The other documented formats of HTTP APIs, and the ones that people write.
const (
	demoHTTPCLF = `$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" ` +
		`$context.status $context.responseLength $context.requestId $context.extendedRequestId`
	// demoHTTPTimed says how long requests and their integrations took.
	demoHTTPTimed = `{"requestId":"$context.requestId","apiId":"$context.apiId","stage":"$context.stage","requestTimeEpoch":"$context.requestTimeEpoch",` +
		`"httpMethod":"$context.httpMethod","path":"$context.path","routeKey":"$context.routeKey","protocol":"$context.protocol","status":"$context.status",` +
		`"responseLatency":"$context.responseLatency","responseLength":"$context.responseLength","domainName":"$context.domainName",` +
		`"ip":"$context.identity.sourceIp","userAgent":"$context.identity.userAgent","integrationLatency":"$context.integrationLatency",` +
		`"integrationStatus":"$context.integration.status","authorizerLatency":"$context.authorizer.integrationLatency"}`
	demoHTTPXML = `<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> ` +
		`<httpMethod>$context.httpMethod</httpMethod> <routeKey>$context.routeKey</routeKey> <status>$context.status</status> ` +
		`<protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> <extendedRequestId>$context.extendedRequestId</extendedRequestId> </request>`
	demoHTTPCSV = `$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,` +
		`$context.responseLength,$context.requestId,$context.extendedRequestId`
	// demoTightCLF is as the documentation of 2026 shows it, without a blank before the quotes.
	demoTightCLF = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]` +
		`"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`
	demoWebSocketJSON = `{ "requestId":"$context.requestId", "routeKey":"$context.routeKey", "eventType":"$context.eventType", ` +
		`"connectionId":"$context.connectionId", "requestTimeEpoch":"$context.requestTimeEpoch", "status":"$context.status", ` +
		`"integrationLatency":"$context.integrationLatency", "authorizer.latency":"$context.authorizer.latency" }`
	demoWebSocketCLF = `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] ` +
		`"$context.eventType $context.routeKey $context.connectionId" $context.status $context.requestId`
	// demoNumbers is JSON only where each number is there and no text has a quote.
	demoNumbers = `{"id":"$context.requestId","status":$context.status,"latency":$context.responseLatency,"backend":$context.integrationLatency,` +
		`"agent":"$context.identity.userAgent","error":$context.error.messageString,"type":"$context.error.responseType"}`
	demoPairs = `requestId=$context.requestId status=$context.status path=$context.path agent="$context.identity.userAgent" ip=$context.identity.sourceIp,` +
		`$context.xrayTraceId latency=$context.responseLatency/$context.integration.latency ms`
	demoTabs = "$context.requestTimeEpoch\t$context.requestId\t$context.httpMethod\t$context.path\t$context.status\t$context.identity.userAgent\t$context.nothing\n"
	// demoPipes names the request by its extended id only.
	demoPipes    = `$context.extendedRequestId|$context.status|$context.responseLatency|$context.resourcePath|$context.identity.userAgent|$context.error.message|`
	demoElements = `<r t="$context.requestTimeEpoch" id='$context.requestId'><m>$context.httpMethod</m><p>$context.path</p><s>$context.status</s>` +
		`<a>$context.identity.userAgent</a><e>$context.error.message</e><l>$context.responseLatency</l></r>`
)

// demoEverything has most variables of REST APIs: a format has 3 KB at most.
var demoEverything = func() string {
	var fields []string
	for _, name := range VariableNames(TypeREST) {
		if !strings.HasPrefix(name, "identity.c") && !strings.HasPrefix(name, "integration.") && name != "identity.apiKey" && name != "error.messageString" {
			fields = append(fields, `"`+name+`":"$context.`+name+`"`)
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}()

// demoLogs are the access logs of stages that have none of their own, by "{api}/{stage}": the log group below /aws/apigateway/, and the format. The
// twins share a group and a format, the two APIs called search a group.
var demoLogs = map[string][2]string{
	"b1reports0/blue": {"reports", demoNumbers}, "b2reports0/green": {"reports", demoTightCLF},
	"b3twins000/prod": {"twins", demoJSON}, "b4twins000/prod": {"twins", demoJSON},
	"b5uebers00/prod": {"uebersetzung", demoPairs}, "b6chumon00/prod": {"chumon", demoTabs},
	"c1search00/prod": {"search", demoPipes}, "c2search00/prod": {"search", demoPipes}, "c3launch00/$default": {"launch", demoHTTPCLF},
	"e1orders00/prod": {"orders", demoEverything}, "e2profile0/$default": {"profile:*", demoHTTPXML},
	"p1partner0/v1": {"partner-v1", demoElements}, "p1partner0/v2": {"partner-v2", demoCSV},
	"p2events00/prod": {"partner-events", demoWebSocketCLF}, "p3webhooks/$default": {"webhooks", demoHTTPCSV},
}

// demoAccessLogs gives stages their access logs.
func demoAccessLogs(w *World) *World {
	for _, account := range w.Accounts {
		for _, region := range account.Regions {
			for _, api := range region.APIs {
				for _, stage := range api.Stages {
					if log, ok := demoLogs[api.ID+"/"+stage.Name]; ok {
						stage.AccessLog = AccessLog{"arn:aws:logs:" + region.Name + ":" + account.ID + ":log-group:/aws/apigateway/" + log[0], log[1]}
					}
				}
			}
		}
	}
	return w
}

// demoLogGroups are those of the first account in us-east-1 that are not as API Gateway makes them.
func demoLogGroups(old time.Time) []*LogGroup {
	return []*LogGroup{
		{Name: "/aws/apigateway/orders", Created: old, RetentionDays: 30},
		{Name: "/aws/apigateway/payments", Created: old, RetentionDays: 7, KMSKeyID: demoARN("kms", "key/0a1b2c3d-0000-4000-8000-00000000cafe")},
		{Name: "/aws/apigateway/reports", Created: old, ForeignPerMinute: 4}, // another service writes here, too
		{Name: "/aws/apigateway/chumon", Created: old, Class: ClassInfrequentAccess},
		{Name: "/aws/lambda/charge", Created: old, ForeignPerMinute: 30},
	}
}

// demoLog is the access log of an API of the demonstration in CloudWatch Logs.
func demoLog(api, format string) AccessLog {
	return AccessLog{demoARN("logs", "log-group:/aws/apigateway/"+api), format}
}

// demoARN is the ARN of something of the demonstration's first account in us-east-1.
func demoARN(service, resource string) string {
	return "arn:aws:" + service + ":us-east-1:" + DemoAccount + ":" + resource
}

func demoRoleARN(role string) string { return "arn:aws:iam::" + DemoAccount + ":role/" + role }

// demoLambda is an integration with a Lambda function of the first account.
func demoLambda(function string) *Integration {
	return &Integration{Type: "AWS_PROXY", Method: "POST", URI: lambdaURI("aws", "us-east-1", DemoAccount, function), PayloadFormatVersion: "2.0"}
}

// demoAction is an integration with an AWS service.
func demoAction(service, action, template string) *Integration {
	return &Integration{
		Type: "AWS", Method: "POST", URI: "arn:aws:apigateway:us-east-1:" + service + ":" + action, Credentials: demoRoleARN("apigateway-" + service),
		Passthrough: "NEVER", RequestTemplates: map[string]string{"application/json": strings.TrimSpace(template)},
	}
}
