package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCallsOfAWS(t *testing.T) {
	tests := map[string]struct {
		name, block string
		want        map[string]any
	}{
		"Lambda": {"Lambda", `"function_name":"pets","operation":"Invoke","region":"eu-west-1","resource_names":["pets"]`, map[string]any{
			"rpc.system": "aws-api", "rpc.service": "Lambda", "rpc.method": "Invoke", "cloud.region": "eu-west-1",
			"faas.invoked_name": "pets", "faas.invoked_provider": "aws", "faas.invoked_region": "eu-west-1", "aws.xray.resource_names": []any{"pets"},
		}},
		"Lambda by its ARN": {"Lambda", `"function_arn":"arn:aws:lambda:us-east-1:123456789012:function:pets:live"`, map[string]any{
			"faas.invoked_name": "pets", "faas.invoked_provider": "aws", "faas.invoked_region": "us-east-1",
		}},
		"DynamoDB": {"DynamoDB", `"operation":"GetItem","table_name":"pets","request_id":"r1","retries":2`, map[string]any{
			"rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "GetItem", "aws.request_id": "r1", "http.request.resend_count": int64(2),
			"db.system.name": "aws.dynamodb", "db.operation.name": "GetItem", "aws.dynamodb.table_names": []any{"pets"},
		}},
		"DynamoDB with several tables": {"tables", `"table_names":["pets","owners"],"retries":0`, map[string]any{
			"db.system.name": "aws.dynamodb", "aws.dynamodb.table_names": []any{"pets", "owners"},
		}},
		"SQS": {"SQS", `"operation":"SendMessage","queue_url":"https://sqs.us-east-1.amazonaws.com/123456789012/orders","message_id":"m1"`, map[string]any{
			"rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "SendMessage", "messaging.system": "aws_sqs", "messaging.destination.name": "orders",
			"messaging.operation.name": "SendMessage", "messaging.operation.type": "send", "messaging.message.id": "m1",
			"aws.sqs.queue.url": "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
		}},
		"SQS receives": {"SQS", `"operation":"ReceiveMessage"`, map[string]any{
			"rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "ReceiveMessage", "messaging.system": "aws_sqs",
			"messaging.operation.name": "ReceiveMessage", "messaging.operation.type": "receive",
		}},
		"SNS": {"SNS", `"operation":"Publish","topic_arn":"arn:aws:sns:us-east-1:123456789012:orders","message_id":"m2"`, map[string]any{
			"rpc.system": "aws-api", "rpc.service": "SNS", "rpc.method": "Publish", "messaging.system": "aws.sns", "messaging.destination.name": "orders",
			"messaging.operation.name": "Publish", "messaging.operation.type": "send", "messaging.message.id": "m2",
			"aws.sns.topic.arn": "arn:aws:sns:us-east-1:123456789012:orders",
		}},
		"S3": {"S3", `"operation":"GetObject","bucket_name":"b","key":"k","id_2":"x2","request_id":"r2"`, map[string]any{
			"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "GetObject", "aws.s3.bucket": "b", "aws.s3.key": "k", "aws.request_id": "r2", "aws.extended_request_id": "x2",
		}},
		"Kinesis and Step Functions": {"x", `"stream_name":"s","state_machine_arn":"arn:s","account_id":"210987654321"`, map[string]any{
			"aws.kinesis.stream_name": "s", "aws.step_functions.state_machine.arn": "arn:s", "cloud.account.id": "210987654321",
		}},
		"nothing new": {"x", `"account_id":"123456789012"`, map[string]any{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			span := subspanOf(t, inSegment(`,"subsegments":[{"id":"53995c3f42cd8ad8","namespace":"aws","name":"`+test.name+`","aws":{`+test.block+`}}]`))
			got := span.Attributes().AsRaw()
			delete(got, "aws.xray.in_progress")
			delete(got, "aws.xray.name")
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAStageSaysItsRequest(t *testing.T) {
	span := spansByID(translate(t, settings(), stageDocument))["194fcc8747581230"]
	assert.Equal(t, map[string]any{
		"http.request.method": "GET", "url.scheme": "https", "url.path": "/prod/pets/42", "server.address": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
		"server.port": int64(443), "client.address": "203.0.113.7", "user_agent.original": "curl/8.5.0", "http.response.status_code": int64(200),
		"http.response.body.size": int64(512), "aws.request_id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "aws.api_gateway.extended_request_id": "Vwc2MGFUrPEFV_g=",
		"aws.xray.sampling_rule_name": "Default", "aws.xray.origin": "AWS::ApiGateway::Stage", "aws.xray.http.request.x_forwarded_for": true,
	}, span.Attributes().AsRaw())
}

func TestAStageWithTwoRequestIDs(t *testing.T) {
	span := spanOf(t, inSegment(`,"aws":{"request_id":"r1","api_gateway":{"rest_api_id":"a1b2c3d4e5","stage":"prod/Canary","request_id":"r2","account_id":"123456789012"}},`+
		`"annotations":{"aws:api_id":"other","aws:api_stage":"prod"},"metadata":{"default":{"request_id":"r3"}}`))
	assert.Equal(t, map[string]any{
		"aws.request_id": "r1", "aws.api_gateway.request_id": "r2", "aws.api_gateway.canary": true, "aws.xray.annotation.aws:api_id": "other",
		"aws.xray.metadata.default.request_id": "r3",
	}, span.Attributes().AsRaw())
}

func TestAFunctionSaysItsInvocation(t *testing.T) {
	span := spansByID(translate(t, settings(), functionDocument))["1122334455667788"]
	assert.Equal(t, map[string]any{
		"aws.request_id": "0e4f1f6f-5f1d-4a39-a0e5-3c0ab4c0f0aa", "faas.invocation_id": "0e4f1f6f-5f1d-4a39-a0e5-3c0ab4c0f0aa", "faas.coldstart": true,
		"aws.lambda.invoked_arn": "arn:aws:lambda:us-east-1:123456789012:function:pets", "aws.xray.resource_names": []any{"pets"}, "aws.xray.origin": "AWS::Lambda::Function",
		"aws.xray.annotation.customer_category": int64(124), "aws.xray.annotation.internal": false, "aws.xray.annotation.country": "Norway",
	}, span.Attributes().AsRaw())
}
