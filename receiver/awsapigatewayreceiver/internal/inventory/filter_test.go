package inventory

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func TestFilter(t *testing.T) {
	orders := model.API{ID: "a1", Name: "orders-eu", Type: model.REST, Tags: map[string]string{"team": "shop", "empty": ""}}
	slash := model.API{ID: "a2", Name: "pets/v1", Type: model.HTTP}
	for name, set := range map[string]struct {
		include, exclude []FilterItem
		api              model.API
		stage            string
		// any: some stage may be collected; want: this one is
		any, want bool
	}{
		"nothing said: all":                    {api: orders, stage: "prod", any: true, want: true},
		"name":                                 {include: []FilterItem{{Name: "orders-*"}}, api: orders, stage: "prod", any: true, want: true},
		"another name":                         {include: []FilterItem{{Name: "orders"}}, api: orders, stage: "prod"},
		"a glob covers all of the name":        {include: []FilterItem{{Name: "rders*"}}, api: orders, stage: "prod"},
		"names are told apart by case":         {include: []FilterItem{{Name: "Orders-*"}}, api: orders, stage: "prod"},
		"a star matches a slash":               {include: []FilterItem{{Name: "pets*"}}, api: slash, stage: "$default", any: true, want: true},
		"a slash matches itself":               {include: []FilterItem{{Name: "pets/v?"}}, api: slash, stage: "$default", any: true, want: true},
		"a set of characters":                  {include: []FilterItem{{Name: "orders-[de]u"}}, api: orders, stage: "prod", any: true, want: true},
		"id":                                   {include: []FilterItem{{ID: "a1"}}, api: orders, stage: "prod", any: true, want: true},
		"an id is no glob":                     {include: []FilterItem{{ID: "a*"}}, api: orders, stage: "prod"},
		"type, in any case":                    {include: []FilterItem{{Type: "rest"}}, api: orders, stage: "prod", any: true, want: true},
		"another type":                         {include: []FilterItem{{Type: "HTTP"}}, api: orders, stage: "prod"},
		"tag":                                  {include: []FilterItem{{Tags: map[string]string{"team": "sh?p"}}}, api: orders, stage: "prod", any: true, want: true},
		"tag that is missing":                  {include: []FilterItem{{Tags: map[string]string{"owner": "*"}}}, api: orders, stage: "prod"},
		"tag of an untagged API":               {include: []FilterItem{{Tags: map[string]string{"team": "*"}}}, api: slash, stage: "prod"},
		"tag without a value":                  {include: []FilterItem{{Tags: map[string]string{"empty": ""}}}, api: orders, stage: "prod", any: true, want: true},
		"stage":                                {include: []FilterItem{{Stage: "prod*"}}, api: orders, stage: "prod-1", any: true, want: true},
		"another stage":                        {include: []FilterItem{{Stage: "prod*"}}, api: orders, stage: "dev", any: true},
		"$default":                             {include: []FilterItem{{Stage: "$default"}}, api: slash, stage: "$default", any: true, want: true},
		"the keys of an item are ANDed":        {include: []FilterItem{{Name: "orders-*", Stage: "prod", Type: "HTTP"}}, api: orders, stage: "prod"},
		"items are ORed":                       {include: []FilterItem{{Name: "nobody"}, {Type: "REST"}}, api: orders, stage: "prod", any: true, want: true},
		"exclude wins":                         {include: []FilterItem{{Name: "*"}}, exclude: []FilterItem{{ID: "a1"}}, api: orders, stage: "prod"},
		"exclude alone leaves the others":      {exclude: []FilterItem{{ID: "a2"}}, api: orders, stage: "prod", any: true, want: true},
		"exclude of a stage":                   {exclude: []FilterItem{{Stage: "dev*"}}, api: orders, stage: "dev-1", any: true},
		"exclude of a stage leaves the others": {exclude: []FilterItem{{Stage: "dev*"}}, api: orders, stage: "prod", any: true, want: true},
		"exclude of a stage of an API":         {exclude: []FilterItem{{Stage: "prod", Name: "pets*"}}, api: orders, stage: "prod", any: true, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &Filter{Include: set.include, Exclude: set.exclude}
			assert.NoError(t, f.Check())
			assert.Equal(t, set.any, f.API(&set.api))
			assert.Equal(t, set.want, f.Stage(&set.api, set.stage))
			assert.True(t, set.any || !set.want)
		})
	}
}

// Every mistake is said, with its key.
func TestFilterCheck(t *testing.T) {
	f := &Filter{
		Include: []FilterItem{{}, {Name: "a["}, {Stage: "x[a-"}, {Type: "GRAPHQL"}, {Tags: map[string]string{"team": "["}}, {Name: `b\`}},
		Exclude: []FilterItem{{Name: "fine*"}, {Name: "*x*["}},
	}
	err := f.Check()
	for _, part := range []string{
		"include[0]::name: the item is empty", `include[1]::name: "a[" is not a glob`, `include[2]::stage: "x[a-" is not a glob`,
		`include[3]::type: "GRAPHQL" is not a kind of API: REST, HTTP or WEBSOCKET`, `include[4]::tags::team: "[" is not a glob`, `include[5]::name: `, `exclude[1]::name: `,
	} {
		assert.ErrorContains(t, err, part)
	}
	assert.NotContains(t, err.Error(), "exclude[0]")
}
