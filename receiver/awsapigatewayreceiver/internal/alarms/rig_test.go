package alarms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

var target = model.Target{Label: "default/eu-west-1", AccountID: "111122223333", Region: "eu-west-1", Partition: "aws"}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// account is an account whose inventory, alarms and history are what a test says. It is its own clock, which sleeping moves.
type account struct {
	now     time.Time
	stages  map[string][]string // by API id
	alarms  []model.Alarm
	history []model.Transition
	err     error // of both readings
	// historyErr is of the history alone.
	historyErr error
	reads      []string // of histories
	onSleep    func()
}

func (a *account) Now() time.Time { return a.now }

func (a *account) Sleep(ctx context.Context, d time.Duration) error {
	a.now = a.now.Add(d)
	if a.onSleep != nil {
		a.onSleep()
	}
	return ctx.Err()
}

func (a *account) Alarms(_ context.Context, yield func([]model.Alarm)) error {
	yield(a.alarms)
	return a.err
}

func (a *account) Transitions(_ context.Context, kind string, from, to time.Time, yield func([]model.Transition) error) error {
	if a.historyErr != nil {
		return a.historyErr
	}
	a.reads = append(a.reads, fmt.Sprintf("%s %s-%s", kind, from.UTC().Format("15:04:05"), to.UTC().Format("15:04:05")))
	for i := range a.history {
		if h := &a.history[i]; h.Type == kind && !h.At.Before(from) && h.At.Before(to) {
			if err := yield(a.history[i : i+1]); err != nil { // pages of one
				return err
			}
		}
	}
	return a.err
}

func (*account) Malformed(context.Context, model.Read) {}

func (a *account) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	var out []json.RawMessage
	add := func(format string, args ...any) { out = append(out, json.RawMessage(fmt.Sprintf(format, args...))) }
	switch what {
	case model.GetRestAPIs:
		for _, api := range [][2]string{{"rest000001", "orders"}, {"twin000001", "twins"}, {"twin000002", "twins"}} {
			add(`{"id": %q, "name": %q, "createdDate": 1.7e9}`, api[0], api[1])
		}
	case model.GetAPIs:
		add(`{"apiId": "http000001", "name": "catalog", "protocolType": "HTTP", "createdDate": "2024-01-01T00:00:00Z"}`)
	case model.GetRestStages:
		for _, s := range a.stages[of.API] {
			add(`{"stageName": %q, "accessLogSettings": {"destinationArn": "arn:aws:logs:eu-west-1:111122223333:log-group:/access/%s/%s"}}`, s, of.API, s)
		}
	}
	return out, ctx.Err()
}

// crawlClock lets an inventory crawl once.
type crawlClock struct{ *account }

func (crawlClock) Sleep(context.Context, time.Duration) error { return context.Canceled }

// taker takes logs, or refuses them.
type taker struct {
	refuse  error
	records []string
}

func (*taker) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *taker) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	if s.refuse != nil {
		return s.refuse
	}
	for _, rl := range ld.ResourceLogs().All() {
		instance, _ := rl.Resource().Attributes().Get(attr.ServiceInstance)
		for _, r := range rl.ScopeLogs().At(0).LogRecords().All() {
			name, _ := r.Attributes().Get(attr.AlarmName)
			s.records = append(s.records, fmt.Sprintf("%s %s %s", instance.Str(), name.Str(), r.Timestamp().AsTime().Format("15:04")))
		}
	}
	return nil
}

// rig is a target with an inventory, and what reports its alarms.
type rig struct {
	*account
	list     *List
	taker    *taker
	store    *checkpoint.Store
	reports  []error // of the list
	outcomes []error // of reading the history
	failed   int     // checkpoints
	refused  int64
	lost     float64
}

func newRig(t *testing.T, filter *inventory.Filter, store *checkpoint.Store) *rig {
	a := &account{now: noon, stages: map[string][]string{"rest000001": {"prod", "dev"}, "twin000001": {"blue", "live"}, "twin000002": {"green", "live"}}}
	r := &rig{account: a, taker: &taker{}, store: store}
	inv := inventory.New(inventory.Settings{
		CheckpointError: func(context.Context) {}, Target: target, Reader: a, Config: inventory.DefaultConfig(), Filter: filter, Clock: crawlClock{a},
		Store: &checkpoint.Store{}, Key: "inventory/x", Logger: zap.NewNop(),
	})
	inv.Run(context.Background(), func(lists, _ error) { assert.NoError(t, lists) })
	r.list = NewList(ListSettings{Client: a, Interval: time.Minute, Inventory: inv, Report: func(err error) { r.reports = append(r.reports, err) }})
	return r
}

func (r *rig) transitions(t *testing.T) *Transitions {
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	return NewTransitions(TransitionsSettings{
		List: r.list, Resources: resource.NewWriter(target, nil, nil), Store: r.store, Key: "alarms/x", Clock: r.account, Logger: zap.NewNop(),
		Emitter: emit.NewLogs(emit.Settings{Hold: context.Background(), Obs: obs, Clock: r.account, Logger: zap.NewNop(), Refused: func(error) {}, Format: "cloudwatch"}, r.taker),
		Report:  func(err error) { r.outcomes = append(r.outcomes, err) },
		Refused: func(_ context.Context, n int64) { r.refused += n }, LostSeconds: func(_ context.Context, s float64) { r.lost += s },
		CheckpointError: func(context.Context) { r.failed++ }, Version: "1.2.3",
	})
}

// step reads the alarms and their history once, after a time.
func (r *rig) step(t *testing.T, tr *Transitions, after time.Duration) {
	r.now = r.now.Add(after)
	alarms, err := r.list.Read(context.Background())
	require.NoError(t, err)
	tr.cycle(context.Background(), alarms)
}

// watching is a metric alarm on dimensions of API Gateway's namespace.
func watching(name string, dimensions ...string) model.Alarm {
	return model.Alarm{Name: name, ARN: "arn:" + name, Type: model.MetricAlarm, State: model.AlarmOK, Metrics: []model.AlarmMetric{metricOf(dimensions...)}}
}

func metricOf(pairs ...string) model.AlarmMetric {
	m := model.AlarmMetric{Namespace: namespace}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Dimensions = append(m.Dimensions, model.Dimension{Name: pairs[i], Value: pairs[i+1]})
	}
	return m
}

func raised(name string, at time.Time) model.Transition {
	return model.Transition{Alarm: name, Type: model.MetricAlarm, At: at, Summary: "Alarm updated from OK to ALARM", Data: `{"newState": {"stateValue": "ALARM"}}`}
}

var errDown = errors.New("down")
