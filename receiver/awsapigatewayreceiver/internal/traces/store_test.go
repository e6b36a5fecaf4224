package traces

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// chunkKeys are the keys of what is remembered of traces.
func chunkKeys(d *checkpointtest.Disk) []string {
	keys := slices.DeleteFunc(d.Keys(), func(key string) bool { return !strings.Contains(key, "#") })
	slices.Sort(keys)
	return keys
}

// growing adds n traces, one each interval, that get a second segment late.
func (w *world) growing(n int, from time.Time, interval time.Duration) {
	for i := range n {
		one, other := document{id: segmentID(i, 0)}, document{id: segmentID(i, 1)}
		w.trace(from.Add(time.Duration(i)*interval), i, step{after: early, documents: []document{one}}, step{after: late, documents: []document{one, other}})
	}
}

// Over file_storage, with stops at any moment, each segment comes once, and nothing is left behind in storage.
func TestRestartsLoseAndRepeatNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := rand.New(rand.NewPCG(1, 1))
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.Store, b.client.latency = checkpointtest.Open(t, t.TempDir()), 300*time.Millisecond
		b.client.growing(1200, began, 3*time.Second)
		for time.Since(began) < time.Hour+10*time.Minute {
			b.restart()
			stop := b.run(t.Context())
			time.Sleep(time.Duration(r.IntN(200_000)) * time.Millisecond)
			stop()
			time.Sleep(time.Duration(r.IntN(20_000)) * time.Millisecond)
		}
		b.restart()
		stop := b.run(t.Context())
		time.Sleep(10 * time.Minute)
		stop()
		came := b.came()
		assert.Len(t, came, 2400)
		for span, n := range came {
			require.Equal(t, 1, n, span)
		}
		assert.Zero(t, b.counted("checkpoint"))
		assert.Zero(t, b.lost())
	})
}

// A kill between the hand-over and the stored position repeats what was in flight, the same as it was, and nothing else.
func TestKillRepeatsTheSame(t *testing.T) {
	for _, write := range []int{1, 2, 7} {
		t.Run(fmt.Sprint("at batch ", write), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				disk := &checkpointtest.Disk{}
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.Store = disk.Open(t)
				b.restart()
				b.client.growing(100, began, 2*time.Second)
				ctx, kill := context.WithCancel(t.Context())
				defer kill()
				writes, before := 0, 0
				disk.OnWrite(func(keys []string) error {
					if !slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, "#") }) {
						return nil
					}
					if writes++; writes == write {
						kill()
					}
					if writes >= write {
						return errTest
					}
					before = len(b.came())
					return nil
				})
				stop := b.run(ctx)
				<-ctx.Done()
				stop()
				first := b.came()
				require.Greater(t, len(first), before)
				disk.OnWrite(nil)
				b.Store = disk.Open(t) // another process
				b.restart()
				stop = b.run(t.Context())
				time.Sleep(30 * time.Minute)
				stop()
				assert.Len(t, b.came(), 200)
				repeated := 0
				for span, n := range b.came() {
					if n > 1 {
						repeated++
						assert.Equal(t, 2, n)
						assert.Contains(t, first, span)
					}
				}
				assert.Equal(t, len(first)-before, repeated, "what was in flight")
				assert.Empty(t, chunkKeys(disk))
			})
		})
	}
}

// A disk that takes nothing for a while is counted, and said once, and holds nothing up; what could not be stored is stored when it can be, so that nothing
// comes again after a restart.
func TestDiskThatFailsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.restart()
		b.client.growing(150, began, 2*time.Second)
		stop := b.run(t.Context())
		time.Sleep(2*time.Minute + 5*time.Second)
		disk.OnWrite(func([]string) error { return errTest })
		time.Sleep(time.Minute)
		disk.OnWrite(nil)
		require.Positive(t, b.counted("checkpoint"))
		assert.Equal(t, 1, b.says("can't be kept"))
		time.Sleep(time.Minute)
		stop()
		failed := b.counted("checkpoint")
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(30 * time.Minute)
		stop()
		assert.Equal(t, failed, b.counted("checkpoint"), "all values are there")
		assert.Len(t, b.came(), 300)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
		assert.Empty(t, chunkKeys(disk))
	})
}

// Whatever stands in storage is counted as an error where it makes no sense, and reading goes on.
func TestStoredGarbage(t *testing.T) {
	for name, garbage := range map[string]string{
		"no JSON": "garbage", "another form": `[1,2]`, "empty": `{}`, "another version": `{"v":2,"next":946684800}`, "no position": `{"v":1}`,
		"far in the future": `{"v":1,"next":99999999999}`, "negative": `{"v":1,"next":-5}`, "windows overlap": `{"v":1,"next":946684800,"windows":[{"start":946684700,"end":946684760},{"start":946684730,"end":946684790}]}`,
		"a window ends before it begins": `{"v":1,"next":946684800,"windows":[{"start":946684790,"end":946684700}]}`, "a window after the position": `{"v":1,"next":946684800,"windows":[{"start":946684790,"end":946684830}]}`,
		"too many values": `{"v":1,"next":946684800,"windows":[{"start":946684770,"end":946684800,"chunks":9999999999}]}`, "a window of days": `{"v":1,"next":946684800,"windows":[{"start":946084770,"end":946684800}]}`,
		"values that are not there": `{"v":1,"next":946684800,"windows":[{"start":946684770,"end":946684800,"chunks":3,"read":true}]}`,
		"too many windows":          `{"v":1,"next":946684800,"windows":[` + strings.Repeat(`{"start":1,"end":2},`, 1000) + `{"start":1,"end":2}]}`,
		"numbers at their limits":   `{"v":1,"next":946684800,"windows":[{"start":-9223372036854775808,"end":9223372036854775807},{"start":9223372036854775807,"end":-9223372036854775808}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := &checkpointtest.Disk{}
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.Store = disk.Open(t)
				require.NoError(t, disk.Set(t.Context(), b.key(), []byte(garbage)))
				b.restart()
				s := b.client.trace(time.Now().Add(time.Minute), 0)
				stop := b.run(t.Context())
				time.Sleep(10 * time.Minute)
				stop()
				assert.EqualValues(t, 1, b.counted("checkpoint"))
				assert.Equal(t, 1, b.says("can't be kept"))
				assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
				assert.Empty(t, chunkKeys(disk))
				b.restart()
				stop = b.run(t.Context())
				time.Sleep(time.Minute)
				stop()
				assert.EqualValues(t, 1, b.counted("checkpoint"), "it was written anew")
			})
		})
	}
}

// Where what is remembered of traces is spoilt, it is counted, those traces may come again as they were, and all others come once.
func TestRememberedTracesAreSpoilt(t *testing.T) {
	for name, spoil := range map[string]func(d *checkpointtest.Disk, key string){
		"gone":     func(d *checkpointtest.Disk, key string) { d.Remove(key) },
		"nonsense": func(d *checkpointtest.Disk, key string) { _ = d.Set(context.Background(), key, []byte("nonsense")) },
		"cut short": func(d *checkpointtest.Disk, key string) {
			b, _ := d.Get(context.Background(), key)
			_ = d.Set(context.Background(), key, b[:len(b)-3])
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				disk := &checkpointtest.Disk{}
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.Store = disk.Open(t)
				b.restart()
				b.client.growing(100, began, 2*time.Second)
				stop := b.run(t.Context())
				time.Sleep(5 * time.Minute)
				stop()
				keys := chunkKeys(disk)
				require.Greater(t, len(keys), 3)
				spoil(disk, keys[1])
				b.restart()
				stop = b.run(t.Context())
				time.Sleep(20 * time.Minute)
				stop()
				assert.EqualValues(t, 1, b.counted("checkpoint"))
				assert.Len(t, b.came(), 200)
				repeated := 0
				for _, n := range b.came() {
					if n > 1 {
						repeated++
					}
				}
				assert.LessOrEqual(t, repeated, 15, "the traces of a window")
				assert.Empty(t, chunkKeys(disk))
			})
		})
	}
}

// Storage is bounded over an hour of traffic, and is empty but for the position once all windows are settled.
func TestStorageIsBounded(t *testing.T) {
	racetest.Skip(t)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.restart()
		b.client.growing(3600, began, time.Second)
		most, bytes := 0, 0
		stop := b.run(t.Context())
		for range 60 {
			time.Sleep(time.Minute)
			keys := disk.Keys()
			most = max(most, len(keys))
			for _, key := range keys {
				value, err := disk.Get(t.Context(), key)
				require.NoError(t, err)
				bytes = max(bytes, len(value))
			}
		}
		// Windows are open for the four minutes between delay and settle; each has 30 traces in six calls.
		assert.LessOrEqual(t, most, 1+9*6)
		assert.Less(t, bytes, 2<<10)
		time.Sleep(10 * time.Minute)
		stop()
		assert.Equal(t, []string{b.key()}, disk.Keys())
		b.inv.mu.Lock()
		defer b.inv.mu.Unlock()
		assert.LessOrEqual(t, len(b.windows), 9)
	})
}

func TestMemosComeBackAsTheyWere(t *testing.T) {
	memos := []taken{
		{id: pcommon.TraceID{1}},
		{id: pcommon.TraceID{2}, memo: memo{revision: 3, again: true, segments: []uint64{1, 1 << 63, 0}}},
		{id: pcommon.TraceID{3}, memo: memo{revision: -1, segments: []uint64{7}}},
	}
	got, err := decodeMemos(encodeMemos(memos))
	require.NoError(t, err)
	memos[0].segments = []uint64{}
	assert.Equal(t, memos, got)
	// What is before an error is used.
	b := encodeMemos(memos)
	got, err = decodeMemos(b[:len(b)-1])
	require.ErrorIs(t, err, errMemos)
	assert.Equal(t, memos[:2], got)
}

func FuzzStoredPosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"next":946684800,"windows":[{"start":946684740,"end":946684770,"chunks":3},{"start":946684770,"end":946684800,"read":true}]}`))
	f.Add([]byte(`{"v":1,"next":946684800,"windows":[{"start":9223372036854775807,"end":-9223372036854775808}]}`))
	now := time.Unix(946_684_800, 0)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeStored(b, now)
		if err != nil {
			return
		}
		require.Positive(t, s.Next)
		require.LessOrEqual(t, s.Next, now.Add(time.Hour).Unix())
		require.LessOrEqual(t, len(s.Windows), maxWindows)
		end := int64(0)
		for _, w := range s.Windows {
			require.GreaterOrEqual(t, w.Start, end)
			require.Greater(t, w.End, w.Start)
			require.LessOrEqual(t, w.End-w.Start, int64(maxPollInterval/time.Second))
			end = w.End
		}
		require.LessOrEqual(t, end, s.Next)
	})
}

func FuzzMemos(f *testing.F) {
	f.Add(encodeMemos([]taken{{id: pcommon.TraceID{1}, memo: memo{revision: 2, again: true, segments: []uint64{1, 2}}}, {id: pcommon.TraceID{2}}}))
	f.Add(binary.AppendUvarint(make([]byte, 17), 1<<63))
	f.Fuzz(func(t *testing.T, b []byte) {
		memos, err := decodeMemos(b)
		size := 0
		for _, m := range memos {
			size += len(m.id) + 2 + 8*len(m.segments)
		}
		require.LessOrEqual(t, size, len(b), "memory is bounded by what is stored")
		if err != nil {
			require.ErrorIs(t, err, errMemos)
			return
		}
		again, err := decodeMemos(append([]byte{}, encodeMemos(memos)...))
		require.NoError(t, err)
		require.Equal(t, memos, again)
	})
}

// A start that gets nothing done, beside windows that have become too old, forgets none of the others.
func TestStartThatReadsNothingForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.MaxBackfill = 10 * time.Minute })
		b.Store = disk.Open(t)
		b.restart()
		b.client.growing(600, began, time.Second)
		stop := b.run(t.Context())
		time.Sleep(10 * time.Minute)
		stop()
		time.Sleep(6 * time.Minute) // windows of the last ten minutes before, some of which are older now
		b.client.listing = func(scan) error { return failure(aws.Network, "") }
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(time.Minute)
		stop()
		b.client.listing = nil
		oldest := time.Now().Add(-b.Config.MaxBackfill)
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(10 * time.Minute)
		stop()
		missing := 0
		for i, s := range b.client.world.traces {
			if s.began.After(oldest.Add(b.Config.PollInterval)) && b.times(s, segmentID(i, 1)) == 0 {
				missing++
			}
		}
		assert.Zero(t, missing, "traces whose late segments never came")
		assert.Empty(t, chunkKeys(disk), "values that nobody knows of any more")
	})
}
