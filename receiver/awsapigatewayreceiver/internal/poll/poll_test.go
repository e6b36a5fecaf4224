package poll

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The waits double up to the maximum, each between a half and all of that.
func TestBackoff(t *testing.T) {
	for _, b := range []Backoff{{Min: time.Second, Max: 30 * time.Second}, {Min: 200 * time.Millisecond, Max: 5 * time.Second}, {Min: 15 * time.Second, Max: 3 * time.Hour}, {Min: time.Minute, Max: time.Second}, {Min: time.Hour, Max: 1 << 62}} {
		for range 3 {
			full := min(b.Min, b.Max)
			for range 100 {
				d := b.Next()
				assert.GreaterOrEqual(t, d, full/2)
				assert.LessOrEqual(t, d, full)
				if full < b.Max>>1 {
					full *= 2
				} else {
					full = b.Max
				}
				if t.Failed() {
					return
				}
			}
			b.Reset()
		}
	}
}

// Waits differ, so that targets do not ask in step.
func TestWaitsHaveJitter(t *testing.T) {
	waits, intervals := map[time.Duration]bool{}, map[time.Duration]bool{}
	for range 100 {
		b := Backoff{Min: time.Minute, Max: time.Hour}
		waits[b.Next()] = true
		d := Jitter(time.Hour)
		assert.GreaterOrEqual(t, d, time.Hour)
		assert.LessOrEqual(t, d, time.Hour*21/20)
		intervals[d] = true
	}
	assert.Greater(t, len(waits), 50)
	assert.Greater(t, len(intervals), 50)
	assert.Zero(t, Jitter(0))
}

func TestAlign(t *testing.T) {
	at := time.Date(2026, 11, 21, 13, 47, 59, 999_999_999, time.FixedZone("", 3600))
	for period, want := range map[time.Duration]string{
		time.Minute: "2026-11-21T12:47:00Z", 5 * time.Minute: "2026-11-21T12:45:00Z", time.Hour: "2026-11-21T12:00:00Z", 24 * time.Hour: "2026-11-21T00:00:00Z",
	} {
		assert.Equal(t, want, time.Unix(Align(at, period), 0).UTC().Format(time.RFC3339))
	}
	assert.EqualValues(t, 120, Align(time.Unix(120, 0), time.Minute))
}

func TestScaled(t *testing.T) {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := Scaled{Origin: time.Now(), Epoch: epoch, Factor: 3600}
	began := time.Now()
	assert.NoError(t, c.Sleep(context.Background(), time.Minute))
	assert.GreaterOrEqual(t, c.Now().Sub(epoch), time.Minute)
	assert.GreaterOrEqual(t, time.Since(began), time.Minute/3600)
	assert.Less(t, time.Since(began), 10*time.Second)
	assert.Equal(t, epoch.Add(-time.Hour), Scaled{Origin: began, Epoch: epoch.Add(-time.Hour), Factor: 0}.Now(), "a factor of none stands still")
}

// A wait ends with its context, and tells so; one of no length only asks the context.
func TestSleepEndsWithTheContext(t *testing.T) {
	for _, clock := range []Clock{System{}, Scaled{Origin: time.Now(), Epoch: time.Now(), Factor: 2}} {
		ctx, cancel := context.WithCancel(context.Background())
		assert.NoError(t, clock.Sleep(ctx, 0))
		assert.NoError(t, clock.Sleep(ctx, -time.Hour))
		assert.NoError(t, clock.Sleep(ctx, time.Millisecond))
		stop := time.AfterFunc(5*time.Millisecond, cancel)
		defer stop.Stop()
		assert.ErrorIs(t, clock.Sleep(ctx, time.Hour), context.Canceled)
		assert.ErrorIs(t, clock.Sleep(ctx, 0), context.Canceled)
	}
	assert.WithinDuration(t, time.Now(), System{}.Now(), time.Second)
}
