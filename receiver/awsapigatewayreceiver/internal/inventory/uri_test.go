package inventory

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Partitions, each with a region.
var partitions = map[string]string{"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}

// What an integration's URI calls, in all partitions; %P and %R stand for partition and region.
func TestTarget(t *testing.T) {
	t.Parallel()
	lambda := func(function string) string {
		return "arn:%P:apigateway:%R:lambda:path/2015-03-31/functions/" + function + "/invocations"
	}
	const function = "arn:%P:lambda:%R:111122223333:function:orders"
	machine := map[string]any{"application/json": `{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "arn:%P:states:%R:111122223333:stateMachine:orders"}`}
	for name, set := range map[string]struct {
		uri       string
		templates map[string]any
		kind, id  string // "" where it depends on the request
		bad       bool
	}{
		"nothing":                              {uri: ""},
		"Lambda":                               {uri: lambda(function), kind: "aws.resource", id: function},
		"Lambda, an alias":                     {uri: lambda(function + ":live"), kind: "aws.resource", id: function + ":live"},
		"Lambda, a version":                    {uri: lambda(function + ":7"), kind: "aws.resource", id: function + ":7"},
		"Lambda of another account and region": {uri: lambda("arn:%P:lambda:xx-north-9:444455556666:function:orders"), kind: "aws.resource", id: "arn:%P:lambda:xx-north-9:444455556666:function:orders"},
		"Lambda, the function in a stage variable":    {uri: lambda("arn:%P:lambda:%R:111122223333:function:${stageVariables.function}")},
		"Lambda, all of it in a stage variable":       {uri: lambda("${stageVariables.arn}")},
		"Lambda, the alias in a stage variable":       {uri: lambda(function + ":${stageVariables.alias}")},
		"Lambda, what is no function":                 {uri: lambda("orders"), bad: true},
		"Lambda, no function":                         {uri: "arn:%P:apigateway:%R:lambda:path/2015-03-31/functions/", kind: "aws.service", id: "lambda"},
		"Lambda, another of its actions":              {uri: "arn:%P:apigateway:%R:lambda:path/2015-03-31/event-source-mappings/", kind: "aws.service", id: "lambda"},
		"Lambda by itself (HTTP)":                     {uri: function, kind: "aws.resource", id: function},
		"Lambda by itself, with a stage variable":     {uri: "arn:%P:lambda:%R:111122223333:function:${stageVariables.function}"},
		"SQS, a queue by path":                        {uri: "arn:%P:apigateway:%R:sqs:path/111122223333/orders", kind: "aws.resource", id: "arn:%P:sqs:%R:111122223333:orders"},
		"SQS, a queue by path, with a slash":          {uri: "arn:%P:apigateway:%R:sqs:path//111122223333/orders", kind: "aws.resource", id: "arn:%P:sqs:%R:111122223333:orders"},
		"SQS, a queue by path, with a query":          {uri: "arn:%P:apigateway:%R:sqs:path/111122223333/orders?Action=SendMessage&MessageBody=SECRET", kind: "aws.resource", id: "arn:%P:sqs:%R:111122223333:orders"},
		"SQS, a queue in a stage variable":            {uri: "arn:%P:apigateway:%R:sqs:path/111122223333/${stageVariables.queue}", kind: "aws.service", id: "sqs"},
		"SQS, an action":                              {uri: "arn:%P:apigateway:%R:sqs:action/SendMessage", kind: "aws.service", id: "sqs"},
		"SQS, no queue":                               {uri: "arn:%P:apigateway:%R:sqs:path/111122223333", kind: "aws.service", id: "sqs"},
		"states, the machine in the template":         {uri: "arn:%P:apigateway:%R:states:action/StartExecution", templates: machine, kind: "aws.resource", id: "arn:%P:states:%R:111122223333:stateMachine:orders"},
		"states, no template":                         {uri: "arn:%P:apigateway:%R:states:action/StartExecution", kind: "aws.service", id: "states"},
		"states, a machine in a variable":             {uri: "arn:%P:apigateway:%R:states:action/StartExecution", templates: map[string]any{"application/json": `{"stateMachineArn": "$stageVariables.machine"}`, "text/plain": 7}, kind: "aws.service", id: "states"},
		"dynamodb":                                    {uri: "arn:%P:apigateway:%R:dynamodb:action/GetItem", kind: "aws.service", id: "dynamodb"},
		"s3":                                          {uri: "arn:%P:apigateway:%R:s3:path/{bucket}/{key}", kind: "aws.service", id: "s3"},
		"sns":                                         {uri: "arn:%P:apigateway:%R:sns:action/Publish", kind: "aws.service", id: "sns"},
		"kinesis":                                     {uri: "arn:%P:apigateway:%R:kinesis:action/PutRecord", kind: "aws.service", id: "kinesis"},
		"events":                                      {uri: "arn:%P:apigateway:%R:events:action/PutEvents", kind: "aws.service", id: "events"},
		"a service with a subdomain":                  {uri: "arn:%P:apigateway:%R:a1b2c3-ats.iot:path/topics/x", kind: "aws.service", id: "iot"},
		"a bucket as subdomain":                       {uri: "arn:%P:apigateway:%R:my.bucket.s3:path/key", kind: "aws.service", id: "s3"},
		"neither path nor action":                     {uri: "arn:%P:apigateway:%R:lambda:teleport/x", bad: true},
		"no service":                                  {uri: "arn:%P:apigateway:%R::path/x", bad: true},
		"HTTP":                                        {uri: "http://example.com", kind: "server", id: "example.com"},
		"HTTPS, with a path":                          {uri: "https://example.com/orders/{id}", kind: "server", id: "example.com"},
		"a host with a port":                          {uri: "https://example.com:8443/orders", kind: "server", id: "example.com"},
		"a host in upper case":                        {uri: "https://API.Example.COM/orders", kind: "server", id: "api.example.com"},
		"an IPv4 address":                             {uri: "http://192.0.2.1:8080/", kind: "server", id: "192.0.2.1"},
		"an IPv6 address":                             {uri: "http://[2001:DB8::1]:8080/orders", kind: "server", id: "2001:db8::1"},
		"a host with a user":                          {uri: "https://user:SECRET@example.com/orders", kind: "server", id: "example.com"},
		"a host with a query":                         {uri: "https://example.com?token=SECRET", kind: "server", id: "example.com"},
		"a host in a stage variable":                  {uri: "https://${stageVariables.host}/orders"},
		"part of a host in a stage variable":          {uri: "https://${stageVariables.env}.example.com/orders"},
		"a port in a stage variable":                  {uri: "https://example.com:${stageVariables.port}/orders"},
		"a host in the request's path":                {uri: "https://{host}/orders"},
		"all of a URI in a stage variable":            {uri: "${stageVariables.url}/orders"},
		"a load balancer's listener":                  {uri: "arn:%P:elasticloadbalancing:%R:111122223333:listener/net/orders/1/2", kind: "aws.resource", id: "arn:%P:elasticloadbalancing:%R:111122223333:listener/net/orders/1/2"},
		"a Cloud Map service":                         {uri: "arn:%P:servicediscovery:%R:111122223333:service/srv-1", kind: "aws.resource", id: "arn:%P:servicediscovery:%R:111122223333:service/srv-1"},
		"an ARN with a query":                         {uri: "arn:%P:servicediscovery:%R:111122223333:service/srv-1?stage=SECRET", kind: "aws.resource", id: "arn:%P:servicediscovery:%R:111122223333:service/srv-1"},
		"another scheme":                              {uri: "ftp://example.com/orders", bad: true},
		"no scheme":                                   {uri: "example.com/orders", bad: true},
		"no host":                                     {uri: "https:///orders", bad: true},
		"no host, but a port":                         {uri: "https://:8080/orders", bad: true},
		"a word":                                      {uri: "orders", bad: true},
		"half an ARN":                                 {uri: "arn:%P:apigateway", bad: true},
		"a broken escape":                             {uri: "https://exa%mple.com/", bad: true},
		"control characters":                          {uri: "https://exa\x00mple.com/", bad: true},
		"a broken IPv6 address":                       {uri: "https://[::1/orders", bad: true},
		"a URI of spaces":                             {uri: "   ", bad: true},
		"a path of API Gateway's that is cut in half": {uri: "arn:%P:apigateway:%R:lambda:path", bad: true},
	} {
		for partition, region := range partitions {
			at := model.Target{AccountID: "111122223333", Region: region, Partition: partition}
			fill := filler(at)
			templates := map[string]any{}
			for k, v := range set.templates {
				if s, ok := v.(string); ok {
					v = fill(s)
				}
				templates[k] = v
			}
			r, ok := (&describer{at: at}).target(fill(set.uri), templates)
			assert.Equal(t, set.bad, !ok, "%s in %s", name, partition)
			assertRelation(t, set.kind, fill(set.id), r, name+" in "+partition)
		}
	}
}

// What HTTP APIs' first-class integrations call: the resource that a static parameter names, else the service.
func TestAction(t *testing.T) {
	t.Parallel()
	const machine, bus = "arn:%P:states:%R:111122223333:stateMachine:orders", "arn:%P:events:%R:111122223333:event-bus/orders"
	for name, set := range map[string]struct {
		subtype    string
		parameters map[string]any
		kind, id   string
	}{
		"Step Functions":                    {subtype: "StepFunctions-StartExecution", parameters: map[string]any{"StateMachineArn": machine, "Input": "SECRET"}, kind: "aws.resource", id: machine},
		"Step Functions, in quotes":         {subtype: "StepFunctions-StartSyncExecution", parameters: map[string]any{"StateMachineArn": "'" + machine + "'"}, kind: "aws.resource", id: machine},
		"Step Functions, from the request":  {subtype: "StepFunctions-StartExecution", parameters: map[string]any{"StateMachineArn": "$request.body.machine"}, kind: "aws.service", id: "stepfunctions"},
		"EventBridge":                       {subtype: "EventBridge-PutEvents", parameters: map[string]any{"EventBusName": bus}, kind: "aws.resource", id: bus},
		"EventBridge, by name":              {subtype: "EventBridge-PutEvents", parameters: map[string]any{"EventBusName": "orders"}, kind: "aws.service", id: "eventbridge"},
		"SQS":                               {subtype: "SQS-SendMessage", parameters: map[string]any{"QueueUrl": "https://sqs.%R.%S/111122223333/orders"}, kind: "aws.resource", id: "arn:%P:sqs:%R:111122223333:orders"},
		"SQS of another region":             {subtype: "SQS-SendMessage", parameters: map[string]any{"QueueUrl": "https://sqs.xx-north-9.%S/444455556666/orders.fifo"}, kind: "aws.resource", id: "arn:%P:sqs:xx-north-9:444455556666:orders.fifo"},
		"SQS, a stage variable":             {subtype: "SQS-SendMessage", parameters: map[string]any{"QueueUrl": "${stageVariables.queue}"}, kind: "aws.service", id: "sqs"},
		"SQS, a URL of another kind":        {subtype: "SQS-SendMessage", parameters: map[string]any{"QueueUrl": "https://example.com/a/b/c"}, kind: "aws.service", id: "sqs"},
		"SQS, a URL that is none":           {subtype: "SQS-SendMessage", parameters: map[string]any{"QueueUrl": "https://[::"}, kind: "aws.service", id: "sqs"},
		"Kinesis, by the name of a stream":  {subtype: "Kinesis-PutRecord", parameters: map[string]any{"StreamName": "orders", "Data": "SECRET"}, kind: "aws.service", id: "kinesis"},
		"AppConfig":                         {subtype: "AppConfig-GetConfiguration", kind: "aws.service", id: "appconfig"},
		"no action":                         {subtype: "SQS", kind: "aws.service", id: "sqs"},
		"parameters of another kind":        {subtype: "SQS-SendMessage", parameters: map[string]any{"QueueUrl": 7, "StateMachineArn": []any{"x"}}, kind: "aws.service", id: "sqs"},
		"an ARN that is none":               {subtype: "StepFunctions-StartExecution", parameters: map[string]any{"StateMachineArn": "orders"}, kind: "aws.service", id: "stepfunctions"},
		"a machine before everything after": {subtype: "StepFunctions-StartExecution", parameters: map[string]any{"StateMachineArn": machine, "QueueUrl": "https://sqs.%R.%S/1/x"}, kind: "aws.resource", id: machine},
	} {
		for partition, region := range partitions {
			at := model.Target{AccountID: "111122223333", Region: region, Partition: partition}
			fill := filler(at)
			parameters := map[string]any{}
			for k, v := range set.parameters {
				if s, ok := v.(string); ok {
					v = fill(s)
				}
				parameters[k] = v
			}
			r := (&describer{at: at}).action(set.subtype, parameters)
			assertRelation(t, set.kind, fill(set.id), &r, name+" in "+partition)
		}
	}
}

// The user pool that issues tokens, in all partitions; other issuers have none.
func TestUserPool(t *testing.T) {
	t.Parallel()
	for partition, region := range partitions {
		d := &describer{at: model.Target{AccountID: "111122223333", Region: region, Partition: partition}}
		fill := filler(d.at)
		assert.Equal(t, fill("arn:%P:cognito-idp:%R:111122223333:userpool/%R_a"), d.userPool(fill("https://cognito-idp.%R.%S/%R_a")))
		assert.Equal(t, fill("arn:%P:cognito-idp:%R:111122223333:userpool/%R_a"), d.userPool(fill("https://cognito-idp.%R.%S/%R_a/")))
		for _, issuer := range []string{"", "https://login.example.com/tenant", "https://cognito-idp.%R.%S", "https://cognito-idp.%R.%S/a/b", "https://cognito-idp./x", "https://[::", "cognito-idp.%R.%S/a"} {
			assert.Empty(t, d.userPool(fill(issuer)), issuer)
		}
	}
}

// A URI comes out without what may be secret in it.
func TestAddressesAreWithoutSecrets(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://example.com/orders":                              "https://example.com/orders",
		"https://user:SECRET@example.com/orders":                  "https://example.com/orders",
		"https://SECRET@example.com":                              "https://example.com",
		"https://a@b:SECRET@example.com/":                         "https://example.com/",
		"https://example.com/orders?key=SECRET":                   "https://example.com/orders",
		"https://example.com?key=SECRET":                          "https://example.com",
		"https://example.com/orders#SECRET":                       "https://example.com/orders",
		"https://example.com/@orders":                             "https://example.com/@orders",
		"https://user:SECRET?x@host/x":                            "https://host/x",
		"https://user:SECRET#@host":                               "https://host",
		"https://user:SECR/ET@host/x":                             "https://host/x",
		"https://user:SECR{ET/x@host/x":                           "https://host/x",
		"https://user:123456789?SECRET@host/x":                    "https://host/x",
		"https://host/@connections/{id}":                          "https://host/@connections/{id}",
		"https://host:8443/x":                                     "https://host:8443/x",
		"https://[::1]:80/x":                                      "https://[::1]:80/x",
		"https://${stageVariables.host}/x":                        "https://${stageVariables.host}/x",
		"https://${stageVariables.host}:443/x":                    "https://${stageVariables.host}:443/x",
		"https://host:${stageVariables.port}/":                    "https://host:${stageVariables.port}/",
		"user:SECRET@example.com/orders":                          "example.com/orders",
		"s3://bucket/key?versionId=SECRET":                        "s3://bucket/key",
		"https://${stageVariables.host}/{proxy}?x=SECRET":         "https://${stageVariables.host}/{proxy}",
		"${stageVariables.url}?x=SECRET":                          "${stageVariables.url}",
		"arn:aws:apigateway:r:sqs:action/SendMessage&Body=SECRET": "arn:aws:apigateway:r:sqs:action/SendMessage",
		"arn:aws:apigateway:r:sqs:path/1/q?MessageBody=SECRET":    "arn:aws:apigateway:r:sqs:path/1/q",
		"?SECRET":  "",
		"orders":   "orders",
		"a://b://": "a://b://",
	} {
		assert.Equal(t, want, withoutSecrets(in), in)
	}
}

// An ARN has all its parts, but perhaps no region and no account.
func TestParseARN(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"arn:aws:lambda:eu-west-1:111122223333:function:orders": true, "arn:aws:s3:::bucket": true, "arn:aws:apigateway:eu-west-1::/apis/a": true, "arn:aws-eusc:iam::1:role/x": true,
		"": false, "arn": false, "arn:aws:s3:::": false, "arn::s3:::x": false, "arn:aws::::x": false, "urn:aws:s3:::x": false, "arn:aws:s3::x": false,
	} {
		_, ok := parseARN(in)
		assert.Equal(t, want, ok, in)
	}
}

// filler fills in partition, region and DNS suffix.
func filler(at model.Target) func(string) string {
	return strings.NewReplacer("%P", at.Partition, "%R", at.Region, "%S", dnsSuffix(at.Partition)).Replace
}

func assertRelation(t *testing.T, kind, id string, r *model.Relation, message string) {
	t.Helper()
	if kind == "" || r == nil {
		assert.Equal(t, kind, map[bool]string{true: "", false: "a relation"}[r == nil], message)
		return
	}
	assert.Equal(t, "depends_on", r.Kind, message)
	assert.Equal(t, kind, r.Type, message)
	assert.Equal(t, model.ID{map[string]string{"aws.resource": "cloud.resource_id", "server": "server.address", "aws.service": "rpc.service"}[kind]: id}, r.ID, message)
}
