package aws

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Windows follow AWS's clock, which its Date headers tell; the user hears of a large offset once.
func TestClockOffsetFollowsTheDateHeader(t *testing.T) {
	var ahead atomic.Int64
	f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Duration(ahead.Load())).UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte(noAPIs))
	}), func(s *Settings) { s.Clock = poll.System{} })
	c := f.client()
	see := func(d time.Duration) time.Duration {
		ahead.Store(int64(d))
		_, err := c.restAPIs(context.Background())
		require.NoError(t, err)
		return c.ClockOffset()
	}
	const tolerance = 2 * time.Second
	assert.Zero(t, see(0), "what a Date header can't tell is no offset")
	assert.Zero(t, see(300*time.Millisecond))
	assert.InDelta(t, 20*time.Second, see(20*time.Second), float64(tolerance))
	assert.Zero(t, f.logs.Len(), "a small offset is no news")
	for range 3 {
		assert.InDelta(t, 5*time.Minute, see(5*time.Minute), float64(tolerance))
	}
	assert.InDelta(t, time.Now().Add(5*time.Minute).Unix(), c.Now().Unix(), 3)
	assert.Equal(t, 1, f.logs.FilterMessage("The local clock differs from AWS's; windows follow AWS's").Len())
	assert.InDelta(t, -time.Hour, see(-time.Hour), float64(tolerance))
	assert.Equal(t, 1, f.logs.Len(), "it was said")
	assert.Zero(t, see(0), "a clock that was set right is followed back")
	see(time.Minute)
	assert.Equal(t, 2, f.logs.Len(), "and a new offset is news again")
}

// AWS writes the date when it begins to answer, however long that took: an answer that comes late does not move the clock.
func TestClockOffsetOfSlowAnswers(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, set := range []struct {
		name          string
		took, written time.Duration // since the request was sent
		ahead, before time.Duration // of AWS's clock, and what was known of it
		moves         bool
	}{
		{name: "the answer took long", took: 19 * time.Second, written: 19 * time.Second},
		{name: "the way back took long", took: 19 * time.Second},
		{name: "with an offset that is known", took: 19 * time.Second, written: 19 * time.Second, ahead: time.Hour, before: time.Hour},
		{name: "with an offset that is not known", took: 19 * time.Second, written: 19 * time.Second, ahead: time.Hour, moves: true},
		{name: "with an offset that is no more", took: 19 * time.Second, written: 19 * time.Second, before: time.Hour, moves: true},
	} {
		t.Run(set.name, func(t *testing.T) {
			c := openHandler(t, &answering{}, nil).client()
			c.offset.Store(int64(set.before))
			c.observeClock(now.Add(set.written+set.ahead).Truncate(time.Second), now, now.Add(set.took))
			if set.moves {
				assert.InDelta(t, set.ahead, c.ClockOffset(), float64(10*time.Second))
			} else {
				assert.Equal(t, set.before, c.ClockOffset())
			}
		})
	}
}

// Also a refusal tells AWS's time: a clock that is off refuses every signature.
func TestClockOffsetFromRefusals(t *testing.T) {
	f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("X-Amzn-Requestid", "1")
		wireError{403, "RequestTimeTooSkewed", "skewed"}.ServeHTTP(w, r)
	}), func(s *Settings) { s.Clock = poll.System{} })
	_, err := f.client().restAPIs(context.Background())
	assert.Equal(t, Signature, ClassOf(err))
	assert.InDelta(t, time.Hour, f.client().ClockOffset(), float64(2*time.Second))
}

// What answers in AWS's place, as a proxy that can't reach it, does not tell AWS's time.
func TestClockOffsetIsNotAProxys(t *testing.T) {
	date := time.Now().Add(8 * time.Hour).UTC().Format(http.TimeFormat)
	f := openHandler(t, &answering{status: http.StatusBadGateway, body: []byte("<html>"), headers: map[string]string{"Date": date}}, nil)
	_, err := f.client().restAPIs(context.Background())
	assert.Equal(t, Server, ClassOf(err))
	assert.Zero(t, f.client().ClockOffset())
	assert.False(t, f.client().ClockKnown())
}

// A clock that is off by more than AWS takes costs each service's first request, which is signed again by the time of the refusal.
func TestRequestsAreSignedByAWSsClock(t *testing.T) {
	ahead := time.Now().Add(time.Hour)
	var calls, refused atomic.Int64
	f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.Header().Set("Date", ahead.UTC().Format(http.TimeFormat))
		w.Header().Set("X-Amzn-Requestid", "1")
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		assert.NoError(t, err)
		if ahead.Sub(signed).Abs() > 5*time.Minute {
			refused.Add(1)
			wireError{403, "InvalidSignatureException", "Signature expired"}.ServeHTTP(w, r)
			return
		}
		_, _ = w.Write([]byte(noAPIs))
	}), nil)
	_, err := f.client().restAPIs(context.Background())
	require.NoError(t, err)
	_, err = f.client().restAPIs(context.Background())
	require.NoError(t, err)
	assert.EqualValues(t, 1, refused.Load())
	assert.EqualValues(t, 3, calls.Load())
}

// A clock header that is none, or absent, leaves the offset alone.
func TestDateThatIsNone(t *testing.T) {
	for _, date := range []string{"", "yesterday", "2026-01-01"} {
		f := openHandler(t, &answering{body: []byte(noAPIs), headers: map[string]string{"Date": date}}, func(s *Settings) { s.Clock = poll.System{} })
		_, err := f.client().restAPIs(context.Background())
		assert.NoError(t, err)
		assert.Zero(t, f.client().ClockOffset())
	}
}
