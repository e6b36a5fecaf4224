package awsapigatewayreceiver

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// executionWorld has REST and WebSocket stages that log their executions, one of each with bodies, one with failures alone, and a canary.
func executionWorld(from, to time.Time) *awssim.World {
	w := fewFormatsWorld(from, to, 6)
	for _, api := range w.Accounts[0].Regions[0].APIs {
		for _, s := range api.Stages {
			level := awssim.MethodSettings{LoggingLevel: "INFO", DataTrace: true}
			if s.Name == "json" {
				level = awssim.MethodSettings{LoggingLevel: "ERROR"}
			} else if api.Type == "" {
				s.CanaryPercent, s.Tracing = 30, true
			}
			s.Methods = map[string]awssim.MethodSettings{"*/*": level}
		}
	}
	return w
}

// phases are those of the lines by how they begin, after the request's id. All others are errors.
var phases = [][2]string{
	{"Extended Request Id: ", "start"},
	{"Starting execution for request: ", "start"},
	{"Verifying Usage Plan ", "usage_plan"},
	{"Usage Plan check succeeded ", "usage_plan"},
	{"API Key: ", "usage_plan"},
	{"API Key ID: ", "usage_plan"},
	{"API Key  authorized because method ", "usage_plan"},
	{"Starting authorizer: ", "authorizer"},
	{"Incoming identity: ", "authorizer"},
	{"Authorizer result body ", "authorizer"},
	{"Using valid authorizer policy ", "authorizer"},
	{"Successfully completed authorizer ", "authorizer"},
	{"HTTP Method: ", "request"},
	{"Method request ", "request"},
	{"WebSocket Request Route: ", "request"},
	{"Client [UserAgent: ", "request"},
	{"WebSocket API [", "request"},
	{"Message: ", "request"},
	{"Endpoint re", "integration"},
	{"Sending request to ", "integration"},
	{"Received response. ", "integration"},
	{"AWS Integration Endpoint RequestId ", "integration"},
	{"Response was served from the cache", "response"},
	{"Method response ", "response"},
	{"Gateway response ", "response"},
	{"Message from client [", "response"},
	{"Client [Connection Id: ", "response|end"},
	{"Successfully completed execution", "end"},
	{"Method completed with status: ", "end"},
	{"X-ray Tracing ID : ", "end"},
}

func executionPhase(text string) string {
	for _, p := range phases {
		if strings.HasPrefix(text, p[0]) {
			return p[1]
		}
	}
	return "error"
}

// executionFields are what lines state, as attributes.
var executionFields = []struct {
	line  *regexp.Regexp
	names []string
}{
	{regexp.MustCompile(`^HTTP Method: (\S+), Resource Path: `), []string{"http.request.method"}},
	{regexp.MustCompile(`^Method completed with status: (\d+)$`), []string{"http.response.status_code"}},
	{regexp.MustCompile(`^Gateway response type: (\S+) with status code: (\d+)$`), []string{"error.type", "http.response.status_code"}},
	{
		regexp.MustCompile(`^Received response\. Status: (\d+), Integration latency: (\d+) ms$`),
		[]string{prefix + "integration.service_status_code", prefix + "integration.latency"},
	},
	{regexp.MustCompile(`^Received response\. Integration latency: (\d+) ms$`), []string{prefix + "integration.latency"}},
	{regexp.MustCompile(`^API Key ID: (\S+)$`), []string{prefix + "api_key_id"}},
	{regexp.MustCompile(`^X-ray Tracing ID : (?:Root=)?(\S+)$`), []string{"aws.xray.trace_id"}},
	{regexp.MustCompile(`^AWS Integration Endpoint RequestId : (\S+)$`), []string{prefix + "integration.request_id"}},
}

// Each line of an execution log is one record, with the request that it is of and its phase, and what it states.
func TestEachExecutionLineIsOneRecord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-15*time.Minute), epoch.Add(15*time.Minute)
			return executionWorld(from, to)
		}, func(c *awssim.Config) { c.Ingestion = manyLate })
		r.measured()
		r.edit = func(c *Config) {
			readLogs(c)
			c.Logs.Access.Enabled, c.Logs.Execution.Enabled = false, true
		}
		stop := r.start()
		defer stop()
		r.until(to)

		// The world tells lines and groups, the SDK the ids of the events.
		type line struct{ group, text string }
		lines, groups, resources := map[line]int{}, map[string]bool{}, map[string]map[string]any{}
		for _, api := range r.world.Accounts[0].Regions[0].APIs {
			for _, s := range api.Stages {
				for l := range r.world.ExecutionLines(api, s, from, to) {
					lines[line{l.Group, l.Line}]++
					groups[l.Group] = true
					resources[l.Group] = stageResource(api, s.Name, l.Group)
				}
			}
		}
		require.Len(t, groups, 5, "REST's, a canary's, WebSocket's")
		r.until(to.Add(10 * time.Minute)) // all are ingested
		want := map[string]record{}
		for group := range groups {
			for uid, e := range r.events(group) {
				if at := time.UnixMilli(*e.Timestamp).UTC(); !at.Before(from) {
					want[uid] = record{Body: *e.Message, At: at, Resource: resources[group]}
					lines[line{group, *e.Message}]--
				}
			}
		}
		for l, n := range lines {
			require.Zero(t, n, "events of %v", l)
		}
		require.Greater(t, len(want), 5000/thinned)
		r.await(want)
		stop()
		got := r.records.taken()
		require.Len(t, got, len(want))
		assert.Zero(t, r.records.repeated)
		assert.Empty(t, r.records.errs)
		seen := map[string]int{}
		for uid, w := range want {
			g := got[uid]
			checkExecution(t, &w, &g, seen)
			if t.Failed() {
				return
			}
		}
		for _, phase := range []string{"start", "usage_plan", "authorizer", "request", "integration", "response", "end", "error"} {
			assert.Positive(t, seen[phase], phase)
		}
		assert.Zero(t, r.count("unknown_log_lines"))
		assert.InDelta(t, len(want), r.count("log_events", "log", "execution"), 0)
	})
}

func checkExecution(t *testing.T, want, got *record, seen map[string]int) {
	line := want.Body
	id, text, ok := strings.Cut(strings.TrimPrefix(line, "("), ") ")
	require.True(t, ok)
	assert.Equal(t, executionEvent, got.Event)
	assert.Equal(t, want.At, got.At, line)
	assert.Equal(t, want.Resource, got.Resource, line)
	assert.Equal(t, id, got.Attributes["aws.request_id"], line)
	phase, _ := got.Attributes[prefix+"execution.phase"].(string)
	assert.Contains(t, strings.Split(executionPhase(text), "|"), phase, line)
	seen[phase]++
	group, _ := want.Resource["aws.log.group.names"].([]any)
	if strings.HasSuffix(group[0].(string), "/Canary") {
		assert.Equal(t, true, got.Attributes[prefix+"canary"], line)
	} else {
		assert.NotContains(t, got.Attributes, prefix+"canary", line)
	}
	for _, f := range executionFields {
		m := f.line.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		for i, name := range f.names {
			var v any = m[i+1]
			if n, err := strconv.ParseInt(m[i+1], 10, 64); err == nil {
				v = n
				if strings.HasSuffix(name, "latency") {
					v = float64(n) / 1000
				}
			}
			assert.Equal(t, v, got.Attributes[name], "%s of %s", name, line)
		}
		if f.names[0] == "aws.xray.trace_id" {
			assert.Equal(t, strings.ReplaceAll(strings.TrimPrefix(m[1], "1-"), "-", ""), got.TraceID)
		}
	}
	status := int64(0) // of the answer, or of what the integration answered
	for _, name := range []string{"http.response.status_code", prefix + "integration.status_code", prefix + "integration.service_status_code"} {
		stated, _ := got.Attributes[name].(int64)
		status = max(status, stated)
	}
	switch {
	case phase == "error" || status >= 500:
		assert.Equal(t, "ERROR", got.Severity, line)
	case status >= 400:
		assert.Equal(t, "WARN", got.Severity, line)
	default:
		assert.Equal(t, "INFO", got.Severity, line)
	}
}
