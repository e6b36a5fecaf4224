package traces

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// Windows follow AWS's clock, also where the local one goes wrong by minutes and is set right.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		var offset atomic.Int64
		b.client.now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		b.client.every(5*time.Second, began, 2*time.Hour)
		stop := b.run(t.Context())
		for _, jump := range []time.Duration{0, 40 * time.Second, -40 * time.Second, -4 * time.Minute, 0, 30 * time.Second, 0} {
			offset.Store(int64(jump))
			time.Sleep(20 * time.Minute)
		}
		stop()
		first := began.Add(-11 * time.Minute).Unix()
		assertCovered(t, b.client.made(), first-first%30, began.Add(2*time.Hour).Unix())
		for w, scans := range begins(b.client.made()) {
			require.LessOrEqual(t, len(scans), 2, "%d", w.Start-began.Unix())
			for _, s := range scans {
				require.False(t, s.at.Before(time.Unix(w.End, 0).Add(b.Config.Delay)), "AWS's clock")
			}
		}
		assert.Len(t, b.came(), 1440)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
	})
}

// A position that lies ahead of AWS's clock by minutes is waited for; by hours it makes no sense, and reading begins anew.
func TestPositionInTheFuture(t *testing.T) {
	for ahead, anew := range map[time.Duration]bool{30 * time.Minute: false, 59 * time.Minute: false, 3 * time.Hour: true} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := &checkpointtest.Disk{}
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.Store = disk.Open(t)
				b.client.now = func() time.Time { return time.Now().Add(ahead) }
				stop := b.run(t.Context())
				time.Sleep(2 * time.Minute)
				stop()
				b.client.now = nil
				began, before := time.Now(), len(b.client.made())
				s := b.client.trace(began.Add(ahead+10*time.Minute), 0)
				b.restart()
				stop = b.run(t.Context())
				time.Sleep(10 * time.Minute)
				if anew {
					assert.EqualValues(t, 1, b.counted("checkpoint"))
					assert.Greater(t, len(b.client.made()), before)
				} else {
					assert.Zero(t, b.counted("checkpoint"))
					assert.Len(t, b.client.made(), before)
				}
				time.Sleep(ahead + 10*time.Minute)
				stop()
				assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
				assert.Zero(t, b.lost())
			})
		})
	}
}

// A clock that is wrong until AWS can be reached neither loses anything nor has anything come twice, be it at the first start or at another.
func TestClockThatIsWrongAtTheStart(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": 50 * time.Hour, "behind": -50 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, began := &checkpointtest.Disk{}, time.Now()
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.Store = disk.Open(t)
				b.client.every(10*time.Second, began, 5*time.Hour)
				for range 2 {
					start := time.Now()
					known := func() bool { return time.Since(start) >= time.Hour }
					unreachable := func() error {
						if !known() {
							return failure(aws.Network, "")
						}
						return nil
					}
					b.client.known, b.client.now = known, func() time.Time {
						if known() {
							return time.Now()
						}
						return time.Now().Add(off)
					}
					b.client.listing = func(scan) error { return unreachable() }
					b.client.search = func() (bool, error) { return false, unreachable() }
					b.restart()
					stop := b.run(t.Context())
					time.Sleep(3 * time.Hour)
					stop()
				}
				assertEachOnce(t, b, 1800)
				assert.Zero(t, b.lost())
				assert.Zero(t, b.counted("checkpoint"))
			})
		})
	}
}
