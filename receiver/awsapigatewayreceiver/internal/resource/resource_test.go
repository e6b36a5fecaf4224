package resource

import (
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	xentity "go.opentelemetry.io/collector/pdata/xpdata/entity"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

var (
	target    = model.Target{Label: "prod/us-east-1", AccountID: "111122223333", Region: "us-east-1", Partition: "aws"}
	rest      = model.API{ID: "r1", Name: "ördérs", Type: model.REST, EndpointType: "EDGE", Tags: map[string]string{"team": "shop", "empty": "", "secret": "x"}}
	http      = model.API{ID: "h1", Name: "pets", Type: model.HTTP, Tags: map[string]string{"team": "zoo"}}
	websocket = model.API{ID: "w1", Name: "chat", Type: model.WebSocket}
)

func switched(on bool, names ...string) Config {
	c := Config{}
	for _, n := range names {
		c[n] = AttributeConfig{Enabled: &on}
	}
	return c
}

func write(target model.Target, c Config, tags []string, a *model.API, candidates []string, stage string) pcommon.Resource {
	res := pcommon.NewResource()
	NewWriter(target, c, tags).Stage(res, a, candidates, stage)
	return res
}

func refs(res pcommon.Resource) (types []string) {
	for _, ref := range xentity.ResourceEntityRefs(res).All() {
		types = append(types, ref.Type())
	}
	return types
}

var bothRefs = []string{attr.TypeAPI, attr.TypeStage}

// The attributes of a stage, to the letter.
func TestResource(t *testing.T) {
	named := target
	named.AccountName = "prod"
	for name, set := range map[string]struct {
		target     model.Target
		config     Config
		tags       []string
		api        model.API
		candidates []string
		stage      string
		want       map[string]any
		refs       []string
	}{
		"REST": {target: named, tags: []string{"team", "empty", "missing"}, api: rest, stage: "prod", refs: bothRefs, want: map[string]any{
			"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1", "aws.account.name": "prod",
			"cloud.resource_id":      "arn:aws:apigateway:us-east-1::/restapis/r1/stages/prod",
			"aws.api_gateway.api_id": "r1", "aws.api_gateway.rest_api_id": "r1", "aws.api_gateway.api_name": "ördérs", "aws.api_gateway.api_type": "REST",
			"aws.api_gateway.endpoint_type": "EDGE", "aws.api_gateway.stage": "prod", "service.name": "ördérs",
			"service.instance.id": "111122223333/us-east-1/r1/prod", "aws.api_gateway.tag.team": "shop", "aws.api_gateway.tag.empty": "",
		}},
		"HTTP": {target: target, tags: []string{"team"}, api: http, stage: "$default", refs: bothRefs, want: map[string]any{
			"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1",
			"cloud.resource_id":      "arn:aws:apigateway:us-east-1::/apis/h1/stages/$default",
			"aws.api_gateway.api_id": "h1", "aws.api_gateway.api_name": "pets", "aws.api_gateway.api_type": "HTTP",
			"aws.api_gateway.stage": "$default", "service.name": "pets",
			"service.instance.id": "111122223333/us-east-1/h1/$default", "aws.api_gateway.tag.team": "zoo",
		}},
		"WebSocket, with the opt-in environment": {target: target, config: switched(true, "deployment.environment.name"), tags: []string{"team"}, api: websocket, stage: "live", refs: bothRefs, want: map[string]any{
			"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1",
			"cloud.resource_id":      "arn:aws:apigateway:us-east-1::/apis/w1/stages/live",
			"aws.api_gateway.api_id": "w1", "aws.api_gateway.api_name": "chat", "aws.api_gateway.api_type": "WEBSOCKET",
			"aws.api_gateway.stage": "live", "service.name": "chat",
			"service.instance.id": "111122223333/us-east-1/w1/live", "deployment.environment.name": "live",
		}},
		"ambiguous: the candidates, and nothing that only one of them has": {target: target, tags: []string{"team"}, api: rest, candidates: []string{"r1", "r2"}, stage: "prod", want: map[string]any{
			"cloud.provider": "aws", "cloud.platform": "aws_api_gateway", "cloud.account.id": "111122223333", "cloud.region": "us-east-1",
			"aws.api_gateway.api_ids":  []any{"r1", "r2"},
			"aws.api_gateway.api_name": "ördérs", "aws.api_gateway.api_type": "REST", "aws.api_gateway.stage": "prod", "service.name": "ördérs",
			"service.instance.id": "111122223333/us-east-1/r1,r2/prod",
		}},
		"everything off":            {target: named, config: switched(false, allNames()...), tags: []string{"team"}, api: rest, stage: "prod", want: map[string]any{"aws.api_gateway.tag.team": "shop"}},
		"everything off, ambiguous": {target: named, config: switched(false, allNames()...), api: rest, candidates: []string{"r1", "r2"}, stage: "prod", want: map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			res := write(set.target, set.config, set.tags, &set.api, set.candidates, set.stage)
			assert.Equal(t, set.want, res.Attributes().AsRaw())
			assert.Equal(t, set.refs, refs(res))
			again := write(set.target, set.config, set.tags, &set.api, set.candidates, set.stage)
			assert.Equal(t, slices.Collect(keys(res)), slices.Collect(keys(again)), "in the same order")
		})
	}
}

func keys(res pcommon.Resource) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range res.Attributes().All() {
			if !yield(k) {
				return
			}
		}
	}
}

func allNames() []string {
	var all []string
	for _, a := range Attributes {
		all = append(all, a.Name)
	}
	return all
}

// An ARN is in its partition; API Gateway's leave the account out.
func TestResourceIDOfEachPartition(t *testing.T) {
	for region, partition := range map[string]string{"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc"} {
		at := model.Target{AccountID: "111122223333", Region: region, Partition: partition}
		for _, a := range []model.API{rest, http, websocket} {
			kind := "apis"
			if a.Type == model.REST {
				kind = "restapis"
			}
			id, _ := write(at, nil, nil, &a, nil, "prod").Attributes().Get("cloud.resource_id")
			assert.Equal(t, "arn:"+partition+":apigateway:"+region+"::/"+kind+"/"+a.ID+"/stages/prod", id.Str())
		}
	}
}

// Each attribute can be switched off, and only itself; identity that is off has no entity reference.
func TestEachAttributeCanBeSwitchedOff(t *testing.T) {
	all := write(target, switched(true, "deployment.environment.name"), nil, &rest, nil, "prod").Attributes().AsRaw()
	for _, name := range allNames() {
		c := switched(true, "deployment.environment.name")
		off := false
		c[name] = AttributeConfig{Enabled: &off}
		res := write(target, c, nil, &rest, nil, "prod")
		want := maps.Clone(all)
		delete(want, name)
		assert.Equal(t, want, res.Attributes().AsRaw(), name)
		switch name {
		case attr.CloudAccountID, attr.CloudRegion, attr.APIID:
			assert.Empty(t, refs(res), name)
		case attr.Stage:
			assert.Equal(t, []string{attr.TypeAPI}, refs(res))
		default:
			assert.Equal(t, bothRefs, refs(res), name)
		}
	}
	off := false
	res := write(target, Config{attr.APIIDs: {Enabled: &off}}, nil, &rest, []string{"r1", "r2"}, "prod")
	assert.NotContains(t, res.Attributes().AsRaw(), attr.APIIDs)
}

// A key that says nothing of enabled leaves the default.
func TestConfigWithoutEnabled(t *testing.T) {
	res := write(target, Config{"service.name": {}, "deployment.environment.name": {}}, nil, &rest, nil, "prod").Attributes().AsRaw()
	assert.Contains(t, res, "service.name")
	assert.NotContains(t, res, "deployment.environment.name")
}

func TestConfigCheck(t *testing.T) {
	assert.NoError(t, switched(false, allNames()...).Check())
	err := switched(false, "service.nmae", "aws.api_gateway.tag.team", "service.name").Check()
	assert.ErrorContains(t, err, "service.nmae: is no resource attribute of this receiver: one of cloud.provider, ")
	assert.ErrorContains(t, err, "aws.api_gateway.tag.team: tags are switched by the tags setting")
	assert.NotContains(t, err.Error(), "service.name: ")
}
