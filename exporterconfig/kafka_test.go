package exporterconfig

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// topics are those of kafka.yaml, one for each signal.
var topics = []string{"otlp_metrics", "otlp_logs", "otlp_spans"}

// TestKafkaKeepsWhatNobodyTakes runs kafka.yaml and kafkaconsumer.yaml as two collectors. First there is no Kafka, then the backend behind the second
// collector refuses everything, and in the end all that the first one read has arrived once.
func TestKafkaKeepsWhatNobodyTakes(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	b, k := newBackend(t), newKafka(t)
	world, sent := observed(t)
	log := filepath.Join(t.TempDir(), "log")
	settings := append(soon(t, "kafka.yaml"), watched...)
	settings = append(settings, "service::telemetry::logs::output_paths: ["+log+"]")
	for _, s := range k.reach() {
		settings = append(settings, "exporters::kafka::"+s)
	}

	run(t, "kafka.yaml", "[]", world, settings, func() bool {
		if k.broker == nil {
			failed := 0
			for line := range lines(t, log) {
				if strings.Contains(line, "kafka records export failed") {
					failed++
				}
			}
			if failed < len(topics) {
				return false
			}
			k.start(t)
		}
		kept, _ := k.messages(t)
		return kept.has(sent)
	})
	kept, where := k.messages(t)
	kept.check(t, sent)
	deltas(t, &kept)
	where.check(t)
	// From here on, what Kafka has is what has to arrive: a trace is several messages, so that it may come in parts.
	sent.traces, sent.others = map[pcommon.TraceID]int{}, nil
	for id, spans := range kept.spans {
		sent.traces[id] = len(spans)
	}

	// The next step refuses: there is no queue that keeps the data, and the backend is away.
	b.mu.Lock()
	b.away = true
	b.mu.Unlock()
	refusing := k.consumer(t, b, "exporters::otlp_http::sending_queue::enabled: false", "exporters::otlp_http::retry_on_failure::enabled: false")
	assert.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.headers) == len(topics) && b.refused > 2*len(topics)
	}, 90*time.Second, 100*time.Millisecond, "nothing is offered again")
	end(t, refusing)
	assert.Empty(t, k.done(t), "positions of what was refused")

	// As it is written, the queue takes everything, while the backend refuses.
	b.mu.Lock()
	before := b.refused
	b.mu.Unlock()
	taking := k.consumer(t, b, soon(t, "kafkaconsumer.yaml")...)
	assert.Eventually(t, func() bool { return assert.ObjectsAreEqual(where.count, k.done(t)) }, 90*time.Second, 200*time.Millisecond)
	assert.Equal(t, where.count, k.done(t), "positions of what the queue has")
	b.mu.Lock()
	assert.Greater(t, b.refused, before)
	assert.Empty(t, b.metrics)
	b.away = false
	b.mu.Unlock()
	assert.Eventually(t, b.has(sent), 90*time.Second, 200*time.Millisecond)
	end(t, taking)
	b.check(t, sent)
	deltas(t, &b.received)
	assert.Equal(t, "Bearer placeholder", b.headers["/v1/metrics"].Get("Authorization"))
}

// kafka is a broker that is not there until it is started.
type kafka struct {
	program, cert, key string
	address, status    string
	broker             *exec.Cmd
}

func newKafka(t *testing.T) *kafka {
	// What is there is not linked again.
	program, err := filepath.Abs("../_build/kafkatest")
	require.NoError(t, err)
	k := &kafka{program: program, address: freePort(t), status: freePort(t)}
	k.cert, k.key = certificate(t)
	build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", k.program, ".")
	build.Dir = "kafkatest"
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as ocb does: what both collectors have is compiled once
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return k
}

func (k *kafka) start(t *testing.T) {
	t.Helper()
	_, port, err := net.SplitHostPort(k.address)
	require.NoError(t, err)
	k.broker = exec.Command(k.program, "broker", "-port", port, "-status", k.status, "-cert", k.cert, "-key", k.key)
	k.broker.Env = append(os.Environ(), placeholders(t)...)
	k.broker.Stderr = os.Stderr
	require.NoError(t, k.broker.Start())
	t.Cleanup(func() { end(t, k.broker) })
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + k.status + "/groups/none")
		if err != nil {
			return false
		}
		return assert.NoError(t, resp.Body.Close()) && resp.StatusCode == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond)
}

// reach are the settings that lead to this broker, and trust it.
func (k *kafka) reach() []string {
	return []string{"brokers: [" + k.address + "]", "tls::ca_file: " + k.cert}
}

// consumer starts kafkaconsumer.yaml.
func (k *kafka) consumer(t *testing.T, to *backend, settings ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs("kafkaconsumer.yaml")
	require.NoError(t, err)
	args := []string{"collector", "--config", path}
	for _, s := range k.reach() {
		settings = append(settings, "receivers::kafka::"+s)
	}
	for _, s := range append(settings, "exporters::otlp_http::endpoint: "+to.URL, "service::telemetry::metrics::level: none") {
		args = append(args, "--config", "yaml:"+s)
	}
	c := command(t, args...)
	c.Path = k.program
	log := &logBuffer{ready: make(chan struct{})}
	c.Stderr = log
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		assert.NotRegexp(t, "(?i)panic|deprecat|alias", log.text.String())
		if t.Failed() {
			t.Log(log.text.String())
		}
	})
	return c
}

// ask asks the broker's status.
func (k *kafka) ask(t *testing.T, path string, into any) {
	t.Helper()
	resp, err := http.Get("http://" + k.status + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode, path)
	require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
}

// done is how many messages of each topic kafkaconsumer.yaml has put behind it.
func (k *kafka) done(t *testing.T) map[string]int {
	out := map[string]int{}
	k.ask(t, "/groups/otelcol-apigateway", &out)
	return out
}

// placement is how many messages a topic has, and where the data of one stage and of one trace are.
type placement struct {
	count            map[string]int
	metrics, records map[string]places // by stage
	traces           map[string]places
}

// places are how many messages a partition has of something.
type places map[int32]int

// messages are what the topics have.
func (k *kafka) messages(t *testing.T) (received, placement) {
	t.Helper()
	var all received
	where := placement{map[string]int{}, map[string]places{}, map[string]places{}, map[string]places{}}
	for _, topic := range topics {
		var messages []struct {
			Partition int32
			Value     []byte
		}
		k.ask(t, "/topics/"+topic, &messages)
		where.count[topic] = len(messages)
		for _, m := range messages {
			require.NoError(t, all.add(topic, m.Value))
			switch topic {
			case "otlp_metrics":
				md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(m.Value)
				require.NoError(t, err)
				ids := map[string]bool{}
				for _, rm := range md.ResourceMetrics().All() {
					ids[instance(rm.Resource())] = true
				}
				put(t, where.metrics, ids, m.Partition)
			case "otlp_logs":
				ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(m.Value)
				require.NoError(t, err)
				ids := map[string]bool{}
				for _, rl := range ld.ResourceLogs().All() {
					ids[instance(rl.Resource())] = true
				}
				put(t, where.records, ids, m.Partition)
			default:
				var one received
				require.NoError(t, one.add(topic, m.Value))
				ids := map[string]bool{}
				for id := range one.spans {
					ids[id.String()] = true
				}
				put(t, where.traces, ids, m.Partition)
			}
		}
	}
	return all, where
}

// instance names the stage that a resource is; other resources have no name.
func instance(r pcommon.Resource) string {
	id, _ := r.Attributes().Get("service.instance.id")
	return id.Str()
}

// put notes the partition of a message, which is of one stage or trace.
func put(t *testing.T, into map[string]places, ids map[string]bool, partition int32) {
	t.Helper()
	assert.Len(t, ids, 1, "stages or traces in a message")
	for id := range ids {
		if id == "" {
			continue
		}
		if into[id] == nil {
			into[id] = places{}
		}
		into[id][partition]++
	}
}

// check asserts that what belongs together is in one partition, and that others are used, too.
func (p *placement) check(t *testing.T) {
	t.Helper()
	several, used := 0, map[int32]bool{}
	for what, all := range map[string]map[string]places{"metrics": p.metrics, "logs": p.records, "traces": p.traces} {
		assert.NotEmpty(t, all, what)
		for id, partitions := range all {
			assert.Len(t, partitions, 1, "partitions of %s of %s", what, id)
			for n, messages := range partitions {
				used[n] = true
				several += messages - 1
			}
		}
	}
	assert.NotZero(t, several, "further messages of the same")
	assert.Greater(t, len(used), 1, "partitions")
}
