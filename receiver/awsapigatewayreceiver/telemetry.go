package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

// Sources of a target's health.
const (
	sourceIdentity  = "identity"
	sourceInventory = "inventory"
	sourceMetrics   = "metrics"
	sourcePartial   = "part of the inventory"
	sourceUsage     = "usage"
	sourceLimits    = "inventory metrics"
	sourceEntities  = "entities"
	sourceLogs      = "logs"
	sourceSomeLogs  = "part of the logs"
	sourceTraces    = "traces"
	sourceSpans     = "spans of access logs" // of refusals alone
	sourceAlarms    = "alarms"
	sourceHistory   = "history of alarms"
)

// sources in the order of what the status says first.
var sources = []string{sourceIdentity, sourceInventory, sourceMetrics, sourceLogs, sourceTraces, sourcePartial, sourceUsage, sourceSomeLogs, sourceAlarms, sourceHistory}

// partial are the sources of which a failure leaves the target up.
var partial = []string{sourcePartial, sourceUsage, sourceSomeLogs, sourceAlarms, sourceHistory}

// wholes are the sources of which others are a part.
var wholes = map[string]string{sourcePartial: sourceInventory, sourceSomeLogs: sourceLogs}

// telemetry is what the receiver says of itself: internal metrics, the component's status, and one log line per change.
type telemetry struct {
	builder *metadata.TelemetryBuilder
	config  *Config
	logger  *zap.Logger
	metrics bool // are collected
	xray    bool // is pulled
	records bool // are taken by a logs pipeline

	mu      sync.Mutex
	hosts   []component.Host // of the signals that run: each hears of the status
	targets []*targetWatch
	failing bool   // as the status last said
	message string // what of it was news
	summed  bool   // the start-up line is out
}

// targetWatch is the health of one target.
type targetWatch struct {
	*telemetry
	label     string
	region    string
	client    *aws.Client
	inventory *inventory.Inventory
	alarms    *alarms.List // nil: they are off
	collector *metrics.Collector
	reader    *logs.Reader
	traces    *traces.Reader
	errs      map[string]error    // by source
	said      map[string][]string // of each source that fails: the kinds of failures that are in the log
	refusals  map[string]error    // of the pipelines, while they refuse, by source
	account   string              // once it is known
	reported  bool
}

func newTelemetry(set receiver.Settings, config *Config) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &telemetry{builder: builder, config: config, logger: set.Logger}, nil
}

func (t *telemetry) target(label string) *targetWatch {
	i := slices.IndexFunc(t.targets, func(w *targetWatch) bool { return w.label == label })
	return t.targets[i]
}

// claim notes which account a target turned out to be. It returns the label of the target that has it already, "" where none has.
func (t *telemetry) claim(target model.Target) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.targets {
		if w.account == target.AccountID && w.region == target.Region {
			return w.label
		}
	}
	for _, w := range t.targets {
		if w.label == target.Label {
			w.account = target.AccountID
		}
	}
	return ""
}

// refused takes a pipeline's refusals into the status. The target itself is up all the same.
func (w *targetWatch) refused(source string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.refusals, source)
	} else {
		w.refusals[source] = err
	}
	w.status()
}

// attachHost tells a signal's host of the status from now on.
func (t *telemetry) attachHost(host component.Host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hosts = append(t.hosts, host)
	if t.failing {
		componentstatus.ReportStatus(host, t.event())
	}
}

// detachHost ends a signal's status reports: they are not allowed during its shutdown.
func (t *telemetry) detachHost(host component.Host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.hosts, host); i >= 0 {
		t.hosts = slices.Delete(t.hosts, i, i+1)
	}
}

func (w *targetWatch) attachInventory(inv *inventory.Inventory, list *alarms.List) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inventory, w.alarms = inv, list
}

func (w *targetWatch) attachCollector(c *metrics.Collector) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.collector = c
}

func (w *targetWatch) attachReader(r *logs.Reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reader = r
}

func (w *targetWatch) attachTraces(r *traces.Reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traces = r
}

// maxMessage bounds an error in a log line or status.
const maxMessage = 4000

func short(err error) string {
	s := strings.ReplaceAll(err.Error(), "\n", "; ")
	if len(s) > maxMessage {
		s = s[:maxMessage] + " …"
	}
	return s
}

// kind is what of a failure is news: its class, and what mends it.
func kind(err error) string {
	e := (*aws.Error)(nil)
	if !errors.As(err, &e) {
		return ""
	}
	return string(e.Class) + " " + e.Remedy()
}

// report takes the outcome of a source of the target's data. Each kind of failure is said once until it ends, and that is said; where a part no longer
// fails because the whole does, which is reported before, that is no end.
func (w *targetWatch) report(source string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.hosts) == 0 {
		return // it is being shut down
	}
	w.reported = true
	_, failed := w.errs[source]
	switch what := kind(err); {
	case err == nil && failed:
		delete(w.errs, source)
		delete(w.said, source)
		if w.errs[wholes[source]] == nil {
			w.logger.Info("Target can be read again", zap.String("target", w.label), zap.String("source", source))
		}
	case err != nil:
		if !slices.Contains(w.said[source], what) {
			w.said[source] = append(w.said[source], what)
			message := "Target cannot be read; it is tried again"
			if slices.Contains(partial, source) {
				message = "Part of a target cannot be read; what was known of it stays, and it is tried again"
			}
			w.logger.Warn(message, zap.String("target", w.label), zap.String("source", source),
				zap.String("class", string(aws.ClassOf(err))), zap.String("error", short(err)))
		}
		w.errs[source] = err
	}
	w.status()
	w.summary()
}

// down says whether the target as a whole can't be read. A part of its inventory that can't leaves it up.
func (w *targetWatch) down() bool { return w.downBut() }

// downBut is down whatever is said of some sources.
func (w *targetWatch) downBut(sources ...string) bool {
	for source := range w.errs {
		if !slices.Contains(partial, source) && !slices.Contains(sources, source) {
			return true
		}
	}
	return false
}

// status reports the component's status when it changes: recoverable while any target fails.
func (t *telemetry) status() {
	var parts []string
	for _, w := range t.targets {
		for _, source := range sources {
			if err := w.errs[source]; err != nil {
				parts = append(parts, fmt.Sprintf("%s: %s: %s", w.label, source, kind(err)))
			}
		}
		for _, source := range slices.Sorted(maps.Keys(w.refusals)) {
			parts = append(parts, fmt.Sprintf("%s: the pipeline refuses %s", w.label, source))
		}
	}
	message := strings.Join(parts, ", ")
	if message == t.message && t.failing == (len(parts) > 0) {
		return
	}
	t.message, t.failing = message, len(parts) > 0
	for _, host := range t.hosts {
		componentstatus.ReportStatus(host, t.event())
	}
}

// event is the status as it is.
func (t *telemetry) event() *componentstatus.Event {
	if !t.failing {
		return componentstatus.NewEvent(componentstatus.StatusOK)
	}
	var errs []error
	for _, w := range t.targets {
		for _, source := range sources {
			if err := w.errs[source]; err != nil {
				errs = append(errs, fmt.Errorf("target %s: %s", w.label, short(err)))
			}
		}
		for _, source := range slices.Sorted(maps.Keys(w.refusals)) {
			errs = append(errs, fmt.Errorf("target %s: the pipeline refuses %s: %s", w.label, source, short(w.refusals[source])))
		}
	}
	return componentstatus.NewRecoverableErrorEvent(errors.Join(errs...))
}

// summary says once, when every target has been read or has failed, what is collected and what it costs.
func (t *telemetry) summary() {
	if t.summed {
		return
	}
	var apis, series, up int
	var cost metrics.Cost
	for _, w := range t.targets {
		var s metrics.Status
		if w.collector != nil {
			s = w.collector.Status()
		}
		var x traces.Status
		if w.traces != nil {
			x = w.traces.Status()
		}
		// What logs and traces can't read holds up neither what is said of the rest, nor the warning of its cost.
		down, xray := w.downBut(sourceLogs, sourceTraces), t.xray && w.errs[sourceTraces] == nil
		if !down && (t.metrics && !s.First || !t.metrics && !w.crawled() || xray && !x.First) {
			return
		}
		if !down {
			up++
		}
		series += s.Series
		cost.Add(s.Cost)
		cost.Add(costOf(x))
		if w.inventory != nil {
			if snapshot := w.inventory.Current(); snapshot != nil {
				apis += len(snapshot.APIs)
				cost.Calls += inventory.CallsPerHour(len(snapshot.APIs), &t.config.Inventory)
			}
		}
		if w.alarms != nil {
			cost.Calls += w.alarms.CallsPerHour(t.records)
		}
	}
	if up == 0 {
		return // the failures are said; this line comes with the first target that can be read
	}
	t.summed = true
	fields := []zap.Field{
		zap.Int("targets", len(t.targets)), zap.Int("targets_up", up), zap.Int("apis", apis), zap.Int("series", series),
		zap.Int("aws_calls_per_hour", int(cost.Calls+0.5)), zap.Float64("usd_per_month_low", cents(cost.Low)), zap.Float64("usd_per_month_high", cents(cost.High)),
	}
	limit := t.config.Metrics.MaxMonthlyCost
	if limit == 0 {
		limit = metrics.DefaultMaxMonthlyCost
	}
	if cost.High > limit {
		t.logger.Warn("Collecting from API Gateway, at an estimated cost above metrics::max_monthly_cost",
			append(fields, zap.Float64("max_monthly_cost", limit), zap.String("savings", cost.Advice()))...)
		return
	}
	t.logger.Info("Collecting from API Gateway", fields...)
}

// costOf is the estimated cost of what is pulled from X-Ray, by what was read so far.
func costOf(s traces.Status) metrics.Cost {
	cost := metrics.Cost{Low: s.USDPerMonth, High: s.USDPerMonth, Calls: s.CallsPerHour}
	if s.USDPerMonth > 0 {
		cost.Savings = map[string]float64{"traces::xray: {enabled: false}": s.USDPerMonth}
	}
	return cost
}

// crawled says whether the target's APIs are known.
func (w *targetWatch) crawled() bool {
	if w.inventory == nil {
		return false
	}
	_, known := w.inventory.Age()
	return known
}

func cents(usd float64) float64 { return float64(int64(usd*100+0.5)) / 100 }
