package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

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
	a := begin(ctx, host)
	r.reading = a
	obs := map[string]*receiverhelper.ObsReport{}
	for _, s := range signals {
		obs[s] = r.signals[s].obs
	}
	for _, t := range r.targets {
		a.running.Go(func() {
			select {
			case <-t.ready:
				r.readLogs(a, t, obs)
			case <-a.run.Done():
			}
		})
	}
}

// readingOf is the reading of log groups where it has to end with a signal: with the first one of those that they are read for.
func (r *gatewayReceiver) readingOf(signal string) []*activity {
	a := r.reading
	if a == nil || !slices.Contains(r.readFor(), signal) {
		return nil
	}
	r.reading = nil
	return []*activity{a}
}

// readLogs reads the log groups of a target for the signals that obs are of.
func (r *gatewayReceiver) readLogs(a *activity, t *target, obs map[string]*receiverhelper.ObsReport) {
	settings := logs.Settings{
		Target: t.client.Target(), Config: &r.config.Logs, Client: t.client, Inventory: t.inventory, Store: r.stores[storeLogs], Resources: t.resources,
		Clock: r.clock, Recorder: t.watch.logRecorder(), Logger: t.logger, Pages: min(max(logPages/len(r.targets), minLogPages), maxLogPages),
		Version: r.set.BuildInfo.Version, XRayPulled: r.config.Traces.XRay.Enabled,
	}
	if obs[signalLogs] != nil {
		s := r.emitter(a, t, sourceLogs, "cloudwatchlogs")
		s.Obs = obs[signalLogs]
		settings.Emitter = emit.NewLogs(s, r.logs)
	}
	if obs[signalTraces] != nil {
		s := r.emitter(a, t, sourceSpans, "cloudwatchlogs")
		s.Obs = obs[signalTraces]
		settings.Spans = emit.NewTraces(s, r.traces)
	}
	reader := logs.New(settings)
	t.watch.attachReader(reader)
	reader.Run(a.run, func(all, some error) {
		t.watch.report(sourceLogs, all)
		t.watch.report(sourceSomeLogs, some)
	})
}
