package awsapigatewayreceiver

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Whoever names an API, or answers in AWS's place, draws nothing in the terminal of whoever reads the collector's log.
func TestLogShowsWhatOthersWroteAsText(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	r := newReceiver(set, createDefaultConfig().(*Config), poll.System{})
	r.set.Logger.Warn("Said", zap.String("api", "pets\u202e\u009b2J"), zap.Error(errors.New("no such API: \x1b[31mpets")))
	assert.Equal(t, map[string]any{"api": `pets\u202e\u009b2J`, "error": `no such API: \x1b[31mpets`}, logs.All()[0].ContextMap())
}
