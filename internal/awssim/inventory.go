package awssim

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// What a region has at the time of a view: literals with their changes applied, in the order in which they were written.

// api returns an API as it is now.
func (v *view) api(api *API) *API {
	api, _ = asOf(api, api.Changes, v.now)
	return api
}

// stages returns an API's stages, each with the date of its last update.
func (v *view) stages(api *API) []stageNow {
	var found []stageNow
	for _, literal := range api.Stages {
		if lives(literal.since(api), literal.until(api), v.now) {
			found = append(found, v.stage(api, literal))
		}
	}
	return found
}

// stageNow is a stage as it is now.
type stageNow struct {
	*Stage
	updated time.Time
}

func (v *view) stage(api *API, literal *Stage) stageNow {
	stage, changed := asOf(literal, literal.Changes, v.now)
	updated := later(literal.since(api), changed)
	if d := stage.DetailedSince; !d.After(v.now) {
		updated = later(updated, d)
	}
	return stageNow{stage, updated}
}

// detailed reports whether detailed metrics are on.
func (v *view) detailed(stage *Stage) bool {
	return !stage.DetailedSince.IsZero() && !v.now.Before(stage.DetailedSince)
}

// hasCanary reports whether a stage has a canary now.
func (s *Stage) hasCanary() bool { return s.CanaryPercent > 0 || s.Canary != nil }

// deployment is the id of what a stage runs.
func (s *Stage) deployment(api *API) string {
	return cmp.Or(s.DeploymentID, idOf(hashStrings(0, api.ID, s.Name), 6))
}

// canaryDeployment is the id of what its canary runs.
func (s *Stage) canaryDeployment(api *API) string {
	if s.Canary != nil && s.Canary.DeploymentID != "" {
		return s.Canary.DeploymentID
	}
	return idOf(hashStrings(1, api.ID, s.Name), 6)
}

// deployments returns the API's own and those of stages that name none.
func (v *view) deployments(api *API) []*Deployment {
	var found []*Deployment
	for _, d := range api.Deployments {
		if v.alive(d.Created, d.Deleted) {
			found = append(found, d)
		}
	}
	for _, s := range api.Stages {
		since := s.since(api)
		if v.now.Before(since) {
			continue
		}
		if s.DeploymentID == "" {
			found = append(found, &Deployment{ID: s.deployment(api), Created: since, Auto: s.autoDeploys(api)})
		}
		if s.hasCanary() && (s.Canary == nil || s.Canary.DeploymentID == "") {
			found = append(found, &Deployment{ID: s.canaryDeployment(api), Created: since})
		}
	}
	return found
}

// autoDeploys reports whether changes of the API need no deployment.
func (s *Stage) autoDeploys(api *API) bool {
	return api.kind() != TypeREST && (s.AutoDeploy || s.Name == "$default") && !s.ManualDeploy
}

// routeNow is a route as it is now, with its integration and their ids.
type routeNow struct {
	*RouteDef
	key           string // "GET /orders", or the route key
	integration   *Integration
	integrationID string // HTTP and WebSocket
}

// routes returns an API's routes.
func (v *view) routes(api *API) []routeNow {
	defs := api.Routes
	if defs == nil {
		defs = v.stageRoutes(api)
	}
	found := make([]routeNow, 0, len(defs))
	ids := map[*Integration]string{} // of shared integrations: made up from the first route that holds them
	for _, literal := range defs {
		key := literal.key()
		if i := literal.Integration; i != nil && ids[i] == "" {
			ids[i] = cmp.Or(i.ID, madeUpID(7, api.ID, "integration", key))
		}
		if !v.alive(literal.Created, literal.Deleted) {
			continue
		}
		def, _ := asOf(literal, literal.Changes, v.now)
		route := routeNow{RouteDef: def, key: def.key(), integrationID: def.IntegrationID}
		if i := def.Integration; i != nil {
			if ids[i] == "" {
				ids[i] = cmp.Or(i.ID, madeUpID(7, api.ID, "integration", key))
			}
			route.integrationID = ids[i]
			route.integration, _ = asOf(i, i.Changes, v.now)
		}
		found = append(found, route)
	}
	return found
}

// key is "GET /orders" (REST, HTTP) or the route key.
func (r *RouteDef) key() string {
	if r.RouteKey != "" || r.Method == "" {
		return cmp.Or(r.RouteKey, r.Path)
	}
	return r.Method + " " + r.Path
}

// id is the route's in HTTP and WebSocket APIs.
func (r routeNow) id(api *API) string { return cmp.Or(r.ID, madeUpID(7, api.ID, "route", r.key)) }

// stageRoutes are the routes of an API that has none: those of its stages, each with a Lambda function of its own.
func (v *view) stageRoutes(api *API) []*RouteDef {
	var defs []*RouteDef
	seen := map[Route]bool{}
	for _, stage := range api.Stages {
		if v.now.Before(stage.since(api)) {
			continue
		}
		routes := stage.Routes
		if len(routes) == 0 {
			routes = defaultRoutes(api.kind())
		}
		for _, r := range routes {
			r.Weight = 0
			if seen[r] {
				continue
			}
			seen[r] = true
			def := &RouteDef{Method: r.Method, Path: r.Path, RouteKey: r.RouteKey}
			def.Integration = &Integration{Type: "AWS_PROXY", Method: "POST", URI: v.lambdaURI(functionName(api.ID, def.key()))}
			defs = append(defs, def)
		}
	}
	return defs
}

// functionName makes the name of a Lambda function from an API and a route.
func functionName(api, key string) string {
	return strings.Trim(api+"-"+strings.Map(func(r rune) rune {
		if r == ' ' || r == '/' {
			return '-'
		}
		if r == '{' || r == '}' || r == '$' {
			return -1
		}
		return r
	}, strings.ReplaceAll(key, " /", "-")), "-")
}

// lambdaURI is how an integration names a Lambda function of the account.
func (v *view) lambdaURI(function string) string {
	return lambdaURI(v.account.partition(), v.region.Name, v.account.ID, function)
}

func lambdaURI(partition, region, account, function string) string {
	return fmt.Sprintf("arn:%s:apigateway:%s:lambda:path/2015-03-31/functions/arn:%s:lambda:%s:%s:function:%s/invocations",
		partition, region, partition, region, account, function)
}

// integrationNow is an integration of an HTTP or WebSocket API as it is now.
type integrationNow struct {
	*Integration
	id string
}

// integrations returns those of an HTTP or WebSocket API: its own, and those that its routes hold.
func (v *view) integrations(api *API) []integrationNow {
	var found []integrationNow
	seen := map[string]bool{}
	for i, literal := range api.Integrations {
		if v.alive(literal.Created, literal.Deleted) {
			now, _ := asOf(literal, literal.Changes, v.now)
			id := cmp.Or(literal.ID, madeUpID(7, api.ID, "integration", fmt.Sprint(i)))
			seen[id] = true
			found = append(found, integrationNow{now, id})
		}
	}
	for _, r := range v.routes(api) {
		if r.integration != nil && !seen[r.integrationID] {
			seen[r.integrationID] = true
			found = append(found, integrationNow{r.integration, r.integrationID})
		}
	}
	return found
}
