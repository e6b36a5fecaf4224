package awssim

import "strings"

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
