package faults

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// streamKey is what a backend tells streams apart by.
type streamKey struct{ api, stage, metric, attributes string }

func (k streamKey) String() string {
	return fmt.Sprintf("%s{%s} of %s/%s", k.metric, k.attributes, k.api, k.stage)
}

type interval struct{ start, end int64 } // Unix seconds

type point struct {
	count, sum float64
	first      time.Time // when it came
}

// metricRecord has the points of CloudWatch's metrics by their streams.
type metricRecord struct {
	*history
	deltas map[streamKey]map[interval]point
	gauges map[streamKey]map[int64]point
}

func newMetricRecord(h *history) *metricRecord {
	return &metricRecord{h, map[streamKey]map[interval]point{}, map[streamKey]map[int64]point{}}
}

func (r *metricRecord) take(md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				key := streamKey{api: text(rm.Resource(), "aws.api_gateway.api_id"), stage: text(rm.Resource(), "aws.api_gateway.stage"), metric: m.Name()}
				r.metric(key, m)
			}
		}
	}
}

func (r *metricRecord) metric(key streamKey, m pmetric.Metric) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		if m.Sum().AggregationTemporality() != pmetric.AggregationTemporalityDelta {
			return // from the inventory
		}
		for _, p := range m.Sum().DataPoints().All() {
			r.delta(key, p.Attributes(), p.StartTimestamp(), p.Timestamp(), float64(p.IntValue()), 0)
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			r.delta(key, p.Attributes(), p.StartTimestamp(), p.Timestamp(), float64(p.Count()), p.Sum())
		}
	case pmetric.MetricTypeGauge:
		if !strings.HasSuffix(m.Name(), "_quantile") {
			return // from the inventory
		}
		for _, p := range m.Gauge().DataPoints().All() {
			r.gauge(key, p)
		}
	}
}

func (r *metricRecord) delta(key streamKey, attributes pcommon.Map, start, end pcommon.Timestamp, count, sum float64) {
	key.attributes = attributeText(attributes)
	if r.deltas[key] == nil {
		r.deltas[key] = map[interval]point{}
	}
	in := interval{start.AsTime().Unix(), end.AsTime().Unix()}
	if before, ok := r.deltas[key][in]; ok {
		if before.count != count || before.sum != sum {
			if r.lostBy(before.first) {
				r.deltas[key][in] = point{max(count, before.count), max(sum, before.sum), before.first}
				return
			}
			r.problem("%v from %d to %d is %v, and was %v", key, in.start, in.end, [2]float64{count, sum}, [2]float64{before.count, before.sum})
			return
		}
		r.repeat("metric point", before.first, func() string { return fmt.Sprintf("%v from %d to %d", key, in.start, in.end) })
		return
	}
	for other, before := range r.deltas[key] {
		if other.start < in.end && in.start < other.end && !r.lostBy(before.first) {
			r.problem("%v from %d to %d overlaps with %d to %d", key, in.start, in.end, other.start, other.end)
		}
	}
	r.deltas[key][in] = point{count, sum, time.Now()}
}

func (r *metricRecord) gauge(key streamKey, p pmetric.NumberDataPoint) {
	key.attributes = attributeText(p.Attributes())
	if r.gauges[key] == nil {
		r.gauges[key] = map[int64]point{}
	}
	at := p.Timestamp().AsTime().Unix()
	if before, ok := r.gauges[key][at]; ok {
		if before.sum != p.DoubleValue() && !r.lostBy(before.first) {
			r.problem("%v at %d is %v, and was %v", key, at, p.DoubleValue(), before.sum)
			return
		}
		r.repeat("quantile", before.first, func() string { return fmt.Sprintf("%v at %d", key, at) })
		return
	}
	r.gauges[key][at] = point{sum: p.DoubleValue(), first: time.Now()}
}

// total adds up what came of a stream.
func (r *metricRecord) total(key streamKey) (sum point) {
	for _, p := range r.deltas[key] {
		sum.count += p.count
		sum.sum += p.sum
	}
	return sum
}

// catalogue is what comes out of which of CloudWatch's metrics; samples: how many there were of them, not their sum.
var catalogue = []struct {
	metric, attributes string
	sources            []string
	samples            bool
}{
	{"aws.api_gateway.requests", "", []string{"Count"}, true},
	{"aws.api_gateway.errors", "error.type=4xx;", []string{"4XXError", "4xx"}, false},
	{"aws.api_gateway.errors", "error.type=5xx;", []string{"5XXError", "5xx"}, false},
	{"aws.api_gateway.errors", "error.type=client;", []string{"ClientError"}, false},
	{"aws.api_gateway.errors", "error.type=integration;", []string{"IntegrationError"}, false},
	{"aws.api_gateway.errors", "error.type=execution;", []string{"ExecutionError"}, false},
	{"aws.api_gateway.data.processed", "", []string{"DataProcessed"}, false},
	{"aws.api_gateway.websocket.connections", "", []string{"ConnectCount"}, false},
	{"aws.api_gateway.websocket.messages", "", []string{"MessageCount"}, true},
	{"aws.api_gateway.request.duration", "", []string{"Latency"}, true},
	{"aws.api_gateway.integration.duration", "", []string{"IntegrationLatency"}, true},
}

// wantMetrics are the totals of all streams that the world makes; sums of durations are in milliseconds.
func wantMetrics(w *awssim.World, from, to time.Time) map[streamKey]point {
	want := map[streamKey]point{}
	stages(w, func(api *awssim.API, stage *awssim.Stage) {
		truth := w.Truth(api, stage, false, from, to)
		for _, c := range catalogue {
			var p point
			seen := false
			for _, source := range c.sources {
				s, ok := truth[source]
				seen = seen || ok
				if c.samples {
					p.count += s.SampleCount
				} else {
					p.count += s.Sum
				}
				if strings.HasSuffix(c.metric, ".duration") {
					p.sum += s.Sum
				}
			}
			if seen {
				want[streamKey{api.ID, stage.Name, c.metric, c.attributes}] = p
			}
		}
	})
	return want
}

// compare says where what came is not what happened: what is missing, and what is too much.
func (r *metricRecord) compare(want map[streamKey]point) (missing, wrong []string) {
	for _, key := range sortedKeys(want) {
		w, g := want[key], r.total(key)
		sum := math.Round(g.sum * 1000)
		switch {
		case g.count < w.count:
			missing = append(missing, fmt.Sprintf("%v is %v, not %v", key, g.count, w.count))
		case len(r.lost) > 0: // intervals that are read anew hold what came in later ones before
		case g.count > w.count, math.Round(w.sum) != sum:
			wrong = append(wrong, fmt.Sprintf("%v is %v with the sum %v, not %v with %v", key, g.count, sum, w.count, w.sum))
		}
	}
	for _, key := range sortedKeys(r.deltas) {
		if _, ok := want[key]; !ok && r.total(key).count > 0 {
			wrong = append(wrong, fmt.Sprintf("%v is %v, and is not in the world", key, r.total(key).count))
		}
	}
	return missing, wrong
}

func sortedKeys[K interface {
	comparable
	fmt.Stringer
}, V any](m map[K]V,
) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return strings.Compare(a.String(), b.String()) })
}

func text(res pcommon.Resource, key string) string {
	v, ok := res.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func attributeText(m pcommon.Map) string {
	raw := m.AsRaw()
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		fmt.Fprintf(&b, "%s=%v;", k, raw[k])
	}
	return b.String()
}
