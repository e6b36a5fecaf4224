package traces

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaultsAreValid(t *testing.T) {
	c := DefaultConfig()
	assert.NoError(t, c.Check())
	assert.True(t, c.XRay.Enabled)
	assert.False(t, c.AccessLogs.Enabled)
	assert.Equal(t, 300, c.XRay.MaxTracesPerMinute)
}

// Whatever is wrong is said with its key, and with what would be right.
func TestErrorsNameTheirKeys(t *testing.T) {
	for _, c := range []struct {
		want string
		edit func(*Config)
	}{
		{"poll_interval: 9s: whole seconds from 10s to 5m0s", func(c *Config) { c.PollInterval = 9 * time.Second }},
		{"poll_interval: 5m1s: whole seconds from 10s to 5m0s", func(c *Config) { c.PollInterval = 301 * time.Second }},
		{"poll_interval: 10.5s: whole seconds from 10s to 5m0s", func(c *Config) { c.PollInterval = 10500 * time.Millisecond }},
		{"initial_lookback: -1s: from 0s to max_backfill, 24h0m0s", func(c *Config) { c.InitialLookback = -time.Second }},
		{"initial_lookback: 25h0m0s: from 0s to max_backfill, 24h0m0s", func(c *Config) { c.InitialLookback = 25 * time.Hour }},
		{"delay: -1s: is negative", func(c *Config) { c.Delay = -time.Second }},
		{"settle: 1m0s: longer than delay, 1m0s, and at most 30m0s", func(c *Config) { c.Settle = time.Minute }},
		{"settle: 31m0s: longer than delay, 1m0s, and at most 30m0s", func(c *Config) { c.Settle = 31 * time.Minute }},
		{"max_backfill: 4m0s: from settle, 5m0s, to the 720h0m0s that X-Ray keeps traces", func(c *Config) { c.MaxBackfill, c.InitialLookback = 4*time.Minute, 0 }},
		{"max_backfill: 721h0m0s: from settle, 5m0s, to the 720h0m0s that X-Ray keeps traces", func(c *Config) { c.MaxBackfill = 721 * time.Hour }},
		{"xray::max_traces_per_minute: 0: from 1 to 2500; to pull none, set xray::enabled to false", func(c *Config) { c.XRay.MaxTracesPerMinute = 0 }},
		{"xray::max_traces_per_minute: 2501: from 1 to 2500; to pull none, set xray::enabled to false", func(c *Config) { c.XRay.MaxTracesPerMinute = 2_501 }},
	} {
		config := DefaultConfig()
		c.edit(&config)
		assert.EqualError(t, config.Check(), c.want)
	}
}

func TestLimitsAreValid(t *testing.T) {
	for name, edit := range map[string]func(*Config){
		"the least": func(c *Config) {
			*c = Config{PollInterval: 10 * time.Second, Settle: time.Nanosecond, MaxBackfill: time.Nanosecond, XRay: XRayConfig{MaxTracesPerMinute: 1}}
		},
		"the most": func(c *Config) {
			*c = Config{
				PollInterval: 5 * time.Minute, InitialLookback: 720 * time.Hour, Delay: 30*time.Minute - 1, Settle: 30 * time.Minute, MaxBackfill: 720 * time.Hour,
				XRay: XRayConfig{MaxTracesPerMinute: 2_500},
			}
		},
	} {
		c := DefaultConfig()
		edit(&c)
		assert.NoError(t, c.Check(), name)
	}
}

// All errors come at once.
func TestErrorsComeAtOnce(t *testing.T) {
	c := Config{InitialLookback: -1, Delay: -1, Settle: -1, MaxBackfill: -2}
	err := c.Check()
	require.Error(t, err)
	var keys []string
	for _, line := range strings.Split(err.Error(), "\n") {
		key, _, _ := strings.Cut(line, ": ")
		keys = append(keys, key)
	}
	assert.Equal(t, []string{"poll_interval", "initial_lookback", "delay", "settle", "max_backfill", "xray::max_traces_per_minute"}, keys)
}
