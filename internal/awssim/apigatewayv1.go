package awssim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) getAccount(x *exchange) (any, error) { return x.view(formV1).accountSettings(), nil }

func (s *Server) getRestAPIs(x *exchange) (any, error) {
	v := x.view(formV1)
	var entries []entry
	for _, api := range x.apis(TypeREST) {
		entries = append(entries, entry{api.ID, func() members { return v.restAPI(v.api(api)) }})
	}
	return s.pageOf(x, namesV1, entries)
}

// restAPI returns the caller's REST API that the path names, as it is now.
func (x *exchange) restAPI() (*view, *API, error) {
	v := x.view(formV1)
	api, err := x.api(TypeREST)
	if err != nil {
		return nil, nil, err
	}
	return v, v.api(api), nil
}

func (s *Server) getRestAPI(x *exchange) (any, error) {
	v, api, err := x.restAPI()
	if err != nil {
		return nil, err
	}
	return v.restAPI(api), nil
}

func (s *Server) getStages(x *exchange) (any, error) {
	v, api, err := x.restAPI()
	if err != nil {
		return nil, err
	}
	deployment := x.request.URL.Query().Get("deploymentId")
	items := []members{} // GetStages has no pages
	for _, stage := range v.stages(api) {
		if deployment == "" || deployment == stage.deployment(api) {
			items = append(items, v.restStage(api, stage))
		}
	}
	return members{namesV1.list: items}, nil
}

func (s *Server) getStage(x *exchange) (any, error) {
	v, api, err := x.restAPI()
	if err != nil {
		return nil, err
	}
	stage, err := x.stage(v, api)
	if err != nil {
		return nil, err
	}
	return v.restStage(api, stage), nil
}

// embeds reports whether the caller asks for a part that answers leave out.
func (x *exchange) embeds(part string) bool {
	for _, value := range x.request.URL.Query()["embed"] {
		if slices.Contains(strings.Split(value, ","), part) {
			return true
		}
	}
	return false
}

func (s *Server) getResources(x *exchange) (any, error) {
	v, api, err := x.restAPI()
	if err != nil {
		return nil, err
	}
	methods := x.embeds("methods")
	var entries []entry
	for _, r := range v.resources(api) {
		entries = append(entries, entry{r.id, func() members { return v.resource(api, r, methods) }})
	}
	return s.pageOf(x, namesV1, entries)
}

func (s *Server) getDeployment(x *exchange) (any, error) {
	v, api, err := x.restAPI()
	if err != nil {
		return nil, err
	}
	for _, d := range v.deployments(api) {
		if d.ID == x.op.path["deployment"] {
			return v.deployment(api, d, x.embeds("apisummary")), nil
		}
	}
	return nil, notFound("Invalid Deployment identifier specified")
}

func (s *Server) getRequestValidators(x *exchange) (any, error) {
	v, api, err := x.restAPI()
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, r := range api.RequestValidators {
		if v.alive(r.Created, r.Deleted) {
			entries = append(entries, entry{r.id(api), func() members { return v.requestValidator(api, r) }})
		}
	}
	return s.pageOf(x, namesV1, entries)
}

func (s *Server) getUsagePlans(x *exchange) (any, error) {
	v, key := x.view(formV1), x.request.URL.Query().Get("keyId")
	var entries []entry
	for _, p := range v.region.UsagePlans {
		if !v.alive(p.Created, p.Deleted) || key != "" && !slices.ContainsFunc(v.planKeys(p), func(k *PlanKey) bool { return k.KeyID == key }) {
			continue
		}
		entries = append(entries, entry{p.ID, func() members { return v.usagePlan(v.plan(p)) }})
	}
	return s.pageOf(x, namesV1, entries)
}

func (v *view) plan(literal *UsagePlan) *UsagePlan {
	p, _ := asOf(literal, literal.Changes, v.now)
	return p
}

// planKeys returns the keys in a usage plan. A key that is deleted is in no plan.
func (v *view) planKeys(p *UsagePlan) []*PlanKey {
	var found []*PlanKey
	for _, k := range p.Keys {
		if v.alive(k.Created, k.Deleted) && v.key(k.KeyID) != nil {
			found = append(found, k)
		}
	}
	return found
}

// usagePlan returns the caller's usage plan that the path names, as it is now.
func (x *exchange) usagePlan() (*view, *UsagePlan, error) {
	v := x.view(formV1)
	for _, p := range v.region.UsagePlans {
		if p.ID == x.op.path["plan"] && v.alive(p.Created, p.Deleted) {
			return v, v.plan(p), nil
		}
	}
	return nil, nil, notFound("Invalid Usage Plan ID specified")
}

func (s *Server) getUsagePlanKeys(x *exchange) (any, error) {
	v, plan, err := x.usagePlan()
	if err != nil {
		return nil, err
	}
	name := x.request.URL.Query().Get("name")
	var entries []entry
	for _, k := range v.planKeys(plan) {
		if strings.HasPrefix(v.key(k.KeyID).Name, name) {
			entries = append(entries, entry{k.KeyID, func() members { return v.usagePlanKey(k) }})
		}
	}
	return s.pageOf(x, namesV1, entries)
}

func (s *Server) getAPIKeys(x *exchange) (any, error) {
	v, q := x.view(formV1), x.request.URL.Query()
	var entries []entry
	for _, literal := range v.region.APIKeys {
		if !v.alive(literal.Created, literal.Deleted) {
			continue
		}
		k, updated := asOf(literal, literal.Changes, v.now)
		if !strings.HasPrefix(k.Name, q.Get("name")) || q.Get("customerId") != "" && q.Get("customerId") != k.CustomerID {
			continue
		}
		entries = append(entries, entry{k.ID, func() members { return v.apiKey(k, updated, q.Get("includeValues") == "true") }})
	}
	return s.pageOf(x, namesV1, entries)
}

func (s *Server) getClientCertificates(x *exchange) (any, error) {
	v := x.view(formV1)
	var entries []entry
	for _, c := range v.region.ClientCertificates {
		if v.alive(c.Created, c.Deleted) {
			entries = append(entries, entry{c.ID, func() members { return v.clientCertificate(c) }})
		}
	}
	return s.pageOf(x, namesV1, entries)
}

// days are the dates that a request for usage names, at UTC midnight: the first and the last.
func (x *exchange) days() (first, last time.Time, err error) {
	q := x.request.URL.Query()
	first, errFirst := time.Parse(time.DateOnly, q.Get("startDate"))
	last, errLast := time.Parse(time.DateOnly, q.Get("endDate"))
	if cmp.Or(errFirst, errLast) != nil || last.Before(first) {
		return first, last, &wireError{status: http.StatusBadRequest, code: "BadRequestException", message: "Invalid date range specified"}
	}
	return first, last, nil
}
