package metrics

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventorymetrics"
)

// Config is the receiver's metrics section.
type Config struct {
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
	InitialDelay       time.Duration `mapstructure:"initial_delay"`
	// InitialLookback is how much of the past the very first start reads.
	InitialLookback time.Duration `mapstructure:"initial_lookback"`
	MaxBackfill     time.Duration `mapstructure:"max_backfill"`
	Period          time.Duration `mapstructure:"period"`
	// Delay is how long after its end a period is first read, Revisit how much longer it is read again.
	Delay   time.Duration `mapstructure:"delay"`
	Revisit time.Duration `mapstructure:"revisit"`
	// Levels are stage, and route.
	Levels           []string  `mapstructure:"levels"`
	Quantiles        []float64 `mapstructure:"quantiles"`
	HistogramBuckets []float64 `mapstructure:"histogram_buckets"`
	// MaxMonthlyCost is in USD; 0: 1,000 USD warn.
	MaxMonthlyCost float64 `mapstructure:"max_monthly_cost"`
	Extra          []Extra `mapstructure:"extra"`
	// Metrics are the settings of single metrics, by name. They stand beside the other keys.
	Metrics map[string]MetricConfig `mapstructure:"-"`
}

// MetricConfig are the settings of one metric.
type MetricConfig struct {
	// Enabled is true unless it is set to false.
	Enabled *bool `mapstructure:"enabled"`
	// CollectionInterval of this metric; 0: the section's.
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
}

// Extra is a metric of the namespace that the catalogue does not know.
type Extra struct {
	Metric     string   `mapstructure:"metric"`
	Statistics []string `mapstructure:"statistics"`
	Unit       string   `mapstructure:"unit"`
}

// The levels.
const (
	LevelStage = "stage"
	LevelRoute = "route"
)

const (
	// retention is how long CloudWatch keeps one-minute points, retention5m and retention1h the coarser ones ("Metrics retention").
	retention   = 15 * 24 * time.Hour
	retention5m = 63 * 24 * time.Hour
	retention1h = 455 * 24 * time.Hour
	// maxFirstRead is how far back a series is read that was never seen before: ListMetrics shows a new metric up to 15 minutes late, and the state of
	// a series is dropped after streamMemory, so that nothing is read twice.
	maxFirstRead = 3*time.Hour + 50*time.Minute
	// maxStatistics bounds the statistics of one metric: they must fit in one request.
	maxStatistics = 100
)

// DefaultConfig has the defaults of every key.
func DefaultConfig() Config {
	return Config{
		CollectionInterval: 5 * time.Minute,
		InitialDelay:       time.Second,
		InitialLookback:    10 * time.Minute,
		MaxBackfill:        24 * time.Hour,
		Period:             time.Minute,
		Delay:              2 * time.Minute,
		Revisit:            5 * time.Minute,
		Levels:             []string{LevelStage},
		Quantiles:          []float64{0.9, 0.99},
	}
}

var _ confmap.Unmarshaler = (*Config)(nil)

// Unmarshal takes the keys of single metrics, which hold dots, apart from the section's own.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	own, perMetric := map[string]any{}, map[string]any{}
	for k, v := range conf.ToStringMap() {
		if strings.HasPrefix(k, namePrefix) {
			if v == nil {
				v = map[string]any{}
			}
			perMetric[k] = v
		} else {
			own[k] = v
		}
	}
	type section Config // without this method
	errs := []error{confmap.NewFromStringMap(own).Unmarshal((*section)(c))}
	for k, v := range perMetric {
		m, ok := v.(map[string]any)
		if !ok {
			errs = append(errs, fmt.Errorf("%s: %v is not a section: write %s: {enabled: false}", k, v, k))
			continue
		}
		var mc MetricConfig
		if err := confmap.NewFromStringMap(m).Unmarshal(&mc); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", k, err))
			continue
		}
		if c.Metrics == nil {
			c.Metrics = map[string]MetricConfig{}
		}
		c.Metrics[k] = mc
	}
	return errors.Join(errs...)
}

// Check returns every error of the section; the keys are below metrics.
func (c *Config) Check() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if c.Period < time.Minute || c.Period%time.Minute != 0 || c.Period > 24*time.Hour {
		add("period: %v: API Gateway's metrics have one-minute resolution: a multiple of 1m, at most 24h", c.Period)
	}
	c.checkInterval("collection_interval", c.CollectionInterval, add)
	for _, k := range []struct {
		key string
		d   time.Duration
	}{{"initial_delay", c.InitialDelay}, {"initial_lookback", c.InitialLookback}, {"delay", c.Delay}, {"revisit", c.Revisit}} {
		if k.d < 0 {
			add("%s: %v is negative: 0 or more", k.key, k.d)
		}
	}
	if c.InitialLookback > maxFirstRead {
		add("initial_lookback: %v: at most %v, since CloudWatch lists the series of the last three hours", c.InitialLookback, maxFirstRead)
	}
	if c.Revisit > time.Hour {
		add("revisit: %v: at most 1h: every period within it is held in memory", c.Revisit)
	}
	if c.MaxBackfill <= 0 || c.MaxBackfill > retention {
		add("max_backfill: %v: more than 0 and at most %v, which is how long CloudWatch keeps one-minute points", c.MaxBackfill, retention)
	} else if c.MaxBackfill < c.InitialLookback || c.MaxBackfill-c.Revisit-2*c.CollectionInterval < c.Delay {
		add("max_backfill: %v is shorter than initial_lookback, or than delay, revisit and two intervals together: make it longer", c.MaxBackfill)
	}
	if len(c.Levels) == 0 {
		add("levels: is empty: [stage], [route] or [stage, route]")
	}
	for i, l := range c.Levels {
		if l != LevelStage && l != LevelRoute {
			add("levels[%d]: %q is not a level: stage or route", i, l)
		} else if slices.Contains(c.Levels[:i], l) {
			add("levels[%d]: %q is listed twice", i, l)
		}
	}
	for i, q := range c.Quantiles {
		switch {
		case !(q > 0 && q < 1):
			add("quantiles[%d]: %v: between 0 and 1, without them; the maximum is always there", i, q)
		case slices.Contains(c.Quantiles[:i], q):
			add("quantiles[%d]: %v is listed twice", i, q)
		}
	}
	for i, b := range c.HistogramBuckets {
		switch {
		case !(b > 0) || math.IsInf(b, 0):
			add("histogram_buckets[%d]: %v: a positive number of seconds", i, b)
		case i > 0 && b <= c.HistogramBuckets[i-1]:
			add("histogram_buckets[%d]: %v is not above %v: the bounds ascend", i, b, c.HistogramBuckets[i-1])
		}
	}
	if n := len(c.Quantiles) + len(c.HistogramBuckets); n > maxStatistics-5 {
		add("quantiles: %d quantiles and bucket bounds: at most %d, since the statistics of a metric go in one request", n, maxStatistics-5)
	}
	if !(c.MaxMonthlyCost >= 0) || math.IsInf(c.MaxMonthlyCost, 0) {
		add("max_monthly_cost: %v: USD, 0 or more", c.MaxMonthlyCost)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Metrics)) {
		switch {
		case inventorymetrics.Known(name):
			if c.Metrics[name].CollectionInterval != 0 {
				add("%s::collection_interval: is no setting of a metric from the inventory, whose interval is inventory::interval", name)
			}
			continue
		case !Known(name):
			add("%s: is no metric of this receiver: one of %s", name, strings.Join(slices.Concat(Names(), inventorymetrics.Names()), ", "))
		}
		if d := c.Metrics[name].CollectionInterval; d != 0 {
			c.checkInterval(name+"::collection_interval", d, add)
		}
	}
	c.checkExtra(add)
	return errors.Join(errs...)
}

func (c *Config) checkInterval(key string, d time.Duration, add func(string, ...any)) {
	if d < time.Minute || d > 2*time.Hour {
		add("%s: %v: between 1m, a metric's resolution, and 2h, since CloudWatch lists an active series for three", key, d)
	} else if c.Period > 0 && d < c.Period {
		add("%s: %v is shorter than period, %v: it would ask for the same points again", key, d, c.Period)
	}
}

// statistic is the grammar of "CloudWatch statistics definitions".
var statistic = regexp.MustCompile(`^(SampleCount|Sum|Average|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?|p100|(TM|WM|PR|TC|TS)\(\d*(\.\d+)?%?:\d*(\.\d+)?%?\))$`)

func (c *Config) checkExtra(add func(string, ...any)) {
	for i, e := range c.Extra {
		key := fmt.Sprintf("extra[%d]", i)
		switch {
		case e.Metric == "":
			add("%s::metric: is missing: the name of a metric of the namespace AWS/ApiGateway", key)
		case sourcesOf(e.Metric) != nil:
			add("%s::metric: %s is collected already, as %s: for its percentiles use quantiles", key, e.Metric, sourcesOf(e.Metric)[0].Name)
		case slices.ContainsFunc(c.Extra[:i], func(o Extra) bool { return o.Metric == e.Metric }):
			add("%s::metric: %s is listed twice: put its statistics into one item", key, e.Metric)
		}
		if len(e.Statistics) == 0 || len(e.Statistics) > maxStatistics {
			add("%s::statistics: %d statistics: 1 to %d, such as [Sum, p90]", key, len(e.Statistics), maxStatistics)
		}
		for j, s := range e.Statistics {
			if !statistic.MatchString(s) {
				add("%s::statistics[%d]: %q is not a statistic: SampleCount, Sum, Average, Minimum, Maximum, IQM, p99, tm90, TM(2%%:98%%), PR(0:100), TC(0:100) and the like", key, j, s)
			} else if slices.Contains(e.Statistics[:j], s) {
				add("%s::statistics[%d]: %q is listed twice", key, j, s)
			}
		}
	}
}

// sourcesOf are the definitions that a CloudWatch metric feeds.
func sourcesOf(metric string) []*Definition {
	var defs []*Definition
	for i := range Catalogue {
		for _, s := range Catalogue[i].Sources {
			if s.Metric == metric {
				defs = append(defs, &Catalogue[i])
			}
		}
	}
	return defs
}

// Enabled says whether a metric is switched on.
func (c *Config) Enabled(name string) bool {
	e := c.Metrics[name].Enabled
	return e == nil || *e
}

func (c *Config) interval(name string) time.Duration {
	if d := c.Metrics[name].CollectionInterval; d != 0 {
		return d
	}
	return c.CollectionInterval
}
