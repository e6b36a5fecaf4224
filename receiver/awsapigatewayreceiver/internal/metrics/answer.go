package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// maxAsks is how often a group is asked again for a statistic that misses a period which the others have.
const maxAsks = 2

var errMissing = errors.New("misses a period that others have")

// decode turns the answers to one group's statistics into observations, ascending. An error means that the group has to be asked again. With
// lenient, a statistic that misses a period is done without.
func decode(p *plan, answers []model.Series, lenient bool) ([]observation, error) {
	for i := range answers {
		if !answers[i].Complete {
			return nil, fmt.Errorf("%s of %s: %s", p.statistics[i], p.metric, answers[i].Reason)
		}
	}
	times := periods(answers)
	cursor := make([]int, len(answers))
	// next is the value of a statistic at ts, NaN where it has none.
	next := func(i int, ts int64) float64 {
		a := &answers[i]
		if cursor[i] < len(a.Times) && a.Times[cursor[i]] == ts {
			cursor[i]++
			return a.Values[cursor[i]-1]
		}
		return math.NaN()
	}
	out := make([]observation, 0, len(times))
	var gauges []float64
	if p.gaugeCount > 0 {
		gauges = make([]float64, 0, p.gaugeCount*len(times))
	}
	for _, ts := range times {
		o := observation{seen: seen{TS: ts, Max: unknownExtreme, Min: unknownExtreme}}
		missing := ""
		for i := range p.statistics {
			v := next(i, ts)
			if math.IsNaN(v) && !p.isGauge(i) {
				missing = p.statistics[i]
			}
			switch {
			case p.sum != nil:
				o.N = math.Round(v)
			case i == p.count:
				o.N = math.Round(v)
			case i == p.total:
				o.Sum = v
			case i == p.maximum && v >= 0:
				o.Max = v
			case i == p.minimum && v >= 0:
				o.Min = v
			case p.isGauge(i):
				gauges = append(gauges, v)
			case p.bucketCount > 0 && i >= p.buckets && i < p.buckets+p.bucketCount:
				if o.Buckets == nil {
					o.Buckets = make([]float64, p.bucketCount)
				}
				if v > 0 {
					o.Buckets[i-p.buckets] = v
				}
			}
		}
		if missing != "" && !lenient {
			return nil, fmt.Errorf("%s of %s %w", missing, p.metric, errMissing)
		}
		if p.gaugeCount > 0 {
			o.gauges = gauges[len(gauges)-p.gaugeCount : len(gauges) : len(gauges)]
		}
		if math.IsNaN(o.N) || math.IsNaN(o.Sum) {
			continue // without a count or sum there is no point; the period is read again while it is revisited
		}
		out = append(out, o)
	}
	return out, nil
}

// periods are the starts of the periods that any statistic has, ascending. They nearly always all have the same.
func periods(answers []model.Series) []int64 {
	times := answers[0].Times
	for i := range answers[1:] {
		if other := answers[i+1].Times; !slices.Equal(times, other) {
			times = slices.Concat(times, other)
			slices.Sort(times)
			times = slices.Compact(times)
		}
	}
	return times
}

// balance makes bucket counts whole and adds them up to the count: CloudWatch interpolates them. What is missing goes to, and what is too much
// comes from, the fullest buckets first.
func balance(buckets []float64, count uint64, out []uint64) []uint64 {
	out = out[:0]
	var total uint64
	for _, b := range buckets {
		n := uint64(math.Round(max(b, 0)))
		out = append(out, n)
		total += n
	}
	if len(out) == 0 {
		return out
	}
	for total != count {
		fullest := 0
		for i := range out {
			if out[i] > out[fullest] {
				fullest = i
			}
		}
		if total < count {
			out[fullest] += count - total
			total = count
		} else {
			take := min(out[fullest], total-count)
			out[fullest] -= take
			total -= take
		}
	}
	return out
}
