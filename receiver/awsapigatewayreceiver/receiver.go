package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

const (
	// consumeGrace is what a Consume in flight gets at shutdown.
	consumeGrace = 10 * time.Second
	// Waits between attempts to find out a target's account.
	minIdentifyWait = time.Second
	maxIdentifyWait = 5 * time.Minute
)

// gatewayReceiver reads all targets of one receiver: for each the inventory, and beside it the metrics.
type gatewayReceiver struct {
	set    receiver.Settings
	config *Config
	next   consumer.Metrics
	clock  poll.Clock
	// attemptTimeout bounds one AWS call in real time; 0: the default.
	attemptTimeout time.Duration

	stop    func() // ends the AWS calls; nil while the receiver does not run
	release func() // ends a Consume in flight
	running sync.WaitGroup

	started   time.Time
	session   *aws.Session
	stores    []*checkpoint.Store
	telemetry *telemetry
}

func newReceiver(set receiver.Settings, config *Config, next consumer.Metrics, clock poll.Clock) *gatewayReceiver {
	return &gatewayReceiver{set: set, config: config, next: next, clock: clock}
}

// Start opens the storage, resolves the targets and starts each on its own. It does not wait for AWS.
func (r *gatewayReceiver) Start(ctx context.Context, host component.Host) error {
	if err := r.open(ctx, host); err != nil {
		return errors.Join(err, r.close(ctx))
	}
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: r.set.ID, Transport: "http", ReceiverCreateSettings: r.set})
	if err != nil {
		return errors.Join(err, r.close(ctx))
	}
	if r.config.Storage == nil {
		r.set.Logger.Warn("Positions live in memory: without the storage setting a restart starts anew and may leave a gap")
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	hold, release := context.WithCancel(context.WithoutCancel(ctx))
	r.stop, r.release = stop, release
	r.started = r.clock.Now()
	for _, client := range r.session.Clients {
		r.running.Go(func() { r.target(run, hold, client, obs) })
	}
	return nil
}

func (r *gatewayReceiver) open(ctx context.Context, host component.Host) error {
	for _, name := range []string{"inventory", "metrics"} {
		store, err := checkpoint.Open(ctx, host, r.config.Storage, r.set.ID, name)
		if err != nil {
			return err
		}
		r.stores = append(r.stores, store)
	}
	var err error
	if r.telemetry, err = newTelemetry(r.set, host, r.config); err != nil {
		return err
	}
	r.session, err = aws.Open(ctx, aws.Settings{
		Accounts:              r.config.Accounts,
		Regions:               r.config.Regions,
		Endpoint:              r.config.Endpoint,
		ControlPlanePerSecond: r.config.Inventory.RequestsPerSecond,
		Clock:                 r.clock,
		AttemptTimeout:        r.attemptTimeout,
		Telemetry:             r.telemetry.builder,
		Logger:                r.set.Logger,
	})
	if err != nil {
		return err
	}
	return r.telemetry.observe(r.session.Clients)
}

// target reads one target: its account first, since it is part of every identity, then its inventory and its metrics side by side.
func (r *gatewayReceiver) target(run, hold context.Context, client *aws.Client, obs *receiverhelper.ObsReport) {
	if r.clock.Sleep(run, r.config.Metrics.InitialDelay) != nil {
		return
	}
	label := client.Target().Label
	watch := r.telemetry.target(label)
	if !r.identify(run, client, watch) {
		return
	}
	target := client.Target()
	if other := r.telemetry.claim(target); other != "" {
		watch.report(sourceIdentity, fmt.Errorf("it is account %s in %s, which target %s reads already: it is left out, name each account once", target.AccountID, target.Region, other))
		return
	}
	logger := r.set.Logger.With(zap.String("target", label))

	inv := inventory.New(client, r.config.Inventory, &r.config.APIs, r.clock, r.stores[0], "inventory/"+label, logger)
	if err := inv.Restore(run); err != nil {
		watch.checkpointError(run)
		logger.Error("The stored inventory is not used", zap.Error(err))
	}
	collector := metrics.New(metrics.Settings{
		Target:    target,
		Config:    &r.config.Metrics,
		Filter:    &r.config.APIs,
		Reader:    client,
		Inventory: inv,
		Store:     r.stores[1],
		Resources: resource.NewWriter(target, r.config.ResourceAttributes, r.config.Tags),
		Emitter:   emit.NewMetrics(hold, r.next, obs, r.clock, logger, watch.refused),
		Clock:     r.clock,
		Recorder:  watch.recorder(),
		Logger:    r.set.Logger,
		Started:   r.started,
		Version:   r.set.BuildInfo.Version,
	})
	watch.attach(inv, collector)
	var both sync.WaitGroup
	both.Go(func() { inv.Run(run, func(err error) { watch.report(sourceInventory, err) }) })
	both.Go(func() { collector.Run(run, func(err error) { watch.report(sourceMetrics, err) }) })
	both.Wait()
}

func (r *gatewayReceiver) identify(run context.Context, client *aws.Client, watch *targetWatch) bool {
	wait := poll.Backoff{Min: minIdentifyWait, Max: maxIdentifyWait}
	for {
		err := client.Identify(run)
		if run.Err() != nil {
			return false
		}
		watch.report(sourceIdentity, err)
		if err == nil {
			return true
		}
		if r.clock.Sleep(run, wait.Next()) != nil {
			return false
		}
	}
}

// Shutdown ends AWS calls at once, gives a Consume in flight up to 10 s, and returns when nothing runs any more. It is safe to call twice, or
// without Start.
func (r *gatewayReceiver) Shutdown(ctx context.Context) error {
	if r.stop != nil {
		r.telemetry.quiet()
		r.stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.running.Wait()
		}()
		grace := time.NewTimer(consumeGrace)
		select {
		case <-done:
		case <-grace.C:
		case <-ctx.Done():
		}
		grace.Stop()
		r.release()
		<-done
		r.stop = nil
	}
	return r.close(ctx)
}

func (r *gatewayReceiver) close(ctx context.Context) error {
	var errs []error
	for _, s := range r.stores {
		errs = append(errs, s.Close(ctx))
	}
	r.stores = nil
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
