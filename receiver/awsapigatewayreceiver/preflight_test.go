package awsapigatewayreceiver

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/preflight"
)

// preflightOf looks at the rig's embedded AWS by the rig's clock.
func (r *rig) preflightOf(config *Config, signals ...string) *preflight.Report {
	r.t.Helper()
	set := config.preflight(signals, nil)
	set.Clock = r.clock
	report, err := preflight.Run(context.Background(), set)
	require.NoError(r.t, err)
	return report
}

// bill is what calls cost, USD, by the items of a preflight's report: each with the five-statistics rule, and without.
func bill(calls []awssim.Call) (low, high map[string]float64) {
	low, high = map[string]float64{}, map[string]float64{}
	for _, c := range calls {
		add := func(item string, l, h int, usd float64) {
			low[item] += float64(l) * usd
			high[item] += float64(h) * usd
		}
		switch c.Operation {
		case "GetMetricData":
			if !c.FollowUp {
				add(c.Operation, c.DistinctMetrics, c.Queries, 0.01/1000)
			}
		case "ListMetrics":
			add(c.Operation, 1, 1, 0.01/1000)
		case "GetTraceSummaries":
			add("X-Ray scans", c.Scanned, c.Scanned, 0.50/1e6)
		case "BatchGetTraces":
			add("X-Ray retrievals", c.Traces, c.Traces, 0.50/1e6)
		}
	}
	return low, high
}

// The price of a preflight is what the calls cost that a receiver then makes, line by line, within 5 %.
func TestPreflightPriceIsWhatTheCallsCost(t *testing.T) {
	t.Parallel()
	// One minute's traces vary by chance, so the minute that is looked at is always the same.
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	r := newRigAt(t, 150, func(time.Time) *awssim.World {
		w := tracedWorld(noon.Add(-6*time.Hour), noon.Add(24*time.Hour), 40)
		w.Accounts[0].Regions[0].ForeignTraces = 2400
		return w
	}, nil)
	r.jump(noon)
	r.spans = newSpanSink()
	r.attemptTimeout = 20 * time.Second
	r.edit = func(c *Config) {
		c.Metrics.InitialLookback, c.Traces.InitialLookback = 0, 0
		c.Traces.PollInterval = time.Minute
		c.Traces.XRay.MaxTracesPerMinute = 100 // of some 160
		c.Inventory.RequestsPerSecond = 10
	}
	stop := r.start()
	defer stop()
	const cycles = 5
	// A cycle begins with the list of metrics. The first ones make up for what was before, and for the traces that have yet to settle.
	var at []time.Time
	require.Eventually(t, func() bool {
		at = nil
		for _, c := range r.sim.Calls() {
			if c.Operation == "ListMetrics" && c.At.After(noon.Add(14*time.Minute)) {
				at = append(at, c.At)
			}
		}
		return len(at) > cycles
	}, 60*time.Second, 50*time.Millisecond)
	stop()
	// What belongs to a cycle comes about its beginning, in any order.
	from, to := at[0].Add(-2*time.Minute), at[cycles].Add(-2*time.Minute)
	calls := slices.DeleteFunc(r.sim.Calls(), func(c awssim.Call) bool { return c.At.Before(from) || !c.At.Before(to) })
	const month = 30 * 24 * time.Hour
	months := map[string]float64{"GetMetricData": float64(month) / float64(to.Sub(from)), "ListMetrics": float64(month) / float64(to.Sub(from))}
	// Each minute's window is scanned twice. What the edges cut off is a good part of so few windows, hence the bill is by window.
	scans := 0
	for _, c := range calls {
		if c.Operation == "GetTraceSummaries" && !c.FollowUp {
			scans++
		}
	}
	require.InDelta(t, 2*to.Sub(from).Minutes(), float64(scans), 4)
	months["X-Ray scans"] = month.Minutes() * 2 / float64(scans)
	months["X-Ray retrievals"] = months["X-Ray scans"]
	low, high := bill(calls)

	r.jump(noon.Add(2 * time.Hour))
	report := r.preflightOf(r.config(), "metrics", "traces")
	assert.True(t, report.Works)
	sumLow, sumHigh := 0., 0.
	for _, line := range report.Month.Lines {
		wantLow, wantHigh := low[line.Item]*months[line.Item], high[line.Item]*months[line.Item]
		t.Logf("%s: USD %.2f to %.2f, billed %.2f to %.2f", line.Item, line.Low, line.High, wantLow, wantHigh)
		require.Positive(t, wantHigh, line.Item)
		assert.InDelta(t, wantLow, line.Low, wantLow*0.05, line.Item)
		assert.InDelta(t, wantHigh, line.High, wantHigh*0.05, line.Item)
		sumLow, sumHigh = sumLow+wantLow, sumHigh+wantHigh
	}
	assert.Len(t, report.Month.Lines, 4)
	assert.InDelta(t, sumLow, report.Month.Low, sumLow*0.05)
	assert.InDelta(t, sumHigh, report.Month.High, sumHigh*0.05)
}

// A preflight tries each operation that a receiver of the same configuration calls.
func TestPreflightTriesWhatTheReceiverCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(epoch time.Time) *awssim.World { return awssim.DemoWorld(epoch.Add(-30 * time.Minute)) }, nil)
	r.spans, r.records = newSpanSink(), newRecordSink()
	r.edit = func(c *Config) {
		c.Inventory.RequestsPerSecond, c.Inventory.APIKeys.Enabled, c.Inventory.Usage.Enabled = 10, true, true
		c.Logs.Execution.Enabled, c.Traces.AccessLogs.Enabled = true, true
	}
	stop := r.start()
	defer stop()
	last := []string{"GetUsage", "GetApiKeys", "GetModels", "BatchGetTraces", "FilterLogEvents", "GetMetricData", "ListRoutingRules", "GetTraceSegmentDestination"}
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(last, func(operation string) bool { return r.sim.Count(operation) == 0 })
	}, 60*time.Second, 50*time.Millisecond)
	stop()
	called := map[string]bool{}
	for _, c := range r.sim.Calls() {
		called[c.Operation] = true
	}
	require.Greater(t, len(called), 30)
	r.sim.ResetCalls()
	report := r.preflightOf(r.config(), "metrics", "logs", "traces")
	assert.True(t, report.Works)
	for operation := range called {
		assert.Positive(t, r.sim.Count(operation), operation)
	}
}
