package awsapigatewayreceiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http/httptest"
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
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// The embedded AWS takes any credentials; nothing of the machine's own configuration may take part.
func init() {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
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
	server := httptest.NewServer(r.sim)
	r.url = server.URL
	t.Cleanup(func() {
		r.sim.Close()
		server.Close()
	})
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
	stop, err := r.tryStart(r.sink)
	require.NoError(r.t, err)
	return stop
}

func (r *rig) tryStart(next consumer.Metrics) (stop func(), err error) {
	r.t.Helper()
	host := &testHost{}
	config := r.config()
	require.NoError(r.t, config.Validate())
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type) // the same at each start
	if r.telemetry != nil {
		set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	}
	core, logs := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	r.logs = logs
	if config.Storage != nil {
		host.extensions = map[component.ID]component.Component{*config.Storage: openStorage(r.t, r.dir)}
	}
	rcvr := newReceiver(set, config, next, r.clock)
	rcvr.attemptTimeout = cmp.Or(r.attemptTimeout, 2*time.Second)
	if err := rcvr.Start(context.Background(), host); err != nil {
		return nil, err
	}
	r.host = host
	return sync.OnceFunc(func() {
		assert.NoError(r.t, rcvr.Shutdown(context.Background()))
		for _, e := range host.extensions {
			assert.NoError(r.t, e.Shutdown(context.Background()))
		}
	}), nil
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

// streamKey is what a backend tells series apart by.
type streamKey struct {
	API, Stage, Metric, Attributes string
	Resource                       string // all resource attributes
}

// stream is everything that came out for one series.
type stream struct {
	Intervals  [][2]int64 // Unix seconds, in the order of arrival
	Values     []float64  // counts
	Count, Sum float64
	Max        float64
	histogram  bool
}

// sink is a consumer that checks what every backend needs, and adds up.
type sink struct {
	mu      sync.Mutex
	streams map[streamKey]*stream
	gauges  map[streamKey]map[int64]float64
	errs    []string
	refuse  func() error
	batches int
	last    time.Time // of the newest batch
	arrived chan struct{}
}

func newSink() *sink {
	return &sink{streams: map[streamKey]*stream{}, gauges: map[streamKey]map[int64]float64{}, arrived: make(chan struct{}, 1)}
}

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			md.ResourceMetrics().RemoveIf(func(pmetric.ResourceMetrics) bool { return true }) // a refusal may spoil the data
			return err
		}
	}
	s.batches++
	s.last = time.Now()
	s.take(md, false)
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	return nil
}

// take adds metrics up. With repeats, a point that is identical to an earlier one is left out.
func (s *sink) take(md pmetric.Metrics, repeats bool) {
	for _, rm := range md.ResourceMetrics().All() {
		resource := attributeString(rm.Resource().Attributes())
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				key := func(attrs pcommon.Map) streamKey {
					return streamKey{
						API: str(rm.Resource(), "aws.api_gateway.api_id"), Stage: str(rm.Resource(), "aws.api_gateway.stage"),
						Metric: m.Name(), Attributes: attributeString(attrs), Resource: resource,
					}
				}
				switch m.Type() {
				case pmetric.MetricTypeSum:
					for _, p := range m.Sum().DataPoints().All() {
						s.add(key(p.Attributes()), p.StartTimestamp(), p.Timestamp(), float64(p.IntValue()), 0, 0, repeats)
					}
				case pmetric.MetricTypeHistogram:
					for _, p := range m.Histogram().DataPoints().All() {
						k := key(p.Attributes())
						s.add(k, p.StartTimestamp(), p.Timestamp(), float64(p.Count()), p.Sum(), p.Max(), repeats)
						s.streams[k].histogram = true
						if p.HasMax() && p.Count() == 0 {
							s.errs = append(s.errs, fmt.Sprintf("%v: a maximum without requests", k))
						}
						var buckets uint64
						for _, b := range p.BucketCounts().AsRaw() {
							buckets += b
						}
						if p.BucketCounts().Len() > 0 && buckets != p.Count() || p.BucketCounts().Len() > 0 && p.BucketCounts().Len() != p.ExplicitBounds().Len()+1 {
							s.errs = append(s.errs, fmt.Sprintf("%v: buckets %v do not add up to %d", k, p.BucketCounts().AsRaw(), p.Count()))
						}
					}
				case pmetric.MetricTypeGauge:
					for _, p := range m.Gauge().DataPoints().All() {
						k, at := key(p.Attributes()), p.Timestamp().AsTime().Unix()
						if s.gauges[k] == nil {
							s.gauges[k] = map[int64]float64{}
						}
						if old, ok := s.gauges[k][at]; ok && (!repeats || old != p.DoubleValue()) {
							s.errs = append(s.errs, fmt.Sprintf("%v: the gauge at %d came twice", k, at))
						}
						s.gauges[k][at] = p.DoubleValue()
					}
				}
			}
		}
	}
}

func (s *sink) add(k streamKey, start, end pcommon.Timestamp, count, sum, maximum float64, repeats bool) {
	st := s.streams[k]
	if st == nil {
		st = &stream{}
		s.streams[k] = st
	}
	in := [2]int64{start.AsTime().Unix(), end.AsTime().Unix()}
	if repeats {
		if i := slices.Index(st.Intervals, in); i >= 0 {
			if st.Values[i] != count {
				s.errs = append(s.errs, fmt.Sprintf("%v: the repeat of %v has %v, the first had %v", k, in, count, st.Values[i]))
			}
			return
		}
	}
	if n := len(st.Intervals); n > 0 && in[0] < st.Intervals[n-1][1] {
		s.errs = append(s.errs, fmt.Sprintf("%v: interval %v overlaps or precedes %v", k, in, st.Intervals[n-1]))
	}
	if in[1] <= in[0] {
		s.errs = append(s.errs, fmt.Sprintf("%v: interval %v is empty", k, in))
	}
	st.Intervals = append(st.Intervals, in)
	st.Values = append(st.Values, count)
	st.Count += count
	st.Sum += sum
	st.Max = max(st.Max, maximum)
}

func str(res pcommon.Resource, key string) string {
	v, ok := res.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func attributeString(m pcommon.Map) string {
	raw := m.AsRaw()
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		fmt.Fprintf(&b, "%s=%v;", k, raw[k])
	}
	return b.String()
}

// total adds up the streams that match.
func (s *sink) total(match func(streamKey) bool) stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum stream
	for k, st := range s.streams {
		if match(k) {
			sum.Count += st.Count
			sum.Sum += st.Sum
			sum.Max = max(sum.Max, st.Max)
			sum.Intervals = append(sum.Intervals, st.Intervals...)
			sum.Values = append(sum.Values, st.Values...)
		}
	}
	return sum
}

func (s *sink) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Empty(t, s.errs[:min(5, len(s.errs))], "%d errors", len(s.errs))
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

// busy is traffic within [from, to) only.
func busy(from, to time.Time, perMinute float64) awssim.Traffic {
	return awssim.Traffic{
		PerMinute: perMinute, Error4xx: 0.05, Error5xx: 0.02,
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
