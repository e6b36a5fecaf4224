package traces

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// begins are the scans that begin a list, by window.
func begins(scans []scan) map[model.Window][]scan {
	first := map[model.Window][]scan{}
	for _, s := range scans {
		if s.token == "" {
			first[s.Window] = append(first[s.Window], s)
		}
	}
	return first
}

// assertCovered says that the windows follow each other, without a gap or an overlap, from one time to another at least.
func assertCovered(t *testing.T, scans []scan, from, to int64) {
	t.Helper()
	windows := slices.SortedFunc(maps.Keys(begins(scans)), func(a, b model.Window) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	at := from
	for _, w := range windows {
		require.Equal(t, at, w.Start, "%d s after the first", at-from)
		at = w.End
	}
	require.GreaterOrEqual(t, at, to)
}

// assertScannedTwice says that each window was scanned at delay and at settle, no later than slack after that, and not more often.
func assertScannedTwice(t *testing.T, b *bench, from, to int64, slack time.Duration) {
	t.Helper()
	for w, scans := range begins(b.client.made()) {
		if w.Start < from || w.End > to {
			continue
		}
		require.Len(t, scans, 2, "%d", w.Start-from)
		end := time.Unix(w.End, 0)
		for i, after := range []time.Duration{b.Config.Delay, b.Config.Settle} {
			late := scans[i].at.Sub(end.Add(after))
			require.GreaterOrEqual(t, late, time.Duration(0), "scan %d of %d", i, w.Start-from)
			require.LessOrEqual(t, late, slack, "scan %d of %d", i, w.Start-from)
		}
	}
}

// Each window is scanned at delay and once more at settle, on the minute's own seconds, and each trace is in one.
func TestEachWindowIsScannedTwice(t *testing.T) {
	for _, interval := range []time.Duration{10 * time.Second, 30 * time.Second, 35 * time.Second, 5 * time.Minute} {
		t.Run(interval.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(7 * time.Second) // starts are at any time
				began := time.Now()
				b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.PollInterval = interval })
				b.client.every(5*time.Second, began, time.Hour)
				stop := b.run(t.Context())
				time.Sleep(90 * time.Minute)
				stop()
				for w := range begins(b.client.made()) {
					require.Zero(t, w.Start%int64(interval/time.Second))
					require.EqualValues(t, interval/time.Second, w.End-w.Start)
				}
				first := began.Add(-11 * time.Minute).Unix()
				first -= first % int64(interval/time.Second)
				assertCovered(t, b.client.made(), first, began.Add(time.Hour).Unix())
				assertScannedTwice(t, b, began.Unix(), began.Add(time.Hour).Unix(), interval/20+time.Millisecond)
				came := b.came()
				assert.Len(t, came, 720)
				for span, n := range came {
					require.Equal(t, 1, n, span)
				}
				assert.EqualValues(t, 720, b.counted("retrieved"))
				assert.Empty(t, b.client.retrievals)
			})
		})
	}
}

// What was over before the start is scanned once, where it has settled, and what has not is scanned again.
func TestSettledWindowIsScannedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		stop := b.run(t.Context())
		time.Sleep(30 * time.Minute)
		stop()
		for w, scans := range begins(b.client.made()) {
			want := 2
			if !time.Unix(w.End, 0).Add(b.Config.Settle).After(began) {
				want = 1
			}
			if time.Unix(w.End, 0).Add(b.Config.Settle).Before(time.Now()) {
				assert.Len(t, scans, want, "the window that ends %v before the start", began.Sub(time.Unix(w.End, 0)))
			}
		}
	})
}

// An hour in which pages and answers fail, X-Ray is slow, and leaves traces unprocessed: no window is listed from its start more than twice, each page
// that did not fail is read once, and each span comes once.
func TestFailuresCostNoMoreScans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.page, b.client.latency = 5, 40*time.Millisecond
		b.client.every(time.Second, began, time.Hour)
		var calls atomic.Int64
		failed := map[string]int{}
		b.client.listing = func(c scan) error {
			if calls.Add(1)%61 == 0 {
				failed[fmt.Sprint(c.Window, c.token)]++
				return failure(aws.Server, "InternalFailure")
			}
			return nil
		}
		var gets atomic.Int64
		b.client.getting = func(ids []string) ([]string, error) {
			switch n := gets.Add(1); {
			case n%67 == 0:
				return nil, failure(aws.Throttled, "ThrottledException")
			case n%7 == 0:
				time.Sleep(9 * time.Second)
			case n%5 == 0:
				return ids[:2], nil
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(2 * time.Hour)
		stop()
		pages := map[string]int{}
		for _, s := range b.client.made() {
			pages[fmt.Sprint(s.Window, s.token)]++
		}
		for page, n := range pages {
			require.LessOrEqual(t, n-failed[page], 2, page)
		}
		require.Greater(t, len(failed), 10)
		// Each is in two lists; the trace at a window's end, which AWS counts in, in those of two windows.
		assert.LessOrEqual(t, b.counted("scanned"), int64(2*3600*31/30))
		assert.Len(t, b.came(), 3600)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
		for _, reason := range Reasons {
			assert.Zero(t, b.counted(reason), reason)
		}
		assert.Zero(t, b.counted("left out"))
	})
}

// tokenInvalid is what AWS says to a token that has expired.
var tokenInvalid = &aws.Error{Operation: "GetTraceSummaries", Class: aws.Invalid, Code: "InvalidRequestException", Err: &smithy.GenericAPIError{Code: "InvalidRequestException", Message: "Invalid next token"}}

// A list whose token has expired is read anew.
func TestExpiredTokenBeginsTheListAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.page = 4
		b.client.every(2*time.Second, began, time.Minute)
		expired := false
		b.client.listing = func(c scan) error {
			if c.Start == began.Unix() && c.token != "" && !expired {
				expired = true
				return tokenInvalid
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(15 * time.Minute)
		stop()
		require.True(t, expired)
		first := begins(b.client.made())[model.Window{Start: began.Unix(), End: began.Unix() + 30}]
		assert.Len(t, first, 3, "two scans, and the one whose token expired")
		assert.Len(t, b.came(), 30)
		assert.Zero(t, b.counted("left out"), "nothing is counted twice")
	})
}

// A list that leads nowhere is an error, and tried again.
func TestListThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		s := b.client.trace(time.Now(), 0)
		stuck := true
		b.Client = &stuckClient{fakeClient: b.client, stuck: &stuck}
		b.restart()
		stop := b.run(t.Context())
		time.Sleep(10 * time.Minute)
		require.NotEmpty(t, b.reported())
		assert.EqualError(t, b.reported()[len(b.reported())-1], "the list of traces of 30 seconds does not end")
		assert.Less(t, len(b.client.made()), 50)
		stuck = false
		time.Sleep(10 * time.Minute)
		stop()
		assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
		assert.NoError(t, b.reported()[len(b.reported())-1])
	})
}

// An outage of hours is made up for: what settled meanwhile is scanned once, what lies before max_backfill too, as long as the reader ran.
func TestOutageIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.every(20*time.Second, began, 5*time.Hour)
		b.client.listing = func(scan) error {
			if since := time.Since(began); since > time.Hour && since < 4*time.Hour {
				return failure(aws.Network, "")
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(4 * time.Hour)
		before := len(b.client.made())
		time.Sleep(2 * time.Hour)
		stop()
		for w, scans := range begins(b.client.made()[before:]) {
			// The window before the outage's end may be under way.
			if w.Start > began.Add(time.Hour).Unix() && w.End < began.Add(4*time.Hour-b.Config.Settle).Unix() {
				require.Len(t, scans, 1, "%v", time.Unix(w.Start, 0).Sub(began))
			}
		}
		assert.Len(t, b.came(), 5*180)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
		assert.Zero(t, b.lost())
		assert.False(t, b.Status().ReadTo.Before(time.Now().Add(-b.Config.Delay-2*b.Config.PollInterval)))
	})
}

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

// Windows go on without a gap where poll_interval is another after a restart, and those that are open are scanned once more as they were.
func TestPollIntervalChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.every(5*time.Second, began, 80*time.Minute)
		b.Store = disk.Open(t)
		for _, interval := range []time.Duration{30 * time.Second, 5 * time.Minute, 10 * time.Second, 45 * time.Second, 140 * time.Second, 10 * time.Second} {
			b.Config.PollInterval = interval
			b.restart()
			stop := b.run(t.Context())
			time.Sleep(15*time.Minute + 3*time.Second)
			stop()
		}
		first := began.Add(-11 * time.Minute).Unix()
		assertCovered(t, b.client.made(), first-first%30, began.Add(80*time.Minute).Unix())
		for w, scans := range begins(b.client.made()) {
			require.LessOrEqual(t, len(scans), 2, "%d to %d", w.Start-began.Unix(), w.End-began.Unix())
		}
		assert.Len(t, b.came(), 960)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
		assert.Zero(t, b.counted("checkpoint"))
	})
}

// stuckClient answers with the same token over and over.
type stuckClient struct {
	*fakeClient
	stuck *bool
}

func (c *stuckClient) TraceSummaries(ctx context.Context, w model.Window, filter, token string) (model.TracePage, error) {
	page, err := c.fakeClient.TraceSummaries(ctx, w, filter, "")
	if *c.stuck {
		page.Token = "here"
	}
	return page, err
}
