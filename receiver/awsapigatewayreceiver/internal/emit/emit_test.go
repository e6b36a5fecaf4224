package emit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// clock does not wait. It remembers for how long it should have, and may end the context instead.
type clock struct {
	waits []time.Duration
	end   func(waits int)
}

func (*clock) Now() time.Time { return time.Time{} }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.waits = append(c.waits, d)
	if c.end != nil {
		c.end(len(c.waits))
	}
	return ctx.Err()
}

// pipeline answers each offer with the next of its errors, nil after the last, and spoils what it refuses.
type pipeline struct {
	answers []error
	offers  []int // points of each
	ctxs    []context.Context
}

func (*pipeline) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (p *pipeline) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	p.offers = append(p.offers, md.DataPointCount())
	p.ctxs = append(p.ctxs, ctx)
	md.ResourceMetrics().RemoveIf(func(pmetric.ResourceMetrics) bool { return true })
	if len(p.offers) > len(p.answers) {
		return nil
	}
	return p.answers[len(p.offers)-1]
}

type rig struct {
	*Metrics
	*pipeline
	clock     *clock
	logs      *observer.ObservedLogs
	telemetry *componenttest.Telemetry
	built     int
	told      []error // of refusals and their end
}

func newRig(t *testing.T, hold context.Context, answers ...error) *rig {
	r := &rig{pipeline: &pipeline{answers: answers}, clock: &clock{}, telemetry: componenttest.NewTelemetry()}
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	core, logs := observer.New(zap.DebugLevel)
	r.logs = logs
	r.Metrics = NewMetrics(Settings{Hold: hold, Obs: obs, Clock: r.clock, Logger: zap.New(core), Refused: func(err error) { r.told = append(r.told, err) }, Format: "cloudwatch"}, r.pipeline)
	t.Cleanup(func() { require.NoError(t, r.telemetry.Shutdown(context.Background())) })
	return r
}

// threePoints builds the same data anew each time.
func (r *rig) threePoints() pmetric.Metrics {
	r.built++
	md := pmetric.NewMetrics()
	points := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptySum().DataPoints()
	for range 3 {
		points.AppendEmpty()
	}
	return md
}

func (r *rig) counted(t *testing.T, name string) int64 {
	m, err := r.telemetry.GetMetric(name)
	if err != nil {
		return 0
	}
	require.Len(t, m.Data.(metricdata.Sum[int64]).DataPoints, 1)
	return m.Data.(metricdata.Sum[int64]).DataPoints[0].Value
}

var errBusy = errors.New("busy")

func TestAccepted(t *testing.T) {
	r := newRig(t, context.Background())
	outcome, err := r.Emit(context.Background(), r.threePoints)
	require.NoError(t, err)
	assert.Equal(t, Accepted, outcome)
	assert.Equal(t, []int{3}, r.offers)
	assert.Empty(t, r.clock.waits)
	assert.Zero(t, r.logs.Len())
	assert.Empty(t, r.told)
	assert.EqualValues(t, 3, r.counted(t, "otelcol_receiver_accepted_metric_points"))
}

// Refused data is offered again, each time made anew, since a pipeline may spoil what it refuses; each state is said once.
func TestRefusedDataIsOfferedAnew(t *testing.T) {
	r := newRig(t, context.Background(), errBusy, errBusy, errBusy, errBusy, errBusy, errBusy, errBusy)
	outcome, err := r.Emit(context.Background(), r.threePoints)
	require.NoError(t, err)
	assert.Equal(t, Accepted, outcome)
	assert.Equal(t, []int{3, 3, 3, 3, 3, 3, 3, 3}, r.offers)
	assert.Equal(t, 8, r.built)
	require.Len(t, r.clock.waits, 7)
	for i, seconds := range []int{1, 2, 4, 8, 16, 30, 30} {
		full := time.Duration(seconds) * time.Second
		assert.LessOrEqual(t, r.clock.waits[i], full)
		assert.GreaterOrEqual(t, r.clock.waits[i], full/2)
	}
	var said []string
	for _, e := range r.logs.All() {
		said = append(said, e.Level.String()+" "+e.Message)
	}
	assert.Equal(t, []string{"warn The pipeline refuses data; it is offered again until it is taken", "info The pipeline takes data again"}, said)
	assert.Equal(t, []error{errBusy, nil}, r.told)
	assert.EqualValues(t, 3, r.counted(t, "otelcol_receiver_accepted_metric_points"))
	assert.EqualValues(t, 21, r.counted(t, "otelcol_receiver_refused_metric_points")+r.counted(t, "otelcol_receiver_failed_metric_points"))
}

// Log groups are handed over side by side. That the pipeline refuses is said once for all of them, and that it takes data again when nothing waits.
func TestRefusalsSideBySideAreOneState(t *testing.T) {
	r := newRig(t, context.Background(), errBusy, errBusy)
	r.clock.end = func(waits int) {
		if waits == 1 { // while the first one waits
			_, err := r.Emit(context.Background(), r.threePoints)
			assert.NoError(t, err)
			assert.Equal(t, []error{errBusy}, r.told, "one is still refused")
		}
	}
	_, err := r.Emit(context.Background(), r.threePoints)
	require.NoError(t, err)
	assert.Len(t, r.offers, 4)
	assert.Equal(t, []error{errBusy, nil}, r.told)
	assert.Equal(t, 1, r.logs.FilterMessage("The pipeline refuses data; it is offered again until it is taken").Len())
	assert.Equal(t, 1, r.logs.FilterMessage("The pipeline takes data again").Len())
}

// What is refused for good is dropped, and said.
func TestPermanentError(t *testing.T) {
	for name, before := range map[string][]error{"at once": nil, "after a refusal": {errBusy}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, context.Background(), append(before, consumererror.NewPermanent(errors.New("too large")))...)
			outcome, err := r.Emit(context.Background(), r.threePoints)
			require.NoError(t, err)
			assert.Equal(t, Refused, outcome)
			assert.Len(t, r.offers, len(before)+1)
			assert.Len(t, r.told, 2*len(before), "the end of a refusal is told, too")
			lines := r.logs.FilterMessage("The pipeline refused data for good; it is dropped").All()
			require.Len(t, lines, 1)
			assert.EqualValues(t, 3, lines[0].ContextMap()["items"])
			assert.Contains(t, lines[0].ContextMap()["error"], "too large")
		})
	}
}

// The end of the collection ends the offers: the data was not taken, and is not offered once more.
func TestContextEndsTheOffers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := newRig(t, context.Background(), errBusy, errBusy, errBusy, errBusy)
	r.clock.end = func(waits int) {
		if waits == 2 {
			cancel()
		}
	}
	_, err := r.Emit(ctx, r.threePoints)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, r.offers, 2)
	assert.Equal(t, []error{errBusy, nil}, r.told, "nothing is refused any more")
	_, err = r.Emit(ctx, r.threePoints)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, r.offers, 2, "nothing is offered after the end")
	_, err = r.Offer(ctx, r.threePoints)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, r.offers, 3, "but once, what goes with other data")
}

// A Consume in flight runs on under a context of its own, which outlives the collection's.
func TestConsumeIsHeldAtShutdown(t *testing.T) {
	type key struct{}
	hold := context.WithValue(context.Background(), key{}, "hold")
	r := newRig(t, hold)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := r.Emit(ctx, func() pmetric.Metrics {
		cancel() // between the question whether to go on, and Consume
		return r.threePoints()
	})
	require.NoError(t, err)
	require.Len(t, r.ctxs, 1)
	assert.NoError(t, r.ctxs[0].Err())
	assert.Equal(t, "hold", r.ctxs[0].Value(key{}))
}
