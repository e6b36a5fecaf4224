package preflight

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// The page says what the program says: its formats, classes, kinds of darkness and questions.
func TestPageIsRight(t *testing.T) {
	b, err := os.ReadFile("../../../../docs/preflight.md")
	require.NoError(t, err)
	page := string(b)
	for _, format := range []string{accessspan.RESTFormat, accessspan.HTTPFormat, accessspan.WebSocketFormat} {
		assert.Contains(t, page, "\n"+format+"\n")
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
		assert.Contains(t, page, "\n| "+q.text+" | "+q.asks+" |\n")
	}
	for _, v := range unanswerable {
		assert.Contains(t, page, "\n| "+v.Question+" | "+v.NotChecked+" |\n")
	}
}
