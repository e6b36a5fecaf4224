package exporterconfig

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

const account = "111122223333"

// twins is a world in which backends confuse series: two stages of one API, and an API of the same name in another region, with an idle gap of
// twenty minutes. The traffic lies in [from, to).
func twins(from, to time.Time) *awssim.World {
	traffic := awssim.Traffic{PerMinute: 12, Error4xx: 0.1, Error5xx: 0.05, Idle: []awssim.Span{
		{To: from}, {From: from.Add(30 * time.Minute), To: from.Add(50 * time.Minute)}, {From: to, To: to.Add(100 * time.Hour)},
	}}
	stage := func(name string) *awssim.Stage { return &awssim.Stage{Name: name, Traffic: traffic} }
	return &awssim.World{Seed: 5, Accounts: []*awssim.Account{{ID: account, Regions: []*awssim.Region{
		{Name: "us-east-1", APIs: []*awssim.API{{ID: "useast0001", Name: "orders", Created: from, Stages: []*awssim.Stage{stage("prod"), stage("test")}}}},
		{Name: "eu-west-1", APIs: []*awssim.API{{ID: "euwest0001", Name: "orders", Created: from, Stages: []*awssim.Stage{stage("prod")}}}},
	}}}}
}

// sample is one value of a series on its way to a backend.
type sample struct {
	labels map[string]string
	value  float64
	at     int64
}

func (s *sample) series() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(s.labels)) {
		fmt.Fprintf(&b, "%s=%q,", k, s.labels[k])
	}
	return b.String()
}

// pick is the one sample of a metric of a stage; of several, the newest.
func pick(t *testing.T, samples []sample, name, api, stage string, more ...string) float64 {
	t.Helper()
	found := map[string]sample{}
	for _, s := range samples {
		l := s.labels
		if l["__name__"] != name || l["aws_api_gateway_api_id"] != api || l["aws_api_gateway_stage"] != stage {
			continue
		}
		if len(more) == 2 && l[more[0]] != more[1] {
			continue
		}
		found[s.series()] = s
	}
	require.Len(t, found, 1, "series of %s of %s/%s: %v", name, api, stage, slices.Collect(maps.Keys(found)))
	for _, s := range found {
		return s.value
	}
	return 0
}

// compareCounters asserts that a backend's counters show what happened.
func compareCounters(t *testing.T, world *awssim.World, samples []sample, from, to time.Time) {
	t.Helper()
	for _, r := range world.Accounts[0].Regions {
		for _, api := range r.APIs {
			for _, st := range api.Stages {
				truth := world.Truth(api, st, false, from, to)
				require.NotZero(t, truth["Count"].SampleCount)
				assert.Equal(t, truth["Count"].SampleCount, pick(t, samples, "aws_api_gateway_requests_total", api.ID, st.Name), "requests of %s/%s", api.ID, st.Name)
				assert.Equal(t, truth["5XXError"].Sum, pick(t, samples, "aws_api_gateway_errors_total", api.ID, st.Name, "error_type", "5xx"))
				assert.Equal(t, truth["Latency"].SampleCount, pick(t, samples, "aws_api_gateway_request_duration_seconds_count", api.ID, st.Name))
				assert.InDelta(t, truth["Latency"].Sum/1000, pick(t, samples, "aws_api_gateway_request_duration_seconds_sum", api.ID, st.Name), 1e-6)
				assert.Equal(t, truth["Latency"].SampleCount, pick(t, samples, "aws_api_gateway_request_duration_seconds_bucket", api.ID, st.Name, "le", "+Inf"))
			}
		}
	}
}

// run starts the collector with a config of this folder, against a world, until done says so.
func run(t *testing.T, file, buckets string, world *awssim.World, overrides []string, done func() bool) {
	t.Helper()
	sim := awssim.New(awssim.Config{World: world})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	path, err := filepath.Abs(file)
	require.NoError(t, err)
	args := []string{"--config", path}
	for _, o := range append([]string{
		"receivers::awsapigateway::endpoint: " + server.URL,
		"receivers::awsapigateway::regions: [us-east-1, eu-west-1]",
		"receivers::awsapigateway::metrics::initial_lookback: 3h",
		"receivers::awsapigateway::metrics::collection_interval: 1m",
		"receivers::awsapigateway::metrics::histogram_buckets: " + buckets,
		"service::telemetry::metrics::level: none",
	}, overrides...) {
		args = append(args, "--config", "yaml:"+o)
	}
	c := command(t, args...)
	log := &logBuffer{ready: make(chan struct{})}
	c.Stderr = log
	require.NoError(t, c.Start())
	assert.Eventually(t, done, 90*time.Second, 200*time.Millisecond)
	end(t, c)
	assert.NotContains(t, log.text.String(), "panic")
	assert.NotContains(t, log.text.String(), "misaligned")
	if t.Failed() {
		t.Log(log.text.String())
	}
}

func end(t *testing.T, c *exec.Cmd) {
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, c.Wait())
}

// freePort is an address that nobody listens at. It is below those that systems give out, so that nobody gets it until it is used.
func freePort(t *testing.T) string {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20000+rand.IntN(12000)))
		if err != nil {
			continue
		}
		require.NoError(t, l.Close())
		return l.Addr().String()
	}
	require.Fail(t, "all ports are taken")
	return ""
}

func span() (from, to time.Time) {
	to = time.Now().UTC().Truncate(time.Minute).Add(-12 * time.Minute)
	return to.Add(-2 * time.Hour), to
}

func TestPrometheusPageShowsWhatHappened(t *testing.T) {
	for name, buckets := range racetest.Fewer(map[string]string{"without buckets": "[]", "with buckets": "[0.05, 0.1, 1]"}, "with buckets") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := span()
			world := twins(from, to)
			address := freePort(t)
			var samples []sample
			want := world.Truth(world.Accounts[0].Regions[1].APIs[0], world.Accounts[0].Regions[1].APIs[0].Stages[0], false, from, to)["Count"].SampleCount
			run(t, "prometheus.yaml", buckets, world, []string{"exporters::prometheus::endpoint: " + address}, func() bool {
				before := samples
				samples = scrape("http://" + address + "/metrics")
				complete := 0
				for _, s := range samples {
					if s.labels["__name__"] == "aws_api_gateway_requests_total" && s.value >= want/2 {
						complete++
					}
				}
				return complete == 3 && assert.ObjectsAreEqual(before, samples) // a page may be scraped while a batch is written to it
			})
			compareCounters(t, world, samples, from, to)
		})
	}
}

// scrape reads a page of the Prometheus text format.
func scrape(url string) []sample {
	resp, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var out []sample
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		line := lines.Text()
		name, rest, ok := strings.Cut(line, "{")
		labels, number, ok2 := strings.Cut(rest, "} ")
		if strings.HasPrefix(line, "#") || !ok || !ok2 {
			continue
		}
		s := sample{labels: map[string]string{"__name__": name}}
		for _, pair := range strings.Split(labels, "\",") {
			k, v, _ := strings.Cut(pair, "=")
			s.labels[k] = strings.Trim(v, `"`)
		}
		number, _, _ = strings.Cut(number, " ")
		s.value, _ = strconv.ParseFloat(number, 64)
		out = append(out, s)
	}
	return out
}

func TestRemoteWriteSendsMonotoneCounters(t *testing.T) {
	for name, buckets := range racetest.Fewer(map[string]string{"without buckets": "[]", "with buckets": "[0.05, 0.1, 1]"}, "with buckets") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := span()
			world := twins(from, to)
			var mu sync.Mutex
			var samples []sample
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				b, err := snappy.Decode(nil, b)
				if err != nil {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				samples = append(samples, writeRequest(b)...)
				w.WriteHeader(http.StatusNoContent)
			}))
			defer backend.Close()
			quiet := 0
			run(t, "prometheusremotewrite.yaml", buckets, world, []string{"exporters::prometheus_remote_write::http::endpoint: " + backend.URL}, func() bool {
				mu.Lock()
				defer mu.Unlock()
				n := len(samples)
				if n > 0 && n == quiet {
					return true
				}
				quiet = n
				time.Sleep(time.Second)
				return false
			})
			compareCounters(t, world, samples, from, to)
			// No reset: the values of a counter never go down, and its timestamps never back.
			last := map[string]sample{}
			for _, s := range samples {
				if name := s.labels["__name__"]; !strings.HasSuffix(name, "_total") && !strings.HasSuffix(name, "_count") && !strings.HasSuffix(name, "_bucket") {
					continue
				}
				if before, ok := last[s.series()]; ok {
					require.GreaterOrEqual(t, s.value, before.value, s.series())
					require.GreaterOrEqual(t, s.at, before.at, s.series())
				}
				last[s.series()] = s
			}
		})
	}
}

// writeRequest decodes a remote write 1.0 request: repeated TimeSeries{labels 1, samples 2}.
func writeRequest(b []byte) []sample {
	var out []sample
	fields(b, func(n protowire.Number, series []byte, _ uint64) {
		if n != 1 {
			return
		}
		labels := map[string]string{}
		var values []sample
		fields(series, func(n protowire.Number, v []byte, _ uint64) {
			switch n {
			case 1:
				var name, value string
				fields(v, func(n protowire.Number, v []byte, _ uint64) {
					if n == 1 {
						name = string(v)
					} else {
						value = string(v)
					}
				})
				labels[name] = value
			case 2:
				s := sample{labels: labels}
				fields(v, func(n protowire.Number, _ []byte, v uint64) {
					if n == 1 {
						s.value = math.Float64frombits(v)
					} else {
						s.at = int64(v)
					}
				})
				values = append(values, s)
			}
		})
		out = append(out, values...)
	})
	return out
}

func fields(b []byte, f func(n protowire.Number, bytes []byte, number uint64)) {
	for len(b) > 0 {
		n, typ, size := protowire.ConsumeTag(b)
		if size < 0 {
			return
		}
		b = b[size:]
		switch typ {
		case protowire.BytesType:
			v, size := protowire.ConsumeBytes(b)
			if size < 0 {
				return
			}
			f(n, v, 0)
			b = b[size:]
		case protowire.Fixed64Type:
			v, size := protowire.ConsumeFixed64(b)
			if size < 0 {
				return
			}
			f(n, nil, v)
			b = b[size:]
		case protowire.VarintType:
			v, size := protowire.ConsumeVarint(b)
			if size < 0 {
				return
			}
			f(n, nil, v)
			b = b[size:]
		default:
			return
		}
	}
}
