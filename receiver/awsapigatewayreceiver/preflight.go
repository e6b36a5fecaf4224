package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/preflight"
)

// Preflight tries what a receiver with a valid configuration would do in the pipelines of some signals (metrics, logs, traces), and reports what it may do,
// what there is, what is dark, and what a month costs. It makes about one call of each operation, one for each API and one for each log group. With
// announce it also checks what AWS's pages leave open, and says before each question what it asks and costs. The error is one of the configuration.
func Preflight(ctx context.Context, config *Config, signals []string, announce func(text string)) (*preflight.Report, error) {
	return preflight.Run(ctx, config.preflight(signals, announce))
}

func (c *Config) preflight(signals []string, announce func(text string)) preflight.Settings {
	return preflight.Settings{
		Accounts: c.Accounts, Regions: c.Regions, Endpoint: c.Endpoint, InsecureEndpoint: c.InsecureEndpoint, Filter: &c.APIs, Inventory: c.Inventory, Metrics: &c.Metrics, Alarms: c.Alarms, Logs: &c.Logs, Traces: &c.Traces,
		Signals: signals, Clock: poll.System{}, Announce: announce,
	}
}
