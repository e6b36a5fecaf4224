package awsapigatewayreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// delivery is what reached the receiver's output or its scraper at a time: metrics as OTLP, or a page of internal metrics.
type delivery struct {
	at   time.Time
	otlp []byte
	page string
}

// deliveries are those of a run, in order. It takes metrics.
type deliveries struct {
	now func() time.Time
	mu  sync.Mutex
	all []delivery
}

func (*deliveries) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics notes a batch.
func (d *deliveries) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	body, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	if err != nil {
		return err
	}
	d.add(delivery{otlp: body})
	return nil
}

func (d *deliveries) add(one delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one.at = d.now()
	d.all = append(d.all, one)
}

// scrape notes the receiver's internal metrics each minute, as Prometheus would scrape them from the collector, until the rig's clock shows to.
func (d *deliveries) scrape(r *rig, to time.Time) {
	for at := r.now().Truncate(time.Minute); at.Before(to); at = at.Add(time.Minute) {
		r.until(at)
		var all metricdata.ResourceMetrics
		require.NoError(r.t, r.telemetry.Reader.Collect(context.Background(), &all))
		d.add(delivery{page: page(&all)})
	}
}

// prometheusRig sends what a receiver delivered through the built collector, with the config for remote write that users copy, and records what comes
// to Prometheus, as of the time at which the receiver handed it over.
type prometheusRig struct {
	t    *testing.T
	otlp string
	file *os.File
	mu   sync.Mutex
	at   time.Time
}

func newPrometheusRig(t *testing.T) *prometheusRig {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "recording.jsonl"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, file.Close()) })
	p := &prometheusRig{t: t, file: file, otlp: loopback(t)}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.record(map[string]any{"write": body})
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(backend.Close)
	config, err := filepath.Abs(filepath.Join("..", "..", "exporterconfig", "prometheusremotewrite.yaml"))
	require.NoError(t, err)
	collector := exec.Command(collectorBinary(t), "--config", config)
	for _, o := range []string{
		"receivers::otlp::protocols::http::endpoint: " + p.otlp,
		"exporters::prometheus_remote_write::http::endpoint: " + backend.URL,
		"service::pipelines::metrics::receivers: [otlp]",
		"service::telemetry::metrics::level: none",
	} {
		collector.Args = append(collector.Args, "--config", "yaml:"+o)
	}
	collector.Dir = t.TempDir()
	require.NoError(t, collector.Start())
	t.Cleanup(func() {
		assert.NoError(t, collector.Process.Kill())
		_ = collector.Wait() // it was killed
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", p.otlp)
		return err == nil && c.Close() == nil
	}, time.Minute, 50*time.Millisecond, "the collector did not start")
	return p
}

// collectorBinary is what make build makes.
func collectorBinary(t *testing.T) string {
	t.Helper()
	binary := os.Getenv("OTELCOL_APIGATEWAY")
	if binary == "" {
		binary = filepath.Join("..", "..", "_build", "otelcol-apigateway")
	}
	binary, err := filepath.Abs(binary)
	require.NoError(t, err)
	require.FileExists(t, binary, "run make build first")
	return binary
}

func loopback(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// record writes a line of the recording.
func (p *prometheusRig) record(line map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line["arrived"] = p.at.UnixMilli()
	assert.NoError(p.t, json.NewEncoder(p.file).Encode(line))
}

// send hands deliveries over one after the other: the collector answers when all of one is where Prometheus would be.
func (p *prometheusRig) send(all []delivery) {
	p.t.Helper()
	for _, d := range all {
		p.mu.Lock()
		p.at = d.at
		p.mu.Unlock()
		if d.otlp == nil {
			p.record(map[string]any{"page": d.page})
			continue
		}
		resp, err := http.Post("http://"+p.otlp+"/v1/metrics", "application/x-protobuf", bytes.NewReader(d.otlp))
		require.NoError(p.t, err)
		require.NoError(p.t, resp.Body.Close())
		require.Equal(p.t, http.StatusOK, resp.StatusCode)
	}
}

// page writes metrics in Prometheus's text format, with the names that a collector gives them. The buckets of histograms are left out.
func page(all *metricdata.ResourceMetrics) string {
	var b strings.Builder
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				writePoints(&b, m.Name, d.DataPoints)
			case metricdata.Sum[float64]:
				writePoints(&b, m.Name, d.DataPoints)
			case metricdata.Gauge[int64]:
				writePoints(&b, m.Name, d.DataPoints)
			case metricdata.Gauge[float64]:
				writePoints(&b, m.Name, d.DataPoints)
			}
		}
	}
	return b.String()
}

func writePoints[N int64 | float64](b *strings.Builder, name string, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		var labels []string
		for _, kv := range p.Attributes.ToSlice() {
			labels = append(labels, fmt.Sprintf("%s=%q", strings.ReplaceAll(string(kv.Key), ".", "_"), kv.Value.String()))
		}
		fmt.Fprintf(b, "%s{%s} %v\n", name, strings.Join(labels, ","), p.Value)
	}
}

// ruletest evaluates with Prometheus's own engine.
func (p *prometheusRig) ruletest(out any, args ...string) {
	p.t.Helper()
	c := exec.Command("go", append([]string{"run", "."}, args...)...)
	c.Dir = filepath.Join("..", "..", "monitoring", "ruletest")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	answer, err := c.Output()
	require.NoError(p.t, err, stderr.String())
	require.NoError(p.t, json.Unmarshal(answer, out))
}
