package traces

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

var errBusy = errors.New("busy")

// While the pipeline refuses, nothing is remembered and no more is read than what is on its way; then everything comes, once.
func TestRefusingPipelineGetsEverythingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.XRay.MaxTracesPerMinute = 2500 })
		b.Store = disk.Open(t)
		b.restart()
		b.client.every(50*time.Millisecond, began, 10*time.Minute)
		b.client.latency = 40 * time.Millisecond
		var busy atomic.Bool
		busy.Store(true)
		var offered atomic.Int64
		b.refuse = func(td ptrace.Traces) error {
			if offered.Add(1); busy.Load() {
				td.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true }) // it may spoil what it refuses
				return errBusy
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(4 * time.Minute)
		assert.Less(t, len(b.client.got()), 2*workers+2, "only what is on its way")
		for _, key := range disk.Keys() {
			assert.NotContains(t, key, "#", "nothing is stored of what was not taken")
		}
		waited := offered.Load()
		time.Sleep(10 * time.Minute)
		assert.Greater(t, offered.Load(), waited, "it is offered again and again")
		assert.Zero(t, b.counted("refused"))
		busy.Store(false)
		time.Sleep(20 * time.Minute)
		stop()
		came := b.came()
		assert.Len(t, came, 12_000)
		for span, n := range came {
			require.Equal(t, 1, n, span)
		}
		assert.Zero(t, b.counted("checkpoint"))
		assert.EqualValues(t, 12_000, b.counted("retrieved"))
	})
}

// What the pipeline refuses for good is counted in spans, and passed: it is not offered again.
func TestPermanentRefusalIsCountedAndPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		bad := b.client.trace(began, 0, step{after: early, documents: []document{front, back}}, step{after: late, documents: []document{front, back, inferred}})
		good := b.client.trace(began.Add(time.Minute), 1)
		offers := 0
		b.refuse = func(ptrace.Traces) error {
			if offers++; offers == 1 {
				return consumererror.NewPermanent(errBusy)
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assert.EqualValues(t, 2, b.counted("refused"))
		assert.Equal(t, map[string]int{w3c(bad.ID) + "/" + inferred.id: 1, w3c(good.ID) + "/" + segmentID(1, 0): 1}, b.came(), "only what came later")
		assert.EqualValues(t, 2, b.counted("duplicates"))
		assert.Equal(t, 3, offers)
	})
}

// A shutdown while the pipeline refuses stores nothing of what it refused: all of it comes after the next start.
func TestShutdownWhileThePipelineRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.XRay.MaxTracesPerMinute = 2500 })
		b.Store = disk.Open(t)
		b.restart()
		b.client.every(100*time.Millisecond, began, 5*time.Minute)
		taken := 0
		b.refuse = func(td ptrace.Traces) error {
			if taken += td.SpanCount(); taken > 700 && time.Since(began) < 10*time.Minute {
				return errBusy
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(6 * time.Minute)
		stopped := time.Now()
		stop()
		assert.Zero(t, time.Since(stopped), "it does not wait for the pipeline")
		first := b.came()
		require.Less(t, len(first), 701)
		require.NotEmpty(t, first)
		time.Sleep(5 * time.Minute)
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(15 * time.Minute)
		stop()
		assert.Len(t, b.came(), 3000)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
		assert.Zero(t, b.counted("checkpoint"))
	})
}

// A Consume that is under way at a shutdown is waited for, and what it took is remembered.
func TestConsumeUnderWayAtShutdownIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.restart()
		s := b.client.trace(began, 0)
		b.refuse = func(ptrace.Traces) error {
			time.Sleep(5 * time.Second)
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(95 * time.Second)
		require.Empty(t, b.came())
		stop()
		assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
	})
}

// Data leaves in batches of whole traces, as it comes.
func TestBatchesAreBoundedAndWhole(t *testing.T) {
	b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.XRay.MaxTracesPerMinute = 2500 })
	began := time.Unix(1_800_000_000, 0)
	b.client.now = func() time.Time { return began.Add(90 * time.Second) }
	for n := range 1000 {
		documents := make([]document, 3)
		for k := range documents {
			documents[k] = document{id: segmentID(n, k)}
		}
		b.client.trace(began, n, step{after: early, documents: documents})
	}
	largest, split := 0, 0
	b.refuse = func(td ptrace.Traces) error {
		traces := map[string]int{}
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					traces[s.TraceID().String()]++
				}
			}
		}
		for _, n := range traces {
			if n != 3 {
				split++
			}
		}
		largest = max(largest, td.SpanCount())
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := newWindow(nextWindow(began.Unix(), b.Config.PollInterval))
	b.next = w.End
	w.now = b.begin(w, b.client.Now())
	require.NoError(t, b.read(ctx, w))
	assert.Len(t, b.came(), 3000)
	assert.Zero(t, split, "traces that came in parts")
	assert.Less(t, largest, maxBatchDocuments+5*3)
}
