package main

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// spanAttribute is an attribute with the members of a segment that it is made of.
type spanAttribute struct{ name, from string }

// sample is the name that the attribute has in the samples.
func (a *spanAttribute) sample() string {
	return strings.NewReplacer("<namespace>", "name", "<key>", "name").Replace(a.name)
}

// ofAnyType says whether the sender names the attribute, and gives it whatever type it likes.
func (a *spanAttribute) ofAnyType() bool { return strings.Contains(a.name, "<") }

// spanAttributes are those of spans from X-Ray.
var spanAttributes = []spanAttribute{
	{attr.HTTPRequestMethod, "`http.request.method`; `_OTHER` for one that the conventions do not know"},
	{attr.MethodOriginal, "`http.request.method`, where it was written in another way"},
	{attr.HTTPRoute, "path of `http.request.url`, by the inventory's routes; stages only"},
	{attr.URLScheme, "`http.request.url`, of SERVER spans"},
	{attr.URLPath, "`http.request.url`, of SERVER spans; on API Gateway's own host it begins with the stage"},
	{attr.URLFull, "`http.request.url` without its query, of other spans"},
	{attr.URLQuery, "`http.request.url`. Off; signatures in it never come out"},
	{attr.ServerAddress, "`http.request.url`, or `sql.url`"},
	{attr.ServerPort, "`http.request.url`, or `sql.url`"},
	{attr.StatusCode, "`http.response.status`"},
	{attr.ResponseSize, "`http.response.content_length`"},
	{attr.ResendCount, "`aws.retries`"},
	{attr.ClientAddress, "`http.request.client_ip`, of SERVER spans"},
	{attr.UserAgent, "`http.request.user_agent`"},
	{attr.UserID, "`user`. Off"},
	{attr.ErrorType, "see above"},
	{attr.RequestID, "`aws.request_id`, else `aws.api_gateway.request_id`"},
	{attr.GatewayRequestID, "`aws.api_gateway.request_id`, where it is another one"},
	{attr.ExtendedID, "`metadata.default.extended_request_id` of a stage"},
	{attr.ExtendedRequestID, "`aws.id_2` or `aws.extended_request_id`"},
	{attr.Canary, "`aws.api_gateway.stage` that ends in `/Canary`"},
	{attr.CloudAccountID, "`aws.account_id`, where it is not that of the resource"},
	{attr.CloudRegion, "`aws.region` of a call of an AWS service"},
	{attr.RPCSystem, "`aws-api` for a call of an AWS service"},
	{attr.RPCService, "`name` of such a call, without the operation"},
	{attr.RPCMethod, "`aws.operation` of such a call"},
	{attr.FaaSInvokedName, "`aws.function_name` or `aws.function_arn` of a call of Lambda"},
	{attr.FaaSProvider, "`aws` for a call of Lambda"},
	{attr.FaaSRegion, "`aws.region` of a call of Lambda, else that of the ARN"},
	{attr.FaaSInvocationID, "`aws.request_id` of a function"},
	{attr.FaaSColdStart, "`true` where a function has a subsegment `Initialization` or `Init`"},
	{attr.LambdaARN, "`aws.function_arn` of a function"},
	{attr.DBSystem, "`aws.dynamodb`, or `sql.database_type`"},
	{attr.DBOperation, "`aws.operation` of DynamoDB"},
	{attr.DBNamespace, "`sql.url`: the name of the database"},
	{attr.DBQuery, "`sql.sanitized_query`"},
	{attr.DynamoDBTables, "`aws.table_name` and `aws.table_names`"},
	{attr.MessagingSystem, "`aws_sqs` or `aws.sns`"},
	{attr.MessagingName, "the last part of `aws.queue_url` or `aws.topic_arn`"},
	{attr.MessagingOp, "`aws.operation` of SQS and SNS"},
	{attr.MessagingOpType, "`send` or `receive`, by `aws.operation`"},
	{attr.MessageID, "`aws.message_id`"},
	{attr.SQSQueue, "`aws.queue_url`"},
	{attr.SNSTopic, "`aws.topic_arn`"},
	{attr.S3Bucket, "`aws.bucket_name`"},
	{attr.S3Key, "`aws.key`"},
	{attr.KinesisStream, "`aws.stream_name`"},
	{attr.StateMachine, "`aws.state_machine_arn`"},
	{attr.XRayName, "`name`, where the span has another one; a path or a URL only with `url.path` and `url.full`"},
	{attr.XRayOrigin, "`origin`"},
	{attr.XRayNamespace, "`namespace`, where it is neither `aws` nor `remote`"},
	{attr.XRayFault, "`fault`, where it is true"},
	{attr.XRayError, "`error`, where it is true"},
	{attr.XRayThrottle, "`throttle`, where it is true"},
	{attr.XRayInProgress, "`in_progress`, or that there is no `end_time`"},
	{attr.XRayInferred, "`inferred`: X-Ray made the segment of the caller's subsegment"},
	{attr.XRayAnnotation + "<key>", "`annotations`, in their own types"},
	{attr.XRayMetadata + "<namespace>.<key>", "`metadata`, in their own types; lists and objects as JSON"},
	{attr.XRaySamplingRule, "`aws.xray.sampling_rule_name`"},
	{attr.XRayAutoInstrumentation, "`aws.xray.auto_instrumentation`"},
	{attr.XRayResourceNames, "`aws.resource_names`"},
	{attr.XRayForwarded, "`http.request.x_forwarded_for`: the client could have made its address up"},
	{attr.XRayTraced, "`http.request.traced`"},
	{attr.XRayCauseID, "`cause`, where it is the id of an exception elsewhere in the trace"},
	{attr.XRayDirectory, "`cause.working_directory`"},
	{attr.XRayPaths, "`cause.paths`"},
	{attr.XRayPrecursors, "`precursor_ids`"},
	{attr.XRaySQLType, "`sql.database_type`, where the conventions have no name for it"},
	{attr.XRaySQLVersion, "`sql.database_version`"},
	{attr.XRaySQLDriver, "`sql.driver_version`"},
	{attr.XRaySQLPreparation, "`sql.preparation`"},
}

// serviceAttributes are those of the resources of segments that no stage has.
var serviceAttributes = []spanAttribute{
	{attr.CloudProvider, "`aws`"},
	{attr.CloudPlatform, "`origin`: `aws_lambda`, `aws_ec2`, `aws_ecs`, `aws_eks`, `aws_elastic_beanstalk`, `aws_app_runner`; else none"},
	{attr.CloudAccountID, "`resource_arn`, else `aws.account_id`, else the target's"},
	{attr.CloudRegion, "`resource_arn`, else `aws.region`, else the target's"},
	{attr.AccountName, "that of the target, where the account is the target's"},
	{attr.CloudResourceID, "`resource_arn`, or `aws.function_arn`"},
	{attr.ServiceName, "`name`; the host of `http.request.url` where that is a path or a URL"},
	{attr.ServiceNamespace, "`aws.elastic_beanstalk.environment_name`"},
	{attr.ServiceVersion, "`service.version`, else `aws.elastic_beanstalk.version_label`"},
	{attr.FaaSName, "`name`, of Lambda"},
	{attr.RuntimeName, "`service.runtime`"},
	{attr.RuntimeVersion, "`service.runtime_version`"},
	{attr.SDKName, "`aws.xray.sdk`"},
	{attr.SDKVersion, "`aws.xray.sdk_version`"},
	{attr.AvailabilityZone, "`aws.ec2.availability_zone`"},
	{attr.HostID, "`aws.ec2.instance_id`"},
	{attr.HostType, "`aws.ec2.instance_size`"},
	{attr.HostImage, "`aws.ec2.ami_id`"},
	{attr.ContainerName, "`aws.ecs.container`"},
	{attr.ContainerID, "`aws.ecs.container_id`, `aws.eks.container_id`"},
	{attr.ECSContainer, "`aws.ecs.container_arn`"},
	{attr.ECSTask, "`aws.ecs.task_arn`"},
	{attr.ECSFamily, "`aws.ecs.task_family`"},
	{attr.ECSCluster, "`aws.ecs.cluster_arn`"},
	{attr.ECSLaunchType, "`aws.ecs.launch_type`"},
	{attr.K8sCluster, "`aws.eks.cluster_name`"},
	{attr.K8sPod, "`aws.eks.pod`"},
	{attr.BeanstalkDeployment, "`aws.elastic_beanstalk.deployment_id`"},
	{attr.LogGroupNames, "`aws.cloudwatch_logs[].log_group`"},
	{attr.LogGroupARNs, "`aws.cloudwatch_logs[].arn`"},
}
