package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
)

// leapClock runs as the machine's does, and leaps over every wait longer than a few seconds when it is told to.
type leapClock struct {
	ahead atomic.Int64
	mu    sync.Mutex
	leap  chan struct{}
}

func (c *leapClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *leapClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	until := c.Now().Add(d)
	for c.Now().Before(until) {
		c.mu.Lock()
		leap := c.leap
		c.mu.Unlock()
		t := time.NewTimer(until.Sub(c.Now()))
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		case <-leap:
			t.Stop()
		}
	}
	return nil
}

func (c *leapClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead.Add(int64(d))
	close(c.leap)
	c.leap = make(chan struct{})
}

// countingSink counts what it consumes, and says when a number of batches is reached.
type countingSink struct {
	batches, points atomic.Int64
	arrived         chan struct{}
}

func (*countingSink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *countingSink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	s.points.Add(int64(md.DataPointCount()))
	s.batches.Add(1)
	s.arrived <- struct{}{}
	return nil
}

func (s *countingSink) wait(b *testing.B, batches int64) {
	for s.batches.Load() < batches {
		select {
		case <-s.arrived:
		case <-time.After(30 * time.Second):
			require.FailNow(b, "no more data", "%d of %d batches", s.batches.Load(), batches)
		}
	}
}

// BenchmarkCollection is one collection of REST APIs with two stages and seven metrics each, with the default statistics, from an AWS that
// answers after 40 ms: from a cold start with discovery, and with the list of series cached.
func BenchmarkCollection(b *testing.B) {
	for _, apis := range []int{200, 3000} {
		series := apis * 2 * 7
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			world := awssim.LargeWorld(apis, 2, 5, true)
			clock := &leapClock{leap: make(chan struct{})}
			sim := awssim.New(awssim.Config{World: world, Now: clock.Now, Latency: 40 * time.Millisecond})
			server := httptest.NewServer(sim)
			defer server.Close()
			defer sim.Close()
			// The embedded AWS makes the minutes that are read beforehand, for a second endpoint, whose limiters are not the measured ones.
			second := httptest.NewServer(sim)
			defer second.Close()
			var cold, warm time.Duration
			var calls, points int64
			// Fifteen queries a stage, and groups of five are not split.
			requests := int64(math.Ceil(float64(apis*2*15) / 500))
			for range b.N {
				sink := &countingSink{arrived: make(chan struct{}, 10000)}
				config := createDefaultConfig().(*Config)
				config.Endpoint, config.Regions = server.URL, []string{testRegion}
				config.Metrics.InitialDelay = 0
				clock.advance(time.Hour) // the limiters are the process's: their bursts are full at a cold start
				require.NoError(b, warmUp(sim, second.URL, clock))
				set := receivertest.NewNopSettings(metadata.Type)
				r := metricsReceiver(set, config, sink, clock)
				sim.ResetCalls()
				start := time.Now()
				require.NoError(b, r.Start(context.Background(), componenttest.NewNopHost()))
				sink.wait(b, requests)
				cold += time.Since(start)
				read := sink.points.Load()
				clock.advance(4 * time.Minute) // the minutes themselves: less than the list's interval
				require.NoError(b, warmUp(sim, second.URL, clock))
				before := int64(sim.Count("GetMetricData"))
				start = time.Now()
				clock.advance(75 * time.Second)
				sink.wait(b, sink.batches.Load()+requests)
				warm += time.Since(start)
				calls += int64(sim.Count("GetMetricData")) - before
				points += sink.points.Load() - read
				require.NoError(b, r.Shutdown(context.Background()))
			}
			n := float64(b.N)
			b.ReportMetric(cold.Seconds()/n, "s/cold")
			b.ReportMetric(warm.Seconds()/n, "s/warm")
			b.ReportMetric(float64(calls)/n, "calls/warm")
			b.ReportMetric(float64(points)/n, "points/warm")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// warmUp makes the embedded AWS compute the minutes that the benchmark reads, so that its work is not measured.
func warmUp(sim *awssim.Server, url string, clock *leapClock) error {
	sink := &countingSink{arrived: make(chan struct{}, 10000)}
	config := createDefaultConfig().(*Config)
	config.Endpoint, config.Regions = url, []string{testRegion}
	config.Metrics.InitialDelay = 0
	r := metricsReceiver(receivertest.NewNopSettings(metadata.Type), config, sink, clock)
	if err := r.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		return err
	}
	for n := -1; n != sim.Count("GetMetricData") || n == 0; {
		n = sim.Count("GetMetricData")
		time.Sleep(time.Second)
	}
	return r.Shutdown(context.Background())
}
