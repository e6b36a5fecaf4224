package metrics

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

func switchOff(names ...string) func(*Config) {
	off := false
	return func(c *Config) {
		c.Metrics = map[string]MetricConfig{}
		for _, n := range names {
			c.Metrics[n] = MetricConfig{Enabled: &off}
		}
	}
}

// The statistics of a latency under each setting. AWS bills them in units of five.
func TestStatisticsOfALatency(t *testing.T) {
	for name, set := range map[string]struct {
		edit func(*Config)
		want []string
		// low is the number of billing units
		low int
	}{
		"defaults: exactly one unit":     {nil, []string{"SampleCount", "Sum", "Maximum", "p90", "p99"}, 1},
		"one quantile: Minimum is free":  {func(c *Config) { c.Quantiles = []float64{0.5} }, []string{"SampleCount", "Sum", "Maximum", "p50", "Minimum"}, 1},
		"no quantiles":                   {func(c *Config) { c.Quantiles = nil }, []string{"SampleCount", "Sum", "Maximum", "Minimum"}, 1},
		"quantile metric off":            {switchOff(requestDuration + quantileSuffix), []string{"SampleCount", "Sum", "Maximum", "Minimum"}, 1},
		"duration off":                   {switchOff(requestDuration), []string{"p90", "p99"}, 1},
		"three quantiles: a second unit": {func(c *Config) { c.Quantiles = []float64{0.5, 0.9, 0.99} }, []string{"SampleCount", "Sum", "Maximum", "p50", "p90", "p99", "Minimum"}, 2},
		"fine quantiles":                 {func(c *Config) { c.Quantiles = []float64{0.999, 0.12345} }, []string{"SampleCount", "Sum", "Maximum", "p99.9", "p12.345"}, 1},
		"buckets":                        {func(c *Config) { c.HistogramBuckets = []float64{0.1, 0.25, 1} }, []string{"SampleCount", "Sum", "Maximum", "p90", "p99", "TC(:100)", "TC(100:250)", "TC(250:1000)", "TC(1000:)", "Minimum"}, 2},
		"buckets that fill a unit":       {func(c *Config) { c.HistogramBuckets = []float64{0.1, 0.25, 1, 10} }, []string{"SampleCount", "Sum", "Maximum", "p90", "p99", "TC(:100)", "TC(100:250)", "TC(250:1000)", "TC(1000:10000)", "TC(10000:)"}, 2},
		"buckets without the histogram":  {func(c *Config) { c.HistogramBuckets = []float64{0.1}; switchOff(requestDuration)(c) }, []string{"p90", "p99"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := plans(defaults(set.edit))["Latency"]
			require.NotNil(t, p)
			assert.Equal(t, set.want, p.statistics)
			assert.Equal(t, set.low, p.low())
			assert.Equal(t, len(set.want), p.high())
			for i, s := range map[int]string{p.count: statSampleCount, p.total: statSum, p.maximum: statMaximum, p.minimum: statMinimum} {
				if i >= 0 {
					assert.Equal(t, s, p.statistics[i])
				}
			}
			assert.Equal(t, slices.Contains(set.want, statMinimum), p.minimum >= 0)
			assert.Equal(t, p.histogram == nil, p.gaugesOnly())
		})
	}
	assert.NotContains(t, plans(defaults(switchOff(requestDuration, requestDuration+quantileSuffix))), "Latency", "what nothing is made of is not asked for")
}

// Every CloudWatch metric of the catalogue has a plan, with one statistic where it makes a sum.
func TestPlansOfTheCatalogue(t *testing.T) {
	all := plans(defaults(nil))
	sources := map[string]bool{}
	for _, d := range Catalogue {
		for _, s := range d.Sources {
			sources[s.Metric] = true
			p := all[s.Metric]
			require.NotNil(t, p, s.Metric)
			if d.Kind == Sum {
				assert.Equal(t, []string{s.Statistic}, p.statistics, s.Metric)
				assert.Equal(t, d.Name, p.sum.Name)
			}
			assert.Equal(t, d.Name, p.names[&Catalogue[slices.IndexFunc(Catalogue, func(o Definition) bool { return o.Name == d.Name })]][0])
		}
	}
	assert.Len(t, all, len(sources))
	assert.Equal(t, []string{"SampleCount"}, all["Count"].statistics)
	assert.Equal(t, []string{"SampleCount"}, all["MessageCount"].statistics)
	assert.Equal(t, []string{"Sum"}, all["4XXError"].statistics)
}

// A metric can have an interval of its own; the shorter one holds where two share statistics.
func TestIntervals(t *testing.T) {
	c := defaults(func(c *Config) {
		c.Metrics = map[string]MetricConfig{
			"aws.api_gateway.errors":         {CollectionInterval: time.Minute},
			requestDuration + quantileSuffix: {CollectionInterval: 2 * time.Minute},
			integrationDuration:              {CollectionInterval: time.Hour},
		}
		c.Extra = []Extra{{Metric: "New", Statistics: []string{"Average", "tm99"}}}
	})
	all := plans(c)
	for metric, want := range map[string]time.Duration{
		"5XXError": time.Minute, "ClientError": time.Minute, "Count": 5 * time.Minute, "Latency": 2 * time.Minute, "IntegrationLatency": 5 * time.Minute, "New": 5 * time.Minute,
	} {
		assert.Equal(t, want, all[metric].interval, metric)
	}
	assert.Equal(t, []string{"Average", "tm99"}, all["New"].statistics)
	assert.True(t, all["New"].extra)
	assert.Equal(t, "aws.api_gateway.extra.New", all["New"].gauge.Name)
}

func TestPercentile(t *testing.T) {
	for q, want := range map[float64]string{0.5: "p50", 0.9: "p90", 0.99: "p99", 0.999: "p99.9", 0.29: "p29", 0.07: "p7", 0.001: "p0.1", 0.1: "p10", 0.57: "p57", 0.9999999999: "p99.99999999"} {
		assert.Equal(t, want, percentile(q))
		assert.Regexp(t, statistic, percentile(q))
	}
}

// A bound in seconds is a plain number of milliseconds, as CloudWatch and people write it.
func TestBucketStatistic(t *testing.T) {
	assert.Equal(t, "TC(:100)", bucketStatistic(-1, 100))
	assert.Equal(t, "TC(100:250.5)", bucketStatistic(100, 250.5))
	assert.Equal(t, "TC(250.5:)", bucketStatistic(250.5, -1))
	assert.Equal(t, "TC(0:1)", bucketStatistic(0, 1))
	t.Run("milliseconds", func(t *testing.T) {
		plain := regexp.MustCompile(`^TC\(\d+:\d+\)$`)
		var odd []string
		for ms := 1; ms < 3000; ms++ {
			c := defaults(func(c *Config) { c.HistogramBuckets = []float64{float64(ms) / 1000, 30} })
			if s := plans(c)["Latency"].statistics[6]; !plain.MatchString(s) {
				odd = append(odd, s)
			}
		}
		assert.Empty(t, odd[:min(3, len(odd))], "and %d in all", len(odd))
	})
}

// randomGroups are groups of series with the given numbers of statistics.
func randomGroups(r *rand.Rand, n, most int, from func() int64) []group {
	groups := make([]group, n)
	for i := range groups {
		p := &plan{metric: "Latency", statistics: make([]string, 1+r.IntN(most))}
		for j := range p.statistics {
			p.statistics[j] = fmt.Sprintf("p%d", j)
		}
		groups[i] = group{series: &series{plan: p, stage: fmt.Sprintf("s%06d", i)}, from: from()}
	}
	return groups
}

func pack(groups []group, end, period int64) (requests []request) {
	p := packer{end: end, period: period, submit: func(r request) { requests = append(requests, r) }}
	for _, g := range groups {
		p.add(g)
	}
	p.flush()
	p.flush() // nothing is left
	return requests
}

// However groups are packed: no request is beyond AWS's limits, no metric is split, and everything is covered from where it was to be read.
func TestPacking(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 / racetest.Thinned {
		period := []int64{60, 300, 3600}[r.IntN(3)]
		end := at(0) / 3600 * 3600
		most := []int{1, 5, 15, maxStatistics}[r.IntN(4)]
		depth := []int64{5, 300, 40_000, 110_000}[r.IntN(4)]
		groups := randomGroups(r, 1+r.IntN(800), most, func() int64 { return end - (1+r.Int64N(depth))*period })
		slices.SortFunc(groups, func(a, b group) int { return int(a.from - b.from) })
		covered := map[*series]request{}
		for _, req := range pack(groups, end, period) {
			queries := 0
			for _, g := range req.groups {
				queries += len(g.series.plan.statistics)
				_, twice := covered[g.series]
				require.False(t, twice)
				covered[g.series] = req
				require.LessOrEqual(t, req.window.Start, g.from)
			}
			assert.Equal(t, queries, req.queries)
			periods := (req.window.End - req.window.Start) / period
			assert.LessOrEqual(t, queries, 500)
			assert.LessOrEqual(t, int64(queries)*periods, int64(100_800))
			assert.Positive(t, periods)
			assert.Zero(t, (req.window.End-req.window.Start)%period)
			if req.window.End != end {
				assert.Less(t, req.window.End, end)
				assert.Len(t, req.groups, 1, "only what does not fit alone is cut, and read on in the next round")
				assert.Greater(t, int64(queries)*((end-req.window.Start)/period), int64(100_800))
			}
		}
		assert.Len(t, covered, len(groups))
		if t.Failed() {
			return
		}
	}
}

// In the steady state, where all start together, requests are full: ceil(queries / 496) for groups of at most five.
func TestPackingIsTight(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 / racetest.Thinned {
		from := at(-10)
		groups := randomGroups(r, 1+r.IntN(2000), 5, func() int64 { return from })
		queries := 0
		for _, g := range groups {
			queries += len(g.series.plan.statistics)
		}
		assert.LessOrEqual(t, len(pack(groups, at(0), 60)), (queries+495)/496)
	}
}

// The queries of a request stand in the order of its groups, whose answers are taken apart in the same order.
func TestBuildQueries(t *testing.T) {
	c := defaults(nil)
	s1, s2 := seriesFor(t, c, "Latency", "ApiName=orders Stage=prod"), seriesFor(t, c, "Count", "ApiId=a1 Stage=$default")
	requests := pack([]group{{s1, at(0)}, {s2, at(2)}}, at(5), 60)
	require.Len(t, requests, 1)
	assert.Equal(t, at(0), requests[0].window.Start)
	assert.Equal(t, at(5), requests[0].window.End)
	queries := requests[0].build()
	require.Len(t, queries, 6)
	i := 0
	for _, g := range requests[0].groups {
		for _, stat := range g.series.plan.statistics {
			assert.Equal(t, stat, queries[i].Statistic)
			assert.Equal(t, g.series.plan.metric, queries[i].Metric)
			assert.Equal(t, g.series.dimensions(), queries[i].Dims)
			i++
		}
	}
}
