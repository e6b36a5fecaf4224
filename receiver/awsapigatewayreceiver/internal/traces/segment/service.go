package segment

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// unknownService is what OpenTelemetry calls a service that has no name.
const unknownService = "unknown_service"

// canarySuffix is what follows a stage's name where a canary served the request.
const canarySuffix = "/Canary"

// platforms are the values of cloud.platform by the origin of a segment.
var platforms = map[string]string{
	lambdaService: "aws_lambda", lambdaFunction: "aws_lambda",
	"AWS::EC2::Instance":                 "aws_ec2",
	"AWS::ECS::Container":                "aws_ecs",
	"AWS::ECS::EC2":                      "aws_ecs",
	"AWS::ECS::Fargate":                  "aws_ecs",
	"AWS::EKS::Container":                "aws_eks",
	"AWS::ElasticBeanstalk::Environment": "aws_elastic_beanstalk",
	"AWS::AppRunner::Service":            "aws_app_runner",
}

func (s *segment) isLambda() bool { return s.origin == lambdaService || s.origin == lambdaFunction }

// stage is the id of the API, and the name of its stage, as far as the segment says them.
func (s *segment) stage() (api, stage string) { return s.api(), s.stageName() }

func (s *segment) api() string {
	if s.aws != nil && s.aws.gateway.api != "" {
		return s.aws.gateway.api
	}
	if api := s.annotation(annotatedAPI); api != "" {
		return api
	}
	return pathPart(s.resourceARN, "/restapis/")
}

// stageName is the stage, also where its canary served the request.
func (s *segment) stageName() string { return strings.TrimSuffix(s.fullStage(), canarySuffix) }

func (s *segment) fullStage() string {
	if s.aws != nil && s.aws.gateway.stage != "" {
		return s.aws.gateway.stage
	}
	if stage := s.annotation(annotatedStage); stage != "" {
		return stage
	}
	return pathPart(s.resourceARN, "/stages/")
}

// pathPart is what follows a name in the path of an ARN.
func pathPart(arn, name string) string {
	_, rest, _ := strings.Cut(arn, name)
	part, _, _ := strings.Cut(rest, "/")
	return part
}

// arnPart is the fourth part of an ARN, its region, or the fifth, its account.
func arnPart(arn string, n int) string {
	if !strings.HasPrefix(arn, "arn:") {
		return ""
	}
	for range n {
		_, arn, _ = strings.Cut(arn, ":")
	}
	part, _, _ := strings.Cut(arn, ":")
	return part
}

// place is the account and region that a segment says it comes from.
func (s *segment) place() (account, region string) {
	arn := s.arn()
	account, region = arnPart(arn, 4), arnPart(arn, 3)
	if s.aws != nil {
		account = first(s.aws.gateway.account, first(account, s.aws.account))
		region = first(region, s.aws.region)
	}
	return account, region
}

// arn is the segment's own, else that of the function.
func (s *segment) arn() string {
	if s.resourceARN == "" && s.aws != nil && s.isLambda() {
		return s.aws.functionARN
	}
	return s.resourceARN
}

// service is what the segment comes from.
func (s *segment) service() resource.Service {
	out := resource.Service{
		Name: s.serviceName(), Version: s.version, Runtime: s.runtime, RuntimeVersion: s.runtimeVersion,
		Platform: platforms[s.origin], ResourceID: s.arn(),
	}
	out.Account, out.Region = s.place()
	if s.isLambda() {
		out.Function = s.name
	}
	if s.aws == nil {
		return out
	}
	out.SDK, out.SDKVersion = s.aws.sdk, s.aws.sdkVersion
	if h := s.aws.host; h != nil {
		h.describe(&out)
	}
	return out
}

func (h *hostBlock) describe(s *resource.Service) {
	s.Version = first(s.Version, h.versionLabel)
	s.Namespace, s.Deployment = h.environment, h.deployment
	s.Zone, s.HostID, s.HostType, s.HostImage = h.zone, h.instance, h.size, h.image
	s.Container, s.ContainerID, s.ContainerARN = h.container, h.containerID, h.containerARN
	s.Task, s.Family, s.ECSCluster, s.LaunchType = h.task, h.family, h.cluster, strings.ToLower(h.launchType)
	s.K8sCluster, s.Pod = h.k8sCluster, h.pod
	s.LogGroups, s.LogGroupARNs = strings.Join(h.logGroups, ","), strings.Join(h.logGroupARNs, ",")
}
