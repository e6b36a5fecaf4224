// Package entity says which entities a resource belongs to.
package entity

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"
)

// Types of entities.
const (
	TypeAPI   = "aws.api_gateway.api"
	TypeStage = "aws.api_gateway.stage"
)

// Attributes that identify an API and a stage.
const (
	CloudAccountID = "cloud.account.id"
	CloudRegion    = "cloud.region"
	APIID          = "aws.api_gateway.api_id"
	Stage          = "aws.api_gateway.stage"
)

// SetRefs writes the references to the resource's API and stage. An entity whose identifying attributes are switched off has no reference: it
// could not be found by it.
func SetRefs(res pcommon.Resource) {
	attrs := res.Attributes()
	for _, k := range [...]string{CloudAccountID, CloudRegion, APIID} {
		if _, ok := attrs.Get(k); !ok {
			return
		}
	}
	refs := entity.ResourceEntityRefs(res)
	ref := refs.AppendEmpty()
	ref.SetType(TypeAPI)
	ref.IdKeys().FromRaw([]string{CloudAccountID, CloudRegion, APIID})
	if _, ok := attrs.Get(Stage); ok {
		ref = refs.AppendEmpty()
		ref.SetType(TypeStage)
		ref.IdKeys().FromRaw([]string{CloudAccountID, CloudRegion, APIID, Stage})
	}
}
