package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the file exporter writes of requests.
const (
	accessJSON    = `{"timeUnixNano":"%d000000000","eventName":"aws.api_gateway.access","attributes":[{"key":"aws.request_id","value":{"stringValue":%q}},{"key":"http.response.status_code","value":{"intValue":"%d"}}%s]}`
	executionJSON = `{"timeUnixNano":"1700000000000000000","eventName":"aws.api_gateway.execution","body":{"stringValue":"(%s) %s"},"attributes":[{"key":"aws.request_id","value":{"stringValue":%[1]q}},{"key":"aws.api_gateway.execution.phase","value":{"stringValue":%[3]q}}%[4]s]}`
)

func TestRequestsAreShown(t *testing.T) {
	name := attribute("aws.account.name", "shop") + "," + attribute("aws.api_gateway.api_name", "orders")
	prod, live := ","+name+","+attribute("aws.api_gateway.stage", "prod"), ","+name+","+attribute("aws.api_gateway.stage", "live")
	what := "," + attribute("http.request.method", "GET") + "," + attribute("http.route", "/pets") + "," + attribute("client.address", "203.0.113.9") +
		`,{"key":"aws.api_gateway.response.latency","value":{"doubleValue":0.0125}}`
	status := `,{"key":"http.response.status_code","value":{"intValue":"502"}}`
	path := filepath.Join(t.TempDir(), "logs.jsonl")
	written := line(prod, fmt.Sprintf(accessJSON, 1700000000, "a", 200, what)) +
		line(live, fmt.Sprintf(accessJSON, 1700000001, "b", 200, "")) +
		line(prod, fmt.Sprintf(accessJSON, 1700000002, "c", 502, what), fmt.Sprintf(accessJSON, 1700000003, "d", 404, "")) +
		line("", fmt.Sprintf(accessJSON, 1700000004, "e", 200, "")) +
		line(prod, fmt.Sprintf(executionJSON, "a", "Starting execution", "start", ""), fmt.Sprintf(executionJSON, "c", "Execution failed due to a timeout error", "error", ""))
	require.NoError(t, os.WriteFile(path, []byte(written), 0o600))
	logs := newLogOutput()
	changes, err := logs.read(path)
	require.NoError(t, err)
	assert.Empty(t, changes, "requests change nothing in the inventory")
	at := func(seconds int64) string { return time.Unix(seconds, 0).Format(time.TimeOnly) }
	assert.Equal(t, "  "+at(1700000000)+"  shop us-east-1  orders/prod  GET /pets  200  12 ms  203.0.113.9\n  … and 1 stages more\n", logs.requests.table(1))
	assert.Contains(t, logs.requests.table(2), at(1700000001)+"  shop us-east-1  orders/live  -          200  -      -\n", "what a record does not say is a hyphen")
	assert.Equal(t, "5 requests in access logs, 2 of them with an error; 2 lines in execution logs", logs.requests.more())
	assert.Equal(t, "0 requests in access logs, 0 of them with an error; 0 lines in execution logs", logs.requests.more(), "what was counted before")

	assert.Empty(t, logs.requests.explain(), "its execution goes on")
	written += line(prod, fmt.Sprintf(executionJSON, "c", "Method completed with status: 502", "end", status))
	require.NoError(t, os.WriteFile(path, []byte(written), 0o600))
	_, err = logs.read(path)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"  " + at(1700000002) + "  shop us-east-1  orders/prod  GET /pets  502  12 ms  203.0.113.9",
		"    error        Execution failed due to a timeout error",
		"    end          Method completed with status: 502", "",
	}, strings.Split(logs.requests.explain(), "\n"))
	assert.Empty(t, logs.requests.explain(), "once")
}

// Lines of a request's execution come in any order, and are shown in that of time; those of one time as they came.
func TestExecutionIsShownInTheOrderOfTime(t *testing.T) {
	l := newRequestLogs()
	l.failures.put("c", &failure{row: "row"})
	for _, r := range []struct {
		at    int64
		phase string
		text  string
	}{{3, "response", "third"}, {5, "end", "fifth"}, {4, "error", "fourth"}, {1, "start", "first"}, {3, "response", "third too"}, {2, "request", "second"}} {
		data := &record{TimeUnixNano: r.at}
		data.Body.StringValue = "(c) " + r.text
		attributes := attribute(requestID, "c") + "," + attribute(phase, r.phase) + `,{"key":"http.response.status_code","value":{"intValue":"502"}}`
		require.NoError(t, json.Unmarshal([]byte("["+attributes+"]"), &data.Attributes))
		l.execution(data)
	}
	assert.Equal(t, `  row
    start        first
    request      second
    response     third
    response     third too
    error        fourth
    end          fifth
`, l.explain())
}
