package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/entity"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventorymetrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

const (
	// consumeGrace is what a Consume in flight gets at shutdown.
	consumeGrace = 10 * time.Second
	// Waits between attempts to find out a target's account.
	minIdentifyWait = time.Second
	maxIdentifyWait = 5 * time.Minute
)

// gatewayReceiver reads all targets of one receiver: for each the inventory, and what the pipelines that it stands in ask for. The signals share
// it, since they share credentials, limits and the inventory; each starts and stops on its own, and the last one stops the rest.
type gatewayReceiver struct {
	set     receiver.Settings
	config  *Config
	clock   poll.Clock
	metrics consumer.Metrics // nil: not in a metrics pipeline
	logs    consumer.Logs    // nil: not in a logs pipeline
	traces  consumer.Traces  // nil: not in a traces pipeline
	// attemptTimeout bounds one AWS call in real time; 0: the default.
	attemptTimeout time.Duration
	// dial replaces the network; nil: the machine's.
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu      poll.Turn // one start or shutdown at a time
	signals map[string]*activity
	shared  *activity // the inventory, while any signal runs
	reading *activity // of log groups, which may be for two signals

	started   time.Time
	session   *aws.Session
	stores    map[string]*checkpoint.Store
	telemetry *telemetry
	targets   []*target
}

// activity is what a signal, or all of them together, has running.
type activity struct {
	host    component.Host
	obs     *receiverhelper.ObsReport
	stop    func() // ends the AWS calls
	release func() // ends a Consume in flight
	running sync.WaitGroup

	run, hold context.Context
}

func begin(ctx context.Context, host component.Host) *activity {
	a := &activity{host: host}
	a.run, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	a.hold, a.release = context.WithCancel(context.WithoutCancel(ctx))
	return a
}

// end stops the AWS calls of activities at once, and gives a Consume in flight up to consumeGrace.
func end(ctx context.Context, activities ...*activity) {
	done := make(chan struct{})
	for _, a := range activities {
		a.stop()
	}
	go func() {
		defer close(done)
		for _, a := range activities {
			a.running.Wait()
		}
	}()
	grace := time.NewTimer(consumeGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	case <-ctx.Done():
	}
	for _, a := range activities {
		a.release()
	}
	<-done
}

// target is one account in one region.
type target struct {
	client    *aws.Client
	watch     *targetWatch
	logger    *zap.Logger
	resources *resource.Writer
	inventory *inventory.Inventory
	reporter  *entity.Reporter // nil: not in a logs pipeline
	alarms    *alarms.List     // nil: they are off
	ready     chan struct{}    // closed when all of the above is there
}

// Names of the stores, one file each.
const (
	storeInventory = "inventory"
	storeMetrics   = "metrics"
	storeLogs      = "logs"
	storeTraces    = "traces"
)

// start starts a signal, and what the signals share with the first one. It does not wait for AWS.
func (r *gatewayReceiver) start(ctx context.Context, host component.Host, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shared == nil {
		if err := r.open(ctx, host); err != nil {
			return errors.Join(err, r.close(ctx))
		}
	}
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: r.set.ID, Transport: "http", ReceiverCreateSettings: r.set})
	if err != nil {
		return errors.Join(err, r.closeUnused(ctx))
	}
	a := begin(ctx, host)
	a.obs = obs
	r.signals[name] = a
	r.telemetry.attachHost(host)
	for _, t := range r.targets {
		a.running.Go(func() {
			select {
			case <-t.ready:
				r.signal(a, name, t)
			case <-a.run.Done():
			}
		})
	}
	r.startReading(ctx, host)
	return nil
}

func (r *gatewayReceiver) open(ctx context.Context, host component.Host) error {
	r.stores = map[string]*checkpoint.Store{}
	for _, name := range []string{storeInventory, storeMetrics, storeLogs, storeTraces} {
		store, err := checkpoint.Open(ctx, host, r.config.Storage, r.set.ID, name)
		if err != nil {
			return err
		}
		r.stores[name] = store
	}
	var err error
	if r.telemetry, err = newTelemetry(r.set, r.config); err != nil {
		return err
	}
	r.session, err = aws.Open(ctx, aws.Settings{
		Accounts:              r.config.Accounts,
		Regions:               r.config.Regions,
		Endpoint:              r.config.Endpoint,
		InsecureEndpoint:      r.config.InsecureEndpoint,
		ControlPlanePerSecond: r.config.Inventory.RequestsPerSecond,
		LogRequestsPerSecond:  r.config.Logs.MaxRequestsPerSecond,
		Clock:                 r.clock,
		AttemptTimeout:        r.attemptTimeout,
		Dial:                  r.dial,
		Telemetry:             r.telemetry.builder,
		Logger:                r.set.Logger,
	})
	if err != nil {
		return err
	}
	r.telemetry.xray = r.traces != nil && r.config.Traces.XRay.Enabled
	r.telemetry.records = r.logs != nil
	if err := r.telemetry.observe(r.session.Clients, r.metrics != nil); err != nil {
		return err
	}
	if r.config.Storage == nil {
		r.set.Logger.Warn("Positions live in memory: without the storage setting a restart starts anew and may leave a gap")
	}
	r.shared = begin(ctx, host)
	r.started = r.clock.Now()
	r.targets = nil
	for _, client := range r.session.Clients {
		t := &target{client: client, watch: r.telemetry.target(client.Target().Label), ready: make(chan struct{})}
		r.targets = append(r.targets, t)
		r.shared.running.Go(func() { r.target(r.shared.run, t) })
	}
	return nil
}

// target reads one target's inventory, once its account is known, which is part of every identity.
func (r *gatewayReceiver) target(run context.Context, t *target) {
	if r.clock.Sleep(run, r.config.Metrics.InitialDelay) != nil {
		return
	}
	if !r.identify(run, t) {
		return
	}
	at := t.client.Target()
	if other := r.telemetry.claim(at); other != "" {
		t.watch.report(sourceIdentity, fmt.Errorf("it is account %s in %s, which target %s reads already: it is left out, name each account once", at.AccountID, at.Region, other))
		return
	}
	t.logger = r.set.Logger.With(zap.String("target", at.Label))
	t.resources = resource.NewWriter(at, r.config.ResourceAttributes, r.config.Tags)
	settings := inventory.Settings{
		Target: at, Reader: t.client, Config: r.config.Inventory, Filter: &r.config.APIs, Clock: r.clock,
		Store: r.stores[storeInventory], Key: "inventory/" + at.Label, Logger: t.logger, Version: r.set.BuildInfo.Version, CheckpointError: t.watch.checkpointError,
		Listener: func(ctx context.Context, old, next *inventory.Snapshot) {
			if t.reporter != nil {
				t.reporter.Observe(ctx, old, next)
			}
		},
	}
	t.inventory = inventory.New(settings)
	restoreErr := t.inventory.Restore(run)
	t.reporter = r.newReporter(t)
	if err := errors.Join(restoreErr, t.reporter.Restore(run)); err != nil {
		t.watch.checkpointError(run)
		t.logger.Error("Part of the stored inventory is not used", zap.Error(err))
	}
	if r.logs == nil {
		// Nobody listens: the next start in a logs pipeline reports everything.
		if err := t.reporter.Forget(run); err != nil {
			t.watch.checkpointError(run)
		}
		t.reporter = nil
	}
	t.alarms = r.newAlarms(t)
	t.watch.attachInventory(t.inventory, t.alarms)
	close(t.ready)
	t.inventory.Run(run, func(lists, rest error) {
		t.watch.report(sourceInventory, lists)
		t.watch.report(sourcePartial, rest)
	})
}

func (r *gatewayReceiver) newReporter(t *target) *entity.Reporter {
	at := t.client.Target()
	return entity.NewReporter(entity.Settings{
		Target: at, Config: r.config.Inventory, Resources: t.resources, Store: r.stores[storeLogs], Key: "entities/" + at.Label, Clock: r.clock,
		Now: t.client.Now, Current: t.inventory.Current, Logger: t.logger,
		Dropped: t.watch.droppedEntityEvents, CheckpointError: t.watch.checkpointError, Version: r.set.BuildInfo.Version,
	})
}

func (r *gatewayReceiver) identify(run context.Context, t *target) bool {
	wait := poll.Backoff{Min: minIdentifyWait, Max: maxIdentifyWait}
	for {
		err := t.client.Identify(run)
		if run.Err() != nil {
			return false
		}
		t.watch.report(sourceIdentity, err)
		if err == nil {
			return true
		}
		if r.clock.Sleep(run, wait.Next()) != nil {
			return false
		}
	}
}

// signal reads what a signal's pipelines ask for of one target.
func (r *gatewayReceiver) signal(a *activity, name string, t *target) {
	switch name {
	case signalMetrics:
		r.runMetrics(a, t)
	case signalLogs:
		r.runRecords(a, t)
	case signalTraces:
		r.runTraces(a, t)
	}
}

func (r *gatewayReceiver) emitter(a *activity, t *target, source, format string) emit.Settings {
	return emit.Settings{
		Hold: a.hold, Obs: a.obs, Clock: r.clock, Logger: t.logger, Format: format,
		Refused: func(err error) { t.watch.refused(source, err) },
	}
}

func (r *gatewayReceiver) runMetrics(a *activity, t *target) {
	collector := metrics.New(metrics.Settings{
		Target:    t.client.Target(),
		Config:    &r.config.Metrics,
		Filter:    &r.config.APIs,
		Reader:    t.client,
		Inventory: t.inventory,
		Store:     r.stores[storeMetrics],
		Resources: t.resources,
		Emitter:   emit.NewMetrics(r.emitter(a, t, sourceMetrics, "cloudwatch"), r.metrics),
		Clock:     r.clock,
		Recorder:  t.watch.recorder(),
		Logger:    r.set.Logger,
		Started:   r.started,
		Version:   r.set.BuildInfo.Version,
	})
	t.watch.attachCollector(collector)
	limits := inventorymetrics.New(inventorymetrics.Settings{
		Config: r.config.Inventory, Reader: t.client, Inventory: t.inventory, Resources: t.resources,
		Emitter: emit.NewMetrics(r.emitter(a, t, sourceLimits, "apigateway"), r.metrics),
		Store:   r.stores[storeMetrics], Key: "usage/" + t.client.Target().Label, Clock: r.clock, Now: t.client.Now,
		Enabled: r.config.Metrics.Enabled, Logger: t.logger, CheckpointError: t.watch.checkpointError, Version: r.set.BuildInfo.Version,
	})
	var all sync.WaitGroup
	all.Go(func() { collector.Run(a.run, func(err error) { t.watch.report(sourceMetrics, err) }) })
	all.Go(func() { limits.Run(a.run) })
	all.Go(func() { r.runAlarmStates(a, t) })
	if r.config.Inventory.Usage.Enabled {
		all.Go(func() { limits.RunUsage(a.run, func(err error) { t.watch.report(sourceUsage, err) }) })
	}
	all.Wait()
}

func (r *gatewayReceiver) runTraces(a *activity, t *target) {
	if !r.config.Traces.XRay.Enabled {
		return
	}
	l := &r.config.Logs
	reader := traces.New(traces.Settings{
		Target: t.client.Target(), Config: &r.config.Traces, Rules: redact.New(l.Redact, l.Include, l.HashKey), Client: t.client, Inventory: t.inventory,
		Store: r.stores[storeTraces], Resources: t.resources, Emitter: emit.NewTraces(r.emitter(a, t, sourceTraces, "xray"), r.traces), Clock: r.clock,
		Recorder: t.watch.traceRecorder(), Logger: t.logger, Version: r.set.BuildInfo.Version,
	})
	t.watch.attachTraces(reader)
	reader.Run(a.run, func(err error) { t.watch.report(sourceTraces, err) })
}

// shutdown stops a signal, and with the last one everything. It returns when nothing of it runs any more, and is safe to call twice, or without a
// start.
func (r *gatewayReceiver) shutdown(ctx context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := r.signals[name]; ok {
		r.telemetry.detachHost(a.host)
		end(ctx, append(r.readingOf(name), a)...)
		delete(r.signals, name)
	}
	return r.closeUnused(ctx)
}

// closeUnused closes what the signals share when none runs.
func (r *gatewayReceiver) closeUnused(ctx context.Context) error {
	if len(r.signals) > 0 || r.shared == nil {
		return nil
	}
	end(ctx, r.shared)
	return r.close(ctx)
}

func (r *gatewayReceiver) close(ctx context.Context) error {
	var errs []error
	for _, s := range r.stores {
		errs = append(errs, s.Close(ctx))
	}
	r.stores, r.targets, r.shared = nil, nil, nil
	if r.session != nil {
		r.session.Close()
		r.session = nil
	}
	if r.telemetry != nil {
		r.telemetry.builder.Shutdown()
		r.telemetry = nil
	}
	return errors.Join(errs...)
}
