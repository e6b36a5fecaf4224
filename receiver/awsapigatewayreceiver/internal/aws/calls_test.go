package aws

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// small is a world with APIs of all kinds; each stage has 30 requests a minute.
func small(rest, http, websocket int) *awssim.World {
	old := time.Now().Add(-1000 * time.Hour).Truncate(time.Minute)
	r := &awssim.Region{Name: testRegion}
	add := func(n int, kind, prefix string) {
		for i := range n {
			r.APIs = append(r.APIs, &awssim.API{
				ID: fmt.Sprintf("%s%07d", prefix, i), Name: fmt.Sprintf("%s-%d", kind, i), Type: kind, Created: old, Tags: map[string]string{"team": "shop"},
				Stages: []*awssim.Stage{{Name: "prod", Traffic: awssim.Traffic{PerMinute: 30}}},
			})
		}
	}
	add(rest, awssim.TypeREST, "rst")
	add(http, awssim.TypeHTTP, "htp")
	add(websocket, awssim.TypeWebSocket, "wsk")
	return &awssim.World{Seed: 5, Accounts: []*awssim.Account{{ID: testAccount, Regions: []*awssim.Region{r}}}}
}

// A listing is all of its pages.
func TestListingsReadEveryPage(t *testing.T) {
	f := openSim(t, small(23, 9, 8), func(c *awssim.Config) { c.MaxPage = 5 }, nil)
	c, ctx := f.client(), context.Background()

	rest, err := c.restAPIs(ctx)
	require.NoError(t, err)
	require.Len(t, rest, 23)
	assert.Equal(t, "rst0000000", rest[0].ID)
	assert.Equal(t, model.REST, rest[0].Type)
	assert.Equal(t, "REGIONAL", rest[0].EndpointType)
	assert.Equal(t, map[string]string{"team": "shop"}, rest[0].Tags)
	assert.False(t, rest[0].Created.IsZero())
	assert.Equal(t, 5, f.sim.Count("GetRestApis"))

	v2, err := c.v2APIs(ctx)
	require.NoError(t, err)
	require.Len(t, v2, 17)
	kinds := map[model.APIType]int{}
	for _, a := range v2 {
		kinds[a.Type]++
		assert.Empty(t, a.EndpointType)
	}
	assert.Equal(t, map[model.APIType]int{model.HTTP: 9, model.WebSocket: 8}, kinds)
	assert.Equal(t, 4, f.sim.Count("GetApis"))

	listed := map[string]bool{}
	pages := 0
	require.NoError(t, c.ListMetrics(ctx, true, func(page []model.Metric) error {
		pages++
		for _, m := range page {
			listed[fmt.Sprint(m)] = true
		}
		return nil
	}))
	// Per API its own sums and those of its stage: REST 5 metrics (no cache), HTTP 6, WebSocket 6.
	assert.Len(t, listed, 2*(23*5+9*6+8*6))
	assert.Equal(t, pages, f.sim.Count("ListMetrics"))
	assert.Greater(t, pages, 50)
}

// An error of the reader of the pages ends the listing.
func TestListMetricsEndsWithItsReader(t *testing.T) {
	f := openSim(t, small(5, 0, 0), func(c *awssim.Config) { c.MaxPage = 5 }, nil)
	enough := fmt.Errorf("enough")
	assert.ErrorIs(t, f.client().ListMetrics(context.Background(), true, func([]model.Metric) error { return enough }), enough)
	assert.Equal(t, 1, f.sim.Count("ListMetrics"))
}

func TestStages(t *testing.T) {
	w := small(1, 1, 0)
	since := time.Now().Add(-100 * time.Hour).Truncate(time.Minute)
	for _, a := range w.Accounts[0].Regions[0].APIs {
		a.Stages = append(a.Stages, &awssim.Stage{Name: "dev", Created: since, DetailedSince: since})
	}
	w.Accounts[0].Regions[0].APIs[0].Stages[0].CanaryPercent = 25
	f := openSim(t, w, nil, nil)
	for kind, list := range map[string]func() ([]model.Stage, error){
		"rest": func() ([]model.Stage, error) { return f.client().restStages(context.Background(), "rst0000000") },
		"v2":   func() ([]model.Stage, error) { return f.client().v2Stages(context.Background(), "htp0000000") },
	} {
		stages, err := list()
		require.NoError(t, err, kind)
		require.Len(t, stages, 2, kind)
		slices.SortFunc(stages, func(a, b model.Stage) int { return -int(a.Created.Sub(b.Created) / time.Hour) })
		assert.Equal(t, "dev", stages[0].Name)
		assert.True(t, stages[0].DetailedMetrics, kind)
		assert.Equal(t, since.Unix(), stages[0].Created.Unix(), kind)
		assert.Equal(t, "prod", stages[1].Name)
		assert.False(t, stages[1].DetailedMetrics, kind)
		if kind == "rest" {
			assert.Equal(t, &model.Canary{Percent: 25}, stages[1].Canary)
		}
	}
	_, err := f.client().restStages(context.Background(), "gone")
	assert.Equal(t, Invalid, ClassOf(err))
}

// queriesFor asks for the sums of three metrics of every REST API.
func queriesFor(w *awssim.World) []model.Query {
	var q []model.Query
	for _, a := range w.Accounts[0].Regions[0].APIs {
		for _, m := range []string{"Count", "4XXError", "Latency"} {
			q = append(q, model.Query{
				Metric: m, Statistic: "Sum",
				Dims: []model.Dimension{{Name: "ApiName", Value: a.Name}, {Name: "Stage", Value: "prod"}},
			})
		}
	}
	return q
}

// lastHour is a window that ended a while ago.
func lastHour(f *fixture) model.Window {
	end := f.client().clock.Now().Add(-30 * time.Minute).Truncate(time.Minute).Unix()
	return model.Window{Start: end - 3600, End: end}
}

// assertTruth compares what was read with what happened in the world.
func assertTruth(t *testing.T, w *awssim.World, queries []model.Query, answers []model.Series, win model.Window) {
	t.Helper()
	require.Len(t, answers, len(queries))
	for i, q := range queries {
		a := w.Accounts[0].Regions[0].APIs[i/3]
		truth := w.Truth(a, a.Stages[0], false, time.Unix(win.Start, 0), time.Unix(win.End, 0))
		got := 0.0
		for _, v := range answers[i].Values {
			got += v
		}
		assert.True(t, answers[i].Complete, answers[i].Reason)
		assert.Len(t, answers[i].Times, len(answers[i].Values))
		assert.True(t, slices.IsSorted(answers[i].Times))
		assert.Equal(t, math.Round(truth[q.Metric].Sum), math.Round(got), "%s of %s", q.Metric, a.ID)
		assert.Positive(t, truth["Count"].Sum)
	}
}

func TestMetricDataMergesPages(t *testing.T) {
	w := small(4, 0, 0)
	f := openSim(t, w, func(c *awssim.Config) { c.MaxPage = 100 }, nil)
	win, queries := lastHour(f), queriesFor(w)
	answers, err := f.client().MetricData(context.Background(), queries, time.Minute, win)
	require.NoError(t, err)
	assertTruth(t, w, queries, answers, win)
	assert.GreaterOrEqual(t, f.sim.Count("GetMetricData"), 4*3*60/100)
}

// PartialData on one page is made good by the next.
func TestMetricDataCompletesPartialData(t *testing.T) {
	w := small(4, 0, 0)
	f := openSim(t, w, func(c *awssim.Config) { c.Faults.PartialData = 1 }, nil)
	win, queries := lastHour(f), queriesFor(w)
	answers, err := f.client().MetricData(context.Background(), queries, time.Minute, win)
	require.NoError(t, err)
	assertTruth(t, w, queries, answers, win)
	assert.Greater(t, f.sim.Count("GetMetricData"), 1)
	assert.Zero(t, f.malformed())
}

// What CloudWatch could not or would not read is told apart from what has no points.
func TestMetricDataMarksWhatFailed(t *testing.T) {
	for name, set := range map[string]struct {
		faults awssim.Faults
		reason string
		all    bool
	}{
		"InternalError": {faults: awssim.Faults{InternalError: 1}, reason: "InternalError"},
		"Forbidden":     {faults: awssim.Faults{Deny: map[string]awssim.DenyKind{"GetMetricData": awssim.Forbidden}}, reason: "Forbidden", all: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := small(4, 0, 0)
			f := openSim(t, w, func(c *awssim.Config) { c.Faults = set.faults }, nil)
			queries := queriesFor(w)
			answers, err := f.client().MetricData(context.Background(), queries, time.Minute, lastHour(f))
			require.NoError(t, err)
			incomplete := 0
			for _, a := range answers {
				if !a.Complete {
					incomplete++
					assert.Equal(t, set.reason, a.Reason)
				} else {
					assert.NotEmpty(t, a.Values)
				}
			}
			assert.Positive(t, incomplete)
			if set.all {
				assert.Len(t, answers, incomplete)
			}
		})
	}
}

// A series without points in the window is complete and empty.
func TestMetricDataOfAnIdleSeriesIsComplete(t *testing.T) {
	f := openSim(t, small(1, 0, 0), nil, nil)
	answers, err := f.client().MetricData(context.Background(), []model.Query{
		{Metric: "Count", Statistic: "Sum", Dims: []model.Dimension{{Name: "ApiName", Value: "nobody"}, {Name: "Stage", Value: "prod"}}},
	}, time.Minute, lastHour(f))
	require.NoError(t, err)
	assert.True(t, answers[0].Complete)
	assert.Empty(t, answers[0].Values)
}

// Throttling is waited out: the operation's limiter halves, and recovers with success.
func TestThrottlingHalvesTheRateAndRecovers(t *testing.T) {
	f := openSim(t, small(2, 0, 0), func(c *awssim.Config) { c.Faults = awssim.Faults{Throttle: 1, Only: []string{"ListMetrics"}} }, nil)
	c := f.client()
	list := func() error {
		return c.ListMetrics(context.Background(), true, func([]model.Metric) error { return nil })
	}
	err := list()
	assert.Equal(t, Throttled, ClassOf(err))
	assert.Equal(t, maxAttempts, f.sim.Count("ListMetrics"), "throttled calls are tried again, boundedly")
	assert.EqualValues(t, maxAttempts, f.counted("aws_throttles"))
	assert.EqualValues(t, maxAttempts-1, f.counted("aws_retries"))
	assert.EqualValues(t, maxAttempts, f.counted("aws_calls", attribute.String("outcome", "throttled"), attribute.String("operation", "ListMetrics")))
	lowest := c.limits.Load().listMetrics.lim.Limit()
	assert.InDelta(t, listMetricsPerSecond/10.0, float64(lowest), 1e-9, "six halvings end at a tenth")
	assert.InDelta(t, getMetricDataPerSecond, float64(c.limits.Load().metricData.lim.Limit()), 1e-9, "other operations keep theirs")

	f.sim.SetFaults(awssim.Faults{})
	require.NoError(t, list())
	assert.Greater(t, c.limits.Load().listMetrics.lim.Limit(), lowest)
	for range 20 {
		require.NoError(t, list())
	}
	assert.InDelta(t, listMetricsPerSecond, float64(c.limits.Load().listMetrics.lim.Limit()), 1e-9)
}

// What may pass is tried again, and comes right.
func TestCallsSurviveFaults(t *testing.T) {
	for name, faults := range map[string]awssim.Faults{
		"throttling":          {Throttle: 0.3},
		"server errors":       {ServerError: 0.3},
		"dropped connections": {Drop: 0.3},
		"truncated bodies":    {Truncate: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			w := small(4, 0, 0)
			f := openSim(t, w, func(c *awssim.Config) { c.Faults = faults; c.MaxPage = 100 }, nil)
			win, queries := lastHour(f), queriesFor(w)
			answers, err := f.client().MetricData(context.Background(), queries, time.Minute, win)
			require.NoError(t, err)
			assertTruth(t, w, queries, answers, win)
			assert.Positive(t, f.counted("aws_retries"))
		})
	}
}

// The calls are counted by operation, target and outcome, and each has a duration.
func TestCallsAreCounted(t *testing.T) {
	f := openSim(t, small(1, 1, 0), nil, nil)
	c := f.client()
	require.NoError(t, c.Identify(context.Background()))
	_, err := c.restAPIs(context.Background())
	require.NoError(t, err)
	_, err = c.restStages(context.Background(), "gone")
	require.Error(t, err)
	target := attribute.String("target", "default/us-east-1")
	for _, e := range []struct{ operation, outcome string }{{"GetCallerIdentity", "ok"}, {"GetRestApis", "ok"}, {"GetStages", "invalid"}} {
		assert.EqualValues(t, 1, f.counted("aws_calls", target, attribute.String("operation", e.operation), attribute.String("outcome", e.outcome)), e)
	}
	assert.EqualValues(t, 3, f.counted("aws_calls"))
	_, err = f.telemetry.GetMetric("otelcol_receiver_awsapigateway_aws_call_duration")
	assert.NoError(t, err)
}

func TestIdentify(t *testing.T) {
	f := openSim(t, small(1, 0, 0), nil, nil)
	assert.Empty(t, f.client().Target().AccountID)
	require.NoError(t, f.client().Identify(context.Background()))
	assert.Equal(t, model.Target{Label: "default/us-east-1", AccountID: testAccount, Region: testRegion, Partition: "aws"}, f.client().Target())
	require.NoError(t, f.client().Identify(context.Background()))
	assert.Equal(t, 1, f.sim.Count("GetCallerIdentity"))

	f = openSim(t, small(1, 0, 0), nil, func(s *Settings) { s.Accounts = []Account{{Name: "prod", AccountID: testAccount}} })
	require.NoError(t, f.client().Identify(context.Background()))
	assert.Equal(t, "prod/us-east-1", f.client().Target().Label)
	assert.Zero(t, f.sim.Count(""), "account_id spares the call")
}

// A call that hangs ends with its context, at once.
func TestContextEndsASlowCall(t *testing.T) {
	f := openSim(t, small(1, 0, 0), func(c *awssim.Config) { c.Faults.Hang = []string{testAccount + "/" + testRegion} }, nil)
	for name, do := range map[string]func(context.Context) error{
		"GetRestApis":       func(ctx context.Context) error { _, err := f.client().restAPIs(ctx); return err },
		"GetCallerIdentity": f.client().Identify,
		"GetMetricData": func(ctx context.Context) error {
			_, err := f.client().MetricData(ctx, make([]model.Query, 1), time.Minute, lastHour(f))
			return err
		},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		stop := time.AfterFunc(50*time.Millisecond, cancel)
		began := time.Now()
		err := do(ctx)
		assert.Less(t, time.Since(began), 10*time.Second, name)
		assert.Equal(t, Canceled, ClassOf(err), "%s: %v", name, err)
		stop.Stop()
		cancel()
	}
}

// So does one that waits for its limiter, or for the next attempt.
func TestContextEndsAWait(t *testing.T) {
	a := &answering{status: 500}
	f := openHandler(t, a, func(s *Settings) { s.Clock = fast(0.001) })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := f.client().restAPIs(ctx)
	require.Error(t, err)
	assert.Less(t, time.Since(began), 10*time.Second)
	assert.EqualValues(t, 1, a.calls.Load())
}

// A target that does not answer is known as such after two attempts.
func TestSilentTargetIsGivenUp(t *testing.T) {
	f := openSim(t, small(1, 0, 0), func(c *awssim.Config) { c.Faults.Hang = []string{testAccount + "/" + testRegion} },
		func(s *Settings) { s.AttemptTimeout = 60 * time.Millisecond })
	_, err := f.client().restAPIs(context.Background())
	assert.Equal(t, Network, ClassOf(err), "%v", err)
	assert.Equal(t, maxTimeouts, f.sim.Count("GetRestApis"))
}
