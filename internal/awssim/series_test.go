package awssim

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// TestTwinsShareASeries: REST APIs of one name and stage have one series with the samples of both.
func TestTwinsShareASeries(t *testing.T) {
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	from := noon.Add(-30 * time.Minute)
	got := h.data(t, window(from, noon, ask("n", "Count", "SampleCount", 60, "ApiName", "twins", "Stage", "prod"), ask("p", "Latency", "p50", 1800, "ApiName", "twins", "Stage", "prod")))
	want := 0.0
	for _, id := range []string{"b3twins000", "b4twins000"} {
		api := world.API(DemoAccount, "us-east-1", id)
		want += world.Truth(api, api.Stages[0], false, from, noon)["Count"].SampleCount
	}
	if n := got["n"].sum(); n != want || want == 0 {
		t.Errorf("the series counts %v requests, the APIs had %v", n, want)
	}
}

// TestCanaryAndRoutes: a canary's requests are in series of their own and not in the stage's, and both together are the API's; the routes of a
// stage add up to the stage.
func TestCanaryAndRoutes(t *testing.T) {
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	api := world.API(DemoAccount, "us-east-1", "a1orders00")
	prod, from := api.Stages[0], noon.Add(-30*time.Minute)
	name := []string{"ApiName", "orders"}
	with := func(more ...string) []string { return append(append([]string{}, name...), more...) }
	got := h.data(t, window(from, noon,
		ask("api", "Count", "Sum", 60, name...),
		ask("prod", "Count", "Sum", 60, with("Stage", "prod")...),
		ask("canary", "Count", "Sum", 60, with("Stage", "prod/Canary")...),
		ask("test", "Count", "Sum", 60, with("Stage", "test")...),
		ask("r0", "Count", "Sum", 60, with("Stage", "prod", "Method", "GET", "Resource", "/orders")...),
		ask("r1", "Count", "Sum", 60, with("Stage", "prod", "Method", "POST", "Resource", "/orders")...),
		ask("r2", "Count", "Sum", 60, with("Stage", "prod", "Method", "GET", "Resource", "/orders/{id}")...),
		ask("c1", "Count", "Sum", 60, with("Stage", "prod/Canary", "Method", "POST", "Resource", "/orders")...),
	))
	check := func(what string, got, want float64) {
		t.Helper()
		if got != want || want == 0 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	check("the stage's own", got["prod"].sum(), world.Truth(api, prod, false, from, noon)["Count"].Sum)
	check("the canary's", got["canary"].sum(), world.Truth(api, prod, true, from, noon)["Count"].Sum)
	check("the API's", got["api"].sum(), got["prod"].sum()+got["canary"].sum()+got["test"].sum())
	check("the sum of the routes", got["r0"].sum()+got["r1"].sum()+got["r2"].sum(), got["prod"].sum())
	check("a route's", got["r1"].sum(), world.RouteTruth(api, prod, 1, false, from, noon)["Count"].Sum)
	check("a route's on the canary", got["c1"].sum(), world.RouteTruth(api, prod, 1, true, from, noon)["Count"].Sum)
	if share := got["canary"].sum() / (got["canary"].sum() + got["prod"].sum()); share < 0.08 || share > 0.12 {
		t.Errorf("the canary's share is %v, want 0.1", share)
	}
}

// TestDetailedMetricsBegin: route level series have no points from before detailed metrics were switched on.
func TestDetailedMetricsBegin(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon), Now: func() time.Time { return noon.Add(30 * time.Minute) }})
	got := h.data(t, window(noon, noon.Add(30*time.Minute), ask("r", "Count", "Sum", 60, "ApiId", "a3payments", "Stage", "$default", "Method", "POST", "Resource", "/charges")))
	if len(got["r"]) != 15 {
		t.Errorf("the route has %d points, want one for each of the last 15 minutes", len(got["r"]))
	}
	for ts := range got["r"] {
		if ts.Before(noon.Add(15 * time.Minute)) {
			t.Errorf("the route has a point at %s", ts)
		}
	}
}

// TestNames: CloudWatch writes ApiName without what is not ASCII.
func TestNames(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	names := map[string]bool{}
	for _, m := range h.list(t, cloudwatch.ListMetricsInput{}) {
		for _, d := range m.Dimensions {
			if *d.Name == "ApiName" {
				names[*d.Value] = true
			}
		}
	}
	for _, want := range []string{"bersetzung", "b6chumon00", "orders", "internal-tools"} {
		if !names[want] {
			t.Errorf("no series is named %s, only %v", want, names)
		}
	}
}

// TestHoles: idle minutes, unknown series, other namespaces and units have no points, and are complete.
func TestHoles(t *testing.T) {
	world := shop()
	world.Accounts[0].Regions[0].APIs[0].Stages[0].Traffic.Idle = []Span{{noon.Add(-8 * time.Minute), noon.Add(-5 * time.Minute)}}
	h := start(t, Config{World: world})
	queries := window(noon.Add(-10*time.Minute), noon,
		ask("idle", "Count", "Sum", 60, "ApiName", "orders", "Stage", "prod"),
		ask("unknown", "Counts", "Sum", 60, "ApiName", "orders", "Stage", "prod"),
		ask("stage", "Count", "Sum", 60, "ApiName", "orders", "Stage", "nope"),
		ask("unit", "Count", "Sum", 60, "ApiName", "orders", "Stage", "prod"),
		ask("other", "Count", "Sum", 60, "ApiName", "orders", "Stage", "prod"),
	)
	queries.MetricDataQueries[3].MetricStat.Unit = "Seconds"
	*queries.MetricDataQueries[4].MetricStat.Metric.Namespace = "AWS/Lambda"
	out, err := h.cloudWatch().GetMetricData(background, &queries)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{7, 0, 0, 0, 0} {
		r := out.MetricDataResults[i]
		if len(r.Values) != want || r.StatusCode != "Complete" {
			t.Errorf("%s has %d points and is %s, want %d and Complete", *r.Id, len(r.Values), r.StatusCode, want)
		}
	}
}

// TestRetention: old points exist in coarse periods only, and starts are rounded the more the older they are.
func TestRetention(t *testing.T) {
	h := start(t, Config{World: shop()})
	for _, c := range []struct {
		age    time.Duration
		period int32
		points int
	}{
		{3 * 24 * time.Hour, 60, 120}, {20 * 24 * time.Hour, 60, 0}, {20 * 24 * time.Hour, 300, 24}, {100 * 24 * time.Hour, 300, 0}, {100 * 24 * time.Hour, 3600, 2}, {500 * 24 * time.Hour, 3600, 0},
	} {
		from := noon.Add(-c.age)
		got := h.data(t, window(from, from.Add(2*time.Hour), ask("n", "Count", "Sum", c.period, "ApiName", "orders")))
		if len(got["n"]) != c.points {
			t.Errorf("%s ago there are %d points of %d s, want %d", c.age, len(got["n"]), c.period, c.points)
		}
	}
	got := h.data(t, window(noon.Add(-100*24*time.Hour+25*time.Minute), noon.Add(-100*24*time.Hour+30*time.Minute), ask("n", "Count", "Sum", 3600, "ApiName", "orders")))
	if _, ok := got["n"][noon.Add(-100*24*time.Hour)]; !ok {
		t.Errorf("a start 100 days ago is not rounded down to the hour: %v", got["n"])
	}
}

// TestAncientStart: a start that no data can be as old as costs nothing.
func TestAncientStart(t *testing.T) {
	racetest.Skip(t)
	world := shop()
	world.Accounts[0].Regions[0].APIs[0].Stages[0].Traffic.PerMinute = 0.2
	h := start(t, Config{World: world})
	got := h.data(t, window(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), noon, ask("n", "Count", "Sum", 86400, "ApiName", "orders", "Stage", "prod")))
	if len(got["n"]) < 454 || len(got["n"]) > 456 {
		t.Errorf("there are %d points, want one for each of 455 days", len(got["n"]))
	}
}
