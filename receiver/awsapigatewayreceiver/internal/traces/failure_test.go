package traces

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// An hour in which pages and answers fail, X-Ray is slow, and leaves traces unprocessed: no window is listed from its start more than twice, each page
// that did not fail is read once, and each span comes once.
func TestFailuresCostNoMoreScans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.page, b.client.latency = 5, 40*time.Millisecond
		b.client.every(time.Second, began, time.Hour)
		calls, gets, answers := 0, 0, 0
		failed := map[string]int{}
		b.client.listing = func(c scan) error {
			if calls++; calls%61 == 0 {
				failed[fmt.Sprint(c.Window, c.token)]++
				return failure(aws.Server, "InternalFailure")
			}
			return nil
		}
		b.client.slow = func() time.Duration {
			if answers++; answers%7 == 0 {
				return 9 * time.Second
			}
			return 0
		}
		b.client.getting = func(ids []string) ([]string, error) {
			switch gets++; {
			case gets%67 == 0:
				return nil, failure(aws.Throttled, "ThrottledException")
			case gets%5 == 0:
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
		client := &stuckClient{fakeClient: b.client}
		client.stuck.Store(true)
		b.Client = client
		b.restart()
		stop := b.run(t.Context())
		time.Sleep(10 * time.Minute)
		require.NotEmpty(t, b.reported())
		assert.EqualError(t, b.reported()[len(b.reported())-1], "the list of traces of 30 seconds does not end")
		assert.Less(t, len(b.client.made()), 50)
		client.stuck.Store(false)
		time.Sleep(10 * time.Minute)
		stop()
		assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
		assert.NoError(t, b.reported()[len(b.reported())-1])
	})
}

// stuckClient answers with the same token over and over, of the window from a time on alone where that is set.
type stuckClient struct {
	*fakeClient
	stuck atomic.Bool
	only  int64
}

func (c *stuckClient) TraceSummaries(ctx context.Context, w model.Window, filter, token string) (model.TracePage, error) {
	page, err := c.fakeClient.TraceSummaries(ctx, w, filter, "")
	if c.stuck.Load() && (c.only == 0 || c.only == w.Start) {
		page.Token = "here"
	}
	return page, err
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

// Failures that have nothing to do with each other do not add up to waits of minutes, while all goes on between them: a day's backlog is read in good
// time although one call of fifty fails.
func TestFailuresFarApartDoNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 24 * time.Hour })
		b.client.latency = 40 * time.Millisecond
		calls := 0
		b.client.listing = func(scan) error {
			if calls++; calls%50 == 0 {
				return failure(aws.Server, "InternalFailure")
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute) // 2,880 windows, and 58 failures
		stop()
		assert.False(t, b.Status().ReadTo.Before(began), "it is behind by %v", time.Since(b.Status().ReadTo))
	})
}

// Tokens that are never accepted are an error, and not a list that is read for ever: AWS bills each.
func TestTokensThatAreNeverAcceptedAreAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		b.client.page, b.client.latency = 4, 200*time.Millisecond // five a second, as the limiter allows
		b.client.every(2*time.Second, began, time.Minute)
		b.client.listing = func(c scan) error {
			if c.token != "" {
				return tokenInvalid
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		first := begins(b.client.made())[model.Window{Start: began.Unix(), End: began.Unix() + 30}]
		assert.Len(t, first, 2*(1+maxRestarts), "both readings begin anew, and then make do with the first page")
		failed := slices.DeleteFunc(b.reported(), func(err error) bool { return err == nil })
		assert.NotEmpty(t, failed)
		assert.NotEmpty(t, b.client.got(), "what was listed comes")
		assert.Greater(t, b.Status().ReadTo, began.Add(15*time.Minute), "reading goes on")
	})
}
