package inventorymetrics

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
)

// batch builds the metrics of one hand-over.
type batch struct {
	c      *Collector
	at     time.Time
	md     pmetric.Metrics
	points int
}

func (c *Collector) newBatch() *batch { return &batch{c: c, at: c.Now(), md: pmetric.NewMetrics()} }

// group is the metrics of one resource. Nothing of it is written before its first point.
type group struct {
	batch    *batch
	describe func(pcommon.Resource)
	metrics  pmetric.MetricSlice
	begun    bool
	byName   map[string]pmetric.Metric
}

func (b *batch) on(describe func(pcommon.Resource)) *group {
	return &group{batch: b, describe: describe, byName: map[string]pmetric.Metric{}}
}

// point appends a point of a metric that is switched on.
func (g *group) point(name string, attributes ...string) (pmetric.NumberDataPoint, bool) {
	d := definition(name)
	if !g.batch.c.Enabled(name) {
		return pmetric.NumberDataPoint{}, false
	}
	if !g.begun {
		g.begun = true
		rm := g.batch.md.ResourceMetrics().AppendEmpty()
		g.describe(rm.Resource())
		sm := rm.ScopeMetrics().AppendEmpty()
		sm.Scope().SetName(metadata.ScopeName)
		sm.Scope().SetVersion(g.batch.c.Version)
		g.metrics = sm.Metrics()
	}
	m, ok := g.byName[name]
	if !ok {
		m = g.metrics.AppendEmpty()
		m.SetName(name)
		m.SetUnit(d.Unit)
		m.SetDescription(d.Description)
		if name == usagePlanRequests {
			s := m.SetEmptySum()
			s.SetIsMonotonic(true)
			s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		} else {
			m.SetEmptyGauge()
		}
		g.byName[name] = m
	}
	var p pmetric.NumberDataPoint
	if m.Type() == pmetric.MetricTypeSum {
		p = m.Sum().DataPoints().AppendEmpty()
	} else {
		p = m.Gauge().DataPoints().AppendEmpty()
	}
	p.SetTimestamp(pcommon.NewTimestampFromTime(g.batch.at))
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			p.Attributes().PutStr(attributes[i], attributes[i+1])
		}
	}
	g.batch.points++
	return p, true
}

func (g *group) integer(name string, v int64, attributes ...string) {
	if p, ok := g.point(name, attributes...); ok {
		p.SetIntValue(v)
	}
}

func (g *group) double(name string, v float64, attributes ...string) {
	if p, ok := g.point(name, attributes...); ok {
		p.SetDoubleValue(v)
	}
}
