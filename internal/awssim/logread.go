package awssim

import (
	"math"
	"sort"
	"time"
)

const (
	// maxAhead is how far in the future an event may be (PutLogEvents).
	maxAhead = 2 * time.Hour
	// A page is made of so many minutes and events at most; where it ends before the interval it has a token, and maybe no event. AWS's own bound is
	// not documented.
	maxScanMinutes = 24 * 60
	maxScanEvents  = 400_000
)

// position is a place in the events of a group: after that one, in FilterLogEvents' order.
type position struct {
	MS                 int64
	Delay, Request     int32
	Source, Line, Back uint16
}

// before is the position before all events from a time on.
func before(ms int64) position {
	return position{MS: ms, Delay: math.MinInt32, Request: -1, Back: math.MaxUint16}
}

// after is the position of an event.
func after(minute int64, e *logEntry) position {
	return position{MS: minute*60_000 + int64(e.offset), Delay: e.delay, Request: e.request, Source: e.source, Line: e.line, Back: e.back}
}

// entry is the position as an event of its minute.
func (p position) entry() (int64, logEntry) {
	minute := floorDiv(p.MS, 60_000)
	return minute, logEntry{offset: uint32(p.MS - minute*60_000), delay: p.Delay, request: p.Request, source: p.Source, line: p.Line, back: p.Back}
}

// logReader collects the events of a page.
type logReader struct {
	server *Server
	x      *exchange
	group  *logGroup
	life   *LogGroup
	page   *logPage
	limit  int
	end    int64             // the last millisecond wanted
	wanted func(string) bool // the log streams; nil: all
	writer lineWriter
	buffer []byte
	last   position // of the last event in the page
	more   bool
}

// lastEvent is the last millisecond of which the group can have events.
func (g *LogGroup) lastEvent(now time.Time) int64 {
	last := now.UnixMilli()
	for i := range g.Lines {
		if g.Lines[i].Late < 0 {
			last = max(last, g.Lines[i].At.UnixMilli())
		}
	}
	return last
}

// forward fills the page from a position on. It returns where the next page begins, and whether there is one.
func (r *logReader) forward(from position) (position, bool) {
	r.writer.published = r.server.published
	if oldest := r.life.oldest(r.x.now).UnixMilli(); from.MS < oldest {
		from = before(oldest)
	}
	minute, skip := from.entry()
	scanned := 0
	for first := minute; minute*60_000 <= r.end; minute++ {
		if minute-first >= maxScanMinutes || scanned > maxScanEvents {
			return from, true
		}
		entries := r.server.logged.minute(r.group, minute)
		start := 0
		if minute == first {
			start = sort.Search(len(entries), func(i int) bool { return entries[i].compare(&skip) > 0 })
		}
		for i := start; i < len(entries); i++ {
			e := &entries[i]
			if minute*60_000+int64(e.offset) > r.end {
				return from, false
			}
			if scanned++; !r.shows(minute, e) {
				continue
			}
			if r.page.events >= r.limit || !r.add(minute, e) {
				return from, true
			}
			from = after(minute, e)
			r.last = from
		}
		from = before((minute + 1) * 60_000)
	}
	return from, false
}

// shows reports whether an event is there to be read, and wanted.
func (r *logReader) shows(minute int64, e *logEntry) bool {
	if !e.visible(minute, r.x.now) || r.wanted != nil && !r.wanted(r.group.sources[e.source].stream(&r.writer, minute, e)) {
		return false
	}
	at := minute*60_000 + int64(e.offset)
	return r.life.Deleted.IsZero() || at < r.life.Deleted.UnixMilli()
}

// add writes an event to the page; false: it has no room for it.
func (r *logReader) add(minute int64, e *logEntry) bool {
	source := r.group.sources[e.source]
	at := minute*60_000 + int64(e.offset)
	r.buffer = source.message(&r.writer, r.buffer[:0], minute, e)
	event := logEvent{at: at, ingested: at + int64(e.delay), message: r.buffer}
	if r.x.op.name == "FilterLogEvents" {
		event.stream, event.id = source.stream(&r.writer, minute, e), newEventID(at, source.key(), minute, e)
	}
	return r.page.add(&event)
}
