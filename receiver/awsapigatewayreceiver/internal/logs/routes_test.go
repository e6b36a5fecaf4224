package logs

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
)

// shared are two REST APIs and an HTTP API that write into one log group: r1/prod and r2/prod in one format, r1/dev in another, and h1 in a third; r3 writes
// into another group, and r4, which nobody wants, into both.
var shared = account{
	"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"search"},{"id":"r3","name":"billing"},{"id":"r4","name":"secret"}]`,
	"GetApis":     `[{"apiId":"h1","name":"web","protocolType":"HTTP"}]`,
	"GetStagesr1": "[" + logging("prod", arn("shared"), "$context.requestId") + "," + logging("dev", arn("shared:*"), "dev $context.requestId") + "]",
	"GetStagesr2": "[" + logging("prod", arn("shared"), "$context.requestId") + "]",
	"GetStagesr3": "[" + logging("prod", arn("billing"), "$context.requestId") + "]",
	"GetStagesr4": "[" + logging("prod", arn("shared"), "$context.requestId") + "," + logging("dev", arn("unwanted"), "$context.requestId") + "]",

	"GetStages (v2)h1": "[" + logging("$default", arn("shared"), "web $context.requestId") + "]",

	"GetDomainNames":                      `[{"domainName":"api.example.com"},{"domainName":"both.example.com"}]`,
	"GetDomainNames (v2)":                 `[{"domainName":"api.example.com"},{"domainName":"both.example.com"}]`,
	"GetBasePathMappingsapi.example.com":  `[{"basePath":"(none)","restApiId":"r2","stage":"prod"}]`,
	"GetApiMappingsapi.example.com":       `[{"apiMappingId":"m1","apiMappingKey":"","apiId":"r2","stage":"prod"}]`,
	"GetBasePathMappingsboth.example.com": `[{"basePath":"a","restApiId":"r1","stage":"prod"},{"basePath":"b","restApiId":"r2","stage":"prod"}]`,
	"GetApiMappingsboth.example.com":      `[{"apiMappingId":"m2","apiMappingKey":"a","apiId":"r1","stage":"prod"},{"apiMappingId":"m3","apiMappingKey":"b","apiId":"r2","stage":"prod"}]`,
}

// name says which stage a source is, and that it is not wanted.
func (s *source) name() string {
	if s == nil {
		return "nobody"
	}
	name := s.apiID() + "/" + s.stage
	if s.excluded {
		name += " (excluded)"
	}
	return name
}

// A line is its API's and stage's where it names them, else of the stage that its domain name leads to, else of the only stage that has its format.
func TestWhoseALineIs(t *testing.T) {
	snapshot := shared.snapshot(t, "r4")
	b := newBench(t, snapshot, nil)
	b.see(t.Context(), snapshot)
	routes := b.groups.get("shared").routes.Load()
	require.Len(t, routes.tries, 3)
	owners := map[string][]*source{}
	for _, try := range routes.tries {
		owners[try.text] = try.owners
	}
	for name, c := range map[string]struct {
		format string
		says   accesslog.Identity
		want   string
	}{
		"by id and stage":                         {"$context.requestId", accesslog.Identity{APIID: "r2", Stage: "prod"}, "r2/prod"},
		"by id":                                   {"$context.requestId", accesslog.Identity{APIID: "r1"}, "r1/prod"},
		"by id, against the format":               {"web $context.requestId", accesslog.Identity{APIID: "r1", Stage: "dev"}, "r1/dev"},
		"by id, against the domain name":          {"$context.requestId", accesslog.Identity{APIID: "r1", DomainName: "api.example.com"}, "r1/prod"},
		"by a custom domain name":                 {"$context.requestId", accesslog.Identity{DomainName: "api.example.com"}, "r2/prod"},
		"by the API's own domain name":            {"$context.requestId", accesslog.Identity{DomainName: "r1.execute-api.us-east-1.amazonaws.com"}, "r1/prod"},
		"by a domain name of two, and the format": {"dev $context.requestId", accesslog.Identity{DomainName: "both.example.com"}, "r1/dev"},
		"by a format":                             {"dev $context.requestId", accesslog.Identity{}, "r1/dev"},
		"by a format of an HTTP API":              {"web $context.requestId", accesslog.Identity{Stage: "$default"}, "h1/$default"},
		"a format of two":                         {"$context.requestId", accesslog.Identity{}, "nobody"},
		"a format and stage of two":               {"$context.requestId", accesslog.Identity{Stage: "prod"}, "nobody"},
		"a domain name of two":                    {"$context.requestId", accesslog.Identity{DomainName: "both.example.com"}, "nobody"},
		"a domain name that leads nowhere":        {"$context.requestId", accesslog.Identity{DomainName: "else.example.com"}, "nobody"},
		"an API that writes elsewhere":            {"$context.requestId", accesslog.Identity{APIID: "r3", Stage: "prod"}, "r3/prod"},
		"a stage that is gone":                    {"$context.requestId", accesslog.Identity{APIID: "r2", Stage: "old"}, "r2/old"},
		"an API that nobody knows":                {"$context.requestId", accesslog.Identity{APIID: "r9", Stage: "prod"}, "nobody"},
		"an API that nobody wants":                {"$context.requestId", accesslog.Identity{APIID: "r4", Stage: "prod"}, "r4/prod (excluded)"},
	} {
		t.Run(name, func(t *testing.T) {
			s, unwanted := routes.owner(c.says, owners[c.format])
			assert.Equal(t, c.want, s.name())
			assert.False(t, unwanted)
		})
	}
	s, _ := routes.owner(accesslog.Identity{APIID: "r3", Stage: "prod"}, routes.sources)
	again, _ := routes.owner(accesslog.Identity{APIID: "r3", Stage: "prod"}, routes.sources)
	assert.Same(t, s, again, "it is made once")
	assert.Equal(t, accesslog.Identity{APIID: "r3", Stage: "prod", AccountID: "111122223333"}, s.identity)
	assert.True(t, s.bare)
	assert.Nil(t, b.groups.get("unwanted"))
}

// What no stage can claim stands on the account, with the APIs that it may be of.
func TestResourceOfLinesThatAreNobodys(t *testing.T) {
	snapshot := account{
		"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"search"}]`,
		"GetStagesr1": "[" + logging("prod", arn("one"), "a") + "," + logging("x", arn("two"), "a") + "]",
		"GetStagesr2": "[" + logging("prod", arn("two"), "a") + "]",
	}.snapshot(t)
	b := newBench(t, snapshot, func(c *Config) { c.Groups = []GroupConfig{{Name: "mine"}} })
	b.see(t.Context(), snapshot)
	for group, want := range map[string]map[string]any{
		"one":  {"aws.api_gateway.api_ids": []any{"r1"}, "service.instance.id": "111122223333/us-east-1/r1"},
		"two":  {"aws.api_gateway.api_ids": []any{"r1", "r2"}, "service.instance.id": "111122223333/us-east-1/r1,r2"},
		"mine": {"aws.api_gateway.api_ids": nil, "service.instance.id": "111122223333/us-east-1"},
	} {
		raw := b.groups.get(group).routes.Load().foreign.Attributes().AsRaw()
		for name, value := range want {
			assert.Equal(t, value, raw[name], "%s of %s", name, group)
		}
		assert.Equal(t, []any{group}, raw["aws.log.group.names"])
		assert.NotContains(t, raw, "aws.api_gateway.api_id")
		assert.NotContains(t, raw, "aws.api_gateway.stage")
	}
}

// Formats of today are tried before earlier ones; a secret in any of them withholds what can't be decoded.
func TestTriesOfAGroup(t *testing.T) {
	b := newBench(t, nil, nil)
	compiled := func(texts ...string) (out []*format) {
		for _, text := range texts {
			out = append(out, b.book.compile(text, "", ""))
		}
		return out
	}
	sources := []*source{
		{stage: "b", formats: compiled("$context.status", "$context.requestId")},
		{stage: "a", formats: compiled("$context.requestId", "not a format", "$context.path")},
		{stage: "c", kind: execution},
		{stage: "d", formats: compiled("not a format")},
	}
	r := newRoutes(sources, sources[0].resource, nil, nil)
	var got []string
	for _, try := range r.tries {
		names := try.text
		for _, s := range try.owners {
			names += " " + s.stage
		}
		got = append(got, names)
	}
	assert.Equal(t, []string{"$context.requestId a b", "$context.status b", "$context.path a"}, got)
	assert.Equal(t, []bool{false, false, true}, []bool{r.tries[0].earlier, r.tries[1].earlier, r.tries[2].earlier})
	assert.Equal(t, "c", r.execution.stage)
	require.Len(t, r.formless, 1)
	assert.Equal(t, "d", r.formless[0].stage, "lines in other formats may be of a stage whose format is not known")
	assert.False(t, r.secret)
	r = newRoutes([]*source{{formats: compiled("$context.status", "$context.identity.apiKey")}}, sources[0].resource, nil, nil)
	assert.True(t, r.secret)
}
