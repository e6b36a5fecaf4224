package awsapigatewayreceiver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// spanChildEnv holds the childTask of a process that TestSpanChild is: a collector in a traces pipeline that can be killed.
const spanChildEnv = "AWSAPIGATEWAY_TEST_SPAN_CHILD"

// spanFile appends the batches that it consumes to a file: a length, then OTLP.
type spanFile struct{ f *os.File }

func (spanFile) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s spanFile) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	if err != nil {
		return err
	}
	_, err = s.f.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

// readSpanFile takes what a child consumed. It returns how many of its batches had spans that came before.
func readSpanFile(t *testing.T, path string, s *spanSink) (repeated int) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0 // a kill came before the child was up
	}
	require.NoError(t, err)
	for len(b) >= 4 {
		n := int(binary.BigEndian.Uint32(b))
		if len(b) < 4+n {
			return repeated // the write that a kill cut off
		}
		td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(b[4 : 4+n])
		require.NoError(t, err)
		before := s.len()
		s.take(td)
		if s.len() < before+td.SpanCount() {
			repeated++
		}
		b = b[4+n:]
	}
	return repeated
}

// readAllSpans reads traces, and spans of the access logs of stages without X-Ray.
func readAllSpans(c *Config) {
	readLogs(c)
	readTraces(c)
	c.Traces.AccessLogs.Enabled = true
}

// TestSpanChild is no test of its own: it is the collector of the tests that kill one.
func TestSpanChild(t *testing.T) {
	task := os.Getenv(spanChildEnv)
	if task == "" {
		t.Skip("runs as a child of the restart tests")
	}
	var c childTask
	require.NoError(t, json.Unmarshal([]byte(task), &c))
	f, err := os.Create(c.Out)
	require.NoError(t, err)
	defer f.Close()
	r := &rig{t: t, clock: c.Clock, url: c.URL, dir: c.Dir, edit: readAllSpans, attemptTimeout: 20 * time.Second, spansTo: spanFile{f}}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	stop, err := r.tryStart(nil)
	require.NoError(t, err)
	<-end
	stop()
}

// crawled lets a first run learn the inventory, before anything happens.
func (r *rig) crawled() {
	c := r.spanChild(-1)
	require.Eventually(r.t, func() bool { return r.sim.Count("GetResources") >= 2 }, patience, 10*time.Millisecond)
	r.until(r.now().Add(5 * time.Minute))
	c.end(r.t, syscall.SIGTERM)
}

// spanChild runs the collector as a process.
func (r *rig) spanChild(n int) child {
	out := filepath.Join(r.t.TempDir(), fmt.Sprintf("spans-%d", n))
	clock := r.clock
	clock.Origin = clock.Origin.Round(0)
	task, err := json.Marshal(childTask{URL: r.url, Dir: r.dir, Out: out, Clock: clock})
	require.NoError(r.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestSpanChild$")
	cmd.Env = append(os.Environ(), spanChildEnv+"="+string(task))
	cmd.Stderr = os.Stderr
	require.NoError(r.t, cmd.Start())
	return child{cmd: cmd, out: out}
}

// A collector that is killed loses no span, of X-Ray or of access logs. What it had handed over and not stored yet comes again, the same to the letter:
// at most a batch of traces, and one of each log group. One that is terminated repeats nothing.
func TestRestartsLoseAndRepeatNoSpans(t *testing.T) {
	for name, set := range map[string]struct {
		signal syscall.Signal
		faults awssim.Faults
	}{
		"killed": {signal: syscall.SIGKILL},
		"killed, and faulty": {signal: syscall.SIGKILL, faults: awssim.Faults{
			EmptyPages: 0.3, Throttle: 0.1, ServerError: 0.1, Truncate: 0.1, Unprocessed: 0.1, Only: []string{"GetTraceSummaries", "BatchGetTraces", "FilterLogEvents"},
		}},
		"terminated": {signal: syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var from, to time.Time
			r := newSpanRig(t, func(epoch time.Time) *awssim.World {
				from, to = epoch.Add(20*time.Minute), epoch.Add(130*time.Minute)
				return tracedWorld(from, to, 4)
			}, func(c *awssim.Config) {
				c.Tracing, c.Ingestion, c.Faults, c.MaxPage = inPieces, manyLate, set.faults, 50
			})
			r.dir = t.TempDir()
			r.crawled()
			const sources = 1 + 1 // X-Ray, and the group of the stage that X-Ray does not trace
			seed := uint64(time.Now().UnixNano())
			t.Logf("the moments of the restarts have the seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			kids := 0
			for ; r.now().Before(to); kids++ {
				c := r.spanChild(kids)
				time.Sleep(300*time.Millisecond + time.Duration(rng.Int64N(int64(1500*time.Millisecond))))
				c.end(t, set.signal)
				repeated := readSpanFile(t, c.out, r.spans)
				assert.LessOrEqual(t, repeated, sources, "batches that came again in run %d", kids)
			}
			assert.Greater(t, kids, 3)
			r.edit = readAllSpans
			stop := r.start()
			defer stop()
			r.awaitSpans(r.spanTruth(from, to, nil), to)
			r.awaitSpans(r.accessSpanTruth(from, to), to)
			r.until(r.now().Add(lateAndSwept))
			stop()
			got := r.spans.taken()
			r.compareAccessSpans(got, from, to)
			compareSpans(t, got, r.spanTruth(from, to, nil))
			repeated, changed := r.spans.repeats()
			assert.Zero(t, changed, "spans that came again as others")
			if set.signal == syscall.SIGTERM {
				assert.Zero(t, repeated)
			}
			assert.Empty(t, r.spans.errs)
		})
	}
}

// A pipeline that refuses while the collector is terminated gets the spans at the next start, once.
func TestRefusedSpansSurviveATermination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-30*time.Minute), epoch.Add(40*time.Minute)
			return tracedWorld(from, to, 4)
		}, func(c *awssim.Config) { c.Tracing = inPieces })
		r.dir = t.TempDir()
		for range 3 {
			r.spans.setRefuse(func() error { return errRefused })
			before := r.spans.len()
			stop := r.start()
			r.until(r.now().Add(8 * time.Minute))
			stop()
			assert.Equal(t, before, r.spans.len())
			r.spans.setRefuse(nil)
			stop = r.start()
			r.until(r.now().Add(4 * time.Minute))
			stop()
		}
		stop := r.start()
		defer stop()
		r.checkTraces(stop, from, to)
	})
}
