package entity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// A deletion is sent exactly once, whenever the collector is restarted.
func TestDeletionsSurviveRestarts(t *testing.T) {
	t.Parallel()
	for name, restarts := range map[string]string{
		"never": "", "before the crawl that finds it": "a", "before it is sent": "b", "after it was sent": "c", "each time": "abc", "twice before it is sent": "bb",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
			at := func(step string) {
				for range strings.Count(restarts, step) {
					r = r.restart()
				}
			}
			r.certificates("c1", "c2")
			r.crawl()
			r.flush()
			var said []string
			said = append(said, r.took()...)
			at("a")
			r.certificates("c2")
			r.crawl()
			at("b")
			r.flush()
			said = append(said, r.took()...)
			at("c")
			r.crawl()
			r.flush()
			said = append(said, r.took()...)
			deletions := slices.DeleteFunc(said, func(s string) bool { return !strings.HasPrefix(s, "delete") })
			assert.Equal(t, []string{"delete client_certificate c1"}, deletions)
			assert.Zero(t, r.failed)
		})
	}
}

// Changes, too.
func TestChangesSurviveRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.account.answers[model.GetAPIs] = []string{`{"apiId": "h1", "name": "pets", "protocolType": "HTTP"}`}
	stage := func(deployment string) {
		r.account.answers[model.GetStages] = []string{fmt.Sprintf(`{"stageName": "prod", "deploymentId": %q}`, deployment)}
	}
	stage("d1")
	r.crawl()
	r.flush()
	r.took()
	stage("d2")
	r.crawl()
	r = r.restart()
	r.flush()
	assert.Contains(t, r.took(), "event deployment")
	r = r.restart()
	r.crawl()
	r.flush()
	assert.NotContains(t, r.took(), "event deployment", "once")

	stage("d3")
	r = r.restart()
	r.crawl()
	r.flush()
	found := false
	for _, ld := range r.pipeline.batches {
		for _, rl := range ld.ResourceLogs().All() {
			for _, rec := range rl.ScopeLogs().At(0).LogRecords().All() {
				if rec.EventName() == "aws.api_gateway.deployment" {
					found = true
					assert.Equal(t, map[string]any{"aws.api_gateway.deployment_id": "d3", "aws.api_gateway.deployment.previous_id": "d2", "aws.api_gateway.observed_late": true}, rec.Attributes().AsRaw())
				}
			}
		}
	}
	assert.True(t, found, "what happened while the collector was down is told by the next crawl")
}

// A deletion that a restart finds again in the inventory, since the crash came between the two writes, is owed once.
func TestADeletionIsOwedOnce(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	d := &inventory.Delta{Deleted: []inventory.Deleted{{Type: "t", ID: model.ID{"id": "1"}}}}
	assert.Zero(t, l.add(d, hour(12)))
	assert.Zero(t, l.add(d, hour(12)))
	assert.Equal(t, 1, l.items)
	n := l.sent(l.next)
	assert.EqualValues(t, 1, n)
	assert.True(t, l.empty())
	l.add(d, hour(12))
	assert.Equal(t, 1, l.items, "once it was sent, it may be deleted again")
}

// A re-creation takes back a deletion across a restart, too.
func TestRecreatedAfterARestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1=first", "c2=first")
	r.crawl()
	r.flush()
	r.took()
	r.certificates("c2=first")
	r.crawl()
	r = r.restart()
	r.certificates("c1=again", "c2=first")
	r.crawl()
	r = r.restart()
	r.flush()
	for _, s := range r.took() {
		assert.NotContains(t, s, "delete")
	}
}

// Of states that waited when the collector was stopped the next start reports these alone, whether or not a batch was under way.
func TestStatesThatWaitedAtAStopAreReportedAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1", "c2")
	r.crawl()
	r.flush()
	r.took()
	r.certificates("c1", "c2", "c3")
	r.crawl()
	ctx, stop := context.WithCancel(context.Background())
	r.pipeline.answers, r.pipeline.onOffer = []error{errBusy}, stop
	r.Run(ctx, r.logs())
	r.certificates("c1", "c2", "c3", "c4")
	r.crawl() // one that was under way
	assert.Empty(t, r.took())
	for range 2 { // nor does a stop before anything was taken forget them
		r = r.restart()
		r.Run(ctx, r.logs()) // it is over
	}
	r = r.restart()
	r.flush()
	assert.ElementsMatch(t, []string{"state client_certificate c3", "state client_certificate c4"}, r.took())
	r = r.restart()
	r.flush()
	assert.Empty(t, r.took(), "nothing waited")
}

// States that waited when the collector was killed are not known one by one: everything is reported.
func TestWaitingStatesAreReportedAfterARestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1", "c2")
	r.crawl()
	r.flush()
	r.certificates("c1", "c2", "c3")
	r.crawl()
	r = r.restart()
	r.flush()
	assert.ElementsMatch(t, []string{"state client_certificate c1", "state client_certificate c2", "state client_certificate c3"}, r.took())
	r = r.restart()
	r.flush()
	assert.Empty(t, r.took(), "nothing waited")
}

// A first start with an inventory that was stored before there was a logs pipeline reports everything; so does one after it was left out meanwhile.
func TestFirstStartReportsEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1", "c2")
	r.crawl()
	r.flush()
	r.certificates("c2")
	r.crawl() // a deletion is owed
	require.NoError(t, r.Forget(context.Background()))
	r = r.restart()
	r.flush()
	assert.Equal(t, []string{"state client_certificate c2"}, r.took())
	for seq := range int64(10) {
		b, err := r.Store.Get(context.Background(), r.Key+chunkKey(seq))
		require.NoError(t, err)
		assert.Nil(t, b, "nothing is left of what was owed")
	}
}

// What is stored but damaged, or of another version, is said, and everything is reported.
func TestDamagedLedger(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct{ head, chunk, want string }{
		"no JSON":              {`{"v": 1, "fir`, "", "cannot decode what is owed"},
		"another version":      {`{"v": 2}`, "", "version 2"},
		"backwards":            {`{"v": 1, "first": 5, "next": 3}`, "", "chunks 5 to 3"},
		"without end":          {`{"v": 1, "first": 0, "next": 9223372036854775807}`, "", "chunks 0 to"},
		"below zero":           {`{"v": 1, "first": -9223372036854775808, "next": 9223372036854775807}`, "", "cannot decode"},
		"a chunk that is none": {`{"v": 1, "first": 7, "next": 8, "behind": true}`, `[{"deleted": 7}]`, "cannot decode what is owed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
			r.certificates("c1")
			r.crawl()
			r.flush()
			r.took()
			changes := map[string][]byte{r.Key: []byte(set.head)}
			if set.chunk != "" {
				changes[r.Key+chunkKey(7)] = []byte(set.chunk)
			}
			require.NoError(t, r.Store.Apply(context.Background(), changes))
			again := NewReporter(r.Settings)
			assert.ErrorContains(t, again.Restore(context.Background()), set.want)
			again.emitter = r.logs()
			for again.send(context.Background()) {
			}
			assert.Equal(t, []string{"state client_certificate c1"}, r.took())
		})
	}
}

// A chunk that is missing is said, and costs what was in it alone.
func TestMissingChunk(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1", "c2", "c3")
	r.crawl()
	r.flush()
	r.certificates("c2", "c3")
	r.crawl()
	first := r.ledger.chunks[0].seq
	r.certificates("c3")
	r.crawl()
	require.NoError(t, r.Store.Apply(context.Background(), map[string][]byte{r.Key + chunkKey(first): nil}))
	again, err := restored(t, r.account, r.Store, r.config)
	assert.ErrorContains(t, err, "chunk 0")
	again.flush()
	took := again.took()
	assert.Contains(t, took, "delete client_certificate c2")
	assert.NotContains(t, took, "delete client_certificate c1")
}

// What is owed is bounded: what has no room is given up, and counted.
func TestLedgerIsBounded(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	l := &ledger{}
	d := &inventory.Delta{}
	for i := range maxOwed + 5 {
		d.Deleted = append(d.Deleted, inventory.Deleted{Type: "t", ID: model.ID{"id": fmt.Sprint(i)}})
	}
	assert.Equal(t, 5, l.add(d, hour(12)))
	assert.Equal(t, maxOwed, l.items)
	assert.Len(t, l.chunks, maxOwed/maxRecords)
	assert.Equal(t, 1, l.add(&inventory.Delta{Events: []inventory.Event{{Kind: "canary"}}}, hour(12)))
}

// A change of which AWS does not say when is of when it was seen.
func TestChangesHaveATime(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	l.add(&inventory.Delta{Events: []inventory.Event{{Kind: "canary"}, {Kind: "canary", At: hour(1)}}}, hour(12))
	assert.Equal(t, hour(12), l.chunks[0].items[0].Event.At)
	assert.Equal(t, hour(1), l.chunks[0].items[1].Event.At)
}

// A storage that fails is counted; what is owed stays owed.
func TestStorageThatFails(t *testing.T) {
	t.Parallel()
	disk := &checkpointtest.Disk{}
	r := newRig(t, disk.Open(t), config())
	r.certificates("c1")
	r.crawl()
	r.flush()
	r.took()
	broken := NewReporter(r.Settings)
	broken.emitter = r.logs()
	disk.OnWrite(func([]string) error { return errors.New("the disk is full") })
	d := &inventory.Snapshot{}
	broken.Observe(context.Background(), r.inv.Current(), d)
	assert.Positive(t, r.failed)
	for broken.send(context.Background()) {
	}
	assert.Contains(t, r.took(), "delete client_certificate c1")
}

// schedules of parts, by hours.
func TestScheduleSpreads(t *testing.T) {
	t.Parallel()
	counts := map[int64]int{}
	const parts = 6000
	for i := range parts {
		api := fmt.Sprint("api", i)
		found := 0
		for minute := range 60 {
			from := hour(12).Add(time.Duration(minute) * time.Minute)
			if due(api, "stages", time.Hour, from, from.Add(time.Minute)) {
				counts[int64(minute)]++
				found++
			}
		}
		assert.Equal(t, 1, found, "each part once in an interval")
	}
	for minute, n := range counts {
		assert.InDelta(t, parts/60, n, parts/120, "minute %d", minute)
	}
	assert.Len(t, counts, 60)
}

// Each part is reported exactly once in each of its intervals; at the same time after a restart, and what was missed once.
func TestSchedule(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1")
	r.account.answers[model.GetAPIKeys] = []string{`{"id": "k1"}`}
	r.crawl()
	r.flush()
	r.took()
	origin := r.account.Now()
	run := func(d time.Duration) map[string][]time.Duration {
		at := map[string][]time.Duration{}
		for end := r.account.Now().Add(d); r.account.Now().Before(end); {
			r.account.pass(30 * time.Second)
			r.schedule()
			r.flush()
			for _, s := range r.took() {
				at[s] = append(at[s], r.account.Now().Sub(origin))
			}
		}
		return at
	}
	const hourly, daily = "state client_certificate c1", "state api_key k1"
	day := run(24 * time.Hour)
	require.Len(t, day[hourly], 24)
	require.Len(t, day[daily], 1)
	for i := 1; i < 24; i++ {
		assert.Equal(t, time.Hour, day[hourly][i]-day[hourly][i-1])
	}

	r = r.restart()
	again := run(24 * time.Hour)
	require.Len(t, again[hourly], 24)
	assert.Equal(t, time.Hour, again[hourly][0]-day[hourly][23], "at the same time of the hour")
	require.Len(t, again[daily], 1)
	assert.Equal(t, 24*time.Hour, again[daily][0]-day[daily][0])

	r.account.pass(72 * time.Hour)
	r = r.restart()
	late := run(30 * time.Minute)
	assert.NotEmpty(t, late[hourly])
	assert.Len(t, late[daily], 1, "missed three times, due once")
	assert.LessOrEqual(t, late[hourly][0], 120*time.Hour+10*time.Minute, "at once")
}

// A clock that goes back reports nothing twice.
func TestScheduleOfAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, config())
	r.certificates("c1")
	r.crawl()
	r.flush()
	r.took()
	r.account.pass(time.Hour)
	r.schedule()
	r.flush()
	assert.Len(t, r.took(), 1)
	r.account.pass(-30 * time.Minute)
	r.schedule()
	r.account.pass(30 * time.Minute)
	r.schedule()
	r.flush()
	assert.Empty(t, r.took())
}
