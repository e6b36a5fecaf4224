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
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// recordChildEnv holds the childTask of a process that TestRecordChild is: a collector in a logs pipeline that can be killed.
const recordChildEnv = "AWSAPIGATEWAY_TEST_RECORD_CHILD"

// recordFile appends the batches that it consumes to a file: a length, then OTLP.
type recordFile struct{ f *os.File }

func (recordFile) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s recordFile) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	if entityEvents(ld) {
		return nil
	}
	b, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
	if err != nil {
		return err
	}
	_, err = s.f.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

// readRecordFile takes what a child consumed. It returns how many of its batches had records that came before.
func readRecordFile(t *testing.T, path string, s *recordSink) (repeated int) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for len(b) >= 4 {
		n := int(binary.BigEndian.Uint32(b))
		if len(b) < 4+n {
			return repeated // the write that a kill cut off
		}
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(b[4 : 4+n])
		require.NoError(t, err)
		before := s.repeated
		s.take(ld)
		if s.repeated > before {
			repeated++
		}
		b = b[4+n:]
	}
	return repeated
}

// TestRecordChild is no test of its own: it is the collector of the tests that kill one.
func TestRecordChild(t *testing.T) {
	task := os.Getenv(recordChildEnv)
	if task == "" {
		t.Skip("runs as a child of the restart tests")
	}
	var c childTask
	require.NoError(t, json.Unmarshal([]byte(task), &c))
	f, err := os.Create(c.Out)
	require.NoError(t, err)
	defer f.Close()
	r := &rig{t: t, clock: c.Clock, url: c.URL, dir: c.Dir, edit: readLogs, attemptTimeout: 20 * time.Second, recordsTo: recordFile{f}}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	stop, err := r.tryStart(nil)
	require.NoError(t, err)
	<-end
	stop()
}

// recordChild runs the collector as a process.
func (r *rig) recordChild(n int) child {
	out := filepath.Join(r.t.TempDir(), fmt.Sprintf("records-%d", n))
	clock := r.clock
	clock.Origin = clock.Origin.Round(0)
	task, err := json.Marshal(childTask{URL: r.url, Dir: r.dir, Out: out, Clock: clock})
	require.NoError(r.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestRecordChild$")
	cmd.Env = append(os.Environ(), recordChildEnv+"="+string(task))
	cmd.Stderr = os.Stderr
	require.NoError(r.t, cmd.Start())
	return child{cmd: cmd, out: out}
}

// A collector that is killed loses nothing. What it had handed over and not stored yet comes again, the same to the letter: at most a batch of each group.
// One that is terminated repeats nothing.
func TestRestartsLoseAndRepeatNoRecords(t *testing.T) {
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
			kids := 0
			for ; r.now().Before(to); kids++ {
				c := r.recordChild(kids)
				time.Sleep(300*time.Millisecond + time.Duration(rng.Int64N(int64(1500*time.Millisecond))))
				c.end(t, set.signal)
				repeated := readRecordFile(t, c.out, r.records)
				assert.LessOrEqual(t, repeated, groups, "batches that came again in run %d", kids)
			}
			assert.Greater(t, kids, 3)
			last := r.recordChild(kids)
			r.until(r.now().Add(time.Hour))
			last.end(t, syscall.SIGTERM)
			readRecordFile(t, last.out, r.records)
			compareRecords(t, r.records, r.accessTruth(from, to, nil))
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
