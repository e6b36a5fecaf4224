package awsapigatewayreceiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// The embedded AWS takes any credentials; nothing of the machine's own configuration may take part.
func init() {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "testdata/credentials",
	} {
		if err := os.Setenv(k, v); err != nil {
			panic(err)
		}
	}
}

// speed is how much faster than real time the tests' clock runs: a collection interval of five minutes is half a second.
const speed = 600

// rig is an embedded AWS, a receiver's clock that it shares, and a sink.
type rig struct {
	t     *testing.T
	clock poll.Scaled
	epoch time.Time // a full minute: when the clock started
	sim   *awssim.Server
	world *awssim.World
	url   string
	sink  *sink
	logs  *observer.ObservedLogs
	dir   string // of the storage; "": none
	edit  func(*Config)
	host  *testHost
	// attemptTimeout is in real time; 0: two seconds.
	attemptTimeout time.Duration
	// dial is the network in memory; nil: the machine's.
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// entities takes logs, where it is set.
	entities *entitySink
	// records takes the records of access and execution logs, where it is set; without it, no log group is read.
	records *recordSink
	// recordsTo takes them in place of records.
	recordsTo consumer.Logs
	// spans takes spans, where it is set; without it there is no traces pipeline.
	spans *spanSink
	// spansTo takes them in place of spans.
	spansTo consumer.Traces
	// telemetry collects internal metrics, where it is set.
	telemetry *componenttest.Telemetry
}

const (
	testAccount = "111122223333"
	testRegion  = "us-east-1"
)

// newRig starts an embedded AWS. world is made for the minute at which the rig's clock starts.
func newRig(t *testing.T, world func(epoch time.Time) *awssim.World, config func(*awssim.Config)) *rig {
	t.Helper()
	return newRigAt(t, speed, world, config)
}

func newRigAt(t *testing.T, factor float64, world func(epoch time.Time) *awssim.World, config func(*awssim.Config)) *rig {
	t.Helper()
	epoch := time.Now().UTC().Truncate(time.Minute)
	r := &rig{
		t: t, epoch: epoch, sink: newSink(),
		clock: poll.Scaled{Origin: time.Now(), Epoch: epoch, Factor: factor},
	}
	r.world = world(epoch)
	c := awssim.Config{World: r.world, Now: func() time.Time { return r.clock.Now() }}
	if config != nil {
		config(&c)
	}
	r.sim = awssim.New(c)
	r.serve(r.sim)
	t.Cleanup(r.sim.Close)
	return r
}

// now is the rig's time.
func (r *rig) now() time.Time { return r.clock.Now() }

// until sleeps until the rig's clock shows at.
func (r *rig) until(at time.Time) {
	require.NoError(r.t, r.clock.Sleep(context.Background(), at.Sub(r.now())))
}

// drain waits until nothing has come out for a while: on a busy machine the collector may be behind the fast clock.
func (r *rig) drain() {
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); {
		r.sink.mu.Lock()
		quiet := time.Since(r.sink.last)
		r.sink.mu.Unlock()
		if quiet > 900*time.Millisecond {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// jump sets the clock forward while no receiver runs.
func (r *rig) jump(to time.Time) { r.clock.Epoch = r.clock.Epoch.Add(to.Sub(r.now())) }

func (r *rig) config() *Config {
	c := createDefaultConfig().(*Config)
	c.Endpoint = r.url
	c.Regions = []string{testRegion}
	c.Metrics.InitialLookback = time.Hour // a busy machine takes some of the fast clock's minutes to start
	c.Logs.Access.Enabled = r.records != nil || r.recordsTo != nil
	if r.dir != "" {
		id := component.MustNewID("file_storage")
		c.Storage = &id
	}
	if r.edit != nil {
		r.edit(c)
	}
	return c
}

// start runs a receiver; the returned function stops it.
func (r *rig) start() (stop func()) {
	r.t.Helper()
	var next consumer.Metrics
	if r.sink != nil {
		next = r.sink
	}
	stop, err := r.tryStart(next)
	require.NoError(r.t, err)
	return stop
}

func (r *rig) tryStart(next consumer.Metrics) (stop func(), err error) {
	r.t.Helper()
	host := &testHost{}
	config := r.config()
	require.NoError(r.t, config.Validate())
	set := receiverSettings()
	if r.telemetry != nil {
		set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
		set.TracerProvider = noop.NewTracerProvider() // its own keeps every span
	}
	core, logs := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	r.logs = logs
	if config.Storage != nil {
		host.extensions = map[component.ID]component.Component{*config.Storage: openStorage(r.t, r.dir)}
	}
	var signals []*signalReceiver
	if next != nil {
		signals = append(signals, metricsReceiver(set, config, next, r.clock))
	}
	if logs := r.logsConsumer(); logs != nil {
		signals = append(signals, newSignal(set, config, r.clock, signalLogs, func(g *gatewayReceiver) { g.logs = logs }))
	}
	if spans := r.tracesConsumer(); spans != nil {
		signals = append(signals, newSignal(set, config, r.clock, signalTraces, func(g *gatewayReceiver) { g.traces = spans }))
	}
	r.connect(signals...)
	for _, s := range signals {
		if err := s.Start(context.Background(), host); err != nil {
			return nil, err
		}
	}
	r.host = host
	stop = sync.OnceFunc(func() {
		for _, s := range signals {
			assert.NoError(r.t, s.Shutdown(context.Background()))
		}
		for _, e := range host.extensions {
			assert.NoError(r.t, e.Shutdown(context.Background()))
		}
	})
	r.t.Cleanup(stop)
	return stop, nil
}

// connect makes the receivers of signals reach the rig's AWS.
func (r *rig) connect(signals ...*signalReceiver) {
	for _, s := range signals {
		s.receiver.attemptTimeout = cmp.Or(r.attemptTimeout, 2*time.Second)
		s.receiver.dial = r.dial
	}
}

// logsConsumer is what takes the logs; nil: nothing.
func (r *rig) logsConsumer() consumer.Logs {
	switch {
	case r.recordsTo != nil:
		return r.recordsTo
	case r.records != nil:
		r.records.entities = r.entities
		return r.records
	case r.entities != nil:
		return r.entities
	default:
		return nil
	}
}

// tracesConsumer is what takes the spans; nil: nothing.
func (r *rig) tracesConsumer() consumer.Traces {
	switch {
	case r.spansTo != nil:
		return r.spansTo
	case r.spans != nil:
		return r.spans
	default:
		return nil
	}
}

// receiverSettings are the same at each start.
func receiverSettings() receiver.Settings {
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	return set
}

// metricsReceiver makes the receiver of a metrics pipeline.
func metricsReceiver(set receiver.Settings, config *Config, next consumer.Metrics, clock poll.Clock) *signalReceiver {
	return newSignal(set, config, clock, signalMetrics, func(r *gatewayReceiver) { r.metrics = next })
}

func openStorage(t testing.TB, dir string) component.Component {
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = dir
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, ext.Start(context.Background(), nil))
	return ext
}

// testHost has extensions and remembers the component's status.
type testHost struct {
	extensions map[component.ID]component.Component
	mu         sync.Mutex
	events     []*componentstatus.Event
}

func (h *testHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

func (h *testHost) Report(e *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *testHost) statuses() []*componentstatus.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

// expected is what comes out of a CloudWatch metric.
var expected = []struct {
	metric, attribute string
	sources           []string
	samples           bool // counts samples
}{
	{"aws.api_gateway.requests", "", []string{"Count"}, true},
	{"aws.api_gateway.errors", "error.type=4xx;", []string{"4XXError", "4xx"}, false},
	{"aws.api_gateway.errors", "error.type=5xx;", []string{"5XXError", "5xx"}, false},
	{"aws.api_gateway.errors", "error.type=client;", []string{"ClientError"}, false},
	{"aws.api_gateway.errors", "error.type=integration;", []string{"IntegrationError"}, false},
	{"aws.api_gateway.errors", "error.type=execution;", []string{"ExecutionError"}, false},
	{"aws.api_gateway.cache.requests", "aws.api_gateway.cache.result=hit;", []string{"CacheHitCount"}, false},
	{"aws.api_gateway.cache.requests", "aws.api_gateway.cache.result=miss;", []string{"CacheMissCount"}, false},
	{"aws.api_gateway.data.processed", "", []string{"DataProcessed"}, false},
	{"aws.api_gateway.websocket.connections", "", []string{"ConnectCount"}, false},
	{"aws.api_gateway.websocket.messages", "", []string{"MessageCount"}, true},
	{"aws.api_gateway.request.duration", "", []string{"Latency"}, true},
	{"aws.api_gateway.integration.duration", "", []string{"IntegrationLatency"}, true},
}

// compare asserts that what came out for a stage equals what happened in [from, to), metric by metric. It returns how many metrics there were.
func (r *rig) compare(apiID string, api *awssim.API, st *awssim.Stage, canary bool, from, to time.Time) int {
	r.t.Helper()
	truth := r.world.Truth(api, st, canary, from, to)
	compared := 0
	for _, e := range expected {
		var want awssim.Stat
		for _, source := range e.sources {
			s := truth[source]
			want.SampleCount += s.SampleCount
			want.Sum += s.Sum
			want.Max = max(want.Max, s.Max)
		}
		attrs := e.attribute
		if canary {
			attrs = "aws.api_gateway.canary=true;" + attrs
		}
		got := r.sink.total(func(k streamKey) bool {
			return k.API == apiID && k.Stage == st.Name && k.Metric == e.metric && k.Attributes == attrs
		})
		name := fmt.Sprintf("%s/%s %s{%s}", apiID, st.Name, e.metric, attrs)
		if strings.HasSuffix(e.metric, ".duration") {
			assert.Equal(r.t, want.SampleCount, got.Count, "count of %s", name)
			assert.Equal(r.t, math.Round(want.Sum), math.Round(got.Sum*1000), "sum of %s, in ms", name)
		} else if e.samples {
			assert.Equal(r.t, want.SampleCount, got.Count, name)
		} else {
			assert.Equal(r.t, want.Sum, got.Count, name)
		}
		if want.SampleCount > 0 {
			compared++
		}
	}
	return compared
}

// thinned is by how much the traffic of worlds is thinned under the race detector.
var thinned = racetest.Thinned

// busy is traffic within [from, to) only, thinned under the race detector.
func busy(from, to time.Time, perMinute float64) awssim.Traffic {
	return awssim.Traffic{
		PerMinute: max(1, perMinute/float64(thinned)), Error4xx: 0.05, Error5xx: 0.02,
		Idle: []awssim.Span{{To: from}, {From: to, To: to.Add(1000 * time.Hour)}},
	}
}

func region(apis ...*awssim.API) *awssim.World {
	return &awssim.World{Seed: 7, Accounts: []*awssim.Account{{ID: testAccount, Regions: []*awssim.Region{{Name: testRegion, APIs: apis}}}}}
}

var errRefused = errors.New("refused for now")

func filterItem(key, value string) inventory.FilterItem {
	switch key {
	case "name":
		return inventory.FilterItem{Name: value}
	case "stage":
		return inventory.FilterItem{Stage: value}
	default:
		return inventory.FilterItem{Tags: map[string]string{key: value}}
	}
}
