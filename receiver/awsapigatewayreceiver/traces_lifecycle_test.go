package awsapigatewayreceiver

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// threeSignals are the components of one configuration, by their signals.
func (r *rig) threeSignals() map[string]*signalReceiver {
	config, set := r.config(), receiverSettings()
	require.NoError(r.t, config.Validate())
	all := map[string]*signalReceiver{
		signalMetrics: metricsReceiver(set, config, r.sink, r.clock),
		signalLogs:    newSignal(set, config, r.clock, signalLogs, func(g *gatewayReceiver) { g.logs = r.records }),
		signalTraces:  newSignal(set, config, r.clock, signalTraces, func(g *gatewayReceiver) { g.traces = r.spans }),
	}
	for _, s := range all {
		r.connect(s)
	}
	return all
}

// newSignalsRig is a rig for all three signals, with traffic in all of the time that the tests take.
func newSignalsRig(t *testing.T) *rig {
	r := newSpanRig(t, func(epoch time.Time) *awssim.World {
		return tracedWorld(epoch.Add(-10*time.Minute), epoch.Add(10*time.Hour), 3)
	}, func(c *awssim.Config) { c.Ingestion = onTime })
	r.sink, r.records = newSink(), newRecordSink()
	r.edit = func(c *Config) {
		readAllSpans(c)
		c.Logs.StartAt, c.Traces.InitialLookback, c.Metrics.CollectionInterval = "10m", 10*time.Minute, time.Minute
	}
	return r
}

// flows says whether a signal's data comes: more than there was.
func (r *rig) flows(signal string) func() bool {
	count := func() int {
		switch signal {
		case signalMetrics:
			r.sink.mu.Lock()
			defer r.sink.mu.Unlock()
			return r.sink.batches
		case signalLogs:
			return len(r.records.taken())
		default:
			return r.spans.len()
		}
	}
	before := count()
	return func() bool { return count() > before }
}

// In whatever order the three signals of a configuration end, and start, each stops at once, the others go on, and with the last one nothing is left.
func TestSignalsEndInAnyOrder(t *testing.T) {
	orders := [][]string{
		{signalMetrics, signalLogs, signalTraces},
		{signalMetrics, signalTraces, signalLogs},
		{signalLogs, signalMetrics, signalTraces},
		{signalLogs, signalTraces, signalMetrics},
		{signalTraces, signalMetrics, signalLogs},
		{signalTraces, signalLogs, signalMetrics},
	}
	r := newSignalsRig(t)
	leak := goleak.IgnoreCurrent()
	for i, order := range orders {
		started := slices.Clone(order)
		slices.Reverse(started)
		signals, host := r.threeSignals(), &testHost{}
		for _, signal := range started {
			require.NoError(t, signals[signal].Start(context.Background(), host))
		}
		for n, signal := range order {
			for _, running := range order[n:] {
				// Records are read for the spans, too: without one of the two nobody is.
				if running != signalLogs || n == 0 || !slices.Contains(order[:n], signalTraces) {
					assert.Eventually(t, r.flows(running), patience, 10*time.Millisecond, "%s, while %v have ended, in order %d", running, order[:n], i)
				}
			}
			shutDownWithin(t, 5*time.Second, func() { assert.NoError(t, signals[signal].Shutdown(context.Background())) })
			assert.NoError(t, signals[signal].Shutdown(context.Background()), "twice")
		}
	}
	r.sim.Close()
	assert.NoError(t, goleak.Find(leak, goleak.IgnoreAnyFunction("net/http.(*conn).serve"), goleak.IgnoreAnyFunction("net/http.(*Server).Serve")))
}

// Signals that were made and never started do not keep the others from starting or ending.
func TestTracesStartWithoutTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newSignalsRig(t)
		r.edit = func(c *Config) {
			readTraces(c)
			c.Traces.InitialLookback = 10 * time.Minute
		}
		signals := r.threeSignals()
		require.NoError(t, signals[signalTraces].Shutdown(context.Background()), "before any start")
		signals = r.threeSignals()
		for range 2 {
			flows := r.flows(signalTraces)
			require.NoError(t, signals[signalTraces].Start(context.Background(), &testHost{}))
			assert.Eventually(t, flows, patience, 10*time.Millisecond)
			require.NoError(t, signals[signalTraces].Shutdown(context.Background()))
		}
		for _, signal := range []string{signalMetrics, signalLogs, signalTraces} {
			require.NoError(t, signals[signal].Shutdown(context.Background()))
		}
		assert.Empty(t, r.records.taken())
	})
}

// A pipeline that is slow to take spans holds up neither metrics nor logs, and gets up to ten seconds at the end.
func TestTracesThatBlockHoldUpNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newSignalsRig(t)
		blocked := &blockedSpans{entered: make(chan struct{}, 1), leave: make(chan struct{})}
		r.edit = func(c *Config) {
			readLogs(c)
			readTraces(c)
			c.Metrics.CollectionInterval = time.Minute
		}
		r.spansTo = blocked
		stop := r.start()
		defer stop()
		<-blocked.entered
		for _, signal := range []string{signalMetrics, signalLogs, signalMetrics, signalLogs} {
			require.Eventually(t, r.flows(signal), patience, 10*time.Millisecond, signal)
		}
		go func() {
			time.Sleep(300 * time.Millisecond)
			close(blocked.leave)
		}()
		shutDownWithin(t, 5*time.Second, stop)
		assert.NoError(t, blocked.err, "the consumer was cut off")
	})
}

// blockedSpans takes spans only when it is told to.
type blockedSpans struct {
	entered, leave chan struct{}
	err            error
}

func (*blockedSpans) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (b *blockedSpans) ConsumeTraces(ctx context.Context, _ ptrace.Traces) error {
	select {
	case b.entered <- struct{}{}:
	default:
	}
	select {
	case <-b.leave:
	case <-ctx.Done():
		b.err = ctx.Err()
	}
	return b.err
}

// The receiver ends at once while calls of X-Ray are under way, and while a retrieval is waited for.
func TestShutdownEndsCallsOfXRay(t *testing.T) {
	for _, operation := range []string{"GetTraceSummaries", "BatchGetTraces", "StartTraceRetrieval", "ListRetrievedTraces"} {
		t.Run(operation, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					if operation == "StartTraceRetrieval" || operation == "ListRetrievedTraces" {
						return searchWorld(epoch.Add(-10*time.Minute), epoch.Add(time.Hour), 5)
					}
					return tracedWorld(epoch.Add(-10*time.Minute), epoch.Add(time.Hour), 5)
				}, func(c *awssim.Config) {
					c.Faults = awssim.Faults{Slow: 1, SlowBy: time.Minute, Only: []string{operation}}
				})
				r.attemptTimeout = time.Minute
				before := map[string]string{
					"GetTraceSummaries": "GetRestApis", "BatchGetTraces": "GetTraceSummaries", "StartTraceRetrieval": "GetTraceSegmentDestination",
					"ListRetrievedTraces": "StartTraceRetrieval",
				}[operation]
				stop := r.start()
				require.Eventually(t, func() bool { return r.sim.Count(before) > 0 }, patience, 5*time.Millisecond)
				time.Sleep(200 * time.Millisecond)
				shutDownWithin(t, 2*time.Second, stop)
			})
		})
	}
}
