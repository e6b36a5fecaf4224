package awsapigatewayreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// No trace of an API or stage that is not wanted comes, whatever names are made of, and it costs no retrieval.
func TestTracesOfWhatIsNotWantedDoNotCome(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		edit   func(*Config)
		wanted func(api *awssim.API, stage *awssim.Stage) bool
	}{
		"one API by its name": {
			edit:   func(c *Config) { c.APIs.Include = []inventory.FilterItem{filterItem("name", "orders")} },
			wanted: func(api *awssim.API, _ *awssim.Stage) bool { return api.Name == "orders" },
		},
		"a name that no filter expression can quote": {
			edit:   func(c *Config) { c.APIs.Include = []inventory.FilterItem{filterItem("name", "Größe*")} },
			wanted: func(api *awssim.API, _ *awssim.Stage) bool { return strings.HasPrefix(api.Name, "Größe") },
		},
		"all but one": {
			edit:   func(c *Config) { c.APIs.Exclude = []inventory.FilterItem{filterItem("name", "Größe*")} },
			wanted: func(api *awssim.API, _ *awssim.Stage) bool { return api.Name == "orders" },
		},
		"all but a stage": {
			edit:   func(c *Config) { c.APIs.Exclude = []inventory.FilterItem{filterItem("stage", "te*")} },
			wanted: func(_ *awssim.API, stage *awssim.Stage) bool { return stage.Name != "test" },
		},
		"one stage": {
			edit:   func(c *Config) { c.APIs.Include = []inventory.FilterItem{filterItem("stage", "prod")} },
			wanted: func(_ *awssim.API, stage *awssim.Stage) bool { return stage.Name == "prod" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-15*time.Minute), epoch.Add(20*time.Minute)
					return tracedWorld(from, to, 5)
				}, func(c *awssim.Config) { c.Tracing = inPieces })
				r.edit = func(c *Config) {
					readTraces(c)
					set.edit(c)
				}
				r.measured()
				stop := r.start()
				defer stop()
				r.until(to)
				want := r.spanTruth(from, to, set.wanted)
				r.awaitSpans(want, to)
				stop()
				compareSpans(t, r.spans.taken(), want)
				assert.Zero(t, r.count("left_out_traces"), "what is not wanted is not left out")
				traces := map[string]bool{}
				for id := range want {
					traces[id.trace] = true
				}
				counts := r.sim.TraceCounts()[testAccount+"/"+testRegion]
				assert.LessOrEqual(t, counts.Retrieved, int64(2*len(traces)), "retrievals of %d traces", len(traces))
			})
		})
	}
}

// An API that comes while the receiver runs is traced from its beginning, and one that is deleted until its end.
func TestTracesOfAPIsThatComeAndGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to, gone time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(40*time.Minute)
			gone = epoch.Add(20 * time.Minute)
			w := tracedWorld(from, to, 4)
			apis := w.Accounts[0].Regions[0].APIs
			apis[0].Created, apis[1].Deleted = epoch.Add(15*time.Minute), gone
			return w
		}, func(c *awssim.Config) { c.Tracing = inPieces })
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.spanTruth(from, to, nil)
		r.awaitSpans(want, to)
		stop()
		got := r.spans.taken()
		assert.True(t, r.spans.has(want))
		// Spans from before the inventory knows an API have no route, and no type of endpoint: only what does not depend on it is compared.
		for id := range want {
			w, g := want[id], got[id]
			if g == nil {
				continue
			}
			if w.Attributes["aws.xray.origin"] == stageOrigin && g.Attributes["http.route"] == nil {
				delete(w.Attributes, "http.route")
				w.Name = g.Name
				want[id] = w
			}
			if g.Resource[prefix+"endpoint_type"] == nil {
				delete(w.Resource, prefix+"endpoint_type")
			}
		}
		compareSpans(t, got, want)
	})
}

// xrayCalls are the operations of X-Ray that were called.
func (r *rig) xrayCalls() (n int) {
	for _, operation := range []string{"GetTraceSummaries", "BatchGetTraces", "GetTraceSegmentDestination", "StartTraceRetrieval", "ListRetrievedTraces"} {
		n += r.sim.Count(operation)
	}
	return n
}

// Where there is no REST API, X-Ray has nothing and is not asked; nor is it where it is switched off. Spans of access logs come all the same.
func TestXRayIsNotAskedForNothing(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		rest bool
		edit func(*Config)
	}{
		"no REST API":  {edit: func(*Config) {}},
		"switched off": {rest: true, edit: func(c *Config) { c.Traces.XRay.Enabled = false }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r, from, to := newAccessRig(t, func(c *awssim.Config) {
					c.Ingestion = onTime
					if here := c.World.Accounts[0].Regions[0]; !set.rest {
						here.APIs, here.DomainNames, here.ForeignTraces = here.APIs[1:], nil, 100
					}
				})
				r.edit = func(c *Config) {
					readAllSpans(c)
					set.edit(c)
				}
				r.learn(from)
				stop := r.start()
				defer stop()
				r.until(to)
				// Where nothing pulls the segments of the stage that X-Ray traces, its spans come from its log as well.
				want := r.loggedTruth(from, to, func(*awssim.Stage) bool { return true })
				assert.Eventually(t, func() bool { return r.spans.has(want) }, patience, 20*time.Millisecond, "not everything came out")
				r.until(to.Add(lateAndSwept))
				stop()
				compareSpans(t, r.spans.taken(), want)
				assert.Zero(t, r.xrayCalls())
			})
		})
	}
}

// A receiver in a traces pipeline alone makes spans of access logs and no records, and reads no execution logs.
func TestTracesAlone(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r, from, to := newAccessRig(t, func(c *awssim.Config) {
			for _, stage := range c.World.Accounts[0].Regions[0].APIs[0].Stages {
				stage.Methods = map[string]awssim.MethodSettings{"*/*": {LoggingLevel: "INFO"}}
			}
		})
		r.edit = func(c *Config) {
			readAllSpans(c)
			c.Logs.Execution.Enabled = true // rules records
		}
		r.measured()
		r.learn(from)
		stop := r.start()
		defer stop()
		r.checkAccessSpans(stop, from, to)
		read := 0
		for _, c := range r.sim.Calls() {
			if c.Operation == "FilterLogEvents" {
				read++
				require.False(t, strings.HasPrefix(c.LogGroup, "API-Gateway-Execution-Logs"), c.LogGroup)
			}
		}
		assert.NotZero(t, read)
		assert.Zero(t, r.count("log_events"), "records")
		assert.Zero(t, r.sim.Count("GetMetricData"))
	})
}

// Without traces.access_logs a receiver in a traces pipeline alone reads no log group.
func TestTracesAloneReadNoLogs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-10*time.Minute), epoch.Add(15*time.Minute)
			return tracedWorld(from, to, 5)
		}, nil)
		stop := r.start()
		defer stop()
		r.checkTraces(stop, from, to)
		assert.Zero(t, r.sim.Count("FilterLogEvents"))
		assert.Zero(t, r.sim.Count("DescribeLogGroups"))
	})
}
