package metrics

import (
	"math"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// billingUnit is the number of statistics of one metric in one request that AWS's price list counts as one metric.
const billingUnit = 5

// plan is how one CloudWatch metric is asked for, and what comes of it. The indexes point into statistics; -1 is none.
type plan struct {
	metric     string
	statistics []string
	interval   time.Duration

	// sum is the definition of a Sum, whose value is statistics[0].
	sum              *Definition
	attribute, value string

	histogram            *Definition
	count, total         int // SampleCount and Sum
	maximum, minimum     int
	buckets, bucketCount int // first statistic of the buckets and their number

	// gauge is the definition of the quantiles, or of an extra metric.
	gauge       *Definition
	gauges      int // first statistic
	gaugeCount  int
	gaugeValues []float64 // the quantiles
	// extra marks a metric of metrics.extra.
	extra bool
	// names at stage and route level
	names map[*Definition][2]string
}

// isGauge says whether a statistic is a quantile, or one of an extra metric. A period may do without it.
func (p *plan) isGauge(i int) bool {
	return p.gauge != nil && i >= p.gauges && i < p.gauges+p.gaugeCount
}

func (p *plan) gaugesOnly() bool { return p.sum == nil && p.histogram == nil }

// low and high are what one read is billed, with and without the five-statistics rule.
func (p *plan) low() int  { return (len(p.statistics) + billingUnit - 1) / billingUnit }
func (p *plan) high() int { return len(p.statistics) }

// fewer is how many statistics less a histogram has without n of them: the minimum comes and goes with the rest.
func (p *plan) fewer(n int) int {
	rest := len(p.statistics) - n
	if p.minimum >= 0 {
		rest--
	}
	if rest%billingUnit != 0 {
		rest++
	}
	return len(p.statistics) - rest
}

// plans compiles the catalogue and the settings: one plan for each CloudWatch metric that is collected.
func plans(c *Config) map[string]*plan {
	out := map[string]*plan{}
	get := func(metric, definition string) *plan {
		p, ok := out[metric]
		if !ok {
			p = &plan{metric: metric, count: -1, total: -1, maximum: -1, minimum: -1, names: map[*Definition][2]string{}, interval: c.interval(definition)}
			out[metric] = p
		}
		// The statistics of one metric go in one request, so the shorter interval holds.
		p.interval = min(p.interval, c.interval(definition))
		return p
	}
	for i := range Catalogue {
		d := &Catalogue[i]
		if !c.Enabled(d.Name) || d.Kind == Gauge && len(c.Quantiles) == 0 {
			continue
		}
		for _, s := range d.Sources {
			p := get(s.Metric, d.Name)
			p.names[d] = [2]string{d.Name, routeName(d.Name)}
			switch d.Kind {
			case Sum:
				p.sum, p.attribute, p.value = d, s.Attribute, s.Value
				p.statistics = []string{s.Statistic}
			case Histogram:
				p.histogram = d
			case Gauge:
				p.gauge = d
			}
		}
	}
	for _, p := range out {
		if p.sum == nil {
			p.compileLatency(c)
		}
	}
	for i := range c.Extra {
		e := &c.Extra[i]
		d := &Definition{Name: extraNamePrefix + e.Metric, Unit: e.Unit, Kind: Gauge}
		out[e.Metric] = &plan{
			metric: e.Metric, statistics: e.Statistics, interval: c.CollectionInterval, count: -1, total: -1, maximum: -1, minimum: -1,
			gauge: d, gaugeCount: len(e.Statistics), extra: true,
			names: map[*Definition][2]string{d: {d.Name, d.Name}},
		}
	}
	return out
}

// compileLatency lays out the statistics of a latency: SampleCount, Sum, Maximum, the quantiles and buckets; Minimum where it starts no new unit.
func (p *plan) compileLatency(c *Config) {
	add := func(s string) int {
		p.statistics = append(p.statistics, s)
		return len(p.statistics) - 1
	}
	if p.histogram != nil {
		p.count, p.total, p.maximum = add(statSampleCount), add(statSum), add(statMaximum)
	}
	if p.gauge != nil {
		p.gauges, p.gaugeCount, p.gaugeValues = len(p.statistics), len(c.Quantiles), c.Quantiles
		for _, q := range c.Quantiles {
			add(percentile(q))
		}
	}
	if p.histogram == nil {
		return
	}
	if n := len(c.HistogramBuckets); n > 0 {
		p.buckets, p.bucketCount = len(p.statistics), n+1
		low := float64(-1)
		for _, b := range c.HistogramBuckets {
			high := math.Round(b*1e9) / 1e6 // milliseconds; 1.001 * 1000 is not 1001
			add(bucketStatistic(low, high))
			low = high
		}
		add(bucketStatistic(low, -1))
	}
	if len(p.statistics)%billingUnit != 0 {
		p.minimum = add(statMinimum)
	}
}

// group is one series to be read from a point in time on.
type group struct {
	series *series
	from   int64
}

// request is one GetMetricData request: whole groups, over one window. A group whose position is later than the window's start is read again in
// part, which costs nothing: AWS bills metrics, not points.
type request struct {
	groups  []group
	window  model.Window
	queries int
}

// packer fills requests with groups, which should come oldest first: at most 500 queries and 100,800 datapoints each, the statistics of a
// metric never split.
type packer struct {
	end    int64 // of the window
	period int64
	submit func(request)
	open   request
}

func (p *packer) add(g group) {
	queries := len(g.series.plan.statistics)
	from := g.from
	if len(p.open.groups) > 0 {
		from = min(from, p.open.window.Start)
	}
	if len(p.open.groups) > 0 && (p.open.queries+queries > aws.MaxQueries || int64(p.open.queries+queries)*p.periods(from) > aws.MaxDatapoints) {
		p.flush()
		from = g.from
	}
	p.open.groups = append(p.open.groups, g)
	p.open.queries += queries
	p.open.window = model.Window{Start: from, End: p.end}
	if limit := aws.MaxDatapoints / int64(queries); p.periods(from) > limit {
		// Not even one metric's statistics fit: the rest of the window is the next round's.
		p.open.window.End = from + limit*p.period
		p.flush()
	}
}

func (p *packer) periods(from int64) int64 { return (p.end - from) / p.period }

func (p *packer) flush() {
	if len(p.open.groups) == 0 {
		return
	}
	r := p.open
	p.open = request{}
	slices.SortFunc(r.groups, func(a, b group) int { return a.series.compare(b.series) })
	p.submit(r)
}

// build writes out the queries of a request.
func (r *request) build() []model.Query {
	queries := make([]model.Query, 0, r.queries)
	for _, g := range r.groups {
		dims := g.series.dimensions()
		for _, s := range g.series.plan.statistics {
			queries = append(queries, model.Query{Metric: g.series.plan.metric, Dims: dims, Statistic: s})
		}
	}
	return queries
}
