package logs

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// wrote are events from a time on, one each step. They can be read so much later as delay says of the number of each.
func wrote(began time.Time, length, step time.Duration, delay func(n int) time.Duration) (events []written) {
	for n := range int(length / step) {
		at := began.Add(time.Duration(n) * step)
		events = append(events, written{at.UnixMilli(), at.Add(delay(n)).UnixMilli(), fmt.Sprintf("%013d", at.UnixMilli())})
	}
	return events
}

// paged answers as a log group with events does: with those that can be read by now, in the order of their times, so many on a page. An event that
// arrives before the page that was read last is not seen by the pages that follow.
func paged(events []written, size int) func(group string, from, to int64, token string) (model.LogPage, error) {
	return func(_ string, from, to int64, token string) (page model.LogPage, err error) {
		now := time.Now().UnixMilli()
		for _, e := range events {
			if e.at < from || e.at > to || e.arrives > now || e.id <= token {
				continue
			}
			if len(page.Events) == size {
				page.Token = page.Events[size-1].ID
				break
			}
			page.Events = append(page.Events, model.LogEvent{Timestamp: e.at, Ingested: e.arrives, ID: e.id, Message: e.id + " 200"})
		}
		return page, nil
	}
}

// assertOnce asserts that each of the events came out once, and nothing else.
func assertOnce(t *testing.T, b *bench, events []written) {
	t.Helper()
	got := map[string]int{}
	for _, r := range b.came() {
		got[r.uid]++
	}
	for _, e := range events {
		require.Equal(t, 1, got[e.id], "the event at %v, %d ms late", time.UnixMilli(e.at), e.arrives-e.at)
	}
	require.Len(t, got, len(events))
}

// A local clock that goes an hour ahead, and is set right by the answer of a call that it planned, loses nothing: what was read is what there was by
// AWS's clock.
func TestClockAheadLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const length = 3 * time.Hour
		events := wrote(time.Now(), length, 5*time.Second, func(n int) time.Duration {
			if n%40 == 39 {
				return 9 * time.Minute
			}
			return time.Duration(2+n%15) * time.Second
		})
		b := newBench(t, oneGroup.snapshot(t), nil)
		var ahead, calls, polls, sweeps atomic.Int64
		b.client.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		answer := paged(events, 400)
		b.client.filter = func(group string, from, to int64, token string) (model.LogPage, error) {
			if planned := to - time.Now().UnixMilli(); planned > (55 * time.Minute).Milliseconds() {
				polls.Add(1)
			} else if planned > 0 {
				sweeps.Add(1)
			}
			ahead.Store(0)
			if calls.Add(1)%7 == 0 {
				ahead.Store(int64(time.Hour))
			}
			return answer(group, from, to, token)
		}
		stop := b.run(t.Context())
		defer stop()
		for range int((length + time.Hour) / time.Second) {
			time.Sleep(time.Second)
			g, now := b.groups.get("orders"), time.Now().UnixMilli()
			if g == nil {
				continue
			}
			g.mu.Lock()
			p := g.pos
			g.mu.Unlock()
			for name, at := range map[string]int64{"settled": p.settled, "readTo": p.readTo, "lastSweep": p.lastSweep} {
				require.LessOrEqual(t, at, now, name)
			}
		}
		assert.Positive(t, polls.Load(), "polls are planned by the wrong clock")
		assert.Positive(t, sweeps.Load(), "sweeps are")
		assertOnce(t, b, events)
	})
}

// Where the pipeline holds up a chain of pages for longer than late_window, what came meanwhile to the pages that had been read comes out with a sweep.
func TestEventsThatComeLateToAStalledChainComeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		events := wrote(began.Add(-9*time.Minute), 2*time.Hour, 5*time.Second, func(n int) time.Duration {
			if n == 40 { // on the second page of the first read
				return 7 * time.Minute
			}
			return time.Second
		})
		b := newBench(t, oneGroup.snapshot(t), func(c *Config) { c.StartAt = "9m" })
		b.client.filter = paged(events, 25)
		var refused atomic.Bool
		b.refuse = func() error {
			if len(b.records) > 0 && time.Since(began) < 11*time.Minute {
				refused.Store(true)
				return errors.New("not now")
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(3 * time.Hour)
		stop()
		assert.True(t, refused.Load())
		first := b.client.made()[:5]
		for _, c := range first[1:] {
			require.NotEmpty(t, c.token, "the first read has five pages")
		}
		assert.Less(t, first[1].at.Sub(began), time.Minute)
		assert.Greater(t, first[4].at.Sub(began), b.Config.LateWindow)
		assertOnce(t, b, events)
	})
}

// Nor does one that is wrong by days until AWS can be reached, be it at the first start or at another.
func TestClockThatIsWrongAtTheStartLosesNothing(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": 50 * time.Hour, "behind": -50 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, began := &checkpointtest.Disk{}, time.Now()
				events := wrote(began, 5*time.Hour+30*time.Minute, 5*time.Second, quick)
				answer := paged(events, 1000)
				var came []record
				for range 2 {
					b, start := newBench(t, oneGroup.snapshot(t), nil), time.Now()
					b.Store = disk.Open(t)
					known := func() bool { return time.Since(start) >= time.Hour } // until then AWS can't be reached
					b.client.known, b.client.now = known, func() time.Time {
						if known() {
							return time.Now()
						}
						return time.Now().Add(off)
					}
					b.client.describe = func(names []string) ([]model.LogGroup, error) {
						if !known() {
							return nil, failure(aws.Network, "")
						}
						return []model.LogGroup{{Name: names[0]}}, nil
					}
					b.client.filter = func(group string, from, to int64, token string) (page model.LogPage, err error) {
						if !known() {
							return page, failure(aws.Network, "")
						}
						return answer(group, from, to, token)
					}
					stop := b.run(t.Context())
					time.Sleep(3*time.Hour + time.Minute)
					stop()
					came = append(came, b.came()...)
					assert.Zero(t, b.lostSecs)
					assert.Zero(t, b.counted("checkpoint"))
				}
				assertOnce(t, &bench{records: came}, events)
			})
		})
	}
}
