package resource

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// What belongs to no API stands on the account in its region, and names no API: it has no reference to one.
func TestAccount(t *testing.T) {
	named := target
	named.AccountName = "prod"
	res := pcommon.NewResource()
	NewWriter(named, nil, []string{"team"}).Account(res)
	assert.Equal(t, map[string]any{
		"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1", "aws.account.name": "prod",
		"cloud.resource_id": "arn:aws:apigateway:us-east-1::/account", "service.instance.id": "111122223333/us-east-1",
	}, res.Attributes().AsRaw())
	assert.Empty(t, refs(res))

	res = pcommon.NewResource()
	NewWriter(named, switched(false, allNames()...), nil).Account(res)
	assert.Empty(t, res.Attributes().AsRaw())
}

// What belongs to an API and no stage stands on the API: the same attributes, to the letter, less the stage's.
func TestAPI(t *testing.T) {
	res := pcommon.NewResource()
	NewWriter(target, switched(true, attr.Environment), []string{"team"}).API(res, &rest)
	assert.Equal(t, map[string]any{
		"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1",
		"cloud.resource_id": "arn:aws:apigateway:us-east-1::/restapis/r1", "aws.api_gateway.api_id": "r1", "aws.api_gateway.rest_api_id": "r1", "aws.api_gateway.api_name": "ördérs",
		"aws.api_gateway.api_type": "REST", "aws.api_gateway.endpoint_type": "EDGE", "service.name": "ördérs", "service.instance.id": "111122223333/us-east-1/r1", "aws.api_gateway.tag.team": "shop",
	}, res.Attributes().AsRaw())
	assert.Equal(t, []string{attr.TypeAPI}, refs(res))
}
