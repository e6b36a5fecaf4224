// Package poll holds what every signal needs of time: a clock that tests can replace, back-off, jitter and windows.
package poll

import (
	"context"
	"math/rand/v2"
	"time"
)

// Clock is where time enters the receiver.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until ctx ends, and returns ctx's error then.
	Sleep(ctx context.Context, d time.Duration) error
}

// System is the machine's clock.
type System struct{}

// Now is time.Now.
func (System) Now() time.Time { return time.Now() }

// Sleep waits on a timer.
func (System) Sleep(ctx context.Context, d time.Duration) error {
	return sleep(ctx, d)
}

// Scaled is a clock that runs Factor times as fast as the machine's from Origin on, which was the time Epoch there. It is for tests.
type Scaled struct {
	Origin, Epoch time.Time
	Factor        float64
}

// Now is the scaled time.
func (s Scaled) Now() time.Time {
	return s.Epoch.Add(time.Duration(float64(time.Since(s.Origin)) * s.Factor))
}

// Sleep waits for d of scaled time, rounded up: where time passes only while all wait, a wait that ends early would be followed by endless ones of none.
func (s Scaled) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	return sleep(ctx, time.Duration(float64(d)/s.Factor)+1)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Backoff gives the waits between attempts: Min doubled each time up to Max, each with jitter of a half.
type Backoff struct {
	Min, Max time.Duration
	attempts int
}

// Next is the next wait.
func (b *Backoff) Next() time.Duration {
	d := b.Max
	if b.attempts < 30 && b.Min<<b.attempts < b.Max {
		d = b.Min << b.attempts
		b.attempts++
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // jitter
}

// Reset starts anew after a success.
func (b *Backoff) Reset() { b.attempts = 0 }

// Jitter is d, up to a twentieth longer, so that targets do not ask in step.
func Jitter(d time.Duration) time.Duration {
	return d + rand.N(d/20+1) //nolint:gosec // jitter
}

// Align rounds t down to a multiple of period, in Unix seconds.
func Align(t time.Time, period time.Duration) int64 {
	p := int64(period / time.Second)
	s := t.Unix()
	return s - s%p
}
