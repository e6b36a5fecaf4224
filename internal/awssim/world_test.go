package awssim

import (
	"math"
	"reflect"
	"sort"
	"testing"
	"time"
)

func TestPatternAndIncident(t *testing.T) {
	p := Pattern{Every: 20 * time.Minute, For: 5 * time.Minute, Offset: 2 * time.Minute}
	for minute := range 40 {
		at := noon.Add(time.Duration(minute) * time.Minute)
		want := minute%20 >= 2 && minute%20 < 7
		if p.On(at) != want || (Incident{Every: p.Every, For: p.For, Offset: p.Offset}).On(at) != want {
			t.Errorf("after %d minutes the pattern is on: %v, want %v", minute, !want, want)
		}
	}
	if (Pattern{}).On(noon) {
		t.Error("the zero pattern is on")
	}
}

// TestTrafficIsAFunctionOfItsMinute: the same requests each time, others in other minutes, stages, regions and seeds.
func TestTrafficIsAFunctionOfItsMinute(t *testing.T) {
	samples := func(w *World, at time.Time) []float64 {
		api := w.Accounts[0].Regions[0].APIs[0]
		return w.Samples(api, api.Stages[0], false, "Latency", at)
	}
	world, again, other, moved := shop(), shop(), shop(), shop()
	other.Seed++
	moved.Accounts[0].Regions[0].Name = "eu-west-1"
	first := samples(world, noon)
	if !reflect.DeepEqual(first, samples(again, noon)) || !reflect.DeepEqual(first, samples(world, noon.Add(59*time.Second))) {
		t.Error("a minute has other requests the second time")
	}
	for name, got := range map[string][]float64{"minute": samples(world, noon.Add(time.Minute)), "seed": samples(other, noon), "region": samples(moved, noon)} {
		if reflect.DeepEqual(first, got) {
			t.Errorf("another %s has the same requests", name)
		}
	}
}

// TestTrafficFollowsItsSettings measures an hour's traffic against what the stage asks for.
func TestTrafficFollowsItsSettings(t *testing.T) {
	world := shop()
	api := world.Accounts[0].Regions[0].APIs[0]
	stage := api.Stages[0]
	stage.Cache = false
	stage.Traffic = Traffic{
		PerMinute: 500, Error4xx: 0.1, LatencyMS: 100, BurstEvery: 30 * time.Minute, BurstFor: 3 * time.Minute, BurstFactor: 3,
		Incident: Incident{Every: time.Hour, For: 15 * time.Minute, Error5xx: 0.4, LatencyFactor: 5},
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s is %v, want about %v", what, got, want)
		}
	}
	truth := func(from, to time.Duration) map[string]Stat {
		return world.Truth(api, stage, false, noon.Add(from), noon.Add(to))
	}
	hour, incident, calm, burst := truth(0, time.Hour), truth(3*time.Minute, 15*time.Minute), truth(33*time.Minute, time.Hour), truth(30*time.Minute, 33*time.Minute)
	near("the hour's count", hour["Count"].SampleCount, 500*(54+3*6), 0.03)
	near("the burst's count", burst["Count"].SampleCount, 4500, 0.05)
	near("the rate of client errors", calm["4XXError"].Sum/calm["Count"].Sum, 0.1, 0.1)
	near("the rate of server errors in the incident", incident["5XXError"].Sum/incident["Count"].Sum, 0.4, 0.1)
	if calm["5XXError"].Sum != 0 || calm["5XXError"].SampleCount != calm["Count"].SampleCount {
		t.Errorf("outside of the incident the server errors are %+v", calm["5XXError"])
	}
	if i, l := calm["IntegrationLatency"], calm["Latency"]; i.SampleCount >= l.SampleCount || i.SampleCount < 0.9*l.SampleCount {
		t.Errorf("%v of %v requests reached an integration", i.SampleCount, l.SampleCount)
	}
	var slow, fast []float64
	for minute := range 10 {
		slow = append(slow, world.Samples(api, stage, false, "IntegrationLatency", noon.Add(time.Duration(3+minute)*time.Minute))...)
		fast = append(fast, world.Samples(api, stage, false, "IntegrationLatency", noon.Add(time.Duration(40+minute)*time.Minute))...)
	}
	sort.Float64s(slow)
	sort.Float64s(fast)
	near("the median in the incident", slow[len(slow)/2], 5*fast[len(fast)/2], 0.15)
	if p99, p50 := fast[len(fast)*99/100], fast[len(fast)/2]; p99 < 2*p50 {
		t.Errorf("the tail is short: p99 is %v, p50 %v", p99, p50)
	}
	for _, v := range fast {
		if v != math.Trunc(v) {
			t.Fatalf("latency %v is not a whole number", v)
		}
	}
}

// TestLifetime: an API has requests from its creation to its deletion, to the second.
func TestLifetime(t *testing.T) {
	world := shop()
	api := world.Accounts[0].Regions[0].APIs[0]
	api.Created, api.Deleted = noon.Add(30*time.Second), noon.Add(5*time.Minute+15*time.Second)
	api.Stages[0].Traffic.PerMinute = 600
	var counts []int
	for minute := -1; minute < 7; minute++ {
		counts = append(counts, len(world.Samples(api, api.Stages[0], false, "Count", noon.Add(time.Duration(minute)*time.Minute))))
	}
	for i, want := range []int{0, 300, 600, 600, 600, 600, 150, 0} {
		if math.Abs(float64(counts[i]-want)) > 100 || want == 0 && counts[i] != 0 {
			t.Errorf("the counts of the minutes are %v", counts)
			break
		}
	}
}

// TestDemoWorld holds the demonstration to what it is to show.
func TestDemoWorld(t *testing.T) {
	world := DemoWorld(noon)
	kinds, names, apis := map[string]int{}, map[string]int{}, 0
	var canary, cache, detailed, idle, incident, burst, untagged bool
	for _, a := range world.Accounts {
		for _, r := range a.Regions {
			for _, api := range r.APIs {
				apis++
				kinds[api.kind()]++
				names[api.Name]++
				untagged = untagged || len(api.Tags) == 0
				if len(api.ID) != 10 {
					t.Errorf("%q is no API id", api.ID)
				}
				for _, s := range api.Stages {
					canary, cache, detailed = canary || s.CanaryPercent > 0, cache || s.Cache, detailed || !s.DetailedSince.IsZero()
					idle, incident, burst = idle || s.Traffic.PerMinute == 0, incident || s.Traffic.Incident.Every > 0, burst || s.Traffic.BurstEvery > 0
				}
			}
		}
	}
	if apis < 12 || len(kinds) != 3 || len(world.Accounts) != 2 || names["reports"] != 2 || names["twins"] != 2 || names["orders"] != 2 {
		t.Errorf("there are %d APIs, of types %v and names %v", apis, kinds, names)
	}
	if !canary || !cache || !detailed || !idle || !incident || !burst || !untagged {
		t.Errorf("something is missing: %v %v %v %v %v %v %v", canary, cache, detailed, idle, incident, burst, untagged)
	}
}
