package awssim

import (
	"math"
	"sync"
	"time"
)

// worldIndex finds what the simulator derives from a stage once: its key in the random streams, its lifetime in milliseconds, its routes.
type worldIndex struct {
	stages map[*Stage]*stageInfo
}

// stageInfo is a stage with all that is needed to make its requests.
type stageInfo struct {
	api   *API
	stage *Stage
	kind  string
	key   uint64 // of the stage in the random streams

	from, to      int64 // lifetime, Unix milliseconds, half open
	detailedSince int64 // first minute with route level metrics; math.MaxInt64: never

	routes []Route
	share  []uint32 // cumulative share of the routes, scaled to 1<<16

	account string // the account's id
	region  *Region
	logging sync.Once
	logs    *stageLogs // made when first asked for: see log
}

// info returns what is derived from a stage. Stages that are new to the world since the last call are indexed then.
func (w *World) info(api *API, stage *Stage) *stageInfo {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.index != nil {
		if info, ok := w.index.stages[stage]; ok && info.api == api {
			return info
		}
	}
	w.index = buildIndex(w)
	if info, ok := w.index.stages[stage]; ok && info.api == api {
		return info
	}
	return newStageInfo(w.Seed, "", &Region{}, api, stage)
}

func buildIndex(w *World) *worldIndex {
	index := &worldIndex{stages: map[*Stage]*stageInfo{}}
	for _, a := range w.Accounts {
		for _, r := range a.Regions {
			for _, api := range r.APIs {
				for _, s := range api.Stages {
					index.stages[s] = newStageInfo(w.Seed, a.ID, r, api, s)
				}
			}
		}
	}
	return index
}

func newStageInfo(seed uint64, account string, region *Region, api *API, stage *Stage) *stageInfo {
	info := &stageInfo{
		api:           api,
		stage:         stage,
		kind:          api.kind(),
		key:           hashStrings(seed, account, region.Name, api.ID, stage.Name),
		from:          math.MinInt64,
		to:            math.MaxInt64,
		detailedSince: math.MaxInt64,
		routes:        stage.Routes,
		account:       account,
		region:        region,
	}
	if since := stage.since(api); !since.IsZero() {
		info.from = since.UnixMilli()
	}
	if until := stage.until(api); !until.IsZero() {
		info.to = until.UnixMilli()
	}
	if !stage.DetailedSince.IsZero() {
		info.detailedSince = minuteAtOrAfter(stage.DetailedSince)
	}
	if len(info.routes) == 0 {
		info.routes = defaultRoutes(info.kind)
	}
	info.share = shares(info.routes)
	return info
}

// defaultRoutes are the routes of a stage that names none.
func defaultRoutes(kind string) []Route {
	switch kind {
	case TypeWebSocket:
		return []Route{{RouteKey: "$connect", Weight: 1}, {RouteKey: "$default", Weight: 9}}
	case TypeHTTP:
		return []Route{{Method: "ANY", Path: "/"}}
	default:
		return []Route{{Method: "GET", Path: "/"}}
	}
}

// shares returns the cumulative shares of the routes; the last one is 1<<16, so that every 16-bit number falls on a route.
func shares(routes []Route) []uint32 {
	total := 0.0
	for _, r := range routes {
		total += r.weight()
	}
	cumulative, sum := make([]uint32, len(routes)), 0.0
	for i, r := range routes {
		sum += r.weight()
		cumulative[i] = uint32(sum / total * (1 << 16))
	}
	cumulative[len(cumulative)-1] = 1 << 16
	return cumulative
}

func (r Route) weight() float64 {
	if r.Weight <= 0 {
		return 1
	}
	return r.Weight
}

// minuteOf returns the Unix minute that t lies in.
func minuteOf(t time.Time) int64 { return floorDiv(t.Unix(), 60) }

// minuteAtOrAfter returns the first Unix minute that starts at or after t.
func minuteAtOrAfter(t time.Time) int64 { return -floorDiv(-t.UnixMilli(), 60_000) }

// minuteStart returns the time at which a Unix minute starts.
func minuteStart(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// hashStrings is FNV-1a over the parts, each ended by a zero byte, started from and finally mixed with the seed: the same on every machine and in
// every process, which hash/maphash is not.
func hashStrings(seed uint64, parts ...string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037) ^ mix(seed)
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * prime
		}
		h *= prime
	}
	return mix(h)
}
