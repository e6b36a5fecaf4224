package logs

import (
	"errors"
	"strconv"
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

// oneGroup is an account with a stage that writes into the group "orders".
var oneGroup = account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + logging("prod", arn("orders"), "$context.requestId $context.status") + "]"}

// A page of which events lie outside of the interval, or lack what they need, is asked for again, five times in a row; then it is taken without them.
func TestPagesThatMakeNoSense(t *testing.T) {
	c := &chain{span: span{10, 20}}
	page := func(unusable int, at ...int64) *model.LogPage {
		p := &model.LogPage{Unusable: unusable}
		for _, ms := range at {
			p.Events = append(p.Events, model.LogEvent{Timestamp: ms})
		}
		return p
	}
	assert.NoError(t, c.check(page(0, 10, 15, 20)))
	assert.NoError(t, c.check(page(0)))
	for range maxMalformed {
		assert.ErrorContains(t, c.check(page(1, 9, 15, 21)), "3 of its events")
	}
	last := page(1, 9, 15, 21)
	assert.NoError(t, c.check(last))
	assert.Equal(t, page(1, 15), last)
	assert.Error(t, c.check(page(1, 15)), "and the count begins anew")
	assert.NoError(t, c.check(page(0, 15)))
	for range maxMalformed {
		assert.Error(t, c.check(page(0, 21)))
	}
}

// What DescribeLogGroups says decides whether a group is read. Where it fails, groups are read all the same.
func TestDescriptionsDecideWhatIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		groups []model.LogGroup
		err    error
		reason string
	}{
		"standard":          {[]model.LogGroup{{Name: "orders", Class: "STANDARD"}}, nil, ""},
		"no class":          {[]model.LogGroup{{Name: "orders"}}, nil, ""},
		"infrequent access": {[]model.LogGroup{{Name: "orders", Class: "INFREQUENT_ACCESS"}}, nil, "infrequent_access"},
		"delivery":          {[]model.LogGroup{{Name: "orders", Class: "DELIVERY"}}, nil, "delivery"},
		"missing":           {nil, nil, "missing"},
		"denied":            {nil, failure(aws.Denied, "AccessDeniedException"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneGroup.snapshot(t), nil)
				b.client.describe = func([]string) ([]model.LogGroup, error) { return c.groups, c.err }
				stop := b.run(t.Context())
				defer stop()
				time.Sleep(12 * time.Minute)
				status := b.Status()
				assert.Equal(t, 1, status.Groups)
				if c.reason == "" {
					assert.Greater(t, len(b.client.made()), 5)
					assert.Empty(t, status.Unreadable)
					assert.NotZero(t, status.LastSuccess)
				} else {
					assert.Empty(t, b.client.made())
					assert.Equal(t, map[string]int{c.reason: 1}, status.Unreadable)
					assert.Zero(t, status.ReadTo)
				}
				if c.reason == "" && c.err == nil {
					assert.Zero(t, b.said.Len())
				} else {
					assert.Equal(t, 1, b.said.Len(), "said once")
				}
			})
		})
	}
}

// A group that is made later is found within the longest poll interval, and read from then on.
func TestMissingGroupIsLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneGroup.snapshot(t), nil)
		b.client.describe = func(names []string) ([]model.LogGroup, error) {
			if time.Since(began) < 7*time.Minute {
				return nil, nil
			}
			return []model.LogGroup{{Name: names[0], Created: began.Add(7 * time.Minute)}}, nil
		}
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(20 * time.Minute)
		calls := b.client.made()
		require.NotEmpty(t, calls)
		assert.LessOrEqual(t, calls[0].at.Sub(began), 7*time.Minute+b.Config.MaxPollInterval+describePause)
		require.Equal(t, 2, b.said.Len())
		assert.Equal(t, "missing", b.said.All()[0].ContextMap()["reason"])
		assert.Equal(t, "A log group can be read again", b.said.All()[1].Message)
		assert.Empty(t, b.Status().Unreadable)
		assert.Zero(t, b.lostSecs)
	})
}

// Where reading says that a group can't be read at all, it is tried from time to time until it can; what was written meanwhile is read then.
func TestUnreadableGroupIsProbedUntilItWorks(t *testing.T) {
	for code, reason := range map[string]string{
		"KMSDisabledException": "kms", "ResourceNotFoundException": "missing", "InvalidOperationException": "infrequent_access",
	} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := newBench(t, oneGroup.snapshot(t), nil)
				b.client.filter = func(_ string, from, to int64, _ string) (page model.LogPage, err error) {
					if since := time.Since(began); since > time.Minute && since < 21*time.Minute {
						return page, failure(aws.Invalid, code)
					}
					return events(began, from, to, 6*time.Second), nil
				}
				stop := b.run(t.Context())
				defer stop()
				time.Sleep(15 * time.Minute)
				assert.Equal(t, map[string]int{reason: 1}, b.Status().Unreadable)
				all, some := b.healthy()
				assert.NoError(t, errors.Join(all, some), "it is said and counted by its reason")
				failed := 0
				for _, c := range b.client.made() {
					if c.at.Sub(began) > time.Minute {
						failed++
					}
				}
				assert.LessOrEqual(t, failed, 1+14/2, "every two minutes")
				assert.GreaterOrEqual(t, failed, 6)
				time.Sleep(15 * time.Minute)
				assert.Empty(t, b.Status().Unreadable)
				require.Equal(t, 2, b.said.Len(), "that it can't be read, and that it can")
				assert.Equal(t, reason, b.said.All()[0].ContextMap()["reason"])
				assert.Equal(t, remedies[reason], b.said.All()[0].ContextMap()["remedy"])
				assertEachOnce(t, b, began, 29*time.Minute, 6*time.Second)
			})
		})
	}
}

// events are those of an interval: one each step from a time on, which can be read at once.
func events(began time.Time, from, to int64, step time.Duration) (page model.LogPage) {
	for at := began.UnixMilli(); at <= to; at += step.Milliseconds() {
		if at >= from {
			id := strconv.FormatInt(at, 10)
			page.Events = append(page.Events, model.LogEvent{Timestamp: at, Ingested: at, ID: id, Message: id + " 200", Stream: "s"})
		}
	}
	return page
}

// assertEachOnce asserts that each of the events came out once.
func assertEachOnce(t *testing.T, b *bench, began time.Time, length, step time.Duration) {
	t.Helper()
	got := map[string]int{}
	for _, r := range b.came() {
		got[r.uid]++
	}
	want := events(began, 0, began.Add(length).UnixMilli(), step).Events
	for _, e := range want {
		require.Equal(t, 1, got[e.ID], "the event at %v", time.UnixMilli(e.Timestamp).Sub(began))
	}
}

// Failures that pass are tried again with longer and longer waits, from the page that failed; after some of them, or one that a policy is to blame for,
// the group is one that can't be read, until it can.
func TestFailuresAreRetriedAndReported(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		reported bool
		most     int // calls in the 10 minutes of failure
	}{
		"server":    {failure(aws.Server, "InternalFailure"), true, 16},
		"throttled": {failure(aws.Throttled, "ThrottlingException"), true, 6100},
		"denied":    {failure(aws.Denied, "AccessDeniedException"), true, 16},
		"token": {&aws.Error{
			Operation: "FilterLogEvents", Class: aws.Invalid, Code: "InvalidParameterException",
			Err: &smithy.GenericAPIError{Code: "InvalidParameterException", Message: "The specified nextToken is invalid."},
		}, true, 16},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := newBench(t, oneGroup.snapshot(t), nil)
				b.client.filter = func(_ string, from, to int64, token string) (page model.LogPage, err error) {
					if since := time.Since(began); since > time.Minute && since < 11*time.Minute {
						return page, c.err
					}
					page = events(began, from, to, 6*time.Second)
					if token == "" && len(page.Events) > 1 {
						page.Events, page.Token = page.Events[:1], "more"
					} else if token != "" {
						page.Events = page.Events[1:]
					}
					return page, nil
				}
				stop := b.run(t.Context())
				defer stop()
				time.Sleep(11*time.Minute - time.Second)
				all, some := b.healthy()
				assert.ErrorIs(t, all, c.err)
				assert.ErrorContains(t, all, `log group "orders": cannot call FilterLogEvents`)
				assert.NoError(t, some)
				assert.LessOrEqual(t, len(b.client.made()), 20+c.most)
				time.Sleep(5 * time.Minute)
				all, some = b.healthy()
				assert.NoError(t, errors.Join(all, some))
				assertEachOnce(t, b, began, 15*time.Minute, 6*time.Second)
			})
		})
	}
}

// A start that does not hear from AWS at first is well as soon as it does, also where there is no log group to read.
func TestHealthAfterAStartWithoutAWS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, account{}.snapshot(t), nil)
		up := atomic.Bool{}
		b.client.known = up.Load
		b.client.describe = func([]string) ([]model.LogGroup, error) { return nil, failure(aws.Network, "") }
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(time.Minute)
		all, _ := b.healthy()
		assert.Error(t, all)
		up.Store(true)
		time.Sleep(5 * time.Minute)
		all, _ = b.healthy()
		assert.NoError(t, all)
	})
}

// Where some groups can't be read and others can, that is said of a part; at most three are named.
func TestHealthNamesSomeGroups(t *testing.T) {
	b := newBench(t, nil, nil)
	for i := range 7 {
		g := &group{name: "g" + strconv.Itoa(i), seen: newMemory(), answered: true}
		if i < 5 {
			g.err = errTest
		}
		if i == 6 {
			g.unreadable, g.err = "kms", errTest
		}
		b.groups.put(g)
	}
	b.reportHealth()
	all, some := b.healthy()
	assert.NoError(t, all)
	assert.EqualError(t, some, "log group \"g0\": said AWS\nlog group \"g1\": said AWS\nlog group \"g2\": said AWS\nand 2 more")
	b.groups.get("g5").err = errTest
	b.reportHealth()
	all, some = b.healthy()
	assert.ErrorContains(t, all, "and 3 more")
	assert.NoError(t, some)
}

// What retention, an outage that was too long, or a group that was made anew takes away is lost from the last read on; of a group that was never read
// nothing is lost.
func TestClampGroup(t *testing.T) {
	now := time.UnixMilli(t0)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	for name, c := range map[string]struct {
		group  *group
		lost   span
		reason string
	}{
		"all is there":                {&group{described: model.LogGroup{RetentionDays: 1}, begun: true, pos: position{newest: ago(time.Hour), readTo: ago(time.Hour)}}, span{}, ""},
		"retention":                   {&group{described: model.LogGroup{RetentionDays: 1}, begun: true, pos: position{newest: ago(3 * day), readTo: ago(2 * day)}}, span{ago(2 * day), ago(day)}, "retention"},
		"never read":                  {&group{described: model.LogGroup{RetentionDays: 1}, pos: position{newest: ago(3 * day), readTo: ago(2 * day)}}, span{}, ""},
		"a long outage":               {&group{restored: true, savedAt: now.Add(-2 * day), begun: true, pos: position{newest: ago(3 * day), readTo: ago(2 * day)}}, span{ago(2 * day), ago(day)}, "max_backfill"},
		"a long outage in the past":   {&group{begun: true, pos: position{newest: ago(3 * day), readTo: ago(2 * day)}}, span{}, ""},
		"a long outage in a backlog":  {&group{restored: true, savedAt: now.Add(-2 * day), begun: true, pos: position{newest: ago(5 * day), readTo: ago(6 * day), open: true}}, span{ago(5*day) + 1, ago(day)}, "max_backfill"},
		"a backlog":                   {&group{restored: true, savedAt: now.Add(-time.Hour), begun: true, pos: position{newest: ago(3 * day), readTo: ago(2 * day), open: true}}, span{}, ""},
		"made anew":                   {&group{recreated: ago(time.Minute), begun: true, pos: position{newest: ago(2 * time.Hour), readTo: ago(time.Hour)}}, span{ago(time.Hour), ago(time.Minute)}, "deleted"},
		"made anew between two polls": {&group{recreated: ago(time.Minute), begun: true, pos: position{newest: ago(time.Hour), readTo: ago(time.Second)}}, span{ago(70 * time.Second), ago(time.Minute)}, "deleted"},
		"the nearest of them":         {&group{described: model.LogGroup{RetentionDays: 3}, restored: true, savedAt: now.Add(-2 * day), begun: true, recreated: ago(2 * day), pos: position{newest: ago(6 * day), readTo: ago(5 * day)}}, span{ago(5 * day), ago(day)}, "max_backfill"},
	} {
		t.Run(name, func(t *testing.T) {
			g := c.group
			g.seen = newMemory()
			lost, reason := g.clamp(now, day, 10*time.Second)
			assert.Equal(t, c.lost, lost)
			assert.Equal(t, c.reason, reason)
			assert.False(t, g.restored)
			lost, reason = g.clamp(now, day, 10*time.Second)
			assert.Equal(t, span{}, lost, "it is said once")
			assert.Empty(t, reason)
		})
	}
}

// What is lost is one record on the resource of the group's lines, one warning, and seconds.
func TestLostIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneGroup.snapshot(t), nil)
		// It is gone for a while, and made anew; that is seen when groups are described again.
		gone, created := began.Add(150*time.Second), began.Add(240*time.Second)
		b.client.describe = func([]string) ([]model.LogGroup, error) {
			if time.Now().Before(created) {
				return []model.LogGroup{{Name: "orders", Created: began.Add(-day)}}, nil
			}
			return []model.LogGroup{{Name: "orders", Created: created}}, nil
		}
		b.client.filter = func(string, int64, int64, string) (page model.LogPage, err error) {
			if now := time.Now(); now.After(gone) && now.Before(began.Add(330*time.Second)) {
				err = failure(aws.Server, "InternalFailure")
			}
			return page, err
		}
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(time.Until(gone))
		read := b.Status().ReadTo
		time.Sleep(15 * time.Minute)
		records := b.came()
		require.Len(t, records, 1)
		r := records[0]
		assert.Equal(t, "aws.api_gateway.logs_lost", r.event)
		assert.Equal(t, "deleted", r.attributes["aws.api_gateway.lost.reason"])
		assert.Equal(t, created.UTC().Format(time.RFC3339Nano), r.attributes["aws.api_gateway.lost.to"])
		from, err := time.Parse(time.RFC3339Nano, r.attributes["aws.api_gateway.lost.from"].(string))
		require.NoError(t, err)
		assert.False(t, from.Before(read))
		assert.Equal(t, []any{"orders"}, r.resource["aws.log.group.names"])
		assert.InDelta(t, created.Sub(from).Seconds(), b.lostSecs, 1e-6)
		assert.Equal(t, created.UTC(), r.at)
		assert.Equal(t, 1, b.said.FilterMessage("Log events can't be read any more").Len())
	})
}

// The groups that remember most forget their oldest minutes, when all of them together remember too much.
func TestRememberedIDsAreBounded(t *testing.T) {
	b := newBench(t, nil, nil)
	fill := func(name string, n int) *group {
		g := &group{name: name, seen: newMemory(), pos: position{newest: t0 + 3600*second}}
		for i := range n {
			g.seen.add(t0+int64(i%60)*60*second, uint64(i), 1)
		}
		g.remembered.Store(int64(n))
		b.groups.put(g)
		return g
	}
	little, much := fill("little", 60_000), fill("much", maxRemembered)
	b.bound(little)
	assert.Equal(t, 60_000, little.seen.count)
	b.bound(much)
	b.bound(much)
	assert.LessOrEqual(t, much.seen.count+little.seen.count, maxRemembered)
	assert.Greater(t, much.seen.count, maxRemembered*9/10)
	assert.Greater(t, much.pos.settled, t0, "what is forgotten is not read again")
	assert.False(t, much.seen.has(t0, 0))
	assert.Equal(t, 1, b.said.Len(), "said once")
	assert.Equal(t, much.seen.count+little.seen.count, b.Status().Remembered)
}
