//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml
//go:generate go run ./internal/docs

// Package awsapigatewayreceiver turns what AWS knows about API Gateways into OTLP.
package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"
