package inventorymetrics

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Settings are what a Collector needs.
type Settings struct {
	Config    inventory.Config
	Reader    inventory.Reader
	Inventory *inventory.Inventory
	Resources *resource.Writer
	Emitter   *emit.Metrics
	Store     *checkpoint.Store
	// Key is where the usage that was reported is stored.
	Key   string
	Clock poll.Clock
	// Now is AWS's time.
	Now func() time.Time
	// Enabled says whether a metric is switched on.
	Enabled         func(name string) bool
	Logger          *zap.Logger
	CheckpointError func(ctx context.Context)
	// Version is the collector's, for the scope.
	Version string
}

// Collector reports the metrics of one target's inventory, each interval.
type Collector struct {
	Settings
}

// New makes the collector of a target whose account is known.
func New(s Settings) *Collector { return &Collector{s} }

const (
	// firstReport is how long after the first list the first report comes: a crawl has found something by then.
	firstReport = 10 * time.Second
	// maxPoints bounds a batch.
	maxPoints = 5000
)

// Run reports until ctx ends.
func (c *Collector) Run(ctx context.Context) {
	if _, err := c.Inventory.Wait(ctx); err != nil {
		return
	}
	wait := firstReport
	for c.Clock.Sleep(ctx, wait) == nil {
		c.report(ctx)
		wait = c.Config.Interval
	}
}

// report hands over all metrics of the newest snapshot, in batches.
func (c *Collector) report(ctx context.Context) {
	s := c.Inventory.Current()
	for next := 0; next >= 0 && ctx.Err() == nil; {
		from := next
		if _, err := c.Emitter.Emit(ctx, func() pmetric.Metrics {
			b := c.newBatch()
			if from == 0 {
				b.account(s)
			}
			next = b.apis(s, from)
			return b.md
		}); err != nil {
			return
		}
	}
}

// apis writes the metrics of the APIs from an index on, until the batch is full. It returns the index to go on with, -1 at the end.
func (b *batch) apis(s *inventory.Snapshot, from int) int {
	plans := planThrottles(s)
	for i := from; i < len(s.APIs); i++ {
		if b.points >= maxPoints && i > from { // the account's may fill a batch
			return i
		}
		a := &s.APIs[i]
		if s.Parts[a.ID] == nil {
			continue // not collected
		}
		b.counts(b.on(func(res pcommon.Resource) { b.c.Resources.API(res, a) }), s.Parts[a.ID], nil)
		s.CollectedOf(a, func(stage *model.Stage) {
			b.stage(a, stage, plans[[2]string{a.ID, stage.Name}])
		})
	}
	return -1
}

type planThrottle struct {
	plan string
	model.RouteThrottle
}

// planThrottles are the usage plans' throttles of single methods, by API and stage.
func planThrottles(s *inventory.Snapshot) map[[2]string][]planThrottle {
	out := map[[2]string][]planThrottle{}
	if s.Limits == nil {
		return out
	}
	for _, p := range s.Limits.Plans {
		for _, st := range p.Stages {
			k := [2]string{st.API, st.Stage}
			for _, t := range st.Throttles {
				out[k] = append(out[k], planThrottle{p.ID, t})
			}
		}
	}
	return out
}

func (g *group) throttle(t model.Throttle, attributes ...string) {
	if t.Rate != nil {
		g.double(rateLimit, *t.Rate, attributes...)
	}
	if t.Burst != nil {
		g.integer(burstLimit, int64(*t.Burst), attributes...)
	}
}

func (b *batch) stage(a *model.API, s *model.Stage, plans []planThrottle) {
	g := b.on(func(res pcommon.Resource) { b.c.Resources.Stage(res, a, nil, s.Name) })
	for _, t := range s.Throttles {
		scope := inventory.ScopeRoute
		if t.Route == "" {
			scope = inventory.ScopeStage
		}
		g.throttle(t.Throttle, attrScope, scope, attr.RouteKey, t.Route)
	}
	for _, t := range plans {
		g.throttle(t.Throttle, attrScope, inventory.ScopeUsagePlan, attr.UsagePlanID, t.plan, attr.RouteKey, t.Route)
	}
	if s.CacheGB > 0 {
		g.integer(cacheSize, int64(s.CacheGB*(1<<30))) // the sizes are those of ElastiCache nodes, in GiB
	}
	if s.Canary != nil {
		g.double(canaryTraffic, s.Canary.Percent/100)
	}
	if !s.Deployed.IsZero() {
		g.integer(deploymentAge, int64(b.at.Sub(s.Deployed)/time.Second))
	}
	state := func(on bool) string { return map[bool]string{true: "on", false: "off"}[on] }
	access := state(s.AccessLog.Destination != "")
	if strings.Contains(s.AccessLog.Destination, ":firehose:") {
		access = "unreadable" // it can't be read back from there
	}
	for _, t := range [...][2]string{
		{"access_logs", access}, {"execution_logs", state(s.ExecutionLogs)}, {"xray", state(s.Tracing)}, {"detailed_metrics", state(s.DetailedMetrics)},
	} {
		g.integer(stageTelemetry, 1, attrSource, t[0], attrState, t[1])
	}
}

// counts writes how many resources there are, by kind.
func (b *batch) counts(g *group, parts inventory.Parts, more map[string]int) {
	byKind := maps.Clone(more)
	if byKind == nil {
		byKind = map[string]int{}
	}
	for _, p := range parts {
		for kind, n := range p.Counts {
			byKind[strings.TrimPrefix(kind, attr.Prefix)] += n
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		if kind == "account" || kind == "api" && more == nil {
			continue // one each, which is no news
		}
		g.integer(resources, int64(byKind[kind]), attrKind, kind)
	}
}

func (b *batch) account(s *inventory.Snapshot) {
	g := b.on(b.c.Resources.Account)
	b.counts(g, s.Parts[""], map[string]int{"api": len(s.APIs)})
	if s.Limits == nil {
		return
	}
	g.throttle(s.Limits.Account, attrScope, inventory.ScopeAccount)
	for i := range s.Limits.Plans {
		p := &s.Limits.Plans[i]
		g.throttle(p.Throttle, attrScope, inventory.ScopeUsagePlan, attr.UsagePlanID, p.ID)
		if p.Quota != nil {
			g.integer(quotaLimit, int64(p.Quota.Limit), attr.UsagePlanID, p.ID, attr.Prefix+"quota.period", p.Quota.Period)
		}
	}
	for _, cert := range s.Limits.Certificates {
		if !cert.Expires.IsZero() {
			g.integer(certificateExpiry, int64(cert.Expires.Sub(b.at)/time.Second), attr.ClientCertificateID, cert.ID)
		}
	}
}
