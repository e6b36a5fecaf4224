package metrics

import (
	"math"
	"slices"
	"time"
)

// streamMemory is how long a stream of points is remembered without a new one: after it the series starts anew.
const streamMemory = int64(4 * time.Hour / time.Second)

// amounts are what a sum or a histogram adds up. A sum uses N alone.
type amounts struct {
	N   float64 `json:"n,omitempty"`
	Sum float64 `json:"s,omitempty"`
	// Buckets are counts per bucket; nil where they are not asked for.
	Buckets []float64 `json:"b,omitempty"`
}

func (a *amounts) add(b amounts) {
	a.N += b.N
	a.Sum += b.Sum
	a.Buckets = addBuckets(a.Buckets, b.Buckets)
}

// grown is what b has more than a. CloudWatch's points only grow; what shrank counts as unchanged.
func (a *amounts) grown(b amounts) (amounts, bool) {
	g := amounts{N: max(b.N-a.N, 0), Sum: max(b.Sum-a.Sum, 0)}
	if g.N == 0 {
		return amounts{}, false // no request more; a sum may differ in its last digits
	}
	if b.Buckets != nil {
		g.Buckets = make([]float64, len(b.Buckets))
		for i := range g.Buckets {
			g.Buckets[i] = b.Buckets[i]
			if i < len(a.Buckets) {
				g.Buckets[i] = max(b.Buckets[i]-a.Buckets[i], 0)
			}
		}
	}
	return g, true
}

func addBuckets(a, b []float64) []float64 {
	if len(a) < len(b) {
		a = append(slices.Clone(a), make([]float64, len(b)-len(a))...)
	} else if len(b) > 0 {
		a = slices.Clone(a)
	}
	for i := range b {
		a[i] += b[i]
	}
	return a
}

// seen is what was read of one period of a series.
type seen struct {
	TS int64 `json:"t"` // start of the period, Unix seconds
	amounts
	// Max and Min are below zero where they are not known.
	Max float64 `json:"x,omitempty"`
	Min float64 `json:"m,omitempty"`
	// Lacks are the indexes of the gauges that the period did not have yet.
	Lacks []uint8 `json:"g,omitempty"`
}

// observation is what one read says of one period of a series.
type observation struct {
	seen
	// gauges are quantiles, or the statistics of an extra metric; NaN where there is none. They are not kept.
	gauges []float64
}

// lacking are the indexes of the gauges that have no value.
func lacking(gauges []float64) (indexes []uint8) {
	for i, v := range gauges {
		if math.IsNaN(v) {
			indexes = append(indexes, uint8(i))
		}
	}
	return indexes
}

// lateGauges are the values of those gauges that were lacking, and NaN for all others; nil where there is none.
func (o *observation) lateGauges(lacked []uint8) (late []float64) {
	for _, i := range lacked {
		if int(i) >= len(o.gauges) || math.IsNaN(o.gauges[i]) {
			continue
		}
		if late == nil {
			late = slices.Repeat([]float64{math.NaN()}, len(o.gauges))
		}
		late[i] = o.gauges[i]
	}
	return late
}

// unknownExtreme stands for a maximum or minimum that is not known.
const unknownExtreme = -1

// stream is the sequence of points of one series under one owner. Its intervals never overlap.
type stream struct {
	Owner string `json:"o"`
	// End is the end of the newest interval that was sent.
	End int64 `json:"e"`
	// Late are amounts of periods that had been sent before, or over, when they turned up. They go with the next point.
	Late      amounts `json:"l,omitzero"`
	LateSince int64   `json:"ls,omitempty"` // start of the oldest period among them; 0: there are none
	// LateMax and LateMin are those of the late requests, below zero where they can't be told apart from the earlier ones.
	LateMax float64 `json:"lx,omitempty"`
	LateMin float64 `json:"lm,omitempty"`
}

// ledger is the account of one series: what has been read for good, what was seen of the periods that may still grow, and what has been sent.
// Ledgers are values: advance returns a new one and leaves the old one as it was, so that it can be dropped where the points are not accepted.
type ledger struct {
	// Settled is the end of the newest period that will not be read again; 0 before the first read.
	Settled int64    `json:"t"`
	Seen    []seen   `json:"p,omitempty"` // ascending, none before Settled
	Streams []stream `json:"r,omitempty"`
}

// point is one interval of a sum or histogram, or the gauges of one period.
type point struct {
	series     *series
	owner      string
	start, end int64
	amounts
	max, min float64 // below zero: not set
	gauges   []float64
}

// read is what one successful read of a series means for its ledger.
type read struct {
	series *series
	// observations are ascending, all in [from, to).
	observations []observation
	from, to     int64
	// settled is the end of the newest period that was read at or after its end + delay + revisit.
	settled int64
	period  int64
	// owner returns the id of the owner of a period by the period's end.
	owner func(end int64) string
}

// advance takes a read in: it returns the new ledger, the points to send, oldest first, appended to points, and how many observations came late.
func (l ledger) advance(r read, points []point) (ledger, []point, int) {
	next := ledger{Settled: max(l.Settled, min(r.to, r.settled)), Streams: slices.Clone(l.Streams)}
	if r.series.plan.gaugesOnly() {
		next.Streams = nil // of a histogram that was switched off since
	}
	next.Seen = append(make([]seen, 0, len(l.Seen)+len(r.observations)), l.Seen...)
	late := 0
	for i := range r.observations {
		o := &r.observations[i]
		if o.TS < l.Settled {
			continue
		}
		owner := r.owner(o.TS + r.period)
		at, again := slices.BinarySearchFunc(next.Seen, o.TS, func(s seen, ts int64) int { return int(s.TS - ts) })
		if !again {
			o.Lacks = lacking(o.gauges)
			next.Seen = slices.Insert(next.Seen, at, o.seen)
			if o.gauges != nil {
				points = append(points, point{series: r.series, owner: owner, start: o.TS, end: o.TS + r.period, gauges: o.gauges, max: unknownExtreme, min: unknownExtreme})
			}
			if r.series.plan.gaugesOnly() {
				continue
			}
			st := next.stream(owner)
			if o.TS >= st.End {
				points = st.send(r, o, points)
				continue
			}
			st.addLate(o.TS, o.amounts, o.Max, o.Min)
			late++
			continue
		}
		before := &next.Seen[at]
		if late := o.lateGauges(before.Lacks); late != nil {
			points = append(points, point{series: r.series, owner: owner, start: o.TS, end: o.TS + r.period, gauges: late, max: unknownExtreme, min: unknownExtreme})
			before.Lacks = slices.DeleteFunc(slices.Clone(before.Lacks), func(i uint8) bool { return !math.IsNaN(late[i]) })
		}
		o.Lacks = before.Lacks
		grown, more := before.grown(o.amounts)
		if !more {
			continue
		}
		// Only an extreme that moved is surely one of the late requests'.
		lateMax, lateMin := float64(unknownExtreme), float64(unknownExtreme)
		if o.Max > before.Max {
			lateMax = o.Max
		}
		if o.Min >= 0 && o.Min < before.Min {
			lateMin = o.Min
		}
		next.Seen[at] = o.seen
		if r.series.plan.gaugesOnly() {
			continue
		}
		next.stream(owner).addLate(o.TS, grown, lateMax, lateMin)
		late++
	}
	points = next.flush(r, points)
	next.prune(r.period)
	return next, points, late
}

// stream returns the stream of an owner, a new one if there is none.
func (l *ledger) stream(owner string) *stream {
	for i := range l.Streams {
		if l.Streams[i].Owner == owner {
			return &l.Streams[i]
		}
	}
	l.Streams = append(l.Streams, stream{Owner: owner})
	return &l.Streams[len(l.Streams)-1]
}

// send adds the point of a new period, with what came late before it, and a zero point for the idle time in between.
func (s *stream) send(r read, o *observation, points []point) []point {
	idle := o.TS - s.End
	switch {
	case s.End == 0:
	case idle >= streamMemory:
		if s.LateSince != 0 {
			points = s.sendLate(r, o.TS, points)
		}
	case idle > 0:
		points = append(points, point{series: r.series, owner: s.Owner, start: s.End, end: o.TS, max: unknownExtreme, min: unknownExtreme})
	}
	p := point{series: r.series, owner: s.Owner, start: o.TS, end: o.TS + r.period, amounts: o.amounts, max: o.Max, min: o.Min}
	if s.LateSince != 0 {
		p.add(s.Late)
		p.max = combine(p.max, s.LateMax, func(a, b float64) float64 { return max(a, b) })
		p.min = combine(p.min, s.LateMin, func(a, b float64) float64 { return min(a, b) })
	}
	*s = stream{Owner: s.Owner, End: p.end}
	return append(points, p)
}

// combine is unknown where either is.
func combine(a, b float64, f func(a, b float64) float64) float64 {
	if a < 0 || b < 0 {
		return unknownExtreme
	}
	return f(a, b)
}

func (s *stream) addLate(ts int64, a amounts, maximum, minimum float64) {
	if s.LateSince == 0 {
		s.LateSince, s.LateMax, s.LateMin = ts, maximum, minimum
	} else {
		s.LateSince = min(s.LateSince, ts)
		s.LateMax = combine(s.LateMax, maximum, func(a, b float64) float64 { return max(a, b) })
		s.LateMin = combine(s.LateMin, minimum, func(a, b float64) float64 { return min(a, b) })
	}
	s.Late.add(a)
}

// sendLate sends what came late as one point over the time since the last.
func (s *stream) sendLate(r read, end int64, points []point) []point {
	start := s.End
	if start == 0 {
		start = s.LateSince // this owner never had a point
	}
	p := point{series: r.series, owner: s.Owner, start: start, end: end, amounts: s.Late, max: s.LateMax, min: s.LateMin}
	*s = stream{Owner: s.Owner, End: end}
	return append(points, p)
}

// flush sends late amounts whose period is settled now, so that no other point may come to carry them.
func (l *ledger) flush(r read, points []point) []point {
	for i := range l.Streams {
		s := &l.Streams[i]
		if s.LateSince != 0 && s.LateSince+r.period <= l.Settled && s.End < r.to {
			points = s.sendLate(r, r.to, points)
		}
	}
	return points
}

// prune forgets periods that are settled, and streams that were idle for streamMemory.
func (l *ledger) prune(period int64) {
	keep := 0
	for keep < len(l.Seen) && l.Seen[keep].TS+period <= l.Settled {
		keep++
	}
	// A copy, since what is kept stays for minutes and the room for the whole read is not needed any more.
	l.Seen = append([]seen(nil), l.Seen[keep:]...)
	l.Streams = slices.DeleteFunc(l.Streams, func(s stream) bool { return s.LateSince == 0 && l.Settled-s.End >= streamMemory })
}

// end is the end of the newest interval that was sent under any owner.
func (l *ledger) end() int64 {
	var end int64
	for i := range l.Streams {
		end = max(end, l.Streams[i].End)
	}
	return end
}
