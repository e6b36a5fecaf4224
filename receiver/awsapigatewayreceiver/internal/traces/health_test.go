package traces

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// A failure is reported as it is, tried again with waits that double up to two minutes, and its end is reported.
func TestFailuresAreReportedUntilTheyEnd(t *testing.T) {
	for name, fail := range map[string]func(b *bench, err func() error){
		"a list": func(b *bench, err func() error) { b.client.listing = func(scan) error { return err() } },
		"a trace": func(b *bench, err func() error) {
			b.client.getting = func([]string) ([]string, error) { return nil, err() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
				s := b.client.trace(began, 0)
				want := failure(aws.Denied, "AccessDeniedException")
				var tried []time.Time
				fail(b, func() error {
					if time.Since(began) > time.Hour {
						return nil
					}
					tried = append(tried, time.Now())
					return want
				})
				stop := b.run(t.Context())
				time.Sleep(90 * time.Minute)
				stop()
				require.Greater(t, len(tried), 12)
				for i := 1; i < len(tried); i++ {
					wait := tried[i].Sub(tried[i-1])
					require.LessOrEqual(t, wait, maxRetry)
					require.GreaterOrEqual(t, wait, min(minRetry<<(i-1), maxRetry)/2, "attempt %d", i)
				}
				reports := b.reported()
				bad := 0
				for _, err := range reports {
					if err != nil {
						require.ErrorIs(t, err, want)
						bad++
					}
				}
				assert.Equal(t, len(tried), bad)
				assert.NoError(t, reports[len(reports)-1])
				assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
				assert.Zero(t, b.said.FilterMessageSnippet("AccessDenied").Len(), "each is reported, and not said each time")
			})
		})
	}
}

// A call that fails does not hold back what came beside it: that is handed over, and not asked for again.
func TestWhatCameBesideAFailureIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		for n := range 100 {
			b.client.trace(began, n)
		}
		b.client.latency = 50 * time.Millisecond
		calls := 0
		b.client.getting = func([]string) ([]string, error) {
			if calls++; calls == 10 {
				return nil, failure(aws.Server, "InternalFailure")
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assertEachOnce(t, b, 100)
		assert.Equal(t, 21, calls, "twenty, and the one that failed")
		assert.EqualValues(t, 100, b.counted("retrieved"))
	})
}

// After a failure no more calls are made than those that are under way.
func TestNoCallsAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback, c.XRay.MaxTracesPerMinute = 0, 2500 })
		for n := range 1000 {
			b.client.trace(time.Now(), n)
		}
		b.client.latency = 50 * time.Millisecond
		b.client.getting = func([]string) ([]string, error) { return nil, failure(aws.Throttled, "ThrottledException") }
		stop := b.run(t.Context())
		time.Sleep(90*time.Second + 30*time.Second)
		stop()
		failed := 0
		for _, err := range b.reported() {
			if err != nil {
				failed++
			}
		}
		require.Positive(t, failed)
		assert.LessOrEqual(t, len(b.client.got()), (failed+1)*(workers+1))
	})
}

// hung is an X-Ray that does not answer.
type hung struct {
	*fakeClient
	calls atomic.Int64
}

func (h *hung) Traces(ctx context.Context, _ []string) ([]model.Trace, []string, error) {
	h.calls.Add(1)
	<-ctx.Done()
	return nil, nil, ctx.Err()
}

// A shutdown ends at once, while as many calls as there may be are under way; nothing of it is an error.
func TestShutdownEndsCallsUnderWay(t *testing.T) {
	b := newBench(t, oneAPI.snapshot(t), nil)
	began := time.Now().Add(-time.Minute - 40*time.Second)
	for n := range 200 {
		b.client.trace(began, n)
	}
	h := &hung{fakeClient: b.client}
	b.Client = h
	b.restart()
	stop := b.run(t.Context())
	require.Eventually(t, func() bool { return h.calls.Load() == workers }, 10*time.Second, time.Millisecond)
	stopped := time.Now()
	stop()
	assert.Less(t, time.Since(stopped), 10*time.Second)
	assert.EqualValues(t, workers, h.calls.Load())
	assert.Empty(t, slices.DeleteFunc(b.reported(), func(err error) bool { return err == nil }))
}

// A reader that waits ends at once, whatever it waits for.
func TestShutdownEndsWaits(t *testing.T) {
	for name, edit := range map[string]func(b *bench){
		"for the next window":    func(*bench) {},
		"after a failure":        func(b *bench) { b.client.listing = func(scan) error { return failure(aws.Network, "") } },
		"for unprocessed traces": func(b *bench) { b.client.getting = func(ids []string) ([]string, error) { return ids, nil } },
		"for a retrieval":        func(b *bench) { b.client.search = on; b.client.retrieval = running },
		"for the limiter":        func(b *bench) { b.client.latency = time.Hour },
		"while a failure is answer": func(b *bench) {
			b.client.search = func() (bool, error) { return false, failure(aws.Throttled, "ThrottledException") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneAPI.snapshot(t), nil)
				for n := range 50 {
					b.client.trace(time.Now(), n)
				}
				edit(b)
				stop := b.run(t.Context())
				time.Sleep(2*time.Minute + 11*time.Second)
				stopped := time.Now()
				stop()
				assert.Zero(t, time.Since(stopped))
			})
		})
	}
}

func on() (bool, error) { return true, nil }

func running(_ int, page *model.Retrieval) error {
	*page = model.Retrieval{Status: "RUNNING"}
	return nil
}

// A shutdown before the inventory is known ends without a word.
func TestShutdownBeforeTheInventoryIsKnown(t *testing.T) {
	b := newBench(t, oneAPI.snapshot(t), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Run(ctx, b.report)
	assert.Empty(t, b.reported())
	assert.Empty(t, b.client.made())
}
