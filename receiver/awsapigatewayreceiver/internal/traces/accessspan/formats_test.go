package accessspan

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
)

// The formats can be set as they stand, are JSON, leave no doubt, and have lines that are read by their keys alone as well.
func TestFormatsCanBeUsed(t *testing.T) {
	for format, line := range map[string]string{RESTFormat: restLine, HTTPFormat: httpLine, WebSocketFormat: webSocketLine} {
		assert.LessOrEqual(t, len(format), 1024)
		assert.True(t, json.Valid([]byte(format)))
		f, err := accesslog.Compile(format)
		require.NoError(t, err)
		assert.Empty(t, f.Ambiguities())
		whole := spansOf(bind(t, format, nil).write(t, line, nil))
		require.Len(t, whole, 3)
		var v accesslog.Values
		byKeys, ok := accesslog.DecodeJSON(line, &v)
		require.True(t, ok)
		for _, name := range f.Variables() {
			if name != "authorizer.integrationLatency" { // which has another's key, for brevity
				assert.NotEmpty(t, byKeys.Ref(name), "%s is found by its key", name)
			}
		}
	}
}
