package awsapigatewayreceiver

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// A tenth of the largest account: 60 REST APIs of 10 stages, 30 HTTP APIs, 50 routes each.
const (
	largeREST, largeHTTP = 60, 30
	largeStages          = 10
	largeRoutes          = 50
	// sharedReads are the lists of what belongs to no API, and both lists of APIs.
	sharedReads = 9
)

// mostWithin is the largest number of calls within any window.
func mostWithin(calls []awssim.Call, window time.Duration) int {
	most, from := 0, 0
	for to := range calls {
		for calls[to].At.Sub(calls[from].At) > window {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// A large inventory is crawled within the budget, and only once: an unchanged crawl lists, and asks each API for its stages. The interval that this
// makes is reported.
func TestLargeInventoryStaysWithinItsBudget(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, 60, func(time.Time) *awssim.World {
			return awssim.InventoryWorld(largeREST, largeHTTP, largeStages, largeRoutes)
		}, nil)
		r.edit = func(c *Config) { c.Alarms.Enabled = false } // else the defaults: 2 requests a second
		r.telemetry = componenttest.NewTelemetry()
		stop := r.start()
		defer stop()
		// The first crawl: stages, and the detail of each API. HTTP APIs have no validators; a deployment that runs is summarized once.
		require.Eventually(t, func() bool {
			return r.sim.Count("GetRequestValidators") == largeREST && r.sim.Count("GetModelsV2") == largeHTTP
		}, time.Minute, 10*time.Millisecond)
		r.until(r.now().Add(30 * time.Second))
		calls := r.sim.Calls()
		running := map[string]bool{}
		for _, res := range r.world.Resources(testAccount, testRegion, r.now()) {
			for _, l := range res.Links {
				if res.Kind == awssim.KindStage && l.Kind == awssim.KindDeployment && res.API[:4] == "rest" {
					running[res.API+l.To] = true
				}
			}
		}
		// Lists of more than a page: routes and integrations of v2, at 100 a page, and REST resources, at 500, are one.
		assert.Len(t, calls, 1+sharedReads+largeREST*(1+5)+len(running)+largeHTTP*(1+5), "and GetCallerIdentity")
		assert.LessOrEqual(t, mostWithin(calls, 10*time.Second), 20+20+2, "a burst of 20, and two a second")
		var resources []awssim.Call
		for _, c := range calls {
			if c.Operation == "GetResources" {
				resources = append(resources, c)
			}
		}
		assert.LessOrEqual(t, mostWithin(resources, 10*time.Second), 2+13+1, "half of AWS's own limit for GetResources")

		// Then nothing changes.
		r.sim.ResetCalls()
		require.Eventually(t, func() bool {
			return r.sim.Count("GetStages") == 2*largeREST && r.sim.Count("GetStagesV2") == 2*largeHTTP
		}, time.Minute, 10*time.Millisecond)
		calls = r.sim.Calls()
		assert.InDelta(t, 2*(sharedReads+largeREST+largeHTTP), len(calls), 1)
		for _, c := range calls {
			assert.NotContains(t, []string{"GetResources", "GetRoutes", "GetIntegrations", "GetAuthorizers", "GetDeployments", "GetDeployment"}, c.Operation)
		}
		r.until(r.now().Add(30 * time.Second))
		interval, err := r.telemetry.GetMetric("otelcol_receiver_awsapigateway_inventory_interval")
		require.NoError(t, err)
		var began, ended time.Time // of the newest crawl
		for _, c := range r.sim.Calls() {
			if c.Operation == "GetRestApis" {
				began = c.At
			}
			ended = c.At
		}
		assert.GreaterOrEqual(t, ended.Sub(began).Seconds(), float64(sharedReads+largeREST+largeHTTP-20)/2-1, "at two a second")
		assert.InDelta(t, 300+ended.Sub(began).Seconds(), gaugeValue(t, interval), 10, "seconds")
		stop()
		require.NoError(t, r.telemetry.Shutdown(t.Context()))
	})
}

// The default report intervals make as many records an hour as there are APIs, stages and the like, and a 24th of the rest, spread over the hour.
func TestReportsAreSpread(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, 900, func(time.Time) *awssim.World {
			return awssim.InventoryWorld(largeREST, largeHTTP, largeStages, largeRoutes)
		}, nil)
		stop := r.start()
		want := len(worldEntities(r.world, testAccount, testRegion, r.now()))
		require.Eventually(t, func() bool { return len(r.entities.states()) == want }, 2*time.Minute, 500*time.Millisecond)
		const hours = 3
		r.until(r.now().Add(time.Minute)) // what was read last is out
		from := r.now()
		r.until(from.Add(hours * time.Hour))
		stop()
		hourly, daily := 0, 0
		for _, rec := range r.entities.states() {
			if rec.Attributes["entity.report.interval"] == int64(3600) {
				hourly++
			} else {
				daily++
			}
		}
		records, minutes := 0, map[int]int{}
		for _, rec := range r.entities.taken(0) {
			if at := rec.At.Sub(from); at >= 0 && at < hours*time.Hour {
				records++
				minutes[int(at/(10*time.Minute))]++
			}
		}
		expected := hours * (hourly + daily/24)
		t.Logf("%d entities, %d hourly and %d daily: %d records in %d hours, %d expected; by ten minutes %v", want, hourly, daily, records, hours, expected, minutes)
		assert.InDelta(t, expected, records, float64(expected)/5)
		for _, n := range minutes {
			assert.Less(t, n, expected/3, "records in ten minutes")
		}
		assert.Len(t, minutes, hours*6)
		assert.LessOrEqual(t, r.entities.largest, 1000)
	})
}

// A crash loop crawls the lists once an interval, like a collector that runs, and reads no detail again.
func TestCrashLoopIsPolite(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, 600, func(time.Time) *awssim.World { return awssim.InventoryWorld(10, 5, 2, 5) }, nil)
		r.edit = func(c *Config) { c.Inventory.RequestsPerSecond = 10 }
		r.dir = t.TempDir()
		stop := r.start()
		require.Eventually(t, func() bool { return r.sim.Count("GetRequestValidators") == 10 && r.sim.Count("GetModelsV2") == 5 }, 10*time.Second, time.Millisecond)
		r.until(r.now().Add(time.Minute))
		stop()
		r.sim.ResetCalls()
		from := r.now()
		starts := 0
		for r.now().Sub(from) < 30*time.Minute {
			stop = r.start()
			r.until(r.now().Add(20 * time.Second))
			stop()
			starts++
		}
		intervals := int(r.now().Sub(from)/(5*time.Minute)) + 1
		assert.Greater(t, starts, 2*intervals, "the loop is faster than the interval")
		assert.LessOrEqual(t, r.sim.Count("GetRestApis"), intervals)
		assert.LessOrEqual(t, r.sim.Count("GetStages"), 10*intervals)
		for _, operation := range []string{"GetResources", "GetRoutes", "GetDeployments", "GetDeployment", "GetModels"} {
			assert.Zero(t, r.sim.Count(operation), operation)
		}
		assert.Positive(t, r.sim.Count("GetRestApis"))
	})
}

func gaugeValue(t *testing.T, m metricdata.Metrics) float64 {
	t.Helper()
	points := m.Data.(metricdata.Gauge[float64]).DataPoints
	require.Len(t, points, 1)
	return points[0].Value
}

// APIs with recent traffic are crawled first.
func TestActiveAPIsComeFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRigAt(t, 60, func(epoch time.Time) *awssim.World {
			w := awssim.InventoryWorld(30, 0, 1, 2)
			for i, a := range w.Accounts[0].Regions[0].APIs {
				if i >= 27 {
					a.Stages[0].Traffic = busy(epoch.Add(-30*time.Minute), epoch.Add(time.Hour), 30)
				}
			}
			return w
		}, nil)
		r.entities = &entitySink{}
		stop := r.start()
		defer stop()
		routes := func() []string {
			var apis []string
			for _, rec := range r.entities.taken(0) {
				if id := fmt.Sprint(rec.ID["aws.api_gateway.api_id"]); rec.Type == "aws.api_gateway.route" && !slices.Contains(apis, id) {
					apis = append(apis, id)
				}
			}
			return apis
		}
		require.Eventually(t, func() bool { return len(routes()) >= 3 }, 20*time.Second, 10*time.Millisecond)
		stop()
		assert.Equal(t, []string{"rest000027", "rest000028", "rest000029"}, routes()[:3])
	})
}
