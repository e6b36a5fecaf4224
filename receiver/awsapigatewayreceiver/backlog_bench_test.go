//go:build linux

package awsapigatewayreceiver

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// BenchmarkBacklog lets the built collector read a million waiting events of 500 bytes in 20 log groups, pages of at most 1 MB, with all parsing
// and the nop exporter, its limiter above what the source can serve. The source shares the machine.
func BenchmarkBacklog(b *testing.B) {
	const groups, events = 20, 1_000_000
	binary := builtCollector(b)
	for _, latency := range []time.Duration{2 * time.Millisecond, 40 * time.Millisecond} {
		b.Run("latency="+latency.String(), func(b *testing.B) {
			for range b.N {
				r := runBacklog(b, binary, awssim.Config{World: awssim.BulkWorld(time.Now(), groups, events/groups, 500, 0, ""), Latency: latency}, events, 2000)
				b.ReportMetric(events/r.took.Seconds(), "events/s")
				b.ReportMetric(r.cpu.Seconds()*1e6/events, "CPU-s/M-events")
				b.ReportMetric(r.bytes/r.took.Seconds()/1e6, "MB/s")
				b.ReportMetric(r.anon, "MB-RssAnon-peak")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkBacklogAtQuota drains a backlog at AWS's own quota of us-east-1, half of which is 12.5 calls a second.
func BenchmarkBacklogAtQuota(b *testing.B) {
	const groups, events, perSecond = 4, 800_000, 12.5
	binary := builtCollector(b)
	for range b.N {
		config := awssim.Config{World: awssim.BulkWorld(time.Now(), groups, events/groups, 500, 0, ""), Latency: 40 * time.Millisecond, EnforceQuotas: true}
		r := runBacklog(b, binary, config, events, 0)
		b.ReportMetric(100*float64(r.calls-1)/(perSecond*r.took.Seconds()), "%-of-limit")
		b.ReportMetric(100*r.cpu.Seconds()/r.took.Seconds(), "%-of-a-core")
		b.ReportMetric(r.anon, "MB-RssAnon-peak")
	}
	b.ReportMetric(0, "ns/op")
}

type backlogRun struct {
	took, cpu time.Duration // from the first page to the last
	bytes     float64       // of the pages
	anon      float64       // the most that the process held, MB
	calls     int           // of FilterLogEvents
}

// runBacklog starts a collector and waits until it has read so many events.
func runBacklog(b *testing.B, binary string, config awssim.Config, events int, perSecond float64) backlogRun {
	sim := awssim.New(config)
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	c := exec.Command(binary, "--config", "yaml:"+strings.NewReplacer("ENDPOINT", server.URL, "RATE", fmt.Sprint(perSecond)).Replace(`
receivers: {awsapigateway: {endpoint: "ENDPOINT", regions: [us-east-1], inventory: {requests_per_second: 10, entity_events: none}, logs: {start_at: 2h, max_requests_per_second: RATE}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}, logs: {level: warn}}, pipelines: {logs: {receivers: [awsapigateway], exporters: [nop]}}}
`))
	c.Stderr = os.Stderr
	require.NoError(b, c.Start())
	var r backlogRun
	var began time.Time
	var before time.Duration
	for limit := time.Now().Add(5 * time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		anon, _ := memory(b, c.Process.Pid)
		r.anon = max(r.anon, anon)
		n := sim.Count("FilterLogEvents")
		if n == 0 {
			before = cpuTime(b, c.Process.Pid)
			continue
		}
		if began.IsZero() {
			began = time.Now()
		}
		r.cpu, r.took = cpuTime(b, c.Process.Pid)-before, time.Since(began)
		if n*maxEventsPerPage >= events && served(sim, &r) >= events {
			break
		}
	}
	require.GreaterOrEqual(b, served(sim, &r), events, "not all events were read")
	require.NoError(b, c.Process.Signal(syscall.SIGTERM))
	require.NoError(b, c.Wait())
	return r
}

// maxEventsPerPage is what a page of 1 MB can have at 500 bytes an event.
const maxEventsPerPage = 2000

// served counts the events that the source has answered with.
func served(sim *awssim.Server, r *backlogRun) (events int) {
	r.calls, r.bytes = 0, 0
	for _, call := range sim.Calls() {
		if call.Operation == "FilterLogEvents" {
			events += call.Events
			r.bytes += float64(call.Bytes)
			r.calls++
		}
	}
	return events
}

// cpuTime is what a process has used, to ten milliseconds.
func cpuTime(b *testing.B, pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const utime, stime, perTick = 11, 12, 10 * time.Millisecond // proc(5), from the state on; USER_HZ is 100
	var total time.Duration
	for _, i := range []int{utime, stime} {
		n, err := strconv.Atoi(fields[i])
		require.NoError(b, err)
		total += time.Duration(n) * perTick
	}
	return total
}
