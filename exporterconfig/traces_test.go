package exporterconfig

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// TestOTLPOverGRPCArrives sends otlp.yaml's signals to an OTLP receiver. REST's requests are traced by X-Ray, all of them; HTTP's and WebSocket's make
// spans by the formats of access logs that the receiver's README says to copy.
func TestOTLPOverGRPCArrives(t *testing.T) {
	t.Parallel()
	formats := documentedFormats(t)
	to := time.Now().UTC().Truncate(time.Minute).Add(-12 * time.Minute)
	from := to.Add(-4 * time.Minute)
	stage := func(name, format string) *awssim.Stage {
		return &awssim.Stage{
			Name: name, Tracing: name == "traced", Sampling: 1,
			Traffic:   awssim.Traffic{PerMinute: 12, Error4xx: 0.1, Error5xx: 0.1, Idle: []awssim.Span{{To: from}, {From: to, To: to.Add(100 * time.Hour)}}},
			AccessLog: awssim.AccessLog{DestinationARN: "arn:aws:logs:us-east-1:" + account + ":log-group:/aws/apigateway/" + name, Format: format},
		}
	}
	traced, rest, http, socket := stage("traced", formats[0]), stage("rest", formats[0]), stage("http", formats[1]), stage("socket", formats[2])
	apis := []*awssim.API{
		{ID: "useast0001", Name: "orders", Created: from, Stages: []*awssim.Stage{traced, rest}},
		{ID: "useast0002", Name: "payments", Type: awssim.TypeHTTP, Created: from, Stages: []*awssim.Stage{http}},
		{ID: "useast0003", Name: "chat", Type: awssim.TypeWebSocket, Created: from, Stages: []*awssim.Stage{socket}},
	}
	world := &awssim.World{Seed: 6, Accounts: []*awssim.Account{{ID: account, Regions: []*awssim.Region{{Name: "us-east-1", APIs: apis}}}}}
	xray, spans := map[string]bool{}, 0
	for trace := range world.Traces(apis[0], traced, from, to) {
		xray[strings.ReplaceAll(strings.TrimPrefix(trace.TraceID, "1-"), "-", "")] = true
		spans += len(trace.Segments)
	}
	// Requests whose line says how long they took: one to a WebSocket API that comes neither to an authorizer nor to an integration says nothing of it.
	logged := func(api *awssim.API, stage *awssim.Stage) (n int) {
		for r := range world.AccessRecords(api, stage, from, to) {
			if stage != socket || r.Values["integrationLatency"] != "" || r.Values["authorizer.latency"] != "" {
				n++
			}
		}
		return n
	}
	require.Len(t, xray, logged(apis[0], traced), "all are traced")
	want := map[string]int{
		"orders/traced": len(xray), "orders/rest": logged(apis[0], rest), "payments/http": logged(apis[1], http), "chat/socket": logged(apis[2], socket),
	}

	dir, address := t.TempDir(), freePort(t)
	var got arrived
	var all received
	requests := 0 // of REST and HTTP APIs
	for _, api := range apis[:2] {
		for _, stage := range api.Stages {
			requests += int(world.Truth(api, stage, false, from, to)["Count"].SampleCount)
		}
	}
	run(t, "otlp.yaml", "[]", world, []string{
		"receivers::awsapigateway::regions: [us-east-1]",
		"receivers::awsapigateway::logs::start_at: 1h",
		"receivers::awsapigateway::traces: {access_logs: {enabled: true}, initial_lookback: 20m, poll_interval: 1m}",
		"exporters::otlp_grpc: {endpoint: " + address + ", tls: {insecure: true}}",
		"receivers::otlp/arrived::protocols::grpc::endpoint: " + address,
		"exporters::file/metrics::path: " + dir + "/metrics.jsonl",
		"exporters::file/traces::path: " + dir + "/traces.jsonl",
		"exporters::file/logs::path: " + dir + "/logs.jsonl",
		"service::pipelines::metrics/arrived: {receivers: [otlp/arrived], exporters: [file/metrics]}",
		"service::pipelines::logs/arrived: {receivers: [otlp/arrived], exporters: [file/logs]}",
		"service::pipelines::traces/arrived: {receivers: [otlp/arrived], exporters: [file/traces]}",
	}, func() bool {
		got, all = readTraces(t, dir+"/traces.jsonl"), readFiles(t, dir)
		return all.counted() == requests && all.entities["aws.api_gateway.stage"] == stages(world) && maps.Equal(got.servers, want) &&
			got.traced(xray) == spans && len(traceIDs(t, dir+"/logs.jsonl", xray)) == len(xray)
	})
	assert.Equal(t, requests, all.counted(), "requests that metrics tell of")
	assert.Equal(t, stages(world), all.entities["aws.api_gateway.stage"], "entity events of stages")
	assert.Equal(t, want, got.servers, "each request is one SERVER span of its stage")
	assert.Equal(t, spans, got.traced(xray), "each segment and subsegment is a span")
	assert.Equal(t, xray, traceIDs(t, dir+"/logs.jsonl", xray), "each trace has its record of the access log")
	for name, clients := range got.clients {
		assert.NotZero(t, clients, name)
	}
	assert.Len(t, got.clients, len(want), "stages whose integrations have spans")
}

// documentedFormats are those that the receiver's README says to copy: of REST, HTTP and WebSocket APIs.
func documentedFormats(t *testing.T) []string {
	text, err := os.ReadFile("../receiver/awsapigatewayreceiver/README.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?m)^```json\n(\\{\"requestId\".*)\n```$").FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, 3)
	var formats []string
	for _, m := range found {
		formats = append(formats, m[1])
	}
	return formats
}

// arrived is what a file of spans has.
type arrived struct {
	servers, clients map[string]int // spans by API and stage
	spans            map[string]int // by trace id
}

// traced counts the spans of some traces.
func (a *arrived) traced(ids map[string]bool) int {
	n := 0
	for id := range ids {
		n += a.spans[id]
	}
	return n
}

func readTraces(t *testing.T, file string) arrived {
	t.Helper()
	out := arrived{map[string]int{}, map[string]int{}, map[string]int{}}
	for line := range lines(t, file) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(line))
		require.NoError(t, err)
		for _, rs := range td.ResourceSpans().All() {
			api, _ := rs.Resource().Attributes().Get("aws.api_gateway.api_name")
			stage, gateway := rs.Resource().Attributes().Get("aws.api_gateway.stage")
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					out.spans[s.TraceID().String()]++
					switch {
					case gateway && s.Kind() == ptrace.SpanKindServer:
						out.servers[api.Str()+"/"+stage.Str()]++
					case gateway && s.Kind() == ptrace.SpanKindClient:
						out.clients[api.Str()+"/"+stage.Str()]++
					}
				}
			}
		}
	}
	return out
}

// traceIDs are those of some traces that the log records in a file have.
func traceIDs(t *testing.T, file string, traces map[string]bool) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for line := range lines(t, file) {
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(line))
		require.NoError(t, err)
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, r := range sl.LogRecords().All() {
					if id := r.TraceID().String(); traces[id] {
						out[id] = true
					}
				}
			}
		}
	}
	return out
}
