package awssim

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// clock is a clock that tests move.
type clock struct{ nanos atomic.Int64 }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.set(at)
	return c
}

func (c *clock) now() time.Time   { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) set(at time.Time) { c.nanos.Store(at.UnixNano()) }

// TestLateDataOnlyGrows looks at the same minutes again and again: points appear and grow, never shrink, and end equal to the truth.
func TestLateDataOnlyGrows(t *testing.T) {
	for name, lateness := range map[string]Lateness{
		"requests":     {Base: time.Minute, Max: 5 * time.Minute, Late: 0.4},
		"whole points": {Base: 30 * time.Second, Max: 4 * time.Minute, WholePoints: 0.5},
		"both":         {Base: time.Minute, Max: 3 * time.Minute, Late: 0.3, WholePoints: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			world, c := shop(), newClock(noon)
			h := start(t, Config{World: world, Now: c.now, Lateness: lateness})
			api := world.API("111122223333", "us-east-1", "orders0001")
			from, to := noon, noon.Add(10*time.Minute)
			before, grew := points{}, 0
			for at := noon; !at.After(to.Add(lateness.Base + lateness.Max)); at = at.Add(15 * time.Second) {
				c.set(at)
				got := h.data(t, window(from, to, ask("n", "Latency", "SampleCount", 60, "ApiName", "orders", "Stage", "prod")))["n"]
				for ts, n := range before {
					if got[ts] < n {
						t.Fatalf("at %s the count of %s fell from %v to %v", at, ts, n, got[ts])
					}
					if got[ts] > n {
						grew++
					}
				}
				for ts := range got {
					if at.Before(ts.Add(time.Minute + lateness.Base)) {
						t.Errorf("at %s the point of %s is visible", at, ts)
					}
				}
				before = got
			}
			if want := world.Truth(api, api.Stages[0], false, from, to)["Latency"].SampleCount; before.sum() != want {
				t.Errorf("in the end there are %v samples, want %v", before.sum(), want)
			}
			if lateness.Late > 0 && grew == 0 {
				t.Error("no point grew")
			}
		})
	}
}

// TestListMetricsShowsVisibleSeriesOnly follows one stage from before its first request on, under a lag, through idleness and deletion.
func TestListMetricsShowsVisibleSeriesOnly(t *testing.T) {
	c := newClock(noon)
	world := shop()
	api := world.Accounts[0].Regions[0].APIs[0]
	api.Created, api.Deleted = noon.Add(10*time.Minute), noon.Add(20*time.Hour)
	api.Stages[0].Traffic.Idle = []Span{{noon.Add(2 * time.Hour), noon.Add(8 * time.Hour)}}
	h := start(t, Config{World: world, Now: c.now, ListLag: 15 * time.Minute, Lateness: Lateness{Base: time.Minute}})
	for _, step := range []struct {
		after            time.Duration
		recently, listed bool
	}{
		{0, true, false},
		{20 * time.Minute, true, false}, // has had data for nine minutes
		{28 * time.Minute, true, true},
		{4 * time.Hour, true, true},
		{6 * time.Hour, true, false}, // nothing for four hours
		{6 * time.Hour, false, true},
		{8*time.Hour + 3*time.Minute, true, true}, // known before: comes back without lag
		{24 * time.Hour, true, false},
		{10 * 24 * time.Hour, false, true},
		{15 * 24 * time.Hour, false, false},
	} {
		c.set(noon.Add(step.after))
		in := cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/ApiGateway"), MetricName: aws.String("Count"), Dimensions: []types.DimensionFilter{{Name: aws.String("Stage")}}}
		if step.recently {
			in.RecentlyActive = types.RecentlyActivePt3h
		}
		if got := len(h.list(t, in)) == 1; got != step.listed {
			t.Errorf("after %s (recently active: %v) the series is listed: %v, want %v", step.after, step.recently, got, step.listed)
		}
	}
}

// TestListedSeriesHaveData compares ListMetrics with GetMetricData: what is listed as recently active has samples, and what has samples is listed.
func TestListedSeriesHaveData(t *testing.T) {
	racetest.Skip(t)
	world := DemoWorld(noon)
	for _, late := range []Lateness{{}, {Base: 90 * time.Second, Max: 4 * time.Minute, Late: 0.5, WholePoints: 0.5}} {
		h := start(t, Config{World: world, Now: func() time.Time { return noon.Add(30 * time.Minute) }, Lateness: late})
		listed := map[string]bool{}
		for _, m := range h.list(t, cloudwatch.ListMetricsInput{RecentlyActive: types.RecentlyActivePt3h}) {
			listed[key(m)] = true
		}
		all := h.series(caller{account: world.Accounts[0], region: "us-east-1"}).series
		for begin := 0; begin < len(all); begin += maxMetricDataQueries {
			var queries []types.MetricDataQuery
			part := all[begin:min(begin+maxMetricDataQueries, len(all))]
			for i, s := range part {
				var d []string
				for _, dim := range s.group.dimensions {
					d = append(d, dim.Name, dim.Value)
				}
				queries = append(queries, ask("q"+string(rune('a'+i%26))+string(rune('a'+i/26)), s.metric.name, "SampleCount", 3*3600, d...))
			}
			got := h.data(t, window(noon.Add(30*time.Minute-3*time.Hour), noon.Add(30*time.Minute), queries...))
			for i, s := range part {
				id := *queries[i].Id
				if has := len(got[id]) > 0; has != listed[key(types.Metric{MetricName: &s.metric.name, Dimensions: queries[i].MetricStat.Metric.Dimensions})] {
					t.Errorf("%s %v has data: %v, but is listed: %v", s.metric.name, s.group.dimensions, has, !has)
				}
			}
		}
		if len(listed) < 150 {
			t.Errorf("only %d series are listed", len(listed))
		}
	}
}

func key(m types.Metric) string {
	parts := []string{*m.MetricName}
	for _, d := range m.Dimensions {
		parts = append(parts, *d.Name+"="+*d.Value)
	}
	slices.Sort(parts)
	out := ""
	for _, p := range parts {
		out += p + "|"
	}
	return out
}

func TestListMetricsFilters(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	for name, c := range map[string]struct {
		in   cloudwatch.ListMetricsInput
		want int
	}{
		"other namespace": {cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/Lambda")}, 0},
		"metric":          {cloudwatch.ListMetricsInput{MetricName: aws.String("ConnectCount")}, 3}, // API, stage and the $connect route
		"value":           {cloudwatch.ListMetricsInput{MetricName: aws.String("Count"), Dimensions: []types.DimensionFilter{{Name: aws.String("ApiName"), Value: aws.String("orders")}}}, 10},
		"name": {cloudwatch.ListMetricsInput{MetricName: aws.String("Count"), Dimensions: []types.DimensionFilter{
			{Name: aws.String("ApiName"), Value: aws.String("orders")}, {Name: aws.String("Resource")},
		}}, 6},
	} {
		if got := h.list(t, c.in); len(got) != c.want {
			t.Errorf("%s: %d series are listed, want %d", name, len(got), c.want)
		}
	}
}
