package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	xentity "go.opentelemetry.io/collector/pdata/xpdata/entity"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// keptLogs keeps what comes as it is.
type keptLogs struct {
	consumertest.LogsSink
}

// run runs a receiver in both pipelines over the demonstration's changes, and returns what came out.
func runBoth(t *testing.T, edit func(*Config)) (*rig, []plog.Logs, []pmetric.Metrics) {
	t.Helper()
	// The changes come when everything was read, however busy the machine.
	r := newRigAt(t, 150, func(epoch time.Time) *awssim.World { return awssim.DemoWorld(epoch.Add(15 * time.Minute)) }, nil)
	r.edit = func(c *Config) {
		c.Inventory.Interval, c.Inventory.RequestsPerSecond, c.Inventory.ReportInterval = time.Minute, 10, 5*time.Minute
		c.Metrics.CollectionInterval = time.Minute
		c.Tags = []string{"team"}
		c.Alarms.Enabled = false // their records are no events of entities
		edit(c)
	}
	config := r.config()
	require.NoError(t, config.Validate())
	logs, metrics := &keptLogs{}, &consumertest.MetricsSink{}
	set := receiverSettings()
	host := &testHost{}
	signals := []*signalReceiver{
		metricsReceiver(set, config, metrics, r.clock),
		newSignal(set, config, r.clock, signalLogs, func(g *gatewayReceiver) { g.logs = logs }),
	}
	r.connect(signals...)
	for _, s := range signals {
		require.NoError(t, s.Start(context.Background(), host))
	}
	r.until(r.epoch.Add(30 * time.Minute))
	for _, s := range signals {
		require.NoError(t, s.Shutdown(context.Background()))
	}
	return r, logs.AllLogs(), metrics.AllMetrics()
}

// valueTypes are the types of attribute values in the specification's table of entity events, and in the older form.
var valueTypes = map[string]map[string]pcommon.ValueType{
	"entity.state": {
		"entity.type": pcommon.ValueTypeStr, "entity.id": pcommon.ValueTypeMap, "entity.description": pcommon.ValueTypeMap,
		"entity.relationships": pcommon.ValueTypeSlice, "entity.report.interval": pcommon.ValueTypeInt,
	},
	"entity.delete": {"entity.type": pcommon.ValueTypeStr, "entity.id": pcommon.ValueTypeMap},
	"entity_state": {
		"otel.entity.event.type": pcommon.ValueTypeStr, "otel.entity.type": pcommon.ValueTypeStr, "otel.entity.id": pcommon.ValueTypeMap,
		"otel.entity.attributes": pcommon.ValueTypeMap, "otel.entity.interval": pcommon.ValueTypeInt,
	},
	"entity_delete": {"otel.entity.event.type": pcommon.ValueTypeStr, "otel.entity.type": pcommon.ValueTypeStr, "otel.entity.id": pcommon.ValueTypeMap},
}

func checkStrings(t *testing.T, m pcommon.Map, what string) {
	assert.Positive(t, m.Len(), what)
	for k, v := range m.All() {
		assert.Equal(t, pcommon.ValueTypeStr, v.Type(), "%s: %s", what, k)
		assert.NotEmpty(t, v.Str(), "%s: %s", what, k)
	}
}

// Both forms are those of their specification, down to the types of values; and none is none.
func TestEntityEventForms(t *testing.T) {
	racetest.Skip(t)
	for _, form := range []string{inventory.EventsSpecification, inventory.EventsLegacy, inventory.EventsNone} {
		t.Run(form, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				_, logs, _ := runBoth(t, func(c *Config) { c.Inventory.EntityEvents = form })
				seen := map[string]int{}
				for _, ld := range logs {
					for _, rl := range ld.ResourceLogs().All() {
						for _, sl := range rl.ScopeLogs().All() {
							flag, isEntity := sl.Scope().Attributes().Get("otel.entity.event_as_log")
							for _, rec := range sl.LogRecords().All() {
								kind := rec.EventName()
								if !isEntity {
									assert.True(t, strings.HasPrefix(kind, "aws.api_gateway."), kind)
									seen[kind]++
									continue
								}
								assert.True(t, flag.Bool())
								assert.Equal(t, map[string]any{"cloud.provider": "aws", "cloud.account.id": testAccount, "cloud.region": testRegion}, rl.Resource().Attributes().AsRaw())
								if form == inventory.EventsLegacy {
									assert.Empty(t, rec.EventName())
									v, _ := rec.Attributes().Get("otel.entity.event.type")
									kind = v.Str()
								}
								seen[kind]++
								types, known := valueTypes[kind]
								require.True(t, known, kind)
								assert.Equal(t, pcommon.ValueTypeEmpty, rec.Body().Type())
								assert.NotZero(t, rec.Timestamp())
								for k, v := range rec.Attributes().All() {
									assert.Equal(t, types[k], v.Type(), "%s of %s", k, kind)
									switch k {
									case "entity.id", "otel.entity.id":
										checkStrings(t, v.Map(), k)
									case "entity.relationships":
										for _, e := range v.Slice().All() {
											checkRelation(t, e)
										}
									case "entity.report.interval":
										assert.Contains(t, []int64{300, 86400}, v.Int())
									case "otel.entity.interval":
										assert.Contains(t, []int64{300_000, 86_400_000}, v.Int())
									}
								}
							}
						}
					}
				}
				switch form {
				case inventory.EventsSpecification:
					assert.Positive(t, seen["entity.state"]*seen["entity.delete"], seen)
				case inventory.EventsLegacy:
					assert.Positive(t, seen["entity_state"]*seen["entity_delete"], seen)
				default:
					assert.Zero(t, seen["entity.state"]+seen["entity.delete"]+seen["entity_state"]+seen["entity_delete"])
				}
				for _, event := range []string{"deployment", "canary", "throttle"} {
					assert.Positive(t, seen["aws.api_gateway."+event], event)
				}
			})
		})
	}
}

func checkRelation(t *testing.T, e pcommon.Value) {
	require.Equal(t, pcommon.ValueTypeMap, e.Type())
	for k, want := range map[string]pcommon.ValueType{"relationship.type": pcommon.ValueTypeStr, "entity.type": pcommon.ValueTypeStr, "entity.id": pcommon.ValueTypeMap} {
		v, ok := e.Map().Get(k)
		require.True(t, ok, k)
		assert.Equal(t, want, v.Type(), k)
		if k == "entity.id" {
			checkStrings(t, v.Map(), k)
		}
	}
	assert.Equal(t, 3, e.Map().Len())
}

// The metrics, the change events and the entity of one stage have the same resource attributes and references, byte for byte, and the references
// lead to the ids of the entity events.
func TestSignalsCarryOneIdentity(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		_, logs, metrics := runBoth(t, func(*Config) {})
		resources := map[string]map[string][]string{} // by instance, the forms by signal
		add := func(signal string, res pcommon.Resource) {
			instance, ok := res.Attributes().Get("service.instance.id")
			if _, stage := res.Attributes().Get("aws.api_gateway.stage"); !ok || !stage {
				return
			}
			var b strings.Builder
			for k, v := range res.Attributes().All() {
				fmt.Fprintf(&b, "%s=%s\n", k, v.AsString())
			}
			for _, ref := range xentity.ResourceEntityRefs(res).All() {
				fmt.Fprintf(&b, "%s", ref.Type())
				for _, k := range ref.IdKeys().All() {
					v, found := res.Attributes().Get(k)
					assert.True(t, found, k)
					fmt.Fprintf(&b, " %s=%s", k, v.Str())
				}
				fmt.Fprintln(&b)
			}
			form := b.String()
			if resources[instance.Str()] == nil {
				resources[instance.Str()] = map[string][]string{}
			}
			if !slices.Contains(resources[instance.Str()][signal], form) {
				resources[instance.Str()][signal] = append(resources[instance.Str()][signal], form)
			}
		}
		entities := map[string]bool{}
		for _, ld := range logs {
			for _, rl := range ld.ResourceLogs().All() {
				add("logs", rl.Resource())
				for _, rec := range rl.ScopeLogs().At(0).LogRecords().All() {
					if id, ok := rec.Attributes().Get("entity.id"); ok {
						kind, _ := rec.Attributes().Get("entity.type")
						keys := []string{kind.Str()}
						for k, v := range id.Map().All() {
							keys = append(keys, k+"="+v.Str())
						}
						slices.Sort(keys[1:])
						entities[strings.Join(keys, " ")] = true
					}
				}
			}
		}
		for _, md := range metrics {
			for _, rm := range md.ResourceMetrics().All() {
				signal := "metrics"
				if name := rm.ScopeMetrics().At(0).Metrics().At(0).Name(); strings.Contains(name, "stage.telemetry") || strings.Contains(name, "throttle") {
					signal = "limits"
				}
				add(signal, rm.Resource())
			}
		}
		both := 0
		for instance, signals := range resources {
			var forms []string
			for _, f := range signals {
				forms = append(forms, f...)
			}
			slices.Sort(forms)
			assert.Len(t, slices.Compact(forms), 1, "forms of %s: %v", instance, signals)
			if len(signals) == 3 {
				both++
			}
			for _, line := range strings.Split(forms[0], "\n") {
				kind, keys, isRef := strings.Cut(line, " ")
				if isRef && strings.HasPrefix(kind, "aws.api_gateway.") && !strings.Contains(kind, "=") {
					parts := strings.Split(keys, " ")
					slices.Sort(parts)
					assert.True(t, entities[kind+" "+strings.Join(parts, " ")], "no entity event for %s", line)
				}
			}
		}
		assert.GreaterOrEqual(t, both, 2, "stages with metrics, limits and events")
	})
}

// A consumer of entities that blocks stops neither the metrics nor the crawl, and gets the latest state of everything when it takes again.
func TestBlockedEntitiesStopNothingElse(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newRigAt(t, 150, func(epoch time.Time) *awssim.World { return awssim.DemoWorld(epoch.Add(10 * time.Minute)) }, nil)
		r.entities = &entitySink{}
		blocked := make(chan struct{})
		var waiting atomic.Bool
		r.entities.refuse = func() error {
			if r.now().Before(r.epoch.Add(3 * time.Minute)) {
				return errRefused // first it refuses, then it blocks
			}
			waiting.Store(true)
			<-blocked
			return nil
		}
		r.edit = func(c *Config) {
			c.Inventory.Interval, c.Inventory.FullInterval, c.Inventory.RequestsPerSecond = time.Minute, 2*time.Minute, 10
			c.Inventory.APIKeys.Enabled = true
			c.Metrics.CollectionInterval = time.Minute
		}
		stop := r.start()
		require.Eventually(t, waiting.Load, 30*time.Second, time.Millisecond)
		before := r.sim.Count("GetRestApis")
		require.Eventually(t, func() bool {
			r.sink.mu.Lock()
			defer r.sink.mu.Unlock()
			return r.sink.batches > 3 && r.sim.Count("GetRestApis") > before+2
		}, 30*time.Second, 10*time.Millisecond, "metrics flow, and crawls go on")
		r.until(r.epoch.Add(30 * time.Minute))
		close(blocked)
		r.settle()
		r.until(r.now().Add(10 * time.Minute))
		stop()
		compareEntities(t, r.entities, r.world, testAccount, testRegion, r.now())
		events := map[string]int{}
		for _, rec := range r.entities.taken(0) {
			if rec.Type == "" {
				events[rec.Event]++
			}
		}
		assert.Positive(t, events["aws.api_gateway.deployment"], "changes are not lost: %v", events)
	})
}
