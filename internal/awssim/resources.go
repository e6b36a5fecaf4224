package awssim

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The kinds of resources, in API Gateway's own nouns.
const (
	KindAccount           = "account"
	KindAPI               = "api"
	KindStage             = "stage"
	KindDeployment        = "deployment"
	KindRoute             = "route" // a method of a REST API, a route of an HTTP or WebSocket API
	KindIntegration       = "integration"
	KindAuthorizer        = "authorizer"
	KindModel             = "model"
	KindRequestValidator  = "request_validator"
	KindDomainName        = "domain_name"
	KindAPIMapping        = "api_mapping"
	KindBasePathMapping   = "base_path_mapping"
	KindRoutingRule       = "routing_rule"
	KindAccessAssociation = "domain_name_access_association"
	KindVPCLink           = "vpc_link"
	KindUsagePlan         = "usage_plan"
	KindUsagePlanKey      = "usage_plan_key"
	KindAPIKey            = "api_key"
	KindClientCertificate = "client_certificate"
)

var allKinds = []string{
	KindAccount, KindAPI, KindStage, KindDeployment, KindRoute, KindIntegration, KindAuthorizer, KindModel, KindRequestValidator, KindDomainName, KindAPIMapping,
	KindBasePathMapping, KindRoutingRule, KindAccessAssociation, KindVPCLink, KindUsagePlan, KindUsagePlanKey, KindAPIKey, KindClientCertificate,
}

// Resource is something that exists in API Gateway: what its inventory should show.
type Resource struct {
	Kind string `json:"kind"`
	API  string `json:"api,omitempty"` // the API that it is part of
	// Parent is the ID of what it is part of beside an API: the domain name of mappings, rules and associations, the usage plan of a key, the route of
	// a REST API's integration.
	Parent string `json:"parent,omitempty"`
	// ID is API Gateway's own: names of stages and domain names (private ones "{name}+{id}"), keys of routes ("GET /orders/{id}", in REST APIs too),
	// base paths, and ids. The integration of a REST route has the route's.
	ID string `json:"id"`
	// Fields are what the world says of it, by AWS's own member names (v1's where v1 has it), in plain values: bool, int, float64, string, []string,
	// time.Time, and maps and lists of them. Secrets are there, too.
	Fields map[string]any `json:"fields"`
	Links  []Link         `json:"links,omitempty"`
}

// Link leads to another resource of the same region.
type Link struct {
	Kind string `json:"kind"`          // of the resource it leads to
	API  string `json:"api,omitempty"` // its API
	To   string `json:"to"`            // its ID
}

// Resources returns what exists in an account's region at a time, in no order that means anything. It depends on the world alone.
func (w *World) Resources(account, region string, at time.Time) []Resource {
	a := w.account(account)
	if a == nil {
		return nil
	}
	r := a.region(region)
	if r.Disabled {
		return nil
	}
	t := &truth{view: view{account: a, region: r, now: at, form: formTruth}}
	t.ofRegion()
	for _, api := range r.APIs {
		if api.exists(at) {
			t.ofAPI(t.api(api))
		}
	}
	return t.found
}

// truth collects the resources of a view.
type truth struct {
	view
	found []Resource
}

func (t *truth) add(kind, id string, fields members, links ...Link) *Resource {
	t.found = append(t.found, Resource{Kind: kind, ID: id, Fields: plain(fields), Links: slices.DeleteFunc(links, func(l Link) bool { return l.To == "" })})
	return &t.found[len(t.found)-1]
}

// plain turns members into maps, all the way down.
func plain(m members) map[string]any {
	for name, value := range m {
		switch value := value.(type) {
		case members:
			m[name] = plain(value)
		case map[string]any:
			m[name] = plain(value)
		case []members:
			list := make([]map[string]any, len(value))
			for i, item := range value {
				list[i] = plain(item)
			}
			m[name] = list
		}
	}
	return m
}

func (t *truth) ofRegion() {
	r := t.region
	t.add(KindAccount, t.account.ID, t.accountSettings())
	for _, l := range r.VPCLinks {
		if t.alive(l.Created, l.Deleted) {
			now, _ := asOf(l, l.Changes, t.now)
			t.add(KindVPCLink, l.ID, t.vpcLink(now))
		}
	}
	for _, k := range r.APIKeys {
		if t.alive(k.Created, k.Deleted) {
			now, updated := asOf(k, k.Changes, t.now)
			t.add(KindAPIKey, k.ID, t.apiKey(now, updated, true), stageLinks(now.StageKeys)...)
		}
	}
	for _, c := range r.ClientCertificates {
		if t.alive(c.Created, c.Deleted) {
			t.add(KindClientCertificate, c.ID, t.clientCertificate(c))
		}
	}
	for _, p := range r.UsagePlans {
		if t.alive(p.Created, p.Deleted) {
			t.ofPlan(t.plan(p))
		}
	}
	for _, d := range t.domainNames() {
		t.ofDomainName(d)
	}
}

// stageLinks are those of "{api}/{stage}".
func stageLinks(keys []string) []Link {
	var links []Link
	for _, key := range keys {
		api, stage, _ := strings.Cut(key, "/")
		links = append(links, Link{KindStage, api, stage})
	}
	return links
}

func (t *truth) ofPlan(p *UsagePlan) {
	var links []Link
	for _, s := range p.Stages {
		links = append(links, Link{KindStage, s.API, s.Stage})
	}
	t.add(KindUsagePlan, p.ID, t.usagePlan(p), links...)
	for _, k := range t.planKeys(p) {
		t.add(KindUsagePlanKey, k.KeyID, t.usagePlanKey(k), Link{Kind: KindUsagePlan, To: p.ID}, Link{Kind: KindAPIKey, To: k.KeyID}).Parent = p.ID
	}
}

func (t *truth) ofDomainName(d *DomainName) {
	t.add(KindDomainName, d.path(), t.domainName(d))
	of := Link{Kind: KindDomainName, To: d.path()}
	target := func(api, stage string) []Link {
		if stage == "" {
			return []Link{of, {Kind: KindAPI, To: api}}
		}
		return []Link{of, {Kind: KindAPI, To: api}, {KindStage, api, stage}}
	}
	for _, m := range t.mappings(d) {
		if t.inV1(m) {
			t.add(KindBasePathMapping, m.basePath(), t.basePathMapping(m), target(m.API, m.Stage)...).Parent = of.To
		}
		if !d.private() {
			t.add(KindAPIMapping, m.id(d), t.apiMapping(d, m), target(m.API, m.Stage)...).Parent = of.To
		}
	}
	for _, r := range t.routingRules(d) {
		t.add(KindRoutingRule, r.id(d), t.routingRule(d, r), target(r.API, r.Stage)...).Parent = of.To
	}
	for _, a := range d.AccessAssociations {
		if t.alive(a.Created, a.Deleted) {
			t.add(KindAccessAssociation, a.VPCEndpoint, t.accessAssociation(d, a), of).Parent = of.To
		}
	}
}

// ofAPI adds an API and its parts.
func (t *truth) ofAPI(api *API) {
	first, rest := len(t.found)+1, api.kind() == TypeREST
	if rest {
		t.add(KindAPI, api.ID, t.restAPI(api))
	} else {
		t.add(KindAPI, api.ID, t.httpAPI(api))
	}
	for _, s := range t.stages(api) {
		t.ofStage(api, s)
	}
	for _, d := range t.deployments(api) {
		t.add(KindDeployment, d.ID, t.deployment(api, d, true))
	}
	for _, a := range api.Authorizers {
		if t.alive(a.Created, a.Deleted) {
			now, _ := asOf(a, a.Changes, t.now)
			t.add(KindAuthorizer, a.id(api), t.authorizer(api, now))
		}
	}
	for _, m := range api.Models {
		if t.alive(m.Created, m.Deleted) {
			t.add(KindModel, m.id(api), t.model(api, m))
		}
	}
	if rest {
		t.ofRestRoutes(api)
	} else {
		t.ofHTTPRoutes(api)
	}
	for i := first; i < len(t.found); i++ {
		t.found[i].API = api.ID
	}
}

func (t *truth) ofStage(api *API, s stageNow) {
	links := []Link{{KindDeployment, api.ID, s.deployment(api)}, {Kind: KindClientCertificate, To: s.ClientCertificateID}}
	if api.kind() != TypeREST {
		t.add(KindStage, s.Name, t.httpStage(api, s), links...)
		return
	}
	if s.hasCanary() {
		links = append(links, Link{KindDeployment, api.ID, s.canaryDeployment(api)})
	}
	t.add(KindStage, s.Name, t.restStage(api, s), links...)
}

func (t *truth) ofRestRoutes(api *API) {
	for _, v := range api.RequestValidators {
		if t.alive(v.Created, v.Deleted) {
			t.add(KindRequestValidator, v.id(api), t.requestValidator(api, v))
		}
	}
	for _, r := range t.routes(api) {
		if r.Method == "" {
			continue
		}
		fields := t.method(r)
		fields["path"] = cmp.Or(r.Path, "/")
		fields["resourceId"] = resourceID(api, cmp.Or(r.Path, "/"))
		links := []Link{{KindAuthorizer, api.ID, r.AuthorizerID}, {KindRequestValidator, api.ID, r.ValidatorID}}
		if r.integration != nil {
			links = append(links, Link{KindIntegration, api.ID, r.key})
			t.add(KindIntegration, r.key, t.restIntegration(api, r), r.integration.link()).Parent = r.key
		}
		t.add(KindRoute, r.key, fields, links...)
	}
}

func (t *truth) ofHTTPRoutes(api *API) {
	for _, r := range t.routes(api) {
		t.add(KindRoute, r.key, t.httpRoute(api, r), Link{KindAuthorizer, api.ID, r.AuthorizerID}, Link{KindIntegration, api.ID, r.integrationID})
	}
	for _, i := range t.integrations(api) {
		t.add(KindIntegration, i.id, t.httpIntegration(api, i), i.link())
	}
}

// link leads to the VPC link that an integration names, unless a stage variable does.
func (i *Integration) link() Link {
	if strings.Contains(i.ConnectionID, "$") {
		return Link{}
	}
	return Link{Kind: KindVPCLink, To: i.ConnectionID}
}
