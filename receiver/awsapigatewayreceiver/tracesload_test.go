package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// Twenty times as many traces as are wanted: of each minute the cap is kept, with all errors that X-Ray knows of by then; each trace that comes is whole;
// AWS scans each trace twice at most, and what was left out is counted.
func TestTwentyTimesTheCap(t *testing.T) {
	racetest.Skip(t)
	for name, segments := range map[string]awssim.Arrival{"whole": {Base: 10 * time.Second}, "in pieces": inPieces} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				const perMinute = 30
				var from, to time.Time
				r := newSpanRigAt(t, 200, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
					w := tracedWorld(from, to, 20*perMinute/4)
					w.Accounts[0].Regions[0].ForeignTraces = perMinute
					for _, api := range w.Accounts[0].Regions[0].APIs {
						for _, s := range api.Stages {
							s.Traffic.Error4xx, s.Traffic.Error5xx = 0.002, 0.004
						}
					}
					return w
				}, func(c *awssim.Config) { c.Tracing = segments })
				r.edit = func(c *Config) {
					readTraces(c)
					c.Traces.InitialLookback = 10 * time.Minute
					c.Traces.PollInterval = 30 * time.Second
					c.Traces.XRay.MaxTracesPerMinute = perMinute
				}
				r.measured()
				stop := r.start()
				defer stop()
				r.untilRead(to)
				ended := r.now()
				stop()
				r.checkCap(from, to, ended, perMinute, segments.Late == 0)
			})
		})
	}
}

// checkCap holds what came of [from, to) to the cap of a minute. onTime says that all segments are there when a window is read first.
func (r *rig) checkCap(from, to, ended time.Time, perMinute int, onTime bool) {
	t := r.t
	t.Helper()
	came, whole := map[string]bool{}, map[string]int{}
	for trace, spans := range r.spans.all() {
		came[trace] = true
		whole[trace] = len(spans)
	}
	sampled, retrieved := 0, 0
	inMinute, failed := map[int64]int{}, map[int64]int{}
	var missed []string
	for s := range tracedRequests(r.world, r.world.Accounts[0], from, to, nil) {
		sampled++
		minute := s.trace.At.Unix() / 60
		bad := s.trace.Fault || s.trace.Error
		if bad {
			failed[minute]++
		}
		id := w3c(s.trace.TraceID)
		switch {
		case came[id]:
			retrieved++
			inMinute[minute]++
			assert.Equal(t, len(s.trace.Segments), whole[id], "spans of trace %s", id)
		case bad:
			missed = append(missed, s.trace.TraceID)
		}
	}
	require.Greater(t, sampled, 18*perMinute*int(to.Sub(from)/time.Minute))
	assert.Len(t, came, retrieved)
	for minute, n := range inMinute {
		assert.LessOrEqual(t, n, perMinute, "traces of the minute %d", minute)
		assert.GreaterOrEqual(t, n, perMinute*9/10, "traces of the minute %d", minute)
		require.LessOrEqual(t, failed[minute], perMinute/2, "errors of the minute do not fit")
	}
	if onTime {
		assert.Empty(t, missed, "errors that are left out")
	}
	// Those that X-Ray would bill: of API Gateway, and of other services until the receiver ended. Each is scanned twice at most.
	counts := r.sim.TraceCounts()[testAccount+"/"+testRegion]
	scans := float64(counts.Scanned)
	foreign := r.world.Accounts[0].Regions[0].ForeignTraces * ended.Sub(r.epoch.Add(-11*time.Minute)).Minutes()
	assert.LessOrEqual(t, scans, 2*(float64(sampled)+1.2*foreign), "scans of %d traces, and about %.0f of other services", sampled, foreign)
	assert.InDelta(t, float64(sampled), float64(retrieved)+r.count("left_out_traces"), 0, "retrieved and left out are all")
	assert.InEpsilon(t, scans, r.count("scanned_traces"), 0.01, "but for what was scanned when the receiver ended")
	assert.InDelta(t, float64(counts.Retrieved), r.count("retrieved_traces"), 0)
	t.Logf("%d traces sampled, %d retrieved, %.0f left out, %d errors among them; %d scanned (%.2f for each trace of the world), %d retrievals",
		sampled, retrieved, r.count("left_out_traces"), len(missed), counts.Scanned, scans/(float64(sampled)+foreign), counts.Retrieved)
}
