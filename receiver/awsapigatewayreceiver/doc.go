//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package awsapigatewayreceiver turns what AWS knows about API Gateways into OTLP.
package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"
