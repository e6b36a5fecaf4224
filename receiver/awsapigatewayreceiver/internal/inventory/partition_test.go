package inventory

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names and URLs are those of the partition.
func TestNamesOfEachPartition(t *testing.T) {
	t.Parallel()
	for partition, suffix := range map[string]string{
		"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com", "aws-eusc": "amazonaws.eu",
		"aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov", "aws-iso-e": "cloud.adc-e.uk", "aws-iso-f": "csp.hci.ic.gov",
	} {
		d := &describer{at: model.Target{AccountID: "111122223333", Region: "somewhere-1", Partition: partition}}
		a, e, err := d.restAPI(object{"id": "r1", "name": "orders"})
		require.NoError(t, err)
		assert.Equal(t, "arn:"+partition+":apigateway:somewhere-1::/restapis/r1", e.Description[attr.CloudResourceID])
		assert.Equal(t, "https://r1.execute-api.somewhere-1."+suffix, e.Description[attrInvokeURL])
		_, stage, err := d.stage(&a, object{"stageName": "prod"})
		require.NoError(t, err)
		assert.Equal(t, "https://r1.execute-api.somewhere-1."+suffix+"/prod", stage.Description[attrInvokeURL])
	}
}
