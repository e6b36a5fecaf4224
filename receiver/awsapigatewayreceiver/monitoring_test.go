package awsapigatewayreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
)

// The incident of monitoredWorld, after its epoch.
const (
	incidentBegins = 40 * time.Minute
	incidentEnds   = 55 * time.Minute
	monitored      = 200 * time.Minute
)

// monitoredWorld has an incident at a stage of each type of API, and beside each a stage that stays well. It has something of all that dashboards show.
func monitoredWorld(epoch time.Time) *awssim.World {
	well := awssim.Traffic{PerMinute: 60, Error4xx: 0.01, LatencyMS: 400}
	ill := well
	const rarely = 100 * 24 * time.Hour
	ill.Incident = awssim.Incident{
		Every: rarely, For: incidentEnds - incidentBegins, Error5xx: 0.3, LatencyFactor: 9,
		Offset: time.Duration(epoch.Add(incidentBegins).UnixNano() % int64(rarely)),
	}
	old := epoch.Add(-300 * 24 * time.Hour)
	rest := &awssim.Stage{
		Name: "ill", Traffic: ill, Cache: true, CanaryPercent: 50, DetailedSince: old,
		Methods: map[string]awssim.MethodSettings{"*/*": {Metrics: true, Throttle: &awssim.Throttle{Rate: 200, Burst: 100}}},
	}
	world := region(
		&awssim.API{ID: "rest000000", Name: "orders", Created: old, Stages: []*awssim.Stage{rest, {Name: "well", Traffic: well}}},
		&awssim.API{
			ID: "http000000", Name: "payments", Type: awssim.TypeHTTP, Created: old,
			Stages: []*awssim.Stage{{Name: "ill", Traffic: ill}, {Name: "well", Traffic: well}},
		},
		&awssim.API{
			ID: "socket0000", Name: "chat", Type: awssim.TypeWebSocket, Created: old,
			Stages: []*awssim.Stage{{Name: "ill", Traffic: ill, DetailedSince: old}, {Name: "well", Traffic: well}},
		},
		// A request every twenty minutes, all of which fail: too few to tell.
		&awssim.API{
			ID: "quiet00000", Name: "quiet", Created: old,
			Stages: []*awssim.Stage{{Name: "prod", Traffic: awssim.Traffic{PerMinute: 0.05, Error5xx: 1}}},
		},
	)
	r := world.Accounts[0].Regions[0]
	r.APIKeys = []*awssim.APIKey{{ID: "key0000000", Name: "acme", Created: old}}
	r.UsagePlans = []*awssim.UsagePlan{{
		ID: "plan00", Name: "gold", Created: old, Quota: &awssim.Quota{Limit: 1_000_000, Period: "MONTH"},
		Stages: []awssim.PlanStage{{API: "rest000000", Stage: "well"}}, Keys: []*awssim.PlanKey{{KeyID: "key0000000", PerDay: 1000}},
	}}
	r.Alarms = []*awssim.Alarm{
		{Name: "orders-ill-5xx", Metric: "5XXError", Dimensions: []string{"ApiName", "orders", "Stage", "ill"}, Incident: ill.Incident, Lag: 90 * time.Second},
		{Name: "orders-well-5xx", Metric: "5XXError", Dimensions: []string{"ApiName", "orders", "Stage", "well"}},
	}
	r.ClientCertificates = []*awssim.ClientCertificate{{ID: "cert00", Created: old, Expires: epoch.Add(200 * 24 * time.Hour)}}
	return world
}

// firing is an alert that fires at a minute, as monitoring/ruletest says it.
type firing struct {
	At     int64             `json:"at"`
	Alert  string            `json:"alert"`
	Labels map[string]string `json:"labels"`
}

func (f *firing) stage() string {
	return f.Labels["aws_api_gateway_api_name"] + "/" + f.Labels["aws_api_gateway_stage"]
}

// TestAlertsFireOnAnIncident runs the receiver through an incident, hands everything through the built collector to where Prometheus would be, and
// evaluates the rules in each minute by what had arrived by then. The dashboards' queries are asked of the same data.
//
// The collector is a process, so it comes after the receiver's bubble.
func TestAlertsFireOnAnIncident(t *testing.T) {
	racetest.Skip(t)
	for _, c := range []struct {
		rules string
		every time.Duration // requests, errors and messages
		soon  time.Duration // how long after its begin an incident is told at the latest
	}{
		{"rules.yaml", 5 * time.Minute, 14 * time.Minute},
		{"rules-1m.yaml", time.Minute, 8 * time.Minute},
	} {
		t.Run(c.rules, func(t *testing.T) {
			epoch, delivered := throughAnIncident(t, c.every)
			p := newPrometheusRig(t)
			p.send(delivered)
			var fired []firing
			p.ruletest(&fired, "replay", "-recording", p.file.Name(), "-from", millis(epoch.Add(5*time.Minute)), "-to", millis(epoch.Add(monitored)),
				"../prometheus/"+c.rules)
			assertIncident(t, epoch, fired, c.soon)
			p.assertPanels(epoch)
		})
	}
}

// throughAnIncident runs the receiver, and scrapes its internal metrics, until the incident is long over.
func throughAnIncident(t *testing.T, every time.Duration) (epoch time.Time, delivered []delivery) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		r := newRig(t, monitoredWorld, nil)
		r.sink, r.telemetry = nil, componenttest.NewTelemetry()
		r.edit = func(c *Config) {
			c.Metrics.Levels = []string{"stage", "route"}
			c.Metrics.HistogramBuckets = []float64{0.1, 0.5, 1, 2.5}
			c.Inventory.Usage.Enabled = true
			c.Metrics.Metrics = map[string]metrics.MetricConfig{}
			for _, name := range []string{"aws.api_gateway.requests", "aws.api_gateway.errors", "aws.api_gateway.websocket.messages"} {
				c.Metrics.Metrics[name] = metrics.MetricConfig{CollectionInterval: every}
			}
		}
		d := &deliveries{now: r.now}
		stop, err := r.tryStart(d)
		require.NoError(t, err)
		d.scrape(r, r.epoch.Add(monitored))
		stop()
		epoch, delivered = r.epoch, d.all
	})
	return epoch, delivered
}

// assertPanels asserts that each query of the dashboards of APIs returns something, for one API or another, and that those of the collector, which
// show much only when it goes wrong, can be evaluated.
func (p *prometheusRig) assertPanels(epoch time.Time) {
	series := map[string]int{}
	for _, api := range []string{"orders", "payments", "chat"} {
		var answers []struct {
			File, Place, Expr string
			Series            int
		}
		p.ruletest(
			&answers, "query", "-recording", p.file.Name(), "-at", millis(epoch.Add(incidentEnds)), "-set", "api="+api, "-set", "stage=ill",
			"../grafana/apigateway-estate.json", "../grafana/apigateway-api.json", "../grafana/apigateway-stage.json", "../grafana/apigateway-collector.json",
		)
		for _, a := range answers {
			if !strings.Contains(a.File, "collector") && !strings.HasPrefix(a.Place, "annotation") {
				series[a.File+", "+a.Place+": "+a.Expr] += a.Series
			}
		}
	}
	assert.NotEmpty(p.t, series)
	for query, n := range series {
		assert.NotZero(p.t, n, query)
	}
}

func millis(t time.Time) string { return fmt.Sprint(t.UnixMilli()) }

// assertIncident asserts which alerts fired, and when.
func assertIncident(t *testing.T, epoch time.Time, fired []firing, soon time.Duration) {
	t.Helper()
	ill := []string{"orders/ill", "payments/ill", "chat/ill"}
	begins, ends := epoch.Add(incidentBegins), epoch.Add(incidentEnds)
	want := map[string][]string{
		"APIGatewayServerErrors": ill, "APIGatewayLatencyHigh": ill[:2], "APIGatewayIntegrationLatencyHigh": ill[1:],
		"APIGatewayErrorBudgetBurn1H": ill, "APIGatewayErrorBudgetBurn6H": ill, "APIGatewayErrorBudgetBurn1D": ill, "APIGatewayErrorBudgetBurn3D": ill,
		"APIGatewayCloudWatchAlarm": ill[:1],
	}
	// How long after its end an incident is in the shorter window of an alert, and how old the data are.
	last := map[string]time.Duration{
		"APIGatewayErrorBudgetBurn6H": 30 * time.Minute, "APIGatewayErrorBudgetBurn1D": 2 * time.Hour,
		"APIGatewayErrorBudgetBurn3D": 6 * time.Hour,
	}
	got := map[string][]string{}
	minutes := map[string][]int64{}
	for i := range fired {
		f := &fired[i]
		if !slices.Contains(got[f.Alert], f.stage()) {
			got[f.Alert] = append(got[f.Alert], f.stage())
		}
		name := f.Alert + " of " + f.stage() + f.Labels["aws_api_gateway_canary"] + f.Labels["error_type"]
		minutes[name] = append(minutes[name], f.At)
		at := time.UnixMilli(f.At)
		assert.True(t, at.After(begins), "%s %s before the incident", name, begins.Sub(at))
		assert.True(t, at.Before(ends.Add(max(last[f.Alert], 10*time.Minute)+9*time.Minute)), "%s %s after the incident", name, at.Sub(ends))
	}
	for alert, stages := range want {
		assert.ElementsMatch(t, stages, got[alert], alert)
		delete(got, alert)
	}
	assert.Empty(t, got, "alerts that nothing caused")
	for name, at := range minutes {
		latest := 16 * time.Minute
		if strings.HasPrefix(name, "APIGatewayServerErrors") {
			latest = soon
		}
		t.Log(name, "fires after", time.UnixMilli(at[0]).Sub(begins))
		assert.LessOrEqual(t, time.UnixMilli(at[0]).Sub(begins), latest, "%s fires late", name)
		for i := 1; i < len(at); i++ {
			assert.Equal(t, at[i-1]+time.Minute.Milliseconds(), at[i], "%s pauses", name)
		}
	}
}
