package inventory

import (
	"cmp"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Kinds of events.
const (
	EventDeployment = "deployment"
	EventCanary     = "canary"
	EventThrottle   = "throttle"
)

// Event is a change that a graph can be annotated with. It is stored until it has been handed over.
type Event struct {
	Kind string `json:"kind"`
	// API and Stage are where it happened; the API is nil where it was to the account or a usage plan.
	API   *model.API `json:"api,omitempty"`
	Stage string     `json:"stage,omitempty"`
	// At is when it happened, by AWS; zero where AWS does not say.
	At time.Time `json:"at,omitzero"`
	// Late says that the collector was down when it happened.
	Late bool `json:"late,omitempty"`

	// Deployment: what ran before and what runs now, and whether the new one is the older. Canary: its deployment.
	Old      string `json:"old,omitempty"`
	New      string `json:"new,omitempty"`
	Rollback bool   `json:"rollback,omitempty"`

	// Canary: started, promoted, aborted, or changed where only its share did; and the shares in percent.
	Change     string  `json:"change,omitempty"`
	OldPercent float64 `json:"old_percent,omitempty"`
	NewPercent float64 `json:"new_percent,omitempty"`

	// Throttle: what is limited, and the limits.
	Scope       string         `json:"scope,omitempty"` // account, stage, route, usage_plan
	Route       string         `json:"route,omitempty"`
	UsagePlan   string         `json:"usage_plan,omitempty"`
	OldThrottle model.Throttle `json:"old_throttle,omitzero"`
	NewThrottle model.Throttle `json:"new_throttle,omitzero"`
	OldQuota    *model.Quota   `json:"old_quota,omitempty"`
	NewQuota    *model.Quota   `json:"new_quota,omitempty"`
}

// Scopes of throttles.
const (
	ScopeAccount   = "account"
	ScopeStage     = "stage"
	ScopeRoute     = "route"
	ScopeUsagePlan = "usage_plan"
)

// events compares what two snapshots know of stages and limits. What one of them does not know makes none.
func events(old, next *Snapshot) []Event {
	var out []Event
	for i := range next.APIs {
		a := &next.APIs[i]
		before, known := old.Stages[a.ID]
		after := next.Stages[a.ID]
		if !known || len(before) > 0 && len(after) == len(before) && &before[0] == &after[0] {
			continue
		}
		for k := range after {
			s := &after[k]
			i := slices.IndexFunc(before, func(o model.Stage) bool { return o.Name == s.Name })
			if i < 0 || !old.collected(a, s.Name) {
				continue
			}
			found := stageEvents(&before[i], s)
			for n := range found {
				found[n].API, found[n].Stage, found[n].Late = a, s.Name, old.restored[a.ID]
				if s.Updated.After(before[i].Updated) {
					found[n].At = s.Updated
				}
			}
			out = append(out, found...)
		}
	}
	return append(out, limitEvents(old, next)...)
}

func stageEvents(old, next *model.Stage) []Event {
	var out []Event
	if old.Deployment != next.Deployment && old.Deployment != "" && next.Deployment != "" {
		out = append(out, Event{
			Kind: EventDeployment, Old: old.Deployment, New: next.Deployment,
			Rollback: !next.Deployed.IsZero() && next.Deployed.Before(old.Deployed),
		})
	}
	if e := canaryEvent(old, next); e != nil {
		out = append(out, *e)
	}
	return append(out, throttleEvents(old.Throttles, next.Throttles, Event{})...)
}

// canaryEvent compares canaries. A promotion gives the canary's deployment to the stage, and leaves the canary there, without traffic, until somebody
// removes it or deploys to it again ("Promote a canary release").
func canaryEvent(old, next *model.Stage) *Event {
	a, b := old.Canary, next.Canary
	promoted := a != nil && a.Deployment != "" && a.Deployment == next.Deployment && old.Deployment != next.Deployment
	switch {
	case a == nil && b == nil:
	case promoted:
		return &Event{Kind: EventCanary, Change: "promoted", Old: a.Deployment, OldPercent: a.Percent}
	case b == nil:
		if a.Deployment == old.Deployment {
			return nil // what remained of one that was promoted
		}
		return &Event{Kind: EventCanary, Change: "aborted", Old: a.Deployment, OldPercent: a.Percent}
	case a == nil || a.Deployment != b.Deployment && b.Deployment != next.Deployment:
		e := &Event{Kind: EventCanary, Change: "started", New: b.Deployment, NewPercent: b.Percent}
		if a != nil {
			e.Old, e.OldPercent = a.Deployment, a.Percent
		}
		return e
	case a.Percent != b.Percent:
		return &Event{Kind: EventCanary, Change: "changed", Old: a.Deployment, New: b.Deployment, OldPercent: a.Percent, NewPercent: b.Percent}
	}
	return nil
}

// throttleEvents compares throttles by route; like says the rest.
func throttleEvents(old, next []model.RouteThrottle, like Event) []Event {
	limits := func(list []model.RouteThrottle, route string) model.Throttle {
		for _, t := range list {
			if t.Route == route {
				return t.Throttle
			}
		}
		return model.Throttle{}
	}
	routes := make([]string, 0, len(old)+len(next))
	for _, t := range slices.Concat(old, next) {
		routes = append(routes, t.Route)
	}
	slices.Sort(routes)
	var out []Event
	for _, route := range slices.Compact(routes) {
		a, b := limits(old, route), limits(next, route)
		if a.Equal(b) {
			continue
		}
		e := like
		e.Kind, e.Route, e.OldThrottle, e.NewThrottle = EventThrottle, route, a, b
		e.Scope = cmp.Or(like.Scope, map[bool]string{true: ScopeStage, false: ScopeRoute}[route == ""])
		out = append(out, e)
	}
	return out
}

// limitEvents compares the limits that belong to no stage.
func limitEvents(old, next *Snapshot) []Event {
	a, b := old.Limits, next.Limits
	if a == nil || b == nil || a == b {
		return nil
	}
	var out []Event
	if a.Known && b.Known && !a.Account.Equal(b.Account) {
		out = append(out, Event{Kind: EventThrottle, Scope: ScopeAccount, OldThrottle: a.Account, NewThrottle: b.Account})
	}
	for i := range b.Plans {
		p := &b.Plans[i]
		k := slices.IndexFunc(a.Plans, func(o model.UsagePlan) bool { return o.ID == p.ID })
		if k < 0 {
			continue
		}
		o := &a.Plans[k]
		sameQuota := o.Quota == p.Quota || o.Quota != nil && p.Quota != nil && *o.Quota == *p.Quota
		if !o.Throttle.Equal(p.Throttle) || !sameQuota {
			e := Event{Kind: EventThrottle, Scope: ScopeUsagePlan, UsagePlan: p.ID, OldThrottle: o.Throttle, NewThrottle: p.Throttle}
			if !sameQuota {
				e.OldQuota, e.NewQuota = o.Quota, p.Quota
			}
			out = append(out, e)
		}
		for _, s := range p.Stages {
			n := slices.IndexFunc(o.Stages, func(os model.PlanStage) bool { return os.API == s.API && os.Stage == s.Stage })
			if n < 0 {
				continue
			}
			like := Event{Scope: ScopeUsagePlan, UsagePlan: p.ID, Stage: s.Stage}
			if like.API, _ = next.API(s.API); like.API == nil || !next.collected(like.API, s.Stage) {
				continue
			}
			out = append(out, throttleEvents(o.Stages[n].Throttles, s.Throttles, like)...)
		}
	}
	for i := range out {
		out[i].Late = old.restored[""]
	}
	return out
}
