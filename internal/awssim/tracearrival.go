package awssim

import "time"

// Arrival says when X-Ray shows the segments of a trace: each comes at its own time after its end, API Gateway's after half of Base or a little more, those of
// functions after Base and up to a quarter more, for a fraction Late up to Max longer. A fraction Pieces of them is first seen in progress. X-Ray infers segments
// when it has the one that they follow from. Which ones are late is fixed by the seed.
type Arrival struct {
	Base, Max    time.Duration
	Late, Pieces float64
}

// reach is how long after a request began something of its trace can still change, for requests of the longest integrations that API Gateway allows.
func (a Arrival) reach() time.Duration { return 5*time.Minute + 2*(a.Base+a.Max) }

// arrive sets when the parts of a trace are seen.
func (a Arrival) arrive(t *trace) {
	late := Lateness{Max: a.Max}
	base := a.Base.Milliseconds()
	for i := range t.parts {
		p := &t.parts[i]
		random := mix(t.key ^ mix(uint64(i)+0xa771))
		if p.after >= 0 {
			p.final = t.parts[p.after].final
		} else {
			p.final = ceilDiv(p.root.end, 1000) + base*(256*int64(p.role)+int64(random>>56))/1024
		}
		if a.Max > 0 && a.Late > 0 {
			p.final += int64(late.delay(mix(random), a.Late))
		}
		p.first = p.final
		if p.after < 0 && float64(random&0xffff) < a.Pieces*(1<<16) {
			p.first = min(p.final, ceilDiv(p.root.start, 1000)+base/8)
		}
	}
}

func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }

// shown is a trace as X-Ray shows it at a time.
type shown struct {
	*trace
	now      int64 // Unix milliseconds
	revision int
	partial  bool
	last     int64 // when it changed last, Unix milliseconds
}

// show returns what of a trace is there at a time; false: nothing.
func (t *trace) show(now int64) (shown, bool) {
	s := shown{trace: t, now: now}
	for i := range t.parts {
		p := &t.parts[i]
		for _, at := range [...]int64{p.first, p.final} {
			if at <= now && (at == p.final || p.first < p.final) {
				s.last = max(s.last, at)
			}
		}
		if p.first < p.final && p.first <= now {
			s.revision++
			s.partial = s.partial || p.final > now
		}
		if p.final <= now {
			s.revision++
		}
	}
	return s, s.revision > 0
}

// changed returns when the trace last changed within [from, to), Unix milliseconds.
func (s *shown) changed(from, to int64) (int64, bool) {
	at, ok := int64(0), false
	for i := range s.parts {
		for _, seen := range [...]int64{s.parts[i].first, s.parts[i].final} {
			if seen <= s.now && seen >= from && seen < to && (!ok || seen > at) {
				at, ok = seen, true
			}
		}
	}
	return at, ok
}

// ended reports whether a segment that is seen complete ended within [from, to), Unix milliseconds.
func (s *shown) ended(from, to int64) bool {
	for i := range s.parts {
		if end := s.parts[i].root.end / 1000; s.parts[i].final <= s.now && end >= from && end < to {
			return true
		}
	}
	return false
}

// sees reports whether a part is seen, and whether it is in progress.
func (s *shown) sees(p *part) (seen, progress bool) {
	return p.first <= s.now, p.first <= s.now && p.final > s.now
}

// children are what of a node's subsegments is seen: in progress the first half.
func (n *node) childrenSeen(progress bool) []*node {
	if progress {
		return n.children[:len(n.children)/2]
	}
	return n.children
}

// each calls f with every segment and subsegment that is seen.
func (s *shown) each(f func(segment, n *node, progress bool)) {
	for i := range s.parts {
		p := &s.parts[i]
		seen, progress := s.sees(p)
		if !seen {
			continue
		}
		f(p.root, p.root, progress)
		for _, child := range p.root.childrenSeen(progress) {
			child.each(func(n *node) { f(p.root, n, false) })
		}
	}
}

// root is the segment that the trace begins with; nil where it is not seen.
func (s *shown) root() (n *node, progress bool) {
	if seen, progress := s.sees(&s.parts[0]); seen {
		return s.parts[0].root, progress
	}
	return nil, false
}

// duration is from the first start to the last end that is seen, in microseconds.
func (s *shown) duration() int64 {
	start, end := int64(0), int64(0)
	s.each(func(_, n *node, progress bool) {
		if start == 0 || n.start < start {
			start = n.start
		}
		if !progress {
			end = max(end, n.end)
		}
	})
	return max(end-start, 0)
}
