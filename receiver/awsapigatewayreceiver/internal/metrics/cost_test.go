package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A thousand metrics that are asked for cost a cent. With the five-statistics rule five statistics of a metric are one.
func TestCostOfAPlan(t *testing.T) {
	const reads = 30 * 24 * 12 // of five minutes in a month
	for name, set := range map[string]struct {
		edit      func(*Config)
		metric    string
		low, high float64 // metrics a read
		reads     float64
		savings   map[string]float64 // USD
	}{
		"a sum": {metric: "Count", low: 1, high: 1, reads: reads, savings: map[string]float64{"metrics::collection_interval: 15m": 2. / 3 * reads / 1e5}},
		"a latency": {metric: "Latency", low: 1, high: 5, reads: reads, savings: map[string]float64{
			"metrics::collection_interval: 15m": 5 * 2. / 3 * reads / 1e5, "metrics::quantiles: []": 1 * reads / 1e5,
		}},
		"with buckets": {edit: func(c *Config) { c.HistogramBuckets = []float64{1, 2, 3} }, metric: "Latency", low: 2, high: 10, reads: reads, savings: map[string]float64{
			"metrics::collection_interval: 15m": 10 * 2. / 3 * reads / 1e5, "metrics::quantiles: []": 2 * reads / 1e5, "metrics::histogram_buckets: []": 5 * reads / 1e5,
		}},
		"every minute": {edit: func(c *Config) { c.CollectionInterval = time.Minute }, metric: "Count", low: 1, high: 1, reads: 5 * reads, savings: map[string]float64{
			"metrics::collection_interval: 15m": 5 * reads * 14. / 15 / 1e5,
		}},
		"every quarter of an hour": {edit: func(c *Config) { c.CollectionInterval = 15 * time.Minute }, metric: "Count", low: 1, high: 1, reads: reads / 3, savings: map[string]float64{}},
		"the integration's": {metric: "IntegrationLatency", low: 1, high: 5, reads: reads, savings: map[string]float64{
			"metrics::collection_interval: 15m": 5 * 2. / 3 * reads / 1e5, "metrics::quantiles: []": 1 * reads / 1e5,
			"metrics::aws.api_gateway.integration.duration: {enabled: false}, and its _quantile": 5 * reads / 1e5,
		}},
		"quantiles alone": {edit: switchOff(requestDuration), metric: "Latency", low: 1, high: 2, reads: reads, savings: map[string]float64{"metrics::collection_interval: 15m": 2 * 2. / 3 * reads / 1e5}},
	} {
		t.Run(name, func(t *testing.T) {
			var c Cost
			p := plans(defaults(set.edit))[set.metric]
			for range 100 {
				c.add(p)
			}
			assert.InDelta(t, 100*set.low*set.reads/1e5, c.Low, 1e-6)
			assert.InDelta(t, 100*set.high*set.reads/1e5, c.High, 1e-6)
			assert.InDelta(t, 100*set.high*set.reads/30/24/500, c.Calls, 1e-6, "an hour, at 500 queries a call")
			assert.Len(t, c.Savings, len(set.savings), "%v", c.Savings)
			for k, v := range set.savings {
				assert.InDelta(t, 100*v, c.Savings[k], 1e-6, k)
			}
		})
	}
}

// Lists cost by the page, every five minutes.
func TestCostOfLists(t *testing.T) {
	var c Cost
	c.list(7)
	assert.InDelta(t, 7*12, c.Calls, 1e-9)
	assert.InDelta(t, 7*8640*0.01/1000, c.Low, 1e-9)
	assert.InDelta(t, c.Low, c.High, 0)
}

func TestCostsAddUp(t *testing.T) {
	var all, one Cost
	one.add(plans(defaults(nil))["Latency"])
	one.list(1)
	all.Add(one)
	all.Add(one)
	all.Add(Cost{})
	assert.InDelta(t, 2*one.Low, all.Low, 1e-9)
	assert.InDelta(t, 2*one.High, all.High, 1e-9)
	assert.InDelta(t, 2*one.Calls, all.Calls, 1e-9)
	for k, v := range one.Savings {
		assert.InDelta(t, 2*v, all.Savings[k], 1e-9)
	}
}

// The three settings that save most, the best first, always in the same order.
func TestAdvice(t *testing.T) {
	c := Cost{Savings: map[string]float64{"a": 10, "b": 30, "c": 20, "d": 20, "e": 1}}
	for range 20 {
		assert.Equal(t, "b saves 30 USD; c saves 20 USD; d saves 20 USD", c.Advice())
	}
	assert.Equal(t, 0, strings.Count((&Cost{}).Advice(), ";"))
	assert.Empty(t, (&Cost{}).Advice())
}
