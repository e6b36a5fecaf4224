package traces

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// After a stop of longer than max_backfill, what is older is lost, and said once.
func TestWhatIsTooOldIsLostOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.MaxBackfill = time.Hour })
		b.Store = disk.Open(t)
		stop := b.run(t.Context())
		time.Sleep(time.Hour)
		stop()
		readTo := b.Status().ReadTo
		time.Sleep(5 * time.Hour)
		oldest := time.Now().Add(-time.Hour)
		b.client.every(10*time.Second, oldest, time.Hour)
		before := len(b.client.made())
		for range 3 {
			b.restart()
			stop = b.run(t.Context())
			time.Sleep(20 * time.Minute)
			stop()
		}
		assert.InDelta(t, oldest.Sub(readTo).Seconds(), b.lost(), 31)
		assert.Equal(t, 1, b.says("too old"))
		assertCovered(t, b.client.made()[before:], oldest.Unix(), time.Now().Unix()-120)
		assert.Len(t, b.came(), 360)
		assert.Zero(t, b.counted("checkpoint"))
	})
}

// A window that was not read to its end counts as lost where it is too old at the next start, as the time after it does.
func TestUnreadWindowIsLostAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.restart()
		b.client.every(time.Second, began, 30*time.Second)
		calls := 0
		b.client.getting = func([]string) ([]string, error) {
			if calls++; calls > 2 {
				return nil, failure(aws.Server, "InternalFailure")
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(2 * time.Minute)
		stop()
		require.Equal(t, began, b.Status().ReadTo)
		time.Sleep(30 * time.Hour)
		oldest := time.Now().Add(-b.Config.MaxBackfill)
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(time.Second)
		stop()
		assert.InDelta(t, oldest.Sub(began).Seconds(), b.lost(), 1)
	})
}

// What max_backfill cuts off is lost once, also where the first start after it gets nothing done.
func TestLossIsCountedOnceOverStartsThatReadNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.restart()
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		readTo := b.Status().ReadTo
		time.Sleep(30 * time.Hour)
		b.client.listing = func(scan) error { return failure(aws.Network, "") }
		for range 3 {
			b.restart()
			stop = b.run(t.Context())
			time.Sleep(time.Minute)
			stop()
		}
		assert.InDelta(t, time.Since(readTo.Add(b.Config.MaxBackfill)).Seconds(), b.lost(), 181)
	})
}

// A window that max_backfill cuts through is read, so nothing of it counts as lost.
func TestWindowThatIsReadIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.PollInterval = 5 * time.Minute })
		b.Store = disk.Open(t)
		b.restart()
		b.client.every(time.Second, began, 5*time.Minute)
		calls := 0
		b.client.getting = func([]string) ([]string, error) {
			if calls++; calls > 2 {
				return nil, failure(aws.Server, "InternalFailure")
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(7 * time.Minute)
		stop()
		b.client.getting = nil
		time.Sleep(b.Config.MaxBackfill + 3*time.Minute - time.Since(began))
		b.restart()
		stop = b.run(t.Context())
		time.Sleep(time.Hour)
		stop()
		assertEachOnce(t, b, 300)
		assert.Zero(t, b.lost())
	})
}

// A first start that gets nothing done is gone on with by the next one, however long that takes: up to max_backfill, and what is older is lost once.
func TestFirstStartThatReadsNothingIsGoneOnWith(t *testing.T) {
	for name, pause := range map[string]time.Duration{"hours": 5 * time.Hour, "days": 40 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, disk := time.Now(), &checkpointtest.Disk{}
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.Store = disk.Open(t)
				b.client.listing = func(scan) error { return failure(aws.Denied, "AccessDeniedException") }
				b.client.every(10*time.Minute, began.Add(-5*time.Minute), 45*time.Hour)
				from := began.Add(-b.Config.Delay - b.Config.InitialLookback)
				oldest := from
				for run := range 4 {
					if b.restart(); run == 3 {
						b.client.listing = nil
					}
					if at := time.Now().Add(-b.Config.MaxBackfill); at.After(oldest) {
						oldest = at
					}
					stop := b.run(t.Context())
					time.Sleep(time.Hour)
					stop()
					if run == 0 {
						time.Sleep(pause - time.Hour)
					}
				}
				assert.InDelta(t, oldest.Sub(from).Seconds(), b.lost(), 31)
				assert.InDelta(t, time.Since(oldest).Minutes()/10, len(b.came()), 2)
				assert.Zero(t, b.counted("checkpoint"))
			})
		})
	}
}

// Credentials of another account begin anew: how far the one before was read says nothing of its traces.
func TestTracesOfAnotherAccount(t *testing.T) {
	for name, off := range map[string]time.Duration{"at once": 0, "after days": 72 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := &checkpointtest.Disk{}
				b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = time.Hour })
				b.Store = disk.Open(t)
				b.client.every(time.Minute, time.Now(), 30*time.Minute)
				stop := b.run(t.Context())
				time.Sleep(2 * time.Hour)
				stop()
				require.Len(t, b.came(), 30)
				time.Sleep(off)

				other := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = time.Hour })
				other.Store, other.Target.AccountID = b.Store, "222233334444"
				other.client.every(10*time.Second, time.Now().Add(-50*time.Minute), 50*time.Minute)
				for range 2 {
					other.restart()
					stop = other.run(t.Context())
					time.Sleep(30 * time.Minute)
					stop()
				}
				assert.Len(t, other.came(), 300)
				for span, times := range other.came() {
					assert.Equal(t, 1, times, span)
				}
				assert.Zero(t, other.lost())
				assert.Zero(t, other.counted("checkpoint"))
				assert.Len(t, disk.Keys(), 1, "what is stored of the account before is removed")
			})
		})
	}
}
