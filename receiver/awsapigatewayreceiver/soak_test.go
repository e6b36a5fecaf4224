package awsapigatewayreceiver

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// soakLength is the time that a soak covers, as time.ParseDuration reads it.
const soakLength = "SOAK"

// A receiver of all signals that runs for a day holds as much memory, as many goroutines and as much storage at its end as after its first hour, and is
// no further behind. The day passes on a clock that stands still while anything works, so it takes minutes; make soak runs it.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv(soakLength))
	if err != nil || length < 2*time.Hour {
		t.Skip("make soak runs it")
	}
	// The tables of Go's own profile of allocations grow for days, by up to 2 MB.
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 0
	defer func() { runtime.MemProfileRate = rate }()
	bubble(t, func(t *testing.T) {
		r := newRigAt(t, 1, func(epoch time.Time) *awssim.World {
			return tracedWorld(epoch.Add(-10*time.Minute), epoch.Add(length+time.Hour), 12)
		}, func(c *awssim.Config) { c.Ingestion, c.Tracing = manyLate, inPieces })
		r.sink, r.dir = nil, t.TempDir()
		r.edit = func(c *Config) {
			c.Logs.Access.Enabled, c.Logs.Execution.Enabled, c.Traces.AccessLogs.Enabled = true, true, true
		}
		r.measured()
		var taken counted
		r.recordsTo, r.spansTo = taken.logs(), taken.spans()
		stop, err := r.tryStart(taken.metrics())
		require.NoError(t, err)
		defer stop()
		var all []soaked
		for hour := time.Hour; hour <= length; hour += time.Hour {
			r.until(r.epoch.Add(hour))
			r.sim.Forget()
			now := r.soaked()
			all = append(all, now)
			t.Logf("%v: %+v, %d points, %d records, %d spans", hour, now, taken.points.Swap(0), taken.records.Swap(0), taken.traces.Swap(0))
		}
		hours := max(1, len(all)/4)
		first, last := median(all[:hours]), median(all[len(all)-hours:])
		t.Logf("the first %d hours: %+v, the last: %+v", hours, first, last)
		assert.InDelta(t, first.HeapMB, last.HeapMB, 0.05*first.HeapMB)
		assert.InDelta(t, first.RssAnonMB, last.RssAnonMB, 0.1*first.RssAnonMB, "it swings by 5 % with how full the pages of the heap are")
		assert.InDelta(t, first.Goroutines, last.Goroutines, 8)
		assert.LessOrEqual(t, last.StorageKB, first.StorageKB+first.StorageKB/4)
		assert.Less(t, last.LagSeconds, 2*first.LagSeconds+60)
	})
}

// soaked is what a receiver holds at a moment, and the embedded AWS with it: RssAnon without what only a bubble costs.
type soaked struct {
	RssAnonMB, HeapMB     float64
	Goroutines, StorageKB int
	LagSeconds            float64
}

// median is that of each figure.
func median(all []soaked) (m soaked) {
	m.RssAnonMB = middle(all, func(s soaked) float64 { return s.RssAnonMB })
	m.HeapMB = middle(all, func(s soaked) float64 { return s.HeapMB })
	m.Goroutines = middle(all, func(s soaked) int { return s.Goroutines })
	m.StorageKB = middle(all, func(s soaked) int { return s.StorageKB })
	m.LagSeconds = middle(all, func(s soaked) float64 { return s.LagSeconds })
	return m
}

func middle[T cmp.Ordered](all []soaked, of func(soaked) T) T {
	var values []T
	for _, s := range all {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (r *rig) soaked() soaked {
	r.t.Helper()
	// Nothing is on its way then; and what is in a sync.Pool is given up at the second collection.
	synctest.Wait()
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := soaked{HeapMB: float64(m.HeapAlloc) / 1e6, Goroutines: runtime.NumGoroutine(), LagSeconds: r.count("lag", "signal", signalLogs)}
	// A bubble costs the runtime some bytes for each sync.WaitGroup, for ever (Go 1.26); and what it has freed it gives back a little later.
	anon, _ := memory(r.t, os.Getpid())
	s.RssAnonMB = anon - float64(m.OtherSys+m.HeapIdle-m.HeapReleased)/1e6
	require.NoError(r.t, filepath.WalkDir(r.dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				s.StorageKB += int(info.Size() / 1000)
			}
		}
		return err
	}))
	return s
}

// counted takes all signals and keeps nothing but their numbers.
type counted struct{ points, records, traces atomic.Int64 }

func (c *counted) metrics() consumer.Metrics {
	return must(consumer.NewMetrics(func(_ context.Context, md pmetric.Metrics) error {
		c.points.Add(int64(md.DataPointCount()))
		return nil
	}))
}

func (c *counted) logs() consumer.Logs {
	return must(consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
		c.records.Add(int64(ld.LogRecordCount()))
		return nil
	}))
}

func (c *counted) spans() consumer.Traces {
	return must(consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
		c.traces.Add(int64(td.SpanCount()))
		return nil
	}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
