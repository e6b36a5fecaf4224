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
	return w.info(api, stage).truth(stageSelector(canary), from, to)
}

// RouteTruth is [World.Truth] of one route, by its index in the stage's routes. It does not ask whether detailed metrics were on.
func (w *World) RouteTruth(api *API, stage *Stage, route int, canary bool, from, to time.Time) map[string]Stat {
	return w.info(api, stage).truth(routeSelector(route, canary), from, to)
}

func (i *stageInfo) truth(sel selector, from, to time.Time) map[string]Stat {
	var totals [metricCodes]Stat
	for minute := minuteAtOrAfter(from); minute < minuteOf(to); minute++ {
		requests := i.requests(minute)
		for k := range requests {
			r := &requests[k]
			if !sel.matches(r) {
				continue
			}
			for _, m := range metricsOf[i.kind] {
				if v, ok := i.sample(r, m.code); ok {
					totals[m.code].add(float64(v))
				}
			}
		}
	}
	named := map[string]Stat{}
	for _, m := range metricsOf[i.kind] {
		if totals[m.code].SampleCount > 0 {
			named[m.name] = totals[m.code]
		}
	}
	return named
}

func (s *Stat) add(v float64) {
	if s.SampleCount == 0 {
		s.Min, s.Max = v, v
	}
	s.SampleCount, s.Sum, s.Min, s.Max = s.SampleCount+1, s.Sum+v, min(s.Min, v), max(s.Max, v)
}

// Samples returns the raw sample values of a stage's metric in the minute that t lies in, ascending.
func (w *World) Samples(api *API, stage *Stage, canary bool, metric string, t time.Time) []float64 {
	return w.info(api, stage).samples(stageSelector(canary), metric, minuteOf(t))
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
