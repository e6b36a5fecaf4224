package inventorymetrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func f64(v float64) *float64 { return &v }

func throttle(rate, burst float64) model.Throttle {
	return model.Throttle{Rate: f64(rate), Burst: f64(burst)}
}

// full has every metric.
func full() *inventory.Snapshot {
	return &inventory.Snapshot{
		APIs: []model.API{{ID: "h1", Name: "pets", Type: model.HTTP}, {ID: "r1", Name: "orders", Type: model.REST}, {ID: "r2", Name: "not collected", Type: model.REST}},
		Stages: map[string][]model.Stage{
			"r1": {
				{
					Name: "prod", Deployment: "d1", Deployed: hour(11), Canary: &model.Canary{Percent: 12.5, Deployment: "d2"}, DetailedMetrics: true, ExecutionLogs: true, Tracing: true, CacheGB: 0.5,
					AccessLog: model.AccessLog{Destination: "arn:aws:logs:eu-west-1:111122223333:log-group:x"},
					Throttles: []model.RouteThrottle{{Throttle: throttle(10000, 5000)}, {Route: "GET /a", Throttle: model.Throttle{Rate: f64(0.5)}}, {Route: "POST /a", Throttle: model.Throttle{Burst: f64(0)}}},
				},
				{Name: "dev", AccessLog: model.AccessLog{Destination: "arn:aws:firehose:eu-west-1:111122223333:deliverystream/amazon-apigateway-x"}},
			},
			"h1": {{Name: "$default", Canary: &model.Canary{}}},
			"r2": {{Name: "prod", Tracing: true}},
		},
		Parts: map[string]inventory.Parts{
			"":   {"account": {Counts: map[string]int{"aws.api_gateway.account": 1}}, "usage_plans": {Counts: map[string]int{"aws.api_gateway.usage_plan": 2}}, "domain_name/x": {Counts: map[string]int{"aws.api_gateway.domain_name": 1}}, "domain_name/y": {Counts: map[string]int{"aws.api_gateway.domain_name": 1}}},
			"r1": {"api": {Counts: map[string]int{"aws.api_gateway.api": 1}}, "stages": {Counts: map[string]int{"aws.api_gateway.stage": 2}}, "resources": {Counts: map[string]int{"aws.api_gateway.route": 7, "aws.api_gateway.integration": 6}}, "models": {Counts: map[string]int{"model": 3}}},
			"h1": {"api": {Counts: map[string]int{"aws.api_gateway.api": 1}}},
		},
		Limits: &inventory.Limits{
			Known: true, Account: throttle(10000, 5000),
			Plans: []model.UsagePlan{
				{ID: "p1", Throttle: throttle(100, 200), Quota: &model.Quota{Limit: 1e6, Period: "MONTH"}, Stages: []model.PlanStage{{API: "r1", Stage: "prod", Throttles: []model.RouteThrottle{{Route: "GET /a", Throttle: throttle(1, 2)}}}}},
				{ID: "p2"},
			},
			Certificates: []model.Certificate{{ID: "c1", Expires: hour(36)}, {ID: "c2", Expires: hour(11)}, {ID: "c3"}},
		},
	}
}

// telemetry are the points of what is dark, as text.
func telemetry(at, access, execution, xray, detailed string) []string {
	return []string{
		"stage.telemetry{source=access_logs,state=" + access + "} 1 @ " + at, "stage.telemetry{source=detailed_metrics,state=" + detailed + "} 1 @ " + at,
		"stage.telemetry{source=execution_logs,state=" + execution + "} 1 @ " + at, "stage.telemetry{source=xray,state=" + xray + "} 1 @ " + at,
	}
}

// Every metric, with its value, kind, unit, resource and attributes.
func TestEveryMetric(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	b := r.newBatch()
	s := full()
	b.account(s)
	assert.Equal(t, -1, b.apis(s, 0))
	got := points(t, b.md)
	slices.Sort(got)
	want := slices.Concat([]string{
		"throttle.rate_limit{throttle.scope=account} 10000 @ /account", "throttle.burst_limit{throttle.scope=account} 5000 @ /account",
		"throttle.rate_limit{throttle.scope=usage_plan,usage_plan_id=p1} 100 @ /account", "throttle.burst_limit{throttle.scope=usage_plan,usage_plan_id=p1} 200 @ /account",
		"usage_plan.quota.limit{quota.period=MONTH,usage_plan_id=p1} 1000000 @ /account",
		"client_certificate.expiry{client_certificate_id=c1} 86400 @ /account", "client_certificate.expiry{client_certificate_id=c2} -3600 @ /account",
		"resources{kind=api} 3 @ /account", "resources{kind=usage_plan} 2 @ /account", "resources{kind=domain_name} 2 @ /account",
		"resources{kind=stage} 2 @ /restapis/r1", "resources{kind=route} 7 @ /restapis/r1", "resources{kind=integration} 6 @ /restapis/r1", "resources{kind=model} 3 @ /restapis/r1",
		"throttle.rate_limit{throttle.scope=stage} 10000 @ /restapis/r1/stages/prod", "throttle.burst_limit{throttle.scope=stage} 5000 @ /restapis/r1/stages/prod",
		"throttle.rate_limit{route_key=GET /a,throttle.scope=route} 0.5 @ /restapis/r1/stages/prod", "throttle.burst_limit{route_key=POST /a,throttle.scope=route} 0 @ /restapis/r1/stages/prod",
		"throttle.rate_limit{route_key=GET /a,throttle.scope=usage_plan,usage_plan_id=p1} 1 @ /restapis/r1/stages/prod",
		"throttle.burst_limit{route_key=GET /a,throttle.scope=usage_plan,usage_plan_id=p1} 2 @ /restapis/r1/stages/prod",
		"cache.size{} 536870912 @ /restapis/r1/stages/prod", "canary.traffic{} 0.125 @ /restapis/r1/stages/prod", "deployment.age{} 3600 @ /restapis/r1/stages/prod",
		"canary.traffic{} 0 @ /apis/h1/stages/$default",
	}, telemetry("/restapis/r1/stages/prod", "on", "on", "on", "on"), telemetry("/restapis/r1/stages/dev", "unreadable", "off", "off", "off"), telemetry("/apis/h1/stages/$default", "off", "off", "off", "off"))
	slices.Sort(want)
	assert.Equal(t, want, got)
	names := map[string]bool{"usage_plan.requests": true, "usage_plan.quota.remaining": true} // of the usage
	for _, p := range got {
		name, _, _ := strings.Cut(p, "{")
		names[name] = true
	}
	assert.Len(t, names, len(Catalogue), "every metric of the catalogue")
}

// Each metric can be switched off, and only itself.
func TestSwitches(t *testing.T) {
	t.Parallel()
	all := func(off ...string) []string {
		r := newRig(t, nil)
		for _, name := range off {
			r.off[name] = true
		}
		b := r.newBatch()
		b.account(full())
		b.apis(full(), 0)
		return points(t, b.md)
	}
	everything := all()
	for _, name := range Names() {
		short := strings.TrimPrefix(name, "aws.api_gateway.") + "{"
		want := slices.DeleteFunc(slices.Clone(everything), func(p string) bool { return strings.HasPrefix(p, short) })
		assert.ElementsMatch(t, want, all(name), name)
	}
	r := newRig(t, nil)
	for _, name := range Names() {
		r.off[name] = true
	}
	b := r.newBatch()
	b.account(full())
	b.apis(full(), 0)
	assert.Zero(t, b.md.ResourceMetrics().Len(), "no resource without a metric")
}

// What is not known has no points: limits that were not read, stages that were not crawled.
func TestWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	b := r.newBatch()
	s := &inventory.Snapshot{APIs: []model.API{{ID: "r1", Type: model.REST}}, Parts: map[string]inventory.Parts{"r1": {"api": {Counts: map[string]int{"aws.api_gateway.api": 1}}}}}
	b.account(s)
	b.apis(s, 0)
	assert.Equal(t, []string{"resources{kind=api} 1 @ /account"}, points(t, b.md))
}

// Many stages leave in batches, each with all of its resources' points; what belongs to the account comes once.
func TestBatches(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	const apis = 1500
	for i := range apis {
		r.account.answers[model.GetRestAPIs] = append(r.account.answers[model.GetRestAPIs], fmt.Sprintf(`{"id": "r%04d", "name": "n%d"}`, i, i))
	}
	r.account.answers[model.GetRestStages] = []string{`{"stageName": "prod"}`}
	r.crawl()
	r.report(context.Background())
	require.Greater(t, len(r.sink.batches), 2)
	for _, md := range r.sink.batches {
		assert.LessOrEqual(t, md.DataPointCount(), maxPoints+100)
	}
	got := r.measured()
	const each = 3 + 4 // stages, models and validators; what is dark
	assert.Len(t, got, apis*each+1)
	assert.Len(t, slices.Compact(got), apis*each+1, "each once")
}

// An account with more limits than a batch has points is reported, too, and its APIs once.
func TestBatchOfALargeAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for i := range maxPoints {
		r.account.answers[model.GetUsagePlans] = append(r.account.answers[model.GetUsagePlans], fmt.Sprintf(`{"id": "p%d", "throttle": {"rateLimit": 1, "burstLimit": 1}}`, i))
	}
	r.account.answers[model.GetRestAPIs] = []string{`{"id": "r1", "name": "orders"}`}
	r.account.answers[model.GetRestStages] = []string{`{"stageName": "prod"}`}
	r.crawl()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r.report(ctx)
	require.NoError(t, ctx.Err())
	assert.Len(t, r.measured(), 2*maxPoints+2+3+4)
}

// The first report comes when a crawl has found something; the next ones with each interval; none after the end.
func TestRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.account.answers[model.GetAccount] = []string{`{"throttleSettings": {"rateLimit": 10000, "burstLimit": 5000}}`}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	reports := 0
	r.account.onSleep = func(context.Context, time.Duration) error {
		reports++
		if reports == 4 {
			cancel()
		}
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	r.crawl()
	<-done
	assert.Equal(t, []time.Duration{10 * time.Second, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute}, r.account.slept)
	assert.Len(t, r.sink.batches, 3)

	ended, end := context.WithCancel(context.Background())
	end()
	newRig(t, nil).Run(ended) // without a snapshot
}

// The catalogue is one of OpenTelemetry's: names, units, what they stand on.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	assert.Len(t, Names(), len(Catalogue))
	for _, d := range Catalogue {
		assert.True(t, strings.HasPrefix(d.Name, "aws.api_gateway."), d.Name)
		assert.NotEmpty(t, d.Unit, d.Name)
		assert.True(t, strings.HasSuffix(d.Description, "."), d.Name)
		assert.NotEmpty(t, d.On, d.Name)
		assert.True(t, Known(d.Name))
	}
	assert.False(t, Known("aws.api_gateway.requests"))
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(Names()))), len(Catalogue))
}
