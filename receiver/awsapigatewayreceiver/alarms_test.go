package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// alarmPoint is a point of an alarm's state.
type alarmPoint struct {
	Instance, Alarm, State string
	Value                  int64
}

// alarmSink takes the states of alarms.
type alarmSink struct {
	mu     sync.Mutex
	points map[time.Time][]alarmPoint // by the time of the reading
}

func (*alarmSink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *alarmSink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rm := range md.ResourceMetrics().All() {
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			if m.Name() != "aws.cloudwatch.alarm.state" {
				continue
			}
			for _, p := range m.Gauge().DataPoints().All() {
				at := p.Timestamp().AsTime()
				attrs := p.Attributes().AsRaw()
				s.points[at] = append(s.points[at], alarmPoint{
					Instance: str(rm.Resource(), "service.instance.id"), Alarm: fmt.Sprint(attrs["aws.cloudwatch.alarm.name"]), State: fmt.Sprint(attrs["state"]), Value: p.IntValue(),
				})
			}
		}
	}
	return nil
}

// at are the instances and states of the alarms at the last reading before a time, by name.
func (s *alarmSink) at(t *testing.T, before time.Time) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last time.Time
	for at := range s.points {
		if at.Before(before) && at.After(last) {
			last = at
		}
	}
	out, points := map[string]string{}, map[string]int{}
	for _, p := range s.points[last] {
		points[p.Alarm]++
		if p.Value == 1 {
			assert.NotContains(t, out, p.Alarm, "is in two states")
			out[p.Alarm] = p.Instance + " " + p.State
		}
	}
	for name, n := range points {
		assert.Equal(t, 3, n, "%s has a point for each state", name)
	}
	return out
}

// transitionSink takes the records of transitions.
type transitionSink struct {
	mu      sync.Mutex
	refuse  func() error
	records []string
	uids    map[string]bool
	times   map[string]time.Time // of the records
}

func newTransitionSink() *transitionSink {
	return &transitionSink{uids: map[string]bool{}, times: map[string]time.Time{}}
}

func (*transitionSink) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (s *transitionSink) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			ld.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true }) // a refusal may spoil the data
			return err
		}
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, r := range rl.ScopeLogs().At(0).LogRecords().All() {
			if r.EventName() != "aws.cloudwatch.alarm.transition" {
				continue
			}
			a := r.Attributes().AsRaw()
			line := fmt.Sprintf("%s %s %s→%s %s", str(rl.Resource(), "service.instance.id"), a["aws.cloudwatch.alarm.name"],
				a["aws.cloudwatch.alarm.previous_state"], a["aws.cloudwatch.alarm.state"], r.SeverityText())
			s.records = append(s.records, line)
			s.uids[fmt.Sprint(a["log.record.uid"])] = true
			s.times[line] = r.Timestamp().AsTime()
		}
	}
	return nil
}

func (s *transitionSink) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.records))
}

const (
	ordersProd = testAccount + "/" + testRegion + "/rest000001/prod"
	orders     = testAccount + "/" + testRegion + "/rest000001"
	account    = testAccount + "/" + testRegion
)

// alarmWorld has alarms of each type, that are raised from the tenth minute until the fourteenth.
func alarmWorld(epoch time.Time) *awssim.World {
	old := epoch.Add(-100 * time.Hour)
	w := region(
		&awssim.API{ID: "rest000001", Name: "orders", Created: old, Stages: []*awssim.Stage{logged("prod", "/access/orders", restFormats["json"], epoch, epoch, 1), {Name: "test"}}},
		&awssim.API{ID: "http000001", Name: "catalog", Type: awssim.TypeHTTP, Created: old, Stages: []*awssim.Stage{{Name: "$default"}}},
	)
	raised := []awssim.Span{{From: epoch.Add(10 * time.Minute), To: epoch.Add(14 * time.Minute)}}
	w.Accounts[0].Regions[0].Alarms = []*awssim.Alarm{
		{Name: "orders 5xx", Metric: "5XXError", Dimensions: []string{"ApiName", "orders", "Stage", "prod"}, Raised: raised, HistoryLag: 90 * time.Second},
		{Name: "catalog latency", Metric: "Latency", Dimensions: []string{"ApiId", "http000001", "Stage", "$default"}, NoData: raised},
		{Name: "orders everywhere", Metric: "5XXError", Math: [][]string{{"ApiName", "orders", "Stage", "prod"}, {"ApiName", "orders", "Stage", "test"}}, Expression: "m1+m2", Raised: raised},
		{Name: "any API", PromQL: `avg({__name__="5XXError","@instrumentation.@name"="cloudwatch.aws/apigateway"}) > 0.05`},
		{Name: "orders are ill", Type: awssim.CompositeAlarm, Rule: `ALARM("orders 5xx") OR ALARM("lambda errors")`, Raised: raised},
		{Name: "all is ill", Type: awssim.CompositeAlarm, Rule: `ALARM("orders are ill") AND ALARM("catalog latency")`},
		{Name: "lines", Type: awssim.LogAlarm, LogGroups: []string{"/access/orders"}, Raised: raised},
		{Name: "lambda errors", Namespace: "AWS/Lambda", Metric: "Errors", Raised: raised},
		{Name: "lambda is ill", Type: awssim.CompositeAlarm, Rule: `ALARM("lambda errors")`, Raised: raised},
		{Name: "other lines", Type: awssim.LogAlarm, LogGroups: []string{"/aws/lambda/other"}, Raised: raised},
	}
	return w
}

// newAlarmRig is a rig in metrics and logs pipelines of which only alarms are looked at.
func newAlarmRig(t *testing.T) (*rig, *alarmSink, *transitionSink) {
	r := newRig(t, alarmWorld, nil)
	states, changes := &alarmSink{points: map[time.Time][]alarmPoint{}}, newTransitionSink()
	r.sink, r.recordsTo = nil, changes
	r.edit = func(c *Config) { c.Logs.Access.Enabled = false }
	return r, states, changes
}

// transitions are those of the world's alarms that watch API Gateway.
var transitions = []string{
	account + "/http000001/$default catalog latency INSUFFICIENT_DATA→OK INFO",
	account + "/http000001/$default catalog latency OK→INSUFFICIENT_DATA WARN",
	orders + " orders everywhere ALARM→OK INFO",
	orders + " orders everywhere OK→ALARM ERROR",
	ordersProd + " lines ALARM→OK INFO",
	ordersProd + " lines OK→ALARM ERROR",
	ordersProd + " orders 5xx ALARM→OK INFO",
	ordersProd + " orders 5xx OK→ALARM ERROR",
	ordersProd + " orders are ill ALARM→OK INFO",
	ordersProd + " orders are ill OK→ALARM ERROR",
}

// Alarms that watch API Gateway have their state as a metric on the resource of their stage, and each change of it is a record; others are left out.
func TestAlarmsComeOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, states, changes := newAlarmRig(t)
		stop, err := r.tryStart(states)
		require.NoError(t, err)
		defer stop()
		want := map[string]string{
			"orders 5xx": ordersProd + " OK", "catalog latency": account + "/http000001/$default OK", "orders everywhere": orders + " OK", "any API": account + " OK",
			"orders are ill": ordersProd + " OK", "all is ill": account + " OK", "lines": ordersProd + " OK",
		}
		r.until(r.epoch.Add(9 * time.Minute))
		require.Eventually(t, func() bool { return len(states.at(t, r.now())) == len(want) }, 20*time.Second, 20*time.Millisecond)
		r.until(r.epoch.Add(20 * time.Minute))
		require.Eventually(t, func() bool { return len(changes.taken()) >= len(transitions) }, 20*time.Second, 50*time.Millisecond)
		assert.Equal(t, transitions, changes.taken())
		assert.Len(t, changes.uids, len(transitions))
		assert.Equal(t, r.epoch.Add(10*time.Minute), changes.times[ordersProd+" orders 5xx OK→ALARM ERROR"])
		assert.Equal(t, r.epoch.Add(14*time.Minute), changes.times[ordersProd+" orders 5xx ALARM→OK INFO"])
		assert.Equal(t, want, states.at(t, r.now()))
		if raised := states.at(t, r.epoch.Add(14*time.Minute)); assert.Len(t, raised, len(want)) {
			assert.Equal(t, ordersProd+" ALARM", raised["orders 5xx"])
			assert.Equal(t, ordersProd+" ALARM", raised["orders are ill"])
			assert.Equal(t, account+" OK", raised["any API"])
			assert.Equal(t, account+"/http000001/$default INSUFFICIENT_DATA", raised["catalog latency"])
		}
	})
}

// Each transition comes out once although the collector is restarted, it was down when alarms changed, and the pipeline refuses at first.
func TestTransitionsComeOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, states, changes := newAlarmRig(t)
		r.dir = t.TempDir()
		refusals := 0
		changes.refuse = func() error {
			if refusals++; refusals%3 != 0 {
				return errRefused
			}
			return nil
		}
		stop, err := r.tryStart(states)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(states.at(t, r.now())) > 0 }, 20*time.Second, 20*time.Millisecond)
		r.until(r.epoch.Add(11*time.Minute + 30*time.Second))
		stop()
		first := len(changes.taken())
		r.until(r.epoch.Add(15 * time.Minute))
		stop, err = r.tryStart(states)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(changes.taken()) >= len(transitions) }, 30*time.Second, 50*time.Millisecond)
		r.until(r.now().Add(5 * time.Minute))
		stop()
		stop, err = r.tryStart(states)
		require.NoError(t, err)
		r.until(r.now().Add(5 * time.Minute))
		stop()
		assert.Equal(t, transitions, changes.taken())
		assert.Less(t, first, len(transitions))
	})
}

// What is not allowed is said once and leaves the target up; the rest goes on.
func TestAlarmsAreDenied(t *testing.T) {
	t.Parallel()
	for denied, states := range map[string]bool{"DescribeAlarms": false, "DescribeAlarmHistory": true} {
		t.Run(denied, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r, sink, changes := newAlarmRig(t)
				r.telemetry = componenttest.NewTelemetry()
				defer func() { assert.NoError(t, r.telemetry.Shutdown(context.Background())) }()
				r.sim.SetFaults(awssim.Faults{Deny: map[string]awssim.DenyKind{denied: awssim.IdentityPolicy}})
				stop, err := r.tryStart(sink)
				require.NoError(t, err)
				defer stop()
				require.Eventually(t, func() bool { return r.sim.Count(denied) > 4 }, 20*time.Second, 20*time.Millisecond)
				said := r.logs.FilterMessageSnippet("Part of a target cannot be read").All()
				require.Len(t, said, 1)
				assert.Contains(t, said[0].ContextMap()["error"], "allow cloudwatch:"+denied+" on * in the identity's policy")
				assert.Empty(t, changes.taken())
				assert.Equal(t, states, len(sink.at(t, r.now())) > 0)
				assert.InDelta(t, 1, r.count("target_up"), 0)
				events := r.host.statuses()
				assert.Equal(t, componentstatus.StatusRecoverableError, events[len(events)-1].Status())
				r.sim.SetFaults(awssim.Faults{})
				require.Eventually(t, func() bool { return r.logs.FilterMessage("Target can be read again").Len() == 1 }, 20*time.Second, 20*time.Millisecond)
			})
		})
	}
}

// Where alarms are off, nobody asks for them.
func TestAlarmsAreOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, states, changes := newAlarmRig(t)
		r.edit = func(c *Config) { c.Logs.Access.Enabled, c.Alarms.Enabled = false, false }
		stop, err := r.tryStart(states)
		require.NoError(t, err)
		defer stop()
		r.until(r.epoch.Add(20 * time.Minute))
		assert.Zero(t, r.sim.Count("DescribeAlarms")+r.sim.Count("DescribeAlarmHistory"))
		assert.Empty(t, states.at(t, r.now()))
		assert.Empty(t, changes.taken())
	})
}

// The section's errors are said with its key.
func TestAlarmSettingsAreChecked(t *testing.T) {
	c := createDefaultConfig().(*Config)
	require.NoError(t, c.Validate())
	c.Alarms.Interval = time.Second
	assert.ErrorContains(t, c.Validate(), "alarms::interval: 1s is not between 10s and 1h0m0s")
}
