package main

import (
	"fmt"
	"maps"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

// segments have every member that becomes an attribute. What the page says of their types is what the translator makes of them.
var segments = []string{
	// Of a stage, which calls Lambda.
	`{"trace_id": "1-5c755b5d-07b29b94e632d3da19d88789", "id": "0000000000000001", "start_time": 1551194973.0, "end_time": 1551194973.5, "name": "orders/prod",
	"origin": "AWS::ApiGateway::Stage", "fault": true, "error": true, "throttle": true, "user": "jane", "precursor_ids": ["0000000000000009"],
	"http": {"request": {"method": "Get", "url": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod/orders?page=2", "client_ip": "203.0.113.9",
	"user_agent": "curl/8.1", "x_forwarded_for": true}, "response": {"status": 502, "content_length": 20}},
	"aws": {"request_id": "71952965-1f2d-4e7a-9f2e-2c9a6f1d0b11", "id_2": "Vts2pH6ArPEFcuQ=", "xray": {"sampling_rule_name": "Default", "auto_instrumentation": true},
	"api_gateway": {"account_id": "111122223333", "rest_api_id": "a1b2c3d4e5", "stage": "prod/Canary", "request_id": "57593f79-6e46-4a6f-91b1-f5d848cc2059"}},
	"annotations": {"name": "value"}, "metadata": {"default": {"extended_request_id": "Vts2pH6ArPEFcuQ="}, "name": {"name": "value"}},
	"cause": {"working_directory": "/var/task", "paths": ["/opt"], "exceptions": [{"id": "0000000000000002", "type": "TypeError", "message": "no id"}]},
	"subsegments": [{"id": "0000000000000003", "start_time": 1551194973.1, "end_time": 1551194973.4, "name": "Lambda", "namespace": "aws", "cause": "0000000000000002",
	"http": {"request": {"method": "POST", "url": "https://lambda.us-east-1.amazonaws.com/", "traced": true}, "response": {"status": 200}},
	"aws": {"function_name": "orders", "region": "us-east-1", "operation": "Invoke", "resource_names": ["orders"]}}]}`,
	// Of a function, which calls everything else.
	`{"trace_id": "1-5c755b5d-07b29b94e632d3da19d88789", "id": "0000000000000004", "parent_id": "0000000000000003", "start_time": 1551194973.2, "name": "orders",
	"origin": "AWS::Lambda::Function", "inferred": true, "resource_arn": "arn:aws:lambda:us-east-1:111122223333:function:orders",
	"service": {"version": "7", "runtime": "nodejs", "runtime_version": "22"},
	"aws": {"account_id": "444455556666", "request_id": "08c1e122-2fe3-43ee-ae4c-1233ecd0eb17", "function_arn": "arn:aws:lambda:us-east-1:111122223333:function:orders",
	"xray": {"sdk": "X-Ray for Node.js", "sdk_version": "3"}, "cloudwatch_logs": [{"log_group": "/aws/lambda/orders", "arn": "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/orders"}]},
	"subsegments": [{"id": "0000000000000005", "name": "Initialization"},
	{"id": "0000000000000006", "name": "DynamoDB", "namespace": "aws", "aws": {"operation": "GetItem", "table_name": "orders", "retries": 1}},
	{"id": "0000000000000007", "name": "SQS", "namespace": "aws", "aws": {"operation": "SendMessage", "message_id": "1", "queue_url": "https://sqs.us-east-1.amazonaws.com/111122223333/orders"}},
	{"id": "0000000000000008", "name": "SNS", "namespace": "aws", "aws": {"operation": "Publish", "topic_arn": "arn:aws:sns:us-east-1:111122223333:orders"}},
	{"id": "0000000000000009", "name": "S3", "namespace": "aws", "aws": {"bucket_name": "orders", "key": "1.json"}},
	{"id": "000000000000000a", "name": "Kinesis", "namespace": "aws", "aws": {"stream_name": "orders", "state_machine_arn": "arn:aws:states:us-east-1:111122223333:stateMachine:orders"}},
	{"id": "000000000000000b", "name": "orders@db", "namespace": "local", "sql": {"url": "jdbc:orders://db.example.com:5432/orders", "sanitized_query": "SELECT ?",
	"database_type": "Orders", "database_version": "16", "driver_version": "42", "preparation": "statement"}}]}`,
	// Of an application, on whatever it may run on.
	`{"trace_id": "1-5c755b5d-07b29b94e632d3da19d88789", "id": "000000000000000c", "start_time": 1551194973.2, "end_time": 1551194973.3, "name": "stock", "origin": "AWS::EC2::Instance",
	"aws": {"ec2": {"availability_zone": "us-east-1a", "instance_id": "i-0abc", "instance_size": "t4g.small", "ami_id": "ami-0abc"},
	"ecs": {"container": "stock", "container_id": "0abc", "container_arn": "arn:aws:ecs:us-east-1:111122223333:container/a", "task_arn": "arn:aws:ecs:us-east-1:111122223333:task/a",
	"task_family": "stock", "cluster_arn": "arn:aws:ecs:us-east-1:111122223333:cluster/a", "launch_type": "FARGATE"}, "eks": {"cluster_name": "a", "pod": "stock-0"},
	"elastic_beanstalk": {"environment_name": "live", "version_label": "7", "deployment_id": 7}}}`,
}

// attributesOfTrace are attributes by their names, of whichever span or resource has them.
type attributesOfTrace struct{ spans, resources map[string]pcommon.Value }

// translated translates the segments, with everything that the user can ask for.
func translated() attributesOfTrace {
	target := model.Target{AccountID: "111122223333", AccountName: "prod", Region: "us-east-1", Partition: "aws"}
	t := segment.New(segment.Settings{
		Rules: redact.New(nil, []string{"*"}, ""), Resources: resource.NewWriter(target, nil, nil),
		API:   func(id string) (*model.API, bool) { return &model.API{ID: id, Name: "orders", Type: model.REST}, true },
		Route: func(string, string, string, string, string) string { return "/orders" },
	})
	b := t.NewBatch()
	for _, text := range segments {
		d, err := segment.Decode(text)
		if err != nil {
			panic(fmt.Sprintf("%v: %s", err, text)) // a sample of ours
		}
		b.Add(d)
	}
	out := attributesOfTrace{map[string]pcommon.Value{}, map[string]pcommon.Value{}}
	for _, rs := range b.Traces().ResourceSpans().All() {
		if _, stage := rs.Resource().Attributes().Get("aws.api_gateway.stage"); !stage {
			maps.Insert(out.resources, rs.Resource().Attributes().All())
		}
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				maps.Insert(out.spans, s.Attributes().All())
			}
		}
	}
	return out
}

// typesOf are the types of attributes, as the pages call them.
func typesOf(values map[string]pcommon.Value) map[string]string {
	types := map[string]string{}
	for name, v := range values {
		switch v.Type() {
		case pcommon.ValueTypeStr:
			types[name] = "string"
		case pcommon.ValueTypeSlice:
			types[name] = "list of strings"
		default:
			types[name] = strings.ToLower(v.Type().String())
		}
	}
	return types
}
