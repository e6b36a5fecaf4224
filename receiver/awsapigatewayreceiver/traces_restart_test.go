package awsapigatewayreceiver

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// takeSpans takes what a child consumed. It returns of how many earlier batches there were spans in it.
func (s *spanSink) takeSpans(t *testing.T, c child, earlier *handed[spanID]) int {
	t.Helper()
	again := map[int]bool{}
	for b := range c.batches(t) {
		td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(b)
		require.NoError(t, err)
		var ids []spanID
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					ids = append(ids, spanID{span.TraceID().String(), span.SpanID().String()})
				}
			}
		}
		earlier.take(ids, again)
		s.take(td)
	}
	return len(again)
}

// readAllSpans reads traces, and spans of the access logs of stages without X-Ray.
func readAllSpans(c *Config) {
	readLogs(c)
	readTraces(c)
	c.Traces.AccessLogs.Enabled = true
}

// crawled lets a first run learn the inventory, before anything happens.
func (r *rig) crawled() {
	c := r.child(signalTraces, -1)
	require.Eventually(r.t, func() bool { return r.sim.Count("GetResources") >= 2 }, patience, 10*time.Millisecond)
	r.until(r.now().Add(5 * time.Minute))
	c.end(r.t, syscall.SIGTERM)
}

// A collector that is killed loses no span, of X-Ray or of access logs. What it had handed over and not stored yet comes again, the same to the letter:
// at most a batch of traces, and one of each log group. One that is terminated repeats nothing.
func TestRestartsLoseAndRepeatNoSpans(t *testing.T) {
	racetest.Skip(t)
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
			kids, earlier := 0, handed[spanID]{}
			for ; r.now().Before(to); kids++ {
				c := r.child(signalTraces, kids)
				time.Sleep(time.Duration(rng.Int64N(int64(1500 * time.Millisecond))))
				c.end(t, set.signal)
				repeated := r.spans.takeSpans(t, c, &earlier)
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
