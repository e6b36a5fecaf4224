package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventorymetrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
)

// What others call it leads to what there is: each name in the last column of a table is one of ours, or one of our settings.
func TestMigrationsLeadToWhatThereIs(t *testing.T) {
	emitted := string(metricsPage()) + string(logsPage()) + string(entitiesPage()) + string(tracesPage())
	settings := page(t, receiver, "README.md")
	here := 0
	for line := range strings.Lines(page(t, root, "docs", "migrating.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 {
			continue
		}
		for _, name := range submatches(cells[len(cells)-1], "`([a-z][a-z_]*(?:\\.[a-z_]+)+)[`:]") {
			here++
			assert.True(t, quoted(emitted, name) || quoted(settings, name), name)
		}
	}
	require.Greater(t, here, 100)
}

// A metric or label that a query is to be rewritten with is one that Prometheus has.
func TestMigrationsNameWhatPrometheusHas(t *testing.T) {
	has := map[string]bool{}
	for _, d := range metrics.Catalogue {
		for _, name := range inPrometheus(d.Name, d.Unit, d.Kind.String()) {
			has[name] = true
		}
	}
	for _, d := range inventorymetrics.Catalogue {
		for _, name := range inPrometheus(d.Name, d.Unit, d.Type) {
			has[name] = true
		}
	}
	for _, name := range submatches(string(metricsPage()), "`([a-z][\\w.]*\\w)`") {
		has[strings.ReplaceAll(name, ".", "_")] = true
	}
	require.True(t, has["aws_api_gateway_requests_total"])
	require.True(t, has["aws_api_gateway_request_duration_seconds_count"])
	for _, name := range submatches(page(t, root, "docs", "migrating.md"), `(?:^|[^.\w])((?:aws_api_gateway|cloud|http)_\w*[a-z])\b`) {
		assert.True(t, has[name] || name == "aws_api_gateway_tag", name)
	}
}

// inPrometheus are the names that the collector's exporters for Prometheus give a metric.
func inPrometheus(name, unit, kind string) []string {
	name = strings.ReplaceAll(name, ".", "_")
	switch {
	case unit == "s":
		name += "_seconds"
	case unit == "By":
		name += "_bytes"
	case unit == "1" && strings.HasPrefix(kind, "gauge"):
		name += "_ratio"
	case regexp.MustCompile(`^\{.*\}/s$`).MatchString(unit):
		name += "_per_second"
	}
	if strings.Contains(kind, "monotonic") {
		return []string{name + "_total"}
	}
	if strings.Contains(kind, "histogram") {
		return []string{name, name + "_sum", name + "_count", name + "_bucket"}
	}
	return []string{name}
}
