package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// A VPC link that both versions list is one, the first version's; also where that could not be read at first.
func TestVPCLinksOfBothVersions(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.answers["GetVpcLinks"] = []string{`{"id": "link1", "name": "one"}`}
	a.answers["GetVpcLinks (v2)"] = []string{`{"vpcLinkId": "link1", "name": "two"}`, `{"vpcLinkId": "link2"}`}
	c := newCrawler(t, a)
	a.errs["GetVpcLinks"] = ofClass(aws.Server)
	_, err := c.try()
	require.Error(t, err)
	assert.Contains(t, c.w.known["vpc_link link1"], `"two"`)
	delete(a.errs, "GetVpcLinks")
	c.again()
	assert.Contains(t, c.w.known["vpc_link link1"], `"one"`)
	assert.Equal(t, 2, c.Current().Entities()["vpc_link"], "each once")
	a.answers["GetVpcLinks (v2)"] = []string{`{"vpcLinkId": "link2", "name": "changed"}`}
	c.again()
	assert.Empty(t, c.w.deleted)
	a.answers["GetVpcLinks"] = nil
	c.again()
	assert.Equal(t, []string{"vpc_link link1"}, c.w.deleted)
	a.answers["GetVpcLinks (v2)"] = []string{`{"vpcLinkId": "link1"}`, `{"vpcLinkId": "link2"}`}
	c.again()
	assert.Contains(t, c.w.known, "vpc_link link1", "it is the second version's now")
}

// A link that leaves the first version's list while the second still has it was not deleted.
func TestVPCLinkMovesBetweenVersions(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.answers["GetVpcLinks"] = []string{`{"id": "link1", "name": "one"}`}
	a.answers["GetVpcLinks (v2)"] = []string{`{"vpcLinkId": "link1", "name": "two"}`}
	c := newCrawler(t, a)
	c.again()
	assert.Contains(t, c.w.known["vpc_link link1"], `"one"`)
	a.answers["GetVpcLinks"] = nil
	c.again()
	assert.Empty(t, c.w.deleted)
	assert.Contains(t, c.w.known["vpc_link link1"], `"two"`)
}

// What is read of a domain name depends on its kind: API mappings, base-path mappings where it is edge-optimised or private, routing rules where it
// has them.
func TestReadsOfDomainNames(t *testing.T) {
	t.Parallel()
	v2 := func(name, mode string) string {
		return fmt.Sprintf(`{"domainName": %q, "routingMode": %q}`, name, mode)
	}
	v1 := func(name, kind, mode string) string {
		return fmt.Sprintf(`{"domainName": %q, "endpointConfiguration": {"types": [%q]}, "routingMode": %q}`, name, kind, mode)
	}
	for name, set := range map[string]struct {
		v1, v2 []string
		want   []string
	}{
		"regional":                          {[]string{v1("d", "REGIONAL", "API_MAPPING_ONLY")}, []string{v2("d", "API_MAPPING_ONLY")}, []string{"GetApiMappings d"}},
		"regional, with rules":              {[]string{v1("d", "REGIONAL", "ROUTING_RULE_THEN_API_MAPPING")}, []string{v2("d", "ROUTING_RULE_THEN_API_MAPPING")}, []string{"GetApiMappings d", "ListRoutingRules d"}},
		"rules alone":                       {[]string{v1("d", "REGIONAL", "ROUTING_RULE_ONLY")}, []string{v2("d", "ROUTING_RULE_ONLY")}, []string{"GetApiMappings d", "ListRoutingRules d"}},
		"edge-optimised":                    {[]string{v1("d", "EDGE", "")}, []string{v2("d", "")}, []string{"GetBasePathMappings d"}},
		"of the first version alone":        {[]string{v1("d", "REGIONAL", "")}, nil, []string{"GetBasePathMappings d"}},
		"of the second version alone":       {nil, []string{v2("d", "")}, []string{"GetApiMappings d"}},
		"private":                           {[]string{privateDomain}, nil, []string{"GetBasePathMappings in.example.com", "GetDomainNameAccessAssociations"}},
		"private and public of one name":    {[]string{privateDomain, v1("in.example.com", "REGIONAL", "")}, []string{v2("in.example.com", "")}, []string{"GetApiMappings in.example.com", "GetBasePathMappings in.example.com", "GetDomainNameAccessAssociations"}},
		"no domain name: nothing to be led": {nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			a.answers["GetDomainNames"], a.answers["GetDomainNames (v2)"] = set.v1, set.v2
			c := newCrawler(t, a)
			var got []string
			for _, read := range c.again() {
				if strings.Contains(read, "Mapping") || strings.Contains(read, "Rules") || strings.Contains(read, "Associations") {
					got = append(got, read)
				}
			}
			assert.Equal(t, set.want, got)
		})
	}
}

// A private domain name is read by its id.
func TestPrivateDomainNameIsReadByItsID(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.answers["GetDomainNames"] = []string{privateDomain}
	c := newCrawler(t, a)
	c.again()
	assert.Equal(t, model.ReadOf{DomainName: "in.example.com", DomainID: "abc"}, a.of["GetBasePathMappings in.example.com"])
}

// Mappings, rules and associations come and go with their domain name; what changed is read again, and nothing else.
func TestDomainNamesChange(t *testing.T) {
	t.Parallel()
	a := whole()
	c := newCrawler(t, a)
	c.again()
	assert.Contains(t, c.w.known["domain_name api.example.com"], "routing_rules")
	assert.Contains(t, c.w.known["domain_name in.example.com abc"], `["vpce-1"]`)

	a.answers["GetDomainNameAccessAssociations"] = append(a.answers["GetDomainNameAccessAssociations"], `{"domainNameArn": "`+privateARN+`", "accessAssociationSource": "vpce-0"}`, `{"domainNameArn": "another", "accessAssociationSource": "vpce-9"}`)
	assert.Equal(t, sorted2(always, []string{"GetBasePathMappings in.example.com"}), c.again())
	assert.Contains(t, c.w.known["domain_name in.example.com abc"], `["vpce-0","vpce-1"]`)

	a.answers["GetDomainNames"] = []string{strings.Replace(domainV1("api.example.com", "REGIONAL"), "ROUTING_RULE_THEN_API_MAPPING", "API_MAPPING_ONLY", 1), privateDomain}
	assert.Equal(t, sorted2(always, []string{"GetApiMappings api.example.com"}), c.again())
	assert.NotContains(t, c.w.known["domain_name api.example.com"], "routing_rules")
	assert.NotContains(t, c.Current().Parts[""], "routing_rules/api.example.com")

	a.answers["GetDomainNames"], a.answers["GetDomainNames (v2)"] = []string{privateDomain}, nil
	c.again()
	assert.Equal(t, []string{"domain_name api.example.com"}, c.w.deleted)
	for part := range c.Current().Parts[""] {
		assert.NotContains(t, part, "api.example.com", "nothing is left of it")
	}
	a.answers["GetDomainNames"] = nil
	assert.NotContains(t, c.again(), "GetDomainNameAccessAssociations", "no private domain name, no associations")
	assert.Equal(t, []string{"domain_name api.example.com", "domain_name in.example.com abc"}, c.w.deleted)
}

// A domain name whose mappings or rules can't be read is still one, and leads where it did.
func TestDomainNameWithoutItsMappings(t *testing.T) {
	t.Parallel()
	for _, read := range []string{"GetApiMappings api.example.com", "ListRoutingRules api.example.com"} {
		a := whole()
		c := newCrawler(t, a)
		c.again()
		before := c.w.known["domain_name api.example.com"]
		a.errs[read] = ofClass(aws.Denied)
		a.answers["GetDomainNames (v2)"] = []string{`{"domainName": "api.example.com", "tags": {"team": "shop"}}`}
		_, err := c.try()
		require.Error(t, err)
		after := c.w.known["domain_name api.example.com"]
		assert.NotEqual(t, before, after)
		assert.Contains(t, after, "shop")
		assert.Contains(t, after, `"aws.api_gateway.mappings":[{"api_id":"h1"`)
		assert.Contains(t, after, `"aws.api_gateway.routing_rules":[{"api_id":"r1"`)
		delete(a.errs, read)
		assert.Contains(t, c.again(), read)
	}
}

// API keys are read where they are asked for, never with their values; and use the plans whose keys they are.
func TestAPIKeys(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetUsagePlans"] = []string{`{"id": "plan1"}`, `{"id": "plan2"}`}
	a.answers["GetUsagePlanKeys plan2"] = []string{`{"id": "key1", "value": "SECRET"}`, `{"id": "key2", "value": "SECRET"}`, `{"value": "SECRET"}`}
	a.answers["GetApiKeys"] = []string{`{"id": "key1", "value": "SECRET"}`, `{"id": "key2"}`, `{"id": "key3"}`}
	c := newCrawler(t, a)
	c.again()
	uses := func(key string) (plans []string) {
		for _, p := range []string{"plan1", "plan2"} {
			if strings.Contains(c.w.known["api_key "+key], `{"aws.api_gateway.usage_plan_id":"`+p+`"}`) {
				plans = append(plans, p)
			}
		}
		return plans
	}
	assert.Equal(t, []string{"plan1", "plan2"}, uses("key1"))
	assert.Equal(t, []string{"plan2"}, uses("key2"))
	assert.Empty(t, uses("key3"))

	a.answers["GetUsagePlans"] = []string{`{"id": "plan1"}`}
	c.again()
	assert.Equal(t, []string{"plan1"}, uses("key1"), "a plan that is gone is not used")
	assert.NotContains(t, c.Current().Parts[""], "usage_plan_keys/plan2")
	for id, parts := range c.Current().Parts {
		for name, p := range parts {
			assert.NotContains(t, string(p.Data), "SECRET", "%s %s", id, name)
			for _, e := range entitiesOf(t, p) {
				assert.NotContains(t, fmt.Sprint(e), "SECRET")
			}
		}
	}
	a.answers["GetApiKeys"] = []string{`{"id": "key1"}`}
	c.again()
	assert.Equal(t, []string{"api_key key2", "api_key key3"}, sortedLike(slices.DeleteFunc(c.w.deleted, func(n string) bool { return n == "usage_plan plan2" })))
}

// Without api_keys, neither keys nor which plans they use are read; what was read before is dropped, and deleted for nobody.
func TestAPIKeysOff(t *testing.T) {
	t.Parallel()
	a := whole()
	on := newCrawler(t, a, stores(checkpointtest.Open(t, t.TempDir())))
	on.again()
	c := on.restarted(func(s *Settings) { s.Config.APIKeys.Enabled = false })
	for _, read := range c.again() {
		assert.NotContains(t, read, "Key")
	}
	assert.Empty(t, c.w.deleted)
	for part := range c.Current().Parts[""] {
		assert.NotContains(t, part, "keys")
	}
	assert.Zero(t, c.Current().Entities()["api_key"])
	assert.Equal(t, slices.DeleteFunc(slices.Clone(always), func(r string) bool { return r == "GetApiKeys" }), c.again())
}

// The limits follow the reads that they come from: each keeps what it had where its read fails.
func TestLimits(t *testing.T) {
	t.Parallel()
	a := whole()
	c := newCrawler(t, a)
	c.again()
	first := c.Current().Limits
	assert.True(t, first.Known)
	assert.Equal(t, 10000.0, *first.Account.Rate)
	assert.Equal(t, "plan1", first.Plans[0].ID)
	assert.Equal(t, "cert1", first.Certificates[0].ID)
	a.errs["GetAccount"], a.errs["GetUsagePlans"] = ofClass(aws.Denied), ofClass(aws.Denied)
	a.answers["GetClientCertificates"] = nil
	_, err := c.try()
	require.Error(t, err)
	assert.Equal(t, first.Account, c.Current().Limits.Account)
	assert.Equal(t, first.Plans, c.Current().Limits.Plans)
	assert.Empty(t, c.Current().Limits.Certificates)
	assert.NotEmpty(t, first.Certificates, "limits do not change")
	clear(a.errs)
	a.answers["GetAccount"] = []string{`{"throttleSettings": {"rateLimit": 5000, "burstLimit": 5000}}`}
	a.answers["GetUsagePlans"] = []string{`{"id": "plan1", "quota": {"limit": 5, "period": "DAY"}}`}
	c.again()
	require.Len(t, c.w.events, 2)
	assert.Equal(t, []string{"account", "usage_plan"}, []string{c.w.events[0].Scope, c.w.events[1].Scope})
	assert.False(t, c.w.events[0].Late)
}

// Stages and APIs that no filter wants are no entities; the APIs are not asked for more than their names.
func TestFiltersOfEntities(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetStages r1"] = []string{`{"stageName": "prod"}`, `{"stageName": "dev"}`}
	c := newCrawler(t, a, func(s *Settings) { s.Filter = &Filter{Include: []FilterItem{{ID: "r1", Stage: "prod"}}} })
	for _, read := range c.again() {
		assert.NotContains(t, read, "h1")
	}
	var got []string
	for n := range maps.Keys(c.w.known) {
		if strings.HasPrefix(n, "stage") || strings.HasPrefix(n, "api ") || strings.HasPrefix(n, "route") {
			got = append(got, n)
		}
	}
	assert.Equal(t, []string{"api r1", "route r1 GET /", "stage r1 prod"}, sortedLike(got))
	assert.Equal(t, []string{"h1", "r1"}, ids(c.Current().APIs), "names that metrics may ask for")
	assert.Len(t, c.Current().Stages["r1"], 2, "stages tell namesakes apart")
	var collected []string
	c.Current().CollectedOf(&c.Current().APIs[1], func(s *model.Stage) { collected = append(collected, s.Name) })
	assert.Equal(t, []string{"prod"}, collected)
}
