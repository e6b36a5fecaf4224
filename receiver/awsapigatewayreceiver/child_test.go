package awsapigatewayreceiver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
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
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// childEnv holds the childTask of a process that TestChild is: a collector that can be killed.
const childEnv = "AWSAPIGATEWAY_TEST_CHILD"

// childTask says which signal a child reads, from where, and into which file.
type childTask struct {
	Signal, URL, Dir, Out string
	Clock                 poll.Scaled
}

// child is one run of the collector as a process.
type child struct {
	cmd *exec.Cmd
	out string
}

// child runs the collector as a process, and waits until it would hear of a signal to end.
func (r *rig) child(signal string, n int) child {
	r.t.Helper()
	out := filepath.Join(r.t.TempDir(), fmt.Sprintf("%s-%d", signal, n))
	clock := r.clock
	clock.Origin = clock.Origin.Round(0) // a process has a monotonic clock of its own
	task, err := json.Marshal(childTask{Signal: signal, URL: r.url, Dir: r.dir, Out: out, Clock: clock})
	require.NoError(r.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+string(task))
	cmd.Stderr = os.Stderr
	require.NoError(r.t, cmd.Start())
	for limit := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(out); err == nil {
			return child{cmd, out}
		} else if !os.IsNotExist(err) || time.Now().After(limit) {
			require.NoError(r.t, err)
		}
	}
}

func (c child) end(t *testing.T, sig syscall.Signal) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(sig))
	err := c.cmd.Wait()
	if sig == syscall.SIGTERM {
		assert.NoError(t, err)
	}
}

// TestChild is no test of its own: it is the collector of the tests that kill one.
func TestChild(t *testing.T) {
	text := os.Getenv(childEnv)
	if text == "" {
		t.Skip("runs as a child of the restart tests")
	}
	var task childTask
	require.NoError(t, json.Unmarshal([]byte(text), &task))
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	f, err := os.Create(task.Out)
	require.NoError(t, err)
	defer f.Close()
	r := &rig{t: t, clock: task.Clock, url: task.URL, dir: task.Dir, attemptTimeout: 20 * time.Second}
	to := batchFile{f}
	var metrics consumer.Metrics
	switch task.Signal {
	case signalMetrics:
		r.sink, r.edit, r.attemptTimeout, metrics = newSink(), restartConfig, 0, to
	case signalLogs:
		r.edit, r.recordsTo = readLogs, to
	case signalTraces:
		r.edit, r.spansTo = readAllSpans, to
	}
	stop, err := r.tryStart(metrics)
	require.NoError(t, err)
	<-end
	stop()
}

// batchFile appends the batches that it consumes to a file: a length, then OTLP.
type batchFile struct{ f *os.File }

func (batchFile) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (b batchFile) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	return b.append((&pmetric.ProtoMarshaler{}).MarshalMetrics(md))
}

func (b batchFile) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	if entityEvents(ld) {
		return nil
	}
	return b.append((&plog.ProtoMarshaler{}).MarshalLogs(ld))
}

func (b batchFile) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	return b.append((&ptrace.ProtoMarshaler{}).MarshalTraces(td))
}

func (b batchFile) append(batch []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = b.f.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(batch))), batch...))
	return err
}

// batches are what a child consumed, without what a kill cut off.
func (c child) batches(t *testing.T) iter.Seq[[]byte] {
	t.Helper()
	b, err := os.ReadFile(c.out)
	require.NoError(t, err)
	return func(yield func([]byte) bool) {
		for len(b) >= 4 {
			n := int(binary.BigEndian.Uint32(b))
			if len(b) < 4+n || !yield(b[4:4+n]) {
				return
			}
			b = b[4+n:]
		}
	}
}

// handed remembers in which batch of all children an item came last.
type handed[K comparable] struct {
	batches int
	newest  map[K]int
}

// take notes the items of the next batch, and adds the batches to a set that had some of them before.
func (h *handed[K]) take(items []K, again map[int]bool) {
	if h.newest == nil {
		h.newest = map[K]int{}
	}
	h.batches++
	for _, item := range items {
		if before, ok := h.newest[item]; ok {
			again[before] = true
		}
		h.newest[item] = h.batches
	}
}
