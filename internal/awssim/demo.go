package awssim

import (
	"fmt"
	"time"
)

// The accounts of [DemoWorld]. Plain credentials belong to the first; the second is reached by its role.
const (
	DemoAccount      = "111122223333"
	DemoOtherAccount = "444455556666"
	DemoRole         = "apigateway-reader"
	DemoExternalID   = "awssim-demo"
)

// DemoWorld is a small company at the time now: two accounts, two regions, APIs of the three types, and something of everything that makes API
// Gateway hard to watch. What changes in it does so around now, so that a demonstration sees it.
func DemoWorld(now time.Time) *World {
	now = now.UTC().Truncate(time.Minute)
	old := now.Add(-200 * 24 * time.Hour)
	return demoAccessLogs(&World{Seed: 1, Accounts: []*Account{
		{
			ID:    DemoAccount,
			Roles: []Role{{Name: DemoRole}, {Name: "locked", Deny: true}},
			Regions: []*Region{
				demoMain(append(demoShop(now, old), demoChanges(now, old)...), now, old),
				{Name: "eu-west-1", APIs: demoEurope(old), Account: AccountSettings{CloudWatchRoleARN: demoRoleARN("apigateway-logs")}},
				{Name: "ap-east-1", Disabled: true},
			},
		},
		{
			ID:    DemoOtherAccount,
			Roles: []Role{{Name: DemoRole, ExternalID: DemoExternalID}},
			Regions: []*Region{
				demoPartnersMain(demoPartners(old), now, old),
				{Name: "eu-west-1", APIs: demoPartnersEurope(old)},
			},
		},
	}})
}

// demoShop are APIs that stay as they are: bursts, an incident, a canary, a cache, route level metrics, idle stages.
func demoShop(now, old time.Time) []*API {
	crud := []Route{
		{Method: "GET", Path: "/orders", Weight: 5}, {Method: "POST", Path: "/orders", Weight: 2}, {Method: "GET", Path: "/orders/{id}", Weight: 8},
	}
	// The incident begins three minutes from now, and then every twenty.
	const every = 20 * time.Minute
	offset := time.Duration(now.UnixNano()%int64(every)) + 3*time.Minute
	return []*API{
		{
			ID: "a1orders00", Name: "orders", EndpointType: "REGIONAL", Created: old, Tags: map[string]string{"team": "orders", "env": "live"},
			Stages: []*Stage{
				{
					Name: "prod", Routes: crud, DetailedSince: old, CanaryPercent: 10, Tags: map[string]string{"tier": "1"},
					Traffic: Traffic{
						PerMinute: 240, Error4xx: 0.02, Error5xx: 0.002, LatencyMS: 60, BurstEvery: 15 * time.Minute, BurstFor: 2 * time.Minute, BurstFactor: 4,
						Incident: Incident{Every: every, For: 4 * time.Minute, Offset: offset, Error5xx: 0.25, LatencyFactor: 8},
					},
				},
				{Name: "test", Routes: crud, Traffic: Traffic{PerMinute: 6, Error4xx: 0.1, LatencyMS: 70, IdlePattern: Pattern{Every: 20 * time.Minute, For: 8 * time.Minute}}},
				{Name: "dev"}, // without any traffic
			},
		},
		{
			ID: "a2catalog0", Name: "catalogue", EndpointType: "EDGE", Created: old, Tags: map[string]string{"team": "catalogue"},
			Stages: []*Stage{{Name: "live", Cache: true, Traffic: Traffic{PerMinute: 400, Error4xx: 0.01, LatencyMS: 35}}},
		},
		{
			ID: "a3payments", Name: "payments", Type: TypeHTTP, Created: old, Tags: map[string]string{"team": "payments"},
			Stages: []*Stage{
				{
					Name: "$default", DetailedSince: now.Add(15 * time.Minute), // switched on while a demonstration runs
					Routes:  []Route{{Method: "POST", Path: "/charges", Weight: 3}, {Method: "GET", Path: "/charges/{id}"}},
					Traffic: Traffic{PerMinute: 120, Error4xx: 0.03, Error5xx: 0.004, LatencyMS: 140},
				},
				{Name: "sandbox", Traffic: Traffic{PerMinute: 0.2, LatencyMS: 90}}, // a request every five minutes
			},
		},
		{
			ID: "a4chat0000", Name: "support-chat", Type: TypeWebSocket, Created: old, Tags: map[string]string{"team": "support"},
			Stages: []*Stage{{
				Name: "prod", DetailedSince: old,
				Routes:  []Route{{RouteKey: "$connect"}, {RouteKey: "$disconnect"}, {RouteKey: "$default"}, {RouteKey: "sendMessage", Weight: 12}},
				Traffic: Traffic{PerMinute: 180, Error4xx: 0.01, Error5xx: 0.01, LatencyMS: 25},
			}},
		},
		{ID: "a5internal", Name: "internal-tools", EndpointType: "PRIVATE", Created: old, Stages: []*Stage{{Name: "v1", Traffic: Traffic{PerMinute: 3, LatencyMS: 200}}}}, // untagged
	}
}

// demoChanges are names that several REST APIs share, names that CloudWatch can't write, and APIs that come and go.
func demoChanges(now, old time.Time) []*API {
	reports := func(id string, stages ...*Stage) *API {
		return &API{ID: id, Name: "reports", Created: old, Tags: map[string]string{"team": "data"}, Stages: stages}
	}
	return []*API{
		// One name, different stages: the stage tells which API a series belongs to.
		reports("b1reports0", &Stage{Name: "blue", Traffic: Traffic{PerMinute: 20, LatencyMS: 300}}),
		reports("b2reports0", &Stage{Name: "green", Traffic: Traffic{PerMinute: 30, LatencyMS: 250}}),
		// One name, one stage: nothing tells.
		{ID: "b3twins000", Name: "twins", Created: old, Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 15}}}},
		{ID: "b4twins000", Name: "twins", Created: old, Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 25}}}},
		// CloudWatch calls this one "bersetzung" …
		{ID: "b5uebers00", Name: "Übersetzung", Created: old, Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 12, Error4xx: 0.05}}}},
		// … and this one by its id.
		{ID: "b6chumon00", Name: "注文", Created: old, Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 9}}}},
		// Deleted under traffic, and made again under the same name.
		{ID: "c1search00", Name: "search", Created: old, Deleted: now.Add(8*time.Minute + 20*time.Second), Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 80, LatencyMS: 45}}}},
		{ID: "c2search00", Name: "search", Created: now.Add(11*time.Minute + 5*time.Second), Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 80, LatencyMS: 40}}}},
		// New while a demonstration runs.
		{ID: "c3launch00", Name: "launch", Type: TypeHTTP, Created: now.Add(5 * time.Minute), Tags: map[string]string{"team": "growth"}, Stages: []*Stage{{Name: "$default", Traffic: Traffic{PerMinute: 60}}}},
	}
}

// demoEurope repeats a name of the other region.
func demoEurope(old time.Time) []*API {
	return []*API{
		{
			ID: "e1orders00", Name: "orders", Created: old, Tags: map[string]string{"team": "orders", "env": "live"},
			Stages: []*Stage{{Name: "prod", Tracing: true, Sampling: 0.05, Traffic: Traffic{PerMinute: 90, Error4xx: 0.02, Error5xx: 0.003, LatencyMS: 65}}},
		},
		{
			ID: "e2profile0", Name: "profile", Type: TypeHTTP, Created: old, Tags: map[string]string{"team": "accounts"},
			Stages: []*Stage{{Name: "$default", Traffic: Traffic{PerMinute: 45, Error4xx: 0.04, LatencyMS: 30}}},
		},
	}
}

func demoPartners(old time.Time) []*API {
	return []*API{
		{
			ID: "p1partner0", Name: "partner-api", Created: old, Tags: map[string]string{"team": "partners"},
			Stages: []*Stage{{Name: "v1", Traffic: Traffic{PerMinute: 50, Error4xx: 0.08, LatencyMS: 110}}, {Name: "v2", Traffic: Traffic{PerMinute: 20, LatencyMS: 95}}},
		},
		{
			ID: "p2events00", Name: "partner-events", Type: TypeWebSocket, Created: old,
			Stages: []*Stage{{Name: "prod", Traffic: Traffic{PerMinute: 30, Error5xx: 0.02}}},
		},
	}
}

func demoPartnersEurope(old time.Time) []*API {
	return []*API{{
		ID: "p3webhooks", Name: "webhooks", Type: TypeHTTP, Created: old, Tags: map[string]string{"team": "partners"},
		Stages: []*Stage{{Name: "$default", Traffic: Traffic{PerMinute: 70, Error5xx: 0.01, LatencyMS: 55}}},
	}}
}

// LargeWorld is one account with that many busy REST APIs in us-east-1, each with that many stages of perMinute requests: for benchmarks and
// paging. Each stage has seven series with a cache, five without.
func LargeWorld(apis, stages int, perMinute float64, cache bool) *World {
	region := &Region{Name: "us-east-1"}
	for i := range apis {
		api := &API{ID: fmt.Sprintf("api%07d", i), Name: fmt.Sprintf("service-%04d", i), Tags: map[string]string{"team": fmt.Sprintf("team-%d", i%20)}}
		for k := range stages {
			api.Stages = append(api.Stages, &Stage{
				Name: fmt.Sprintf("stage%d", k), Cache: cache, Traffic: Traffic{PerMinute: perMinute, Error4xx: 0.02, Error5xx: 0.005},
			})
		}
		region.APIs = append(region.APIs, api)
	}
	return &World{Seed: 1, Accounts: []*Account{{ID: DemoAccount, Regions: []*Region{region}}}}
}
