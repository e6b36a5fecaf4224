package awsapigatewayreceiver

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

func restartConfig(c *Config) {
	c.Metrics.Revisit = 6 * time.Minute
	c.Metrics.CollectionInterval = 2 * time.Minute
}

// takeMetrics takes what a child consumed.
func (s *sink) takeMetrics(t *testing.T, c child) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for b := range c.batches(t) {
		md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(b)
		require.NoError(t, err)
		s.take(md)
	}
}

func TestRestartsLoseNothing(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		signal  syscall.Signal
		repeats bool
		faults  awssim.Faults
	}{
		"killed":             {signal: syscall.SIGKILL, repeats: true},
		"killed, and faulty": {signal: syscall.SIGKILL, repeats: true, faults: awssim.Faults{Throttle: 0.2, ServerError: 0.1, PartialData: 0.2}},
		"terminated":         {signal: syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var from, to time.Time
			r := newRig(t, func(epoch time.Time) *awssim.World {
				from, to = epoch.Add(-5*time.Minute), epoch.Add(90*time.Minute)
				return threeKinds(from, to)
			}, func(c *awssim.Config) {
				c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.2, WholePoints: 0.1}
				c.Faults = set.faults
			})
			r.dir, r.edit, r.sink.repeats = t.TempDir(), restartConfig, set.repeats
			rng := rand.New(rand.NewPCG(1, 2))
			kids := 0
			for ; r.now().Before(to); kids++ {
				c := r.child(signalMetrics, kids)
				time.Sleep(time.Duration(rng.Int64N(int64(1500 * time.Millisecond))))
				c.end(t, set.signal)
				r.sink.takeMetrics(t, c)
			}
			stop := r.start()
			defer stop()
			r.until(r.now().Add(45 * time.Minute))
			r.drain()
			stop()
			r.compareAll(from, to)
			assert.Greater(t, kids, 3)

			resources := map[[2]string]map[string]bool{}
			for k := range r.sink.streams {
				at := [2]string{k.API, k.Stage}
				if resources[at] == nil {
					resources[at] = map[string]bool{}
				}
				resources[at][k.Resource] = true
			}
			for at, set := range resources {
				assert.Len(t, set, 1, "resources of %v", at)
			}
		})
	}
}

// A pipeline that refuses while the collector is terminated gets the data at the next start, once.
func TestRefusedDataSurvivesATermination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
			return threeKinds(from, to)
		}, nil)
		r.dir = t.TempDir()
		r.sink.refuse = func() error { return errRefused }
		stop := r.start()
		r.until(r.epoch.Add(12 * time.Minute))
		stop()
		assert.Zero(t, r.sink.batches)
		r.sink.refuse = nil
		stop = r.start()
		defer stop()
		r.until(r.now().Add(30 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)
	})
}

func TestSecondInstanceOnOneStorageFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(epoch time.Time) *awssim.World { return threeKinds(epoch, epoch) }, nil)
		r.dir = t.TempDir()
		stop := r.start()
		defer stop()
		_, err := r.tryStart(r.sink)
		require.ErrorContains(t, err, "is another collector running on the same storage?")
	})
}

// An outage is read with one request for all series, whose windows are as long as the outage.
func TestOutageIsReadOldestFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(7*time.Hour)
			return threeKinds(from, to)
		}, nil)
		r.dir = t.TempDir()
		stop := r.start()
		r.until(r.epoch.Add(10 * time.Minute))
		stop()
		r.jump(r.epoch.Add(6*time.Hour + 30*time.Minute)) // longer than ListMetrics lists an idle series
		r.sim.ResetCalls()
		stop = r.start()
		defer stop()
		r.until(r.now().Add(4 * time.Minute))
		calls := r.sim.Count("GetMetricData")
		assert.LessOrEqual(t, calls, 3, "the outage is read in as few requests as fit")
		r.until(to.Add(20 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)
	})
}

// After an outage that is longer than CloudWatch lists an idle series, reads that fail for a while lose nothing either: neither of series that
// are known, nor of one that became active and idle again meanwhile.
func TestOutageWithFailingReadsLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(90*time.Minute)
			w := threeKinds(from, to)
			apis := &w.Accounts[0].Regions[0].APIs
			*apis = append(*apis, rest("brief00001", "brief", from.Add(-time.Hour), &awssim.Stage{Name: "prod", Traffic: busy(epoch.Add(40*time.Minute), to, 10)}))
			return w
		}, nil)
		r.dir = t.TempDir()
		stop := r.start()
		r.until(r.epoch.Add(20 * time.Minute))
		stop()
		r.jump(r.epoch.Add(9 * time.Hour))
		r.sim.SetFaults(awssim.Faults{Deny: map[string]awssim.DenyKind{"GetMetricData": awssim.IdentityPolicy}})
		stop = r.start()
		defer stop()
		r.until(r.now().Add(25 * time.Minute)) // several lists
		r.sim.SetFaults(awssim.Faults{PartialData: 0.3, InternalError: 0.3})
		r.until(r.now().Add(40 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)
	})
}
