package awsapigatewayreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventorymetrics"
)

// changesAfter is when the demonstration's changes begin, in these tests: when everything was read, however busy the machine.
const changesAfter = 15 * time.Minute

func laterDemo(epoch time.Time) *awssim.World { return awssim.DemoWorld(epoch.Add(changesAfter)) }

// changes are the events that are no entity events, each as "event api/stage +minutes attributes".
func (r *rig) changes(from int) []string {
	var out []string
	for _, rec := range r.entities.taken(from) {
		if rec.Type != "" {
			continue
		}
		var attrs []string
		for k, v := range rec.Attributes {
			attrs = append(attrs, fmt.Sprintf("%s=%v", strings.TrimPrefix(k, prefix), v))
		}
		slices.Sort(attrs)
		out = append(out, fmt.Sprintf("%s %v/%v +%v %s", strings.TrimPrefix(rec.Event, prefix), rec.Resource["aws.api_gateway.api_id"], rec.Resource["aws.api_gateway.stage"],
			rec.At.Sub(r.epoch.Add(changesAfter)).Round(time.Minute), strings.Join(attrs, " ")))
	}
	slices.Sort(out)
	return out
}

// Deployments, rollbacks, canaries and changed limits are events on the stage that they happened to, at the time that AWS says.
func TestChangesAreEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, 150, laterDemo, nil)
		r.edit = func(c *Config) { c.Inventory.Interval, c.Inventory.RequestsPerSecond = time.Minute, 10 }
		stop := r.start()
		r.until(r.epoch.Add(changesAfter + 15*time.Minute))
		stop()
		got := r.changes(0)
		for _, want := range []string{
			"deployment a1orders00/prod +2m0s deployment.previous_id=ord002 deployment_id=ord003",
			"deployment a1orders00/prod +5m0s deployment.previous_id=ord003 deployment.rollback=true deployment_id=ord002",
			"canary a2catalog0/live +3m0s canary.change=started canary.deployment_id=cat003 canary.percent=10",
			"canary a2catalog0/live +8m0s canary.change=promoted canary.previous_deployment_id=cat003 canary.previous_percent=10",
			"deployment a2catalog0/live +8m0s deployment.previous_id=cat002 deployment_id=cat003",
		} {
			assert.Contains(t, got, want)
		}
		throttles := strings.Join(got, "\n")
		assert.Contains(t, throttles, "throttle a3payments/$default +4m0s ")
		assert.Contains(t, throttles, "quota.limit=8000 quota.period=DAY")
		assert.NotContains(t, throttles, "observed_late")
	})
}

// What happened while the collector was down is said when it is back, once, and that it is late.
func TestChangesWhileDownAreLate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, 150, laterDemo, nil)
		r.edit = func(c *Config) {
			c.Inventory.Interval, c.Inventory.RequestsPerSecond, c.Inventory.APIKeys.Enabled = time.Minute, 10, true
		}
		r.dir = t.TempDir()
		stop := r.start()
		r.settle()
		stop()
		require.True(t, r.now().Before(r.epoch.Add(changesAfter)), "the machine is too slow for this test")
		from := r.entities.len()
		r.jump(r.epoch.Add(changesAfter + 30*time.Minute))
		for range 2 {
			stop = r.start()
			r.until(r.now().Add(10 * time.Minute))
			stop()
		}
		got := r.changes(from)
		assert.Contains(t, got, "deployment a2catalog0/live +10m0s deployment.previous_id=cat002 deployment_id=cat003 observed_late=true")
		for _, line := range got {
			assert.Contains(t, line, "observed_late=true")
		}
		assert.Equal(t, slices.Compact(slices.Clone(got)), got, "each once")
	})
}

// What the inventory knows of limits and usage comes out as metrics, with the world's values.
func TestInventoryMetricsEqualTheWorld(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newRigAt(t, 150, func(epoch time.Time) *awssim.World { return awssim.DemoWorld(epoch.Add(-time.Hour)) }, nil)
		r.edit = func(c *Config) {
			c.Inventory.Interval, c.Inventory.RequestsPerSecond = time.Minute, 10
			c.Inventory.Usage = inventory.UsageConfig{Enabled: true, Interval: 5 * time.Minute, By: inventory.UsageByKey, MaxKeys: 10}
		}
		stop := r.start()
		r.until(r.epoch.Add(30 * time.Minute))
		stop()
		names, values := map[string]bool{}, map[string]float64{}
		for _, md := range r.sink.limits {
			for _, rm := range md.ResourceMetrics().All() {
				for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
					names[m.Name()] = true
					points := m.Gauge().DataPoints
					if m.Type() == pmetric.MetricTypeSum {
						points = m.Sum().DataPoints
					}
					for _, p := range points().All() {
						key := fmt.Sprintf("%s %s/%s %s", strings.TrimPrefix(m.Name(), prefix), str(rm.Resource(), "aws.api_gateway.api_id"), str(rm.Resource(), "aws.api_gateway.stage"), attributeString(p.Attributes()))
						values[key] = p.DoubleValue()
						if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
							values[key] = float64(p.IntValue())
						}
					}
				}
			}
		}
		for _, name := range inventorymetrics.Names() {
			if name != "aws.api_gateway.canary.traffic" { // the demonstration's is promoted by now
				assert.True(t, names[name], name)
			}
		}
		kinds := map[string]map[string]int{"": {}} // by API
		for _, res := range r.world.Resources(testAccount, testRegion, r.now()) {
			if kinds[res.API] == nil {
				kinds[res.API] = map[string]int{}
			}
			kinds[res.API][res.Kind]++
		}
		for api, byKind := range kinds {
			for kind, n := range byKind {
				key := fmt.Sprintf("resources %s/ kind=%s;", api, kind)
				switch kind {
				case "account", "api_mapping", "base_path_mapping", "routing_rule", "usage_plan_key", "domain_name_access_association", "api_key", "deployment":
				case "domain_name":
					assert.InDelta(t, n, values[key], 1, key) // one is another account's
				default:
					assert.InDelta(t, n, values[key], 0, key)
				}
			}
		}
		assert.InDelta(t, 8000, values["usage_plan.quota.limit / aws.api_gateway.quota.period=DAY;aws.api_gateway.usage_plan_id=plnbrz;"], 0, "%v", keysWith(values, "quota.limit"))
		assert.Positive(t, values["stage.telemetry a1orders00/prod source=access_logs;state=on;"], "%v", keysWith(values, "a1orders00/prod"))
		assert.NotEmpty(t, keysWith(values, "usage_plan.requests"))
	})
}

func keysWith(values map[string]float64, part string) []string {
	var out []string
	for k, v := range values {
		if strings.Contains(k, part) {
			out = append(out, fmt.Sprint(k, v))
		}
	}
	slices.Sort(out)
	return out
}

// Accounts of two partitions work in one process, each with credentials of its own, and with the names of its partition.
func TestPartitions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, inventorySpeed, func(epoch time.Time) *awssim.World {
			w := awssim.DemoWorld(epoch.Add(-time.Hour))
			china := awssim.DemoWorld(epoch.Add(-time.Hour)).Accounts[0]
			china.ID, china.Partition = "222233334444", "aws-cn"
			china.Regions[0].Name = "cn-north-1"
			china.Regions = china.Regions[:1]
			w.Accounts = append(w.Accounts, china)
			return w
		}, nil)
		edit := r.edit
		r.edit = func(c *Config) {
			edit(c)
			c.Regions = nil
			c.Accounts = []aws.Account{{Name: "own", Regions: []string{testRegion}}, {Name: "china", Profile: "china", Regions: []string{"cn-north-1"}}}
		}
		stop := r.start()
		r.settle([2]string{testAccount, testRegion}, [2]string{"222233334444", "cn-north-1"})
		stop()
		for account, region := range map[string]string{testAccount: testRegion, "222233334444": "cn-north-1"} {
			compareEntities(t, r.entities, r.world, account, region, r.now())
		}
		for _, rec := range r.entities.states() {
			arn, _ := rec.description("cloud.resource_id").(string)
			url, _ := rec.description("aws.api_gateway.invoke_url").(string)
			if rec.ID["cloud.region"] == "cn-north-1" {
				assert.True(t, strings.HasPrefix(arn, "arn:aws-cn:apigateway:cn-north-1:") || rec.Type == "aws.api_gateway.integration", rec.String())
				assert.True(t, url == "" || strings.Contains(url, ".cn-north-1.amazonaws.com.cn"), url)
			} else {
				assert.NotContains(t, arn, "aws-cn")
			}
		}
	})
}
