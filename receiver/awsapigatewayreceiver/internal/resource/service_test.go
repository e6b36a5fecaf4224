package resource

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func TestAServiceIsOfTheTargetUnlessItSaysOtherwise(t *testing.T) {
	w := NewWriter(model.Target{AccountName: "prod", AccountID: "123456789012", Region: "us-east-1", Partition: "aws"}, nil, nil)
	for service, want := range map[Service]map[string]any{
		{Name: "pets"}: {
			"cloud.provider": "aws", "cloud.account.id": "123456789012", "cloud.region": "us-east-1", "aws.account.name": "prod", "service.name": "pets",
		},
		{Name: "pets", Region: "eu-west-1"}: {
			"cloud.provider": "aws", "cloud.account.id": "123456789012", "cloud.region": "eu-west-1", "aws.account.name": "prod", "service.name": "pets",
		},
		{Name: "pets", Account: "210987654321"}: {
			"cloud.provider": "aws", "cloud.account.id": "210987654321", "cloud.region": "us-east-1", "service.name": "pets",
		},
		{Platform: "aws_lambda", Function: "pets", ResourceID: "arn:pets", LogGroups: "a,b", Deployment: 3}: {
			"cloud.provider": "aws", "cloud.account.id": "123456789012", "cloud.region": "us-east-1", "aws.account.name": "prod", "cloud.platform": "aws_lambda",
			"faas.name": "pets", "cloud.resource_id": "arn:pets", "aws.log.group.names": []any{"a", "b"}, "aws.elastic_beanstalk.deployment_id": int64(3),
		},
	} {
		res := pcommon.NewResource()
		w.Service(res, &service)
		assert.Equal(t, want, res.Attributes().AsRaw())
	}
}

func TestAWriterOfAnotherAccountLeavesTheFirstAsItIs(t *testing.T) {
	w := NewWriter(model.Target{AccountName: "prod", AccountID: "123456789012", Region: "us-east-1", Partition: "aws"}, nil, nil)
	assert.Same(t, w, w.At("", ""))
	assert.Same(t, w, w.At("123456789012", "us-east-1"))
	other := w.At("210987654321", "eu-west-1")
	assert.Equal(t, "210987654321", other.AccountID())
	assert.Equal(t, "123456789012", w.AccountID())
}
