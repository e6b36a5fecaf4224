package awsapigatewayreceiver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// childEnv holds the childTask of a process that TestChild is: a collector that can be killed.
const childEnv = "AWSAPIGATEWAY_TEST_CHILD"

type childTask struct {
	URL, Dir, Out string
	Clock         poll.Scaled
}

// fileSink appends what it consumes to a file: a length, then OTLP.
type fileSink struct{ f *os.File }

func (fileSink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s fileSink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	b, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	if err != nil {
		return err
	}
	_, err = s.f.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

func readFileSink(t *testing.T, path string, s *sink, repeats bool) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for len(b) >= 4 {
		n := int(binary.BigEndian.Uint32(b))
		if len(b) < 4+n {
			return // the write that a kill cut off
		}
		md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(b[4 : 4+n])
		require.NoError(t, err)
		s.mu.Lock()
		s.take(md, repeats)
		s.mu.Unlock()
		b = b[4+n:]
	}
}

// TestChild is no test of its own: it is the collector of the tests that kill one.
func TestChild(t *testing.T) {
	task := os.Getenv(childEnv)
	if task == "" {
		t.Skip("runs as a child of the restart tests")
	}
	var c childTask
	require.NoError(t, json.Unmarshal([]byte(task), &c))
	f, err := os.Create(c.Out)
	require.NoError(t, err)
	defer f.Close()
	r := &rig{t: t, clock: c.Clock, url: c.URL, dir: c.Dir, sink: newSink(), edit: restartConfig}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	stop, err := r.tryStart(fileSink{f})
	require.NoError(t, err)
	<-end
	stop()
}

func restartConfig(c *Config) {
	c.Metrics.Revisit = 6 * time.Minute
	c.Metrics.CollectionInterval = 2 * time.Minute
}

// child is one run of the collector as a process.
type child struct {
	cmd *exec.Cmd
	out string
}

func (r *rig) child(n int) child {
	out := filepath.Join(r.t.TempDir(), fmt.Sprintf("out-%d", n))
	clock := r.clock
	clock.Origin = clock.Origin.Round(0)
	task, err := json.Marshal(childTask{URL: r.url, Dir: r.dir, Out: out, Clock: clock})
	require.NoError(r.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+string(task))
	cmd.Stderr = os.Stderr
	require.NoError(r.t, cmd.Start())
	return child{cmd: cmd, out: out}
}

func (c child) end(t *testing.T, sig syscall.Signal) {
	require.NoError(t, c.cmd.Process.Signal(sig))
	err := c.cmd.Wait()
	if sig == syscall.SIGTERM {
		assert.NoError(t, err)
	}
}

func TestRestartsLoseNothing(t *testing.T) {
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
			r.dir = t.TempDir()
			rng := rand.New(rand.NewPCG(1, 2))
			kids := 0
			for r.now().Before(to) {
				c := r.child(kids)
				kids++
				time.Sleep(300*time.Millisecond + time.Duration(rng.Int64N(int64(1500*time.Millisecond))))
				c.end(t, set.signal)
				readFileSink(t, c.out, r.sink, set.repeats)
			}
			last := r.child(kids)
			r.until(r.now().Add(45 * time.Minute))
			last.end(t, syscall.SIGTERM)
			readFileSink(t, last.out, r.sink, set.repeats)
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
