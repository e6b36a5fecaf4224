package alarms

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// namespace is API Gateway's in CloudWatch.
const namespace = "AWS/ApiGateway"

// Dimensions of the namespace.
const (
	dimensionName  = "ApiName"
	dimensionID    = "ApiId"
	dimensionStage = "Stage"
	// canarySuffix ends the stage dimension of a canary's series.
	canarySuffix = "/Canary"
)

// place is what an alarm watches: a stage, all of an API, or, without an API, several of them.
type place struct {
	api        *model.API
	candidates []string // REST APIs of one name, one of which it is
	stage      string
}

// key tells places apart.
func (p place) key() string {
	if p.api == nil {
		return ""
	}
	return p.api.ID + "\x00" + strings.Join(p.candidates, ",") + "\x00" + p.stage
}

// with is the place of something that watches two: what they have in common.
func (p place) with(q place) place {
	switch {
	case p.key() == q.key():
		return p
	case p.api == nil || q.api == nil || p.api.ID != q.api.ID || !slices.Equal(p.candidates, q.candidates):
		return place{}
	default:
		return place{api: p.api, candidates: p.candidates}
	}
}

// describe writes the resource of a place.
func (p place) describe(w *resource.Writer, res pcommon.Resource) {
	switch {
	case p.api == nil:
		w.Account(res)
	case p.stage == "" && p.candidates == nil:
		w.API(res, p.api)
	default:
		w.Stage(res, p.api, p.candidates, p.stage)
	}
}

// mayWatch leaves out what surely has to do with other services, before the inventory is asked.
func mayWatch(a *model.Alarm) bool {
	if a.Type != model.MetricAlarm {
		return true
	}
	return slices.ContainsFunc(a.Metrics, ofGateway) || slices.ContainsFunc(a.Expressions, namesGateway)
}

func ofGateway(m model.AlarmMetric) bool { return m.Namespace == namespace }

// namesGateway says whether a SEARCH, a Metrics Insights query or PromQL, which spells it in lower case, names the namespace.
func namesGateway(expression string) bool {
	return strings.Contains(strings.ToLower(expression), strings.ToLower(namespace))
}

// finding is what is known of where an alarm stands.
type finding struct {
	place
	watches, pending, excluded bool
}

// add takes in something else that the alarm watches.
func (f *finding) add(g finding) {
	switch {
	case !g.watches:
	case !f.watches:
		*f = g
	case f.excluded != g.excluded:
		// A part of what it watches is collected, and the alarm is of that.
		if f.excluded {
			*f = g
		}
	default:
		f.place, f.pending = f.with(g.place), f.pending || g.pending
	}
}

// locator finds the places of alarms by one snapshot.
type locator struct {
	snapshot *inventory.Snapshot
	now      time.Time
	groups   map[string]finding // of log groups, by name
}

func newLocator(s *inventory.Snapshot, now time.Time) *locator {
	return &locator{snapshot: s, now: now}
}

func (l *locator) locate(all []model.Alarm) []Alarm {
	findings := make([]finding, len(all))
	for i := range all {
		switch a := &all[i]; a.Type {
		case model.MetricAlarm:
			findings[i] = l.metricAlarm(a)
		case model.LogAlarm:
			findings[i] = l.logAlarm(a)
		}
	}
	l.composites(all, findings)
	var out []Alarm
	for i := range all {
		if f := &findings[i]; f.watches && !f.excluded {
			out = append(out, Alarm{Alarm: all[i], place: f.place, pending: f.pending})
		}
	}
	return out
}

func (l *locator) metricAlarm(a *model.Alarm) finding {
	var f finding
	for _, m := range a.Metrics {
		if ofGateway(m) {
			f.add(l.metric(m.Dimensions))
		}
	}
	if slices.ContainsFunc(a.Expressions, namesGateway) {
		f.add(finding{watches: true}) // of whatever it finds
	}
	return f
}

// metric finds the API and stage that dimensions name.
func (l *locator) metric(dimensions []model.Dimension) finding {
	var key inventory.Key
	stage := ""
	for _, d := range dimensions {
		switch d.Name {
		case dimensionName:
			key = inventory.Key{ByName: true, Value: d.Value}
		case dimensionID:
			key = inventory.Key{Value: d.Value}
		case dimensionStage:
			stage = strings.TrimSuffix(d.Value, canarySuffix)
		}
	}
	if key.Value == "" {
		return finding{watches: true}
	}
	return l.owner(key, stage)
}

func (l *locator) owner(key inventory.Key, stage string) finding {
	owners, known := l.snapshot.Owners(key, stage)
	if known != inventory.Known {
		return finding{watches: true, pending: true}
	}
	owner := owners.At(l.now)
	return finding{
		place: place{api: owner.API, candidates: owner.Candidates, stage: stage}, watches: true, excluded: l.snapshot.Excluded(owner.API, stage),
	}
}
