package metrics

import (
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Estimate is what a collector would ask for, and what that costs, without asking.
type Estimate struct {
	// Series are those that would be asked for, by CloudWatch's name of their metric.
	Series map[string]int
	// Unknown are the listed metrics whose name, dimensions or API are not known.
	Unknown int
	// Low and High are the metrics that one read of all series is billed, with and without the five-statistics rule.
	Low, High int
	// Data is the cost of GetMetricData, Lists that of ListMetrics.
	Data, Lists Cost
}

// NewEstimate makes the estimate of a target from its list of recently active metrics, which had so many pages.
func NewEstimate(config *Config, filter *inventory.Filter, snapshot *inventory.Snapshot, listed []model.Metric, pages int) Estimate {
	c := New(Settings{Config: config, Filter: filter, Logger: zap.NewNop()})
	e := Estimate{Series: map[string]int{}}
	type key struct {
		api inventory.Key
		id  string
	}
	seen := map[key]bool{}
	for i := range listed {
		s, v := c.classifier.classify(&listed[i])
		if v == collect && seen[key{s.key, s.id()}] {
			continue // a page that shifted while it was read
		}
		if v == unknown || v == collect && !c.resolve(s, snapshot) {
			e.Unknown++
			continue
		}
		if v != collect || !s.wanted {
			continue
		}
		seen[key{s.key, s.id()}] = true
		e.Series[s.plan.metric]++
		e.Low += s.plan.low()
		e.High += s.plan.high()
		e.Data.add(s.plan)
	}
	e.Lists.list(pages)
	return e
}
