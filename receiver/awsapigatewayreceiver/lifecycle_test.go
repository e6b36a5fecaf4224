package awsapigatewayreceiver

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

func shutDownWithin(t *testing.T, limit time.Duration, stop func()) {
	t.Helper()
	start := time.Now()
	stop()
	assert.Less(t, time.Since(start), limit)
}

func TestShutdownEndsASlowCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(epoch time.Time) *awssim.World {
			return threeKinds(epoch.Add(-5*time.Minute), epoch.Add(time.Hour))
		}, func(c *awssim.Config) {
			c.Faults = awssim.Faults{Slow: 1, SlowBy: time.Minute, Only: []string{"GetMetricData"}}
		})
		r.attemptTimeout = time.Minute
		stop := r.start()
		require.Eventually(t, func() bool { return r.sim.Count("GetMetricData") > 0 || r.sim.Count("ListMetrics") > 0 }, 10*time.Second, 10*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		shutDownWithin(t, 2*time.Second, stop)
	})
}

func TestShutdownWithoutAnAWSThatAnswers(t *testing.T) {
	t.Parallel()
	// A listener that accepts and never answers.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	r := &rig{t: t, clock: poll.Scaled{Origin: time.Now(), Epoch: time.Now(), Factor: speed}, url: "http://" + l.Addr().String(), sink: newSink(), attemptTimeout: time.Minute}
	stop := r.start()
	time.Sleep(300 * time.Millisecond)
	shutDownWithin(t, 10*time.Second, stop)
}

// slowConsumer takes its time.
type slowConsumer struct {
	consumertest.Consumer
	entered chan struct{}
	leave   chan struct{}
	took    chan error
}

func (s *slowConsumer) ConsumeMetrics(ctx context.Context, _ pmetric.Metrics) error {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	select {
	case <-s.leave:
		return nil
	case <-ctx.Done():
		select {
		case s.took <- ctx.Err():
		default:
		}
		return ctx.Err()
	}
}

func TestShutdownLetsAConsumeInFlightFinish(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(epoch time.Time) *awssim.World {
			return threeKinds(epoch.Add(-5*time.Minute), epoch.Add(time.Hour))
		}, nil)
		s := &slowConsumer{Consumer: consumertest.NewNop(), entered: make(chan struct{}, 1), leave: make(chan struct{}), took: make(chan error, 1)}
		stop, err := r.tryStart(s)
		require.NoError(t, err)
		<-s.entered
		go func() {
			time.Sleep(500 * time.Millisecond)
			close(s.leave)
		}()
		shutDownWithin(t, 3*time.Second, stop)
		assert.Empty(t, s.took, "the consumer was not cut off")
	})
}

func TestStartAfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(10*time.Minute)
			return threeKinds(from, to)
		}, nil)
		set := receivertest.NewNopSettings(metadata.Type)
		rcvr := metricsReceiver(set, r.config(), r.sink, r.clock)
		r.connect(rcvr)
		require.NoError(t, rcvr.Shutdown(context.Background()), "before any start")
		for range 3 {
			require.NoError(t, rcvr.Start(context.Background(), componenttest.NewNopHost()))
			require.Eventually(t, func() bool {
				select {
				case <-r.sink.arrived:
					return true
				default:
					return false
				}
			}, 10*time.Second, 10*time.Millisecond)
			require.NoError(t, rcvr.Shutdown(context.Background()))
			require.NoError(t, rcvr.Shutdown(context.Background()), "twice")
			// Without storage each start is a first start.
			r.sink.mu.Lock()
			clear(r.sink.streams)
			clear(r.sink.gauges)
			r.sink.mu.Unlock()
		}
		r.sink.check(t)
	})
}

// A reload of the configuration replaces the receiver; with storage the new one goes on where the old one stopped.
func TestConfigReload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(30*time.Minute)
			return threeKinds(from, to)
		}, nil)
		r.dir = t.TempDir()
		stop := r.start()
		r.until(r.epoch.Add(8 * time.Minute))
		stop()
		r.edit = func(c *Config) {
			c.Metrics.CollectionInterval = time.Minute
			c.Metrics.Quantiles = []float64{0.5}
		}
		stop = r.start()
		r.until(r.epoch.Add(16 * time.Minute))
		stop()
		r.edit = nil
		stop = r.start()
		defer stop()
		r.until(to.Add(20 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)
	})
}

// A longer period goes on at its next start, without an interval twice.
func TestPeriodChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(40*time.Minute)
			return threeKinds(from, to)
		}, nil)
		r.dir = t.TempDir()
		stop := r.start()
		r.until(r.epoch.Add(12 * time.Minute))
		stop()
		r.edit = func(c *Config) { c.Metrics.Period = 5 * time.Minute }
		stop = r.start()
		defer stop()
		r.until(to.Add(25 * time.Minute))
		stop()
		r.sink.check(t)
		five := 0
		for _, st := range r.sink.streams {
			for _, in := range st.Intervals {
				if in[1]-in[0] == 300 {
					five++
				}
			}
		}
		assert.NotZero(t, five)
	})
}

// Two receivers of one process, in pipelines of their own, do not disturb each other when one is reloaded.
func TestPartialReload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
			return threeKinds(from, to)
		}, nil)
		stop := r.start()
		defer stop()
		for range 3 {
			other := metricsReceiver(receivertest.NewNopSettings(metadata.Type), r.config(), consumertest.NewNop(), r.clock)
			r.connect(other)
			require.NoError(t, other.Start(context.Background(), componenttest.NewNopHost()))
			time.Sleep(300 * time.Millisecond)
			require.NoError(t, other.Shutdown(context.Background()))
		}
		r.until(to.Add(15 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)
	})
}

// A permanent error drops its data, which is counted, and the rest goes on.
func TestPermanentErrorIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(10*time.Minute)
			return threeKinds(from, to)
		}, nil)
		r.telemetry = componenttest.NewTelemetry()
		refused := false
		r.sink.refuse = func() error {
			if !refused {
				refused = true
				return consumererror.NewPermanent(errRefused)
			}
			return nil
		}
		stop := r.start()
		defer stop()
		r.until(to.Add(15 * time.Minute))
		m, err := r.telemetry.GetMetric("otelcol_receiver_awsapigateway_refused_points")
		stop()
		require.NoError(t, err)
		assert.NotZero(t, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
		assert.NotZero(t, r.sink.batches)
		assert.Len(t, r.logs.FilterMessage("The pipeline refused data for good; it is dropped").All(), 1)
		require.NoError(t, r.telemetry.Shutdown(context.Background()))
	})
}

// Every internal metric of this issue is there after a collection, with its target.
func TestInternalMetrics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(epoch time.Time) *awssim.World {
			return threeKinds(epoch.Add(-5*time.Minute), epoch.Add(time.Hour))
		}, func(c *awssim.Config) {
			c.Lateness = awssim.Lateness{Base: time.Minute, Max: 4 * time.Minute, Late: 0.3}
			c.Faults = awssim.Faults{Throttle: 0.2}
		})
		r.telemetry = componenttest.NewTelemetry()
		stop := r.start()
		r.until(r.epoch.Add(20 * time.Minute))
		for _, name := range []string{
			"aws_calls", "aws_call_duration", "aws_throttles", "aws_retries", "billed_metrics_low", "billed_metrics_high", "estimated_cost", "target_up",
			"clock_offset", "series", "ambiguous_series", "unknown_series", "late_points", "lag", "last_success", "inventory_age", "inventory_interval",
		} {
			assert.Eventually(t, func() bool {
				_, err := r.telemetry.GetMetric("otelcol_receiver_awsapigateway_" + name)
				return err == nil
			}, 20*time.Second, 50*time.Millisecond, name)
		}
		lag, err := r.telemetry.GetMetric("otelcol_receiver_awsapigateway_lag")
		require.NoError(t, err)
		assert.InDelta(t, 5*60, lag.Data.(metricdata.Gauge[float64]).DataPoints[0].Value, 5*60)
		stop()
		require.NoError(t, r.telemetry.Shutdown(context.Background()))
	})
}
