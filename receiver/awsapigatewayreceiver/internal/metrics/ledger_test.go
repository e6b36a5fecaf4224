package metrics

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// at is the start of minute m, and obs what a read of it said.
func at(m int64) int64 { return 1_700_000_040 + m*60 }

func obs(m int64, n, sum, maximum float64) observation {
	return observation{seen: seen{TS: at(m), amounts: amounts{N: n, Sum: sum}, Max: maximum, Min: unknownExtreme}}
}

type interval struct {
	from, to    int64 // minutes
	n, sum, max float64
	owner       string
}

func intervals(points []point) []interval {
	out := make([]interval, len(points))
	for i, p := range points {
		out[i] = interval{(p.start - at(0)) / 60, (p.end - at(0)) / 60, p.N, p.Sum, p.max, p.owner}
	}
	return out
}

// step is one read of minutes [from, to), of which those before settled are settled, and what came out.
type step struct {
	owner             string // from this step on, where it is set
	from, to, settled int64
	read              []observation
	out               []interval
	late              int
}

func TestLedger(t *testing.T) {
	for name, set := range map[string]struct {
		steps []step
		owner func(end int64) string
	}{
		"points leave in order, once": {steps: []step{
			{from: 0, to: 3, settled: 0, read: []observation{obs(0, 1, 10, 10), obs(1, 2, 20, 15), obs(2, 3, 30, 20)}, out: []interval{{0, 1, 1, 10, 10, "a"}, {1, 2, 2, 20, 15, "a"}, {2, 3, 3, 30, 20, "a"}}},
			{from: 0, to: 5, settled: 2, read: []observation{obs(0, 1, 10, 10), obs(1, 2, 20, 15), obs(2, 3, 30, 20), obs(3, 1, 5, 5)}, out: []interval{{3, 4, 1, 5, 5, "a"}}},
		}},
		"idle time is covered by one zero point when the next point comes": {steps: []step{
			{from: 0, to: 2, settled: 0, read: []observation{obs(0, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}}},
			{from: 0, to: 30, settled: 25, read: []observation{obs(0, 1, 10, 10)}, out: []interval{}},
			{from: 25, to: 40, settled: 33, read: []observation{obs(35, 1, 7, 7)}, out: []interval{{1, 35, 0, 0, -1, "a"}, {35, 36, 1, 7, 7, "a"}}},
		}},
		"a late point goes with the next one": {steps: []step{
			{from: 0, to: 3, settled: 0, read: []observation{obs(0, 1, 10, 10), obs(2, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}, {1, 2, 0, 0, -1, "a"}, {2, 3, 1, 10, 10, "a"}}},
			{from: 0, to: 4, settled: 0, read: []observation{obs(0, 1, 10, 10), obs(1, 4, 40, 25), obs(2, 1, 10, 10), obs(3, 1, 5, 5)}, late: 1, out: []interval{{3, 4, 5, 45, 25, "a"}}},
		}},
		"what grew goes with the next point; its maximum is known only where it moved": {steps: []step{
			{from: 0, to: 1, settled: 0, read: []observation{obs(0, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}}},
			{from: 0, to: 2, settled: 0, read: []observation{obs(0, 3, 22, 10), obs(1, 1, 5, 5)}, late: 1, out: []interval{{1, 2, 3, 17, -1, "a"}}},
			{from: 0, to: 3, settled: 0, read: []observation{obs(0, 4, 62, 40), obs(1, 1, 5, 5), obs(2, 1, 5, 5)}, late: 1, out: []interval{{2, 3, 2, 45, 40, "a"}}},
		}},
		"what is late and has no next point is sent when its period settles": {steps: []step{
			{from: 0, to: 1, settled: 0, read: []observation{obs(0, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}}},
			{from: 0, to: 3, settled: 0, read: []observation{obs(0, 2, 15, 10)}, late: 1, out: []interval{}},
			{from: 0, to: 8, settled: 3, read: []observation{obs(0, 2, 15, 10)}, out: []interval{{1, 8, 1, 5, -1, "a"}}},
			// A point that turns up inside that interval is late in its turn.
			{from: 3, to: 9, settled: 4, read: []observation{obs(7, 1, 3, 3), obs(8, 1, 2, 2)}, late: 1, out: []interval{{8, 9, 2, 5, 3, "a"}}},
		}},
		"after four hours a series starts anew": {steps: []step{
			{from: 0, to: 1, settled: 1, read: []observation{obs(0, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}}},
			{from: 1, to: 300, settled: 295, read: []observation{obs(290, 1, 10, 10)}, out: []interval{{290, 291, 1, 10, 10, "a"}}},
		}},
		"settled periods are not taken again": {steps: []step{
			{from: 0, to: 5, settled: 3, read: []observation{obs(0, 1, 10, 10), obs(4, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}, {1, 4, 0, 0, -1, "a"}, {4, 5, 1, 10, 10, "a"}}},
			{from: 0, to: 5, settled: 3, read: []observation{obs(0, 9, 90, 90), obs(4, 1, 10, 10)}, out: []interval{}},
		}},
		"what shrank is left alone": {steps: []step{
			{from: 0, to: 1, settled: 0, read: []observation{obs(0, 5, 50, 10)}, out: []interval{{0, 1, 5, 50, 10, "a"}}},
			{from: 0, to: 2, settled: 0, read: []observation{obs(0, 4, 40, 10)}, out: []interval{}},
			{from: 0, to: 2, settled: 0, read: []observation{obs(0, 5, 50, 10)}, out: []interval{}},
		}},
		"what grows under an owner that never had a point begins where it grew": {
			owner: func(int64) string { return "b" },
			steps: []step{
				{from: 0, to: 3, settled: 0, read: []observation{obs(2, 1, 10, 10)}, out: []interval{{2, 3, 1, 10, 10, "b"}}},
				{owner: "c", from: 0, to: 9, settled: 3, read: []observation{obs(2, 3, 15, 10)}, late: 1, out: []interval{{2, 9, 2, 5, -1, "c"}}},
			},
		},
		"a new owner starts a stream of its own": {
			owner: func(end int64) string {
				if end > at(2) {
					return "b"
				}
				return "a"
			},
			steps: []step{
				{from: 0, to: 3, settled: 0, read: []observation{obs(0, 1, 10, 10), obs(2, 1, 10, 10)}, out: []interval{{0, 1, 1, 10, 10, "a"}, {2, 3, 1, 10, 10, "b"}}},
				{from: 0, to: 9, settled: 3, read: []observation{obs(0, 2, 15, 10), obs(2, 1, 10, 10), obs(3, 1, 1, 1)}, late: 1, out: []interval{{3, 4, 1, 1, 1, "b"}, {1, 9, 1, 5, -1, "a"}}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &series{plan: &plan{histogram: &Definition{}}}
			var l ledger
			if set.owner == nil {
				set.owner = func(int64) string { return "a" }
			}
			for i, st := range set.steps {
				before := l
				if st.owner != "" {
					set.owner = func(int64) string { return st.owner }
				}
				next, points, late := l.advance(read{series: s, observations: st.read, from: at(st.from), to: at(st.to), settled: at(st.settled), period: 60, owner: set.owner}, nil)
				assert.Equal(t, st.out, intervals(points), "step %d", i)
				assert.Equal(t, st.late, late, "step %d", i)
				assert.Equal(t, before, l, "advance leaves the old ledger as it was")
				l = next
			}
		})
	}
}

// A ledger holds no more than the periods that may still grow, and a stream for each owner of the last four hours.
func TestLedgerIsBounded(t *testing.T) {
	s := &series{plan: &plan{histogram: &Definition{}}}
	var l ledger
	for m := range int64(2000) {
		owner := func(int64) string { return string(rune('a' + m/50%26)) }
		l, _, _ = l.advance(read{series: s, observations: []observation{obs(m, 1, 1, 1)}, from: at(m - 5), to: at(m + 1), settled: at(m - 5), period: 60, owner: owner}, nil)
		assert.LessOrEqual(t, len(l.Seen), 6)
		assert.LessOrEqual(t, len(l.Streams), int(streamMemory/60/50)+3)
	}
	l, _, _ = l.advance(read{series: s, to: at(2000 + 300), settled: at(2000 + 300), period: 60}, nil)
	assert.Empty(t, l.Seen)
	assert.Empty(t, l.Streams)
}

func TestAmountsGrowByBucket(t *testing.T) {
	a := amounts{N: 3, Sum: 30, Buckets: []float64{1, 2, 0}}
	g, more := a.grown(amounts{N: 5, Sum: 90, Buckets: []float64{1, 3, 1}})
	assert.True(t, more)
	assert.Equal(t, amounts{N: 2, Sum: 60, Buckets: []float64{0, 1, 1}}, g)
	a.add(g)
	assert.Equal(t, amounts{N: 5, Sum: 90, Buckets: []float64{1, 3, 1}}, a)
}

// A histogram that was switched off between two starts says nothing more, not even of what came late before. Its quantiles go on.
func TestLedgerOfAHistogramThatWasSwitchedOff(t *testing.T) {
	config := defaults(switchOff(requestDuration))
	s := seriesFor(t, config, "Latency", "ApiName=orders Stage=prod")
	before := ledger{Settled: at(0), Seen: []seen{{TS: at(0), amounts: amounts{N: 1, Sum: 10}, Max: 10}}, Streams: []stream{{Owner: "r1", End: at(1), Late: amounts{N: 1, Sum: 5}, LateSince: at(0)}}}
	next := observation{seen: seen{TS: at(8), Max: unknownExtreme, Min: unknownExtreme}, gauges: []float64{7, 9}}
	l, points, late := before.advance(read{series: s, observations: []observation{next}, from: at(0), to: at(9), settled: at(2), period: 60, owner: func(int64) string { return "r1" }}, nil)
	assert.Equal(t, 2, mapperOf(config).build(points).DataPointCount())
	assert.Empty(t, l.Streams)
	assert.Zero(t, late)
}

// A quantile that AWS had not worked out when the rest of its period was read comes at its own time once it is there, and the others are not repeated.
func TestLedgerOfAQuantileThatComesLater(t *testing.T) {
	missing := math.NaN()
	for name, config := range map[string]*Config{"beside a histogram": defaults(nil), "alone": defaults(switchOff(requestDuration))} {
		t.Run(name, func(t *testing.T) {
			s := seriesFor(t, config, "Latency", "ApiName=orders Stage=prod")
			var l ledger
			for i, step := range []struct{ read, out []float64 }{
				{[]float64{7, missing}, []float64{7, missing}},
				{[]float64{7, missing}, nil},
				{[]float64{8, 9}, []float64{missing, 9}},
				{[]float64{8, 10}, nil},
			} {
				o := obs(0, 5, 50, 10)
				o.gauges = step.read
				next, points, _ := l.advance(read{series: s, observations: []observation{o}, from: at(0), to: at(1), settled: at(0), period: 60, owner: func(int64) string { return "a" }}, nil)
				var out []float64
				for _, p := range points {
					if p.gauges != nil {
						assert.Nil(t, out, "one point")
						out = p.gauges
						assert.Equal(t, at(0), p.start)
						assert.Equal(t, at(1), p.end)
					}
				}
				assert.Equal(t, fmt.Sprint(step.out), fmt.Sprint(out), "step %d", i)
				b, err := encodePosition(map[string]ledger{"x": next})
				assert.NoError(t, err)
				stored, err := decodePosition(b)
				assert.NoError(t, err)
				l = stored["x"]
			}
		})
	}
}
