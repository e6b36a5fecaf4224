package aws

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/time/rate"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// logWorld is a region with two log groups that can be read, one with five lines and one with thousands, and two that can't.
func logWorld(now time.Time) *awssim.World {
	lines := make([]awssim.LogLine, 5)
	for i := range lines {
		lines[i] = awssim.LogLine{At: now.Add(time.Duration(i-10) * time.Minute), Stream: "s", Message: fmt.Sprintf("line %d: \"é\" \\\n", i)}
	}
	created := now.Add(-time.Hour)
	return &awssim.World{Accounts: []*awssim.Account{{ID: testAccount, Regions: []*awssim.Region{{Name: testRegion, LogGroups: []*awssim.LogGroup{
		{Name: "few", Lines: lines, RetentionDays: 30, KMSKeyID: "arn:aws:kms:us-east-1:111122223333:key/k", Created: created},
		{Name: "many", Bulk: &awssim.Bulk{Events: 5000, From: created, To: now.Add(-time.Minute), Size: 500}},
		{Name: "rare", Class: awssim.ClassInfrequentAccess, Created: created},
		{Name: "locked", Created: created, KMSBroken: []awssim.Span{{From: created, To: now.Add(24 * time.Hour)}}},
	}}}}}}
}

// logFixture is a session on the embedded AWS with logWorld, of which [from, to] has all events.
func logFixture(t *testing.T, faults awssim.Faults) (f *fixture, from, to int64) {
	now := time.Now()
	f = openSim(t, logWorld(now), func(c *awssim.Config) { c.Faults = faults }, nil)
	return f, now.Add(-time.Hour).UnixMilli(), now.UnixMilli()
}

// readGroup reads all pages of a log group's events.
func readGroup(f *fixture, group string, from, to int64) (events []model.LogEvent, pages int, err error) {
	page := model.LogPage{}
	for token := ""; ; token = page.Token {
		if err = f.client().FilterLogEvents(context.Background(), group, from, to, token, &page); err != nil {
			return events, pages, err
		}
		pages++
		events = append(events, page.Events...)
		if page.Token == "" {
			return events, pages, nil
		}
	}
}

func TestLogEventsAreWhatTheGroupHas(t *testing.T) {
	f, from, to := logFixture(t, awssim.Faults{})
	events, pages, err := readGroup(f, "few", from, to)
	require.NoError(t, err)
	require.Len(t, events, 5)
	assert.Equal(t, 1, pages)
	for i, e := range events {
		assert.Equal(t, fmt.Sprintf("line %d: \"é\" \\\n", i), e.Message)
		assert.Equal(t, "s", e.Stream)
		assert.Len(t, e.ID, 56)
		assert.GreaterOrEqual(t, e.Timestamp, from)
		assert.GreaterOrEqual(t, e.Ingested, e.Timestamp)
	}
	assert.EqualValues(t, 1, f.counted("aws_calls", attribute.String("operation", "FilterLogEvents"), attribute.String("outcome", "ok")))
}

func TestLogPagesAreFollowedByTheirTokens(t *testing.T) {
	for name, faults := range map[string]awssim.Faults{"full": {}, "with empty ones between": {EmptyPages: 0.5}} {
		t.Run(name, func(t *testing.T) {
			f, from, to := logFixture(t, faults)
			events, pages, err := readGroup(f, "many", from, to)
			require.NoError(t, err)
			assert.Len(t, events, 5000)
			assert.Greater(t, pages, 2, "a page is at most 1 MB")
			ids := map[string]bool{}
			for i := range events {
				ids[events[i].ID] = true
			}
			assert.Len(t, ids, 5000)
		})
	}
}

func TestLogGroupsThatCannotBeReadSayWhy(t *testing.T) {
	reasons := map[string]func(error) bool{
		"not found": LogGroupNotFound, "class": LogClassUnreadable, "key": LogKeyUnusable, "token": LogTokenInvalid,
	}
	f, from, to := logFixture(t, awssim.Faults{})
	page := model.LogPage{Events: make([]model.LogEvent, 3)}
	for name, tt := range map[string]struct{ group, token, remedy string }{
		"not found": {group: "nowhere"},
		"class":     {group: "rare"},
		"key":       {group: "locked", remedy: "KMS key of the log group has to exist"},
		"token":     {group: "few", token: "made up"},
	} {
		err := f.client().FilterLogEvents(context.Background(), tt.group, from, to, tt.token, &page)
		require.Error(t, err, name)
		require.ErrorContains(t, err, tt.remedy)
		assert.Empty(t, page.Events, name)
		for reason, is := range reasons {
			assert.Equal(t, reason == name, is(err), "%s: %s", name, reason)
		}
	}
}

// A denial quotes the group's name, which may say anything.
func TestOnlyKeysAreKeyProblems(t *testing.T) {
	f, from, to := logFixture(t, awssim.Faults{Deny: map[string]awssim.DenyKind{"FilterLogEvents": awssim.IdentityPolicy}})
	require.NoError(t, f.client().Identify(context.Background()))
	err := f.client().FilterLogEvents(context.Background(), "KMS-key/kms/few", from, to, "", &model.LogPage{})
	assert.Equal(t, Denied, ClassOf(err))
	assert.False(t, LogKeyUnusable(err))
	assert.ErrorContains(t, err, "allow logs:FilterLogEvents on arn:aws:logs:us-east-1:111122223333:log-group:*")
}

// The reader has other groups to read: it is told at once, and the limiter backs off.
func TestLogEventsAreAskedForOnce(t *testing.T) {
	for class, faults := range map[Class]awssim.Faults{
		Throttled: {Throttle: 1}, Server: {ServerError: 1}, Network: {Drop: 1}, Expired: {ExpiredCredentials: true},
		Malformed: {Malformed: 1, MalformedKinds: []string{awssim.MalformedGarbage}},
	} {
		t.Run(string(class), func(t *testing.T) {
			faults.Only = []string{"FilterLogEvents"}
			f, from, to := logFixture(t, faults)
			err := f.client().FilterLogEvents(context.Background(), "few", from, to, "", &model.LogPage{})
			assert.Equal(t, class, ClassOf(err))
			assert.EqualValues(t, 1, f.counted("aws_calls", attribute.String("operation", "FilterLogEvents"), attribute.String("outcome", string(class))))
			assert.Zero(t, f.counted("aws_retries"))
			limiter := f.client().limits.Load().logEvents
			assert.Equal(t, class == Throttled, limiter.lim.Limit() < limiter.max)
		})
	}
}

func TestEventsWithoutAnIDAreLeftOutAndCounted(t *testing.T) {
	f, from, to := logFixture(t, awssim.Faults{Malformed: 1, MalformedKinds: []string{awssim.MalformedMissing}, Only: []string{"FilterLogEvents"}})
	events, _, err := readGroup(f, "few", from, to)
	require.NoError(t, err)
	assert.Empty(t, events)
	assert.EqualValues(t, 5, f.malformed())
}

func TestLogEventsEndWithTheirContext(t *testing.T) {
	f, from, to := logFixture(t, awssim.Faults{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.Equal(t, Canceled, ClassOf(f.client().FilterLogEvents(ctx, "few", from, to, "", &model.LogPage{})))
	assert.Equal(t, Canceled, ClassOf(f.client().WaitLogEvents(ctx)))
}

// Half of the quota is ours, people's consoles share the rest; the burst is a fifth of a second's worth.
func TestLogEventsTakeHalfOfTheRegionsQuota(t *testing.T) {
	for region, want := range map[string]struct {
		rate  float64
		burst int
	}{"eu-west-1": {5, 1}, "us-east-1": {12.5, 2}, "eu-central-1": {2.5, 1}, "il-central-1": {2.5, 1}} {
		l := limitsFor(limitsKey{endpoint: t.Name(), region: region}, 2, 0).logEvents
		assert.InDelta(t, want.rate, float64(l.lim.Limit()), 0, region)
		assert.Equal(t, want.burst, l.lim.Burst(), region)
	}
	k := limitsKey{endpoint: t.Name(), region: "eu-west-1"}
	l := limitsFor(k, 2, 1000).logEvents
	assert.Equal(t, rate.Limit(1000), l.lim.Limit(), "the setting wins, the newest one")
	assert.Equal(t, 200, l.lim.Burst())
	assert.Same(t, l, limitsFor(k, 2, 0).logEvents)
	assert.Equal(t, rate.Limit(5), l.lim.Limit())
}

func TestWaitLogEventsKeepsTheRate(t *testing.T) {
	f := openHandler(t, http.NotFoundHandler(), func(s *Settings) { s.LogRequestsPerSecond = 50 })
	clock := &stepClock{now: time.Unix(1_700_000_000, 0)}
	c := f.client()
	c.clock = clock
	for range 110 {
		require.NoError(t, c.WaitLogEvents(context.Background()))
	}
	assert.InDelta(t, 2, clock.slept.Seconds(), 0.01, "a burst of 10, then 50 a second")
}
