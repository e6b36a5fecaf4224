package faults

import (
	"math/rand/v2"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

const (
	account = "111122223333"
	region  = "us-east-1"
	role    = "reader"
	roleARN = "arn:aws:iam::" + account + ":role/" + role
)

// The formats of access logs that stages write.
const (
	restFormat = `{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","ip":"$context.identity.sourceIp","epoch":"$context.requestTimeEpoch",` +
		`"httpMethod":"$context.httpMethod","resourcePath":"$context.resourcePath","status":"$context.status","latency":"$context.responseLatency"}`
	httpFormat = `$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" ` +
		`$context.status $context.responseLength $context.requestId $context.extendedRequestId`
	socketFormat = `{"requestId":"$context.requestId","routeKey":"$context.routeKey","eventType":"$context.eventType","connectionId":"$context.connectionId",` +
		`"epoch":"$context.requestTimeEpoch","status":"$context.status","integrationLatency":"$context.integrationLatency"}`
)

// traffic is what a stage gets within [from, to).
func traffic(from, to time.Time, perMinute float64) awssim.Traffic {
	return awssim.Traffic{
		PerMinute: perMinute, Error4xx: 0.1, Error5xx: 0.05,
		Idle: []awssim.Span{{To: from}, {From: to, To: to.Add(1000 * time.Hour)}},
	}
}

func stage(api, name, format string, from, to time.Time, perMinute float64) *awssim.Stage {
	return &awssim.Stage{
		Name: name, Traffic: traffic(from, to, perMinute),
		AccessLog: awssim.AccessLog{DestinationARN: "arn:aws:logs:" + region + ":" + account + ":log-group:/aws/apigateway/" + api + "-" + name, Format: format},
	}
}

// logged writes execution logs.
func logged(s *awssim.Stage) *awssim.Stage {
	s.Methods = map[string]awssim.MethodSettings{"*/*": {LoggingLevel: "INFO"}}
	return s
}

func traced(s *awssim.Stage) *awssim.Stage {
	s.Tracing, s.Sampling = true, 1
	return s
}

// newWorld has traffic within [from, to). Where it changes, an API and a stage are created within it, and others deleted, each at a time of the seed's.
func newWorld(seed uint64, from, to time.Time, changes changes) *awssim.World {
	const perMinute = 15
	old := from.Add(-100 * time.Hour)
	orders := &awssim.API{
		ID: "rest000001", Name: "orders", Created: old, Tags: map[string]string{"team": "orders"},
		Stages: []*awssim.Stage{
			traced(stage("orders", "prod", restFormat, from, to, 2*perMinute)), logged(stage("orders", "test", restFormat, from, to, perMinute)),
		},
	}
	apis := []*awssim.API{
		orders,
		// Series tell REST APIs of one name apart by their stages alone.
		{ID: "rest000002", Name: "orders", Created: old, Stages: []*awssim.Stage{traced(stage("twin", "v1", restFormat, from, to, perMinute))}},
		{ID: "http000001", Name: "payments", Type: awssim.TypeHTTP, Created: old, Stages: []*awssim.Stage{stage("payments", "live", httpFormat, from, to, perMinute)}},
		{ID: "sock000001", Name: "chat", Type: awssim.TypeWebSocket, Created: old, Stages: []*awssim.Stage{logged(stage("chat", "prod", socketFormat, from, to, perMinute))}},
	}
	if at := changes.created; !at.IsZero() {
		apis = append(apis, &awssim.API{ID: "rest000003", Name: "launch", Created: at, Stages: []*awssim.Stage{logged(traced(stage("launch", "prod", restFormat, at, to, perMinute)))}})
		late := stage("orders", "blue", restFormat, at, to, perMinute)
		late.Created = at
		orders.Stages = append(orders.Stages, late)
	}
	if at := changes.deleted; !at.IsZero() {
		apis = append(apis, &awssim.API{
			ID: "rest000004", Name: "retired", Created: old, Deleted: at, Stages: []*awssim.Stage{traced(stage("retired", "prod", restFormat, from, at, perMinute))},
		})
		gone := logged(stage("orders", "green", restFormat, from, at, perMinute))
		gone.Deleted = at
		orders.Stages = append(orders.Stages, gone)
	}
	return &awssim.World{Seed: seed, Accounts: []*awssim.Account{{
		ID: account, Roles: []awssim.Role{{Name: role}}, Regions: []*awssim.Region{{Name: region, APIs: apis, ForeignTraces: 3}},
	}}}
}

// changes are when an API and a stage are created, and deleted; zero: not at all.
type changes struct{ created, deleted time.Time }

func drawChanges(rng *rand.Rand, start time.Time, s *schedule) changes {
	if !s.changes {
		return changes{}
	}
	c := changes{
		created: start.Add(time.Duration(20+rng.IntN(60)) * time.Second),
		deleted: start.Add(time.Duration(60+rng.IntN(90)) * time.Second),
	}
	if s.has(corrupt) {
		c.deleted = time.Time{} // whoever has no positions and no snapshot any more can't know of what was deleted meanwhile
	}
	return c
}

// stages calls f for each stage that the world ever has.
func stages(w *awssim.World, f func(api *awssim.API, stage *awssim.Stage)) {
	for _, api := range w.Accounts[0].Regions[0].APIs {
		for _, s := range api.Stages {
			f(api, s)
		}
	}
}
