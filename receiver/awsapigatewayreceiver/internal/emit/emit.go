// Package emit hands data to the pipeline. It is the only package that calls Consume: it knows what a refusal means, and back-pressure.
package emit

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Waits between two offers of data that the pipeline refused.
const (
	minWait = time.Second
	maxWait = 30 * time.Second
)

// Emitter hands data of one signal over.
type Emitter[T any] struct {
	consume func(ctx context.Context, data T) error
	count   func(data T) int
	begin   func(ctx context.Context) context.Context
	end     func(ctx context.Context, n int, err error)
	clock   poll.Clock
	logger  *zap.Logger
	// refused is told the error of a pipeline that starts to refuse, and nil when it takes data again.
	refused func(error)
	// hold is the context that Consume runs under: a shutdown lets a Consume in flight finish.
	hold context.Context

	mu       sync.Mutex
	refusing int // how many offers wait to be made again, of those that are made side by side
}

// Metrics is the emitter of metrics.
type Metrics = Emitter[pmetric.Metrics]

// Logs is the emitter of logs.
type Logs = Emitter[plog.Logs]

// Traces is the emitter of traces.
type Traces = Emitter[ptrace.Traces]

// Settings are what the emitter of one target needs.
type Settings struct {
	// Hold outlives the collection's context by the time that a Consume in flight gets at shutdown.
	Hold   context.Context
	Obs    *receiverhelper.ObsReport
	Clock  poll.Clock
	Logger *zap.Logger
	// Refused is told when the pipeline starts to refuse, with its error, and when it takes data again, with nil.
	Refused func(error)
	// Format is what the receiver's own metrics call where the data comes from.
	Format string
}

// NewMetrics makes an emitter of metrics.
func NewMetrics(s Settings, next consumer.Metrics) *Metrics {
	return newEmitter(s, next.ConsumeMetrics, pmetric.Metrics.DataPointCount, s.Obs.StartMetricsOp, s.Obs.EndMetricsOp)
}

// NewLogs makes an emitter of logs.
func NewLogs(s Settings, next consumer.Logs) *Logs {
	return newEmitter(s, next.ConsumeLogs, plog.Logs.LogRecordCount, s.Obs.StartLogsOp, s.Obs.EndLogsOp)
}

// NewTraces makes an emitter of traces.
func NewTraces(s Settings, next consumer.Traces) *Traces {
	return newEmitter(s, next.ConsumeTraces, ptrace.Traces.SpanCount, s.Obs.StartTracesOp, s.Obs.EndTracesOp)
}

func newEmitter[T any](s Settings, consume func(context.Context, T) error, count func(T) int, begin func(context.Context) context.Context, end func(context.Context, string, int, error)) *Emitter[T] {
	return &Emitter[T]{
		consume: consume, count: count, begin: begin, clock: s.Clock, logger: s.Logger, refused: s.Refused, hold: s.Hold,
		end: func(ctx context.Context, n int, err error) { end(ctx, s.Format, n, err) },
	}
}

// Outcome says what became of the data.
type Outcome int

// Accepted data was consumed; Refused data never will be, by a permanent error.
const (
	Accepted Outcome = iota
	Refused
)

// Emit offers the data until the pipeline takes them or refuses them for good. build makes it anew for each offer, since the pipeline may
// change what it is given; where there is nothing in it, it is not offered. The error is that of ctx, which ended first: then the data was not taken.
func (e *Emitter[T]) Emit(ctx context.Context, build func() T) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Accepted, err
	}
	return e.Offer(ctx, build)
}

// Offer is Emit for data that goes with other data, which is being handed over already: it is offered once even where ctx has ended.
func (e *Emitter[T]) Offer(ctx context.Context, build func() T) (Outcome, error) {
	wait := poll.Backoff{Min: minWait, Max: maxWait}
	refused := false
	done := func(taken bool) {
		if refused {
			e.relents(taken)
		}
	}
	for {
		data := build()
		n := e.count(data)
		if n == 0 {
			done(false)
			return Accepted, nil
		}
		op := e.begin(e.hold)
		err := e.consume(op, data)
		e.end(op, n, err)
		switch {
		case err == nil:
			done(true)
			return Accepted, nil
		case consumererror.IsPermanent(err):
			done(false)
			e.logger.Error("The pipeline refused data for good; it is dropped", zap.Int("items", n), zap.Error(err))
			return Refused, nil
		}
		if !refused {
			refused = true
			e.refuses(err)
		}
		if err := e.clock.Sleep(ctx, wait.Next()); err != nil {
			done(false)
			return Accepted, err
		}
	}
}

// refuses says that the pipeline refuses, with the first offer that it does.
func (e *Emitter[T]) refuses(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refusing++; e.refusing == 1 {
		e.logger.Warn("The pipeline refuses data; it is offered again until it is taken", zap.Error(err))
		e.refused(err)
	}
}

// relents says that nothing waits any more, with the last offer that did.
func (e *Emitter[T]) relents(taken bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refusing--; e.refusing > 0 {
		return
	}
	if taken {
		e.logger.Info("The pipeline takes data again")
	}
	e.refused(nil)
}
