package preflight

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// What is asked about where there is nothing: AWS says that it does not exist, if the caller may ask.
const (
	noAPI        = "0000000000"
	noDeployment = "000000"
	noDomain     = "preflight.invalid"
	noPlan       = "000000"
)

// maxStageDenials in a row end the reading of stages: what is denied for so many APIs is likely denied for all.
const maxStageDenials = 3

// apis reads the lists of APIs and the stages of each that is collected, as the receiver does.
func (p *probe) apis(ctx context.Context) {
	_ = p.inventory.List(ctx, time.Time{}) // what failed was noted
	if p.inventory.Current() == nil {
		return
	}
	denials := map[bool]int{}
	apis := p.inventory.Current().APIs
	for i := range apis {
		a := &apis[i]
		rest := a.Type == model.REST
		if !p.Filter.API(a) || denials[rest] >= maxStageDenials || ctx.Err() != nil {
			continue
		}
		if err := p.inventory.RefreshStages(ctx, a.ID); err != nil {
			denials[rest]++
		} else {
			denials[rest] = 0
		}
	}
	p.snapshot = p.inventory.Current()
	p.countAPIs()
}

// authorizers notes which APIs have one, of those with an access log that does not say all of it. Where the read is denied, none is known to have one.
func (p *probe) authorizers(ctx context.Context) {
	denials := map[bool]int{}
	for i := range p.snapshot.APIs {
		a := &p.snapshot.APIs[i]
		rest, lacks := a.Type == model.REST, false
		if !p.Filter.API(a) || denials[rest] >= maxStageDenials || ctx.Err() != nil {
			continue
		}
		p.snapshot.CollectedOf(a, func(s *model.Stage) {
			f, err := accesslog.Compile(s.AccessLog.Format)
			lacks = lacks || s.AccessLog.Destination != "" && err == nil && slices.ContainsFunc(accessspan.Missing(a.Type, f), ofAuthorizer)
		})
		if !lacks || !p.lines() {
			continue
		}
		what := model.GetAuthorizers
		if rest {
			what = model.GetRestAuthorizers
		}
		items, err := p.Read(ctx, what, model.ReadOf{API: a.ID})
		if err != nil {
			denials[rest]++
		} else {
			denials[rest] = 0
		}
		p.authorized[a.ID] = len(items) > 0
	}
}

func (p *probe) countAPIs() {
	c := &p.target.Counts
	c.APIs, c.Stages = map[string]int{}, new(int)
	for i := range p.snapshot.APIs {
		a := &p.snapshot.APIs[i]
		if !p.Filter.API(a) {
			c.Excluded++
			continue
		}
		c.APIs[string(a.Type)]++
		p.snapshot.CollectedOf(a, func(*model.Stage) { *c.Stages++ })
	}
}

// reads makes each other read of the inventory once, about the first thing of its kind that there is.
func (p *probe) reads(ctx context.Context) {
	domains := p.firstOf(ctx, model.GetRestDomainNames)
	v2Domains := p.firstOf(ctx, model.GetDomainNames)
	plans := p.firstOf(ctx, model.GetUsagePlans)
	rest, v2 := p.subject(true), p.subject(false)
	domain := model.ReadOf{DomainName: cmp.Or(domains.Domain, v2Domains.Domain, noDomain), DomainID: cmp.Or(domains.DomainID, v2Domains.DomainID)}
	regional := model.ReadOf{DomainName: cmp.Or(v2Domains.Domain, noDomain)}
	today := p.client.Now().UTC().Format(time.DateOnly)
	plan := model.ReadOf{UsagePlan: cmp.Or(plans.ID, noPlan), From: today, To: today}
	about := map[model.Read]model.ReadOf{
		model.GetBasePathMappings: domain, model.GetAPIMappings: regional, model.ListRoutingRules: domain, model.GetUsagePlanKeys: plan, model.GetUsage: plan,
	}
	for _, what := range []model.Read{model.GetRestStages, model.GetRestDeployments, model.GetRestDeployment, model.GetResources, model.GetRestAuthorizers, model.GetRestModels, model.GetRequestValidators} {
		about[what] = rest
	}
	for _, what := range []model.Read{model.GetStages, model.GetDeployments, model.GetRoutes, model.GetIntegrations, model.GetAuthorizers, model.GetModels} {
		about[what] = v2
	}
	for _, op := range p.operations() {
		what := model.Read(op.name)
		if op.needs != forInventory && what != model.GetUsage || p.outcomes[op.name] != nil || ctx.Err() != nil {
			continue
		}
		items, err := p.Read(ctx, what, about[what])
		if what == model.GetAccount && err == nil {
			p.noteAccount(items)
		}
	}
}

// thing has the members by which others are asked for.
type thing struct {
	ID       string `json:"id"`
	Domain   string `json:"domainName"`
	DomainID string `json:"domainNameId"`
}

// firstOf reads a list and returns its first item, zero where there is none.
func (p *probe) firstOf(ctx context.Context, what model.Read) (first thing) {
	items, err := p.Read(ctx, what, model.ReadOf{})
	if err != nil || len(items) == 0 || json.Unmarshal(items[0], &first) != nil {
		return thing{}
	}
	return first
}

// subject is an API of a kind to ask about, with a deployment.
func (p *probe) subject(rest bool) model.ReadOf {
	of := model.ReadOf{API: noAPI, Deployment: noDeployment}
	for i := range p.snapshot.APIs {
		a := &p.snapshot.APIs[i]
		if (a.Type == model.REST) != rest || !p.Filter.API(a) {
			continue
		}
		of.API = a.ID
		for _, s := range p.snapshot.Stages[a.ID] {
			of.Deployment = cmp.Or(s.Deployment, of.Deployment)
		}
		return of
	}
	return of
}

func (p *probe) noteAccount(items []json.RawMessage) {
	var account struct {
		Role string `json:"cloudwatchRoleArn"`
	}
	if len(items) > 0 && json.Unmarshal(items[0], &account) == nil {
		p.roleless = account.Role == ""
	}
}

// noteDataTrace remembers the stages that write bodies into their execution logs.
func (p *probe) noteDataTrace(api string, items []json.RawMessage) {
	type settings struct {
		DataTrace bool `json:"dataTraceEnabled"`
	}
	for _, item := range items {
		var stage struct {
			Name    string              `json:"stageName"`
			Methods map[string]settings `json:"methodSettings"`
			Default settings            `json:"defaultRouteSettings"`
			Routes  map[string]settings `json:"routeSettings"`
		}
		if json.Unmarshal(item, &stage) != nil {
			continue // the inventory says so
		}
		on := stage.Default.DataTrace
		for _, all := range []map[string]settings{stage.Methods, stage.Routes} {
			for _, s := range all {
				on = on || s.DataTrace
			}
		}
		p.mu.Lock()
		p.traced[api+"/"+stage.Name] = on
		p.mu.Unlock()
	}
}
