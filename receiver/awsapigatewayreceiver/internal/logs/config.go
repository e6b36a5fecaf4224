package logs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Config is the receiver's logs section.
type Config struct {
	// PollInterval is the time from one read of a group to the next; groups without events back off to MaxPollInterval.
	PollInterval    time.Duration `mapstructure:"poll_interval"`
	MaxPollInterval time.Duration `mapstructure:"max_poll_interval"`
	// StartAt says where the first read of a group begins: end, beginning, or a duration back.
	StartAt string `mapstructure:"start_at"`
	// LateWindow is how late an event may arrive, after its timestamp, to be surely read.
	LateWindow time.Duration `mapstructure:"late_window"`
	// MaxBackfill bounds what is read after an outage.
	MaxBackfill time.Duration `mapstructure:"max_backfill"`
	// MaxRequestsPerSecond is the rate of FilterLogEvents; 0: half of AWS's quota in the region.
	MaxRequestsPerSecond float64 `mapstructure:"max_requests_per_second"`
	// Body is original or none.
	Body   string        `mapstructure:"body"`
	Redact []redact.Rule `mapstructure:"redact"`
	// HashKey is the key of the hashes that take the place of values.
	HashKey configopaque.String `mapstructure:"hash_key"`
	// Include are attributes that are off unless they are asked for.
	Include []string `mapstructure:"include"`
	// LogStream puts the name of the event's log stream on each record.
	LogStream bool            `mapstructure:"log_stream"`
	Groups    []GroupConfig   `mapstructure:"groups"`
	Access    AccessConfig    `mapstructure:"access"`
	Execution ExecutionConfig `mapstructure:"execution"`
}

// GroupConfig names a further log group.
type GroupConfig struct {
	Name string `mapstructure:"name"`
	// API is the id or the name of the API whose lines are in the group, Stage the stage's name; both "": the lines say it.
	API   string `mapstructure:"api"`
	Stage string `mapstructure:"stage"`
	// Format is the access-log format of its lines; "": that of the stage.
	Format string `mapstructure:"format"`
}

// AccessConfig switches access logs.
type AccessConfig struct {
	Enabled bool `mapstructure:"enabled"`
}

// ExecutionConfig switches execution logs, and the bodies and parameters in them.
type ExecutionConfig struct {
	Enabled bool `mapstructure:"enabled"`
	Bodies  bool `mapstructure:"bodies"`
}

// What start_at and body can be.
const (
	StartEnd       = "end"
	StartBeginning = "beginning"
	BodyOriginal   = "original"
	BodyNone       = "none"
)

// DefaultConfig is the section's default.
func DefaultConfig() Config {
	return Config{
		PollInterval: 10 * time.Second, MaxPollInterval: 2 * time.Minute, StartAt: StartEnd, LateWindow: 10 * time.Minute, MaxBackfill: 24 * time.Hour,
		Body: BodyOriginal, Access: AccessConfig{Enabled: true},
	}
}

// Limits of the settings.
const (
	minPollInterval = time.Second
	// maxLateWindow bounds the ids that are remembered.
	maxLateWindow = 2 * time.Hour
	// maxRate is above every published quota of FilterLogEvents: an endpoint that is not AWS may allow more.
	maxRate = 10_000
)

// Check returns every error of the section; the keys are below logs.
func (c *Config) Check() error {
	var errs []error
	if c.PollInterval < minPollInterval {
		errs = append(errs, fmt.Errorf("poll_interval: %v is too short: at least %v", c.PollInterval, minPollInterval))
	}
	if c.MaxPollInterval < c.PollInterval {
		errs = append(errs, fmt.Errorf("max_poll_interval: %v is shorter than poll_interval, %v", c.MaxPollInterval, c.PollInterval))
	}
	if _, err := c.lookback(); err != nil {
		errs = append(errs, err)
	}
	if c.LateWindow < time.Minute || c.LateWindow > maxLateWindow {
		errs = append(errs, fmt.Errorf("late_window: %v: from 1m to %v", c.LateWindow, maxLateWindow))
	}
	if c.MaxBackfill < c.LateWindow {
		errs = append(errs, fmt.Errorf("max_backfill: %v is shorter than late_window, %v", c.MaxBackfill, c.LateWindow))
	}
	if !(c.MaxRequestsPerSecond >= 0 && c.MaxRequestsPerSecond <= maxRate) {
		errs = append(errs, fmt.Errorf("max_requests_per_second: %v: 0 for half of AWS's quota, or at most %d", c.MaxRequestsPerSecond, maxRate))
	}
	if c.Body != BodyOriginal && c.Body != BodyNone {
		errs = append(errs, fmt.Errorf("body: %q: original or none", c.Body))
	}
	for i, name := range c.Include {
		if name == "" || slices.Contains(c.Include[:i], name) {
			errs = append(errs, fmt.Errorf("include[%d]: %q is empty or listed twice: an attribute that is off by default, as user.id", i, name))
		}
	}
	if err := redact.Check(c.Redact, c.HashKey); err != nil {
		errs = append(errs, err.(interface{ Unwrap() []error }).Unwrap()...)
	}
	for i := range c.Groups {
		errs = append(errs, c.Groups[i].check(i, c.Groups[:i])...)
	}
	return errors.Join(errs...)
}

func (g *GroupConfig) check(i int, before []GroupConfig) (errs []error) {
	switch {
	case g.Name == "" || strings.HasPrefix(g.Name, "arn:"):
		errs = append(errs, fmt.Errorf("groups[%d]::name: %q: the name of a log group, not its ARN", i, g.Name))
	case slices.ContainsFunc(before, func(o GroupConfig) bool { return o.Name == g.Name && o.API == g.API && o.Stage == g.Stage }):
		errs = append(errs, fmt.Errorf("groups[%d]::name: %q is listed twice for the same API and stage", i, g.Name))
	}
	if g.Stage != "" && g.API == "" {
		errs = append(errs, fmt.Errorf("groups[%d]::api: is empty: a stage needs its API, by id or name", i))
	}
	if g.Format != "" {
		if _, err := accesslog.Compile(g.Format); err != nil {
			errs = append(errs, fmt.Errorf("groups[%d]::format: %w", i, err))
		}
	}
	return errs
}

// lookback is how far back the first read of a group begins; negative: at its beginning.
func (c *Config) lookback() (time.Duration, error) {
	switch c.StartAt {
	case StartEnd:
		return 0, nil
	case StartBeginning:
		return -1, nil
	}
	d, err := time.ParseDuration(c.StartAt)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("start_at: %q: end, beginning, or a duration back as 1h", c.StartAt)
	}
	return d, nil
}
