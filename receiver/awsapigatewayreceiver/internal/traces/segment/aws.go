package segment

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// awsBlock is, in a segment, what the application runs on; in a subsegment, the AWS resource that was called. Some of its members are documented nowhere
// but written by Lambda or by the X-Ray SDKs.
type awsBlock struct {
	account, region, operation, requestID, extendedID string
	resourceNames                                     []string
	retries                                           int64
	functionName, functionARN                         string
	tables                                            []string
	queueURL, topicARN, messageID                     string
	bucket, key, stream, stateMachine                 string
	samplingRule, sdk, sdkVersion                     string
	auto                                              bool
	gateway                                           gatewayBlock
	host                                              *hostBlock
}

// gatewayBlock is what API Gateway says of itself.
type gatewayBlock struct{ account, api, stage, requestID string }

func (r *reader) aws(s *segment) {
	if !r.open('{') {
		return
	}
	a := &awsBlock{}
	s.aws = a
	for key := ""; r.member(&key); {
		switch key {
		case "account_id":
			r.str(&a.account)
		case "region", "remote_region":
			r.str(&a.region)
		case "operation":
			r.str(&a.operation)
		case "request_id":
			r.str(&a.requestID)
		case "id_2", "extended_request_id":
			r.str(&a.extendedID)
		case "resource_names":
			r.list(&a.resourceNames)
		case "retries":
			r.integer(&a.retries)
		case "function_name":
			r.str(&a.functionName)
		case "function_arn":
			r.str(&a.functionARN)
		case "table_name":
			table := ""
			if r.str(&table); table != "" {
				a.tables = []string{table}
			}
		case "table_names":
			r.list(&a.tables)
		case "queue_url":
			r.str(&a.queueURL)
		case "topic_arn":
			r.str(&a.topicARN)
		case "message_id":
			r.str(&a.messageID)
		case "bucket_name":
			r.str(&a.bucket)
		case "key":
			r.str(&a.key)
		case "stream_name":
			r.str(&a.stream)
		case "state_machine_arn":
			r.str(&a.stateMachine)
		case "api_gateway":
			r.gateway(s)
		case "xray":
			r.xray(s)
		default:
			if !r.host(s, key) {
				r.other(&s.others, "aws.", key)
			}
		}
	}
}

func (r *reader) gateway(s *segment) {
	if !r.open('{') {
		return
	}
	g := &s.aws.gateway
	for key := ""; r.member(&key); {
		switch key {
		case "account_id":
			r.str(&g.account)
		case "rest_api_id":
			r.str(&g.api)
		case "stage":
			r.str(&g.stage)
		case "request_id":
			r.str(&g.requestID)
		default:
			r.other(&s.others, "aws.api_gateway.", key)
		}
	}
}

// xray reads how the segment came to be.
func (r *reader) xray(s *segment) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		switch key {
		case "sampling_rule_name":
			r.str(&s.aws.samplingRule)
		case "sdk":
			r.str(&s.aws.sdk)
		case "sdk_version":
			r.str(&s.aws.sdkVersion)
		case "auto_instrumentation":
			r.boolean(&s.aws.auto)
		default:
			r.other(&s.others, "aws.xray.", key)
		}
	}
}

// aws writes the block. account is what the span's resource says.
func (w *writer) aws(s *segment, account string) {
	a := s.aws
	requestID := first(a.requestID, a.gateway.requestID)
	w.str(attr.RequestID, requestID)
	w.unless(requestID, attr.GatewayRequestID, a.gateway.requestID)
	w.str(attr.ExtendedRequestID, a.extendedID)
	w.unless(account, attr.CloudAccountID, a.account)
	w.list(attr.XRayResourceNames, a.resourceNames)
	w.str(attr.XRaySamplingRule, a.samplingRule)
	w.flag(attr.XRayAutoInstrumentation, a.auto)
	if s.origin == lambdaFunction {
		w.str(attr.FaaSInvocationID, a.requestID)
	}
	if s.isLambda() {
		w.str(attr.LambdaARN, a.functionARN)
	}
	if s.namespace == "aws" {
		w.call(s)
	}
	w.data(s)
}

// call writes what all calls of AWS have. The conventions for calls of the AWS SDK still name the system and the service by attributes that those for
// other calls have replaced; AWS writes them so, too.
func (w *writer) call(s *segment) {
	a := s.aws
	if a.operation != "" {
		w.str(attr.RPCSystem, attr.RPCSystemAWS)
		w.str(attr.RPCService, s.serviceCalled())
		w.str(attr.RPCMethod, a.operation)
	}
	w.str(attr.CloudRegion, a.region)
	if a.retries > 0 {
		w.int(attr.ResendCount, a.retries)
	}
	function := first(a.functionName, a.functionARN)
	if function == "" {
		return
	}
	name, region := functionOf(function)
	w.str(attr.FaaSInvokedName, name)
	w.str(attr.FaaSProvider, "aws")
	w.str(attr.FaaSRegion, first(a.region, region))
}

// functionOf is the name of a function, and the region where it is called by its ARN: arn:aws:lambda:us-east-1:123456789012:function:orders:live.
func functionOf(s string) (name, region string) {
	parts := strings.Split(s, ":")
	if len(parts) < 7 || parts[0] != "arn" {
		return s, ""
	}
	return parts[6], parts[3]
}

// data writes what the services have of their own.
func (w *writer) data(s *segment) {
	a := s.aws
	switch {
	case s.name == "DynamoDB" || len(a.tables) > 0 || s.origin == "AWS::DynamoDB::Table":
		w.str(attr.DBSystem, "aws.dynamodb")
		w.str(attr.DBOperation, a.operation)
		w.list(attr.DynamoDBTables, a.tables)
	case s.name == "SQS" || a.queueURL != "" || s.origin == "AWS::SQS::Queue":
		w.messaging("aws_sqs", a, lastOf(nameOf(a.queueURL), '/'))
		w.str(attr.SQSQueue, a.queueURL)
	case s.name == "SNS" || a.topicARN != "" || s.origin == "AWS::SNS" || s.origin == "AWS::SNS::Topic":
		w.messaging("aws.sns", a, lastOf(nameOf(a.topicARN), ':'))
		w.str(attr.SNSTopic, a.topicARN)
	}
	w.str(attr.S3Bucket, a.bucket)
	w.str(attr.S3Key, a.key)
	w.str(attr.KinesisStream, a.stream)
	w.str(attr.StateMachine, a.stateMachine)
}

func (w *writer) messaging(system string, a *awsBlock, destination string) {
	w.str(attr.MessagingSystem, system)
	w.str(attr.MessagingName, destination)
	w.str(attr.MessagingOp, a.operation)
	switch {
	case strings.HasPrefix(a.operation, "Send"), strings.HasPrefix(a.operation, "Publish"):
		w.str(attr.MessagingOpType, "send")
	case strings.HasPrefix(a.operation, "Receive"):
		w.str(attr.MessagingOpType, "receive")
	}
	w.str(attr.MessageID, a.messageID)
}

func lastOf(s string, separator byte) string {
	s, _, _ = strings.Cut(s, "?")
	return s[strings.LastIndexByte(s, separator)+1:]
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
