// Package emit hands data to the pipeline. It is the only package that calls Consume: it knows what a refusal means, and back-pressure.
package emit

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Waits between two offers of data that the pipeline refused.
const (
	minWait = time.Second
	maxWait = 30 * time.Second
)

// Metrics hands metrics over.
type Metrics struct {
	next   consumer.Metrics
	obs    *receiverhelper.ObsReport
	clock  poll.Clock
	logger *zap.Logger
	// refused is told the error of a pipeline that starts to refuse, and nil when it takes data again.
	refused func(error)
	// hold is the context that Consume runs under: a shutdown lets a Consume in flight finish.
	hold context.Context
}

// NewMetrics makes the emitter of one target. hold outlives the collection's context by the time that a Consume in flight gets at shutdown;
// refused is told when the pipeline starts to refuse, with its error, and when it takes data again, with nil.
func NewMetrics(hold context.Context, next consumer.Metrics, obs *receiverhelper.ObsReport, clock poll.Clock, logger *zap.Logger, refused func(error)) *Metrics {
	return &Metrics{next: next, obs: obs, clock: clock, logger: logger, refused: refused, hold: hold}
}

// Outcome says what became of the data.
type Outcome int

// Accepted data was consumed; Refused data never will be, by a permanent error.
const (
	Accepted Outcome = iota
	Refused
)

// format is what the receiver's own metrics call where the data comes from.
const format = "cloudwatch"

// Emit offers the metrics until the pipeline takes them or refuses them for good. build makes them anew for each offer, since the pipeline may
// change what it is given. The error is that of ctx, which ended first: then the data was not taken.
func (m *Metrics) Emit(ctx context.Context, build func() pmetric.Metrics) (Outcome, error) {
	wait := poll.Backoff{Min: minWait, Max: maxWait}
	refused := false
	for {
		if err := ctx.Err(); err != nil {
			return Accepted, err
		}
		md := build()
		n := md.DataPointCount()
		op := m.obs.StartMetricsOp(m.hold)
		err := m.next.ConsumeMetrics(op, md)
		m.obs.EndMetricsOp(op, format, n, err)
		switch {
		case err == nil:
			if refused {
				m.logger.Info("The pipeline takes data again")
				m.refused(nil)
			}
			return Accepted, nil
		case consumererror.IsPermanent(err):
			if refused {
				m.refused(nil)
			}
			m.logger.Error("The pipeline refused data for good; it is dropped", zap.Int("points", n), zap.Error(err))
			return Refused, nil
		}
		if !refused {
			refused = true
			m.logger.Warn("The pipeline refuses data; it is offered again until it is taken", zap.Error(err))
			m.refused(err)
		}
		if err := m.clock.Sleep(ctx, wait.Next()); err != nil {
			return Accepted, err
		}
	}
}
