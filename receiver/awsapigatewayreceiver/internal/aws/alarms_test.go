package aws

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// alarmEpoch is when the alarms of alarmedWorld are raised, for a minute.
var alarmEpoch = time.Now().UTC().Truncate(time.Minute).Add(-time.Hour)

func alarmedWorld() *awssim.World {
	raised := []awssim.Span{{From: alarmEpoch, To: alarmEpoch.Add(time.Minute)}}
	return &awssim.World{Accounts: []*awssim.Account{{ID: "111122223333", Regions: []*awssim.Region{{Name: testRegion, Alarms: []*awssim.Alarm{
		{Name: "stage", Metric: "5XXError", Dimensions: []string{"ApiName", "orders", "Stage", "prod"}, Raised: raised},
		{Name: "math", Metric: "4xx", Math: [][]string{{"ApiId", "h1"}, {"ApiId", "h2"}}, Expression: "m1 + m2", NoData: []awssim.Span{{To: time.Now().Add(time.Hour)}}},
		{Name: "promql", PromQL: "up == 0"},
		{Name: "rule", Type: awssim.CompositeAlarm, Rule: `ALARM("stage")`, Raised: raised},
		{Name: "lines", Type: awssim.LogAlarm, LogGroups: []string{"/a", "/b"}},
	}}}}}}
}

func readAlarms(t *testing.T, c *Client) []model.Alarm {
	var all []model.Alarm
	require.NoError(t, c.Alarms(ctx, func(page []model.Alarm) { all = append(all, page...) }))
	return all
}

// Alarms of all types come with what they watch, page by page.
func TestAlarmsAreRead(t *testing.T) {
	f := openSim(t, alarmedWorld(), func(c *awssim.Config) { c.MaxPage = 2 }, nil)
	arn := func(name string) string { return "arn:aws:cloudwatch:us-east-1:111122223333:alarm:" + name }
	dimensions := func(pairs ...string) model.AlarmMetric {
		m := model.AlarmMetric{Namespace: Namespace}
		for i := 0; i < len(pairs); i += 2 {
			m.Dimensions = append(m.Dimensions, model.Dimension{Name: pairs[i], Value: pairs[i+1]})
		}
		return m
	}
	assert.Equal(t, []model.Alarm{
		{Name: "stage", ARN: arn("stage"), Type: model.MetricAlarm, State: "OK", Metrics: []model.AlarmMetric{dimensions("ApiName", "orders", "Stage", "prod")}},
		{
			Name: "math", ARN: arn("math"), Type: model.MetricAlarm, State: "INSUFFICIENT_DATA", Metrics: []model.AlarmMetric{dimensions("ApiId", "h1"), dimensions("ApiId", "h2")},
			Expressions: []string{"m1 + m2"},
		},
		{Name: "promql", ARN: arn("promql"), Type: model.MetricAlarm, State: "OK", Expressions: []string{"up == 0"}},
		{Name: "rule", ARN: arn("rule"), Type: model.CompositeAlarm, State: "OK", Rule: `ALARM("stage")`},
		{Name: "lines", ARN: arn("lines"), Type: model.LogAlarm, State: "OK", LogGroups: []string{"/a", "/b"}},
	}, readAlarms(t, f.client()))
	assert.Equal(t, 3, f.sim.Count("DescribeAlarms"))
}

// The changes of state of one type come oldest first, to the millisecond, and an error of who takes them ends the reading.
func TestTransitionsAreRead(t *testing.T) {
	f := openSim(t, alarmedWorld(), func(c *awssim.Config) { c.MaxPage = 1 }, nil)
	var all []model.Transition
	require.NoError(t, f.client().Transitions(ctx, model.MetricAlarm, alarmEpoch, alarmEpoch.Add(2*time.Minute), func(page []model.Transition) error {
		all = append(all, page...)
		return nil
	}))
	require.Len(t, all, 2)
	assert.Equal(t, 2, f.sim.Count("DescribeAlarmHistory"))
	for i, want := range []string{"Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"} {
		assert.Equal(t, want, all[i].Summary)
		assert.Equal(t, "stage", all[i].Alarm)
		assert.Equal(t, model.MetricAlarm, all[i].Type)
		assert.True(t, alarmEpoch.Add(time.Duration(i)*time.Minute).Equal(all[i].At), all[i].At)
		assert.Contains(t, all[i].Data, `"newState"`)
	}
	err := f.client().Transitions(ctx, model.CompositeAlarm, alarmEpoch, alarmEpoch.Add(2*time.Minute), func([]model.Transition) error { return errMalformed })
	require.ErrorIs(t, err, errMalformed)
	assert.Equal(t, 3, f.sim.Count("DescribeAlarmHistory"))
}

func TestAlarmsAreDenied(t *testing.T) {
	f := openSim(t, alarmedWorld(), func(c *awssim.Config) {
		c.Faults.Deny = map[string]awssim.DenyKind{"DescribeAlarms": awssim.IdentityPolicy, "DescribeAlarmHistory": awssim.ExplicitDeny}
	}, nil)
	err := f.client().Alarms(ctx, func([]model.Alarm) {})
	assert.Equal(t, Denied, ClassOf(err))
	require.ErrorContains(t, err, "allow cloudwatch:DescribeAlarms on * in the identity's policy")
	err = f.client().Transitions(ctx, model.MetricAlarm, alarmEpoch, alarmEpoch, func([]model.Transition) error { return nil })
	assert.Equal(t, ExplicitDeny, ClassOf(err))
}

// alarmHandler answers alarm calls in CBOR.
type alarmHandler struct {
	t      *testing.T
	answer any
	// old refuses log alarms, as where they are not known.
	old   bool
	calls int
}

func (h *alarmHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.calls++
	var in map[string]any
	assert.NoError(h.t, cbor.NewDecoder(r.Body).Decode(&in))
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	answer := h.answer
	if h.old && strings.Contains(fmt.Sprint(in["AlarmTypes"]), "LogAlarm") {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]string{"__type": "com.amazonaws.cloudwatch#ValidationError", "message": "Member must satisfy enum value set: [CompositeAlarm, MetricAlarm]"}
	}
	b, err := cbor.Marshal(answer)
	assert.NoError(h.t, err)
	_, _ = w.Write(b)
}

// Where log alarms are not known, the others are read, and nobody asks for them again.
func TestLogAlarmsMayBeUnknown(t *testing.T) {
	h := &alarmHandler{t: t, old: true, answer: map[string]any{"MetricAlarms": []any{map[string]any{"AlarmName": "x", "StateValue": "OK"}}}}
	c := openHandler(t, h, nil).client()
	assert.Len(t, readAlarms(t, c), 1)
	assert.Equal(t, 2, h.calls)
	assert.Len(t, readAlarms(t, c), 1)
	assert.Equal(t, 3, h.calls)
}

// A page that is refused in the middle of the list is no sign that log alarms are unknown: what came before is not read twice, and they are asked for again.
func TestARefusedPageOfAlarmsIsAnError(t *testing.T) {
	h := &alarmHandler{t: t, answer: map[string]any{"NextToken": "next", "MetricAlarms": []any{map[string]any{"AlarmName": "x", "StateValue": "OK"}}}}
	refuse := true
	c := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.calls == 1 && refuse {
			refuse, h.old, h.answer = false, true, map[string]any{}
		}
		h.ServeHTTP(w, r)
	}), nil).client()
	n := 0
	err := c.Alarms(ctx, func(page []model.Alarm) { n += len(page) })
	assert.Equal(t, Invalid, ClassOf(err), "%v", err)
	assert.Equal(t, 1, n)
	assert.Equal(t, 2, h.calls)
	assert.False(t, c.noLogAlarms.Load())
}

// An answer that makes no sense is none; of a history what is usable is taken.
func TestAlarmsThatMakeNoSense(t *testing.T) {
	h := &alarmHandler{t: t, answer: map[string]any{"MetricAlarms": []any{map[string]any{"AlarmName": "x"}}}}
	f := openHandler(t, h, nil)
	assert.Equal(t, Malformed, ClassOf(f.client().Alarms(ctx, func([]model.Alarm) {})))
	before := f.malformed()
	h.answer = map[string]any{"AlarmHistoryItems": []any{
		map[string]any{"AlarmName": "x", "HistoryItemType": "StateUpdate"},
		map[string]any{"AlarmName": "x", "HistoryItemType": "Action", "Timestamp": cbor.Tag{Number: 1, Content: 1.7e9}},
		map[string]any{"AlarmName": "y", "HistoryItemType": "StateUpdate", "Timestamp": cbor.Tag{Number: 1, Content: 1.7e9}},
	}}
	var all []model.Transition
	require.NoError(t, f.client().Transitions(ctx, model.MetricAlarm, alarmEpoch, alarmEpoch, func(page []model.Transition) error {
		all = append(all, page...)
		return nil
	}))
	require.Len(t, all, 1)
	assert.Equal(t, "y", all[0].Alarm)
	assert.Equal(t, before+1, f.malformed())
}
