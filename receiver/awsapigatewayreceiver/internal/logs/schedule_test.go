package logs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// newTestQueue is a queue of ten calls a second, at a time that the test sets.
func newTestQueue(now *time.Time) *queue {
	return newQueue(poll.System{}, func() time.Time { return *now }, 10)
}

// spend takes n reads, ten a second, and puts each back as due at once. It returns how many of each class there were.
func spend(q *queue, now *time.Time, n int) (got [classes]int) {
	for range n {
		*now = now.Add(100 * time.Millisecond)
		if t := q.next(); t != nil {
			got[t.class]++
			q.add(&task{class: t.class, at: now.UnixMilli()})
		}
	}
	return got
}

// Where every class has something to ask, each gets its share of the calls.
func TestClassesShareTheCalls(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	q := newTestQueue(&now)
	sum := 0.0
	for c := range classes {
		for range 3 {
			q.add(&task{class: c, at: now.UnixMilli()})
		}
		sum += weights[c]
	}
	const calls = 2000
	got := spend(q, &now, calls)
	for c := range classes {
		assert.InDelta(t, calls*weights[c]/sum, got[c], 0.01*calls, "class %d", c)
	}
	assert.Greater(t, weights[classPoll]/sum, 1/1.5, "a round of polls over all groups takes at most one and a half times what it would take alone")
	assert.LessOrEqual(t, weights[classSweep]/sum, sweepShare)
}

// What a class does not need the others get; it has no claim to it later.
func TestIdleClassesSaveNothingUp(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	q := newTestQueue(&now)
	q.add(&task{class: classDrain})
	assert.Equal(t, [classes]int{classDrain: 1000}, spend(q, &now, 1000))
	for range 30 {
		q.add(&task{class: classPoll, at: now.UnixMilli()})
	}
	got := spend(q, &now, 180)
	assert.InDelta(t, 180*weights[classDrain]/(weights[classPoll]+weights[classDrain]), got[classDrain], 2)
}

// Sweeps take a quarter of the limiter at most, even where nothing else has to be asked.
func TestSweepsStayWithinAQuarter(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	q := newTestQueue(&now)
	for range 100 {
		q.add(&task{class: classSweep, at: now.UnixMilli()})
	}
	const seconds = 100
	got := spend(q, &now, seconds*10)
	assert.InDelta(t, seconds*10*sweepShare, got[classSweep], 3)
}

// Of the reads of a class, the one goes first that is due longest, or that is of the group that is furthest behind; none goes before it is due.
func TestFurthestBehindGoesFirst(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for c := range classes {
		q := newTestQueue(&now)
		for _, ago := range []int64{5, 300, 1, 70, 20} {
			q.add(&task{class: c, at: now.UnixMilli() - 1000*ago})
		}
		var order []int64
		for range 5 {
			if task := q.next(); task != nil {
				order = append(order, (now.UnixMilli()-task.at)/1000)
			}
			now = now.Add(time.Second)
		}
		assert.Equal(t, []int64{300, 71, 22, 8, 5}, order)
		assert.Nil(t, q.next())
	}
	q := newTestQueue(&now)
	q.add(&task{class: classPoll, at: now.UnixMilli() + 1})
	q.add(&task{class: classSweep, at: now.UnixMilli() + 1})
	assert.Nil(t, q.next())
	now = now.Add(time.Millisecond)
	assert.NotNil(t, q.next())
}

// A wait ends when a read is due, when one comes in that is due earlier, when a sweep has its token, and with the context.
func TestWaitEndsWhenARreadMayBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		q := newQueue(poll.System{}, time.Now, 10)
		in := func(d time.Duration, c class) *task { return &task{class: c, at: began.Add(d).UnixMilli()} }
		q.add(in(20*time.Second, classPoll))
		require.NoError(t, q.wait(ctx))
		assert.Equal(t, 20*time.Second, time.Since(began))
		assert.NotNil(t, q.next())

		// Longer than the wait's own bound.
		time.AfterFunc(5*time.Minute, func() { q.add(in(time.Hour, classPoll)) })
		time.AfterFunc(10*time.Minute, func() { q.add(in(11*time.Minute, classSweep)) })
		require.NoError(t, q.wait(ctx))
		assert.Equal(t, 11*time.Minute, time.Since(began))
		assert.NotNil(t, q.next())

		// The limiter of sweeps has a burst of two, and two and a half a second.
		for range 3 {
			q.add(in(0, classSweep))
		}
		assert.NotNil(t, q.next())
		assert.Nil(t, q.next(), "one token is left of what was taken a moment ago")
		require.NoError(t, q.wait(ctx))
		assert.Equal(t, 11*time.Minute+400*time.Millisecond, time.Since(began))
		assert.NotNil(t, q.next())

		// A group that is behind need not wait.
		q.add(in(time.Hour, classDrain))
		require.NoError(t, q.wait(ctx))
		assert.Equal(t, 11*time.Minute+400*time.Millisecond, time.Since(began))
		assert.NotNil(t, q.next())

		cancel()
		assert.ErrorIs(t, q.wait(ctx), context.Canceled)
	})
}
