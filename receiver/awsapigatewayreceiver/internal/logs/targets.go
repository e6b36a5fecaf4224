package logs

import (
	"slices"
	"sync"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// targets are what the routes of APIs call, worked out once for each state of their inventory. The inventory has routes as they are edited, which is what
// a stage runs but for the time between a change and its deployment.
type targets struct {
	mu    sync.Mutex
	byAPI map[string]*apiTargets
}

type apiTargets struct {
	parts   []*inventory.Part // that they were made of
	targets accessspan.Targets
}

// of returns what the routes of an API call; nil where the inventory does not know.
func (t *targets) of(s *inventory.Snapshot, api string) accessspan.Targets {
	var parts []*inventory.Part
	for _, p := range s.Parts[api] {
		if p != nil && p.Counts[attr.TypeRoute]+p.Counts[attr.TypeIntegration] > 0 {
			parts = append(parts, p)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.byAPI[api]; known != nil && same(known.parts, parts) {
		return known.targets
	}
	if t.byAPI == nil {
		t.byAPI = map[string]*apiTargets{}
	}
	made := &apiTargets{parts, targetsOf(parts)}
	t.byAPI[api] = made
	return made.targets
}

// same says whether two lists have the same parts, in whatever order.
func same(a, b []*inventory.Part) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(p *inventory.Part) bool { return !slices.Contains(b, p) })
}

// keep forgets the APIs that a snapshot does not have.
func (t *targets) keep(s *inventory.Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for api := range t.byAPI {
		if _, ok := s.API(api); !ok {
			delete(t.byAPI, api)
		}
	}
}

// targetsOf reads what routes call. What can't be read is not known.
func targetsOf(parts []*inventory.Part) accessspan.Targets {
	integrations, called := map[string]*accessspan.Target{}, map[string]string{} // by id; ids by route key
	for _, p := range parts {
		_ = p.Entities(nil, func(_ uint64, e *model.Entity, _ int) bool {
			switch e.Type {
			case attr.TypeIntegration:
				integrations[e.ID[attr.IntegrationID]] = accessspan.NewTarget(integrationOf(e))
			case attr.TypeRoute:
				for _, r := range e.Relations {
					if r.Type == attr.TypeIntegration {
						called[e.ID[attr.RouteKey]] = r.ID[attr.IntegrationID]
					}
				}
			}
			return true
		})
	}
	out := accessspan.Targets{}
	for key, id := range called {
		if target := integrations[id]; target != nil {
			out[key] = target
		}
	}
	return out
}

func integrationOf(e *model.Entity) accessspan.Integration {
	text := func(name string) string { s, _ := e.Description[name].(string); return s }
	i := accessspan.Integration{Type: text(attr.IntegrationType), Subtype: text(attr.IntegrationSubtype), URI: text(attr.IntegrationURI), Method: text(attr.IntegrationMethod)}
	for _, r := range e.Relations {
		if r.Type == attr.TypeResource {
			i.Resource = r.ID[attr.CloudResourceID]
		}
	}
	return i
}
