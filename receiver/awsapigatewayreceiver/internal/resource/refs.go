package resource

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// setRefs writes the references to the resource's API and stage. An entity whose identifying attributes are switched off has no reference: it
// could not be found by it.
func setRefs(res pcommon.Resource) {
	attrs := res.Attributes()
	for _, k := range [...]string{attr.CloudAccountID, attr.CloudRegion, attr.APIID} {
		if _, ok := attrs.Get(k); !ok {
			return
		}
	}
	refs := entity.ResourceEntityRefs(res)
	ref := refs.AppendEmpty()
	ref.SetType(attr.TypeAPI)
	ref.IdKeys().FromRaw([]string{attr.CloudAccountID, attr.CloudRegion, attr.APIID})
	if _, ok := attrs.Get(attr.Stage); ok {
		ref = refs.AppendEmpty()
		ref.SetType(attr.TypeStage)
		ref.IdKeys().FromRaw([]string{attr.CloudAccountID, attr.CloudRegion, attr.APIID, attr.Stage})
	}
}
