package entity

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"
)

// A reference has the right keys, and there is none whose keys the resource lacks.
func TestSetRefs(t *testing.T) {
	api := map[string][]string{TypeAPI: {"cloud.account.id", "cloud.region", "aws.api_gateway.api_id"}}
	both := map[string][]string{TypeAPI: api[TypeAPI], TypeStage: {"cloud.account.id", "cloud.region", "aws.api_gateway.api_id", "aws.api_gateway.stage"}}
	for name, set := range map[string]struct {
		attributes []string
		want       map[string][]string
	}{
		"stage":      {[]string{CloudAccountID, CloudRegion, APIID, Stage, "service.name"}, both},
		"API":        {[]string{CloudAccountID, CloudRegion, APIID}, api},
		"no account": {[]string{CloudRegion, APIID, Stage}, map[string][]string{}},
		"no region":  {[]string{CloudAccountID, APIID, Stage}, map[string][]string{}},
		"no API":     {[]string{CloudAccountID, CloudRegion, Stage}, map[string][]string{}},
		"nothing":    {nil, map[string][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			res := pcommon.NewResource()
			for _, a := range set.attributes {
				res.Attributes().PutStr(a, "x")
			}
			SetRefs(res)
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
