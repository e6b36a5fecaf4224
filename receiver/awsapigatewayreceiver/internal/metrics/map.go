package metrics

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
)

// mapper turns points into pdata. One mapper serves one target; it is not safe for concurrent use.
type mapper struct {
	// resource writes the resource of an owner's stage.
	resource func(res pcommon.Resource, s *series, owner string)
	bounds   []float64 // of the histograms, in seconds
	version  string

	md      pmetric.Metrics
	current *target
	targets map[targetKey]*target
	counts  []uint64
}

type targetKey struct{ owner, stage string }

// target is one resource of the metrics that are being built.
type target struct {
	key     targetKey
	metrics pmetric.MetricSlice
	byName  []named
}

type named struct {
	name   string
	metric pmetric.Metric
}

// build maps points in their order. The same points give the same pdata.
func (m *mapper) build(points []point) pmetric.Metrics {
	m.md = pmetric.NewMetrics()
	m.current, m.targets = nil, map[targetKey]*target{}
	for i := range points {
		p := &points[i]
		t := m.target(p.series, p.owner)
		switch {
		case p.gauges != nil:
			m.gauges(t, p)
		case p.series.plan.histogram != nil:
			m.histogram(t, p)
		default:
			m.sum(t, p)
		}
	}
	return m.md
}

func (m *mapper) target(s *series, owner string) *target {
	key := targetKey{owner: owner, stage: s.stage}
	if m.current != nil && m.current.key == key {
		return m.current
	}
	t, ok := m.targets[key]
	if !ok {
		rm := m.md.ResourceMetrics().AppendEmpty()
		m.resource(rm.Resource(), s, owner)
		sm := rm.ScopeMetrics().AppendEmpty()
		sm.Scope().SetName(metadata.ScopeName)
		sm.Scope().SetVersion(m.version)
		t = &target{key: key, metrics: sm.Metrics(), byName: make([]named, 0, 8)}
		t.metrics.EnsureCapacity(8)
		m.targets[key] = t
	}
	m.current = t
	return t
}

// metric returns the resource's metric of a definition, made on first use.
func (t *target) metric(p *point, d *Definition) pmetric.Metric {
	name := p.series.plan.names[d][0]
	if p.series.routeLevel() {
		name = p.series.plan.names[d][1]
	}
	for i := range t.byName {
		if t.byName[i].name == name {
			return t.byName[i].metric
		}
	}
	metric := t.metrics.AppendEmpty()
	metric.SetName(name)
	metric.SetUnit(d.Unit)
	metric.SetDescription(d.Description)
	switch d.Kind {
	case Sum:
		s := metric.SetEmptySum()
		s.SetIsMonotonic(true)
		s.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	case Histogram:
		metric.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	case Gauge:
		metric.SetEmptyGauge()
	}
	t.byName = append(t.byName, named{name, metric})
	return metric
}

func timestamp(seconds int64) pcommon.Timestamp {
	return pcommon.Timestamp(seconds * int64(time.Second)) //nolint:gosec // in the window that was asked for
}

func (m *mapper) sum(t *target, p *point) {
	pl := p.series.plan
	dp := t.metric(p, pl.sum).Sum().DataPoints().AppendEmpty()
	dp.SetStartTimestamp(timestamp(p.start))
	dp.SetTimestamp(timestamp(p.end))
	dp.SetIntValue(int64(math.Round(p.N)))
	attributes(dp.Attributes(), p.series, pl.attribute, pl.value)
}

// histogram maps milliseconds to seconds. Its shape never changes: all bounds and counts, or none.
func (m *mapper) histogram(t *target, p *point) {
	pl := p.series.plan
	dp := t.metric(p, pl.histogram).Histogram().DataPoints().AppendEmpty()
	dp.SetStartTimestamp(timestamp(p.start))
	dp.SetTimestamp(timestamp(p.end))
	count := uint64(math.Round(p.N))
	dp.SetCount(count)
	dp.SetSum(p.Sum / 1000)
	if count > 0 && p.max >= 0 {
		dp.SetMax(p.max / 1000)
	}
	if count > 0 && p.min >= 0 {
		dp.SetMin(p.min / 1000)
	}
	if pl.bucketCount > 0 {
		dp.ExplicitBounds().FromRaw(m.bounds)
		if len(m.counts) < pl.bucketCount {
			m.counts = make([]uint64, pl.bucketCount)
		}
		buckets := p.Buckets
		if len(buckets) != pl.bucketCount {
			buckets = make([]float64, pl.bucketCount)
			copy(buckets, p.Buckets)
		}
		dp.BucketCounts().FromRaw(balance(buckets, count, m.counts[:0]))
	}
	attributes(dp.Attributes(), p.series, "", "")
}

func (m *mapper) gauges(t *target, p *point) {
	pl := p.series.plan
	points := t.metric(p, pl.gauge).Gauge().DataPoints()
	for i, v := range p.gauges {
		if math.IsNaN(v) {
			continue
		}
		dp := points.AppendEmpty()
		dp.SetStartTimestamp(timestamp(p.start))
		dp.SetTimestamp(timestamp(p.end))
		if pl.extra {
			dp.SetDoubleValue(v)
			attributes(dp.Attributes(), p.series, attrStatistic, pl.statistics[pl.gauges+i])
			continue
		}
		dp.SetDoubleValue(v / 1000)
		attributes(dp.Attributes(), p.series, "", "")
		dp.Attributes().PutDouble(attrQuantile, pl.gaugeValues[i])
	}
}

// attributes writes what tells the points of one metric and resource apart.
func attributes(m pcommon.Map, s *series, name, value string) {
	if name == "" && !s.canary && s.extra == nil {
		return
	}
	d := s.beyond()
	m.EnsureCapacity(len(d.more) + 4)
	if name != "" {
		m.PutStr(name, value)
	}
	if s.canary {
		m.PutBool(attrCanary, true)
	}
	if s.routeLevel() {
		m.PutStr(attrRouteKey, s.routeKey())
		if d.method != "" && d.method != d.resource && d.method != "ANY" {
			m.PutStr(attrMethod, d.method)
		}
		if d.resource != "" {
			m.PutStr(attrRoute, d.resource)
		}
	}
	for _, more := range d.more {
		m.PutStr(attrDimension+more.Name, more.Value)
	}
}
