package exporterconfig

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// backend takes OTLP over HTTP, as vendors do. It refuses the first request of each path, as they do at times.
type backend struct {
	*httptest.Server
	received

	mu      sync.Mutex
	away    bool                   // it refuses everything
	refused int                    // requests
	headers map[string]http.Header // of the last request, by path
	hosts   map[string]string      // by path
	largest int                    // bytes of a request
	proven  func(r *http.Request, body []byte) error
}

func newBackend(t *testing.T) *backend {
	b := newUnstartedBackend(t)
	b.Start()
	return b
}

func newUnstartedBackend(t *testing.T) *backend {
	b := &backend{headers: map[string]http.Header{}, hosts: map[string]string{}}
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		first := b.headers[r.URL.Path] == nil
		b.headers[r.URL.Path], b.hosts[r.URL.Path] = r.Header, r.Host
		if first || b.away {
			b.refused++
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
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
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if b.proven != nil {
		if err := b.proven(r, sent); err != nil {
			return err
		}
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(unzipped)
	if err != nil {
		return err
	}
	b.largest = max(b.largest, len(body))
	return b.add(r.URL.Path, body)
}

// received is what came, of all signals.
type received struct {
	metrics  []pmetric.Metrics
	records  map[string]int              // access log records by uid
	entities map[string]int              // entity events by the type of the entity
	spans    map[pcommon.TraceID]spanSet // by trace
	servers  int                         // spans of requests to API Gateway
	xray     int                         // spans that X-Ray has, too
}

// spanSet is how often each span of a trace came.
type spanSet map[pcommon.SpanID]int

// add decodes what a path or a topic is for: a request has the same form as the data.
func (g *received) add(path string, body []byte) error {
	switch {
	case strings.HasSuffix(path, "metrics"), strings.HasSuffix(path, "/datapoint/otlp"):
		md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body)
		if err != nil {
			return err
		}
		g.metrics = append(g.metrics, md)
	case strings.HasSuffix(path, "logs"):
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
		if err != nil {
			return err
		}
		g.addLogs(ld)
	default:
		td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
		if err != nil {
			return err
		}
		g.addTraces(td)
	}
	return nil
}

func (g *received) addLogs(ld plog.Logs) {
	if g.records == nil {
		g.records, g.entities = map[string]int{}, map[string]int{}
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if uid, ok := record.Attributes().Get("log.record.uid"); ok {
					g.records[uid.Str()]++
				}
				if kind, ok := record.Attributes().Get("entity.type"); ok {
					g.entities[kind.Str()]++
				}
			}
		}
	}
}

func (g *received) addTraces(td ptrace.Traces) {
	if g.spans == nil {
		g.spans = map[pcommon.TraceID]spanSet{}
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if g.spans[s.TraceID()] == nil {
					g.spans[s.TraceID()] = spanSet{}
				}
				g.spans[s.TraceID()][s.SpanID()]++
				if _, ok := s.Attributes().Get("aws.xray.origin"); ok {
					g.xray++
				}
				if _, ok := rs.Resource().Attributes().Get("aws.api_gateway.stage"); ok && s.Kind() == ptrace.SpanKindServer {
					g.servers++
				}
			}
		}
	}
}

// each calls for every metric that came, with the attributes of its resource.
func (g *received) each(f func(stage string, m pmetric.Metric)) {
	for _, md := range g.metrics {
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
func (g *received) counted() int {
	deltas, totals := 0, map[string]int{}
	g.each(func(stage string, m pmetric.Metric) {
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
