package awssim

import (
	"math"
	"regexp"
	"strconv"
)

// statistic is a parsed CloudWatch statistic (CloudWatch User Guide, statistics definitions).
type statistic struct {
	kind    string  // SampleCount, Sum, Average, Minimum, Maximum, p, tm, wm, tc, ts or PR
	lo, hi  float64 // bounds: percent, or values where absolute
	percent bool
}

var (
	shortStatistic = regexp.MustCompile(`^(p|tm|wm|tc|ts)(100(?:\.0{1,10})?|\d{1,2}(?:\.\d{1,10})?)$`)
	rangeStatistic = regexp.MustCompile(`^(TM|WM|TC|TS|PR)\((\d+(?:\.\d{1,10})?)?(%?):(\d+(?:\.\d{1,10})?)?(%?)\)$`)
	rangeKinds     = map[string]string{"TM": "tm", "WM": "wm", "TC": "tc", "TS": "ts", "PR": "PR"}
)

// parseStatistic parses a statistic and reports whether CloudWatch knows it.
func parseStatistic(s string) (statistic, bool) {
	switch s {
	case "SampleCount", "Sum", "Average", "Minimum", "Maximum":
		return statistic{kind: s}, true
	case "IQM": // the trimmed mean between the quartiles
		return statistic{kind: "tm", lo: 25, hi: 75, percent: true}, true
	}
	if m := shortStatistic.FindStringSubmatch(s); m != nil {
		hi, err := strconv.ParseFloat(m[2], 64)
		return statistic{kind: m[1], hi: hi, percent: true}, err == nil
	}
	return parseRange(s)
}

// parseRange parses TM(2%:98%), TC(150:1000), PR(:300) and their like: both bounds in percent or both absolute, one of them may be missing, and a
// percentile rank knows absolute bounds only.
func parseRange(s string) (statistic, bool) {
	m := rangeStatistic.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[4] == "" {
		return statistic{}, false
	}
	if m[2] == "" && m[3] != "" || m[4] == "" && m[5] != "" || m[2] != "" && m[4] != "" && m[3] != m[5] {
		return statistic{}, false
	}
	out := statistic{kind: rangeKinds[m[1]], percent: m[3] == "%" || m[5] == "%", lo: math.Inf(-1), hi: math.Inf(1)}
	if out.percent {
		out.lo, out.hi = 0, 100
	}
	if m[2] != "" {
		out.lo, _ = strconv.ParseFloat(m[2], 64)
	}
	if m[4] != "" {
		out.hi, _ = strconv.ParseFloat(m[4], 64)
	}
	if out.percent && (out.kind == "PR" || out.hi > 100) || out.lo >= out.hi {
		return statistic{}, false
	}
	return out, true
}

// basic reports whether the statistic follows from count, sum and extremes alone.
func (s statistic) basic() bool { return len(s.kind) > 2 }

// of computes the statistic over a distribution with at least one sample. It reports false where none of the samples is in the bounds of a mean.
// Percentiles are nearest-rank; AWS's own are approximate.
func (s statistic) of(d *distribution) (float64, bool) {
	switch s.kind {
	case "SampleCount":
		return float64(d.n), true
	case "Sum":
		return float64(d.sum), true
	case "Average":
		return float64(d.sum) / float64(d.n), true
	case "Minimum":
		return d.min(), true
	case "Maximum":
		return d.max(), true
	case "p":
		return d.at(rankOf(s.hi, d.n)), true
	case "wm":
		return s.winsorized(d), true
	}
	n, sum := s.within(d)
	switch s.kind {
	case "tc":
		return float64(n), true
	case "ts":
		return float64(sum), true
	case "PR":
		return float64(n) / float64(d.n) * 100, true
	default:
		return float64(sum) / float64(n), n > 0
	}
}

// within returns number and sum of the samples in the bounds: (lo, hi] where they are absolute, the ranks between them where they are percent.
func (s statistic) within(d *distribution) (n, sum int64) {
	if !s.percent {
		return d.between(s.lo, s.hi)
	}
	return d.ranks(int64(math.Floor(s.lo*float64(d.n)/100)), int64(math.Ceil(s.hi*float64(d.n)/100)))
}

// winsorized is the mean with the samples outside of the bounds replaced by the bounds.
func (s statistic) winsorized(d *distribution) float64 {
	lo, hi := s.lo, s.hi
	if s.percent {
		lo, hi = d.min(), d.at(rankOf(s.hi, d.n))
		if s.lo > 0 {
			lo = d.at(rankOf(s.lo, d.n))
		}
	}
	total := 0.0
	for i, v := range d.values {
		total += min(max(float64(v), lo), hi) * float64(d.counts[i])
	}
	return total / float64(d.n)
}

// rankOf returns the zero-based nearest rank of a percentile among n samples.
func rankOf(percent float64, n int64) int64 {
	return max(int64(math.Ceil(percent*float64(n)/100))-1, 0)
}
