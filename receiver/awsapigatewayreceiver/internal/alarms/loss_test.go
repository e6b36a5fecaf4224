package alarms

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// tryStep is a step of which either reading may fail.
func (r *rig) tryStep(tr *Transitions, after time.Duration) {
	r.now = r.now.Add(after)
	if alarms, err := r.list.Read(context.Background()); err == nil {
		tr.cycle(context.Background(), alarms)
	}
}

// The last change of an alarm that was deleted is read, though the history could not be read for a while after that.
func TestDeletedAlarmWhoseHistoryFails(t *testing.T) {
	t.Parallel()
	r, tr := newHistory(t, &checkpoint.Store{})
	r.step(t, tr, time.Minute)
	r.account.history = []model.Transition{raised("x", minute(1.5))}
	r.alarms, r.historyErr = nil, errDown
	for range 3 {
		r.step(t, tr, time.Minute)
	}
	assert.Empty(t, r.taker.records)
	r.historyErr = nil
	for range 3 {
		r.step(t, tr, time.Minute)
	}
	assert.Equal(t, []string{ordersProd + " x 12:01"}, r.taker.records)
	assert.Empty(t, tr.gone, "an alarm that is gone is forgotten once its history was read")
}

// A long interval lets nobody miss an alarm that was made after the list was read for the metric.
func TestAlarmThatIsNewerThanTheList(t *testing.T) {
	t.Parallel()
	r, tr := newHistory(t, &checkpoint.Store{})
	r.list.Interval = time.Hour
	r.step(t, tr, time.Hour)
	r.now = minute(100)
	_, err := r.list.Read(context.Background()) // for the metric
	require.NoError(t, err)
	r.alarms = append(r.alarms, watching("new", "ApiName", "orders", "Stage", "dev"))
	r.account.history = []model.Transition{raised("new", minute(102))}
	r.step(t, tr, 29*time.Minute)
	r.step(t, tr, time.Hour)
	assert.Equal(t, []string{ownAccount + "/rest000001/dev new 13:42"}, r.taker.records)
}

// The history begins at the first start, though that one was denied everything until the next.
func TestFirstStartThatGotNothingDone(t *testing.T) {
	t.Parallel()
	store := checkpointtest.Open(t, t.TempDir())
	r, tr := newHistory(t, store)
	r.account.history = []model.Transition{raised("x", minute(-1)), raised("x", minute(20))}
	r.err = errDown
	r.tryStep(tr, time.Minute)
	r.err, r.now = nil, minute(60)
	again := r.transitions(t)
	again.restore(context.Background())
	r.step(t, again, time.Minute)
	assert.Equal(t, []string{ordersProd + " x 12:20"}, r.taker.records)
}

// Positions in the future, which a clock that was wrong left behind, hold nothing up.
func TestPositionsInTheFuture(t *testing.T) {
	t.Parallel()
	store := checkpointtest.Open(t, t.TempDir())
	r, tr := newHistory(t, store)
	r.step(t, tr, 48*time.Hour)
	r.now = minute(10)
	again := r.transitions(t)
	again.restore(context.Background())
	r.step(t, again, time.Minute)
	assert.Equal(t, 1, r.failed/len(types), "it is said")
	r.account.history = []model.Transition{raised("x", minute(11.5))}
	r.step(t, again, time.Minute)
	assert.Equal(t, []string{ordersProd + " x 12:11"}, r.taker.records)
}

// Credentials of another account begin anew: what its alarms did before is not of this target's time.
func TestHistoryOfAnotherAccount(t *testing.T) {
	t.Parallel()
	for account, want := range map[string][]string{"222233334444": nil, target.AccountID: {ordersProd + " x 13:00"}, "": {ordersProd + " x 13:00"}} {
		store := checkpointtest.Open(t, t.TempDir())
		r, tr := newHistory(t, store)
		b, err := json.Marshal(stored{V: positionsVersion, Account: account, Positions: tr.positions})
		require.NoError(t, err)
		require.NoError(t, store.Apply(context.Background(), map[string][]byte{tr.Key: b}))
		r.account.history = []model.Transition{raised("x", minute(60))}
		r.now = minute(90)
		again := r.transitions(t)
		again.restore(context.Background())
		r.step(t, again, time.Minute)
		assert.Equal(t, want, r.taker.records)
		assert.Zero(t, r.failed)
		assert.Zero(t, r.lost)
	}
}
