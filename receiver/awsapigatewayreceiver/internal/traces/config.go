package traces

import (
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Config is the receiver's traces section.
type Config struct {
	// PollInterval is the length of the windows in which traces are asked for.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// InitialLookback is how far back the very first read begins.
	InitialLookback time.Duration `mapstructure:"initial_lookback"`
	// Delay is how long after its end a window is scanned first, Settle how long after it is scanned once more.
	Delay  time.Duration `mapstructure:"delay"`
	Settle time.Duration `mapstructure:"settle"`
	// MaxBackfill bounds what is read after an outage.
	MaxBackfill time.Duration    `mapstructure:"max_backfill"`
	XRay        XRayConfig       `mapstructure:"xray"`
	AccessLogs  AccessLogsConfig `mapstructure:"access_logs"`
}

// XRayConfig is about what is pulled from X-Ray.
type XRayConfig struct {
	Enabled bool `mapstructure:"enabled"`
	// MaxTracesPerMinute is how many traces of a minute are retrieved of each target.
	MaxTracesPerMinute int `mapstructure:"max_traces_per_minute"`
}

// AccessLogsConfig is about spans that are made of access logs.
type AccessLogsConfig struct {
	Enabled bool `mapstructure:"enabled"`
}

// DefaultConfig is the section's default.
func DefaultConfig() Config {
	return Config{
		PollInterval: 30 * time.Second, InitialLookback: 10 * time.Minute, Delay: time.Minute, Settle: 5 * time.Minute, MaxBackfill: 24 * time.Hour,
		XRay: XRayConfig{Enabled: true, MaxTracesPerMinute: 300},
	}
}

// Limits of the settings.
const (
	minPollInterval = 10 * time.Second
	maxPollInterval = 5 * time.Minute
	// maxSettle and maxTraces bound what is remembered: 75,000 traces of a target. Ten calls of BatchGetTraces a second retrieve 3,000 traces a minute,
	// some of which are read again.
	maxSettle = 30 * time.Minute
	maxTraces = 2_500
	// retention is how long X-Ray keeps traces ("AWS X-Ray endpoints and quotas").
	retention = 30 * 24 * time.Hour
)

// Check returns every error of the section; the keys are below traces.
func (c *Config) Check() error {
	var errs []error
	if c.PollInterval < minPollInterval || c.PollInterval > maxPollInterval || c.PollInterval%time.Second != 0 {
		errs = append(errs, fmt.Errorf("poll_interval: %v: whole seconds from %v to %v", c.PollInterval, minPollInterval, maxPollInterval))
	}
	if c.InitialLookback < 0 || c.InitialLookback > c.MaxBackfill {
		errs = append(errs, fmt.Errorf("initial_lookback: %v: from 0s to max_backfill, %v", c.InitialLookback, c.MaxBackfill))
	}
	if c.Delay < 0 {
		errs = append(errs, fmt.Errorf("delay: %v: is negative", c.Delay))
	}
	if c.Settle <= c.Delay || c.Settle > maxSettle {
		errs = append(errs, fmt.Errorf("settle: %v: longer than delay, %v, and at most %v", c.Settle, c.Delay, maxSettle))
	}
	if c.MaxBackfill < c.Settle || c.MaxBackfill > retention {
		errs = append(errs, fmt.Errorf("max_backfill: %v: from settle, %v, to the %v that X-Ray keeps traces", c.MaxBackfill, c.Settle, retention))
	}
	if n := c.XRay.MaxTracesPerMinute; n < 1 || n > maxTraces {
		errs = append(errs, fmt.Errorf("xray::max_traces_per_minute: %d: from 1 to %d; to pull none, set xray::enabled to false", n, maxTraces))
	}
	return errors.Join(errs...)
}

// cap is how many traces of a window are retrieved: none of some windows, where a minute has more windows than traces.
func (c *Config) cap(w model.Window) int {
	n := int64(c.XRay.MaxTracesPerMinute)
	return int(n*w.End/60 - n*w.Start/60)
}
