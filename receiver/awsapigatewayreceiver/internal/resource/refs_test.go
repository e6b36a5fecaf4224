package resource

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// A reference has the right keys, and there is none whose keys the resource lacks.
func TestSetRefs(t *testing.T) {
	api := map[string][]string{attr.TypeAPI: {"cloud.account.id", "cloud.region", "aws.api_gateway.api_id"}}
	both := map[string][]string{attr.TypeAPI: api[attr.TypeAPI], attr.TypeStage: {"cloud.account.id", "cloud.region", "aws.api_gateway.api_id", "aws.api_gateway.stage"}}
	for name, set := range map[string]struct {
		attributes []string
		want       map[string][]string
	}{
		"stage":      {[]string{attr.CloudAccountID, attr.CloudRegion, attr.APIID, attr.Stage, "service.name"}, both},
		"API":        {[]string{attr.CloudAccountID, attr.CloudRegion, attr.APIID}, api},
		"no account": {[]string{attr.CloudRegion, attr.APIID, attr.Stage}, map[string][]string{}},
		"no region":  {[]string{attr.CloudAccountID, attr.APIID, attr.Stage}, map[string][]string{}},
		"no API":     {[]string{attr.CloudAccountID, attr.CloudRegion, attr.Stage}, map[string][]string{}},
		"nothing":    {nil, map[string][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			res := pcommon.NewResource()
			for _, a := range set.attributes {
				res.Attributes().PutStr(a, "x")
			}
			setRefs(res)
			got := map[string][]string{}
			for _, ref := range entity.ResourceEntityRefs(res).All() {
				got[ref.Type()] = ref.IdKeys().AsRaw()
				for _, k := range ref.IdKeys().AsRaw() {
					_, ok := res.Attributes().Get(k)
					assert.True(t, ok, k)
				}
			}
			assert.Equal(t, set.want, got)
			assert.Len(t, res.Attributes().AsRaw(), len(set.attributes))
		})
	}
}
