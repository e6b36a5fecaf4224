//go:build linux

package awsapigatewayreceiver

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// BenchmarkMemory runs the built collector with the nop exporter and a minute's interval for some collections, and reports what its process holds:
// RssAnon is what it allocated, VmRSS has the mapped binary besides.
func BenchmarkMemory(b *testing.B) {
	binary := builtCollector(b)
	for _, apis := range []int{0, 200, 3000} {
		b.Run(fmt.Sprintf("series=%d", apis*14), func(b *testing.B) {
			sim := awssim.New(awssim.Config{World: awssim.LargeWorld(apis, 2, 5, true), Latency: 40 * time.Millisecond})
			server := httptest.NewServer(sim)
			defer server.Close()
			defer sim.Close()
			for range b.N {
				c := exec.Command(binary, "--config", "yaml:"+strings.ReplaceAll(`
receivers: {awsapigateway: {endpoint: "ENDPOINT", regions: [us-east-1], storage: file_storage, metrics: {collection_interval: 1m}}}
exporters: {nop: {}}
extensions: {file_storage: {directory: ./storage, create_directory: true}}
service: {extensions: [file_storage], telemetry: {metrics: {level: none}, logs: {level: warn}}, pipelines: {metrics: {receivers: [awsapigateway], exporters: [nop]}}}
`, "ENDPOINT", server.URL))
				c.Dir = b.TempDir()
				require.NoError(b, c.Start())
				var peak, anon, rss float64
				for until := time.Now().Add(100 * time.Second); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
					anon, rss = memory(b, c.Process.Pid)
					peak = max(peak, anon)
				}
				require.NoError(b, c.Process.Signal(syscall.SIGTERM))
				require.NoError(b, c.Wait())
				b.ReportMetric(anon, "MB-RssAnon")
				b.ReportMetric(peak, "MB-RssAnon-peak")
				b.ReportMetric(rss, "MB-VmRSS")
				b.ReportMetric(float64(sim.Count("GetMetricData")), "calls")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// builtCollector is the path of the built collector; without one the benchmark is left out.
func builtCollector(b *testing.B) string {
	binary := os.Getenv("OTELCOL_APIGATEWAY")
	if binary == "" {
		binary = filepath.Join("..", "..", "_build", "otelcol-apigateway")
	}
	binary, err := filepath.Abs(binary)
	require.NoError(b, err)
	if _, err := os.Stat(binary); err != nil {
		b.Skip("run make build first")
	}
	return binary
}

// memory reads a process's RssAnon and VmRSS in MB.
func memory(b testing.TB, pid int) (anon, rss float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) != 3 {
			continue
		}
		kb, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "RssAnon:":
			anon = kb / 1000
		case "VmRSS:":
			rss = kb / 1000
		}
	}
	return anon, rss
}
