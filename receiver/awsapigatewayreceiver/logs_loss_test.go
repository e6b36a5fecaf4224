package awsapigatewayreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// oneGroup is a world with one stage, whose access log goes to one group.
func oneGroup(from, to time.Time, perMinute float64, groups ...*awssim.LogGroup) *awssim.World {
	w := region(&awssim.API{ID: "rest000001", Name: "orders", Created: from.Add(-1000 * time.Hour), Stages: []*awssim.Stage{
		logged("prod", "/access/orders", restFormats["json"], from, to, perMinute),
	}})
	w.Accounts[0].Regions[0].LogGroups = groups
	return w
}

// leaveOut takes what was written in [from, to) out of a truth, and of what came.
func (r *rig) leaveOut(want map[string]record, from, to time.Time) {
	drop := func(_ string, rec record) bool { return !rec.At.Before(from) && rec.At.Before(to) }
	maps.DeleteFunc(want, drop)
	r.records.mu.Lock()
	defer r.records.mu.Unlock()
	maps.DeleteFunc(r.records.byUID, drop)
}

// checkLost holds the one record, the warning and the counter that say what is lost to an interval.
func (r *rig) checkLost(reason string, from, to time.Time) {
	r.t.Helper()
	r.records.mu.Lock()
	defer r.records.mu.Unlock()
	require.Len(r.t, r.records.lost, 1)
	lost := r.records.lost[0]
	assert.Equal(r.t, reason, lost.Attributes[prefix+"lost.reason"])
	assert.Equal(r.t, "WARN", lost.Severity)
	assert.Contains(r.t, lost.Body, "/access/orders")
	assert.Equal(r.t, stageResource(r.world.Accounts[0].Regions[0].APIs[0], "prod", "/access/orders"), lost.Resource)
	var at [2]time.Time
	for i, name := range []string{"lost.from", "lost.to"} {
		parsed, err := time.Parse(time.RFC3339Nano, lost.Attributes[prefix+name].(string))
		require.NoError(r.t, err)
		at[i] = parsed
	}
	// The clock is fast: between two polls, on a busy machine, it goes on by minutes.
	assert.WithinDuration(r.t, from, at[0], 5*time.Minute, "the beginning of what is lost")
	assert.WithinDuration(r.t, to, at[1], 5*time.Minute, "the end of what is lost")
	assert.InDelta(r.t, at[1].Sub(at[0]).Seconds(), r.count("lost_seconds", "signal", "logs"), 0.01)
}

// A log group that is deleted and made again is read on; what was written and not read in between is said to be lost, once.
func TestLogGroupIsMadeAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to, deleted, again time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(70*time.Minute)
			deleted, again = epoch.Add(20*time.Minute), epoch.Add(40*time.Minute)
			return oneGroup(from, to, 20, &awssim.LogGroup{Name: "/access/orders", Deleted: deleted}, &awssim.LogGroup{Name: "/access/orders", Created: again})
		}, func(c *awssim.Config) { c.Ingestion = onTime })
		r.measured()
		stop := r.start()
		defer stop()
		r.until(again.Add(-5 * time.Minute))
		assert.InDelta(t, 1, r.count("unreadable_log_groups", "reason", "missing"), 0)
		r.until(to)
		want := r.accessTruth(from, to, nil)
		r.leaveOut(want, deleted.Add(-5*time.Minute), again)
		r.await(want)
		assert.Zero(t, r.count("unreadable_log_groups"))
		stop()
		r.leaveOut(want, deleted.Add(-5*time.Minute), again)
		compareRecords(t, r.records, want)
		r.checkLost("deleted", deleted, again)
		assert.Equal(t, 1, r.logs.FilterMessage("A log group can't be read").Len())
		assert.Equal(t, 1, r.logs.FilterMessage("A log group can be read again").Len())
		assert.Equal(t, 1, r.logs.FilterMessage("Log events can't be read any more").Len())
	})
}

// What retention took away during an outage, or what max_backfill leaves out, is said to be lost, once. Everything else comes.
func TestOutageIsLongerThanWhatCanBeRead(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		group  *awssim.LogGroup
		edit   func(*Config)
		reason string
		back   time.Duration // from the restart, what is read
	}{
		"retention": {
			group: &awssim.LogGroup{Name: "/access/orders", RetentionDays: 1}, reason: "retention", back: 24 * time.Hour,
			edit: func(c *Config) { c.Logs.MaxBackfill = 7 * 24 * time.Hour },
		},
		"max_backfill": {
			group: &awssim.LogGroup{Name: "/access/orders"}, reason: "max_backfill", back: 6 * time.Hour,
			edit: func(c *Config) { c.Logs.MaxBackfill = 6 * time.Hour },
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-20*time.Minute), epoch.Add(31*time.Hour)
					return oneGroup(from, to, 4, set.group)
				}, func(c *awssim.Config) { c.Ingestion = onTime })
				r.measured()
				r.dir = t.TempDir()
				r.edit = func(c *Config) {
					readLogs(c)
					set.edit(c)
				}
				stop := r.start()
				r.until(r.epoch.Add(20 * time.Minute))
				stop()
				stopped := r.now()
				r.jump(r.epoch.Add(30 * time.Hour))
				restarted := r.now()
				stop = r.start()
				r.until(restarted.Add(10 * time.Minute))
				stop()
				stop = r.start() // nor is it said again
				defer stop()
				r.until(to)
				want := r.accessTruth(from, to, nil)
				oldest := restarted.Add(-set.back)
				for range 2 {
					r.leaveOut(want, stopped.Add(-5*time.Minute), oldest.Add(10*time.Minute))
					r.await(want)
				}
				stop()
				compareRecords(t, r.records, want)
				assert.Zero(t, r.records.repeated)
				r.checkLost(set.reason, stopped, oldest)
			})
		})
	}
}

// Groups that can't be read are counted by the reason and named once, with the remedy; those beside them are read, and those that are mended, with all that
// was written meanwhile.
func TestUnreadableLogGroups(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to, mended time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to, mended = epoch.Add(-20*time.Minute), epoch.Add(60*time.Minute), epoch.Add(40*time.Minute)
			api := &awssim.API{ID: "rest000001", Name: "orders", Created: from.Add(-100 * time.Hour)}
			for _, name := range []string{"good", "cheap", "delivered", "sealed", "streamed", "elsewhere", "abroad", "missing"} {
				api.Stages = append(api.Stages, logged(name, "/access/"+name, restFormats["json"], from, to, 20))
			}
			for i, arn := range map[int]string{
				4: "arn:aws:firehose:us-east-1:111122223333:deliverystream/amazon-apigateway-orders",
				5: "arn:aws:logs:us-east-1:222233334444:log-group:/access/elsewhere",
				6: "arn:aws:logs:eu-west-1:111122223333:log-group:/access/abroad",
			} {
				api.Stages[i].AccessLog.DestinationARN = arn
			}
			w := region(api)
			w.Accounts[0].Regions[0].LogGroups = []*awssim.LogGroup{
				{Name: "/access/cheap", Class: awssim.ClassInfrequentAccess},
				{Name: "/access/delivered", Class: awssim.ClassDelivery},
				{Name: "/access/sealed", KMSKeyID: "arn:aws:kms:us-east-1:111122223333:key/1", KMSBroken: []awssim.Span{{From: from, To: mended}}},
				{Name: "/access/missing", Created: from.Add(-time.Hour), Deleted: from},
			}
			return w
		}, func(c *awssim.Config) { c.Ingestion = onTime })
		r.measured()
		stop := r.start()
		defer stop()
		r.until(mended.Add(-5 * time.Minute))
		for reason, n := range map[string]float64{
			"infrequent_access": 1, "delivery": 1, "firehose": 1, "other_account_or_region": 2, "kms": 1, "missing": 1,
		} {
			assert.InDelta(t, n, r.count("unreadable_log_groups", "reason", reason), 0, reason)
		}
		want := r.accessTruth(from, to, nil)
		maps.DeleteFunc(want, func(_ string, w record) bool {
			return w.Resource[prefix+"stage"] != "good" && w.Resource[prefix+"stage"] != "sealed"
		})
		r.until(to)
		r.await(want)
		assert.Zero(t, r.count("unreadable_log_groups", "reason", "kms"))
		stop()
		compareRecords(t, r.records, want)
		assert.Empty(t, r.records.lost)

		said := map[string]map[string]any{}
		for _, e := range r.logs.FilterMessage("A log group can't be read").All() {
			m := e.ContextMap()
			name := m["log_group"].(string)
			assert.NotContains(t, said, name, "said twice")
			assert.NotEmpty(t, m["remedy"])
			said[name] = m
		}
		assert.Len(t, said, 7)
		for name, reason := range map[string]string{
			"/access/cheap": "infrequent_access", "/access/delivered": "delivery", "/access/sealed": "kms", "/access/missing": "missing",
			"arn:aws:firehose:us-east-1:111122223333:deliverystream/amazon-apigateway-orders": "firehose",
		} {
			assert.Equal(t, reason, said[name]["reason"], name)
		}
	})
}
