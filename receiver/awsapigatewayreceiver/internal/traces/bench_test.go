package traces

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkPull reads a window of 10,000 traces, of six documents of 1 KB each, with 40 ms for each call and no limiter.
func BenchmarkPull(b *testing.B) {
	const traces, segments = 10_000, 6
	began := time.Unix(1_800_000_000, 0)
	r := newBench(b, oneAPI.snapshot(b), func(c *Config) { c.PollInterval, c.XRay.MaxTracesPerMinute = time.Minute, traces })
	r.client.now = func() time.Time { return began.Add(2 * time.Minute) }
	r.client.latency, r.client.page = 40*time.Millisecond, 1000
	for n := range traces {
		documents := make([]document, segments)
		for k := range documents {
			d := document{id: segmentID(n, k), annotation: "x"}
			d.annotation = strings.Repeat("x", 1024-len(d.segment(traceID(began, n), began)))
			documents[k] = document{id: d.id, text: d.segment(traceID(began, n), began)}
		}
		r.client.trace(began, n, step{documents: documents})
	}
	b.ReportAllocs()
	b.SetBytes(traces * segments * 1024)
	for b.Loop() {
		r.restart()
		r.spans = nil
		w := newWindow(nextWindow(began.Unix(), r.Config.PollInterval))
		r.next = w.End
		w.now = r.begin(w, r.client.Now())
		require.NoError(b, r.read(b.Context(), w))
		require.Len(b, r.spans, traces*segments)
	}
	b.ReportMetric(float64(traces*b.N)/b.Elapsed().Seconds(), "traces/s")
}

// BenchmarkScan chooses from a window with a hundred times as many traces as may be retrieved.
func BenchmarkScan(b *testing.B) {
	const traces, n = 500_000, 5_000
	list := make([]candidate, traces)
	for i := range list {
		list[i] = candidate{rank: plain, duration: float32(i % 1000)}
		copy(list[i].id[:], fmt.Sprintf("%016d", i*7919))
	}
	b.ReportAllocs()
	for b.Loop() {
		s := shortlist{n: n}
		for _, c := range list {
			s.add(c)
		}
		require.Len(b, s.choose(), n)
	}
	b.ReportMetric(float64(traces*b.N)/b.Elapsed().Seconds(), "traces/s")
}
