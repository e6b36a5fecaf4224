package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventorymetrics"
)

// streamKey is what a backend tells series apart by.
type streamKey struct {
	API, Stage, Metric, Attributes string
	Resource                       string // all resource attributes
}

// stream is everything that came out for one series.
type stream struct {
	Intervals  [][2]int64 // Unix seconds, in the order of arrival
	Values     []float64  // counts
	Count, Sum float64
	Max        float64
	histogram  bool
}

// sink is a consumer that checks what every backend needs, and adds up.
type sink struct {
	mu      sync.Mutex
	streams map[streamKey]*stream
	gauges  map[streamKey]map[int64]float64
	errs    []string
	refuse  func() error
	repeats bool // a point that is identical to an earlier one is left out
	batches int
	last    time.Time // of the newest batch
	arrived chan struct{}
	limits  []pmetric.Metrics // from the inventory
}

func newSink() *sink {
	return &sink{streams: map[streamKey]*stream{}, gauges: map[streamKey]map[int64]float64{}, arrived: make(chan struct{}, 1)}
}

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fromInventory(md) {
		// They come whether or not there is traffic, in batches of their own.
		kept := pmetric.NewMetrics()
		md.CopyTo(kept)
		s.limits = append(s.limits, kept)
		return nil
	}
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			md.ResourceMetrics().RemoveIf(func(pmetric.ResourceMetrics) bool { return true }) // a refusal may spoil the data
			return err
		}
	}
	s.batches++
	s.last = time.Now()
	s.take(md)
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	return nil
}

func fromInventory(md pmetric.Metrics) bool {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				return inventorymetrics.Known(m.Name())
			}
		}
	}
	return false
}

// take adds metrics up.
func (s *sink) take(md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		resource := attributeString(rm.Resource().Attributes())
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				key := func(attrs pcommon.Map) streamKey {
					return streamKey{
						API: str(rm.Resource(), "aws.api_gateway.api_id"), Stage: str(rm.Resource(), "aws.api_gateway.stage"),
						Metric: m.Name(), Attributes: attributeString(attrs), Resource: resource,
					}
				}
				switch m.Type() {
				case pmetric.MetricTypeSum:
					for _, p := range m.Sum().DataPoints().All() {
						s.add(key(p.Attributes()), p.StartTimestamp(), p.Timestamp(), float64(p.IntValue()), 0, 0)
					}
				case pmetric.MetricTypeHistogram:
					for _, p := range m.Histogram().DataPoints().All() {
						k := key(p.Attributes())
						s.add(k, p.StartTimestamp(), p.Timestamp(), float64(p.Count()), p.Sum(), p.Max())
						s.streams[k].histogram = true
						if p.HasMax() && p.Count() == 0 {
							s.errs = append(s.errs, fmt.Sprintf("%v: a maximum without requests", k))
						}
						var buckets uint64
						for _, b := range p.BucketCounts().AsRaw() {
							buckets += b
						}
						if p.BucketCounts().Len() > 0 && buckets != p.Count() || p.BucketCounts().Len() > 0 && p.BucketCounts().Len() != p.ExplicitBounds().Len()+1 {
							s.errs = append(s.errs, fmt.Sprintf("%v: buckets %v do not add up to %d", k, p.BucketCounts().AsRaw(), p.Count()))
						}
					}
				case pmetric.MetricTypeGauge:
					for _, p := range m.Gauge().DataPoints().All() {
						k, at := key(p.Attributes()), p.Timestamp().AsTime().Unix()
						if s.gauges[k] == nil {
							s.gauges[k] = map[int64]float64{}
						}
						if old, ok := s.gauges[k][at]; ok && (!s.repeats || old != p.DoubleValue()) {
							s.errs = append(s.errs, fmt.Sprintf("%v: the gauge at %d came twice", k, at))
						}
						s.gauges[k][at] = p.DoubleValue()
					}
				}
			}
		}
	}
}

func (s *sink) add(k streamKey, start, end pcommon.Timestamp, count, sum, maximum float64) {
	st := s.streams[k]
	if st == nil {
		st = &stream{}
		s.streams[k] = st
	}
	in := [2]int64{start.AsTime().Unix(), end.AsTime().Unix()}
	if s.repeats {
		if i := slices.Index(st.Intervals, in); i >= 0 {
			if st.Values[i] != count {
				s.errs = append(s.errs, fmt.Sprintf("%v: the repeat of %v has %v, the first had %v", k, in, count, st.Values[i]))
			}
			return
		}
	}
	if n := len(st.Intervals); n > 0 && in[0] < st.Intervals[n-1][1] {
		s.errs = append(s.errs, fmt.Sprintf("%v: interval %v overlaps or precedes %v", k, in, st.Intervals[n-1]))
	}
	if in[1] <= in[0] {
		s.errs = append(s.errs, fmt.Sprintf("%v: interval %v is empty", k, in))
	}
	st.Intervals = append(st.Intervals, in)
	st.Values = append(st.Values, count)
	st.Count += count
	st.Sum += sum
	st.Max = max(st.Max, maximum)
}

func str(res pcommon.Resource, key string) string {
	v, ok := res.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func attributeString(m pcommon.Map) string {
	raw := m.AsRaw()
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		fmt.Fprintf(&b, "%s=%v;", k, raw[k])
	}
	return b.String()
}

// total adds up the streams that match.
func (s *sink) total(match func(streamKey) bool) stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum stream
	for k, st := range s.streams {
		if match(k) {
			sum.Count += st.Count
			sum.Sum += st.Sum
			sum.Max = max(sum.Max, st.Max)
			sum.Intervals = append(sum.Intervals, st.Intervals...)
			sum.Values = append(sum.Values, st.Values...)
		}
	}
	return sum
}

func (s *sink) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Empty(t, s.errs[:min(5, len(s.errs))], "%d errors", len(s.errs))
}
