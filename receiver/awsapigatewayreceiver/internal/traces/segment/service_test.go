package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// petstoreProd is the resource of the stage of the inventory, as all signals have it.
var petstoreProd = map[string]any{
	"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "123456789012", "cloud.region": "us-east-1", "aws.account.name": "prod",
	"cloud.resource_id":           "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/prod",
	"aws.api_gateway.api_id":      "a1b2c3d4e5",
	"aws.api_gateway.rest_api_id": "a1b2c3d4e5", "aws.api_gateway.api_name": "petstore", "aws.api_gateway.api_type": "REST",
	"aws.api_gateway.endpoint_type": "REGIONAL", "aws.api_gateway.stage": "prod", "service.name": "petstore",
	"service.instance.id": "123456789012/us-east-1/a1b2c3d4e5/prod", "aws.api_gateway.tag.team": "pets",
}

func resources(traces ptrace.Traces) []map[string]any {
	var out []map[string]any
	for _, rs := range traces.ResourceSpans().All() {
		out = append(out, rs.Resource().Attributes().AsRaw())
	}
	return out
}

func TestResources(t *testing.T) {
	own := func(more map[string]any) map[string]any {
		out := map[string]any{
			"cloud.provider": "aws", "cloud.account.id": "123456789012", "cloud.region": "us-east-1", "aws.account.name": "prod", "service.name": "example.com",
		}
		for key, v := range more {
			if out[key] = v; v == nil {
				delete(out, key)
			}
		}
		return out
	}
	deleted := map[string]any{
		"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "123456789012", "cloud.region": "us-east-1", "aws.account.name": "prod",
		"cloud.resource_id": "arn:aws:apigateway:us-east-1::/restapis/gone123456/stages/prod", "aws.api_gateway.api_id": "gone123456", "aws.api_gateway.rest_api_id": "gone123456",
		"aws.api_gateway.api_name": "old/store", "aws.api_gateway.api_type": "REST", "aws.api_gateway.stage": "prod", "service.name": "old/store",
		"service.instance.id": "123456789012/us-east-1/gone123456/prod",
	}
	elsewhere := map[string]any{
		"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "210987654321", "cloud.region": "eu-west-1",
		"cloud.resource_id": "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod", "aws.api_gateway.api_id": "a1b2c3d4e5",
		"aws.api_gateway.rest_api_id": "a1b2c3d4e5", "aws.api_gateway.api_name": "petstore", "aws.api_gateway.api_type": "REST", "aws.api_gateway.stage": "prod",
		"service.name": "petstore", "service.instance.id": "210987654321/eu-west-1/a1b2c3d4e5/prod",
	}
	segment := func(name, members string) string {
		return `{"id":"70de5b6f19ff9a0a","trace_id":"` + traceID + `","start_time":1533910398,"name":"` + name + `",` + members + `}`
	}
	tests := map[string]struct {
		document string
		want     map[string]any
	}{
		"a stage":          {stageDocument, petstoreProd},
		"a stage's canary": {segment("petstore/prod/Canary", `"aws":{"api_gateway":{"rest_api_id":"a1b2c3d4e5","stage":"prod/Canary"}}`), petstoreProd},
		"a stage of a deleted API": {
			segment("old/store/prod", `"origin":"AWS::ApiGateway::Stage","aws":{"api_gateway":{"account_id":"123456789012","rest_api_id":"gone123456","stage":"prod"}}`), deleted,
		},
		"a stage of another account and region": {
			segment("petstore/prod", `"origin":"AWS::ApiGateway::Stage","resource_arn":"arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod",`+
				`"aws":{"api_gateway":{"account_id":"210987654321","rest_api_id":"a1b2c3d4e5","stage":"prod"}}`), elsewhere,
		},
		"a stage that does not say its API": {segment("petstore/prod", `"origin":"AWS::ApiGateway::Stage"`), own(map[string]any{"service.name": "petstore/prod"})},
		"a function": {functionDocument, own(map[string]any{
			"cloud.platform": "aws_lambda", "cloud.resource_id": "arn:aws:lambda:us-east-1:123456789012:function:pets", "service.name": "pets", "faas.name": "pets",
			"service.version": "1.4.2", "aws.log.group.names": []any{"/aws/lambda/pets"},
			"aws.log.group.arns": []any{"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/pets"},
		})},
		"a table":          {tableDocument, own(map[string]any{"service.name": "pets-table"})},
		"nothing but name": {inSegment(""), own(nil)},
		"no name":          {segment("", `"origin":7`), own(map[string]any{"service.name": "unknown_service"})},
		"another account and region": {
			inSegment(`,"origin":"AWS::Lambda","resource_arn":"arn:aws:lambda:eu-west-1:210987654321:function:pets"`),
			own(map[string]any{
				"cloud.account.id": "210987654321", "cloud.region": "eu-west-1", "aws.account.name": nil, "cloud.platform": "aws_lambda", "faas.name": "example.com",
				"cloud.resource_id": "arn:aws:lambda:eu-west-1:210987654321:function:pets",
			}),
		},
		"an instance": {inSegment(`,"origin":"AWS::EC2::Instance","aws":{"account_id":"210987654321","ec2":{"instance_id":"i-1","instance_size":"m5.large","ami_id":"ami-1","availability_zone":"us-east-1a"},` +
			`"xray":{"sdk":"X-Ray for Java","sdk_version":"2.8.0"}},"service":{"runtime":"python","runtime_version":"3.12"}`), own(map[string]any{
			"cloud.account.id": "210987654321", "aws.account.name": nil, "cloud.platform": "aws_ec2", "host.id": "i-1", "host.type": "m5.large", "host.image.id": "ami-1",
			"cloud.availability_zone": "us-east-1a", "telemetry.sdk.name": "X-Ray for Java", "telemetry.sdk.version": "2.8.0",
			"process.runtime.name": "python", "process.runtime.version": "3.12",
		})},
		"a container": {inSegment(`,"origin":"AWS::ECS::Fargate","aws":{"ecs":{"container":"web","container_id":"c1","container_arn":"arn:c","task_arn":"arn:t","task_family":"f","cluster_arn":"arn:k","launch_type":"FARGATE","availability_zone":"z"}}`), own(map[string]any{
			"cloud.platform": "aws_ecs", "container.name": "web", "container.id": "c1", "aws.ecs.container.arn": "arn:c", "aws.ecs.task.arn": "arn:t",
			"aws.ecs.task.family": "f", "aws.ecs.cluster.arn": "arn:k", "aws.ecs.launchtype": "fargate", "cloud.availability_zone": "z",
		})},
		"a pod": {inSegment(`,"origin":"AWS::EKS::Container","aws":{"eks":{"cluster_name":"k","pod":"web-1","container_id":"c1"}}`), own(map[string]any{
			"cloud.platform": "aws_eks", "k8s.cluster.name": "k", "k8s.pod.name": "web-1", "container.id": "c1",
		})},
		"an Elastic Beanstalk environment": {
			inSegment(`,"origin":"AWS::ElasticBeanstalk::Environment","aws":{"elastic_beanstalk":{"environment_name":"scorekeep","version_label":"app-5a56","deployment_id":32}}`),
			own(map[string]any{
				"cloud.platform": "aws_elastic_beanstalk", "service.namespace": "scorekeep", "service.version": "app-5a56", "aws.elastic_beanstalk.deployment_id": int64(32),
			}),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, []map[string]any{test.want}, resources(translate(t, settings(), test.document)))
		})
	}
}

func TestDocumentsOfAServiceShareAResource(t *testing.T) {
	traces := translate(t, settings(), append(append(requestDocuments, requestDocuments...), inSegment(""), inSegment(""))...)
	assert.Equal(t, 5, traces.ResourceSpans().Len())
	assert.Equal(t, 20, traces.SpanCount())
}

func TestResourceAttributesCanBeSwitchedOff(t *testing.T) {
	off := false
	s := settings()
	s.Resources = resource.NewWriter(model.Target{AccountID: "123456789012", Region: "us-east-1", Partition: "aws"},
		resource.Config{"service.name": {Enabled: &off}, "cloud.account.id": {Enabled: &off}, "aws.log.group.names": {Enabled: &off}}, nil)
	traces := translate(t, s, functionDocument)
	assert.Equal(t, []map[string]any{{
		"cloud.provider": "aws", "cloud.region": "us-east-1", "cloud.platform": "aws_lambda", "cloud.resource_id": "arn:aws:lambda:us-east-1:123456789012:function:pets",
		"faas.name": "pets", "service.version": "1.4.2", "aws.log.group.arns": []any{"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/pets"},
	}}, resources(traces))
	for _, span := range spansByID(traces) {
		assert.NotContains(t, span.Attributes().AsRaw(), "cloud.account.id")
	}
}

func TestASubsegmentThatComesAloneIsItsCallers(t *testing.T) {
	alone := `{"type":"subsegment","id":"99995c3f42cd8ad8","trace_id":"` + traceID + `","parent_id":"33445566778899aa","name":"api.example.com","start_time":1533910398,` +
		`"end_time":1533910399,"namespace":"remote","http":{"request":{"url":"https://api.example.com/health","method":"POST","traced":true}}}`
	below := strings.NewReplacer("99995c3f42cd8ad8", "aaaa5c3f42cd8ad8", "33445566778899aa", "99995c3f42cd8ad8").Replace(alone)
	for name, documents := range map[string][]string{"before": {below, alone, functionDocument}, "behind": {functionDocument, alone, below}} {
		traces := translate(t, settings(), documents...)
		require.Equal(t, 1, traces.ResourceSpans().Len(), name)
		assert.Equal(t, 7, traces.SpanCount())
		span := spansByID(traces)["99995c3f42cd8ad8"]
		assert.Equal(t, ptrace.SpanKindClient, span.Kind())
		assert.Equal(t, "33445566778899aa", span.ParentSpanID().String())
	}
	service, _ := translate(t, settings(), alone).ResourceSpans().At(0).Resource().Attributes().Get("service.name")
	assert.Equal(t, "unknown_service", service.Str(), "its name is that of what was called")
}

func TestSpansAreNamedByTheirRouteWhereItIsKnown(t *testing.T) {
	s := settings()
	var asked []string
	s.Route = func(api, stage, method, host, path string) string {
		asked = []string{api, stage, method, host, path}
		return "/pets/{petId}"
	}
	span := spansByID(translate(t, s, stageDocument))["194fcc8747581230"]
	assert.Equal(t, []string{"a1b2c3d4e5", "prod", "GET", "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "/prod/pets/42"}, asked)
	assert.Equal(t, "GET /pets/{petId}", span.Name())
	assert.Equal(t, "/pets/{petId}", span.Attributes().AsRaw()["http.route"])
	assert.Equal(t, "petstore/prod", span.Attributes().AsRaw()["aws.xray.name"])

	s.Route = func(string, string, string, string, string) string { return "" }
	span = spansByID(translate(t, s, stageDocument))["194fcc8747581230"]
	assert.Equal(t, "petstore/prod", span.Name())
	assert.NotContains(t, span.Attributes().AsRaw(), "http.route")
	assert.NotContains(t, span.Attributes().AsRaw(), "aws.xray.name")
}
