package inventorymetrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

var target = model.Target{Label: "default/eu-west-1", AccountID: "111122223333", Region: "eu-west-1", Partition: "aws"}

// hour is a moment of the tests' day.
func hour(h float64) time.Time {
	return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(h * float64(time.Hour)))
}

// account is a control plane with a clock that its sleepers move.
type account struct {
	mu        sync.Mutex
	now       time.Time
	answers   map[model.Read][]string
	errs      map[model.Read]error
	asked     []model.ReadOf // of GetUsage
	malformed int
	slept     []time.Duration
	onSleep   func(ctx context.Context, d time.Duration) error
}

func (a *account) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *account) set(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = now
}

func (a *account) Sleep(ctx context.Context, d time.Duration) error {
	a.mu.Lock()
	a.slept = append(a.slept, d)
	a.now = a.now.Add(d)
	a.mu.Unlock()
	if a.onSleep != nil {
		if err := a.onSleep(ctx, d); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (a *account) Malformed(context.Context, model.Read) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.malformed++
}

func (a *account) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.errs[what]; err != nil {
		return nil, err
	}
	if what == model.GetUsage {
		a.asked = append(a.asked, of)
	}
	var out []json.RawMessage
	for _, s := range a.answers[what] {
		out = append(out, json.RawMessage(s))
	}
	return out, ctx.Err()
}

// crawlClock lets an inventory crawl once.
type crawlClock struct{ *account }

func (crawlClock) Sleep(context.Context, time.Duration) error { return context.Canceled }

// sink takes metrics.
type sink struct {
	mu      sync.Mutex
	batches []pmetric.Metrics
}

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *sink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := pmetric.NewMetrics()
	md.CopyTo(copied)
	s.batches = append(s.batches, copied)
	return nil
}

// rig is a target whose inventory is measured.
type rig struct {
	*Collector
	t       *testing.T
	account *account
	sink    *sink
	logs    *observer.ObservedLogs
	failed  int // checkpoints
	off     map[string]bool
}

func newRig(t *testing.T, store *checkpoint.Store, edits ...func(*inventory.Config)) *rig {
	if store == nil {
		store = &checkpoint.Store{}
	}
	config := inventory.DefaultConfig()
	config.Usage.Enabled = true
	for _, edit := range edits {
		edit(&config)
	}
	core, logs := observer.New(zap.InfoLevel)
	a := &account{now: hour(12), answers: map[model.Read][]string{}, errs: map[model.Read]error{}}
	r := &rig{t: t, account: a, sink: &sink{}, logs: logs, off: map[string]bool{}}
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	inv := inventory.New(inventory.Settings{
		CheckpointError: func(context.Context) {},
		Target:          target, Reader: a, Config: config, Filter: &inventory.Filter{}, Clock: crawlClock{a}, Store: &checkpoint.Store{}, Key: "inventory/x", Logger: zap.NewNop(),
	})
	r.Collector = New(Settings{
		Config: config, Reader: a, Inventory: inv, Resources: resource.NewWriter(target, nil, nil), Store: store, Key: "usage/x", Clock: a, Now: a.Now,
		Emitter: emit.NewMetrics(emit.Settings{Hold: context.Background(), Obs: obs, Clock: a, Logger: zap.NewNop(), Refused: func(error) {}, Format: "apigateway"}, r.sink),
		Enabled: func(name string) bool { return !r.off[name] }, Logger: zap.New(core), CheckpointError: func(context.Context) { r.failed++ }, Version: "1.2.3",
	})
	return r
}

// crawl reads the account.
func (r *rig) crawl() {
	r.Inventory.Run(context.Background(), func(lists, rest error) { assert.NoError(r.t, errors.Join(lists, rest)) })
}

// measured are the points that were taken since it was asked last: "metric{attributes} value @ resource", sorted.
func (r *rig) measured() []string {
	r.sink.mu.Lock()
	defer r.sink.mu.Unlock()
	var out []string
	for _, md := range r.sink.batches {
		out = append(out, points(r.t, md)...)
	}
	r.sink.batches = nil
	slices.Sort(out)
	return out
}

// points writes points as text, and holds them to their definitions.
func points(t *testing.T, md pmetric.Metrics) []string {
	var out []string
	for _, rm := range md.ResourceMetrics().All() {
		arn, _ := rm.Resource().Attributes().Get("cloud.resource_id")
		at := strings.TrimPrefix(arn.Str(), "arn:aws:apigateway:eu-west-1::")
		require.Equal(t, 1, rm.ScopeMetrics().Len())
		sm := rm.ScopeMetrics().At(0)
		assert.Equal(t, "1.2.3", sm.Scope().Version())
		seen := map[string]bool{}
		for _, m := range sm.Metrics().All() {
			assert.False(t, seen[m.Name()], "%s stands once on a resource", m.Name())
			seen[m.Name()] = true
			out = append(out, metricPoints(t, m, at)...)
		}
	}
	return out
}

func metricPoints(t *testing.T, m pmetric.Metric, at string) []string {
	d := definition(m.Name())
	require.NotNil(t, d, m.Name())
	assert.Equal(t, d.Unit, m.Unit())
	assert.Equal(t, d.Description, m.Description())
	var all pmetric.NumberDataPointSlice
	kind := ""
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		all, kind = m.Gauge().DataPoints(), "gauge"
	case pmetric.MetricTypeSum:
		all, kind = m.Sum().DataPoints(), "cumulative monotonic sum"
		assert.True(t, m.Sum().IsMonotonic())
		assert.Equal(t, pmetric.AggregationTemporalityCumulative, m.Sum().AggregationTemporality())
	default:
		require.Fail(t, "another type", m.Name())
	}
	var out []string
	for _, p := range all.All() {
		value := ""
		switch p.ValueType() {
		case pmetric.NumberDataPointValueTypeInt:
			assert.Equal(t, kind+" (int)", d.Type, m.Name())
			value = fmt.Sprint(p.IntValue())
		case pmetric.NumberDataPointValueTypeDouble:
			assert.Equal(t, kind+" (double)", d.Type, m.Name())
			value = fmt.Sprintf("%g", p.DoubleValue())
		default:
			require.Fail(t, "no value", m.Name())
		}
		if kind == "gauge" {
			assert.Zero(t, p.StartTimestamp(), m.Name())
		} else {
			value += " " + p.StartTimestamp().AsTime().Format("02T15:04") + "-" + p.Timestamp().AsTime().Format("02T15:04")
		}
		assert.NotZero(t, p.Timestamp())
		attributes := p.Attributes().AsRaw()
		var text []string
		for _, k := range slices.Sorted(maps.Keys(attributes)) {
			assert.Contains(t, d.Attributes, k, m.Name())
			text = append(text, strings.TrimPrefix(k, "aws.api_gateway.")+"="+fmt.Sprint(attributes[k]))
		}
		out = append(out, fmt.Sprintf("%s{%s} %s @ %s", strings.TrimPrefix(m.Name(), "aws.api_gateway."), strings.Join(text, ","), value, at))
	}
	return out
}
