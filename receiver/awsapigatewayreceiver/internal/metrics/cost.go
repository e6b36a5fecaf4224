package metrics

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Prices of CloudWatch in us-east-1 (Amazon CloudWatch pricing): GetMetricData per metric, ListMetrics per request. The free million of API
// requests a month is left out.
const (
	USDPerMetric  = 0.01 / 1000
	USDPerRequest = 0.01 / 1000
	month         = 30 * 24 * time.Hour
	// DefaultMaxMonthlyCost warns where max_monthly_cost is not set.
	DefaultMaxMonthlyCost = 1000.0
)

// Cost estimates what the series cost in a month.
type Cost struct {
	// Low and High are USD, with and without the five-statistics rule.
	Low, High float64
	// Calls is the number of GetMetricData and ListMetrics calls an hour.
	Calls float64
	// Savings are USD by the setting that saves them, by the higher reading.
	Savings map[string]float64
}

func (c *Cost) add(p *plan) {
	if c.Savings == nil {
		c.Savings = map[string]float64{}
	}
	perMetric := float64(month/p.interval) * USDPerMetric
	high := float64(p.high()) * perMetric
	c.Low += float64(p.low()) * perMetric
	c.High += high
	c.Calls += float64(p.high()) / 500 * float64(time.Hour) / float64(p.interval)
	if p.interval < 15*time.Minute {
		c.Savings["metrics::collection_interval: 15m"] += high * (1 - float64(p.interval)/float64(15*time.Minute))
	}
	if p.gauge != nil && !p.extra && p.histogram != nil {
		c.Savings["metrics::quantiles: []"] += float64(p.fewer(p.gaugeCount)) * perMetric
	}
	if p.bucketCount > 0 {
		c.Savings["metrics::histogram_buckets: []"] += float64(p.fewer(p.bucketCount)) * perMetric
	}
	if p.histogram != nil && p.histogram.Name == integrationDuration {
		c.Savings["metrics::"+integrationDuration+": {enabled: false}, and its _quantile"] += high
	}
}

// list adds what listing the series costs.
func (c *Cost) list(pages int) {
	requests := float64(pages) * float64(month/listInterval)
	c.Low += requests * USDPerRequest
	c.High += requests * USDPerRequest
	c.Calls += float64(pages) * float64(time.Hour/listInterval)
}

// Add adds the cost of another target.
func (c *Cost) Add(o Cost) {
	c.Low += o.Low
	c.High += o.High
	c.Calls += o.Calls
	for k, v := range o.Savings {
		if c.Savings == nil {
			c.Savings = map[string]float64{}
		}
		c.Savings[k] += v
	}
}

// Advice names the settings that save most.
func (c *Cost) Advice() string {
	keys := make([]string, 0, len(c.Savings))
	for k := range c.Savings {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if c.Savings[a] != c.Savings[b] {
			if c.Savings[a] > c.Savings[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	parts := make([]string, 0, 3)
	for _, k := range keys[:min(3, len(keys))] {
		parts = append(parts, fmt.Sprintf("%s saves %.0f USD", k, c.Savings[k]))
	}
	return strings.Join(parts, "; ")
}
