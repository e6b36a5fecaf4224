package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// whole is an account with something of everything: a REST API r1, an HTTP API h1, and what belongs to none.
func whole() *account {
	a := newAccount()
	maps.Copy(a.answers, map[string][]string{
		"GetRestApis":                        {`{"id": "r1", "name": "orders"}`},
		"GetApis":                            {`{"apiId": "h1", "name": "pets", "protocolType": "HTTP"}`},
		"GetStages r1":                       {`{"stageName": "prod", "deploymentId": "d1", "lastUpdatedDate": 1700000000}`},
		"GetStages (v2) h1":                  {`{"stageName": "$default", "deploymentId": "e1"}`},
		"GetDeployments r1":                  {`{"id": "d1", "createdDate": 1700000000}`},
		"GetDeployments (v2) h1":             {`{"deploymentId": "e1", "createdDate": "2023-11-14T22:13:20Z"}`},
		"GetDeployment r1 d1":                {`{"id": "d1", "apiSummary": {"/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": false}}}}`},
		"GetResources r1":                    {`{"id": "res1", "path": "/", "resourceMethods": {"GET": {"methodIntegration": {"type": "MOCK"}}}}`},
		"GetAuthorizers r1":                  {`{"id": "auth1"}`},
		"GetModels r1":                       {`{"id": "m1"}`, `{"id": "m2"}`},
		"GetRequestValidators r1":            {`{"id": "v1"}`},
		"GetRoutes h1":                       {`{"routeKey": "GET /pets", "target": "integrations/int1"}`},
		"GetIntegrations h1":                 {`{"integrationId": "int1", "integrationType": "HTTP_PROXY", "integrationUri": "https://example.com"}`},
		"GetAuthorizers (v2) h1":             {`{"authorizerId": "auth2"}`},
		"GetModels (v2) h1":                  {`{"modelId": "m3"}`},
		"GetAccount":                         {`{"throttleSettings": {"rateLimit": 10000, "burstLimit": 5000}}`},
		"GetUsagePlans":                      {`{"id": "plan1", "apiStages": [{"apiId": "r1", "stage": "prod"}]}`},
		"GetUsagePlanKeys plan1":             {`{"id": "key1", "value": "SECRET"}`},
		"GetApiKeys":                         {`{"id": "key1", "value": "SECRET"}`},
		"GetClientCertificates":              {`{"clientCertificateId": "cert1", "expirationDate": 1800000000}`},
		"GetVpcLinks":                        {`{"id": "link1"}`},
		"GetVpcLinks (v2)":                   {`{"vpcLinkId": "link2"}`},
		"GetDomainNames":                     {domainV1("api.example.com", "REGIONAL"), privateDomain},
		"GetDomainNames (v2)":                {`{"domainName": "api.example.com"}`},
		"GetDomainNameAccessAssociations":    {`{"domainNameArn": "` + privateARN + `", "accessAssociationSource": "vpce-1"}`},
		"GetApiMappings api.example.com":     {`{"apiId": "h1", "stage": "$default"}`},
		"ListRoutingRules api.example.com":   {`{"priority": 1, "actions": [{"invokeApi": {"apiId": "r1", "stage": "prod"}}]}`},
		"GetBasePathMappings in.example.com": {`{"restApiId": "r1", "stage": "prod"}`},
	})
	return a
}

const (
	privateARN    = "arn:aws:apigateway:eu-west-1:111122223333:/domainnames/in.example.com+abc"
	privateDomain = `{"domainName": "in.example.com", "domainNameId": "abc", "domainNameArn": "` + privateARN + `", "endpointConfiguration": {"types": ["PRIVATE"]}}`
)

func domainV1(name, kind string) string {
	return fmt.Sprintf(`{"domainName": %q, "endpointConfiguration": {"types": [%q]}, "routingMode": "ROUTING_RULE_THEN_API_MAPPING"}`, name, kind)
}

// allReads are those of an account with something of everything, each once, with the part that the read makes.
var allReads = map[string]struct{ api, part string }{
	"GetStages r1": {"r1", "stages"}, "GetStages (v2) h1": {"h1", "stages"},
	"GetDeployments r1": {"r1", "deployments"}, "GetDeployments (v2) h1": {"h1", "deployments"},
	"GetResources r1": {"r1", "resources"}, "GetAuthorizers r1": {"r1", "authorizers"}, "GetModels r1": {"r1", "models"}, "GetRequestValidators r1": {"r1", "request_validators"},
	"GetRoutes h1": {"h1", "routes"}, "GetIntegrations h1": {"h1", "integrations"}, "GetAuthorizers (v2) h1": {"h1", "authorizers"}, "GetModels (v2) h1": {"h1", "models"},
	"GetAccount": {"", "account"}, "GetUsagePlans": {"", "usage_plans"}, "GetUsagePlanKeys plan1": {"", "usage_plan_keys/plan1"}, "GetApiKeys": {"", "api_keys"},
	"GetClientCertificates": {"", "client_certificates"}, "GetVpcLinks": {"", "vpc_links"}, "GetVpcLinks (v2)": {"", "vpc_links_v2"},
	"GetDomainNames": {"", "domain_name/api.example.com"}, "GetDomainNames (v2)": {"", "domain_name/api.example.com"},
	"GetDomainNameAccessAssociations": {"", "access_associations"}, "GetApiMappings api.example.com": {"", "mappings/api.example.com"},
	"ListRoutingRules api.example.com": {"", "routing_rules/api.example.com"}, "GetBasePathMappings in.example.com": {"", "mappings/in.example.com+abc"},
}

// watch remembers what the listener would tell.
type watch struct {
	t       *testing.T
	known   map[string]string // entities by type and id, with their state
	deleted []string
	events  []Event
	changes int
}

func (w *watch) see(_ context.Context, old, next *Snapshot) {
	d := Diff(old, next)
	for _, at := range slices.SortedFunc(maps.Keys(d.Changed), func(a, b Place) int { return strings.Compare(a.API+a.Part, b.API+b.Part) }) {
		require.NoError(w.t, next.Parts[at.API][at.Part].Entities(func(key uint64) bool { return slices.Contains(d.Changed[at], key) }, func(_ uint64, e *model.Entity, _ int) bool {
			w.known[name(e.Type, e.ID)] = jsonOf(map[string]any{"d": e.Description, "r": e.Relations})
			w.changes++
			return true
		}))
	}
	for _, e := range d.Deleted {
		w.deleted = append(w.deleted, name(e.Type, e.ID))
		delete(w.known, name(e.Type, e.ID))
	}
	w.events = append(w.events, d.Events...)
}

// name is an entity as these tests call it: "stage r1 prod".
func name(kind string, id model.ID) string {
	out := []string{strings.TrimPrefix(kind, "aws.api_gateway.")}
	for _, k := range slices.Sorted(maps.Keys(id)) {
		out = append(out, id[k])
	}
	return strings.Join(out, " ")
}

// crawler is an inventory that crawls when it is told to.
type crawler struct {
	*Inventory
	t *testing.T
	a *account
	w *watch
}

func newCrawler(t *testing.T, a *account, edits ...func(*Settings)) *crawler {
	w := &watch{t: t, known: map[string]string{}}
	edits = append([]func(*Settings){func(s *Settings) { s.Config.APIKeys.Enabled, s.Listener = true, w.see }}, edits...)
	inv, _ := newInventory(a, nil, nil, edits...)
	return &crawler{inv, t, a, w}
}

// again crawls once more, and returns what was read for it.
func (c *crawler) again() []string {
	c.t.Helper()
	reads, err := c.try()
	require.NoError(c.t, err)
	return reads
}

func (c *crawler) try() ([]string, error) {
	c.a.mu.Lock()
	c.a.now = c.a.now.Add(5 * time.Minute)
	c.a.asked = nil
	c.a.mu.Unlock()
	err := outcome(c.crawl(context.Background()))
	reads := slices.Clone(c.a.asked)
	slices.Sort(reads)
	return reads, err
}

// the reads of a crawl in which nothing changed
var always = []string{
	"GetAccount", "GetApiKeys", "GetApis", "GetClientCertificates", "GetDomainNameAccessAssociations", "GetDomainNames", "GetDomainNames (v2)", "GetRestApis",
	"GetStages (v2) h1", "GetStages r1", "GetUsagePlans", "GetVpcLinks", "GetVpcLinks (v2)",
}

func sorted2(lists ...[]string) []string {
	out := slices.Concat(lists...)
	slices.Sort(out)
	return out
}

// The first crawl reads everything once, and everything is an entity.
func TestFirstCrawlReadsEverything(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	assert.Equal(t, sorted2(slices.Collect(maps.Keys(allReads)), []string{"GetApis", "GetDeployment r1 d1", "GetRestApis"}), c.again())
	assert.Equal(t, []string{
		"account", "api h1", "api r1", "api_key key1", "authorizer h1 auth2", "authorizer r1 auth1", "client_certificate cert1", "deployment h1 e1", "deployment r1 d1",
		"domain_name api.example.com", "domain_name in.example.com abc", "integration h1 int1", "integration r1 GET /", "route h1 GET /pets", "route r1 GET /", "stage h1 $default", "stage r1 prod",
		"usage_plan plan1", "vpc_link link1", "vpc_link link2",
	}, sortedLike(slices.Collect(maps.Keys(c.w.known))))
	assert.Empty(t, c.w.deleted)
	assert.Empty(t, c.w.events)
	assert.Empty(t, c.a.malformed)
	s := c.Current()
	assert.Equal(t, map[string]int{
		"account": 1, "api": 2, "api_key": 1, "authorizer": 2, "client_certificate": 1, "deployment": 2, "domain_name": 2, "integration": 2, "route": 2, "stage": 2, "usage_plan": 1, "vpc_link": 2,
		"model": 3, "request_validator": 1,
	}, s.Entities())
	assert.Zero(t, s.Stale())
	for read, at := range allReads {
		p := s.Parts[at.api][at.part]
		if assert.NotNil(t, p, read) {
			assert.Equal(t, c.a.now, p.Read, read)
		}
	}
	for _, state := range c.w.known {
		assert.NotContains(t, state, "SECRET")
	}
}

// A crawl in which nothing changed makes the lists, and one read for each API; and changes nothing.
func TestUnchangedCrawl(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.again()
	changes, before := c.w.changes, c.Current()
	for range 3 {
		assert.Equal(t, always, c.again())
	}
	assert.Equal(t, changes, c.w.changes)
	assert.Equal(t, before.Parts, c.Current().Parts)
	assert.True(t, c.Current().Taken.After(before.Taken))
}

// What shows that the detail of an API changed has it read again: of this API, and of no other.
func TestWhatTriggersDetail(t *testing.T) {
	t.Parallel()
	rest := []string{"GetAuthorizers r1", "GetDeployments r1", "GetModels r1", "GetRequestValidators r1", "GetResources r1"}
	v2 := []string{"GetAuthorizers (v2) h1", "GetDeployments (v2) h1", "GetIntegrations h1", "GetModels (v2) h1", "GetRoutes h1"}
	for name, set := range map[string]struct {
		read, answer string
		want         []string
	}{
		"a REST stage's deployment":    {"GetStages r1", `{"stageName": "prod", "deploymentId": "d2", "lastUpdatedDate": 1700000000}`, append([]string{"GetDeployment r1 d2"}, rest...)},
		"a REST stage's update date":   {"GetStages r1", `{"stageName": "prod", "deploymentId": "d1", "lastUpdatedDate": 1700000001}`, rest},
		"a canary's deployment":        {"GetStages r1", `{"stageName": "prod", "deploymentId": "d1", "lastUpdatedDate": 1700000000, "canarySettings": {"deploymentId": "d2"}}`, append([]string{"GetDeployment r1 d2"}, rest...)},
		"another setting of a stage":   {"GetStages r1", `{"stageName": "prod", "deploymentId": "d1", "lastUpdatedDate": 1700000000, "description": "x"}`, nil},
		"a REST API's item":            {"GetRestApis", `{"id": "r1", "name": "orders", "description": "new"}`, rest},
		"an unknown member of an item": {"GetRestApis", `{"id": "r1", "name": "orders", "surprise": 1}`, nil},
		"an HTTP stage's deployment":   {"GetStages (v2) h1", `{"stageName": "$default", "deploymentId": "e2"}`, v2},
		"an HTTP API's item":           {"GetApis", `{"apiId": "h1", "name": "pets", "protocolType": "HTTP", "version": "2"}`, v2},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole()
			a.answers["GetDeployments r1"] = []string{`{"id": "d1", "createdDate": 1700000000}`, `{"id": "d2", "createdDate": 1700000001}`}
			a.answers["GetDeployments (v2) h1"] = []string{`{"deploymentId": "e1", "createdDate": "2023-11-14T22:13:20Z"}`, `{"deploymentId": "e2", "createdDate": "2023-11-14T22:13:21Z"}`}
			a.answers["GetDeployment r1 d2"] = []string{`{"id": "d2", "apiSummary": {}}`}
			c := newCrawler(t, a)
			c.again()
			a.answers[set.read] = []string{set.answer}
			assert.Equal(t, sorted2(always, set.want), c.again())
			assert.Equal(t, always, c.again(), "once")
			assert.Empty(t, c.w.deleted)
		})
	}
}

// What has no update date is read again within the last quarter of the full interval, or at its end.
func TestFullInterval(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	first := c.again()
	began := c.a.now
	c.a.now = began.Add(c.config.FullInterval*3/4 - 10*time.Minute)
	assert.Equal(t, always, c.again())
	c.a.now = began.Add(c.config.FullInterval)
	full := slices.DeleteFunc(slices.Clone(first), func(read string) bool { return read == "GetDeployment r1 d1" }) // it never changes
	assert.Equal(t, full, c.again())
	assert.Equal(t, always, c.again())
}

// Everything that can change does: the entities follow, those that are no more are deleted, and each once.
func TestCrawlFollowsChanges(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.again()
	for read := range c.a.answers {
		c.a.answers[read] = nil
	}
	c.a.answers["GetAccount"] = []string{`{}`}
	known := sortedLike(slices.Collect(maps.Keys(c.w.known)))
	c.again()
	assert.Equal(t, slices.DeleteFunc(known, func(n string) bool { return n == "account" }), sortedLike(c.w.deleted))
	assert.Len(t, c.w.known, 1, "the account stays")
	c.a.answers = whole().answers
	c.again()
	assert.Len(t, c.w.known, 20)
	assert.Equal(t, map[string]int{}, c.a.malformed)
}

// sortedLike sorts names by kind, then by their last word.
func sortedLike(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		x, y := strings.Fields(a), strings.Fields(b)
		if n := strings.Compare(x[0], y[0]); n != 0 {
			return n
		}
		return strings.Compare(strings.Join(x[1:], " "), strings.Join(y[1:], " "))
	})
	return names
}
