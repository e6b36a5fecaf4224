package awssim

import (
	"slices"
	"time"
)

// Stat holds the basic statistics of a metric.
type Stat struct{ SampleCount, Sum, Min, Max float64 }

// Truth returns what really happened on a stage in the whole minutes of [from, to), by CloudWatch metric name, independent of lateness and faults.
// canary selects the requests that ran on the canary instead of those of the stage's own series. Metrics without a sample are absent.
func (w *World) Truth(api *API, stage *Stage, canary bool, from, to time.Time) map[string]Stat {
	info, sel := w.info(api, stage), selectStage
	if canary {
		sel = selectCanary
	}
	totals := map[string]Stat{}
	for minute := minuteAtOrAfter(from); minute < minuteOf(to); minute++ {
		requests := info.requests(minute)
		for _, m := range metricsOf[info.kind] {
			total, ok := totals[m.name]
			for i := range requests {
				if !sel.matches(&requests[i]) {
					continue
				}
				if v, has := info.sample(&requests[i], m.code); has {
					total, ok = total.add(float64(v)), true
				}
			}
			if ok {
				totals[m.name] = total
			}
		}
	}
	return totals
}

func (s Stat) add(v float64) Stat {
	if s.SampleCount == 0 {
		return Stat{SampleCount: 1, Sum: v, Min: v, Max: v}
	}
	return Stat{SampleCount: s.SampleCount + 1, Sum: s.Sum + v, Min: min(s.Min, v), Max: max(s.Max, v)}
}

// Samples returns the raw sample values of a stage's metric in the minute that t lies in, ascending.
func (w *World) Samples(api *API, stage *Stage, canary bool, metric string, t time.Time) []float64 {
	info, sel := w.info(api, stage), selectStage
	if canary {
		sel = selectCanary
	}
	return info.samples(sel, metric, minuteOf(t))
}

// RouteSamples is [World.Samples] of one route, by its index in the stage's routes.
func (w *World) RouteSamples(api *API, stage *Stage, route int, canary bool, metric string, t time.Time) []float64 {
	return w.info(api, stage).samples(routeSelector(route, canary), metric, minuteOf(t))
}

func (i *stageInfo) samples(sel selector, metric string, minute int64) []float64 {
	code, ok := metricOf(i.kind, metric)
	if !ok {
		return nil
	}
	var values []float64
	requests := i.requests(minute)
	for k := range requests {
		if !sel.matches(&requests[k]) {
			continue
		}
		if v, has := i.sample(&requests[k], code); has {
			values = append(values, float64(v))
		}
	}
	slices.Sort(values)
	return values
}
