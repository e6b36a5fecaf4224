package awssim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkTraces makes the segments of a minute of 10,000 traces, whose minute has been asked for before.
func BenchmarkTraces(b *testing.B) {
	world := tracedShop()
	theAPI(world).Stages[0].Traffic.PerMinute = 10_000
	store := newTraceStore(world, newPublished(world.Seed, Lateness{}), Arrival{Base: 4 * time.Second, Pieces: 0.05})
	region, now := store.region(world.Accounts[0], "us-east-1"), noon.Add(time.Hour).UnixMilli()
	m := store.minute(region, minuteOf(noon))
	filter, err := parseFilter(gatewayTraces)
	require.NoError(b, err)
	b.Run("list", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			for k := range m.entries {
				if t, ok := store.build(region, minuteOf(noon), &m.entries[k]).show(now); ok && filter(&t) {
					_ = t.summary()
					n++
				}
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "traces/s")
	})
	b.Run("fetch", func(b *testing.B) {
		b.ReportAllocs()
		segments, size := 0, 0
		for b.Loop() {
			for k := range m.entries {
				e := &m.entries[k]
				t, _ := store.find(region, floorDiv(e.at, 1000), e.id).show(now)
				one, n := t.full()
				segments, size = segments+len(one["Segments"].([]traceDocument)), size+n
			}
		}
		b.ReportMetric(float64(segments)/b.Elapsed().Seconds(), "segments/s")
		b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
		b.ReportMetric(float64(size)/float64(segments), "bytes/segment")
	})
	b.Run("sample", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = newTraceStore(world, newPublished(world.Seed, Lateness{}), Arrival{}).make(region, minuteOf(noon))
		}
	})
}
