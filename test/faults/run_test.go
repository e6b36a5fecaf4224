package faults

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// run is a schedule that is run.
type run struct {
	*testing.T
	schedule  *schedule
	rng       *rand.Rand
	limits    limits
	dir       string
	disk      *disk
	sim       *awssim.Server
	server    *httptest.Server
	world     *awssim.World
	from, to  time.Time // of the traffic, by AWS's clock
	recorder  *recorder
	collector *collector
	began     time.Time
	reloads   int
	active    []*fault // of AWS's answers
	faults    []string // of the run itself
}

// limits are how long a run takes.
type limits struct {
	// before and after the start is traffic.
	before, after time.Duration
	// deadline is when everything has to have come.
	deadline time.Duration
	settle   time.Duration // of traces
}

func (r *run) now() time.Time { return time.Now().Add(r.schedule.skew) }

// play runs a schedule to its end, and compares.
func play(t *testing.T, s *schedule, l limits) {
	r := &run{T: t, schedule: s, limits: l, rng: newRand(s.seed), began: time.Now()}
	t.Logf("%v", s)
	r.setUp()
	require.NoError(t, r.collector.start())
	for _, a := range r.actions() {
		r.sleepUntil(a.at)
		if err := a.do(); err != nil {
			r.fault("%s: %v", a.what, err)
		}
		r.restart()
	}
	want := r.truth()
	r.await(want)
	r.linger()
	if err := r.collector.stop(syscall.SIGTERM); err != nil {
		r.fault("%v", err)
	}
	r.check(want)
}

func (r *run) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf("at %.1fs ", time.Since(r.began).Seconds())+fmt.Sprintf(format, args...))
}

func (r *run) sleepUntil(at time.Duration) { time.Sleep(time.Until(r.began.Add(at))) }

// restart starts a collector that ended by itself, which is a fault, but not the end of the run.
func (r *run) restart() {
	if len(r.collector.crashes) > 0 && !r.collector.running() && r.up() {
		if err := r.collector.start(); err != nil {
			r.fault("%v", err)
		}
	}
}

// up says whether the collector should be running by the schedule.
func (r *run) up() bool {
	at := time.Since(r.began)
	for _, f := range r.schedule.faults {
		if (f.kind == terminate || f.kind == kill || f.kind == corrupt) && f.at <= at && at < f.at+f.lasts {
			return false
		}
	}
	return true
}

func (r *run) setUp() {
	var err error
	// Not t.TempDir: it stays where the run fails.
	r.dir, err = os.MkdirTemp("", "faults-*")
	require.NoError(r, err)
	r.disk, err = newDisk(filepath.Join(r.dir, "storage"))
	require.NoError(r, err)
	if !r.disk.mounted && r.schedule.has(fullDisk) {
		r.Log("the disk does not fill up: that takes the right to mount a file system")
	}
	start := r.now()
	r.from, r.to = start.Add(-r.limits.before).Truncate(time.Minute), start.Add(r.limits.after).Truncate(time.Minute)
	r.world = newWorld(r.schedule.seed, r.from, r.to, drawChanges(r.rng, start, r.schedule))
	r.sim = awssim.New(awssim.Config{
		World: r.world, Now: r.now, EnforceQuotas: true, ListLag: 20 * time.Second,
		Lateness:  awssim.Lateness{Base: 3 * time.Second, Max: r.schedule.lateMetrics, Late: 0.1, WholePoints: 0.05},
		Ingestion: awssim.Lateness{Base: 2 * time.Second, Max: r.schedule.lateLogs, Late: 0.1},
		Tracing:   awssim.Arrival{Base: 5 * time.Second, Max: r.schedule.lateSegments, Late: 0.1, Pieces: 0.1},
	})
	r.server = httptest.NewServer(r.sim)
	r.recorder, err = newRecorder()
	require.NoError(r, err)
	r.recorder.record.history.began, r.recorder.record.history.outage = r.began, r.schedule.outage()+drained
	path := builtCollector(r.T)
	config, err := filepath.Abs(filepath.Join("..", "..", "exporterconfig", "otlp.yaml"))
	require.NoError(r, err)
	r.collector = &collector{binary: path, dir: r.dir, args: []string{"--config", config, "--config", r.configFile()}}
	require.NoError(r, r.writeConfig())
	r.Cleanup(r.tearDown)
}

func (r *run) tearDown() {
	if r.collector.running() {
		_ = r.collector.stop(syscall.SIGKILL)
	}
	r.recorder.down()
	r.sim.Close()
	r.server.Close()
	r.disk.close()
	if r.Failed() {
		r.Logf("seed %d failed; the collector's log is %s", r.schedule.seed, r.collector.logFile())
		return
	}
	_ = os.RemoveAll(r.dir)
}

func builtCollector(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OTELCOL_APIGATEWAY")
	if path == "" {
		path = filepath.Join("..", "..", "_build", "otelcol-apigateway")
	}
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	require.FileExists(t, path, "run make build first")
	return path
}

func (r *run) configFile() string { return filepath.Join(r.dir, "config.yaml") }

// writeConfig writes what goes over exporterconfig/otlp.yaml: addresses, and intervals that are short. Each reload finds another one.
func (r *run) writeConfig() error {
	s := r.schedule
	text := fmt.Sprintf(`receivers:
  awsapigateway:
    endpoint: %s
    accounts: [{name: prod, role_arn: "%s"}]
    inventory: {interval: 1m, requests_per_second: 8, report_interval: 87600h}
    metrics: {collection_interval: 1m, initial_lookback: 30m, delay: 5s, revisit: %v}
    logs: {poll_interval: 1s, max_poll_interval: %ds, start_at: 1h, late_window: %v, execution: {enabled: true}}
    traces: {access_logs: {enabled: true}, poll_interval: 10s, delay: 5s, settle: %v, initial_lookback: 20m, xray: {max_traces_per_minute: 1000}}
exporters:
  otlp_grpc: {endpoint: "%s", tls: {insecure: true}}
extensions:
  file_storage: {directory: %q}
service:
  telemetry: {metrics: {level: none}, logs: {level: debug}}
`, r.server.URL, roleARN, s.lateMetrics+5*time.Second, 3+r.reloads, max(time.Minute, s.lateLogs+20*time.Second), r.limits.settle, r.recorder.addr, r.disk.dir)
	return os.WriteFile(r.configFile(), []byte(text), 0o600)
}

// truth is what happened in the world.
type truth struct {
	metrics    map[streamKey]point
	records    map[string]access
	executions map[moment]int
	spans      map[spanID]span
	entities   map[string]string
}

func (r *run) truth() truth {
	return truth{
		wantMetrics(r.world, r.from, r.to), wantRecords(r.world, r.from, r.to), wantExecutions(r.world, r.from, r.to), wantSpans(r.world, r.from, r.to),
		wantEntities(r.world, r.to.Add(time.Hour)),
	}
}

// compare says what is missing, and what is wrong.
func (r *run) compare(want truth) (missing, wrong []string) {
	r.recorder.mu.Lock()
	defer r.recorder.mu.Unlock()
	got := r.recorder.record
	for _, c := range []func() (missing, wrong []string){
		func() ([]string, []string) { return got.metrics.compare(want.metrics) },
		func() ([]string, []string) { return got.logs.compare(want.records) },
		func() ([]string, []string) { return got.logs.compareExecutions(want.executions) },
		func() ([]string, []string) { return got.spans.compare(want.spans) },
		func() ([]string, []string) { return got.entities.compare(want.entities) },
	} {
		m, w := c()
		missing, wrong = append(missing, m...), append(wrong, w...)
	}
	return missing, wrong
}

// await waits until nothing is missing any more, or the deadline has passed.
func (r *run) await(want truth) {
	for limit := r.began.Add(r.limits.deadline); time.Now().Before(limit); time.Sleep(time.Second) {
		r.restart()
		if missing, _ := r.compare(want); len(missing) == 0 {
			return
		}
	}
}

// linger waits until what is read a second time was read, and lets the collector start once more: what comes twice has had the time to.
func (r *run) linger() {
	time.Sleep(time.Until(r.to.Add(r.limits.settle + 20*time.Second).Add(-r.schedule.skew)))
	if err := r.collector.stop(syscall.SIGTERM); err != nil {
		r.fault("%v", err)
	}
	if err := r.collector.start(); err != nil {
		r.fault("%v", err)
	}
	time.Sleep(6 * time.Second)
}

// secret is what must not be in a log.
var secret = regexp.MustCompile(`panic:|goroutine \d+ \[|awssim-secret|awssim-session`)

func (r *run) check(want truth) {
	missing, wrong := r.compare(want)
	got := r.recorder.record
	log, err := os.ReadFile(r.collector.logFile())
	require.NoError(r, err)
	got.history.settle(gaveUp(log))
	took := time.Since(r.began).Round(time.Second)
	if given := bytes.Count(log, []byte(givenUp)); given > 0 && r.disk.mounted && r.schedule.has(fullDisk) {
		r.Logf("while the disk was full, the exporter's queue gave up %d requests, and with them %d of what happened: %s", given, len(missing), some(missing))
	} else {
		assert.Empty(r, some(missing), "%d are missing", len(missing))
	}
	assert.Empty(r, some(wrong), "%d are wrong", len(wrong))
	assert.Empty(r, some(got.history.problems), "%d times", got.history.count)
	assert.Empty(r, r.faults)
	assert.Empty(r, r.collector.crashes)
	if !r.schedule.has(corrupt) {
		assert.NotRegexp(r, secret, string(bytes.TrimSpace(firstMatch(log))))
	}
	r.Logf("seed %d took %v: %d streams, %d records, %d moments of executions, %d spans, %d entities; %d SIGKILLs, repeated after them: %v",
		r.schedule.seed, took, len(want.metrics), len(want.records), len(want.executions), len(want.spans), len(want.entities), len(got.history.kills), got.history.repeats)
}

// givenUp is what the exporter's queue says of a stored request that it can't note as taken, as on a full disk: it deletes it.
const givenUp = "Failed to dispatch item"

// firstMatch is the line of a log that has what must not be there.
func firstMatch(log []byte) []byte {
	at := secret.FindIndex(log)
	if at == nil {
		return nil
	}
	return log[max(0, at[0]-200):min(len(log), at[1]+800)]
}

// gaveUp is when the exporter gave up to wait for an answer.
func gaveUp(log []byte) (times []time.Time) {
	for line := range bytes.Lines(log) {
		if stamp, _, ok := bytes.Cut(line, []byte("\t")); ok && bytes.Contains(line, []byte("DeadlineExceeded")) {
			if at, err := time.Parse(time.RFC3339, string(stamp)); err == nil {
				times = append(times, at)
			}
		}
	}
	return times
}

// some are the first of many, each on a line.
func some(all []string) string { return strings.Join(all[:min(len(all), 12)], "\n") }

// saysWhy says whether a log of a collector that ended names its reason. The database below file_storage panics where it finds a page that is none, in a
// goroutine of its own, so that nobody can catch it.
func saysWhy(log []byte) bool {
	return bytes.Contains(log, []byte("cannot open the positions")) || bytes.Contains(log, []byte("go.etcd.io/bbolt"))
}
