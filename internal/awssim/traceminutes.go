package awssim

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

const (
	// cachedTraces bounds the cache of minutes, in traces of 40 bytes and as much again to find them by their ids.
	cachedTraces = 500_000
	// defaultSampling is the share of X-Ray's default rule, beside the first request of each second.
	defaultSampling = 0.05
)

// traceStore is what X-Ray has taken in: which requests of a minute are sampled, made when first asked for, kept in two generations of which the older is
// dropped when the younger is full. Traces themselves are made when they are asked for.
type traceStore struct {
	world     *World
	published *published

	mu         sync.Mutex
	arrival    Arrival
	sources    map[regionKey]*traceRegion
	young, old map[traceMinuteKey]*traceMinute
	cost       int
}

// traceRegion is a region of an account with the stages that X-Ray traces at some time.
type traceRegion struct {
	account string
	region  *Region
	stages  []*stageInfo
	seed    uint64
}

type traceMinuteKey struct {
	region *traceRegion
	minute int64
}

// traceMinute are the traces that began in a minute, in the order of time.
type traceMinute struct {
	entries []traceEntry
	byID    map[traceID]int32
}

// traceID are the 24 random digits of a trace's id.
type traceID struct {
	high uint64
	low  uint32
}

// traceEntry is a trace of a minute. source is the index of its stage in the region, foreignStage for traces of other services.
type traceEntry struct {
	at      int64 // Unix milliseconds
	id      traceID
	source  int32
	request int32 // index in its minute
}

const foreignStage = -1

func (e *traceEntry) compare(o *traceEntry) int {
	return cmp.Or(cmp.Compare(e.at, o.at), cmp.Compare(e.source, o.source), cmp.Compare(e.request, o.request))
}

func newTraceStore(w *World, p *published, a Arrival) *traceStore {
	return &traceStore{world: w, published: p, arrival: a, sources: map[regionKey]*traceRegion{}, young: map[traceMinuteKey]*traceMinute{}}
}

func (s *traceStore) setArrival(a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrival = a
}

func (s *traceStore) currentArrival() Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrival
}

// region returns what is traced in a region of an account.
func (s *traceStore) region(account *Account, name string) *traceRegion {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := regionKey{account.ID, name}
	found, ok := s.sources[key]
	if !ok {
		found = &traceRegion{account: account.ID, region: account.region(name), seed: hashStrings(s.world.Seed, account.ID, name, "foreign traces")}
		for _, api := range found.region.APIs {
			for _, stage := range api.Stages {
				if info := s.world.info(api, stage); info.traced() {
					found.stages = append(found.stages, info)
				}
			}
		}
		s.sources[key] = found
	}
	return found
}

// traced reports whether X-Ray ever traces the stage.
func (i *stageInfo) traced() bool {
	return i.kind == TypeREST && slices.ContainsFunc(i.log().versions, func(v stageVersion) bool { return v.stage.Tracing })
}

// sampled returns the indices of a minute's requests that X-Ray traces, in the order of time. The stage is one that it ever traces.
func (i *stageInfo) sampled(minute int64, requests []request) []int32 {
	logs := i.log()
	var found []int32
	first := map[uint16]int32{} // by second
	share := func(r *request) (float64, bool) {
		stage := logs.version(minute*60_000 + int64(r.offset)).stage
		return stage.Sampling, stage.Tracing
	}
	for k := range requests {
		if rate, on := share(&requests[k]); on && rate == 0 {
			second := requests[k].offset / 1000
			if held, ok := first[second]; !ok || requests[k].offset < requests[held].offset {
				first[second] = int32(k)
			}
		}
	}
	for k := range requests {
		r := &requests[k]
		rate, on := share(r)
		if !on {
			continue
		}
		if rate == 0 {
			if first[r.offset/1000] == int32(k) {
				found = append(found, int32(k))
				continue
			}
			rate = defaultSampling
		}
		if float64(drawn(i.requestKey(minute, k), drawSampled)>>11) < rate*(1<<53) {
			found = append(found, int32(k))
		}
	}
	slices.SortFunc(found, func(a, b int32) int {
		return cmp.Or(cmp.Compare(requests[a].offset, requests[b].offset), cmp.Compare(a, b))
	})
	return found
}

// minute returns the traces that began in a minute in a region, those included of which nothing has arrived.
func (s *traceStore) minute(r *traceRegion, minute int64) *traceMinute {
	key := traceMinuteKey{r, minute}
	s.mu.Lock()
	m, ok := s.young[key]
	if !ok {
		if m, ok = s.old[key]; ok {
			s.keep(key, m)
		}
	}
	s.mu.Unlock()
	if ok {
		return m
	}
	m = s.make(r, minute)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(key, m)
	return m
}

// keep puts a minute into the young generation. The caller holds the lock.
func (s *traceStore) keep(key traceMinuteKey, m *traceMinute) {
	if _, ok := s.young[key]; ok {
		return
	}
	if s.cost > cachedTraces/2 {
		s.old, s.young, s.cost = s.young, map[traceMinuteKey]*traceMinute{}, 0
	}
	s.young[key] = m
	s.cost += len(m.entries) + minuteCost
}

func (s *traceStore) make(r *traceRegion, minute int64) *traceMinute {
	m := &traceMinute{entries: r.foreign(minute)}
	for source, info := range r.stages {
		if !info.active(minute) {
			continue
		}
		requests := s.published.minute(info, minute).requests
		for _, k := range info.sampled(minute, requests) {
			key := info.requestKey(minute, int(k))
			m.entries = append(m.entries, traceEntry{
				at: minute*60_000 + int64(requests[k].offset), source: int32(source), request: k,
				id: traceID{drawn(key, drawTrace), uint32(drawn(key, drawTrace2))},
			})
		}
	}
	slices.SortFunc(m.entries, func(a, b traceEntry) int { return a.compare(&b) })
	m.byID = make(map[traceID]int32, len(m.entries))
	for k := range m.entries {
		m.byID[m.entries[k].id] = int32(k)
	}
	return m
}

// before returns how many of the minute's traces come before an entry.
func (m *traceMinute) before(e *traceEntry) int {
	return sort.Search(len(m.entries), func(k int) bool { return m.entries[k].compare(e) >= 0 })
}

// build makes the trace of an entry, and says when its parts arrive.
func (s *traceStore) build(r *traceRegion, minute int64, e *traceEntry) *trace {
	var t *trace
	if e.source == foreignStage {
		t = r.buildForeign(e)
	} else {
		info := r.stages[e.source]
		c := info.context(minute, int(e.request), &s.published.minute(info, minute).requests[e.request])
		t = buildTrace(&c)
	}
	s.currentArrival().arrive(t)
	return t
}

// find returns the trace with an id that is in X-Ray's form already.
func (s *traceStore) find(r *traceRegion, seconds int64, id traceID) *trace {
	minute := floorDiv(seconds, 60)
	m := s.minute(r, minute)
	k, ok := m.byID[id]
	if !ok || floorDiv(m.entries[k].at, 1000) != seconds {
		return nil
	}
	return s.build(r, minute, &m.entries[k])
}

// forget drops what was made.
func (s *traceStore) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.old, s.young, s.cost = nil, map[traceMinuteKey]*traceMinute{}, 0
}
