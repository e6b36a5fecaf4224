package awssim

import "strings"

// What both versions list, each with its own members: of APIs their authorizers, deployments and models; domain names and VPC links.

// ownAPI returns the caller's API that the path names, of the types that the version knows.
func (x *exchange) ownAPI(f form) (*view, *API, error) {
	if f == formV1 {
		return x.restAPI()
	}
	return x.httpAPI()
}

func (s *Server) getDeployments(x *exchange) (any, error)   { return s.listDeployments(x, formV1) }
func (s *Server) getDeploymentsV2(x *exchange) (any, error) { return s.listDeployments(x, formV2) }
func (s *Server) getAuthorizers(x *exchange) (any, error)   { return s.listAuthorizers(x, formV1) }
func (s *Server) getAuthorizersV2(x *exchange) (any, error) { return s.listAuthorizers(x, formV2) }
func (s *Server) getModels(x *exchange) (any, error)        { return s.listModels(x, formV1) }
func (s *Server) getModelsV2(x *exchange) (any, error)      { return s.listModels(x, formV2) }
func (s *Server) getVPCLinks(x *exchange) (any, error)      { return s.listVPCLinks(x, formV1, 1) }
func (s *Server) getVPCLinksV2(x *exchange) (any, error)    { return s.listVPCLinks(x, formV2, 2) }

func (s *Server) listDeployments(x *exchange, f form) (any, error) {
	v, api, err := x.ownAPI(f)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, d := range v.deployments(api) {
		entries = append(entries, entry{d.ID, func() members { return v.deployment(api, d, false) }})
	}
	return s.pageOf(x, f.pageNames(), entries)
}

func (s *Server) listAuthorizers(x *exchange, f form) (any, error) {
	v, api, err := x.ownAPI(f)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, literal := range api.Authorizers {
		if v.alive(literal.Created, literal.Deleted) {
			a, _ := asOf(literal, literal.Changes, v.now)
			entries = append(entries, entry{literal.id(api), func() members { return v.authorizer(api, a) }})
		}
	}
	return s.pageOf(x, f.pageNames(), entries)
}

func (s *Server) listModels(x *exchange, f form) (any, error) {
	v, api, err := x.ownAPI(f)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, m := range api.Models {
		if v.alive(m.Created, m.Deleted) {
			entries = append(entries, entry{m.id(api), func() members { return v.model(api, m) }})
		}
	}
	return s.pageOf(x, f.pageNames(), entries)
}

func (s *Server) listVPCLinks(x *exchange, f form, version int) (any, error) {
	v := x.view(f)
	var entries []entry
	for _, literal := range v.region.VPCLinks {
		if literal.version() == version && v.alive(literal.Created, literal.Deleted) {
			l, _ := asOf(literal, literal.Changes, v.now)
			entries = append(entries, entry{l.ID, func() members { return v.vpcLink(l) }})
		}
	}
	return s.pageOf(x, f.pageNames(), entries)
}

// domainNames returns those of the region, as they are now.
func (v *view) domainNames() []*DomainName {
	var found []*DomainName
	for _, literal := range v.region.DomainNames {
		if v.alive(literal.Created, literal.Deleted) {
			d, _ := asOf(literal, literal.Changes, v.now)
			found = append(found, d)
		}
	}
	return found
}

// ownedBy reports whether something of an owner ("": the caller) is of the resourceOwner that the caller asks for: itself (SELF), which is what it
// gets without asking, or OTHER_ACCOUNTS.
func (x *exchange) ownedBy(owner string) bool {
	others := x.request.URL.Query().Get("resourceOwner") == "OTHER_ACCOUNTS"
	return others == (owner != "" && owner != x.caller.account.ID)
}

func (s *Server) getDomainNames(x *exchange) (any, error) {
	v := x.view(formV1)
	var entries []entry
	for _, d := range v.domainNames() {
		if x.ownedBy(d.Owner) {
			entries = append(entries, entry{d.path(), func() members { return v.domainName(d) }})
		}
	}
	return s.pageOf(x, namesV1, entries)
}

func (s *Server) getDomainNamesV2(x *exchange) (any, error) {
	v := x.view(formV2)
	var entries []entry
	for _, d := range v.domainNames() {
		if !d.private() {
			entries = append(entries, entry{d.path(), func() members { return v.domainNameV2(d) }})
		}
	}
	return s.pageOf(x, namesV2, entries)
}

// domainName returns the domain name that the path names: a private one only by its id, too.
func (x *exchange) domainName(v *view) (*DomainName, error) {
	for _, d := range v.domainNames() {
		if d.Name == x.op.path["domain"] && d.id() == x.request.URL.Query().Get("domainNameId") {
			return d, nil
		}
	}
	return nil, notFound("Invalid domain name identifier specified")
}

// mappings returns a domain name's mappings, as they are now.
func (v *view) mappings(d *DomainName) []*Mapping {
	var found []*Mapping
	for _, literal := range d.Mappings {
		if v.alive(literal.Created, literal.Deleted) {
			m, _ := asOf(literal, literal.Changes, v.now)
			found = append(found, m)
		}
	}
	return found
}

// inV1 reports whether v1 knows a mapping: it has no levels and no APIs of the other types.
func (v *view) inV1(m *Mapping) bool {
	if strings.Contains(m.Key, "/") {
		return false
	}
	for _, api := range v.region.APIs {
		if api.ID == m.API {
			return api.kind() == TypeREST
		}
	}
	return true // of another account
}

func (s *Server) getBasePathMappings(x *exchange) (any, error) {
	v := x.view(formV1)
	d, err := x.domainName(v)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, m := range v.mappings(d) {
		if v.inV1(m) {
			entries = append(entries, entry{m.basePath(), func() members { return v.basePathMapping(m) }})
		}
	}
	return s.pageOf(x, namesV1, entries)
}

func (s *Server) getAPIMappings(x *exchange) (any, error) {
	v := x.view(formV2)
	d, err := x.domainName(v)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, m := range v.mappings(d) {
		entries = append(entries, entry{m.id(d), func() members { return v.apiMapping(d, m) }})
	}
	return s.pageOf(x, namesV2, entries)
}

// namesOfRules are those of ListRoutingRules.
var namesOfRules = pageNames{"maxResults", "nextToken", "routingRules"}

func (s *Server) listRoutingRules(x *exchange) (any, error) {
	v := x.view(formV2)
	d, err := x.domainName(v)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, r := range v.routingRules(d) {
		entries = append(entries, entry{r.id(d), func() members { return v.routingRule(d, r) }})
	}
	return s.pageOf(x, namesOfRules, entries)
}

// routingRules returns a domain name's routing rules, as they are now.
func (v *view) routingRules(d *DomainName) []*RoutingRule {
	var found []*RoutingRule
	for _, literal := range d.RoutingRules {
		if v.alive(literal.Created, literal.Deleted) {
			r, _ := asOf(literal, literal.Changes, v.now)
			found = append(found, r)
		}
	}
	return found
}

func (s *Server) getAccessAssociations(x *exchange) (any, error) {
	v := x.view(formV1)
	var entries []entry
	for _, d := range v.domainNames() {
		for _, a := range d.AccessAssociations {
			if x.ownedBy(a.Owner) && v.alive(a.Created, a.Deleted) {
				entries = append(entries, entry{d.path() + "/" + a.VPCEndpoint, func() members { return v.accessAssociation(d, a) }})
			}
		}
	}
	return s.pageOf(x, namesV1, entries)
}
