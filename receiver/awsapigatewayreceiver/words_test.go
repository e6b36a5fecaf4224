package awsapigatewayreceiver

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
)

// A failure of a part that becomes one of the whole does not end: nothing is read again before the whole is.
func TestFailureThatGrowsDoesNotEnd(t *testing.T) {
	denied := &aws.Error{Operation: "FilterLogEvents", Class: aws.Denied, Code: "AccessDeniedException", Err: assert.AnError}
	for part, whole := range map[string]string{sourceSomeLogs: sourceLogs, sourcePartial: sourceInventory} {
		t.Run(whole, func(t *testing.T) {
			core, said := observer.New(zap.InfoLevel)
			set := receivertest.NewNopSettings(metadata.Type)
			set.Logger = zap.New(core)
			watch, err := newTelemetry(set, createDefaultConfig().(*Config))
			require.NoError(t, err)
			defer watch.builder.Shutdown()
			watch.attachHost(componenttest.NewNopHost())
			w := &targetWatch{telemetry: watch, label: "default/us-east-1", errs: map[string]error{}, said: map[string][]string{}}
			watch.targets = []*targetWatch{w}
			var lines []string
			report := func(all, some error) {
				w.report(whole, all)
				w.report(part, some)
				lines = nil
				for _, e := range said.TakeAll() {
					lines = append(lines, e.Message+": "+e.ContextMap()["source"].(string))
				}
			}
			report(nil, denied)
			assert.Equal(t, []string{"Part of a target cannot be read; what was known of it stays, and it is tried again: " + part}, lines)
			report(denied, nil)
			assert.Equal(t, []string{"Target cannot be read; it is tried again: " + whole}, lines)
			assert.True(t, w.down())
			report(nil, nil)
			assert.Equal(t, []string{"Target can be read again: " + whole}, lines)
			report(nil, denied)
			report(nil, nil)
			assert.Equal(t, []string{"Target can be read again: " + part}, lines)
		})
	}
}

// Log lines of a receiver that several signals share do not name the signal that happened to be made first.
func TestLogLinesNameNoSignal(t *testing.T) {
	core, said := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(inject(core, "otelcol.signal", "otelcol.component.id"))
	config := createDefaultConfig().(*Config)
	config.Regions, config.Endpoint = []string{"us-east-1"}, "http://127.0.0.1:1"
	made, err := NewFactory().CreateMetrics(t.Context(), set, config, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, made.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, made.Shutdown(t.Context()))
	lines := said.FilterMessageSnippet("Positions live in memory").All()
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0].ContextMap(), "otelcol.component.id")
	assert.NotContains(t, lines[0].ContextMap(), "otelcol.signal")
}

// injected is a core as the collector gives it to a component: with attributes that can be taken off.
type injected struct {
	zapcore.Core
	below      zapcore.Core
	attributes []string
}

func inject(below zapcore.Core, attributes ...string) injected {
	with := below
	for _, key := range attributes {
		with = with.With([]zapcore.Field{zap.String(key, "x")})
	}
	return injected{with, below, attributes}
}

func (i injected) DropInjectedAttributes(keys ...string) zapcore.Core {
	return inject(i.below, slices.DeleteFunc(slices.Clone(i.attributes), func(key string) bool { return slices.Contains(keys, key) })...)
}
