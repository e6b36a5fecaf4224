package awssim

import (
	"math"
	"sort"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// TestStatisticsEqualSamples compares every kind of statistic with its definition applied to the raw samples.
func TestStatisticsEqualSamples(t *testing.T) {
	world := shop()
	h := start(t, Config{World: world})
	api := world.API("111122223333", "us-east-1", "orders0001")
	const period = 3 * time.Minute
	from, to := noon.Add(-18*time.Minute), noon.Add(-6*time.Minute)
	for metric := range world.Truth(api, api.Stages[0], false, from, to) {
		var queries []types.MetricDataQuery
		for i, d := range definitions {
			queries = append(queries, ask("q"+string(rune('a'+i)), metric, d.stat, 180, "Stage", "prod", "ApiName", "orders"))
		}
		got := h.data(t, window(from, to, queries...))
		for at := from; at.Before(to); at = at.Add(period) {
			var samples []float64
			for m := at; m.Before(at.Add(period)); m = m.Add(time.Minute) {
				samples = append(samples, world.Samples(api, api.Stages[0], false, metric, m)...)
			}
			sort.Float64s(samples)
			for i, d := range definitions {
				value, ok := got["q"+string(rune('a'+i))][at]
				want, has := d.of(samples)
				if ok != has || math.Abs(value-want) > 1e-9*math.Abs(want) {
					t.Errorf("%s %s at %s is %v (%v), want %v (%v) of %d samples", metric, d.stat, at, value, ok, want, has, len(samples))
				}
			}
		}
	}
}

// definitions restate CloudWatch's statistics over sorted samples, plainly.
var definitions = []struct {
	stat string
	of   func([]float64) (float64, bool)
}{
	{"SampleCount", func(s []float64) (float64, bool) { return float64(len(s)), len(s) > 0 }},
	{"Sum", func(s []float64) (float64, bool) { return sum(s), len(s) > 0 }},
	{"Average", func(s []float64) (float64, bool) { return sum(s) / float64(len(s)), len(s) > 0 }},
	{"Minimum", func(s []float64) (float64, bool) { return s[0], true }},
	{"Maximum", func(s []float64) (float64, bool) { return s[len(s)-1], true }},
	{"p50", func(s []float64) (float64, bool) { return s[(len(s)+1)/2-1], true }},
	{"p99", func(s []float64) (float64, bool) { return s[int(math.Ceil(99*float64(len(s))/100))-1], true }},
	{"p99.9", func(s []float64) (float64, bool) { return s[int(math.Ceil(99.9*float64(len(s))/100))-1], true }},
	{"p100", func(s []float64) (float64, bool) { return s[len(s)-1], true }},
	{"tm90", func(s []float64) (float64, bool) {
		low := s[:int(math.Ceil(90*float64(len(s))/100))]
		return sum(low) / float64(len(low)), true
	}},
	{"TM(10%:90%)", func(s []float64) (float64, bool) {
		mid := middle(s, 10, 90)
		return sum(mid) / float64(len(mid)), true
	}},
	{"IQM", func(s []float64) (float64, bool) {
		mid := middle(s, 25, 75)
		return sum(mid) / float64(len(mid)), true
	}},
	{"TM(50:100)", func(s []float64) (float64, bool) {
		in := within(s, 50, 100)
		return sum(in) / float64(len(in)), len(in) > 0
	}},
	{"wm90", func(s []float64) (float64, bool) {
		bound, total := s[int(math.Ceil(90*float64(len(s))/100))-1], 0.0
		for _, v := range s {
			total += math.Min(v, bound)
		}
		return total / float64(len(s)), true
	}},
	{"PR(50:100)", func(s []float64) (float64, bool) {
		return 100 * float64(len(within(s, 50, 100))) / float64(len(s)), true
	}},
	{"PR(:80)", func(s []float64) (float64, bool) {
		return 100 * float64(len(within(s, math.Inf(-1), 80))) / float64(len(s)), true
	}},
	{"TC(50:100)", func(s []float64) (float64, bool) { return float64(len(within(s, 50, 100))), true }},
	{"TC(100:)", func(s []float64) (float64, bool) { return float64(len(within(s, 100, math.Inf(1)))), true }},
	{"tc80", func(s []float64) (float64, bool) { return math.Ceil(80 * float64(len(s)) / 100), true }},
	{"TS(50:100)", func(s []float64) (float64, bool) { return sum(within(s, 50, 100)), true }},
	{"ts80", func(s []float64) (float64, bool) { return sum(middle(s, 0, 80)), true }},
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

func within(values []float64, lo, hi float64) (in []float64) {
	for _, v := range values {
		if v > lo && v <= hi {
			in = append(in, v)
		}
	}
	return in
}

func middle(values []float64, lo, hi float64) []float64 {
	n := float64(len(values))
	return values[int(math.Floor(lo*n/100)):int(math.Ceil(hi*n/100))]
}

func TestStatisticGrammar(t *testing.T) {
	for stat, want := range map[string]bool{
		"p0": true, "p99": true, "p100": true, "p99.9999999999": true, "tm99": true, "TM(150:1000)": true, "TM(:95%)": true, "PR(300:)": true, "TC(0.5:1)": true, "WM(10%:90%)": true, "IQM": true,
		"": false, "p": false, "p101": false, "p999": false, "P99": false, "sum": false, "TM(10%:90)": false, "TM(:)": false, "PR(1%:2%)": false, "TM(90%:10%)": false, "p99.99999999999": false, "TS()": false,
	} {
		if _, ok := parseStatistic(stat); ok != want {
			t.Errorf("statistic %q is accepted: %v, want %v", stat, ok, want)
		}
	}
}

// TestSumsEqualTruth adds up all one-minute points of a stage.
func TestSumsEqualTruth(t *testing.T) {
	world := DemoWorld(noon)
	h := start(t, Config{World: world, Now: func() time.Time { return noon.Add(time.Hour) }})
	from, to := noon, noon.Add(40*time.Minute)
	for _, account := range world.Accounts {
		for _, region := range account.Regions {
			for _, api := range region.APIs {
				if api.Name == "twins" || api.Name == "search" {
					continue // several APIs in one series
				}
				for _, stage := range api.Stages {
					truth := world.Truth(api, stage, false, from, to)
					for metric, want := range truth {
						name, value := "ApiId", api.ID
						if api.kind() == TypeREST {
							name, value = "ApiName", metricAPIName(api)
						}
						d := []string{name, value, "Stage", stage.Name}
						got := h.as(account.ID, region.Name).data(t, window(from, to, ask("n", metric, "SampleCount", 60, d...), ask("s", metric, "Sum", 60, d...), ask("m", metric, "Maximum", 2400, d...)))
						if n := got["n"].sum(); n != want.SampleCount {
							t.Errorf("%s %s %s SampleCount is %v, want %v", api.Name, stage.Name, metric, n, want.SampleCount)
						}
						if s := got["s"].sum(); s != want.Sum {
							t.Errorf("%s %s %s Sum is %v, want %v", api.Name, stage.Name, metric, s, want.Sum)
						}
						if m := got["m"][from]; m != want.Max {
							t.Errorf("%s %s %s Maximum is %v, want %v", api.Name, stage.Name, metric, m, want.Max)
						}
					}
				}
			}
		}
	}
}

func (p points) sum() (total float64) {
	for _, v := range p {
		total += v
	}
	return total
}
