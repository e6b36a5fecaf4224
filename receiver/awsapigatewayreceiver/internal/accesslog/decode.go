package accesslog

import "strings"

// Decode reads a line, and says whether it has the format. Then, v has the values until it is used again; it has parts of the line, no copies.
func (f *Format) Decode(line string, v *Values) bool { return f.decode(line, v, f.passes) }

// DecodeStrict is Decode without the reading in which most grammars are text. Where a line may be in one of several formats, all of them are tried so
// first: text fits much that is another format's.
func (f *Format) DecodeStrict(line string, v *Values) bool { return f.decode(line, v, f.passes[:1]) }

func (f *Format) decode(line string, v *Values, passes []bool) bool {
	if !strings.HasPrefix(line, f.prefix) {
		return false
	}
	n := len(f.segments)
	if cap(v.spans) < n {
		v.spans = make([]span, n)
	}
	v.spans = v.spans[:n]
	bodies, count := f.bodies(line)
	for _, body := range bodies[:count] {
		if f.walk(body, v) {
			return true
		}
	}
	for _, lenient := range passes {
		for _, body := range bodies[:count] {
			if f.search(body, v, lenient) {
				return true
			}
		}
	}
	return false
}

// bodies are the line without what stands after the last variable, with and without the white space that may be missing.
func (f *Format) bodies(line string) (bodies [2]string, count int) {
	suffix := f.segments[len(f.segments)-1].literal
	add := func(body string) {
		if body, ok := strings.CutSuffix(body, suffix); ok && len(body) >= len(f.prefix) {
			bodies[count] = body
			count++
		}
	}
	if f.space != "" {
		if body, ok := strings.CutSuffix(line, f.space); ok {
			add(body)
		}
	}
	add(line)
	return bodies, count
}

// walk gives each variable the shortest part that fits it and is followed by its literal text. If the rest fits at every step, no other reading counts
// before this one.
func (f *Format) walk(s string, v *Values) bool {
	p := len(f.prefix)
	last := len(f.segments) - 1
	for i := range last {
		segment := &f.segments[i]
		end := p
		if g := segment.variable.grammar; segment.closed && g.isRun() { // as most values are
			if end += g.run(s[p:]); !strings.HasPrefix(s[end:], segment.literal) {
				return false
			}
		} else if end = segment.shortest(s, p); end < 0 {
			return false
		}
		v.spans[i] = span{p, end}
		p = end + len(segment.literal)
	}
	if !f.segments[last].variable.grammar.extent(s, p).has(s, len(s)) {
		return false
	}
	v.spans[last] = span{p, len(s)}
	return true
}

// shortest returns the first end of a value that begins at p and is followed by the literal text, -1 where there is none.
func (s *segment) shortest(line string, p int) int {
	g := s.variable.grammar
	if g.isRun() && s.literal != "" {
		n := strings.Index(line[p:], s.literal)
		if n < 0 || g.run(line[p:p+n]) != n {
			return -1
		}
		return p + n
	}
	r := s.narrow(g, g.extent(line, p))
	return s.next(s.closed, line, r, r.lo)
}

// narrow leaves one end to a value that is not searched for where another variable follows directly: it takes all it can.
func (s *segment) narrow(g grammar, r reach) reach {
	if s.literal == "" && !g.wide() {
		r.lo = r.hi
	}
	return r
}

// closes says whether the literal text begins with a character that no value has: then, none ends before the end of its reach.
func (s *segment) closes(g grammar) bool {
	return s.literal != "" && s.literal[0] != '-' && !g.has(s.literal[0])
}

// next returns the first end of a value from an end on that the literal text follows, -1 where there is none.
func (s *segment) next(closed bool, line string, r reach, from int) int {
	switch {
	case from > r.hi:
		return -1
	case closed:
		if strings.HasPrefix(line[r.hi:], s.literal) {
			return r.hi
		}
		return -1
	case r.quote:
		return s.nextQuoted(line, r, from)
	}
	at := strings.Index(line[from:min(r.hi+len(s.literal), len(line))], s.literal)
	if at < 0 {
		return -1
	}
	return from + at
}

// nextQuoted is next for a value that is quoted, or empty.
func (s *segment) nextQuoted(line string, r reach, from int) int {
	if from == r.lo && strings.HasPrefix(line[from:], s.literal) {
		return from
	}
	for from = max(from, r.lo+2); from <= r.hi; from++ {
		at := strings.IndexByte(line[from-1:], '"')
		if at < 0 {
			return -1
		}
		if from += at; strings.HasPrefix(line[from:], s.literal) {
			return from
		}
	}
	return -1
}
