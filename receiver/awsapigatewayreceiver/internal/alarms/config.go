// Package alarms reports what CloudWatch's alarms say of API Gateway: the state of each as a metric, and each change of state as a log record.
package alarms

import (
	"errors"
	"fmt"
	"time"
)

// Config is the receiver's alarms section.
type Config struct {
	Enabled bool `mapstructure:"enabled"`
	// Interval is how often the alarms and their history are read.
	Interval time.Duration `mapstructure:"interval"`
}

// Bounds of the interval. CloudWatch evaluates no alarm more often than every ten seconds.
const (
	minInterval = 10 * time.Second
	maxInterval = time.Hour
)

// DefaultConfig has the defaults of every key.
func DefaultConfig() Config { return Config{Enabled: true, Interval: time.Minute} }

// Check returns every error at once, each with its key below alarms.
func (c *Config) Check() error {
	var errs []error
	if c.Interval < minInterval || c.Interval > maxInterval {
		errs = append(errs, fmt.Errorf("interval: %s is not between %s and %s", c.Interval, minInterval, maxInterval))
	}
	return errors.Join(errs...)
}
