package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// metrics lists the series as a collector does, asks for one metric, and prices all of them.
func (p *probe) metrics(ctx context.Context) {
	if !p.in("metrics") {
		return
	}
	pages := 0
	err := p.try(listMetrics, func() error {
		return p.client.ListMetrics(ctx, true, func(page []model.Metric) error {
			pages++
			p.listed = append(p.listed, page...)
			return nil
		})
	})
	_ = p.try(getMetricData, func() error { return p.askOne(ctx) }) // was noted
	if err != nil {
		p.unknownPrice(getMetricData, listMetrics)
		p.unknownPrice(listMetrics, "its pages")
		return
	}
	e := metrics.NewEstimate(p.Metrics, p.Filter, p.snapshot, p.listed, pages)
	lists := Line{Item: listMetrics, Low: e.Lists.Low, High: e.Lists.High, Detail: fmt.Sprintf("pages of the list, every 5 minutes: %d", pages)}
	if p.inventory.Current() == nil {
		p.unknownPrice(getMetricData, listsOfAPIs)
		p.target.Month.add(lists)
		return
	}
	p.target.Counts.Series, p.target.Counts.Unknown = e.Series, e.Unknown
	series := 0
	for _, n := range e.Series {
		series += n
	}
	p.target.Month.add(Line{
		Item: getMetricData, Low: e.Data.Low, High: e.Data.High,
		Detail: fmt.Sprintf("%d series: each time %d metrics, %d if each statistic counts", series, e.Low, e.High),
	})
	p.target.Month.add(lists)
	p.save(&e, pages)
}

// askOne asks for one metric's newest minutes: a series that is listed, or one that is not there.
func (p *probe) askOne(ctx context.Context) error {
	query := model.Query{Metric: "Count", Statistic: "Sum", Dims: []model.Dimension{{Name: "ApiId", Value: noAPI}, {Name: "Stage", Value: "preflight"}}}
	if i := slices.IndexFunc(p.listed, func(m model.Metric) bool { return m.Name == query.Metric }); i >= 0 {
		query.Dims = p.listed[i].Dimensions
	}
	end := p.client.Now().Truncate(time.Minute).Unix()
	series, err := p.client.MetricData(ctx, []model.Query{query}, time.Minute, model.Window{Start: end - 300, End: end})
	if err == nil && series[0].Reason == reasonForbidden {
		return errForbidden
	}
	return err
}

// reasonForbidden is GetMetricData's StatusCode of a metric that the caller may not read.
const reasonForbidden = "Forbidden"

// errForbidden is such an answer. No policy of the caller mends it.
var errForbidden = errors.New("the call is allowed, and the metric is " + reasonForbidden)

const forbiddenRemedy = "the identity's policy is not the reason: the account that has the metric has to share it with this one, or the configuration has to read that account itself"

// listsOfAPIs is what most estimates need.
const listsOfAPIs = "the lists of APIs"

// unknownPrice is the line of what can't be estimated.
func (p *probe) unknownPrice(item, without string) {
	p.target.Month.add(Line{Item: item, Unknown: true, Detail: "not known without " + without})
}

// save prices other settings than those of the configuration, and notes those that are cheaper.
func (p *probe) save(now *metrics.Estimate, pages int) {
	for _, other := range alternatives {
		config := *p.Metrics
		if !other.edit(&config) {
			continue
		}
		then := metrics.NewEstimate(&config, p.Filter, p.snapshot, p.listed, pages)
		p.target.savings = append(p.target.savings, Saving{Setting: other.setting, Low: now.Data.Low - then.Data.Low, High: now.Data.High - then.Data.High})
	}
}

// alternatives are cheaper settings. edit changes a copy of the section, and says whether it differs from what is set.
var alternatives = []struct {
	setting string
	edit    func(c *metrics.Config) bool
}{
	{"metrics::collection_interval: 15m", func(c *metrics.Config) bool {
		longer := c.CollectionInterval < 15*time.Minute
		c.CollectionInterval = 15 * time.Minute
		return longer
	}},
	{"metrics::levels: [stage]", func(c *metrics.Config) bool {
		route := slices.Contains(c.Levels, metrics.LevelRoute) && slices.Contains(c.Levels, metrics.LevelStage)
		c.Levels = []string{metrics.LevelStage}
		return route
	}},
	{"metrics::quantiles: []", func(c *metrics.Config) bool {
		some := len(c.Quantiles) > 0
		c.Quantiles = nil
		return some
	}},
	{"metrics::histogram_buckets: []", func(c *metrics.Config) bool {
		some := len(c.HistogramBuckets) > 0
		c.HistogramBuckets = nil
		return some
	}},
	{"metrics::aws.api_gateway.integration.duration: {enabled: false}, and its _quantile", withoutIntegration},
}

// withoutIntegration switches off what is made of IntegrationLatency.
func withoutIntegration(c *metrics.Config) bool {
	off, changed := false, false
	per := map[string]metrics.MetricConfig{}
	for name, m := range c.Metrics {
		per[name] = m
	}
	for i := range metrics.Catalogue {
		d := &metrics.Catalogue[i]
		if len(d.Sources) > 0 && d.Sources[0].Metric == "IntegrationLatency" {
			changed = changed || c.Enabled(d.Name)
			per[d.Name] = metrics.MetricConfig{Enabled: &off}
		}
	}
	c.Metrics = per
	return changed
}
