package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

// Config is the receiver's configuration. Every key has a working default.
type Config struct {
	// Regions to read; none: the SDK's default region.
	Regions []string `mapstructure:"regions"`
	// Accounts to read; none: the caller's own.
	Accounts []aws.Account `mapstructure:"accounts"`
	// Endpoint of all AWS services; empty: AWS.
	Endpoint string `mapstructure:"endpoint"`
	// InsecureEndpoint allows plain HTTP to other machines, by Endpoint or by the SDK's own settings.
	InsecureEndpoint bool `mapstructure:"insecure_endpoint"`
	// APIs that are collected; all where it is empty.
	APIs inventory.Filter `mapstructure:"apis"`
	// Tags are keys of API tags that become resource attributes.
	Tags []string `mapstructure:"tags"`
	// ResourceAttributes switches single resource attributes.
	ResourceAttributes resource.Config `mapstructure:"resource_attributes"`
	// Storage is the storage extension that keeps positions; nil: memory.
	Storage *component.ID `mapstructure:"storage"`
	// Inventory is read in every pipeline, and reported in logs pipelines.
	Inventory inventory.Config `mapstructure:"inventory"`
	// Metrics are those of CloudWatch, in metrics pipelines.
	Metrics metrics.Config `mapstructure:"metrics"`
	// Logs are access and execution logs, in logs pipelines.
	Logs logs.Config `mapstructure:"logs"`
	// Alarms are those of CloudWatch that watch API Gateway, in metrics and logs pipelines.
	Alarms alarms.Config `mapstructure:"alarms"`
	// Traces are those of X-Ray, and spans that are made of access logs, in traces pipelines.
	Traces traces.Config `mapstructure:"traces"`
}

var _ confmap.Validator = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{
		Inventory: inventory.DefaultConfig(),
		Metrics:   metrics.DefaultConfig(),
		Logs:      logs.DefaultConfig(),
		Alarms:    alarms.DefaultConfig(),
		Traces:    traces.DefaultConfig(),
	}
}

// Validate returns every error at once, each with its YAML key below the receiver's.
func (c *Config) Validate() error {
	errs := []error{aws.CheckRegions("regions", c.Regions)}
	for i := range c.Accounts {
		errs = append(errs, c.Accounts[i].Check(fmt.Sprintf("accounts[%d]", i), c.Regions))
	}
	labels := aws.Labels(c.Accounts)
	for i, label := range labels {
		if slices.Contains(labels[:i], label) {
			errs = append(errs, fmt.Errorf("accounts[%d]: %q is listed twice: each account once, or with different names for different roles", i, label))
		}
	}
	if c.Endpoint != "" {
		errs = append(errs, aws.CheckEndpoint("endpoint", c.Endpoint, c.InsecureEndpoint))
	}
	for i, tag := range c.Tags {
		switch {
		case tag == "":
			errs = append(errs, fmt.Errorf("tags[%d]: is empty: a tag's key", i))
		case slices.Contains(c.Tags[:i], tag):
			errs = append(errs, fmt.Errorf("tags[%d]: %q is listed twice", i, tag))
		}
	}
	return errors.Join(append(errs,
		below("apis", c.APIs.Check()),
		below("resource_attributes", c.ResourceAttributes.Check()),
		below("inventory", c.Inventory.Check()),
		below("metrics", c.Metrics.Check()),
		below("logs", c.Logs.Check()),
		below("alarms", c.Alarms.Check()),
		below("traces", c.Traces.Check()),
	)...)
}

// below puts a section's key in front of each of its errors.
func below(section string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	errs := make([]error, 0, len(joined.Unwrap()))
	for _, e := range joined.Unwrap() {
		errs = append(errs, fmt.Errorf("%s::%w", section, e))
	}
	return errors.Join(errs...)
}
