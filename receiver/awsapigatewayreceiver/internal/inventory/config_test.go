package inventory

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Every mistake is said with its key, and what would be right.
func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*Config){
		"interval: 59s is too short: at least 1m":                               func(c *Config) { c.Interval = 59 * time.Second },
		"full_interval: 1m0s is shorter than interval, 5m0s":                    func(c *Config) { c.FullInterval = time.Minute },
		"requests_per_second: -1: more than 0":                                  func(c *Config) { c.RequestsPerSecond = -1 },
		"requests_per_second: NaN: more than 0":                                 func(c *Config) { c.RequestsPerSecond = math.NaN() },
		"requests_per_second: 10.5: more than 0 and at most 10":                 func(c *Config) { c.RequestsPerSecond = 10.5 },
		`entity_events: "both" is no form of entity events: specification, leg`: func(c *Config) { c.EntityEvents = "both" },
		"report_interval: 30s: at least 1m":                                     func(c *Config) { c.ReportInterval = 30 * time.Second },
		"report_interval: 1m0.5s: at least 1m, in whole seconds":                func(c *Config) { c.ReportInterval = time.Minute + 500*time.Millisecond },
		"usage::interval: 1s is too short: at least 1m":                         func(c *Config) { c.Usage.Interval = time.Second },
		`usage::by: "stage": plan or key`:                                       func(c *Config) { c.Usage.By = "stage" },
		"usage::max_keys: 0: at least 1":                                        func(c *Config) { c.Usage.MaxKeys = 0 },
	} {
		c := DefaultConfig()
		edit(&c)
		assert.ErrorContains(t, c.Check(), want)
	}
	var none Config
	for _, key := range []string{"interval", "requests_per_second", "entity_events", "report_interval", "usage::interval", "usage::by", "usage::max_keys"} {
		assert.ErrorContains(t, none.Check(), key, "all at once")
	}
	for _, form := range []string{EventsSpecification, EventsLegacy, EventsNone} {
		c := DefaultConfig()
		c.EntityEvents = form
		assert.NoError(t, c.Check())
	}
}

// The estimate of the calls is what a crawler makes: nine and one for each API, and the detail of all each full interval.
func TestCallsPerHour(t *testing.T) {
	t.Parallel()
	c := DefaultConfig()
	c.Interval, c.FullInterval = time.Hour, 5*time.Hour
	assert.InDelta(t, 9, CallsPerHour(0, &c), 1e-9)
	assert.InDelta(t, 9+10+10, CallsPerHour(10, &c), 1e-9)
	c.Interval = time.Minute
	assert.Less(t, CallsPerHour(100_000, &c), 2*3600*1.1+100_000, "never more than the rate, but for the detail")

	a := whole()
	crawler := newCrawler(t, a, func(s *Settings) { s.Config.APIKeys.Enabled = false })
	crawler.again()
	reads := crawler.again()
	assert.InDelta(t, sharedCalls+2, len(reads)-1, 0, "and one for the private domain name's associations")
}
