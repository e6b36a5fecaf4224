package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the file exporter writes of traces: the spans of a service.
const (
	spansJSON = `{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"spans":[%s]}]}]}` + "\n"
	spanJSON  = `{"traceId":%q,"spanId":%q,"parentSpanId":%q,"name":%q,"startTimeUnixNano":"%d000000","endTimeUnixNano":"%d000000","attributes":[%s],"status":{%s}}`
)

const (
	tracedRequest = "5c755b5d07b29b94e632d3da19d88789"
	loggedRequest = "00000000000000000000000000000001"
)

func TestTraceIsShownWithItsRequest(t *testing.T) {
	ok := `{"key":"http.response.status_code","value":{"intValue":"200"}}`
	stage := attribute("aws.api_gateway.api_name", "orders") + "," + attribute("aws.api_gateway.stage", "prod") + "," + attribute("service.name", "orders")
	service := func(name string) string { return attribute("service.name", name) }
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	written := fmt.Sprintf(spansJSON, stage, fmt.Sprintf(spanJSON, loggedRequest, "0a", "", "GET /pets", 0, 9, ok+`,{"key":"aws.api_gateway.response.latency","value":{"doubleValue":0.009}}`, "")) +
		fmt.Sprintf(spansJSON, stage, fmt.Sprintf(spanJSON, tracedRequest, "01", "", "GET /pets", 0, 120, ok, "")+","+
			fmt.Sprintf(spanJSON, tracedRequest, "02", "01", "Lambda", 5, 110, ok, "")) +
		fmt.Sprintf(spansJSON, service("pets-function"), fmt.Sprintf(spanJSON, tracedRequest, "05", "04", "DynamoDB", 30, 70, "", `"code":2`)+","+
			fmt.Sprintf(spanJSON, tracedRequest, "04", "03", "pets-function", 20, 100, "", "")) +
		fmt.Sprintf(spansJSON, service("pets-table"), fmt.Sprintf(spanJSON, tracedRequest, "06", "05", "pets-table", 30, 70, "", ""))
	last := fmt.Sprintf(spansJSON, service("pets"), fmt.Sprintf(spanJSON, tracedRequest, "03", "02", "pets", 10, 105, ok, ""))
	require.NoError(t, os.WriteFile(path, []byte(written+last[:20]), 0o600))

	traces, requests := newTraceOutput(), newRequestLogs()
	require.NoError(t, traces.read(filepath.Join(t.TempDir(), "missing.jsonl")), "without a file")
	require.NoError(t, traces.read(path))
	assert.Equal(t, "6 spans", traces.more())
	assert.Equal(t, []int{2, 1, 1}, []int{traces.seen, traces.beyond, traces.logged})
	for _, id := range []string{loggedRequest, tracedRequest} {
		requests.access(nil, &record{TraceID: id, TimeUnixNano: 0})
	}
	assert.Empty(t, traces.show(requests), "a span is missing")

	require.NoError(t, os.WriteFile(path, []byte(written+last), 0o600))
	require.NoError(t, traces.read(path))
	assert.Equal(t, "1 spans", traces.more())
	first, tree, _ := strings.Cut(traces.show(requests), "\n")
	assert.Regexp(t, "-  -  -  trace "+tracedRequest+"$", first)
	assert.Equal(t, `    GET /pets             orders/prod    120 ms  200
      Lambda              orders/prod    105 ms  200
        pets              pets           95 ms   200
          pets-function   pets-function  80 ms   -
            DynamoDB      pets-function  40 ms   error
              pets-table  pets-table     40 ms   -
`, tree)
	assert.Empty(t, traces.show(requests), "once")
	traces.add(nil, &span{})
	assert.Equal(t, "1 spans", traces.more(), "what comes later is only counted")
}
