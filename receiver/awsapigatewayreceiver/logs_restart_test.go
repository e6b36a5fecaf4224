package awsapigatewayreceiver

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// takeRecords takes what a child consumed. It returns of how many earlier batches there were records in it.
func (s *recordSink) takeRecords(t *testing.T, c child, earlier *handed[string]) int {
	t.Helper()
	again := map[int]bool{}
	for b := range c.batches(t) {
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(b)
		require.NoError(t, err)
		var uids []string
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, l := range sl.LogRecords().All() {
					if uid, ok := l.Attributes().Get("log.record.uid"); ok {
						uids = append(uids, uid.Str())
					}
				}
			}
		}
		earlier.take(uids, again)
		s.take(ld)
	}
	return len(again)
}

// A collector that is killed loses nothing. What it had handed over and not stored yet comes again, the same to the letter: at most a batch of each group.
// One that is terminated repeats nothing.
func TestRestartsLoseAndRepeatNoRecords(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		signal syscall.Signal
		faults awssim.Faults
	}{
		"killed":             {signal: syscall.SIGKILL},
		"killed, and faulty": {signal: syscall.SIGKILL, faults: awssim.Faults{EmptyPages: 0.3, Throttle: 0.1, ServerError: 0.1, Truncate: 0.1, Only: []string{"FilterLogEvents"}}},
		"terminated":         {signal: syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var from, to time.Time
			r := newRecordRig(t, func(epoch time.Time) *awssim.World {
				from, to = epoch.Add(-30*time.Minute), epoch.Add(90*time.Minute)
				return fewFormatsWorld(from, to, 20)
			}, func(c *awssim.Config) { c.Ingestion, c.Faults, c.MaxPage = manyLate, set.faults, 50 })
			r.dir = t.TempDir()
			const groups = 6
			seed := uint64(time.Now().UnixNano())
			t.Logf("the moments of the restarts have the seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			kids, earlier := 0, handed[string]{}
			for ; r.now().Before(to); kids++ {
				c := r.child(signalLogs, kids)
				time.Sleep(time.Duration(rng.Int64N(int64(1500 * time.Millisecond))))
				c.end(t, set.signal)
				repeated := r.records.takeRecords(t, c, &earlier)
				assert.LessOrEqual(t, repeated, groups, "batches that came again in run %d", kids)
			}
			assert.Greater(t, kids, 3)
			stop := r.start()
			defer stop()
			want := r.accessTruth(from, to, nil)
			r.await(want)
			stop()
			compareRecords(t, r.records, want)
			if set.signal == syscall.SIGTERM {
				assert.Zero(t, r.records.repeated)
			}
			assert.Empty(t, r.records.lost)
		})
	}
}

// A pipeline that refuses while the collector is terminated gets the records at the next start, once.
func TestRefusedRecordsSurviveATermination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-30*time.Minute), epoch.Add(40*time.Minute)
			return fewFormatsWorld(from, to, 20)
		}, func(c *awssim.Config) { c.Ingestion, c.MaxPage = onTime, 50 })
		r.dir = t.TempDir()
		for range 3 {
			r.records.setRefuse(func() error { return errRefused })
			before := len(r.records.taken())
			stop := r.start()
			r.until(r.now().Add(8 * time.Minute))
			stop()
			assert.Len(t, r.records.taken(), before)
			r.records.setRefuse(nil)
			stop = r.start()
			r.until(r.now().Add(4 * time.Minute))
			stop()
		}
		stop := r.start()
		defer stop()
		r.checkRequests(stop, from, to)
	})
}
