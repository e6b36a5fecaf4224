package inventory

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func f64(v float64) *float64 { return &v }

func throttleOf(rate float64) model.Throttle { return model.Throttle{Rate: f64(rate)} }

// What changes of a stage makes events.
func TestStageEvents(t *testing.T) {
	t.Parallel()
	stage := func(deployment string, deployed float64, canary *model.Canary, throttles ...model.RouteThrottle) model.Stage {
		s := model.Stage{Name: "prod", Deployment: deployment, Canary: canary, Throttles: throttles}
		if deployed > 0 {
			s.Deployed = hour(deployed)
		}
		return s
	}
	plain := stage("d1", 1, nil)
	route := func(route string, rate float64) model.RouteThrottle {
		return model.RouteThrottle{Route: route, Throttle: throttleOf(rate)}
	}
	for name, set := range map[string]struct {
		old, next model.Stage
		want      []Event
	}{
		"nothing":                                     {plain, plain, nil},
		"another deployment":                          {plain, stage("d2", 2, nil), []Event{{Kind: "deployment", Old: "d1", New: "d2"}}},
		"an older deployment is a rollback":           {stage("d2", 2, nil), plain, []Event{{Kind: "deployment", Old: "d2", New: "d1", Rollback: true}}},
		"a deployment of unknown age is no rollback":  {stage("d2", 2, nil), stage("d1", 0, nil), []Event{{Kind: "deployment", Old: "d2", New: "d1"}}},
		"a deployment after one of unknown age":       {stage("d1", 0, nil), stage("d2", 2, nil), []Event{{Kind: "deployment", Old: "d1", New: "d2"}}},
		"the first deployment":                        {stage("", 0, nil), plain, nil},
		"no deployment any more":                      {plain, stage("", 0, nil), nil},
		"the age of a deployment alone":               {stage("d1", 0, nil), plain, nil},
		"a canary":                                    {plain, stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), []Event{{Kind: "canary", Change: "started", New: "d2", NewPercent: 10}}},
		"a canary's share":                            {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), stage("d1", 1, &model.Canary{Percent: 50, Deployment: "d2"}), []Event{{Kind: "canary", Change: "changed", Old: "d2", New: "d2", OldPercent: 10, NewPercent: 50}}},
		"a canary in the place of another":            {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d3"}), []Event{{Kind: "canary", Change: "started", Old: "d2", New: "d3", OldPercent: 10, NewPercent: 10}}},
		"a canary promoted":                           {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), stage("d2", 2, nil), []Event{{Kind: "deployment", Old: "d1", New: "d2"}, {Kind: "canary", Change: "promoted", Old: "d2", OldPercent: 10}}},
		"a canary aborted":                            {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), plain, []Event{{Kind: "canary", Change: "aborted", Old: "d2", OldPercent: 10}}},
		"a canary aborted, and another deployment":    {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), stage("d3", 3, nil), []Event{{Kind: "deployment", Old: "d1", New: "d3"}, {Kind: "canary", Change: "aborted", Old: "d2", OldPercent: 10}}},
		"a canary promoted, what remains of it stays": {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), stage("d2", 2, &model.Canary{Deployment: "d2"}), []Event{{Kind: "deployment", Old: "d1", New: "d2"}, {Kind: "canary", Change: "promoted", Old: "d2", OldPercent: 10}}},
		"what remained of a canary promoted, removed": {stage("d2", 2, &model.Canary{Deployment: "d2"}), stage("d2", 2, nil), nil},
		"a canary after one promoted":                 {stage("d2", 2, &model.Canary{Deployment: "d2"}), stage("d2", 2, &model.Canary{Percent: 5, Deployment: "d3"}), []Event{{Kind: "canary", Change: "started", Old: "d2", New: "d3", NewPercent: 5}}},
		"the same canary":                             {stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), stage("d1", 1, &model.Canary{Percent: 10, Deployment: "d2"}), nil},
		"a throttle of the stage":                     {plain, stage("d1", 1, nil, route("", 100)), []Event{{Kind: "throttle", Scope: "stage", NewThrottle: throttleOf(100)}}},
		"a throttle of the stage, lifted":             {stage("d1", 1, nil, route("", 100)), plain, []Event{{Kind: "throttle", Scope: "stage", OldThrottle: throttleOf(100)}}},
		"a throttle of a route":                       {stage("d1", 1, nil, route("GET /a", 100)), stage("d1", 1, nil, route("GET /a", 0)), []Event{{Kind: "throttle", Scope: "route", Route: "GET /a", OldThrottle: throttleOf(100), NewThrottle: throttleOf(0)}}},
		"throttles of several, by route":              {stage("d1", 1, nil, route("GET /b", 1), route("GET /c", 1)), stage("d1", 1, nil, route("GET /c", 1), route("GET /a", 1), route("", 1)), []Event{{Kind: "throttle", Scope: "stage", NewThrottle: throttleOf(1)}, {Kind: "throttle", Scope: "route", Route: "GET /a", NewThrottle: throttleOf(1)}, {Kind: "throttle", Scope: "route", Route: "GET /b", OldThrottle: throttleOf(1)}}},
		"the same throttles in another order":         {stage("d1", 1, nil, route("GET /b", 1), route("", 1)), stage("d1", 1, nil, route("", 1), route("GET /b", 1)), nil},
		"what makes no events":                        {plain, func() model.Stage { s := plain; s.Tracing, s.CacheGB, s.DetailedMetrics = true, 6.1, true; return s }(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, set.want, stageEvents(&set.old, &set.next))
			s := snapshotOf(t, map[string][]model.Entity{"a/p": nil})
			d := Diff(s.withStages(map[string][]model.Stage{"a": {set.old}}), s.withStages(map[string][]model.Stage{"a": {set.next}}))
			require.Len(t, d.Events, len(set.want))
			for i, e := range d.Events {
				assert.Equal(t, "a", e.API.ID)
				assert.Equal(t, "prod", e.Stage)
				assert.False(t, e.Late)
				assert.Equal(t, set.want[i].Kind, e.Kind)
			}
		})
	}
}

// An event is of when AWS says that the stage changed, late where the collector was down, and none where one side is not known.
func TestWhenStagesMakeEvents(t *testing.T) {
	t.Parallel()
	one := func(deployment string, updated float64) []model.Stage {
		s := model.Stage{Name: "prod", Deployment: deployment}
		if updated > 0 {
			s.Updated = hour(updated)
		}
		return []model.Stage{s}
	}
	base := snapshotOf(t, map[string][]model.Entity{"a/p": nil})
	with := func(stages []model.Stage, edits ...func(*Snapshot)) *Snapshot {
		s := base
		if stages != nil {
			s = base.withStages(map[string][]model.Stage{"a": stages})
		}
		for _, edit := range edits {
			edit(s)
		}
		return s
	}
	restored := func(s *Snapshot) { s.restored = map[string]bool{"a": true} }
	filtered := func(s *Snapshot) { s.filter = &Filter{Exclude: []FilterItem{{Stage: "prod"}}} }
	gone := func(s *Snapshot) { s.APIs = nil }
	for name, set := range map[string]struct {
		old, next *Snapshot
		want      []Event
	}{
		"updated":                         {with(one("d1", 1)), with(one("d2", 2)), []Event{{At: hour(2)}}},
		"no date":                         {with(one("d1", 0)), with(one("d2", 0)), []Event{{}}},
		"a date that did not move":        {with(one("d1", 1)), with(one("d2", 1)), []Event{{}}},
		"while the collector was down":    {with(one("d1", 1), restored), with(one("d2", 2)), []Event{{At: hour(2), Late: true}}},
		"stages that were not known":      {base, with(one("d2", 2)), nil},
		"stages that are not known":       {with(one("d1", 1)), base, nil},
		"a new stage":                     {with([]model.Stage{}), with(one("d2", 2)), nil},
		"a stage that is gone":            {with(one("d1", 1)), with([]model.Stage{}), nil},
		"a stage that is not collected":   {with(one("d1", 1), filtered), with(one("d2", 2), filtered), nil},
		"an API that is gone":             {with(one("d1", 1)), with(one("d2", 2), gone), nil},
		"an API that was not there":       {with(one("d1", 1), func(s *Snapshot) { s.Stages = nil }), with(one("d2", 2)), nil},
		"the same stages, not read anew":  {with(one("d1", 1)), with(one("d1", 1)), nil},
		"no snapshot before":              {nil, with(one("d2", 2)), nil},
		"the very first, after a restart": {with(one("d1", 1), restored), with(one("d1", 1), restored), nil},
	} {
		var got []Event
		for _, e := range Diff(set.old, set.next).Events {
			assert.Equal(t, "deployment", e.Kind)
			got = append(got, Event{At: e.At, Late: e.Late})
		}
		assert.Equal(t, set.want, got, name)
	}
}

// Limits of the account and of usage plans make events, with the limits before and after.
func TestLimitEvents(t *testing.T) {
	t.Parallel()
	account := func(rate float64, known bool) *Limits { return &Limits{Known: known, Account: throttleOf(rate)} }
	plan := func(p model.UsagePlan) *Limits { return &Limits{Plans: []model.UsagePlan{p}} }
	quota := func(n float64, period string) *model.Quota { return &model.Quota{Limit: n, Period: period} }
	stage := func(api, stage string, rate float64) []model.PlanStage {
		return []model.PlanStage{{API: api, Stage: stage, Throttles: []model.RouteThrottle{{Route: "GET /a", Throttle: throttleOf(rate)}}}}
	}
	for name, set := range map[string]struct {
		old, next *Limits
		want      []Event
	}{
		"not known before":               {nil, account(1, true), nil},
		"not known any more":             {account(1, true), nil, nil},
		"the account's, not read before": {account(0, false), account(1, true), nil},
		"the account's":                  {account(1, true), account(2, true), []Event{{Kind: "throttle", Scope: "account", OldThrottle: throttleOf(1), NewThrottle: throttleOf(2)}}},
		"the account's, the same":        {account(1, true), account(1, true), nil},
		"a plan's throttle":              {plan(model.UsagePlan{ID: "p", Throttle: throttleOf(1)}), plan(model.UsagePlan{ID: "p"}), []Event{{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", OldThrottle: throttleOf(1)}}},
		"a plan's quota":                 {plan(model.UsagePlan{ID: "p", Quota: quota(1, "DAY")}), plan(model.UsagePlan{ID: "p", Quota: quota(2, "DAY")}), []Event{{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", OldQuota: quota(1, "DAY"), NewQuota: quota(2, "DAY")}}},
		"a plan's period":                {plan(model.UsagePlan{ID: "p", Quota: quota(1, "DAY")}), plan(model.UsagePlan{ID: "p", Quota: quota(1, "WEEK")}), []Event{{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", OldQuota: quota(1, "DAY"), NewQuota: quota(1, "WEEK")}}},
		"a plan's first quota":           {plan(model.UsagePlan{ID: "p"}), plan(model.UsagePlan{ID: "p", Quota: quota(1, "DAY")}), []Event{{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", NewQuota: quota(1, "DAY")}}},
		"a plan's throttle, not its quota": {
			plan(model.UsagePlan{ID: "p", Throttle: throttleOf(1), Quota: quota(1, "DAY")}), plan(model.UsagePlan{ID: "p", Throttle: throttleOf(2), Quota: quota(1, "DAY")}),
			[]Event{{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", OldThrottle: throttleOf(1), NewThrottle: throttleOf(2)}},
		},
		"a new plan":                  {plan(model.UsagePlan{ID: "p"}), plan(model.UsagePlan{ID: "q", Throttle: throttleOf(1)}), nil},
		"a plan's name":               {plan(model.UsagePlan{ID: "p", Name: "a"}), plan(model.UsagePlan{ID: "p", Name: "b"}), nil},
		"a plan's method":             {plan(model.UsagePlan{ID: "p", Stages: stage("a", "prod", 1)}), plan(model.UsagePlan{ID: "p", Stages: stage("a", "prod", 2)}), []Event{{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", API: &model.API{ID: "a", Type: model.REST}, Stage: "prod", Route: "GET /a", OldThrottle: throttleOf(1), NewThrottle: throttleOf(2)}}},
		"of an API that is not known": {plan(model.UsagePlan{ID: "p", Stages: stage("x", "prod", 1)}), plan(model.UsagePlan{ID: "p", Stages: stage("x", "prod", 2)}), nil},
		"a plan's new stage":          {plan(model.UsagePlan{ID: "p"}), plan(model.UsagePlan{ID: "p", Stages: stage("a", "prod", 2)}), nil},
		"the same plan":               {plan(model.UsagePlan{ID: "p", Stages: stage("a", "prod", 1), Quota: quota(1, "DAY")}), plan(model.UsagePlan{ID: "p", Stages: stage("a", "prod", 1), Quota: quota(1, "DAY")}), nil},
		"of several, in their order": {
			&Limits{Known: true, Account: throttleOf(1), Plans: []model.UsagePlan{{ID: "p"}, {ID: "q"}}}, &Limits{Known: true, Account: throttleOf(2), Plans: []model.UsagePlan{{ID: "q", Throttle: throttleOf(1)}, {ID: "p", Throttle: throttleOf(1)}}},
			[]Event{{Kind: "throttle", Scope: "account", OldThrottle: throttleOf(1), NewThrottle: throttleOf(2)}, {Kind: "throttle", Scope: "usage_plan", UsagePlan: "q", NewThrottle: throttleOf(1)}, {Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", NewThrottle: throttleOf(1)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := snapshotOf(t, map[string][]model.Entity{"a/p": nil})
			old, next := base.withLimits(set.old), base.withLimits(set.next)
			assert.Equal(t, set.want, Diff(old, next).Events)
			late := *old
			late.restored = map[string]bool{"": true}
			for _, e := range Diff(&late, next).Events {
				assert.True(t, e.Late)
			}
		})
	}
}
