package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
)

// Pages of log events that are in memory at once, each of at most 1 MB: of all targets, and of one.
const (
	logPages    = 32
	minLogPages = 3
	maxLogPages = 16
)

// readFor are the signals that log groups are read for.
func (r *gatewayReceiver) readFor() (signals []string) {
	if r.logs != nil && (r.config.Logs.Access.Enabled || r.config.Logs.Execution.Enabled) {
		signals = append(signals, signalLogs)
	}
	if r.traces != nil && r.config.Traces.AccessLogs.Enabled {
		signals = append(signals, signalTraces)
	}
	return signals
}

// startReading starts to read log groups once all signals run that they are read for: each event is read once, for all of them, and the position
// may not pass what one of them has not got.
func (r *gatewayReceiver) startReading(ctx context.Context, host component.Host) {
	signals := r.readFor()
	if len(signals) == 0 || r.reading != nil || slices.ContainsFunc(signals, func(s string) bool { return r.signals[s] == nil }) {
		return
	}
	r.reading = begin(ctx, host)
	for _, t := range r.targets {
		r.reading.running.Go(func() {
			select {
			case <-t.ready:
				r.readLogs(r.reading, t)
			case <-r.reading.run.Done():
			}
		})
	}
}

// stopReading ends the reading of log groups with the first signal that ends of those they are read for.
func (r *gatewayReceiver) stopReading(ctx context.Context, signal string) {
	if r.reading != nil && slices.Contains(r.readFor(), signal) {
		r.reading.end(ctx)
		r.reading = nil
	}
}

func (r *gatewayReceiver) readLogs(a *activity, t *target) {
	settings := logs.Settings{
		Target: t.client.Target(), Config: &r.config.Logs, Client: t.client, Inventory: t.inventory, Store: r.stores[storeLogs], Resources: t.resources,
		Clock: r.clock, Recorder: t.watch.logRecorder(), Logger: t.logger, Pages: min(max(logPages/len(r.targets), minLogPages), maxLogPages),
		Version: r.set.BuildInfo.Version, XRayPulled: r.config.Traces.XRay.Enabled,
	}
	for _, signal := range r.readFor() {
		s := r.emitter(a, t, sourceLogs, "cloudwatchlogs")
		s.Obs = r.signals[signal].obs
		if signal == signalLogs {
			settings.Emitter = emit.NewLogs(s, r.logs)
		} else {
			settings.Spans = emit.NewTraces(s, r.traces)
		}
	}
	reader := logs.New(settings)
	t.watch.attachReader(reader)
	reader.Run(a.run, func(all, some error) {
		t.watch.report(sourceLogs, all)
		t.watch.report(sourceSomeLogs, some)
	})
}
