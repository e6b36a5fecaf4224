package awssim

import "slices"

// distribution holds samples as distinct ascending values and how often each occurs: two entries for a metric of zeros and ones. It is immutable.
type distribution struct {
	values []int32
	counts []int32
	n, sum int64
}

// newDistribution takes the samples over and sorts them.
//
//go:norace
func newDistribution(samples []int32) *distribution {
	if len(samples) == 0 {
		return &distribution{}
	}
	slices.Sort(samples)
	d := &distribution{n: int64(len(samples))}
	distinct := 1
	for i, v := range samples {
		d.sum += int64(v)
		if i > 0 && v != samples[i-1] {
			distinct++
		}
	}
	d.values, d.counts = make([]int32, 0, distinct), make([]int32, 0, distinct)
	for _, v := range samples {
		if k := len(d.values); k > 0 && d.values[k-1] == v {
			d.counts[k-1]++
			continue
		}
		d.values, d.counts = append(d.values, v), append(d.counts, 1)
	}
	return d
}

func (d *distribution) min() float64 { return float64(d.values[0]) }
func (d *distribution) max() float64 { return float64(d.values[len(d.values)-1]) }

// merge returns the samples of all of them together.
func merge(parts []*distribution) *distribution {
	out := &distribution{}
	for _, p := range parts {
		if p.n > 0 {
			out = out.plus(p)
		}
	}
	return out
}

func (d *distribution) plus(o *distribution) *distribution {
	if d.n == 0 {
		return o
	}
	size := len(d.values) + len(o.values)
	out := &distribution{values: make([]int32, 0, size), counts: make([]int32, 0, size), n: d.n + o.n, sum: d.sum + o.sum}
	i, j := 0, 0
	for i < len(d.values) || j < len(o.values) {
		switch {
		case j == len(o.values) || i < len(d.values) && d.values[i] < o.values[j]:
			out.values, out.counts = append(out.values, d.values[i]), append(out.counts, d.counts[i])
			i++
		case i == len(d.values) || o.values[j] < d.values[i]:
			out.values, out.counts = append(out.values, o.values[j]), append(out.counts, o.counts[j])
			j++
		default:
			out.values, out.counts = append(out.values, d.values[i]), append(out.counts, d.counts[i]+o.counts[j])
			i, j = i+1, j+1
		}
	}
	return out
}

// at returns the sample of a zero-based rank in ascending order.
func (d *distribution) at(rank int64) float64 {
	for i, c := range d.counts {
		if rank -= int64(c); rank < 0 {
			return float64(d.values[i])
		}
	}
	return d.max()
}

// ranks returns the number and the sum of the samples with ranks in [lo, hi).
func (d *distribution) ranks(lo, hi int64) (n, sum int64) {
	var seen int64
	for i, c := range d.counts {
		from, to := max(lo, seen), min(hi, seen+int64(c))
		if from < to {
			n += to - from
			sum += (to - from) * int64(d.values[i])
		}
		seen += int64(c)
	}
	return n, sum
}

// between returns the number and the sum of the samples in (lo, hi].
func (d *distribution) between(lo, hi float64) (n, sum int64) {
	for i, v := range d.values {
		if f := float64(v); f > lo && f <= hi {
			n += int64(d.counts[i])
			sum += int64(d.counts[i]) * int64(v)
		}
	}
	return n, sum
}
