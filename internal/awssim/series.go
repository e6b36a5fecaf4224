package awssim

import (
	"slices"
	"strings"
)

// dimension is a CloudWatch dimension.
type dimension struct{ Name, Value string }

// canarySuffix follows the stage's name in the Stage dimension of a canary's series. AWS documents no value; an emulator uses this one.
const canarySuffix = "/Canary"

// dimensionGroup holds the series that share one set of dimensions: one per metric of its API type.
type dimensionGroup struct {
	kind       string
	dimensions []dimension // ascending by name
	sources    []source    // several where REST APIs share a name: their samples merge
	hash       uint64
}

// source is what a series takes from one stage.
type source struct {
	info  *stageInfo
	sel   selector
	since int64 // first minute that counts; route level series begin when detailed metrics were switched on
}

// series is one metric of a group.
type series struct {
	group  *dimensionGroup
	metric metricDef
	hash   uint64
}

// regionSeries are the series that an account's region can ever have.
type regionSeries struct {
	groups map[string]*dimensionGroup
	series []series // in the stable but meaningless order in which ListMetrics lists them
}

// metricAPIName returns the ApiName dimension of a REST API: its name without what is not ASCII, its id where nothing is left (API Gateway
// Developer Guide, metrics and dimensions).
func metricAPIName(api *API) string {
	name := strings.Map(func(r rune) rune {
		if r > 0x7f {
			return -1
		}
		return r
	}, api.Name)
	if name == "" {
		return api.ID
	}
	return name
}

// buildSeries derives the series of an account's region.
func buildSeries(w *World, account string, region *Region) *regionSeries {
	out := &regionSeries{groups: map[string]*dimensionGroup{}}
	seed := hashStrings(w.Seed, account, region.Name)
	for _, api := range region.APIs {
		for _, stage := range api.Stages {
			info := w.info(api, stage)
			if stage.Traffic.PerMinute <= 0 {
				continue
			}
			out.addStage(seed, info)
		}
	}
	for _, g := range out.groups {
		for _, m := range metricsOf[g.kind] {
			out.series = append(out.series, series{g, m, mix(g.hash + uint64(m.code))})
		}
	}
	slices.SortFunc(out.series, func(a, b series) int {
		if a.hash < b.hash {
			return -1
		}
		return int(flag(a.hash > b.hash))
	})
	return out
}

// addStage adds what a stage contributes to each level: API, stage, and route where detailed metrics are on at some time.
func (s *regionSeries) addStage(seed uint64, info *stageInfo) {
	api := dimension{"ApiId", info.api.ID}
	if info.kind == TypeREST {
		api = dimension{"ApiName", metricAPIName(info.api)}
	}
	s.add(seed, info, selectAll, api)
	canary := info.kind == TypeREST && info.stage.CanaryPercent > 0
	stage := dimension{"Stage", info.stage.Name}
	s.add(seed, info, selectStage, api, stage)
	canaryStage := dimension{"Stage", info.stage.Name + canarySuffix}
	if canary {
		s.add(seed, info, selectCanary, api, canaryStage)
	}
	if info.stage.DetailedSince.IsZero() {
		return
	}
	for i, r := range info.routes[:min(len(info.routes), maxRoutes)] {
		if info.kind == TypeWebSocket {
			s.add(seed, info, routeSelector(i, false), api, dimension{"Route", r.RouteKey}, stage)
			continue
		}
		method, resource := dimension{"Method", r.Method}, dimension{"Resource", r.Path}
		s.add(seed, info, routeSelector(i, false), api, method, resource, stage)
		if canary {
			s.add(seed, info, routeSelector(i, true), api, method, resource, canaryStage)
		}
	}
}

// add adds a source to the group of that dimension set, which must be ascending by name.
func (s *regionSeries) add(seed uint64, info *stageInfo, sel selector, dimensions ...dimension) {
	key := dimensionKey(dimensions)
	g, ok := s.groups[key]
	if !ok {
		g = &dimensionGroup{kind: info.kind, dimensions: slices.Clone(dimensions), hash: hashStrings(seed, key)}
		s.groups[key] = g
	}
	since := int64(0)
	if sel >= selectRoute {
		since = info.detailedSince
	}
	g.sources = append(g.sources, source{info, sel, since})
}

// dimensionKey writes dimensions that are ascending by name as one string.
func dimensionKey(dimensions []dimension) string { return string(appendKey(nil, dimensions)) }

func appendKey(b []byte, dimensions []dimension) []byte {
	for _, d := range dimensions {
		b = append(append(b, d.Name...), 0)
		b = append(append(b, d.Value...), 0)
	}
	return b
}

// find returns the series of a metric with exactly these dimensions, in any order.
func (s *regionSeries) find(name string, dimensions []dimension) (series, bool) {
	byName := func(a, b dimension) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(dimensions, byName) {
		dimensions = slices.Clone(dimensions)
		slices.SortFunc(dimensions, byName)
	}
	var buffer [256]byte
	g, ok := s.groups[string(appendKey(buffer[:0], dimensions))]
	if !ok {
		return series{}, false
	}
	for _, m := range metricsOf[g.kind] {
		if m.name == name {
			return series{g, m, mix(g.hash + uint64(m.code))}, true
		}
	}
	return series{}, false
}
