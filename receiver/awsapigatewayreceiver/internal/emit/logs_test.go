package emit

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
)

// Logs are handed over as metrics are, and counted as logs.
func TestLogs(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	offers := 0
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		if offers++; offers == 1 {
			return errBusy
		}
		return nil
	})
	require.NoError(t, err)
	var told []error
	e := NewLogs(Settings{Hold: context.Background(), Obs: obs, Clock: &clock{}, Logger: zap.NewNop(), Refused: func(err error) { told = append(told, err) }, Format: "apigateway"}, next)
	outcome, err := e.Emit(context.Background(), func() plog.Logs {
		ld := plog.NewLogs()
		records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		records.AppendEmpty()
		records.AppendEmpty()
		return ld
	})
	require.NoError(t, err)
	assert.Equal(t, Accepted, outcome)
	assert.Equal(t, 2, offers)
	assert.Equal(t, []error{errBusy, nil}, told)
	m, err := telemetry.GetMetric("otelcol_receiver_accepted_log_records")
	require.NoError(t, err)
	assert.EqualValues(t, 2, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
}

// Where there is nothing to hand over, nothing is offered; where that comes to pass while the pipeline refuses, its refusal is over.
func TestNothingToHandOver(t *testing.T) {
	r := newRig(t, context.Background())
	outcome, err := r.Emit(context.Background(), pmetric.NewMetrics)
	require.NoError(t, err)
	assert.Equal(t, Accepted, outcome)
	assert.Empty(t, r.offers)
	assert.Empty(t, r.told)

	r = newRig(t, context.Background(), errBusy, errBusy)
	built := 0
	outcome, err = r.Emit(context.Background(), func() pmetric.Metrics {
		if built++; built == 1 {
			return r.threePoints()
		}
		return pmetric.NewMetrics()
	})
	require.NoError(t, err)
	assert.Equal(t, Accepted, outcome)
	assert.Equal(t, []int{3}, r.offers)
	assert.Equal(t, []error{errBusy, nil}, r.told)
}
