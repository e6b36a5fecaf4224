package inventory

import (
	"errors"
	"fmt"
	"time"
)

// Config is the receiver's inventory section.
type Config struct {
	// Interval is the time from the end of one crawl to the start of the next.
	Interval time.Duration `mapstructure:"interval"`
	// FullInterval is after how long what has no update date is read again: routes, integrations, authorizers, deployments, mappings.
	FullInterval time.Duration `mapstructure:"full_interval"`
	// RequestsPerSecond is the steady rate of control-plane reads, of the 10 that everybody in the account and region shares.
	RequestsPerSecond float64 `mapstructure:"requests_per_second"`
	// EntityEvents is the form of entity events: specification, legacy or none.
	EntityEvents string `mapstructure:"entity_events"`
	// ReportInterval is how often each entity is reported although it did not change; what there are many of, daily.
	ReportInterval time.Duration `mapstructure:"report_interval"`
	APIKeys        APIKeysConfig `mapstructure:"api_keys"`
	Usage          UsageConfig   `mapstructure:"usage"`
}

// APIKeysConfig switches API keys as entities. Their values are never asked for.
type APIKeysConfig struct {
	Enabled bool `mapstructure:"enabled"`
}

// UsageConfig switches the metrics of what usage plans' keys used.
type UsageConfig struct {
	Enabled  bool          `mapstructure:"enabled"`
	Interval time.Duration `mapstructure:"interval"`
	// By is plan, or key for a series per key.
	By string `mapstructure:"by"`
	// MaxKeys bounds the keys of a plan that have a series of their own.
	MaxKeys int `mapstructure:"max_keys"`
}

// Forms of entity events.
const (
	EventsSpecification = "specification"
	EventsLegacy        = "legacy"
	EventsNone          = "none"
)

// What usage is reported by.
const (
	UsageByPlan = "plan"
	UsageByKey  = "key"
)

// DefaultConfig is the section's default.
func DefaultConfig() Config {
	return Config{
		Interval: 5 * time.Minute, FullInterval: 6 * time.Hour, RequestsPerSecond: 2, EntityEvents: EventsSpecification, ReportInterval: time.Hour,
		Usage: UsageConfig{Interval: 15 * time.Minute, By: UsageByPlan, MaxKeys: 100},
	}
}

// maxRequestsPerSecond is API Gateway's quota for all control-plane operations of an account and region together.
const maxRequestsPerSecond = 10

// Check returns every error of the section; the keys are below inventory.
func (c *Config) Check() error {
	var errs []error
	if c.Interval < time.Minute {
		errs = append(errs, fmt.Errorf("interval: %v is too short: at least 1m, since the control plane is shared with deployments", c.Interval))
	}
	if c.FullInterval < c.Interval {
		errs = append(errs, fmt.Errorf("full_interval: %v is shorter than interval, %v: at least as long, 6h by default", c.FullInterval, c.Interval))
	}
	if !(c.RequestsPerSecond > 0 && c.RequestsPerSecond <= maxRequestsPerSecond) {
		errs = append(errs, fmt.Errorf("requests_per_second: %v: more than 0 and at most %d, the account's whole quota", c.RequestsPerSecond, maxRequestsPerSecond))
	}
	switch c.EntityEvents {
	case EventsSpecification, EventsLegacy, EventsNone:
	default:
		errs = append(errs, fmt.Errorf("entity_events: %q is no form of entity events: specification, legacy or none", c.EntityEvents))
	}
	if c.ReportInterval < time.Minute || c.ReportInterval%time.Second != 0 {
		errs = append(errs, fmt.Errorf("report_interval: %v: at least 1m, in whole seconds", c.ReportInterval))
	}
	if c.Usage.Interval < time.Minute {
		errs = append(errs, fmt.Errorf("usage::interval: %v is too short: at least 1m; AWS updates usage with a delay of its own", c.Usage.Interval))
	}
	if c.Usage.By != UsageByPlan && c.Usage.By != UsageByKey {
		errs = append(errs, fmt.Errorf("usage::by: %q: plan or key", c.Usage.By))
	}
	if c.Usage.MaxKeys < 1 {
		errs = append(errs, fmt.Errorf("usage::max_keys: %d: at least 1", c.Usage.MaxKeys))
	}
	return errors.Join(errs...)
}

// Calls of a crawl in which nothing changed: two lists of APIs, the lists of what belongs to no API, and the stages of each API.
const sharedCalls = 9

// CallsPerHour estimates the control-plane reads of an inventory in which little changes: of each crawl, and of the detail that is read again each
// full interval, five reads for each API.
func CallsPerHour(apis int, c *Config) float64 {
	crawl := float64(apis + sharedCalls)
	took := time.Duration(max(0, crawl-20) / c.RequestsPerSecond * float64(time.Second)) // a burst of 20 is at once
	return crawl*float64(time.Hour)/float64(c.Interval+took) + float64(5*apis)*float64(time.Hour)/float64(c.FullInterval)
}
