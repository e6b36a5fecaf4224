package awssim

import (
	"sync"
	"time"
)

// Lateness says when CloudWatch shows what happened. A request counts in its minute's points from the minute's end + Base on, a fraction Late of
// the requests only up to Max later; a fraction WholePoints of the (series, minute) points is missing altogether for up to Max. Which ones and for
// how long is fixed by the seed, so that counts only grow.
type Lateness struct {
	Base, Max         time.Duration
	Late, WholePoints float64
}

// cachedRequests bounds the cache of minutes, in requests: 16 bytes each, and about as much again for the distributions made of them.
const cachedRequests = 2_000_000

// minuteCost is what a cached minute costs besides its requests, in requests.
const minuteCost = 32

// published is what CloudWatch has taken in: minutes of requests, made when first asked for, kept in two generations of which the older is dropped
// when the younger is full.
type published struct {
	seed uint64

	mu         sync.Mutex
	lateness   Lateness
	young, old map[minuteKey]*minuteRequests
	cost       int
}

type minuteKey struct {
	info   *stageInfo
	minute int64
}

// minuteRequests are the requests of a stage in a minute, and the distributions made of those that were visible when last asked.
type minuteRequests struct {
	info     *stageInfo
	requests []request
	delays   []uint32 // milliseconds after end + Base; nil: none is late

	mu            sync.Mutex
	visible       int // requests that the distributions are made of
	distributions map[seriesKey]*distribution
}

// seriesKey names a metric of the requests that a selector picks.
type seriesKey struct {
	sel    selector
	metric metricCode
}

func newPublished(seed uint64, lateness Lateness) *published {
	return &published{seed: seed, lateness: lateness, young: map[minuteKey]*minuteRequests{}}
}

// setLateness changes the lateness from now on; points that were visible may be hidden again by it.
func (p *published) setLateness(l Lateness) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lateness, p.young, p.old, p.cost = l, map[minuteKey]*minuteRequests{}, nil, 0
}

func (p *published) currentLateness() Lateness {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lateness
}

// minute returns a stage's minute from the cache, or makes it.
func (p *published) minute(info *stageInfo, minute int64) *minuteRequests {
	key := minuteKey{info, minute}
	p.mu.Lock()
	m, ok := p.young[key]
	if !ok {
		if m, ok = p.old[key]; ok {
			p.keep(key, m)
		}
	}
	lateness := p.lateness
	p.mu.Unlock()
	if ok {
		return m
	}
	m = &minuteRequests{info: info, requests: info.requests(minute)}
	m.delays = lateness.delays(info.key, minute, len(m.requests))
	p.mu.Lock()
	defer p.mu.Unlock()
	if lateness == p.lateness {
		p.keep(key, m)
	}
	return m
}

// keep puts a minute into the young generation. The caller holds the lock.
func (p *published) keep(key minuteKey, m *minuteRequests) {
	if _, ok := p.young[key]; ok {
		return
	}
	if p.cost > cachedRequests/2 {
		p.old, p.young, p.cost = p.young, map[minuteKey]*minuteRequests{}, 0
	}
	p.young[key] = m
	p.cost += len(m.requests) + minuteCost
}

// delays draws how late each of a minute's n requests is; nil if none is.
func (l Lateness) delays(key uint64, minute int64, n int) []uint32 {
	if l.Late <= 0 || l.Max <= 0 || n == 0 {
		return nil
	}
	delays := make([]uint32, n)
	rng := stream(mix(key ^ mix(uint64(minute)) ^ 0x1a7e))
	for i := range delays {
		delays[i] = l.delay(rng.next(), l.Late)
	}
	return delays
}

// delay turns a random number into a delay of (0, Max] milliseconds for the given fraction of numbers, 0 for the others.
func (l Lateness) delay(random uint64, fraction float64) uint32 {
	if float64(random&0xffffff) >= fraction*(1<<24) {
		return 0
	}
	return uint32(max(float64(random>>24)/(1<<40)*float64(l.Max.Milliseconds()), 1))
}

// shown returns for how long the points of a minute have been shown: negative before the minute's end + Base.
func (l Lateness) shown(minute int64, now time.Time) time.Duration {
	return now.Sub(minuteStart(minute+1)) - l.Base
}

// point returns the samples of one series of a stage in a minute that CloudWatch shows at now; nil if it shows none.
func (p *published) point(info *stageInfo, key seriesKey, minute int64, now time.Time, l Lateness) *distribution {
	shown := l.shown(minute, now)
	if shown < 0 || !info.active(minute) {
		return nil
	}
	if d := p.minute(info, minute).distribution(key, shown); d.n > 0 {
		return d
	}
	return nil
}

// hidden reports whether a whole point of the series with that hash is still held back.
func (l Lateness) hidden(series uint64, minute int64, now time.Time) bool {
	if l.WholePoints <= 0 || l.Max <= 0 {
		return false
	}
	delay := l.delay(mix(series^mix(uint64(minute))), l.WholePoints)
	return l.shown(minute, now) < time.Duration(delay)*time.Millisecond
}

// distribution returns the samples of a series among the requests that have been visible for that long.
func (m *minuteRequests) distribution(key seriesKey, shown time.Duration) *distribution {
	m.mu.Lock()
	defer m.mu.Unlock()
	ms := shown.Milliseconds()
	if visible := m.shows(ms); visible != m.visible || m.distributions == nil {
		m.visible, m.distributions = visible, map[seriesKey]*distribution{}
	}
	d, ok := m.distributions[key]
	if !ok {
		d = m.collect(key, ms)
		m.distributions[key] = d
	}
	return d
}

// shows counts the requests that are visible. The race detector need not follow it through what nobody changes any more.
//
//go:norace
func (m *minuteRequests) shows(ms int64) int {
	visible := len(m.requests)
	for _, d := range m.delays {
		if int64(d) > ms {
			visible--
		}
	}
	return visible
}

// collect makes the distribution. The race detector need not follow it through requests that nobody changes any more.
//
//go:norace
func (m *minuteRequests) collect(key seriesKey, ms int64) *distribution {
	samples := make([]int32, 0, len(m.requests))
	for i := range m.requests {
		r := &m.requests[i]
		if m.delays != nil && int64(m.delays[i]) > ms || !key.sel.matches(r) {
			continue
		}
		if v, ok := m.info.sample(r, key.metric); ok {
			samples = append(samples, v)
		}
	}
	return newDistribution(samples)
}

// forget drops what was made.
func (p *published) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.old, p.young, p.cost = nil, map[minuteKey]*minuteRequests{}, 0
}
