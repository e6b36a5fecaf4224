package accesslog

// attempt is where the search stands with one variable.
type attempt struct {
	start, end int
	reach      reach
	// failed are ends after which the rest does not fit, whatever is before them; none where lo is above hi. One stretch is enough: values begin
	// further and further on, and so do the stretches. Where quote says so, only the ends after a quote are known.
	failed reach
	run    span // of characters of the grammar's class, the one that was looked at last
}

// effort bounds a search: it ends after so many bytes for each byte of the line and each variable. Remembered failures keep it below a half of that, in
// lines of nothing but separators, too; the bound is there for what nobody has thought of.
const effort = 8

// search finds the reading of a line that counts: it takes the first end that a value can have, and goes back for the next one where the rest does not
// fit.
func (f *Format) search(s string, v *Values, lenient bool) bool {
	last := len(f.segments) - 1
	if cap(v.attempts) <= last {
		v.attempts = make([]attempt, last+1)
	}
	v.attempts = v.attempts[:last+1]
	for i := range v.attempts {
		v.attempts[i] = attempt{failed: reach{lo: 1}}
	}
	v.spent = 0
	limit := effort * (last + 2) * (len(s) + 1)
	i, from := 0, f.enter(v, 0, s, len(f.prefix), lenient)
	for v.spent <= limit {
		end := f.try(v, i, s, from, lenient)
		switch {
		case end < 0 && i == 0:
			return false
		case end < 0:
			v.attempts[i].fail()
			i--
			from = v.attempts[i].end + 1
		case i == last:
			for i, a := range v.attempts {
				v.spans[i] = span{a.start, a.end}
			}
			return true
		default:
			i++
			from = f.enter(v, i, s, end+len(f.segments[i-1].literal), lenient)
		}
	}
	return false
}

// enter begins with the values of a variable that begin at p, and returns the first end that one can have.
func (f *Format) enter(v *Values, i int, s string, p int, lenient bool) int {
	a, g := &v.attempts[i], f.segments[i].variable.grammar.in(lenient)
	a.start = p
	// A run that was looked at stays known where a value in the midst of it can't begin, or a line of slashes would be looked at again and again.
	switch begins := g.isRun() && p < len(s) && g.begins(s[p]); {
	case begins && a.run.start <= p && p < a.run.end:
		a.reach = reach{lo: p, hi: a.run.end}
	default:
		if a.reach = g.extent(s, p); begins {
			a.run = span{p, a.reach.hi}
			v.spent += a.reach.hi - p
		}
	}
	a.reach = f.segments[i].narrow(g, a.reach)
	return a.reach.lo
}

// try returns the first end of the variable's value from an end on after which the rest may fit, -1 where there is none.
func (f *Format) try(v *Values, i int, s string, from int, lenient bool) int {
	a, segment := &v.attempts[i], &f.segments[i]
	v.spent++
	if i == len(f.segments)-1 {
		a.end = len(s)
		if from > len(s) || !a.reach.has(s, len(s)) {
			return -1
		}
		return len(s)
	}
	closed := segment.closes(segment.variable.grammar.in(lenient))
	for {
		if a.hasFailed(from) {
			from = a.failed.hi + 1
		}
		a.end = segment.next(closed, s, a.reach, from)
		if a.end < 0 {
			v.spent += max(a.reach.hi-from, 0)
			return -1
		}
		v.spent += a.end - from
		if !a.hasFailed(a.end) {
			return a.end
		}
		from = a.end
	}
}

// hasFailed is false for the end of an empty value that might be a quoted one: it has no quote before it.
func (a *attempt) hasFailed(end int) bool {
	return a.failed.lo <= end && end <= a.failed.hi && (!a.failed.quote || a.reach.quote && end > a.reach.lo)
}

// fail notes that none of the ends tried is one.
func (a *attempt) fail() {
	r := a.reach
	if r.quote {
		r.lo += 2
	}
	switch {
	case r.lo > r.hi, a.failed.quote && !r.quote:
	case a.failed.quote == r.quote && r.lo <= a.failed.hi+1 && a.failed.lo <= r.hi+1:
		a.failed.lo, a.failed.hi = min(a.failed.lo, r.lo), max(a.failed.hi, r.hi)
	default:
		a.failed = r
	}
}
