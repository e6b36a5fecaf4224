package metrics

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

var update = flag.Bool("update", false, "write the golden files anew")

// mapperOf writes real resources: an owner's id is its API's, several ids with commas are an ambiguous series' candidates.
func mapperOf(c *Config) *mapper {
	w := resource.NewWriter(model.Target{Label: "prod/us-east-1", AccountID: "111122223333", AccountName: "prod", Region: "us-east-1", Partition: "aws"}, nil, []string{"team"})
	return &mapper{bounds: c.HistogramBuckets, version: "1.2.3", resource: func(res pcommon.Resource, s *series, owner string) {
		a := &model.API{ID: owner, Name: "orders", Type: model.REST, EndpointType: "EDGE", Tags: map[string]string{"team": "shop"}}
		if !s.key.ByName {
			a.Type, a.EndpointType = model.HTTP, ""
		}
		var candidates []string
		if strings.Contains(owner, ",") {
			candidates = strings.Split(owner, ",")
		}
		w.Stage(res, a, candidates, s.stage)
	}}
}

// amount is a point of a sum, or of a histogram, over minutes.
func amount(s *series, owner string, from, to int64, n, sum, maximum, minimum float64, buckets ...float64) point {
	return point{series: s, owner: owner, start: at(from), end: at(to), amounts: amounts{N: n, Sum: sum, Buckets: buckets}, max: maximum, min: minimum}
}

func gauge(s *series, owner string, minute int64, values ...float64) point {
	return point{series: s, owner: owner, start: at(minute), end: at(minute + 1), gauges: values, max: unknownExtreme, min: unknownExtreme}
}

// Points go in, OTLP comes out: side by side with testdata/map. `go test -run TestMapping -update` writes them anew.
func TestMapping(t *testing.T) {
	plain := defaults(nil)
	buckets := defaults(func(c *Config) { c.HistogramBuckets = []float64{0.1, 0.5, 2.5} })
	extra := defaults(func(c *Config) {
		c.Extra = []Extra{{Metric: "TimeToFirstByte", Statistics: []string{"Average", "p90"}, Unit: "ms"}}
	})
	stage := func(c *Config, metric string) *series { return seriesFor(t, c, metric, "ApiName=orders Stage=prod") }
	for name, set := range map[string]struct {
		config *Config
		points []point
	}{
		"rest": {plain, []point{
			amount(stage(plain, "Count"), "r1", 0, 1, 3, 0, -1, -1),
			amount(stage(plain, "4XXError"), "r1", 0, 1, 1, 0, -1, -1),
			amount(stage(plain, "5XXError"), "r1", 0, 1, 0, 0, -1, -1),
			gauge(stage(plain, "Latency"), "r1", 0, 180, 240.5),
			amount(stage(plain, "Latency"), "r1", 0, 1, 3, 420.5, 240.5, -1),
			amount(stage(plain, "IntegrationLatency"), "r1", 0, 1, 2, 300, 200, 100),
			amount(stage(plain, "CacheHitCount"), "r1", 0, 1, 1, 0, -1, -1),
			amount(stage(plain, "CacheMissCount"), "r1", 0, 1, 2, 0, -1, -1),
			amount(seriesFor(t, plain, "Count", "ApiName=orders Stage=dev"), "r1", 0, 1, 9, 0, -1, -1),
			amount(stage(plain, "Count"), "r1", 1, 2, 4, 0, -1, -1),
		}},
		"http": {plain, []point{
			amount(seriesFor(t, plain, "Count", "ApiId=h1 Stage=$default"), "h1", 0, 1, 3, 0, -1, -1),
			amount(seriesFor(t, plain, "4xx", "ApiId=h1 Stage=$default"), "h1", 0, 1, 3, 0, -1, -1),
			amount(seriesFor(t, plain, "5xx", "ApiId=h1 Stage=$default"), "h1", 0, 1, 3, 0, -1, -1),
			amount(seriesFor(t, plain, "DataProcessed", "ApiId=h1 Stage=$default"), "h1", 0, 1, 123_456_789_012, 0, -1, -1),
		}},
		"websocket": {plain, []point{
			amount(seriesFor(t, plain, "ConnectCount", "ApiId=w1 Stage=live"), "w1", 0, 1, 3, 0, -1, -1),
			amount(seriesFor(t, plain, "MessageCount", "ApiId=w1 Stage=live"), "w1", 0, 1, 30, 0, -1, -1),
			amount(seriesFor(t, plain, "ClientError", "ApiId=w1 Stage=live"), "w1", 0, 1, 1, 0, -1, -1),
			amount(seriesFor(t, plain, "IntegrationError", "ApiId=w1 Stage=live"), "w1", 0, 1, 2, 0, -1, -1),
			amount(seriesFor(t, plain, "ExecutionError", "ApiId=w1 Stage=live"), "w1", 0, 1, 3, 0, -1, -1),
		}},
		"zero_points_and_late_ones": {plain, []point{
			amount(stage(plain, "Latency"), "r1", 0, 1, 3, 420, 240, -1),
			amount(stage(plain, "Latency"), "r1", 1, 30, 0, 0, -1, -1),
			amount(stage(plain, "Latency"), "r1", 30, 31, 1, 7, 7, -1),
			amount(stage(plain, "Latency"), "r1", 31, 40, 2, 9, -1, -1),
			amount(stage(plain, "Count"), "r1", 1, 30, 0, 0, -1, -1),
		}},
		"buckets": {buckets, []point{
			amount(stage(buckets, "Latency"), "r1", 0, 1, 6, 4200, 3000, -1, 1.4, 2.2, 1.4, 1),
			amount(stage(buckets, "Latency"), "r1", 1, 30, 0, 0, -1, -1),
			amount(stage(buckets, "Latency"), "r1", 30, 31, 2, 9, -1, 4, 1),
		}},
		"canary_and_ambiguous": {plain, []point{
			amount(seriesFor(t, plain, "Count", "ApiName=orders Stage=prod/Canary"), "r1", 0, 1, 1, 0, -1, -1),
			amount(stage(plain, "Count"), "r1", 0, 1, 9, 0, -1, -1),
			amount(stage(plain, "Count"), "r1,r2", 1, 2, 10, 0, -1, -1),
			gauge(seriesFor(t, plain, "Latency", "ApiName=orders Stage=prod/Canary"), "r1", 0, 1, 2),
		}},
		"routes": {plain, []point{
			amount(seriesFor(t, plain, "Count", "ApiName=orders Method=GET Resource=/pets/{id} Stage=prod"), "r1", 0, 1, 1, 0, -1, -1),
			amount(seriesFor(t, plain, "Count", "ApiName=orders Method=ANY Resource=/pets Stage=prod"), "r1", 0, 1, 2, 0, -1, -1),
			gauge(seriesFor(t, plain, "Latency", "ApiName=orders Method=GET Resource=/ Stage=prod/Canary"), "r1", 0, 1, 2),
			amount(seriesFor(t, plain, "4xx", "ApiId=h1 Method=POST Resource=/pets Stage=$default"), "h1", 0, 1, 3, 0, -1, -1),
			amount(seriesFor(t, plain, "4xx", "ApiId=h1 Method=$default Resource=$default Stage=$default"), "h1", 0, 1, 4, 0, -1, -1),
			amount(seriesFor(t, plain, "MessageCount", "ApiId=w1 Stage=live Route=$connect"), "w1", 0, 1, 5, 0, -1, -1),
			amount(stage(plain, "Count"), "r1", 0, 1, 3, 0, -1, -1),
		}},
		"extra": {extra, []point{
			gauge(seriesFor(t, extra, "TimeToFirstByte", "ApiName=orders Stage=prod"), "r1", 0, 12.5, math.NaN()),
			gauge(seriesFor(t, extra, "TimeToFirstByte", "ApiName=orders Stage=prod Tenant=7"), "r1", 0, 3, 4),
		}},
		"nothing": {plain, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := mapperOf(set.config)
			got := m.build(set.points)
			assert.Equal(t, encoded(t, got), encoded(t, m.build(set.points)), "the same points give the same bytes")
			raw, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(got)
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, raw, "", "  "))
			pretty.WriteByte('\n')
			file := filepath.Join("testdata", "map", name+".json")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, pretty.Bytes(), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), pretty.String())
		})
	}
}

func encoded(t *testing.T, md pmetric.Metrics) []byte {
	b, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	require.NoError(t, err)
	return b
}

// histogramsOf maps points of one series.
func histogramsOf(c *Config, points ...point) []pmetric.HistogramDataPoint {
	var out []pmetric.HistogramDataPoint
	for _, rm := range mapperOf(c).build(points).ResourceMetrics().All() {
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			if m.Type() == pmetric.MetricTypeHistogram {
				for _, p := range m.Histogram().DataPoints().All() {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// A histogram's shape never changes, whatever its points hold: no bounds and no counts, or all of them, which add up. Exporters panic otherwise.
func TestHistogramsKeepTheirShape(t *testing.T) {
	for name, bounds := range map[string][]float64{"without buckets": nil, "one bound": {0.5}, "many": {0.1, 0.2, 0.3, 0.4, 0.5, 1, 2, 5, 10}} {
		c := defaults(func(c *Config) { c.HistogramBuckets = bounds })
		s := seriesFor(t, c, "Latency", "ApiName=orders Stage=prod")
		full := make([]float64, len(bounds)+1)
		full[0] = 3
		for i, p := range histogramsOf(c,
			amount(s, "r1", 0, 1, 3, 100, 50, 10, full...),                           // read whole
			amount(s, "r1", 1, 2, 0, 0, -1, -1),                                      // a zero point
			amount(s, "r1", 2, 3, 7, 100, 50, 10),                                    // from a time without buckets
			amount(s, "r1", 3, 4, 7, 100, 50, 10, 1),                                 // from other settings
			amount(s, "r1", 4, 5, 2, 100, 50, 10, make([]float64, len(bounds)+9)...), // and from finer ones
		) {
			assert.Equal(t, len(bounds), p.ExplicitBounds().Len(), "%s, point %d", name, i)
			if len(bounds) == 0 {
				assert.Zero(t, p.BucketCounts().Len())
				continue
			}
			assert.Equal(t, bounds, p.ExplicitBounds().AsRaw())
			require.Equal(t, len(bounds)+1, p.BucketCounts().Len(), "%s, point %d", name, i)
			var sum uint64
			for _, n := range p.BucketCounts().AsRaw() {
				sum += n
			}
			assert.Equal(t, p.Count(), sum, "%s, point %d", name, i)
		}
	}
}

// A maximum or minimum is there only where it belongs to the point's requests.
func TestExtremes(t *testing.T) {
	c := defaults(nil)
	s := seriesFor(t, c, "Latency", "ApiName=orders Stage=prod")
	points := histogramsOf(c,
		amount(s, "r1", 0, 1, 2, 30, 20, 10), amount(s, "r1", 1, 2, 2, 30, 20, -1), amount(s, "r1", 2, 3, 2, 30, -1, 10), amount(s, "r1", 3, 4, 0, 0, 0, 0), amount(s, "r1", 4, 5, 1, 0, 0, 0))
	require.Len(t, points, 5)
	for i, want := range []struct{ max, min bool }{{true, true}, {true, false}, {false, true}, {false, false}, {true, true}} {
		assert.Equal(t, want.max, points[i].HasMax(), i)
		assert.Equal(t, want.min, points[i].HasMin(), i)
	}
	assert.InDelta(t, 0.02, points[0].Max(), 1e-12)
	assert.InDelta(t, 0.01, points[0].Min(), 1e-12)
	assert.InDelta(t, 0.03, points[0].Sum(), 1e-12)
	assert.InDelta(t, 0, points[4].Max(), 0, "a maximum of zero is one")
}

// Every point of one resource is under one resource, and of one metric under one metric, whatever the order.
func TestPointsAreGathered(t *testing.T) {
	c := defaults(nil)
	var points []point
	for m := range int64(4) {
		for _, st := range []string{"prod", "dev"} {
			for _, metric := range []string{"Count", "5XXError", "4XXError"} {
				for _, owner := range []string{"r1", "r2"} {
					points = append(points, amount(seriesFor(t, c, metric, "ApiName=orders Stage="+st), owner, m, m+1, 1, 0, -1, -1))
				}
			}
		}
	}
	md := mapperOf(c).build(points)
	assert.Equal(t, 4, md.ResourceMetrics().Len())
	assert.Equal(t, len(points), md.DataPointCount())
	for _, rm := range md.ResourceMetrics().All() {
		require.Equal(t, 1, rm.ScopeMetrics().Len())
		names := map[string]int{}
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			names[m.Name()]++
		}
		assert.Equal(t, map[string]int{"aws.api_gateway.requests": 1, "aws.api_gateway.errors": 1}, names)
	}
}
