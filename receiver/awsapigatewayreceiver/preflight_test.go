package awsapigatewayreceiver

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/preflight"
)

// preflightOf looks at the rig's embedded AWS by the rig's clock.
func (r *rig) preflightOf(config *Config, signals ...string) *preflight.Report {
	r.t.Helper()
	set := config.preflight(signals, nil)
	set.Clock, set.Dial = r.clock, r.dial
	report, err := preflight.Run(context.Background(), set)
	require.NoError(r.t, err)
	return report
}

// startUpLine is what the receiver says of its cost.
func (r *rig) startUpLine() *observer.ObservedLogs {
	return r.logs.FilterMessageSnippet("Collecting from API Gateway")
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
			if !c.FollowUp { // with the default settings no metric has more than five statistics
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

// costs compares the lines of a report with what calls cost that cover so many of the month's parts, within 5 %.
func (r *rig) costs(report *preflight.Report, calls []awssim.Call, months float64) {
	r.t.Helper()
	low, high := bill(calls)
	sumLow, sumHigh := 0., 0.
	for _, line := range report.Month.Lines {
		wantLow, wantHigh := low[line.Item]*months, high[line.Item]*months
		r.t.Logf("%s: USD %.2f to %.2f, billed %.2f to %.2f", line.Item, line.Low, line.High, wantLow, wantHigh)
		require.Positive(r.t, wantHigh, line.Item)
		within := 0.05
		if line.Item == "ListMetrics" {
			within = 0.3 // where a fast clock makes a cycle come early, the next one has its list
		}
		assert.InDelta(r.t, wantLow, line.Low, wantLow*within, line.Item)
		assert.InDelta(r.t, wantHigh, line.High, wantHigh*within, line.Item)
		sumLow, sumHigh = sumLow+wantLow, sumHigh+wantHigh
	}
	assert.True(r.t, report.Works)
	assert.Len(r.t, report.Month.Lines, 2)
	assert.InDelta(r.t, sumLow, report.Month.Low, sumLow*0.05)
	assert.InDelta(r.t, sumHigh, report.Month.High, sumHigh*0.05)
}

const month = 30 * 24 * time.Hour

// between are the calls of [from, to).
func (r *rig) between(from, to time.Time) []awssim.Call {
	return slices.DeleteFunc(r.sim.Calls(), func(c awssim.Call) bool { return c.At.Before(from) || !c.At.Before(to) })
}

// The price of metrics is what the calls cost that a receiver then makes, by both readings.
func TestPreflightPriceOfMetricsIsWhatTheCallsCost(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newRigAt(t, 150, func(time.Time) *awssim.World { return awssim.LargeWorld(30, 2, 30, true) }, nil)
		r.edit = func(c *Config) {
			c.Metrics.InitialLookback = 0
			c.Inventory.RequestsPerSecond = 10
		}
		stop := r.start()
		defer stop()
		const cycles, interval = 4, 5 * time.Minute
		// A cycle begins with the list of metrics. The first ones make up for what was before; a machine that is busy may not follow the fast clock for a while.
		var from, to time.Time
		require.Eventually(t, func() bool {
			var at []time.Time
			for _, c := range r.between(r.epoch.Add(8*time.Minute), r.epoch.Add(24*time.Hour)) {
				if c.Operation == "ListMetrics" && !c.FollowUp {
					at = append(at, c.At)
				}
			}
			even := 0 // gaps in a row that are as long as the interval; that before the first cycle is one, since a late cycle spills over
			for i := 1; i < len(at); i++ {
				if (at[i].Sub(at[i-1]) - interval).Abs() > interval/20 {
					even = 0
				} else if even++; even > cycles {
					// What belongs to a cycle comes about its beginning, in any order.
					from, to = at[i-cycles].Add(-2*time.Minute), at[i].Add(-2*time.Minute)
					return true
				}
			}
			return false
		}, 90*time.Second, 50*time.Millisecond)
		stop()
		r.costs(r.preflightOf(r.config(), "metrics"), r.between(from, to), float64(month)/float64(to.Sub(from)))
	})
}

// The price of traces is what a receiver's scans and retrievals then cost: the cap, and what is retrieved once more when it has settled.
func TestPreflightPriceOfTracesIsWhatTheCallsCost(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		const minutes, foreign = 8, 2400
		const settle = 12 * time.Minute // a machine that is busy is minutes of the fast clock late, and what is read that late is read once
		// One minute's traces vary by chance, so the minute that is looked at is always the same.
		from := time.Date(2026, 11, 20, 12, 5, 0, 0, time.UTC)
		to := from.Add(minutes * time.Minute)
		r := newRigAt(t, 90, func(time.Time) *awssim.World {
			w := tracedWorld(from, to, 40)
			w.Accounts[0].Regions[0].ForeignTraces = foreign
			return w
		}, nil)
		r.jump(from.Add(-2 * time.Minute))
		r.sink, r.spans = nil, newSpanSink()
		r.attemptTimeout = 20 * time.Second
		r.edit = func(c *Config) {
			c.Traces.InitialLookback, c.Traces.PollInterval, c.Traces.Settle = 10*time.Minute, time.Minute, settle
			c.Traces.XRay.MaxTracesPerMinute = 100 // of some 160
			c.Inventory.RequestsPerSecond = 10
		}
		stop := r.start()
		defer stop()
		r.untilRead(to)
		stop()
		calls := r.sim.Calls()
		// Each minute's window is scanned twice. The other scans were of minutes that had traces of other services alone.
		others := -2 * minutes
		for _, c := range calls {
			if c.Operation == "GetTraceSummaries" && !c.FollowUp {
				others++
			}
		}
		require.GreaterOrEqual(t, others, 0)
		calls = append(calls, awssim.Call{Operation: "GetTraceSummaries", Scanned: -others * foreign})
		r.clock.Factor = 1 // the minute must not pass meanwhile
		r.jump(to.Add(settle - 5*time.Minute))
		r.costs(r.preflightOf(r.config(), "traces"), calls, month.Minutes()/minutes)
	})
}

// A preflight tries each operation that a receiver of the same configuration calls, and finds the series that it finds.
func TestPreflightTriesWhatTheReceiverCalls(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newRigAt(t, 60, func(epoch time.Time) *awssim.World { return awssim.DemoWorld(epoch.Add(-30 * time.Minute)) }, nil)
		r.spans, r.records = newSpanSink(), newRecordSink()
		r.edit = func(c *Config) {
			c.Inventory.RequestsPerSecond, c.Inventory.APIKeys.Enabled, c.Inventory.Usage.Enabled = 10, true, true
			c.Inventory.Usage.Interval = time.Minute
			c.Logs.Execution.Enabled, c.Traces.AccessLogs.Enabled = true, true
		}
		stop := r.start()
		defer stop()
		last := []string{"GetUsage", "GetApiKeys", "GetModels", "BatchGetTraces", "FilterLogEvents", "GetMetricData", "ListRoutingRules", "GetTraceSegmentDestination"}
		require.Eventually(t, func() bool {
			return !slices.ContainsFunc(last, func(operation string) bool { return r.sim.Count(operation) == 0 }) && r.startUpLine().Len() > 0
		}, 60*time.Second, 50*time.Millisecond)
		series := r.startUpLine().All()[0].ContextMap()["series"].(int64)
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
		found := 0
		for _, n := range report.Targets[0].Counts.Series {
			found += n
		}
		assert.InDelta(t, series, found, float64(series)/20, "some come and go with the minutes")
	})
}
