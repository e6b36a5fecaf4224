package exporterconfig

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// backend takes OTLP over HTTP, as vendors do. It refuses the first request of each path, as they do at times.
type backend struct {
	*httptest.Server
	mu      sync.Mutex
	headers map[string]http.Header // of the last request, by path
	largest int                    // bytes of a request
	metrics []pmetric.Metrics
	records map[string]int // access log records by uid
}

func newBackend(t *testing.T) *backend {
	b := &backend{headers: map[string]http.Header{}, records: map[string]int{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.headers[r.URL.Path] == nil {
			b.headers[r.URL.Path] = r.Header
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b.headers[r.URL.Path] = r.Header
		if !assert.NoError(t, b.take(r)) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) take(r *http.Request) error {
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(unzipped)
	if err != nil {
		return err
	}
	b.largest = max(b.largest, len(body))
	switch {
	case strings.HasSuffix(r.URL.Path, "/v1/metrics"):
		md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body) // a request has the same form as the data
		if err != nil {
			return err
		}
		b.metrics = append(b.metrics, md)
	case strings.HasSuffix(r.URL.Path, "/v1/logs"):
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
		if err != nil {
			return err
		}
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					if uid, ok := record.Attributes().Get("log.record.uid"); ok {
						b.records[uid.Str()]++
					}
				}
			}
		}
	}
	return nil
}

// each calls for every metric that came, with the attributes of its resource.
func (b *backend) each(f func(stage string, m pmetric.Metric)) {
	for _, md := range b.metrics {
		for _, rm := range md.ResourceMetrics().All() {
			id, _ := rm.Resource().Attributes().Get("service.instance.id")
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					f(id.Str(), m)
				}
			}
		}
	}
}

// counted is how many requests the metric of that name tells of: the sum of deltas, or of the newest cumulative values of the stages.
func (b *backend) counted() int {
	deltas, totals := 0, map[string]int{}
	b.each(func(stage string, m pmetric.Metric) {
		if m.Name() != "aws.api_gateway.requests" {
			return
		}
		for _, p := range m.Sum().DataPoints().All() {
			if m.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta {
				deltas += int(p.IntValue())
			} else {
				totals[stage] = max(totals[stage], int(p.IntValue()))
			}
		}
	})
	for _, n := range totals {
		deltas += n
	}
	return deltas
}
