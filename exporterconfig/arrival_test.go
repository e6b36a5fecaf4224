package exporterconfig

import (
	"encoding/hex"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// TestOTLPOverHTTPArrives runs configs against a backend that refuses first, and takes then: everything arrives, once, where and how the vendor expects it.
func TestOTLPOverHTTPArrives(t *testing.T) {
	destinations := racetest.Fewer(map[string]struct {
		variable, path string // the variable that names the backend, and what comes before /v1/metrics and so on
		header, value  string
		metrics        func(t *testing.T, g *received)
	}{
		"otlphttp.yaml":     {"OTLP_ENDPOINT", "", "Authorization", "Bearer placeholder", deltas},
		"grafanacloud.yaml": {"GRAFANA_CLOUD_OTLP_ENDPOINT", "", "Authorization", "Basic placeholder", labelledTotals},
		"newrelic.yaml":     {"NEW_RELIC_OTLP_ENDPOINT", "", "Api-Key", "placeholder", deltas},
		"honeycomb.yaml":    {"HONEYCOMB_ENDPOINT", "", "X-Honeycomb-Team", "placeholder", deltas},
		"dynatrace.yaml":    {"DYNATRACE_URL", "/api/v2/otlp", "Authorization", "Api-Token placeholder", deltas},
		"elastic.yaml":      {"ELASTIC_OTLP_ENDPOINT", "", "Authorization", "ApiKey placeholder", deltas},
		"clickhouse.yaml":   {"CLICKSTACK_ENDPOINT", "", "Authorization", "placeholder", deltas},
		"guance.yaml":       {"DATAKIT_ENDPOINT", "/otel", "Content-Type", "application/x-protobuf", milliseconds},
	}, "otlphttp.yaml")
	backends := map[string]*backend{}
	for file, want := range destinations {
		backends[file] = newBackend(t)
		t.Setenv(want.variable, backends[file].URL)
	}
	for file, want := range destinations {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			b := backends[file]
			world, sent := observed(t)
			run(t, file, "[]", world, append(soon(t, file), watched...), b.has(sent))
			b.check(t, sent)
			for _, signal := range []string{"/v1/metrics", "/v1/logs", "/v1/traces"} {
				require.Contains(t, b.headers, want.path+signal)
				assert.Equal(t, want.value, b.headers[want.path+signal].Get(want.header), signal)
			}
			assert.Len(t, b.headers, 3, "paths")
			want.metrics(t, &b.received)
		})
	}
}

// TestFixedHostsAreReached runs configs whose hosts are the vendors', by a proxy that leads there.
func TestFixedHostsAreReached(t *testing.T) {
	racetest.Skip(t)
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("LOG_GROUP", "/gateways")
	t.Setenv("LOG_STREAM", "all")
	t.Setenv("DD_OTLP_SITE", "otlp.datadoghq.eu")
	t.Setenv("SPLUNK_REALM", "eu0")
	for file, want := range map[string]struct {
		hosts map[string]string // by path
		check func(t *testing.T, b *backend)
	}{
		"datadog.yaml": {map[string]string{
			"/v1/metrics": "otlp.datadoghq.eu", "/v1/logs": "otlp.datadoghq.eu", "/v1/traces": "otlp.datadoghq.eu",
		}, datadogs},
		"splunk.yaml": {map[string]string{
			"/v2/datapoint/otlp": "ingest.eu0.signalfx.com", "/v2/trace/otlp": "ingest.eu0.signalfx.com",
		}, func(t *testing.T, b *backend) {
			for path, header := range b.headers {
				assert.Equal(t, "placeholder", header.Get("X-Sf-Token"), path)
			}
		}},
		"cloudwatch.yaml": {map[string]string{
			"/v1/metrics": "monitoring.eu-central-1.amazonaws.com", "/v1/logs": "logs.eu-central-1.amazonaws.com", "/v1/traces": "xray.eu-central-1.amazonaws.com",
		}, func(t *testing.T, b *backend) {
			assert.Equal(t, "/gateways", b.headers["/v1/logs"].Get("X-Aws-Log-Group"))
			assert.Equal(t, "all", b.headers["/v1/logs"].Get("X-Aws-Log-Stream"))
		}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			b, reach := newVendor(t, slices.Sorted(maps.Values(want.hosts))...)
			world, sent := observed(t)
			switch file {
			case "splunk.yaml":
				sent.records, sent.stages = 0, 0 // it takes no logs
			case "cloudwatch.yaml":
				sent.traces, sent.servers = nil, sent.records // none from X-Ray: each line is a span
				b.proven = func(r *http.Request, body []byte) error { return signed(r, body, "eu-central-1") }
			}
			settings := append(soon(t, file), watched...)
			for id := range section(read(t, file), "exporters") {
				for _, s := range reach {
					settings = append(settings, "exporters::"+id+"::"+s)
				}
			}
			run(t, file, "[]", world, settings, b.has(sent))
			b.check(t, sent)
			assert.Equal(t, want.hosts, b.hosts)
			deltas(t, &b.received)
			want.check(t, b)
		})
	}
}

// datadogs asserts what Datadog's intake is told beside the data.
func datadogs(t *testing.T, b *backend) {
	for path, header := range b.headers {
		assert.Equal(t, "placeholder", header.Get("Dd-Api-Key"), path)
	}
	assert.JSONEq(t, `{"resource_attributes_as_tags": true, "histograms": {"mode": "nobuckets", "send_aggregation_metrics": true}}`,
		b.headers["/v1/metrics"].Get("Dd-Otel-Metric-Config"))
	assert.Equal(t, "true", b.headers["/v1/traces"].Get("Compute_stats"))
}

// TestAgentAndGatewayPassOn runs the two configs as two collectors, of which the gateway comes later.
func TestAgentAndGatewayPassOn(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	b, address := newBackend(t), freePort(t)
	path, err := filepath.Abs("gateway.yaml")
	require.NoError(t, err)
	world, sent := observed(t)
	complete := b.has(sent)
	var gateway *exec.Cmd
	settings := append(soon(t, "agent.yaml"), watched...)
	run(t, "agent.yaml", "[]", world, append(settings, "exporters::otlp_http::endpoint: http://"+address), func() bool {
		if gateway == nil {
			time.Sleep(2 * time.Second) // the agent finds no gateway
			gateway = command(t, "--config", path, "--config", "yaml:receivers::otlp::protocols::http::endpoint: "+address,
				"--config", "yaml:exporters::otlp_http::endpoint: "+b.URL, "--config", "yaml:exporters::otlp_http::retry_on_failure::initial_interval: 100ms",
				"--config", "yaml:service::telemetry::metrics::level: none")
			require.NoError(t, gateway.Start())
		}
		return complete()
	})
	end(t, gateway)
	b.check(t, sent)
	deltas(t, &b.received)
	assert.Equal(t, "Bearer placeholder", b.headers["/v1/metrics"].Get("Authorization"), "the gateway's own token, not the agent's")
}

// TestFilesHaveEverything runs file.yaml.
func TestFilesHaveEverything(t *testing.T) {
	t.Parallel()
	world, sent := observed(t)
	dir := t.TempDir()
	var got received
	settings := slices.Clone(watched)
	for _, signal := range []string{"metrics", "logs", "traces"} {
		settings = append(settings, "exporters::file/"+signal+"::path: "+filepath.Join(dir, signal+".jsonl"))
	}
	run(t, "file.yaml", "[]", world, settings, func() bool {
		got = readFiles(t, dir)
		return got.has(sent)
	})
	got.check(t, sent)
}

// readFiles reads what the file exporter wrote for each signal.
func readFiles(t *testing.T, dir string) received {
	t.Helper()
	var got received
	for line := range lines(t, filepath.Join(dir, "metrics.jsonl")) {
		md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics([]byte(line))
		require.NoError(t, err)
		got.metrics = append(got.metrics, md)
	}
	for line := range lines(t, filepath.Join(dir, "logs.jsonl")) {
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(line))
		require.NoError(t, err)
		got.addLogs(ld)
	}
	for line := range lines(t, filepath.Join(dir, "traces.jsonl")) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(line))
		require.NoError(t, err)
		got.addTraces(td)
	}
	return got
}

// TestTheLogShowsEverySignal runs debug.yaml, whose log has a line for each point, record and span.
func TestTheLogShowsEverySignal(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	world, sent := observed(t)
	log := filepath.Join(t.TempDir(), "log")
	point, record := regexp.MustCompile(`^aws\.api_gateway\.requests\{.*\} (\d+)\n`), regexp.MustCompile(` log\.record\.uid=\S+`)
	var points int
	var records, stages, traces map[string]bool
	run(t, "debug.yaml", "[]", world, append([]string{"service::telemetry::logs::output_paths: [" + log + "]"}, watched...), func() bool {
		points, records, stages, traces = 0, map[string]bool{}, map[string]bool{}, map[string]bool{}
		for line := range lines(t, log) {
			if m := point.FindStringSubmatch(line); m != nil {
				n, err := strconv.Atoi(m[1])
				require.NoError(t, err)
				points += n
			}
			if uid := record.FindString(line); uid != "" {
				records[uid] = true
			}
			if strings.Contains(line, " entity.type=aws.api_gateway.stage ") {
				stages[line] = true
			}
			for id := range sent.traces {
				if strings.Contains(line, " "+id.String()+" ") {
					traces[id.String()] = true
				}
			}
		}
		return points >= sent.requests && len(records) == sent.records && len(stages) == sent.stages && len(traces) == len(sent.traces)
	})
	assert.Equal(t, sent.requests, points, "requests that metrics tell of")
	assert.Len(t, records, sent.records, "records of access logs")
	assert.Len(t, stages, sent.stages, "entity events of stages")
	assert.Len(t, traces, len(sent.traces), "traces")
}

// watched are settings of the receiver with which all that a world has done comes in seconds, but for traces: those of the last minutes.
var watched = []string{
	"receivers::awsapigateway::logs::start_at: 3h",
	"receivers::awsapigateway::traces::initial_lookback: 20m",
	"receivers::awsapigateway::traces::poll_interval: 1m",
}

// soon makes the exporters of a config try again soon.
func soon(t *testing.T, file string) []string {
	var settings []string
	for id := range section(read(t, file), "exporters") {
		settings = append(settings, "exporters::"+id+"::retry_on_failure::initial_interval: 100ms")
	}
	return settings
}

// sent is what a world has done, so what has to arrive.
type sent struct {
	requests, records, stages int
	traces                    map[pcommon.TraceID]int // spans of those that have to come; others have just to be whole
	others                    map[pcommon.TraceID]int
	servers                   int // spans of lines of access logs
}

// observed is a world whose stages have access logs, of which X-Ray traces one.
func observed(t *testing.T) (*awssim.World, sent) {
	t.Helper()
	from, to := span()
	world := logged(twins(from, to))
	format := documentedFormats(t)[0]
	for _, r := range world.Accounts[0].Regions {
		for _, api := range r.APIs {
			for _, st := range api.Stages {
				st.AccessLog.Format = format
			}
		}
	}
	api := world.Accounts[0].Regions[0].APIs[0]
	traced := api.Stages[0]
	traced.Tracing, traced.Sampling = true, 0.5
	out := sent{
		requests: truth(world, from, to), records: requests(t, world, from, to), stages: stages(world),
		traces: map[pcommon.TraceID]int{}, others: map[pcommon.TraceID]int{},
	}
	for trace := range world.Traces(api, traced, from, to) {
		id, err := hex.DecodeString(strings.ReplaceAll(strings.TrimPrefix(trace.TraceID, "1-"), "-", ""))
		require.NoError(t, err)
		into := out.traces
		if trace.At.Before(to.Add(-4 * time.Minute)) { // twelve minutes and more later the receiver looks back by twenty
			into = out.others
		}
		into[pcommon.TraceID(id)] = len(trace.Segments)
	}
	require.NotEmpty(t, out.traces)
	return world, out
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

// has says whether everything arrived.
func (b *backend) has(want sent) func() bool {
	return func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.received.has(want)
	}
}

func (g *received) has(want sent) bool {
	for id, spans := range want.traces {
		if len(g.spans[id]) < spans {
			return false
		}
	}
	return g.counted() >= want.requests && len(g.records) >= want.records && g.entities["aws.api_gateway.stage"] >= want.stages && g.servers >= want.servers
}

// check asserts that everything arrived once, in requests that backends take.
func (b *backend) check(t *testing.T, want sent) {
	t.Helper()
	b.received.check(t, want)
	assert.Less(t, b.largest, 1_000_000)
}

func (g *received) check(t *testing.T, want sent) {
	t.Helper()
	assert.Equal(t, want.requests, g.counted(), "requests that metrics tell of")
	assert.Len(t, g.records, want.records, "records of access logs")
	for uid, n := range g.records {
		assert.Equal(t, 1, n, uid)
	}
	assert.Equal(t, want.stages, g.entities["aws.api_gateway.stage"], "entity events of stages")
	for id, spans := range g.spans {
		if want.servers == 0 {
			assert.Len(t, spans, want.traces[id]+want.others[id], "spans of %s", id)
		}
		for span, n := range spans {
			assert.Equal(t, 1, n, "span %s of %s", span, id)
		}
	}
	for id := range want.traces {
		assert.Contains(t, g.spans, id)
	}
	if want.servers > 0 {
		assert.Equal(t, want.servers, g.servers, "requests that have a span")
		assert.Zero(t, g.xray, "spans from X-Ray")
	}
}

// deltas asserts that no point is cumulative.
func deltas(t *testing.T, g *received) {
	g.each(func(_ string, m pmetric.Metric) {
		assert.NotEqual(t, pmetric.AggregationTemporalityCumulative, temporality(m), m.Name())
	})
}

// labelledTotals asserts what Prometheus' kin take: cumulative points, and the stage on each.
func labelledTotals(t *testing.T, g *received) {
	g.each(func(_ string, m pmetric.Metric) {
		assert.NotEqual(t, pmetric.AggregationTemporalityDelta, temporality(m), m.Name())
		if m.Name() == "aws.api_gateway.requests" {
			for _, p := range m.Sum().DataPoints().All() {
				assert.Subset(t, keys(p.Attributes()), []string{"cloud.account.id", "cloud.region", "aws.api_gateway.api_id", "aws.api_gateway.stage"})
			}
		}
	})
}

// milliseconds asserts that durations are in a unit of which two decimal places are enough, and other numbers as they were.
func milliseconds(t *testing.T, g *received) {
	seen := 0
	g.each(func(_ string, m pmetric.Metric) {
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
	deltas(t, g)
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

// TestTotalsBecomeDeltas sends what usage plans used, the only total of the receiver, through the configs of backends that take deltas only.
func TestTotalsBecomeDeltas(t *testing.T) {
	seen := 0
	for _, file := range configs(t) {
		if _, ok := section(read(t, file), "processors")["cumulative_to_delta"]; !ok {
			continue
		}
		seen++
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			b, address := newBackend(t), freePort(t)
			world, _ := observed(t)
			totals := []string{
				`"startTimeUnixNano":"1000000000","timeUnixNano":"61000000000","asInt":"10"`,
				`"startTimeUnixNano":"1000000000","timeUnixNano":"121000000000","asInt":"25"`,
			}
			run(t, file, "[]", world, append(soon(t, file),
				"exporters::otlp_http::metrics_endpoint: "+b.URL+"/v1/metrics",
				"receivers::otlp/total::protocols::http::endpoint: "+address,
				"service::pipelines::metrics::receivers: [otlp/total]",
			), func() bool {
				for len(totals) > 0 {
					resp, err := http.Post("http://"+address+"/v1/metrics", "application/json", strings.NewReader(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":
						"aws.api_gateway.usage_plan.requests","sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[{`+totals[0]+`}]}}]}]}]}`))
					if err != nil {
						return false
					}
					if !assert.NoError(t, resp.Body.Close()) || resp.StatusCode != http.StatusOK {
						return false
					}
					totals = totals[1:]
				}
				b.mu.Lock()
				defer b.mu.Unlock()
				return len(b.metrics) > 0
			})
			var values []int64
			b.each(func(_ string, m pmetric.Metric) {
				assert.Equal(t, pmetric.AggregationTemporalityDelta, temporality(m), m.Name())
				for _, p := range m.Sum().DataPoints().All() {
					values = append(values, p.IntValue())
				}
			})
			assert.Equal(t, []int64{15}, values, "what was used since the first total that the collector saw")
		})
	}
	assert.Equal(t, 2, seen)
}
