package alarms

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

const ordersProd = ownAccount + "/rest000001/prod"

func newHistory(t *testing.T, store *checkpoint.Store) (*rig, *Transitions) {
	r := newRig(t, &inventory.Filter{}, store)
	r.alarms = []model.Alarm{watching("x", "ApiName", "orders", "Stage", "prod")}
	tr := r.transitions(t)
	tr.restore(context.Background())
	return r, tr
}

func minute(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Minute))) }

// What was before the first start stays unread. What comes out late is read all the same, once, and alarms that were just deleted keep their last change.
func TestHistoryIsReadOnce(t *testing.T) {
	t.Parallel()
	r, tr := newHistory(t, &checkpoint.Store{})
	r.account.history = []model.Transition{raised("x", minute(-1)), raised("other", minute(0.5)), raised("x", minute(0.5))}
	r.step(t, tr, time.Minute)
	assert.Equal(t, []string{ordersProd + " x 12:00"}, r.taker.records)
	assert.Equal(t, []string{"MetricAlarm 12:00:00-12:01:00"}, r.reads, "of the types that there are")
	r.account.history = append([]model.Transition{raised("x", minute(0.2))}, r.account.history...)
	r.step(t, tr, 5*time.Minute)
	assert.Len(t, r.taker.records, 2)
	r.account.history = append(r.account.history, raised("x", minute(6.5)))
	r.alarms = nil
	r.step(t, tr, time.Minute)
	assert.Len(t, r.taker.records, 3)
	r.step(t, tr, time.Minute)
	assert.Len(t, r.taker.records, 3)
	assert.Equal(t, []error{nil, nil, nil, nil}, r.outcomes)
	for range 15 {
		r.step(t, tr, time.Minute)
	}
	assert.Empty(t, tr.positions[model.MetricAlarm].Seen, "what is not read again is not remembered")
}

// A failed reading is done again from where it stopped, and a transition of an alarm whose API is not known yet waits.
func TestHistoryThatFails(t *testing.T) {
	t.Parallel()
	r, tr := newHistory(t, &checkpoint.Store{})
	r.alarms = append(r.alarms, watching("new", "ApiName", "new", "Stage", "prod"))
	r.account.history = []model.Transition{raised("x", minute(0.5)), raised("new", minute(0.6)), raised("x", minute(0.7))}
	r.step(t, tr, time.Minute)
	assert.Equal(t, []string{ordersProd + " x 12:00"}, r.taker.records)
	alarms, err := r.list.Read(context.Background())
	require.NoError(t, err)
	r.err = errDown
	tr.cycle(context.Background(), alarms)
	require.Len(t, r.outcomes, 2)
	require.NoError(t, r.outcomes[0])
	r.err = nil
	r.step(t, tr, 12*time.Minute)
	assert.Equal(t, []string{ordersProd + " x 12:00", ownAccount + " new 12:00", ordersProd + " x 12:00"}, r.taker.records)
}

// Positions outlive a restart, also one after months: what CloudWatch no longer has is counted as lost. Those that can't be read are not used.
func TestPositionsAreStored(t *testing.T) {
	t.Parallel()
	store := checkpointtest.Open(t, t.TempDir())
	r, tr := newHistory(t, store)
	r.account.history = []model.Transition{raised("x", minute(0.5))}
	r.step(t, tr, time.Minute)
	again := r.transitions(t)
	again.restore(context.Background())
	r.account.history = append(r.account.history, raised("x", minute(2)))
	r.step(t, again, 2*time.Minute)
	assert.Equal(t, []string{ordersProd + " x 12:00", ordersProd + " x 12:02"}, r.taker.records)
	assert.Zero(t, r.lost)
	again = r.transitions(t)
	again.restore(context.Background())
	r.step(t, again, 40*24*time.Hour)
	assert.InDelta(t, (10*24*time.Hour + 3*time.Minute).Seconds(), r.lost, 700)
	r.step(t, again, time.Minute)
	assert.InDelta(t, (10*24*time.Hour + 3*time.Minute).Seconds(), r.lost, 700, "once")

	require.NoError(t, store.Apply(context.Background(), map[string][]byte{"alarms/x": []byte(`{"v": 1, "positions": {"MetricAlarm": {"first": 9, "to": 1}}}`)}))
	again = r.transitions(t)
	again.restore(context.Background())
	assert.Equal(t, 1, r.failed)
	assert.Equal(t, r.now.UnixMilli(), again.positions[model.MetricAlarm].First)
}

// What the pipeline refuses for good is counted and does not come again.
func TestRefusedTransitions(t *testing.T) {
	t.Parallel()
	r, tr := newHistory(t, &checkpoint.Store{})
	r.taker.refuse = consumererror.NewPermanent(errDown)
	r.account.history = []model.Transition{raised("x", minute(0.5))}
	r.step(t, tr, time.Minute)
	assert.Equal(t, int64(1), r.refused)
	r.taker.refuse = nil
	r.step(t, tr, time.Minute)
	assert.Empty(t, r.taker.records)
}

// Run reads each interval until it is stopped.
func TestRunReadsEachInterval(t *testing.T) {
	t.Parallel()
	r := newRig(t, &inventory.Filter{}, &checkpoint.Store{})
	r.alarms = []model.Alarm{watching("x", "ApiName", "orders", "Stage", "prod")}
	ctx, stop := context.WithCancel(context.Background())
	slept := 0
	r.onSleep = func() {
		if slept++; slept == 3 {
			stop()
		}
	}
	r.transitions(t).Run(ctx)
	assert.Len(t, r.reads, 3)
}

func TestRecordsSayWhatHappened(t *testing.T) {
	t.Parallel()
	const data = `{"version": "1.0", "oldState": {"stateValue": "OK", "stateReason": "fine"}, "newState": {"stateValue": "ALARM", "stateReason": "too many", "stateReasonData": {"x": 1}}}`
	tr := &model.Transition{Alarm: "x", Type: model.CompositeAlarm, At: noon, Summary: "Alarm updated from OK to ALARM", Data: data}
	record := plog.NewLogRecord()
	write(record, change{transition: tr, alarm: &Alarm{Alarm: model.Alarm{ARN: "arn:x"}}, uid: uid(tr)})
	assert.Equal(t, map[string]any{
		attr.LogRecordUID: uid(tr), attr.AlarmName: "x", attr.AlarmType: "CompositeAlarm", attr.AlarmARN: "arn:x", attr.AlarmState: "ALARM",
		attr.AlarmPreviousState: "OK", attr.AlarmReason: "too many",
	}, record.Attributes().AsRaw())
	assert.Equal(t, "aws.cloudwatch.alarm.transition", record.EventName())
	assert.Equal(t, "Alarm updated from OK to ALARM", record.Body().Str())
	assert.Equal(t, "ERROR", record.SeverityText())
	assert.Equal(t, noon, record.Timestamp().AsTime())
	other := *tr
	other.At = noon.Add(time.Millisecond)
	assert.NotEqual(t, uid(tr), uid(&other))
	assert.Len(t, uid(tr), 32)
}

// FuzzHistory: whatever an item's data is, there is a record of it.
func FuzzHistory(f *testing.F) {
	f.Add(`{"newState": {"stateValue": "ALARM"}}`)
	f.Add(`{"newState": []}`)
	f.Fuzz(func(t *testing.T, data string) {
		tr := &model.Transition{Alarm: "x", Type: model.MetricAlarm, At: noon, Data: data}
		record := plog.NewLogRecord()
		write(record, change{transition: tr, alarm: &Alarm{}, uid: uid(tr)})
		assert.Equal(t, Event, record.EventName())
		assert.GreaterOrEqual(t, record.Attributes().Len(), 3)
	})
}

// FuzzPositions: whatever is stored, what is used of it can be gone on from.
func FuzzPositions(f *testing.F) {
	f.Add([]byte(`{"v": 1, "positions": {"MetricAlarm": {"first": 1, "to": 2, "seen": {"a": 2}}}}`))
	f.Add([]byte(`{"v": 1, "positions": {"LogAlarm": null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		positions, err := decodePositions(b, "")
		assert.True(t, err == nil || len(positions) == 0)
		for _, p := range positions {
			p.take("x", noon.UnixMilli())
			assert.GreaterOrEqual(t, p.To, p.First)
		}
	})
}

func TestIntervalIsChecked(t *testing.T) {
	t.Parallel()
	c := DefaultConfig()
	require.NoError(t, c.Check())
	for _, d := range []time.Duration{0, 9 * time.Second, 61 * time.Minute} {
		c.Interval = d
		assert.ErrorContains(t, c.Check(), "interval: "+d.String()+" is not between 10s and 1h0m0s")
	}
}

// What alarms take of AWS's calls is said beforehand: a list, and a history for each type of alarm that watches API Gateway.
func TestCallsPerHour(t *testing.T) {
	t.Parallel()
	r, tr := newHistory(t, &checkpoint.Store{})
	tr.List.Interval = 5 * time.Minute
	assert.InDelta(t, 12, tr.List.CallsPerHour(true), 0, "before the first reading: the list")
	r.alarms = append(r.alarms, model.Alarm{Name: "both", Type: model.CompositeAlarm, State: "OK", Rule: `ALARM("x")`})
	r.step(t, tr, time.Hour)
	assert.InDelta(t, 12+24, tr.List.CallsPerHour(true), 0)
	assert.InDelta(t, 12, tr.List.CallsPerHour(false), 0)
	assert.Len(t, r.reads, 2, "of each type")
}
