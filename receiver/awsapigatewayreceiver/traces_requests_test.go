package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// checkTraces waits for the traces of all requests of [from, to), stops the receiver and holds the spans to them.
func (r *rig) checkTraces(stop func(), from, to time.Time) {
	r.t.Helper()
	r.until(to)
	want := r.spanTruth(from, to, nil)
	r.awaitSpans(want, to)
	stop()
	compareSpans(r.t, r.spans.taken(), want)
	repeated, _ := r.spans.repeats()
	assert.Zero(r.t, repeated, "spans that came twice")
	assert.Empty(r.t, r.spans.errs)
}

// Each sampled request is one trace: its tree, times, kinds, statuses and attributes are right, those of the services behind API Gateway too.
func TestEachSampledRequestIsOneTrace(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		// Slower than the others: most windows are to be read twice, also on a busy machine.
		r := newSpanRigAt(t, speed/3, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(30*time.Minute)
			return tracedWorld(from, to, 8)
		}, func(c *awssim.Config) { c.Tracing = inPieces })
		r.measured()
		stop := r.start()
		defer stop()
		r.checkTraces(stop, from, to)
		t.Logf("%.0f segments were read again, unchanged, for late ones of their traces", r.count("repeated_segments"))
		for _, none := range []string{"incomplete_traces", "left_out_traces", "segment_errors", "lost_seconds", "malformed_results"} {
			assert.Zero(t, r.count(none), none)
		}
	})
}

// No span is missing and none comes twice, whatever goes wrong with reading them.
func TestEachSampledRequestIsOneTraceUnderFaults(t *testing.T) {
	reads := []string{"GetTraceSummaries", "BatchGetTraces", "GetTraceSegmentDestination"}
	for name, set := range racetest.Fewer(map[string]struct {
		sim    func(*awssim.Config)
		refuse bool
	}{
		"small pages":             {sim: func(c *awssim.Config) { c.MaxPage = 2 }},
		"empty pages":             {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{EmptyPages: 0.5} }},
		"throttling":              {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Throttle: 0.3, Only: reads} }},
		"server errors":           {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{ServerError: 0.3, Only: reads} }},
		"dropped":                 {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Drop: 0.2, Only: reads} }},
		"truncated":               {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Truncate: 0.2, Only: reads} }},
		"unprocessed":             {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Unprocessed: 0.4, Only: reads} }},
		"malformed":               {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Malformed: 0.2, Only: reads} }},
		"at the quota":            {sim: func(c *awssim.Config) { c.EnforceQuotas = true }},
		"a consumer that refuses": {refuse: true},
		"everything": {sim: func(c *awssim.Config) {
			c.MaxPage = 50
			c.Faults = awssim.Faults{
				EmptyPages: 0.2, Throttle: 0.1, ServerError: 0.1, Drop: 0.05, Truncate: 0.05, Unprocessed: 0.1, Malformed: 0.05, Only: reads,
				MalformedKinds: []string{awssim.MalformedGarbage, awssim.MalformedNaN, awssim.MalformedNextToken},
			}
		}, refuse: true},
	}, "everything", "a consumer that refuses") {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-20*time.Minute), epoch.Add(30*time.Minute)
					return tracedWorld(from, to, 4)
				}, func(c *awssim.Config) {
					c.Tracing = inPieces
					if set.sim != nil {
						set.sim(c)
					}
				})
				if set.refuse {
					r.spans.refuse = func() error {
						if at := r.now(); at.After(from.Add(25*time.Minute)) && at.Before(from.Add(45*time.Minute)) {
							return errRefused
						}
						return nil
					}
				}
				stop := r.start()
				defer stop()
				r.checkTraces(stop, from, to)
			})
		})
	}
}
