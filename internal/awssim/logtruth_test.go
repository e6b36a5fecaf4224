package awssim

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// demoStages calls f for each stage of the demonstration that logs access in CloudWatch Logs.
func demoStages(world *World, f func(account *Account, region *Region, api *API, stage *Stage)) {
	for _, a := range world.Accounts {
		for _, r := range a.Regions {
			for _, api := range r.APIs {
				for _, s := range api.Stages {
					if strings.Contains(s.AccessLog.DestinationARN, ":logs:") && s.Traffic.PerMinute > 0 {
						f(a, r, api, s)
					}
				}
			}
		}
	}
}

// TestLinesAreTheRecords: what FilterLogEvents answers for the demonstration's stages is what the world says, and each line is its format with the
// values of its record.
func TestLinesAreTheRecords(t *testing.T) {
	racetest.Skip(t)
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	from, variables := noon.Add(-10*time.Minute), regexp.MustCompile(`\$context\.[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*`)
	formats := map[string]bool{}
	demoStages(world, func(a *Account, r *Region, api *API, stage *Stage) {
		formats[stage.AccessLog.Format] = true
		records := map[string]AccessRecord{}
		group := ""
		literals, names := variables.Split(stage.AccessLog.Format, -1), variables.FindAllString(stage.AccessLog.Format, -1)
		for record := range world.AccessRecords(api, stage, from, noon) {
			want := literals[0]
			for i, name := range names {
				want += cmp.Or(record.Values[strings.TrimPrefix(name, contextPrefix)], "-") + literals[i+1]
			}
			if record.Line != want {
				t.Errorf("the line is %q, want %q", record.Line, want)
			}
			records[record.EventID], group = record, record.Group
		}
		if api.ID == "b6chumon00" {
			return // of class INFREQUENT_ACCESS
		}
		if !lives(stage.since(api), stage.until(api), noon) {
			return
		}
		found := 0
		events, _ := h.as(a.ID, r.Name).events(t, between(group, from, noon))
		for _, e := range events {
			if record, ok := records[*e.EventId]; ok {
				if found++; record.Line != *e.Message || record.At.UnixMilli() != *e.Timestamp {
					t.Errorf("the event %s is %q of %d, want %+v", *e.EventId, *e.Message, *e.Timestamp, record)
				}
			}
		}
		if found != len(records) || found == 0 && stage.Traffic.PerMinute > 1 {
			t.Errorf("%s/%s: %d of %d records are in the group", api.ID, stage.Name, found, len(records))
		}
	})
	for format := range formats {
		if len(format) > 3000 { // API Gateway takes 3 KB
			t.Errorf("the format is too long, %d bytes: %s", len(format), format)
		}
	}
	if len(formats) < 17 {
		t.Errorf("the demonstration has %d formats", len(formats))
	}
}

// TestRecordsAgreeWithMetrics: status classes and latencies are those of the metrics.
func TestRecordsAgreeWithMetrics(t *testing.T) {
	racetest.Skip(t)
	world := DemoWorld(noon)
	from := noon.Add(-30 * time.Minute)
	demoStages(world, func(_ *Account, _ *Region, api *API, stage *Stage) {
		totals := map[string]float64{}
		for record := range world.AccessRecords(api, stage, from, noon) {
			if record.Canary {
				continue
			}
			totals["Count"]++
			totals[record.Values["status"][:1]+"xx"]++
			latency, _ := strconv.ParseFloat(record.Values["integrationLatency"], 64)
			totals["IntegrationLatency"] += latency
			if record.Values["requestTimeEpoch"] != fmt.Sprint(record.At.UnixMilli()) || record.Values["requestTime"] != record.At.Format("02/Jan/2006:15:04:05 -0700") {
				t.Errorf("the times are %s and %s, want %s", record.Values["requestTimeEpoch"], record.Values["requestTime"], record.At)
			}
		}
		truth := world.Truth(api, stage, false, from, noon)
		sum := func(names ...string) (sum float64) {
			for _, name := range names {
				sum += truth[name].Sum
			}
			return sum
		}
		for name, want := range map[string]float64{
			"Count": sum("Count", "ConnectCount", "MessageCount"), "4xx": sum("4xx", "4XXError", "ClientError"),
			"5xx": sum("5xx", "5XXError", "ExecutionError", "IntegrationError"), "IntegrationLatency": sum("IntegrationLatency"),
		} {
			if totals[name] != want {
				t.Errorf("%s/%s: %s is %v, want %v", api.ID, stage.Name, name, totals[name], want)
			}
		}
	})
}

// rarely is an API of what the demonstration does not have.
func rarely(kind, method, path, authorization string) *API {
	key := map[bool]string{true: "send"}[kind == TypeWebSocket]
	return &API{
		ID: "rare" + kind[:2] + authorization, Type: kind,
		Routes: []*RouteDef{{
			Method: method, Path: path, RouteKey: key, Authorization: authorization, APIKeyRequired: true,
			Integration: &Integration{Type: "AWS_PROXY", TransferMode: "STREAM"},
		}},
		Stages: []*Stage{{Name: "prod", Routes: []Route{{Method: method, Path: path, RouteKey: key}}, Traffic: Traffic{PerMinute: 20, Error4xx: 0.4, Error5xx: 0.2}}},
	}
}

// TestEachVariableHasAValue: each documented variable is there in some request of its type of API, and so is each hostile user agent.
func TestEachVariableHasAValue(t *testing.T) {
	racetest.Skip(t)
	world := DemoWorld(noon)
	seen := map[string]map[string]bool{TypeREST: {}, TypeHTTP: {}, TypeWebSocket: {}}
	hostile, ids := map[string]bool{}, map[string]bool{}
	look := func(world *World, api *API, stage *Stage) {
		for record := range world.AccessRecords(api, stage, noon.Add(-40*time.Minute), noon) {
			for name := range record.Values {
				seen[api.kind()][name] = true
			}
			if slices.Contains(HostileUserAgents, record.Values["identity.userAgent"]) {
				hostile[record.Values["identity.userAgent"]] = true
			}
			if id := api.ID + stage.Name + record.Values["requestId"]; ids[id] {
				t.Errorf("the request %s is there twice", id)
			} else {
				ids[id] = true
			}
		}
	}
	demoStages(world, func(_ *Account, _ *Region, api *API, stage *Stage) { look(world, api, stage) })
	more := oneRegion(&Region{APIs: []*API{
		rarely(TypeREST, "GET", "/stream", "AWS_IAM"), rarely(TypeHTTP, "GET", "/", "AWS_IAM"), rarely(TypeWebSocket, "", "", "AWS_IAM"), rarely(TypeWebSocket, "", "", "CUSTOM"),
	}})
	for _, api := range more.Accounts[0].Regions[0].APIs {
		look(more, api, api.Stages[0])
	}
	without := map[string][]string{ // what the simulator has no case of
		TypeREST: {"waf.error"}, TypeWebSocket: {"waf.error", "waf.latency", "waf.status", "error.validationErrorString"},
	}
	for kind, names := range seen {
		for _, name := range VariableNames(kind) {
			if names[name] == slices.Contains(without[kind], name) {
				t.Errorf("%s: %s is there: %v", kind, name, names[name])
			}
		}
	}
	if len(hostile) != len(HostileUserAgents) {
		t.Errorf("there are %d of %d hostile user agents", len(hostile), len(HostileUserAgents))
	}
}

// TestExecutionLines: they are in the group of the stage, in the order of time, one stream per request, cut at 1,024 bytes, and end with the status.
func TestExecutionLines(t *testing.T) {
	racetest.Skip(t)
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	from := noon.Add(-10 * time.Minute)
	for _, c := range []struct{ api, stage, group string }{
		{"a1orders00", "prod", "API-Gateway-Execution-Logs_a1orders00/prod"}, {"a4chat0000", "prod", "API-Gateway-Execution-Logs_a4chat0000/prod"},
	} {
		api := world.API(DemoAccount, "us-east-1", c.api)
		stage := api.Stages[0]
		statuses, kinds := map[string]string{}, map[string]int{}
		for record := range world.AccessRecords(api, stage, from, noon) {
			statuses[record.Values["requestId"]] = record.Values["status"]
		}
		want := map[string]int{}
		for line := range world.ExecutionLines(api, stage, from, noon) {
			if line.Group == c.group && line.At.Before(noon) && !line.At.Before(from.Add(time.Minute)) {
				want[fmt.Sprint(line.At.UnixMilli(), line.Line)]++
			}
		}
		events, _ := h.as(DemoAccount, "us-east-1").events(t, between(c.group, from.Add(time.Minute), noon))
		streams := map[string]string{}
		for _, e := range events {
			id, text, ok := strings.Cut((*e.Message)[1:], ") ")
			if !ok || len(*e.Message) > 1024 {
				t.Fatalf("the line is %q", *e.Message)
			}
			if s, known := streams[id]; known && s != *e.LogStreamName {
				t.Errorf("request %s is in two streams", id)
			}
			streams[id] = *e.LogStreamName
			if key := fmt.Sprint(*e.Timestamp, *e.Message); statuses[id] != "" {
				if want[key]--; want[key] < 0 {
					t.Errorf("the line %q of %d is not the world's", *e.Message, *e.Timestamp)
				}
			}
			if status, ok := strings.CutPrefix(text, "Method completed with status: "); ok && statuses[id] != "" && status != statuses[id] {
				t.Errorf("request %s ended with %s, want %s", id, status, statuses[id])
			}
			for _, kind := range []string{
				"Extended Request Id", "Verifying Usage Plan", "Starting execution", "Starting authorizer", "Unauthorized request", "Method request body", "Endpoint request headers",
				"Received response. Integration latency", "Received response. Status", "Execution failed", "Key throttle limit", "Gateway response type", "WebSocket Request Route",
				"Method completed", "X-ray Tracing ID", "AWS Integration Endpoint RequestId", "API Key: *", "Lambda execution failed",
			} {
				if strings.HasPrefix(text, kind) {
					kinds[kind]++
				}
			}
			if strings.HasSuffix(text, truncated) {
				kinds[truncated]++
			}
		}
		for line, n := range want {
			if n > 0 {
				t.Errorf("the line %q is not there", line)
			}
		}
		if (c.api == "a1orders00" && len(kinds) < 15) || kinds["Extended Request Id"] == 0 || kinds["Method completed"] == 0 && c.api == "a1orders00" {
			t.Errorf("%s has only %v in %d lines", c.group, kinds, len(events))
		}
	}
}

// TestWorldRequests: the admin API answers what the world says, bounded.
func TestWorldRequests(t *testing.T) {
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	var got struct {
		Requests []PlacedRecord
		More     bool
	}
	if code := h.admin(t, "GET", "/world/requests?api=a1orders00&stage=prod&limit=5&from=2026-11-21T11:00:00Z", "", &got); code != http.StatusOK || len(got.Requests) != 5 || !got.More {
		t.Fatalf("the status is %d with %d requests", code, len(got.Requests))
	}
	if r := got.Requests[0]; r.Stage != "prod" || r.Line == "" || r.Values["requestId"] == "" || r.Group != "/aws/apigateway/orders" {
		t.Errorf("the request is %+v", r)
	}
	for _, path := range []string{"?limit=0", "?limit=100000", "?from=x", "?from=0"} {
		if code := h.admin(t, "GET", "/world/requests"+path, "", nil); code != http.StatusBadRequest {
			t.Errorf("the status of %s is %d", path, code)
		}
	}
	if code := h.admin(t, "POST", "/ingestion", `{"base": "5s", "late": 0.5, "max": "2m"}`, nil); code != http.StatusOK || h.logged.currentIngestion().Base != 5*time.Second {
		t.Errorf("the status is %d", code)
	}
}
