//go:build linux

package awsapigatewayreceiver

import (
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

// BenchmarkInventoryMemory runs the built collector, in both pipelines, over 600 REST APIs of 10 stages and 50 routes each, at the whole rate of the
// control plane, until everything was read once and an unchanged crawl has passed: about ten minutes.
func BenchmarkInventoryMemory(b *testing.B) {
	binary := builtCollector(b)
	const apis = 600
	sim := awssim.New(awssim.Config{World: awssim.InventoryWorld(apis, 0, 10, 50)})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	for range b.N {
		sim.ResetCalls()
		c := exec.Command(binary, "--config", "yaml:"+strings.ReplaceAll(`
receivers: {awsapigateway: {endpoint: "ENDPOINT", regions: [us-east-1], storage: file_storage, inventory: {requests_per_second: 10, interval: 1m}}}
exporters: {nop: {}}
extensions: {file_storage: {directory: ./storage, create_directory: true}}
service: {extensions: [file_storage], telemetry: {metrics: {level: none}, logs: {level: warn}}, pipelines: {logs: {receivers: [awsapigateway], exporters: [nop]}, metrics: {receivers: [awsapigateway], exporters: [nop]}}}
`, "ENDPOINT", server.URL))
		c.Dir = b.TempDir()
		c.Stdout, c.Stderr = os.Stderr, os.Stderr
		require.NoError(b, c.Start())
		var peak, anon, rss float64
		var first time.Duration
		start := time.Now()
		stages := 0
		for time.Since(start) < 20*time.Minute {
			time.Sleep(500 * time.Millisecond)
			anon, rss = memory(b, c.Process.Pid)
			peak = max(peak, anon)
			if first == 0 && sim.Count("GetRequestValidators") >= apis {
				first, stages = time.Since(start), sim.Count("GetStages")
			}
			if first != 0 && sim.Count("GetStages") >= stages+apis {
				break
			}
		}
		cpu := processCPU(b, c.Process.Pid)
		require.NoError(b, c.Process.Signal(syscall.SIGTERM))
		require.NoError(b, c.Wait())
		b.ReportMetric(anon, "MB-RssAnon")
		b.ReportMetric(peak, "MB-RssAnon-peak")
		b.ReportMetric(rss, "MB-VmRSS")
		b.ReportMetric(first.Seconds(), "s-first-crawl")
		b.ReportMetric(float64(len(sim.Calls())), "calls")
		b.ReportMetric(cpu, "s-CPU")
	}
	b.ReportMetric(0, "ns/op")
}

// processCPU is the time that a process used, in seconds.
func processCPU(b *testing.B, pid int) float64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	require.NoError(b, err)
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const ticks = 100 // a second, on every Linux that Go runs on
	user, err := strconv.ParseFloat(f[11], 64)
	require.NoError(b, err)
	system, err := strconv.ParseFloat(f[12], 64)
	require.NoError(b, err)
	return (user + system) / ticks
}
