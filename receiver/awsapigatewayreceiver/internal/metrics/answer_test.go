package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// answer is a complete series whose values stand at minutes 0, 1, …; a NaN is a minute without a point.
func answer(values ...float64) model.Series {
	s := model.Series{Complete: true}
	for m, v := range values {
		if !math.IsNaN(v) {
			s.Times, s.Values = append(s.Times, at(int64(m))), append(s.Values, v)
		}
	}
	return s
}

var gap = math.NaN()

// row is one observation in short; gauges are in the order of the statistics, -1 for none.
type row struct {
	minute         int64
	n, sum         float64
	max, min       float64
	buckets, gauge []float64
}

func rows(observations []observation) []row {
	out := []row{}
	for _, o := range observations {
		r := row{minute: (o.TS - at(0)) / 60, n: o.N, sum: o.Sum, max: o.Max, min: o.Min, buckets: o.Buckets}
		for _, g := range o.gauges {
			if math.IsNaN(g) {
				g = -1
			}
			r.gauge = append(r.gauge, g)
		}
		out = append(out, r)
	}
	return out
}

func TestDecode(t *testing.T) {
	latency := plans(defaults(nil))["Latency"]
	buckets := plans(defaults(func(c *Config) { c.Quantiles, c.HistogramBuckets = nil, []float64{0.1, 1} }))["Latency"] // SampleCount, Sum, Maximum, three buckets, Minimum
	count := plans(defaults(nil))["Count"]
	quantiles := plans(defaults(switchOff(requestDuration)))["Latency"]
	extra := plans(defaults(func(c *Config) { c.Extra = []Extra{{Metric: "New", Statistics: []string{"Average", "p90"}}} }))["New"]
	for name, set := range map[string]struct {
		plan    *plan
		answers []model.Series
		lenient bool
		want    []row
		err     string
	}{
		"nothing happened":            {plan: latency, answers: []model.Series{answer(), answer(), answer(), answer(), answer()}, want: []row{}},
		"a sum":                       {plan: count, answers: []model.Series{answer(3, gap, 5)}, want: []row{{minute: 0, n: 3, max: -1, min: -1}, {minute: 2, n: 5, max: -1, min: -1}}},
		"a sum of zero is a point":    {plan: count, answers: []model.Series{answer(0)}, want: []row{{minute: 0, max: -1, min: -1}}},
		"a sum is whole":              {plan: count, answers: []model.Series{answer(2.9999999)}, want: []row{{minute: 0, n: 3, max: -1, min: -1}}},
		"a latency":                   {plan: latency, answers: []model.Series{answer(2, 1), answer(30, 7), answer(20, 7), answer(19, 7), answer(20, 7)}, want: []row{{0, 2, 30, 20, -1, nil, []float64{19, 20}}, {1, 1, 7, 7, -1, nil, []float64{7, 7}}}},
		"idle minutes in between":     {plan: latency, answers: []model.Series{answer(gap, 1), answer(gap, 7), answer(gap, 7), answer(gap, 7), answer(gap, 7)}, want: []row{{1, 1, 7, 7, -1, nil, []float64{7, 7}}}},
		"buckets and minimum":         {plan: buckets, answers: []model.Series{answer(3), answer(600), answer(500), answer(2), answer(1), answer(0), answer(20)}, want: []row{{0, 3, 600, 500, 20, []float64{2, 1, 0}, nil}}},
		"quantiles alone":             {plan: quantiles, answers: []model.Series{answer(1, gap, 3), answer(2, gap, 4)}, want: []row{{0, 0, 0, -1, -1, nil, []float64{1, 2}}, {2, 0, 0, -1, -1, nil, []float64{3, 4}}}},
		"an extra's may miss periods": {plan: extra, answers: []model.Series{answer(1, 2), answer(gap, 9)}, want: []row{{0, 0, 0, -1, -1, nil, []float64{1, -1}}, {1, 0, 0, -1, -1, nil, []float64{2, 9}}}},
		"an extra's first may, too":   {plan: extra, answers: []model.Series{answer(gap, 2), answer(8, 9)}, want: []row{{0, 0, 0, -1, -1, nil, []float64{-1, 8}}, {1, 0, 0, -1, -1, nil, []float64{2, 9}}}},

		"a quantile may miss a period":          {plan: latency, answers: []model.Series{answer(2, 1), answer(30, 7), answer(20, 7), answer(19, gap), answer(20, 7)}, want: []row{{0, 2, 30, 20, -1, nil, []float64{19, 20}}, {1, 1, 7, 7, -1, nil, []float64{-1, 7}}}},
		"the maximum misses a period":           {plan: latency, answers: []model.Series{answer(2, 1), answer(30, 7), answer(20), answer(19, 7), answer(20, 7)}, err: "Maximum of Latency misses a period that others have"},
		"the count misses a period":             {plan: latency, answers: []model.Series{answer(2), answer(30, 7), answer(20, 7), answer(19, 7), answer(20, 7)}, err: "SampleCount of Latency misses a period that others have"},
		"a bucket misses a period":              {plan: buckets, answers: []model.Series{answer(3), answer(600), answer(500), answer(2), answer(gap), answer(0), answer(20)}, err: "TC(100:1000) of Latency misses"},
		"leniently without a quantile":          {plan: latency, lenient: true, answers: []model.Series{answer(2, 1), answer(30, 7), answer(20, 7), answer(19, gap), answer(20, 7)}, want: []row{{0, 2, 30, 20, -1, nil, []float64{19, 20}}, {1, 1, 7, 7, -1, nil, []float64{-1, 7}}}},
		"leniently without a maximum":           {plan: latency, lenient: true, answers: []model.Series{answer(2), answer(30), answer(), answer(19), answer(20)}, want: []row{{0, 2, 30, -1, -1, nil, []float64{19, 20}}}},
		"leniently without a bucket":            {plan: buckets, lenient: true, answers: []model.Series{answer(3), answer(600), answer(500), answer(2), answer(), answer(0), answer(20)}, want: []row{{0, 3, 600, 500, 20, []float64{2, 0, 0}, nil}}},
		"without a sum there is no observation": {plan: latency, lenient: true, answers: []model.Series{answer(2, 1), answer(gap, 7), answer(20, 7), answer(19, 7), answer(20, 7)}, want: []row{{1, 1, 7, 7, -1, nil, []float64{7, 7}}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Len(t, set.answers, len(set.plan.statistics))
			got, err := decode(set.plan, set.answers, set.lenient)
			if set.err != "" {
				assert.ErrorIs(t, err, errMissing)
				assert.ErrorContains(t, err, set.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, set.want, rows(got))
		})
	}
}

// A statistic that AWS did not answer whole is asked for again, leniently or not.
func TestDecodeOfIncompleteAnswers(t *testing.T) {
	p := plans(defaults(nil))["Latency"]
	for i := range p.statistics {
		for _, lenient := range []bool{false, true} {
			answers := []model.Series{answer(1), answer(1), answer(1), answer(1), answer(1)}
			answers[i].Complete, answers[i].Reason = false, "InternalError"
			_, err := decode(p, answers, lenient)
			assert.ErrorContains(t, err, p.statistics[i]+" of Latency: InternalError")
			assert.NotErrorIs(t, err, errMissing)
		}
	}
}

// A period without a count is done without; the others are as good as ever, and nothing that is no number enters a ledger.
func TestDecodeWithoutACount(t *testing.T) {
	p := plans(defaults(nil))["Latency"]
	got, err := decode(p, []model.Series{answer(2), answer(30, 7), answer(20, 7), answer(19, 7), answer(20, 7)}, true)
	require.NoError(t, err)
	assert.Equal(t, []row{{0, 2, 30, 20, -1, nil, []float64{19, 20}}}, rows(got))
}

// A period that one statistic alone has leaves the others' later periods as they are.
func TestDecodeSkipsStrayPeriods(t *testing.T) {
	p := plans(defaults(nil))["Latency"]
	got, err := decode(p, []model.Series{answer(gap, 1, 1), answer(5, gap, 7), answer(gap, 5, 7), answer(gap, 5, 7), answer(gap, 5, 7)}, true)
	require.NoError(t, err)
	assert.Equal(t, []row{{2, 1, 7, 7, -1, nil, []float64{7, 7}}}, rows(got))
}

// Each statistic of an extra metric may have periods of its own: none is lost.
func TestDecodeOfExtraWithPeriodsApart(t *testing.T) {
	p := plans(defaults(func(c *Config) { c.Extra = []Extra{{Metric: "New", Statistics: []string{"Average", "p90"}}} }))["New"]
	got, err := decode(p, []model.Series{answer(1, gap), answer(gap, 9)}, false)
	require.NoError(t, err)
	assert.Equal(t, []row{{0, 0, 0, -1, -1, nil, []float64{1, -1}}, {1, 0, 0, -1, -1, nil, []float64{-1, 9}}}, rows(got))
}

func TestBalance(t *testing.T) {
	for name, set := range map[string]struct {
		in    []float64
		count uint64
		want  []uint64
	}{
		"adds up already":                     {[]float64{1, 2, 3}, 6, []uint64{1, 2, 3}},
		"interpolated":                        {[]float64{1.4, 2.6, 1.0}, 5, []uint64{1, 3, 1}},
		"what is missing goes to the fullest": {[]float64{1, 5, 2}, 10, []uint64{1, 7, 2}},
		"too much comes from the fullest":     {[]float64{1, 5, 2}, 6, []uint64{1, 3, 2}},
		"and then from the next":              {[]float64{1, 5, 4}, 2, []uint64{1, 0, 1}},
		"nothing":                             {[]float64{0, 0}, 0, []uint64{0, 0}},
		"empty, but requests":                 {[]float64{0, 0}, 3, []uint64{3, 0}},
		"negative":                            {[]float64{-2, 1}, 1, []uint64{0, 1}},
		"requests, but none counted":          {[]float64{2, 1}, 0, []uint64{0, 0}},
		"no buckets":                          {nil, 3, []uint64{}},
	} {
		assert.Equal(t, set.want, balance(set.in, set.count, make([]uint64, 0, 4)), name)
	}
}

// Whatever the buckets, balance ends, and the counts add up.
func FuzzBalance(f *testing.F) {
	f.Add(1.0, 2.0, 3.0, 4.0, uint64(10))
	f.Add(0.0, 0.0, 0.0, 0.0, uint64(math.MaxUint64))
	f.Add(math.NaN(), math.Inf(1), 1e300, -1.0, uint64(0))
	f.Add(float64(1<<53), float64(1<<53), 0.5, 0.4999, uint64(1))
	f.Fuzz(func(t *testing.T, a, b, c, d float64, count uint64) {
		in := []float64{a, b, c, d}
		out := balance(in, count, nil)
		require.Len(t, out, 4)
		var sum uint64
		for _, n := range out {
			sum += n
		}
		assert.Equal(t, count, sum)
		for _, v := range in {
			if !(math.Abs(v) <= 1<<53) {
				return
			}
		}
		if count <= 1<<53 {
			for i, n := range out {
				assert.LessOrEqual(t, n, max(count, uint64(math.Round(max(in[i], 0)))))
			}
		}
	})
}
