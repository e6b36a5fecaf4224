package accessspan

import (
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// formats are those with everything, by the type of the API.
var formats = map[model.APIType]string{model.REST: RESTFormat, model.HTTP: HTTPFormat, model.WebSocket: WebSocketFormat}

// instead are variables that say the same as one of the formats above, where a stage's format has them in its place.
var instead = map[string][]string{
	"requestTimeEpoch": {"requestTime"}, "integrationLatency": {"integration.latency"}, "integration.error": {"integrationErrorMessage"},
	"authorizer.latency": {"authorizer.integrationLatency"}, "authorizer.integrationLatency": {"authorizer.latency"},
	"authorizer.status": {"authorizer.integrationStatus"}, "error.message": {"error.messageString"},
}

// Missing are the variables that a format lacks of what spans are made of, in the order of the format that has everything.
func Missing(kind model.APIType, f *accesslog.Format) []string {
	whole, err := accesslog.Compile(formats[kind])
	if err != nil {
		return nil // of a type that has no format; the others are tested
	}
	var missing []string
	for _, name := range whole.Variables() {
		if len(f.Ref(append([]string{name}, instead[name]...)...)) == 0 {
			missing = append(missing, name)
		}
	}
	return missing
}
