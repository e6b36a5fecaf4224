package preflight

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// The pages say what the program says: formats, classes, kinds of darkness and questions.
func TestPageIsRight(t *testing.T) {
	b, err := os.ReadFile("../../../../docs/preflight.md")
	require.NoError(t, err)
	page := string(b)
	formats, err := os.ReadFile("../../../../docs/log-formats.md")
	require.NoError(t, err)
	for _, format := range []string{accessspan.RESTFormat, accessspan.HTTPFormat, accessspan.WebSocketFormat} {
		assert.Contains(t, string(formats), "\n"+format+"\n")
	}
	for _, remedy := range []string{noAccessLogRemedy, uncompilableRemedy, missingRemedy} {
		assert.Contains(t, remedy, "docs/log-formats.md")
	}
	for class, word := range words {
		assert.Contains(t, page, "\n| "+word+" | ", class)
	}
	for _, what := range []string{
		noAccessLog, noExecutionLog, noLoggingRole, noTracing, neverTraced, searchOn, noDetailedMetrics, dataTrace, unknownSeries, uncompilable, "access log lacks …", "log group can't be read: …",
	} {
		assert.Contains(t, page, "\n| "+what+" | ")
	}
	for _, q := range questions {
		assert.Contains(t, page, "\n| "+q.text+" | "+q.asks+" | "+q.needs+" |\n")
	}
	for _, v := range unanswerable {
		assert.Contains(t, page, "\n| "+v.Question+" | "+v.NotChecked+" |\n")
	}
}
