//go:build linux

package awsapigatewayreceiver

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

const (
	benchTraces  = 10_000
	benchMinutes = 5 // that they lie in
	// batchGetTracesPerSecond is the limiter's rate.
	batchGetTracesPerSecond = 10
)

// someMinutes has some 10,000 traces in whole minutes, the last of them the one before the last, and how many they are.
func someMinutes() (w *awssim.World, from, to time.Time, traces int) {
	to = time.Now().UTC().Truncate(time.Minute).Add(-time.Minute)
	from = to.Add(-benchMinutes * time.Minute)
	w = tracedWorld(from, to, benchTraces*0.96/4/benchMinutes)
	here := w.Accounts[0].Regions[0]
	here.ForeignTraces = 0
	for range tracedRequests(w, w.Accounts[0], from, to, nil) {
		traces++
	}
	return w, from, to, traces
}

// BenchmarkTracesAtTheLimit lets the built collector pull 10,000 traces of five minutes, some five documents each, with the nop exporter, from an X-Ray that
// answers after 40 ms: as fast as the limiter lets it, which takes 200 seconds.
func BenchmarkTracesAtTheLimit(b *testing.B) {
	binary := builtCollector(b)
	for range b.N {
		world, _, _, traces := someMinutes()
		sim := awssim.New(awssim.Config{World: world, Latency: 40 * time.Millisecond})
		server := httptest.NewServer(sim)
		c := exec.Command(binary, "--config", "yaml:"+strings.ReplaceAll(`
receivers:
  awsapigateway:
    {endpoint: "ENDPOINT", regions: [us-east-1], inventory: {requests_per_second: 10}, traces: {poll_interval: 1m, settle: 30m, xray: {max_traces_per_minute: 2500}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}, logs: {level: warn}}, pipelines: {traces: {receivers: [awsapigateway], exporters: [nop]}}}
`, "ENDPOINT", server.URL))
		c.Stderr = os.Stderr
		require.NoError(b, c.Start())
		var began, ended time.Time
		var peak float64
		var before, cpu time.Duration
		for limit := time.Now().Add(8 * time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
			anon, _ := memory(b, c.Process.Pid)
			peak = max(peak, anon)
			if began.IsZero() {
				before = cpuTime(b, c.Process.Pid)
				if sim.Count("BatchGetTraces") > 0 {
					began = time.Now()
				}
				continue
			}
			ended, cpu = time.Now(), cpuTime(b, c.Process.Pid)-before
			if int(sim.TraceCounts()[testAccount+"/"+testRegion].Retrieved) >= traces {
				break
			}
		}
		calls, took := float64(sim.Count("BatchGetTraces")), ended.Sub(began).Seconds()
		require.NoError(b, c.Process.Signal(syscall.SIGTERM))
		require.NoError(b, c.Wait())
		require.GreaterOrEqual(b, int(sim.TraceCounts()[testAccount+"/"+testRegion].Retrieved), traces, "not all traces were read")
		sim.Close()
		server.Close()
		b.ReportMetric(float64(traces)/took, "traces/s")
		b.ReportMetric(100*(calls-1)/(batchGetTracesPerSecond*took), "%-of-limit")
		b.ReportMetric(cpu.Seconds()*1000/float64(traces), "CPU-ms/trace")
		b.ReportMetric(cpu.Seconds(), "CPU-s")
		b.ReportMetric(peak, "MB-RssAnon-peak")
	}
	b.ReportMetric(0, "ns/op")
}

// spanCounter counts what it consumes.
type spanCounter struct{ spans atomic.Int64 }

func (*spanCounter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *spanCounter) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.spans.Add(int64(td.SpanCount()))
	return nil
}

// BenchmarkTracesAboveTheLimit pulls the same with the limiter out of the way: its clock is a hundred times faster. What remains are 16 calls at a time of
// 40 ms each, 2,000 traces a second at most, and the work of this process, the source's included.
func BenchmarkTracesAboveTheLimit(b *testing.B) {
	for range b.N {
		world, from, to, traces := someMinutes()
		want := map[spanID]spanData{}
		for s := range tracedRequests(world, world.Accounts[0], from, to, nil) {
			s.spans(want)
		}
		clock := poll.Scaled{Origin: time.Now(), Epoch: time.Now(), Factor: 100}
		sim := awssim.New(awssim.Config{World: world, Latency: 40 * time.Millisecond, Now: clock.Now})
		server := httptest.NewServer(sim)
		config := createDefaultConfig().(*Config)
		config.Endpoint, config.Regions = server.URL, []string{testRegion}
		config.Inventory.RequestsPerSecond = 10
		config.Traces.PollInterval, config.Traces.Settle, config.Traces.XRay.MaxTracesPerMinute = time.Minute, 30*time.Minute, 2500
		sink := &spanCounter{}
		s := newSignal(receiverSettings(), config, clock, signalTraces, func(g *gatewayReceiver) { g.traces = sink })
		s.receiver.attemptTimeout = 20 * time.Second
		require.NoError(b, s.Start(context.Background(), &testHost{}))
		require.Eventually(b, func() bool { return sim.Count("BatchGetTraces") > 0 }, time.Minute, time.Millisecond)
		began, calls := time.Now(), sim.Count("BatchGetTraces")
		require.Eventually(b, func() bool { return sink.spans.Load() >= int64(len(want)) }, time.Minute, time.Millisecond)
		took := time.Since(began).Seconds()
		calls = sim.Count("BatchGetTraces") - calls
		require.NoError(b, s.Shutdown(context.Background()))
		sim.Close()
		server.Close()
		b.ReportMetric(float64(traces)/took, "traces/s")
		b.ReportMetric(float64(len(want))/took, "spans/s")
		b.ReportMetric(float64(calls)/took, "calls/s")
	}
	b.ReportMetric(0, "ns/op")
}
