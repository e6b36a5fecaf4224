//go:build linux

package deploy

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// BenchmarkMemory runs the built collector with this folder's config, a collection of metrics each minute and 10 reads of the inventory a second, until the
// inventory is complete and two minutes more, and reports what its process holds. Requests are as many a second as there are stages: each is counted, logged
// and, if it is sampled, traced. Resource limits and the table in docs/deployment.md come from it.
func BenchmarkMemory(b *testing.B) {
	for _, stages := range []int{20, 200, 1000} {
		b.Run(fmt.Sprintf("stages=%d", stages), func(b *testing.B) {
			sim := awssim.New(awssim.Config{World: estate(stages), Latency: 40 * time.Millisecond})
			server := httptest.NewServer(sim)
			defer server.Close()
			defer sim.Close()
			backend := freePort(b)
			sink := command(b, "--config", `yaml:
receivers: {otlp: {protocols: {grpc: {endpoint: "`+backend+`"}}}}
exporters: {nop: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [otlp], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
    traces: {receivers: [otlp], exporters: [nop]}
`)
			require.NoError(b, sink.Start())
			defer func() { _, _ = sink.Process.Kill(), sink.Wait() }()
			for range b.N {
				measure(b, stages, server.URL, backend)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func measure(b *testing.B, stages int, endpoint, backend string) {
	args := []string{"--config", "file:" + absolute(b, "config.yaml")}
	for _, o := range []string{
		"receivers::awsapigateway::endpoint: " + endpoint, "receivers::awsapigateway::metrics::collection_interval: 1m",
		"receivers::awsapigateway::inventory::requests_per_second: 10", "receivers::awsapigateway::logs::start_at: 3m",
		"exporters::otlp_grpc::tls: {insecure: true}", "extensions::file_storage::directory: ./storage", "extensions::health_check::endpoint: 127.0.0.1:0",
		"service::telemetry::metrics: {level: none}", "service::telemetry::logs::level: warn",
	} {
		args = append(args, "--config", "yaml:"+o)
	}
	c := command(b, args...)
	c.Stderr = os.Stderr
	c.Env = append(c.Env, "OTLP_ENDPOINT="+backend)
	start := time.Now()
	require.NoError(b, c.Start())
	var anon, peak float64
	// GetResources is the slowest read: 1.25 a second, one for the two stages of an API.
	for time.Since(start) < 2*time.Minute+time.Duration(stages)*400*time.Millisecond {
		time.Sleep(200 * time.Millisecond)
		anon = anonymous(b, c.Process.Pid)
		peak = max(peak, anon)
	}
	require.NoError(b, c.Process.Signal(syscall.SIGTERM))
	require.NoError(b, c.Wait())
	b.ReportMetric(anon, "MB-RssAnon")
	b.ReportMetric(peak, "MB-RssAnon-peak")
	b.ReportMetric((c.ProcessState.UserTime()+c.ProcessState.SystemTime()).Seconds()/time.Since(start).Seconds(), "CPUs")
}

// estate is one region of REST APIs with two stages each, whose every request a second is logged, and whose sampled ones are traced.
func estate(stages int) *awssim.World {
	world := awssim.LargeWorld(stages/2, 2, 60, false)
	for _, api := range world.Accounts[0].Regions[0].APIs {
		for _, s := range api.Stages {
			s.Tracing = true
			s.AccessLog = awssim.AccessLog{
				DestinationARN: "arn:aws:logs:us-east-1:111122223333:log-group:/aws/apigateway/" + api.ID + "-" + s.Name,
				Format: `{"requestId":"$context.requestId","requestTimeEpoch":"$context.requestTimeEpoch","httpMethod":"$context.httpMethod",` +
					`"resourcePath":"$context.resourcePath","status":"$context.status","responseLatency":"$context.responseLatency",` +
					`"sourceIp":"$context.identity.sourceIp","userAgent":"$context.identity.userAgent","xrayTraceId":"$context.xrayTraceId"}`,
			}
		}
	}
	return world
}

// anonymous is what a process allocated, in MB; the mapped binary is not in it.
func anonymous(b *testing.B, pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	require.NoError(b, err)
	return kilobytes / 1024
}

func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
