package metrics

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// workload is what one answer's points look like: stages of a cached REST API, five minutes each, with the default statistics.
func workload(stages int) []point {
	c := DefaultConfig()
	compiled := plans(&c)
	var points []point
	for i := range stages {
		stage := "stage" + string(rune('a'+i))
		for _, name := range []string{"Count", "4XXError", "5XXError", "CacheHitCount", "CacheMissCount", "Latency", "IntegrationLatency"} {
			s := &series{plan: compiled[name], key: inventory.Key{ByName: true, Value: "orders"}, stage: stage}
			for m := range int64(5) {
				p := point{series: s, owner: "a1b2c3d4e5", start: at(m), end: at(m + 1), amounts: amounts{N: 12, Sum: 1234}, max: 250, min: unknownExtreme}
				if s.plan.gaugeCount > 0 {
					points = append(points, point{series: s, owner: p.owner, start: p.start, end: p.end, gauges: []float64{90, 240}, max: unknownExtreme, min: unknownExtreme})
				}
				points = append(points, p)
			}
		}
	}
	return points
}

var (
	benchTarget = model.Target{Label: "a/us-east-1", AccountID: "111122223333", Region: "us-east-1", Partition: "aws"}
	benchAPI    = &model.API{ID: "a1b2c3d4e5", Name: "orders", Type: model.REST, EndpointType: "REGIONAL"}
)

func benchMapper() *mapper {
	w := resource.NewWriter(benchTarget, nil, nil)
	return &mapper{version: "1", resource: func(res pcommon.Resource, s *series, _ string) { w.Stage(res, benchAPI, nil, s.stage) }}
}

// handWritten builds the same pdata as the mapper for that workload, by a loop that knows all of it beforehand.
func handWritten(points []point) pmetric.Metrics {
	w := resource.NewWriter(benchTarget, nil, nil)
	md := pmetric.NewMetrics()
	var sm pmetric.ScopeMetrics
	stage := ""
	var current *series
	var metric, quantiles pmetric.Metric
	named := map[string]pmetric.Metric{}
	get := func(d *Definition) pmetric.Metric {
		if m, ok := named[d.Name]; ok {
			return m
		}
		m := sm.Metrics().AppendEmpty()
		m.SetName(d.Name)
		m.SetUnit(d.Unit)
		m.SetDescription(d.Description)
		switch d.Kind {
		case Sum:
			m.SetEmptySum().SetIsMonotonic(true)
			m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		case Histogram:
			m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		case Gauge:
			m.SetEmptyGauge()
		}
		named[d.Name] = m
		return m
	}
	for i := range points {
		p := &points[i]
		if p.series.stage != stage {
			stage = p.series.stage
			rm := md.ResourceMetrics().AppendEmpty()
			w.Stage(rm.Resource(), benchAPI, nil, stage)
			sm = rm.ScopeMetrics().AppendEmpty()
			clear(named)
			current = nil
		}
		if p.series != current {
			current = p.series
			switch {
			case p.series.plan.sum != nil:
				metric = get(p.series.plan.sum)
			default:
				metric, quantiles = get(p.series.plan.histogram), get(p.series.plan.gauge)
			}
		}
		start, end := pcommon.Timestamp(p.start*int64(time.Second)), pcommon.Timestamp(p.end*int64(time.Second))
		switch {
		case p.gauges != nil:
			for j, v := range p.gauges {
				dp := quantiles.Gauge().DataPoints().AppendEmpty()
				dp.SetStartTimestamp(start)
				dp.SetTimestamp(end)
				dp.SetDoubleValue(v / 1000)
				dp.Attributes().PutDouble("quantile", p.series.plan.gaugeValues[j])
			}
		case p.series.plan.sum != nil:
			dp := metric.Sum().DataPoints().AppendEmpty()
			dp.SetStartTimestamp(start)
			dp.SetTimestamp(end)
			dp.SetIntValue(int64(p.N))
			if p.series.plan.attribute != "" {
				dp.Attributes().PutStr(p.series.plan.attribute, p.series.plan.value)
			}
		default:
			dp := metric.Histogram().DataPoints().AppendEmpty()
			dp.SetStartTimestamp(start)
			dp.SetTimestamp(end)
			dp.SetCount(uint64(p.N))
			dp.SetSum(p.Sum / 1000)
			dp.SetMax(p.max / 1000)
		}
	}
	return md
}

func TestMappingAllocatesLittleMoreThanAHandWrittenLoop(t *testing.T) {
	points := workload(20)
	m := benchMapper()
	n := float64(m.build(points).DataPointCount())
	assert.InDelta(t, n, handWritten(points).DataPointCount(), 0)
	ours := testing.AllocsPerRun(10, func() { m.build(points) })
	theirs := testing.AllocsPerRun(10, func() { handWritten(points) })
	assert.LessOrEqual(t, (ours-theirs)/n, 1.0, "%v and %v allocations for %v points", ours, theirs, n)
}

func BenchmarkMapping(b *testing.B) {
	points := workload(20)
	n := float64(benchMapper().build(points).DataPointCount())
	var perPoint [2]float64
	for i, c := range []struct {
		name  string
		build func() pmetric.Metrics
	}{
		{"hand-written", func() pmetric.Metrics { return handWritten(points) }},
		{"mapper", func() func() pmetric.Metrics {
			m := benchMapper()
			return func() pmetric.Metrics { return m.build(points) }
		}()},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.build()
			}
			perPoint[i] = testing.AllocsPerRun(5, func() { c.build() }) / n
			b.ReportMetric(perPoint[i], "allocs/point")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
			if i == 1 && perPoint[0] > 0 {
				b.ReportMetric(perPoint[1]-perPoint[0], "more-allocs/point")
			}
		})
	}
}

func BenchmarkLedger(b *testing.B) {
	s := &series{plan: &plan{histogram: &Definition{}}}
	owner := func(int64) string { return "a" }
	var l ledger
	b.ReportAllocs()
	m := int64(0)
	var points []point
	for b.Loop() {
		read := read{series: s, from: at(m), to: at(m + 10), settled: at(m + 5), period: 60, owner: owner}
		for i := range int64(10) {
			read.observations = append(read.observations, obs(m+i, 3, 30, 10))
		}
		l, points, _ = l.advance(read, points[:0])
		m += 5
	}
}
