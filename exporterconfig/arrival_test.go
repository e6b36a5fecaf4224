package exporterconfig

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// TestOTLPOverHTTPArrives runs configs against a backend that refuses first, and takes then: everything arrives, once, where and how the vendor expects it.
func TestOTLPOverHTTPArrives(t *testing.T) {
	destinations := map[string]struct {
		variable, path string // the variable that names the backend, and what comes before /v1/metrics and so on
		header, value  string
		metrics        func(t *testing.T, b *backend)
	}{
		"otlphttp.yaml":     {"OTLP_ENDPOINT", "", "Authorization", "Bearer placeholder", deltas},
		"grafanacloud.yaml": {"GRAFANA_CLOUD_OTLP_ENDPOINT", "", "Authorization", "Basic placeholder", labelledTotals},
		"newrelic.yaml":     {"NEW_RELIC_OTLP_ENDPOINT", "", "Api-Key", "placeholder", deltas},
		"honeycomb.yaml":    {"HONEYCOMB_ENDPOINT", "", "X-Honeycomb-Team", "placeholder", deltas},
		"dynatrace.yaml":    {"DYNATRACE_URL", "/api/v2/otlp", "Authorization", "Api-Token placeholder", deltas},
		"elastic.yaml":      {"ELASTIC_OTLP_ENDPOINT", "", "Authorization", "ApiKey placeholder", deltas},
		"clickhouse.yaml":   {"CLICKSTACK_ENDPOINT", "", "Authorization", "placeholder", deltas},
		"guance.yaml":       {"DATAKIT_ENDPOINT", "/otel", "Content-Type", "application/x-protobuf", milliseconds},
	}
	backends := map[string]*backend{}
	for file, want := range destinations {
		backends[file] = newBackend(t)
		t.Setenv(want.variable, backends[file].URL)
	}
	for file, want := range destinations {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			b := backends[file]
			from, to := span()
			world := logged(twins(from, to))
			overrides := []string{"exporters::otlp_http::retry_on_failure::initial_interval: 100ms"}
			if file == "honeycomb.yaml" {
				overrides = append(overrides, "exporters::otlp_http/metrics::retry_on_failure::initial_interval: 100ms")
			}
			run(t, file, "[]", world, append(overrides, "receivers::awsapigateway::logs::start_at: 3h"), b.complete(t, world, from, to))
			b.check(t, world, from, to)
			for _, signal := range []string{"/v1/metrics", "/v1/logs"} {
				require.Contains(t, b.headers, want.path+signal)
				assert.Equal(t, want.value, b.headers[want.path+signal].Get(want.header), signal)
			}
			want.metrics(t, b)
		})
	}
}

// TestAgentAndGatewayPassOn runs the two configs as two collectors, of which the gateway comes later.
func TestAgentAndGatewayPassOn(t *testing.T) {
	b, address := newBackend(t), freePort(t)
	t.Setenv("OTLP_ENDPOINT", b.URL)
	t.Setenv("GATEWAY_ENDPOINT", "http://"+address)
	path, err := filepath.Abs("gateway.yaml")
	require.NoError(t, err)
	from, to := span()
	world := logged(twins(from, to))
	complete := b.complete(t, world, from, to)
	var gateway *exec.Cmd
	run(t, "agent.yaml", "[]", world, []string{
		"receivers::awsapigateway::logs::start_at: 3h",
		"exporters::otlp_http::retry_on_failure::initial_interval: 100ms",
	}, func() bool {
		if gateway == nil {
			time.Sleep(2 * time.Second) // the agent finds no gateway
			gateway = command(t, "--config", path, "--config", "yaml:receivers::otlp::protocols::http::endpoint: "+address,
				"--config", "yaml:exporters::otlp_http::retry_on_failure::initial_interval: 100ms",
				"--config", "yaml:service::telemetry::metrics::level: none")
			require.NoError(t, gateway.Start())
		}
		return complete()
	})
	end(t, gateway)
	b.check(t, world, from, to)
	deltas(t, b)
	assert.Equal(t, "Bearer placeholder", b.headers["/v1/metrics"].Get("Authorization"), "the gateway's own token, not the agent's")
}

// TestFilesHaveEverything runs file.yaml.
func TestFilesHaveEverything(t *testing.T) {
	from, to := span()
	world := logged(twins(from, to))
	dir, want := t.TempDir(), requests(t, world, from, to)
	metrics, logs := filepath.Join(dir, "metrics.jsonl"), filepath.Join(dir, "logs.jsonl")
	b := &backend{}
	run(t, "file.yaml", "[]", world, []string{
		"receivers::awsapigateway::logs::start_at: 3h",
		"exporters::file/metrics::path: " + metrics, "exporters::file/logs::path: " + logs, "exporters::file/traces::path: " + filepath.Join(dir, "traces.jsonl"),
	}, func() bool {
		b.metrics = nil
		for line := range lines(t, metrics) {
			md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics([]byte(line))
			require.NoError(t, err)
			b.metrics = append(b.metrics, md)
		}
		return b.counted() == truth(world, from, to) && countLogs(t, logs)["aws.api_gateway.access"] == want
	})
	assert.Equal(t, truth(world, from, to), b.counted())
	assert.Equal(t, want, countLogs(t, logs)["aws.api_gateway.access"])
}

// truth is how many requests there were.
func truth(world *awssim.World, from, to time.Time) int {
	n := 0
	for _, r := range world.Accounts[0].Regions {
		for _, api := range r.APIs {
			for _, st := range api.Stages {
				n += int(world.Truth(api, st, false, from, to)["Count"].SampleCount)
			}
		}
	}
	return n
}

// complete says whether everything arrived.
func (b *backend) complete(t *testing.T, world *awssim.World, from, to time.Time) func() bool {
	want := requests(t, world, from, to)
	return func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.counted() >= truth(world, from, to) && len(b.records) >= want
	}
}

// check asserts that everything arrived once, in requests that backends take.
func (b *backend) check(t *testing.T, world *awssim.World, from, to time.Time) {
	assert.Equal(t, truth(world, from, to), b.counted(), "requests that metrics tell of")
	assert.Len(t, b.records, requests(t, world, from, to), "records of access logs")
	for uid, n := range b.records {
		assert.Equal(t, 1, n, uid)
	}
	assert.Less(t, b.largest, 1_000_000)
}

// deltas asserts that no point is cumulative.
func deltas(t *testing.T, b *backend) {
	b.each(func(_ string, m pmetric.Metric) {
		assert.NotEqual(t, pmetric.AggregationTemporalityCumulative, temporality(m), m.Name())
	})
}

// labelledTotals asserts what Prometheus' kin take: cumulative points, and the stage on each.
func labelledTotals(t *testing.T, b *backend) {
	b.each(func(_ string, m pmetric.Metric) {
		assert.NotEqual(t, pmetric.AggregationTemporalityDelta, temporality(m), m.Name())
		if m.Name() == "aws.api_gateway.requests" {
			for _, p := range m.Sum().DataPoints().All() {
				assert.Subset(t, keys(p.Attributes()), []string{"cloud.account.id", "cloud.region", "aws.api_gateway.api_id", "aws.api_gateway.stage"})
			}
		}
	})
}

// milliseconds asserts that durations are in a unit of which two decimal places are enough, and other numbers as they were.
func milliseconds(t *testing.T, b *backend) {
	seen := 0
	b.each(func(_ string, m pmetric.Metric) {
		switch m.Name() {
		case "aws.api_gateway.request.duration":
			assert.Equal(t, "ms", m.Unit())
			for _, p := range m.Histogram().DataPoints().All() {
				if p.Count() > 0 {
					seen++
					assert.GreaterOrEqual(t, p.Max(), 1.0)
				}
			}
		case "aws.api_gateway.request.duration_quantile":
			assert.Equal(t, "ms", m.Unit())
		case "aws.api_gateway.deployment.age":
			assert.Equal(t, "s", m.Unit())
		}
	})
	assert.NotZero(t, seen)
	deltas(t, b)
}

func temporality(m pmetric.Metric) pmetric.AggregationTemporality {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality()
	}
	return pmetric.AggregationTemporalityUnspecified
}

func keys(m pcommon.Map) []string {
	var out []string
	for k := range m.All() {
		out = append(out, k)
	}
	return out
}
