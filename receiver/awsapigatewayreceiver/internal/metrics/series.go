package metrics

import (
	"cmp"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// CloudWatch's dimensions of API Gateway.
const (
	dimAPIName  = "ApiName"
	dimAPIID    = "ApiId"
	dimStage    = "Stage"
	dimMethod   = "Method"
	dimResource = "Resource"
	dimRoute    = "Route"
)

// canarySuffix is what the Stage dimension of a canary's series ends with.
const canarySuffix = "/Canary"

// series is one CloudWatch metric with its dimensions, and its account.
type series struct {
	plan   *plan
	key    inventory.Key
	stage  string // without the canary's suffix
	canary bool
	extra  *extraDimensions // nil at stage level

	owners   *inventory.Owners
	snapshot *inventory.Snapshot // that owners came from
	listed   bool                // in the newest complete list, or since
	wanted   bool                // by the filter, and with a known owner
	readTo   int64               // end of the newest window that was read
	lostTo   int64               // end of what was counted as lost
	failed   bool                // to be asked again, for the same window
	asks     int                 // in the running cycle, for want of a statistic
	sparse   bool                // asking again brought the missing statistic no nearer: it is done without
	cycle    int                 // in which it was asked for last
	ledger   ledger
}

// extraDimensions are those beyond API and stage. Most series have none.
type extraDimensions struct {
	method, resource string
	route            string // a WebSocket's route key
	// more are of metrics.extra.
	more []model.Dimension
}

var noDimensions extraDimensions

func (s *series) beyond() *extraDimensions {
	if s.extra == nil {
		return &noDimensions
	}
	return s.extra
}

func (s *series) routeLevel() bool {
	d := s.beyond()
	return d.method != "" || d.resource != "" || d.route != ""
}

// routeKey is a route's key: `METHOD /path` for REST and HTTP.
func (s *series) routeKey() string {
	d := s.beyond()
	if d.route != "" {
		return d.route
	}
	if d.method == "" || d.method == d.resource {
		return d.resource // $default
	}
	return d.method + " " + d.resource
}

// idSeparator is in no dimension that is taken.
const idSeparator = "\x1f"

// id identifies the series within its API. It is stored.
func (s *series) id() string {
	parts := []string{s.plan.metric, s.stage}
	if s.canary {
		parts[1] += canarySuffix
	}
	if d := s.extra; d != nil {
		parts = append(parts, d.method, d.resource, d.route)
	}
	for _, d := range s.beyond().more {
		parts = append(parts, d.Name, d.Value)
	}
	return strings.Join(parts, idSeparator)
}

func (s *series) compare(o *series) int {
	if s.key != o.key {
		return cmp.Or(cmp.Compare(s.key.Value, o.key.Value), boolCompare(s.key.ByName, o.key.ByName))
	}
	return cmp.Or(cmp.Compare(s.stage, o.stage), boolCompare(s.canary, o.canary), cmp.Compare(s.plan.metric, o.plan.metric), cmp.Compare(s.id(), o.id()))
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// dimensions are those of CloudWatch.
func (s *series) dimensions() []model.Dimension {
	dims := make([]model.Dimension, 0, 4)
	if s.key.ByName {
		dims = append(dims, model.Dimension{Name: dimAPIName, Value: s.key.Value})
	} else {
		dims = append(dims, model.Dimension{Name: dimAPIID, Value: s.key.Value})
	}
	beyond := s.beyond()
	for _, d := range [...]model.Dimension{{Name: dimMethod, Value: beyond.method}, {Name: dimResource, Value: beyond.resource}, {Name: dimRoute, Value: beyond.route}} {
		if d.Value != "" {
			dims = append(dims, d)
		}
	}
	stage := s.stage
	if s.canary {
		stage += canarySuffix
	}
	return append(append(dims, model.Dimension{Name: dimStage, Value: stage}), beyond.more...)
}

// verdict says what becomes of a listed metric.
type verdict int

const (
	collect verdict = iota
	// ignored: known, but not asked for: an API's sum over its stages, a level or metric that is off.
	ignored
	// unknown: the metric or its set of dimensions.
	unknown
)

// classifier turns listed metrics into series.
type classifier struct {
	plans        map[string]*plan
	stage, route bool // levels
}

// classify decides by the set of dimensions. Accepted are ApiName|ApiId,Stage; ApiName|ApiId,Method,Resource,Stage; ApiId,Stage,Route.
func (c *classifier) classify(m *model.Metric) (*series, verdict) {
	s := &series{}
	var beyond extraDimensions
	stage, hasStage := "", false
	seen := 0
	for i := range m.Dimensions {
		d := &m.Dimensions[i]
		if strings.Contains(d.Name, idSeparator) || strings.Contains(d.Value, idSeparator) {
			return nil, unknown
		}
		for j := range i {
			if m.Dimensions[j].Name == d.Name {
				return nil, unknown
			}
		}
		switch d.Name {
		case dimAPIName:
			s.key = inventory.Key{ByName: true, Value: d.Value}
			seen++
		case dimAPIID:
			s.key = inventory.Key{Value: d.Value}
			seen++
		case dimStage:
			stage, hasStage = d.Value, true
		case dimMethod:
			beyond.method = d.Value
		case dimResource:
			beyond.resource = d.Value
		case dimRoute:
			beyond.route = d.Value
		default:
			beyond.more = append(beyond.more, *d)
		}
	}
	p, planned := c.plans[m.Name]
	if !planned && sourcesOf(m.Name) == nil || seen != 1 || s.key.Value == "" {
		return nil, unknown
	}
	n := len(m.Dimensions)
	extra := planned && p.extra
	switch {
	case n == 1:
		return nil, ignored // the sum over the stages
	case !hasStage || stage == "":
		return nil, unknown
	case len(beyond.more) > 0:
		if !extra {
			return nil, unknown
		}
		slices.SortFunc(beyond.more, func(a, b model.Dimension) int { return cmp.Compare(a.Name, b.Name) })
	case n == 2:
	case n == 4 && beyond.method != "" && beyond.resource != "":
	case n == 3 && beyond.route != "" && !s.key.ByName:
	default:
		return nil, unknown
	}
	if n > 2 {
		s.extra = &beyond
	}
	if !planned || s.routeLevel() && !c.route || !s.routeLevel() && !c.stage {
		return nil, ignored
	}
	s.plan = p
	s.stage, s.canary = strings.CutSuffix(stage, canarySuffix)
	return s, collect
}
