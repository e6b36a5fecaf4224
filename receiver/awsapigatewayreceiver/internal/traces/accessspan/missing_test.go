package accessspan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// The formats with everything miss nothing. Others miss what they have neither by its name nor by another variable that says the same.
func TestMissing(t *testing.T) {
	for name, set := range map[string]struct {
		kind   model.APIType
		format string
		want   []string
	}{
		"REST, everything":      {kind: model.REST, format: RESTFormat},
		"HTTP, everything":      {kind: model.HTTP, format: HTTPFormat},
		"WebSocket, everything": {kind: model.WebSocket, format: WebSocketFormat},
		"other words for the same": {
			kind: model.WebSocket,
			format: `$context.requestId $context.apiId $context.stage $context.requestTime $context.routeKey $context.eventType $context.connectionId $context.status ` +
				`$context.domainName $context.identity.sourceIp $context.identity.userAgent $context.integration.latency $context.integration.status ` +
				`$context.integration.requestId $context.integrationErrorMessage $context.authorizer.integrationLatency $context.authorizer.integrationStatus ` +
				`$context.authorizer.error $context.error.responseType`,
			want: []string{"error.message"},
		},
		"little": {
			kind: model.HTTP, format: `$context.requestId $context.status $context.httpMethod`,
			want: []string{
				"apiId", "stage", "requestTimeEpoch", "path", "routeKey", "protocol", "responseLatency", "responseLength", "domainName", "identity.sourceIp",
				"integrationLatency", "integration.status", "integration.requestId", "integration.error", "authorizer.integrationLatency", "authorizer.error",
				"error.responseType", "error.message", "identity.userAgent",
			},
		},
		"of no known type": {kind: "GRPC", format: `$context.requestId`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := accesslog.Compile(set.format)
			require.NoError(t, err)
			assert.Equal(t, set.want, Missing(set.kind, f))
		})
	}
}
