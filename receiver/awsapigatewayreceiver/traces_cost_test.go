package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// The line at the start tells what the traces will cost, their scans too; above the limit it is a warning that names the setting to save with.
func TestStartUpLineTellsTheCostOfTraces(t *testing.T) {
	racetest.Skip(t)
	const perMinute, foreign = 15, 40
	// Four stages' worth of traces, scanned twice as all others are, and retrieved once; $0.50 a million.
	const minutes = 30 * 24 * 60
	const usd = (2*(4*perMinute+foreign) + 4*perMinute) * minutes * 0.50 / 1e6
	for name, set := range map[string]struct {
		limit float64
		level string
	}{"below the limit": {limit: 2 * usd, level: "info"}, "above the limit": {limit: usd / 2, level: "warn"}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					w := tracedWorld(epoch.Add(-6*time.Hour), epoch.Add(6*time.Hour), perMinute)
					w.Accounts[0].Regions[0].ForeignTraces = foreign
					return w
				}, nil)
				r.edit = func(c *Config) {
					readTraces(c)
					c.Traces.InitialLookback = 20 * time.Minute
					c.Metrics.MaxMonthlyCost = set.limit
				}
				stop := r.start()
				defer stop()
				require.Eventually(t, func() bool { return r.logs.FilterMessageSnippet("Collecting from API Gateway").Len() > 0 }, patience, 20*time.Millisecond)
				stop()
				lines := r.logs.FilterMessageSnippet("Collecting from API Gateway").All()
				require.Len(t, lines, 1)
				m := lines[0].ContextMap()
				assert.InDelta(t, usd, m["usd_per_month_low"], usd/10)
				assert.InDelta(t, usd, m["usd_per_month_high"], usd/10)
				assert.Greater(t, m["aws_calls_per_hour"], int64(60*2), "two scans of each minute")
				assert.Equal(t, set.level, lines[0].Level.String())
				if set.level == "warn" {
					assert.Contains(t, m["savings"], "traces::xray")
				}
			})
		})
	}
}

// What is scanned and retrieved is in the counters of traces, and of money.
func TestCostOfTracesIsCounted(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(20*time.Minute)
			w := tracedWorld(from, to, 8)
			w.Accounts[0].Regions[0].ForeignTraces = 0 // none is scanned when the receiver ends
			return w
		}, nil)
		r.measured()
		stop := r.start()
		defer stop()
		r.checkTraces(stop, from, to)
		counts := r.sim.TraceCounts()[testAccount+"/"+testRegion]
		assert.InDelta(t, float64(counts.Scanned), r.count("scanned_traces"), 0)
		assert.InDelta(t, float64(counts.Retrieved), r.count("retrieved_traces"), 0)
		for _, reading := range []string{"low", "high"} {
			assert.InDelta(t, float64(counts.Scanned+counts.Retrieved)*0.50/1e6, r.count("estimated_cost", "reading", reading), 1e-9)
		}
		assert.InDelta(t, float64(r.sim.Count("GetTraceSummaries")), r.count("aws_calls", "operation", "GetTraceSummaries"), 1)
	})
}
