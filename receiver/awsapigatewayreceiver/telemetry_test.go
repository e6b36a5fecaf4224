package awsapigatewayreceiver

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
)

// watched is one target's health, the host that hears of it, and the log.
func watched(t *testing.T) (*targetWatch, *testHost, *observer.ObservedLogs) {
	set := receivertest.NewNopSettings(metadata.Type)
	core, logs := observer.New(zapcore.InfoLevel)
	set.Logger = zap.New(core)
	all, err := newTelemetry(set, createDefaultConfig().(*Config))
	require.NoError(t, err)
	w := &targetWatch{telemetry: all, label: "own/us-east-1", errs: map[string]error{}, said: map[string][]string{}, refusals: map[string]error{}}
	all.targets = []*targetWatch{w}
	host := &testHost{}
	all.attachHost(host)
	return w, host, logs
}

func denied(action string) error {
	return &aws.Error{Operation: action, Class: aws.Denied, Action: "cloudwatch:" + action, Resource: "*", Err: errors.New("no")}
}

// A denial that another one follows is news, in the log and in the status: something else mends it.
func TestNextDenialIsSaid(t *testing.T) {
	w, host, logs := watched(t)
	for range 3 {
		w.report(sourceMetrics, denied("ListMetrics"))
	}
	assert.Equal(t, 1, logs.Len())
	for range 3 {
		w.report(sourceMetrics, denied("GetMetricData"))
	}
	require.Equal(t, 2, logs.Len())
	assert.Contains(t, logs.All()[1].ContextMap()["error"], "allow cloudwatch:GetMetricData on *")
	events := host.statuses()
	require.Len(t, events, 2)
	assert.ErrorContains(t, events[1].Err(), "allow cloudwatch:GetMetricData on *")
	assert.NotContains(t, events[1].Err().Error(), "ListMetrics")
}

// An outage that looks different each time is said once for each way it looks, until it is over.
func TestOutageIsNotSaidEachTime(t *testing.T) {
	w, _, logs := watched(t)
	outage := func() {
		for range 5 {
			for _, class := range []aws.Class{aws.Network, aws.Server, aws.Throttled} {
				w.report(sourceMetrics, &aws.Error{Operation: "GetMetricData", Class: class, Err: errors.New("no")})
			}
		}
	}
	outage()
	assert.Equal(t, 3, logs.Len())
	w.report(sourceMetrics, nil)
	assert.Equal(t, 4, logs.Len(), "its end")
	outage()
	assert.Equal(t, 7, logs.Len())
}

// The status tells of all that fails or is refused, as it is now.
func TestStatusIsOfEverySource(t *testing.T) {
	w, host, _ := watched(t)
	last := func() *componentstatus.Event {
		events := host.statuses()
		require.NotEmpty(t, events)
		return events[len(events)-1]
	}
	w.report(sourceInventory, denied("A"))
	w.report(sourceTraces, denied("B"))
	require.ErrorContains(t, last().Err(), "allow cloudwatch:A")
	require.ErrorContains(t, last().Err(), "allow cloudwatch:B")
	w.report(sourceInventory, nil)
	require.ErrorContains(t, last().Err(), "allow cloudwatch:B")
	assert.NotContains(t, last().Err().Error(), "allow cloudwatch:A", "it can be read again")

	w.refused(sourceLogs, errRefused)
	w.refused(sourceTraces, errRefused)
	require.ErrorContains(t, last().Err(), "refuses logs")
	require.ErrorContains(t, last().Err(), "refuses traces")
	w.refused(sourceLogs, nil)
	assert.NotContains(t, last().Err().Error(), "refuses logs")
	w.refused(sourceTraces, nil)
	w.report(sourceTraces, nil)
	assert.Equal(t, componentstatus.StatusOK, last().Status())
}
