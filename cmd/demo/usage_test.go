package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// internal is what the collector's page of internal metrics has.
const internal = `# HELP otelcol_receiver_awsapigateway_aws_calls AWS calls, one per attempt. [Alpha]
# TYPE otelcol_receiver_awsapigateway_aws_calls counter
otelcol_receiver_awsapigateway_aws_calls{operation="GetMetricData",outcome="ok",target="shop/us-east-1"} 40
otelcol_receiver_awsapigateway_aws_calls{operation="GetMetricData",outcome="throttled",target="shop/us-east-1"} 2
otelcol_receiver_awsapigateway_aws_calls{operation="GetMetricData",outcome="ok",target="partners/eu-west-1"} 8
otelcol_receiver_awsapigateway_aws_calls_total{operation="GetApis",outcome="ok",target="shop/us-east-1"} 3
otelcol_receiver_awsapigateway_aws_throttles{operation="GetMetricData",target="shop/us-east-1"} 2
otelcol_receiver_awsapigateway_billed_metrics_high{target="shop/us-east-1"} 1.5e+03
otelcol_receiver_awsapigateway_billed_metrics_low{target="shop/us-east-1"} 900
otelcol_receiver_awsapigateway_estimated_cost{reading="high",target="shop/us-east-1"} 0.015
otelcol_receiver_awsapigateway_estimated_cost{reading="low",target="shop/us-east-1"} 0.009
otelcol_receiver_awsapigateway_scanned_traces{target="shop/us-east-1"} 700
otelcol_receiver_awsapigateway_retrieved_traces{target="shop/us-east-1"} 60
otelcol_receiver_awsapigateway_lag{signal="metrics",target="shop/us-east-1"} NaN
otelcol_exporter_sent_spans{exporter="file/spans"} 2474
otelcol_process_uptime 12.5
nonsense
`

// answer is a collector that answers internal, with a status.
type answer int

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(a), Status: http.StatusText(int(a)), Body: io.NopCloser(strings.NewReader(internal))}, nil
}

func TestUsageIsNotReadFromAnError(t *testing.T) {
	_, err := askUsage(t.Context(), &http.Client{Transport: answer(http.StatusNotFound)}, "http://127.0.0.1/metrics")
	assert.EqualError(t, err, "cannot read http://127.0.0.1/metrics: Not Found")
}

func TestUsageIsWhatTheReceiverSaysOfItself(t *testing.T) {
	u, err := askUsage(t.Context(), &http.Client{Transport: answer(http.StatusOK)}, "http://127.0.0.1/metrics")
	require.NoError(t, err)

	got := u.since(&usage{operations: map[string]*operation{"GetMetricData": {calls: 30}}}, &monthlyCost{Low: 53, High: 63})
	assert.Equal(t, []*operationView{{Name: "GetMetricData", Calls: 50, Failed: 2, Minute: 20}, {Name: "GetApis", Calls: 3, Minute: 3}}, got.Operations)
	assert.Equal(t, []float64{53, 2, 2, 23}, []float64{got.Calls, got.Failed, got.Throttled, got.Minute})
	assert.Equal(t, []float64{900, 1500, 0.009, 0.015, 700, 60}, []float64{got.BilledLow, got.BilledHigh, got.Low, got.High, got.Scanned, got.Retrieved})
	assert.Equal(t, &monthlyCost{Low: 53, High: 63}, got.Month)
}

func TestUsageIsBounded(t *testing.T) {
	var text strings.Builder
	for i := range 3 * operationsKept {
		text.WriteString(`otelcol_receiver_awsapigateway_aws_calls{operation="` + strings.Repeat("x", i+1) + `",outcome="ok"} 1` + "\n")
	}
	u, err := readUsage(strings.NewReader(text.String()))
	require.NoError(t, err)
	assert.Len(t, u.operations, operationsKept)
	shown := u.since(&usage{}, nil)
	assert.Len(t, shown.Operations, operationsShown)
	assert.Equal(t, float64(operationsKept), shown.Calls)
}

// Names are held to the receiver's own lists.
func TestMetricsAndAttributesExist(t *testing.T) {
	documentation, err := os.ReadFile(filepath.Join("..", "..", "receiver", "awsapigatewayreceiver", "documentation.md"))
	require.NoError(t, err)
	for _, name := range []string{awsCalls, awsThrottles, billedMetricsLow, billedMetrics, estimatedCost, scannedTraces, retrievedTraces} {
		assert.Contains(t, string(documentation), "### "+name+"\n")
	}
	metrics, err := os.ReadFile(filepath.Join("..", "..", "receiver", "awsapigatewayreceiver", "metrics.md"))
	require.NoError(t, err)
	for _, name := range []string{requests, messages, failures, duration, requestQuantile, integrationQuantile, deploymentAge, stageTelemetry, alarmState} {
		assert.Contains(t, string(metrics), "\n## `"+name+"`\n")
	}
	logs, err := os.ReadFile(filepath.Join("..", "..", "receiver", "awsapigatewayreceiver", "logs.md"))
	require.NoError(t, err)
	for _, name := range []string{alarmTransition, alarmName, alarmIs, alarmWas} {
		assert.Contains(t, string(logs), "`"+name+"`")
	}
}

func FuzzUsage(f *testing.F) {
	f.Add(internal)
	f.Add(own + `aws_calls{operation="`)
	f.Fuzz(func(t *testing.T, text string) {
		u, _ := readUsage(strings.NewReader(text)) // what can't be read is left out
		assert.LessOrEqual(t, len(u.operations), operationsKept)
		_, err := json.Marshal(u.since(&usage{}, nil))
		assert.NoError(t, err)
	})
}

func FuzzForecast(f *testing.F) {
	f.Add("t\tinfo\t"+forecastLine+"\t{\"usd_per_month_high\": 1}\n", 7)
	f.Fuzz(func(t *testing.T, text string, at int) {
		var out strings.Builder
		read := &forecast{out: &out}
		at = min(max(at, 0), len(text))
		_, _ = io.WriteString(read, text[:at])
		_, _ = io.WriteString(read, text[at:])
		assert.Equal(t, text, out.String())
		assert.LessOrEqual(t, len(read.line), forecastBytes)
	})
}

func TestForecastIsWhatTheReceiverLogs(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "receiver", "awsapigatewayreceiver", "telemetry.go"))
	require.NoError(t, err)
	for _, part := range []string{`"` + forecastLine + `", fields`, `"usd_per_month_low"`, `"usd_per_month_high"`} {
		assert.Contains(t, string(source), part)
	}
	var out strings.Builder
	f := &forecast{out: &out}
	log := "t\tinfo\tCollecting\t{}\nt\tinfo\tCollecting from API Gateway\t{\"targets\": 4, \"usd_per_month_low\": 53.32, \"usd_per_month_high\": 63.2}\n" +
		"t\twarn\t" + strings.Repeat("x", 3*forecastBytes) + "\nt\tinfo\tCollecting from API Gateway\t{\"usd_per_"
	for _, piece := range []string{log[:40], log[40:60], log[60:]} {
		n, err := io.WriteString(f, piece)
		require.NoError(t, err)
		assert.Equal(t, len(piece), n)
	}
	assert.Equal(t, log, out.String(), "nothing is kept from the terminal")
	assert.Equal(t, &monthlyCost{Low: 53.32, High: 63.2}, f.cost.Load())
	assert.LessOrEqual(t, cap(f.line), 2*forecastBytes)
}
