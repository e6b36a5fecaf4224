package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sort"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names of the parts that belong to no API.
const (
	partAccount      = "account"
	partDomain       = "domain_name/" // and its name
	partMappings     = "mappings/"    // of the domain name
	partRules        = "routing_rules/"
	partAssociations = "access_associations"
	partRestVPCLinks = "vpc_links"
	partVPCLinks     = "vpc_links_v2"
	partUsagePlans   = "usage_plans"
	partPlanKeys     = "usage_plan_keys/" // of the plan
	partAPIKeys      = "api_keys"
	partCertificates = "client_certificates"
)

// shared reads what belongs to no API. All of it is published at once.
func (c *crawl) shared(ctx context.Context) {
	s := c.inv.current.Load()
	u := &sharedUpdate{crawl: c, old: s.Parts[""], parts: Parts{}}
	if s.Limits != nil {
		u.limits = *s.Limits
	}
	for _, step := range []func(context.Context){u.account, u.usagePlans, u.certificates, u.vpcLinks, u.domains, u.apiKeys} {
		step(ctx)
		if ctx.Err() != nil {
			return
		}
	}
	if !u.limited && c.failures[model.GetAccount]+c.failures[model.GetUsagePlans] == 0 {
		c.inv.seen("")
	}
	for name, p := range u.parts {
		if p == u.old[name] {
			delete(u.parts, name)
		}
	}
	if len(u.parts) == 0 && !u.limited {
		return
	}
	c.inv.change(ctx, func(s *Snapshot) (*Snapshot, []string) {
		next := s.withParts("", u.parts)
		if u.limited {
			next = next.withLimits(&u.limits)
		}
		return next, []string{""}
	})
}

// sharedUpdate gathers what the reads of one crawl found.
type sharedUpdate struct {
	*crawl
	old     Parts
	parts   Parts
	limits  Limits
	limited bool // changed
}

// list reads a list into a part. It returns false where the list is the same as before, or failed. of is a hash of what else the part is made with.
func (u *sharedUpdate) list(ctx context.Context, name string, what model.Read, of uint64, describe func(o object) ([]model.Entity, error)) bool {
	items, class := u.read(ctx, what, model.ReadOf{})
	before := u.old[name]
	if class == "" && before != nil && before.Stale == "" && before.Raw == hashItems(items) && before.Of == of {
		return false
	}
	var p *Part
	if class == "" {
		p, class = u.entities(ctx, what, model.ReadOf{}, items, describe)
	}
	if class != "" {
		u.parts[name] = before.failed(class)
		return false
	}
	p.Of = of
	u.parts[name] = p
	return true
}

func (u *sharedUpdate) account(ctx context.Context) {
	var t model.Throttle
	if u.list(ctx, partAccount, model.GetAccount, 0, one(func(o object) (e model.Entity, _ error) {
		t, e = u.d.account(o)
		return e, nil
	})) {
		u.limits.Known, u.limits.Account, u.limited = true, t, true
	}
}

func (u *sharedUpdate) usagePlans(ctx context.Context) {
	plans := []model.UsagePlan{}
	if u.list(ctx, partUsagePlans, model.GetUsagePlans, 0, one(func(o object) (model.Entity, error) {
		p, e, err := u.d.usagePlan(o)
		plans = addNew(plans, p, func(p model.UsagePlan) string { return p.ID })
		return e, err
	})) {
		u.limits.Plans, u.limited = plans, true
	}
}

func (u *sharedUpdate) certificates(ctx context.Context) {
	certificates := []model.Certificate{}
	if u.list(ctx, partCertificates, model.GetClientCertificates, 0, one(func(o object) (model.Entity, error) {
		cert, e, err := u.d.clientCertificate(o)
		certificates = addNew(certificates, cert, func(c model.Certificate) string { return c.ID })
		return e, err
	})) {
		u.limits.Certificates, u.limited = certificates, true
	}
}

// vpcLinks reads both versions' lists; a link that both have is the first's.
func (u *sharedUpdate) vpcLinks(ctx context.Context) {
	u.list(ctx, partRestVPCLinks, model.GetRestVPCLinks, 0, one(func(o object) (model.Entity, error) { return u.d.vpcLink(o, "V1") }))
	first := u.old[partRestVPCLinks]
	if p := u.parts[partRestVPCLinks]; p != nil {
		first = p
	}
	var known []byte
	if first != nil {
		known = first.Index
	}
	u.list(ctx, partVPCLinks, model.GetVPCLinks, xxhash.Sum64(known), func(o object) ([]model.Entity, error) {
		e, err := u.d.vpcLink(o, "V2")
		if err == nil && first.has(KeyHash(e.Type, e.ID)) {
			return nil, nil
		}
		return []model.Entity{e}, err
	})
}

// has says whether an entity of that key is in the part.
func (p *Part) has(key uint64) bool {
	i := sort.Search(p.Len(), func(i int) bool {
		k, _ := p.entry(i)
		return k >= key
	})
	if i == p.Len() {
		return false
	}
	k, _ := p.entry(i)
	return k == key
}

// domains reads the domain names of both versions, and the mappings and routing rules of those that changed or were read too long ago.
func (u *sharedUpdate) domains(ctx context.Context) {
	v1, class1 := u.read(ctx, model.GetRestDomainNames, model.ReadOf{})
	v2, class2 := u.read(ctx, model.GetDomainNames, model.ReadOf{})
	fail := func(class string) {
		for name, p := range u.old {
			if strings.HasPrefix(name, partDomain) {
				u.parts[name] = p.failed(class)
			}
		}
	}
	if class1 != "" || class2 != "" {
		fail(cmp.Or(class1, class2))
		return
	}
	o1, class1 := u.objects(ctx, model.GetRestDomainNames, model.ReadOf{}, v1)
	o2, class2 := u.objects(ctx, model.GetDomainNames, model.ReadOf{}, v2)
	if class1 != "" || class2 != "" {
		fail(cmp.Or(class1, class2))
		return
	}
	domains, err := mergeDomains(o1, o2)
	if err != nil {
		fail(u.broken(ctx, model.GetRestDomainNames, model.ReadOf{}, err))
		return
	}
	endpoints := map[string][]string{}
	if slices.ContainsFunc(domains, func(d *domain) bool { return d.private }) {
		endpoints = u.associations(ctx)
	}
	alive := map[string]bool{}
	for _, dom := range domains {
		key := dom.key()
		alive[key] = true
		u.domain(ctx, dom, key, endpoints[dom.v1.text("domainNameArn")])
		if ctx.Err() != nil {
			return
		}
	}
	for name := range u.old {
		for _, prefix := range []string{partDomain, partMappings, partRules} {
			if key, ok := strings.CutPrefix(name, prefix); ok && !alive[key] {
				u.parts[name] = nil
			}
		}
	}
}

// associations are the VPC endpoints by the ARN of the private domain name that they may reach.
func (u *sharedUpdate) associations(ctx context.Context) map[string][]string {
	before := u.old[partAssociations]
	items, class := u.read(ctx, model.GetDomainNameAccessAssociations, model.ReadOf{})
	if class == "" && before != nil && before.Stale == "" && before.Raw == hashItems(items) {
		return dataOf[map[string][]string](before)
	}
	var objects []object
	if class == "" {
		objects, class = u.objects(ctx, model.GetDomainNameAccessAssociations, model.ReadOf{}, items)
	}
	if class != "" {
		u.parts[partAssociations] = before.failed(class)
		return dataOf[map[string][]string](before)
	}
	out := map[string][]string{}
	for _, o := range objects {
		arn := o.text("domainNameArn")
		out[arn] = append(out[arn], o.text("accessAssociationSource"))
		slices.Sort(out[arn])
	}
	u.parts[partAssociations] = &Part{Read: u.began, Raw: hashItems(items), Data: data(out)}
	return out
}

func (u *sharedUpdate) domain(ctx context.Context, dom *domain, key string, endpoints []string) {
	trigger := hashItems([]json.RawMessage{data(dom.v1), data(dom.v2), data(endpoints)})
	what := model.GetAPIMappings
	if dom.private || dom.edge || dom.v2 == nil {
		what = model.GetBasePathMappings // multi-level API mappings need a regional domain name
	}
	of := model.ReadOf{DomainName: dom.name, DomainID: dom.id}
	mapped, read := u.routing(ctx, partMappings+key, what, of, trigger, mappings)
	var ruled []mapping
	readRules := false
	if dom.rules {
		ruled, readRules = u.routing(ctx, partRules+key, model.ListRoutingRules, of, trigger, rules)
	} else if u.old[partRules+key] != nil {
		u.parts[partRules+key] = nil
	}
	before := u.old[partDomain+key]
	if before != nil && before.Of == trigger && before.Stale == "" && !read && !readRules {
		return
	}
	p, err := newPart(u.began, []model.Entity{u.d.domain(dom, mapped, ruled, endpoints)})
	u.inv.countBad(ctx, u.d, model.GetRestDomainNames)
	if err != nil {
		u.broken(ctx, model.GetRestDomainNames, of, err)
		return
	}
	p.Of = trigger
	u.parts[partDomain+key] = p
}

// routing reads where a domain name leads, or takes what was read before. It says whether it was read.
func (u *sharedUpdate) routing(ctx context.Context, name string, what model.Read, of model.ReadOf, trigger uint64, decode func([]object) []mapping) ([]mapping, bool) {
	before := u.old[name]
	if before != nil && before.Of == trigger && u.inv.reader.Now().Sub(before.Read) < u.inv.config.FullInterval {
		return dataOf[[]mapping](before), false
	}
	items, class := u.read(ctx, what, of)
	var objects []object
	if class == "" {
		objects, class = u.objects(ctx, what, of, items)
	}
	if class != "" {
		u.parts[name] = before.failed(class)
		return dataOf[[]mapping](before), false
	}
	found := decode(objects)
	u.parts[name] = &Part{Read: u.began, Of: trigger, Raw: hashItems(items), Data: data(found)}
	return found, true
}

// apiKeys reads the API keys, without their values, and which usage plans they use.
func (u *sharedUpdate) apiKeys(ctx context.Context) {
	if !u.inv.config.APIKeys.Enabled {
		return
	}
	plansOf := map[string][]string{}
	var hash xxhash.Digest
	hash.Reset()
	for i := range u.limits.Plans {
		plan := u.limits.Plans[i].ID
		for _, key := range u.planKeys(ctx, plan) {
			plansOf[key] = append(plansOf[key], plan)
			_, _ = hash.WriteString(plan + "\x00" + key + "\x00") // never fails
		}
	}
	for name := range u.old {
		if plan, ok := strings.CutPrefix(name, partPlanKeys); ok && !slices.ContainsFunc(u.limits.Plans, func(p model.UsagePlan) bool { return p.ID == plan }) {
			u.parts[name] = nil
		}
	}
	items, class := u.read(ctx, model.GetAPIKeys, model.ReadOf{})
	before := u.old[partAPIKeys]
	if class == "" && before != nil && before.Stale == "" && before.Raw == hashItems(items) && before.Of == hash.Sum64() {
		return
	}
	var p *Part
	if class == "" {
		p, class = u.entities(ctx, model.GetAPIKeys, model.ReadOf{}, items, one(func(o object) (model.Entity, error) {
			return u.d.apiKey(o, plansOf[o.text("id")])
		}))
	}
	if class != "" {
		u.parts[partAPIKeys] = before.failed(class)
		return
	}
	p.Of = hash.Sum64()
	u.parts[partAPIKeys] = p
}

// planKeys are the ids of the keys of a usage plan. The answers hold the keys' values, which are dropped here.
func (u *sharedUpdate) planKeys(ctx context.Context, plan string) []string {
	before := u.old[partPlanKeys+plan]
	if before != nil && u.inv.reader.Now().Sub(before.Read) < u.inv.config.FullInterval {
		return dataOf[[]string](before)
	}
	of := model.ReadOf{UsagePlan: plan}
	items, class := u.read(ctx, model.GetUsagePlanKeys, of)
	var objects []object
	if class == "" {
		objects, class = u.objects(ctx, model.GetUsagePlanKeys, of, items)
	}
	if class != "" {
		u.parts[partPlanKeys+plan] = before.failed(class)
		return dataOf[[]string](before)
	}
	ids := []string{}
	for _, o := range objects {
		if id := o.text("id"); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	u.parts[partPlanKeys+plan] = &Part{Read: u.began, Data: data(ids)}
	return ids
}
