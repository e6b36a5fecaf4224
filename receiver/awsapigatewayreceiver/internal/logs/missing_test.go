package logs

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// notFound is what reading says of a group that does not exist.
var notFound = failure(aws.Invalid, "ResourceNotFoundException")

// A group that is deleted while a sweep of it is under way, which learns of it last, is read again when it is made again.
func TestGroupDeletedDuringASweepIsReadWhenItIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneGroup.snapshot(t), nil)
		var deleted atomic.Bool
		made := began.Add(30 * time.Minute)
		exists := func() bool { return !deleted.Load() || !time.Now().Before(made) }
		b.client.describe = func(names []string) ([]model.LogGroup, error) {
			switch {
			case !exists():
				return nil, nil
			case deleted.Load():
				return []model.LogGroup{{Name: names[0], Created: made}}, nil
			}
			return []model.LogGroup{{Name: names[0], Created: began.Add(-day)}}, nil
		}
		b.client.filter = func(_ string, from, to int64, _ string) (page model.LogPage, err error) {
			sweep := to < time.Now().Add(-time.Minute).UnixMilli()
			if sweep && !deleted.Load() {
				deleted.Store(true)
				time.Sleep(8 * time.Minute) // polls and DescribeLogGroups have said it by then
				assert.Equal(t, map[string]int{"missing": 1}, b.Status().Unreadable)
				return page, notFound
			}
			if !exists() {
				return page, notFound
			}
			if deleted.Load() {
				from = max(from, made.UnixMilli())
			}
			return events(began, from, to, 6*time.Second), nil
		}
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(29 * time.Minute)
		require.True(t, deleted.Load(), "a sweep was under way")
		assert.Equal(t, map[string]int{"missing": 1}, b.Status().Unreadable)
		time.Sleep(31 * time.Minute)
		assert.Empty(t, b.Status().Unreadable)
		got := map[string]int{}
		for _, r := range b.came() {
			got[r.uid]++
		}
		for _, e := range events(began, made.UnixMilli(), began.Add(59*time.Minute).UnixMilli(), 6*time.Second).Events {
			require.Equal(t, 1, got[e.ID], "the event at %v", time.UnixMilli(e.Timestamp).Sub(began))
		}
		assert.Equal(t, 1, b.said.FilterMessage("A log group can't be read").Len())
		assert.Equal(t, 1, b.said.FilterMessage("A log group can be read again").Len())
	})
}

// Where reading says that a group does not exist, and DescribeLogGroups says that it does, it is tried from time to time, and said once.
func TestGroupThatIsThereAndNotThereIsTriedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneGroup.snapshot(t), nil)
		var described atomic.Int64
		b.client.describe = func(names []string) ([]model.LogGroup, error) {
			described.Add(1)
			return []model.LogGroup{{Name: names[0], Created: began.Add(-day)}}, nil
		}
		b.client.filter = func(string, int64, int64, string) (page model.LogPage, err error) { return page, notFound }
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(2 * time.Hour)
		assert.Equal(t, map[string]int{"missing": 1}, b.Status().Unreadable)
		assert.LessOrEqual(t, len(b.client.made()), 120/2+1, "every two minutes")
		assert.GreaterOrEqual(t, len(b.client.made()), 120/3)
		assert.LessOrEqual(t, described.Load(), int64(120+2), "once more for each that failed")
		assert.Equal(t, 1, b.said.Len())
		assert.Equal(t, "missing", b.said.All()[0].ContextMap()["reason"])
	})
}

// A group that was deleted and made again between two polls, of which none failed, loses one poll's interval at most, which is said once; what is
// written from then on comes out once.
func TestGroupMadeAnewBetweenTwoPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneGroup.snapshot(t), nil)
		made := began.Add(17*time.Minute + 3*time.Second)
		b.client.describe = func(names []string) ([]model.LogGroup, error) {
			if time.Now().Before(made) {
				return []model.LogGroup{{Name: names[0], Created: began.Add(-day)}}, nil
			}
			return []model.LogGroup{{Name: names[0], Created: made}}, nil
		}
		b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
			if !time.Now().Before(made) {
				from = max(from, made.UnixMilli())
			}
			return events(began, from, min(to, time.Now().UnixMilli()), 6*time.Second), nil
		}
		stop := b.run(t.Context())
		defer stop()
		time.Sleep(time.Hour)
		got := map[string]int{}
		var losses []record
		for _, r := range b.came() {
			if r.event == eventLost {
				losses = append(losses, r)
				continue
			}
			got[r.uid]++
		}
		require.Len(t, losses, 1)
		assert.Equal(t, "deleted", losses[0].attributes[attrLostReason])
		assert.Equal(t, made.Add(-b.Config.PollInterval).UTC().Format(time.RFC3339Nano), losses[0].attributes[attrLostFrom])
		assert.Equal(t, made.UTC().Format(time.RFC3339Nano), losses[0].attributes[attrLostTo])
		assert.InDelta(t, b.Config.PollInterval.Seconds(), b.lostSecs, 1e-6)
		for _, e := range events(began, 0, began.Add(59*time.Minute).UnixMilli(), 6*time.Second).Events {
			if lost := made.UnixMilli() - e.Timestamp; lost > 0 && lost <= b.Config.PollInterval.Milliseconds() {
				assert.LessOrEqual(t, got[e.ID], 1)
				continue
			}
			require.Equal(t, 1, got[e.ID], "the event at %v", time.UnixMilli(e.Timestamp).Sub(began))
		}
	})
}
