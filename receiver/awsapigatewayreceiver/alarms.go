package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"sync"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
)

// newAlarms makes the list of a target's alarms, which metrics and logs pipelines share; nil where nobody wants them.
func (r *gatewayReceiver) newAlarms(t *target) *alarms.List {
	if !r.config.Alarms.Enabled || r.metrics == nil && r.logs == nil {
		return nil
	}
	return alarms.NewList(alarms.ListSettings{
		Client: t.client, Interval: r.config.Alarms.Interval, Inventory: t.inventory,
		Report: func(err error) { t.watch.report(sourceAlarms, err) },
	})
}

// runAlarmStates reports the states of a target's alarms.
func (r *gatewayReceiver) runAlarmStates(a *activity, t *target) {
	if t.alarms == nil {
		return
	}
	alarms.RunStates(a.run, alarms.StatesSettings{
		List: t.alarms, Resources: t.resources, Emitter: emit.NewMetrics(r.emitter(a, t, sourceAlarms, "cloudwatch"), r.metrics),
		Clock: r.clock, Version: r.set.BuildInfo.Version,
	})
}

// runRecords reports a target's entities, and the transitions of its alarms.
func (r *gatewayReceiver) runRecords(a *activity, t *target) {
	var all sync.WaitGroup
	all.Go(func() { t.reporter.Run(a.run, emit.NewLogs(r.emitter(a, t, sourceEntities, "apigateway"), r.logs)) })
	if t.alarms != nil {
		all.Go(func() { r.newTransitions(a, t).Run(a.run) })
	}
	all.Wait()
}

func (r *gatewayReceiver) newTransitions(a *activity, t *target) *alarms.Transitions {
	recorder := t.watch.logRecorder()
	return alarms.NewTransitions(alarms.TransitionsSettings{
		List: t.alarms, Resources: t.resources, Emitter: emit.NewLogs(r.emitter(a, t, sourceHistory, "cloudwatch"), r.logs),
		Store: r.stores[storeLogs], Key: "alarms/" + t.client.Target().Label, Clock: r.clock, Logger: t.logger,
		Report:  func(err error) { t.watch.report(sourceHistory, err) },
		Refused: recorder.RefusedRecords, LostSeconds: recorder.LostSeconds, CheckpointError: t.watch.checkpointError,
		Version: r.set.BuildInfo.Version,
	})
}
