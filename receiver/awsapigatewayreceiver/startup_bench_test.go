package awsapigatewayreceiver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// BenchmarkStartup runs the built collector, with all signals on and everything else as it is by default, and reports how long the first data of each
// signal takes to come out over OTLP, how large the binary is, and what the process then takes of a core and holds while it polls: there is hardly any traffic.
func BenchmarkStartup(b *testing.B) {
	binary := builtCollector(b)
	info, err := os.Stat(binary)
	require.NoError(b, err)
	for range b.N {
		began := time.Now()
		world := tracedWorld(began.Add(-time.Hour), began.Add(time.Hour), 1)
		sim := awssim.New(awssim.Config{World: world, Latency: 40 * time.Millisecond})
		source := httptest.NewServer(sim)
		var mu sync.Mutex
		first := map[string]time.Duration{}
		sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			mu.Lock()
			defer mu.Unlock()
			if signal := strings.TrimPrefix(r.URL.Path, "/v1/"); first[signal] == 0 {
				first[signal] = time.Since(began)
			}
		}))
		c := exec.Command(binary, "--config", "yaml:"+strings.NewReplacer("ENDPOINT", source.URL, "SINK", sink.URL).Replace(`
receivers: {awsapigateway: {endpoint: "ENDPOINT", regions: [us-east-1], storage: file_storage, traces: {access_logs: {enabled: true}}}}
exporters: {otlp_http: {endpoint: "SINK"}}
extensions: {file_storage: {directory: ./storage, create_directory: true}}
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines:
    metrics: {receivers: [awsapigateway], exporters: [otlp_http]}
    logs: {receivers: [awsapigateway], exporters: [otlp_http]}
    traces: {receivers: [awsapigateway], exporters: [otlp_http]}
`))
		c.Dir = b.TempDir()
		began = time.Now()
		require.NoError(b, c.Start())
		const settled, watched = 3 * time.Minute, 2 * time.Minute
		time.Sleep(settled)
		before := cpuTime(b, c.Process.Pid)
		time.Sleep(watched)
		idle := cpuTime(b, c.Process.Pid) - before
		anon, rss := memory(b, c.Process.Pid)
		require.NoError(b, c.Process.Signal(syscall.SIGTERM))
		require.NoError(b, c.Wait())
		source.Close()
		sim.Close()
		sink.Close()
		for signal, after := range first {
			b.ReportMetric(after.Seconds(), "s-to-first-"+signal)
		}
		b.ReportMetric(100*idle.Seconds()/watched.Seconds(), "%-core-idle")
		b.ReportMetric(anon, "MB-RssAnon-idle")
		b.ReportMetric(rss, "MB-VmRSS-idle")
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
	b.ReportMetric(0, "ns/op")
}
