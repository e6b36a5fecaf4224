package awssim

import (
	"math"
	"time"
)

const (
	// listMetricsWindow is how long ListMetrics shows a metric without new data (ListMetrics: two weeks).
	listMetricsWindow = 14 * 24 * time.Hour
	// recentlyActiveWindow is what RecentlyActive=PT3H means. (AWS may add up to 50 minutes; this does not.)
	recentlyActiveWindow = 3 * time.Hour
)

// presence remembers in which minutes a stage's series have settled data, so that each ListMetrics looks at new minutes only.
type presence struct {
	lo, hi      int64 // [lo, hi) has been looked at; empty before the first time
	first, last []int64
}

const never = math.MinInt64

// maxCatchUp is how many new minutes are looked at one by one; after a longer gap the search starts anew from its end.
const maxCatchUp = 240

// known returns the first and last minute with data of a series, as far as has been looked.
func (p *presence) known(key seriesKey) (first, last int64) {
	i := int(key.sel)*int(metricCodes) + int(key.metric)
	return p.first[i], p.last[i]
}

func newPresence(info *stageInfo) *presence {
	n := (int(selectRoute) + 2*len(info.routes)) * int(metricCodes)
	p := &presence{first: make([]int64, n), last: make([]int64, n)}
	for i := range p.first {
		p.first[i], p.last[i] = never, never
	}
	return p
}

// look adds one minute's requests.
func (p *presence) look(info *stageInfo, minute int64, requests []request) {
	for i := range requests {
		r := &requests[i]
		stage := selectStage + selector(flag(r.canary))
		for _, m := range metricsOf[info.kind] {
			if _, ok := info.sample(r, m.code); !ok {
				continue
			}
			p.mark(selectAll, m.code, minute)
			p.mark(stage, m.code, minute)
			if minute >= info.detailedSince {
				p.mark(routeSelector(int(r.route), r.canary), m.code, minute)
			}
		}
	}
}

func (p *presence) mark(sel selector, m metricCode, minute int64) {
	i := int(sel)*int(metricCodes) + int(m)
	if p.first[i] == never || minute < p.first[i] {
		p.first[i] = minute
	}
	p.last[i] = max(p.last[i], minute)
}

// lister answers which series ListMetrics shows. Its caller holds a lock.
type lister struct {
	published *published
	lateness  Lateness
	listLag   time.Duration
	seen      map[*stageInfo]*presence
	at        time.Time
	recently  bool
}

// listed reports whether ListMetrics shows a series: it has data in the window, and had data shown listLag ago already.
func (l *lister) listed(s series) bool {
	window := listMetricsWindow
	oldest := minuteOf(l.at.Add(-listMetricsWindow))
	if l.recently {
		window = recentlyActiveWindow
	}
	recent := minuteOf(l.at.Add(-window))
	if !l.hasData(s, recent, l.at) {
		return false
	}
	return l.listLag <= 0 || l.hasData(s, oldest, l.at.Add(-l.listLag))
}

// hasData reports whether a series has a point at or after the oldest minute that was shown at asOf.
func (l *lister) hasData(s series, oldest int64, asOf time.Time) bool {
	settled := minuteOf(asOf.Add(-l.lateness.Base - l.lateness.Max)) // minutes before that one are complete
	for _, src := range s.group.sources {
		if l.settledData(src, seriesKey{src.sel, s.metric.code}, max(oldest, src.since), settled) {
			return true
		}
	}
	for minute := max(settled, oldest); l.lateness.shown(minute, asOf) >= 0; minute++ {
		for _, src := range s.group.sources {
			key := seriesKey{src.sel, s.metric.code}
			if minute >= src.since && !l.lateness.hidden(s.hash, minute, asOf) && l.published.point(src.info, key, minute, asOf, l.lateness) != nil {
				return true
			}
		}
	}
	return false
}

// settledData reports whether a source has data in the minutes [oldest, settled), looking at no more minutes than the answer takes.
func (l *lister) settledData(src source, key seriesKey, oldest, settled int64) bool {
	if !possible(src.info, key) || oldest >= settled {
		return false
	}
	p := l.seen[src.info]
	if p == nil || settled < p.lo || settled-p.hi > maxCatchUp {
		p = newPresence(src.info)
		p.lo, p.hi = settled, settled
		l.seen[src.info] = p
	}
	for ; p.hi < settled; p.hi++ {
		p.look(src.info, p.hi, src.info.requests(p.hi))
	}
	for {
		first, last := p.known(key)
		if last >= oldest && last < settled || first >= oldest && first < settled {
			return true
		}
		if p.lo <= oldest {
			return l.scan(src.info, key, oldest, settled, first, last)
		}
		if start := src.info.from; start > p.lo*60_000 {
			p.lo = oldest // there was nothing before
			continue
		}
		p.lo--
		p.look(src.info, p.lo, src.info.requests(p.lo))
	}
}

// scan settles the case that the first and the last minute with data lie around the interval: it looks at the minutes in it.
func (l *lister) scan(info *stageInfo, key seriesKey, oldest, settled, first, last int64) bool {
	if first == never || first >= settled || last < oldest {
		return false
	}
	for minute := settled - 1; minute >= oldest; minute-- {
		requests := info.requests(minute)
		for i := range requests {
			if _, ok := info.sample(&requests[i], key.metric); ok && key.sel.matches(&requests[i]) {
				return true
			}
		}
	}
	return false
}

// possible reports whether a stage can ever have data in a series, so that nobody searches two weeks for what can't be there.
func possible(info *stageInfo, key seriesKey) bool {
	switch key.metric {
	case metricCacheHit, metricCacheMiss:
		return anyRoute(info, key.sel, info.cacheable)
	case metricConnectCount:
		return anyRoute(info, key.sel, info.connects)
	case metricMessageCount:
		return anyRoute(info, key.sel, func(r uint8) bool { return !info.connects(r) })
	default:
		return true
	}
}

// anyRoute reports whether one of the routes that a selector covers is such a route.
func anyRoute(info *stageInfo, sel selector, is func(uint8) bool) bool {
	if sel >= selectRoute {
		return is(uint8((sel - selectRoute) / 2))
	}
	for i := range min(len(info.routes), maxRoutes) {
		if is(uint8(i)) {
			return true
		}
	}
	return false
}
