package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// threeKinds is a small world of all kinds of APIs, with traffic in [from, to).
func threeKinds(from, to time.Time) *awssim.World {
	old := from.Add(-100 * time.Hour)
	return region(
		&awssim.API{ID: "rest000001", Name: "orders", Created: old, Tags: map[string]string{"team": "shop"}, Stages: []*awssim.Stage{
			{Name: "prod", Traffic: busy(from, to, 40), Cache: true},
			{Name: "test", Traffic: busy(from, to, 3)},
			{Name: "idle"},
		}},
		&awssim.API{ID: "http000001", Name: "catalog", Type: awssim.TypeHTTP, Created: old, Stages: []*awssim.Stage{{Name: "$default", Traffic: busy(from, to, 20)}}},
		&awssim.API{ID: "sock000001", Name: "chat", Type: awssim.TypeWebSocket, Created: old, Stages: []*awssim.Stage{{Name: "live", Traffic: busy(from, to, 15)}}},
	)
}

// compareAll compares every stage of the test region, and asserts that there was something to compare.
func (r *rig) compareAll(from, to time.Time) {
	r.t.Helper()
	n := 0
	for _, api := range r.world.Accounts[0].Regions[0].APIs {
		for _, st := range api.Stages {
			n += r.compare(api.ID, api, st, false, from, to)
		}
	}
	require.NotZero(r.t, n)
	r.sink.check(r.t)
}

func TestSumsEqualWhatHappened(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-8*time.Minute), epoch.Add(40*time.Minute)
			return threeKinds(from, to)
		}, nil)
		stop := r.start()
		defer stop()
		r.until(to.Add(15 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)

		// Without lateness each point's interval is its period; only zero points are longer.
		for k, st := range r.sink.streams {
			for i, in := range st.Intervals {
				if st.Values[i] != 0 {
					assert.Equal(t, int64(60), in[1]-in[0], "%v %v", k, in)
				}
				if i > 0 {
					assert.Equal(t, st.Intervals[i-1][1], in[0], "%v: no gap", k)
				}
			}
		}
		for k := range r.sink.streams {
			assert.NotEqual(t, "idle", k.Stage)
		}
	})
}

func TestTotalsHoldUnderFaults(t *testing.T) {
	all := awssim.Faults{Throttle: 0.3, ServerError: 0.05, Drop: 0.05, PartialData: 0.2, InternalError: 0.05}
	for name, set := range racetest.Fewer(map[string]struct {
		sim    func(*awssim.Config)
		edit   func(*Config)
		refuse bool
		drain  time.Duration
	}{
		"throttling":    {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Throttle: 0.3} }},
		"server errors": {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{ServerError: 0.3} }},
		"dropped":       {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Drop: 0.3} }},
		"truncated":     {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Truncate: 0.2} }},
		"malformed":     {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Malformed: 0.2, Only: []string{"GetMetricData"}} }},
		"partial data":  {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{PartialData: 0.5, InternalError: 0.2} }},
		"small pages":   {sim: func(c *awssim.Config) { c.MaxPage = 40 }},
		"everything":    {sim: func(c *awssim.Config) { c.Faults = all; c.MaxPage = 50 }, drain: 20 * time.Minute},
		"late and growing": {sim: func(c *awssim.Config) {
			c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.3}
		}},
		"late points": {sim: func(c *awssim.Config) {
			c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, WholePoints: 0.3}
		}},
		"late, every minute, with buckets": {
			sim: func(c *awssim.Config) {
				c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.2, WholePoints: 0.2}
			},
			edit: func(c *Config) {
				c.Metrics.CollectionInterval = time.Minute
				c.Metrics.HistogramBuckets = []float64{0.05, 0.1, 0.5, 1}
			},
		},
		"lists lag 15 minutes":    {sim: func(c *awssim.Config) { c.ListLag = 15 * time.Minute }, drain: 15 * time.Minute},
		"a consumer that refuses": {refuse: true},
		"late, faulty, and refused": {sim: func(c *awssim.Config) {
			c.Faults = all
			c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.3}
		}, refuse: true, drain: 20 * time.Minute},
	}, "late, faulty, and refused", "late, every minute, with buckets") {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-5*time.Minute), epoch.Add(35*time.Minute)
					return threeKinds(from, to)
				}, set.sim)
				r.edit = func(c *Config) {
					// A point that is 5 minutes late after a base of one minute is seen by the last read of its period.
					c.Metrics.Revisit = 6 * time.Minute
					if set.edit != nil {
						set.edit(c)
					}
				}
				if set.refuse {
					r.sink.refuse = func() error {
						if at := r.now(); at.After(from.Add(10*time.Minute)) && at.Before(from.Add(25*time.Minute)) {
							return errRefused
						}
						return nil
					}
				}
				stop := r.start()
				defer stop()
				r.until(to.Add(20*time.Minute + set.drain))
				r.drain()
				stop()
				r.compareAll(from, to)
			})
		})
	}
}
