package logs

import (
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// How a group is read. Events are written with a delay and can only be asked for by their timestamps, so each is read up to three times: when it is
// new, once more from a moment before the newest event, and at last when nothing can come any more.
const (
	// maxOverlap is how far before the newest event a read begins at most: AWS's own lines show delays of 5 to 20 seconds.
	maxOverlap = 30 * time.Second
	minOverlap = 5 * time.Second
	// overlapShare is how many bytes overlaps may read again, of each that is new. With the sweep, which reads each byte once more, less than three
	// are read for each that is new.
	overlapShare = 0.75
	// overlapCredit is what overlaps save up at most, in bytes; quietCredit where there is no overlap, since everything is settled as it is read.
	overlapCredit = 64 << 20
	quietCredit   = 256 << 10
	// sweepInterval is the least time from one sweep of a group to the next.
	sweepInterval = 5 * time.Minute
	// minSweep is the shortest interval that is worth a sweep of its own.
	minSweep = time.Minute
	// maxLateFactor bounds how much wider than late_window sweeps look where a group's events come later.
	maxLateFactor = 3
)

// span is what one chain of pages reads: the events with from <= timestamp <= to, in Unix milliseconds.
type span struct{ from, to int64 }

// position says how far a group has been handed over downstream. Times are Unix milliseconds by AWS's clock.
type position struct {
	// newest is the timestamp of the newest event that was handed over; where there was none, the start less one.
	newest int64
	// settled: events before it are final, none of them is read again. Those from it on are remembered.
	settled int64
	// readTo is up to when everything that was there has been read.
	readTo int64
	// open says that newest lies in the middle of what was there: events of the same millisecond may follow.
	open bool

	// lateness is how much later than their timestamps events lately came, at most, lateMax the same over a longer time.
	lateness, lateMax int64
	credit            float64
	lastSweep         int64
}

// startAt is the position of a group of which events from a time on are wanted.
func startAt(ms int64) position {
	return position{newest: ms - 1, settled: ms, readTo: ms, lateness: int64(maxOverlap / time.Millisecond)}
}

// lateWindow is how late events are waited for.
func (p *position) lateWindow(configured time.Duration) int64 {
	w := configured.Milliseconds()
	return max(w, min(p.lateMax+p.lateMax/2, maxLateFactor*w))
}

// head plans the next read of what is new at a time. sweeps says that the read also settles what lies before.
func (p *position) head(now int64, seen *memory) (s span, sweeps bool) {
	if p.open {
		return span{max(p.newest, 0), max(now, p.newest)}, p.newest <= p.settled
	}
	from := p.newest + 1
	overlap := from - min(max(p.lateness+2000, minOverlap.Milliseconds()), maxOverlap.Milliseconds())
	if float64(seen.bytesSince(overlap, p.newest)) <= p.credit {
		from = overlap
	}
	from = max(from, p.settled)
	return span{from, max(now, from)}, from <= p.settled
}

// sweep plans a sweep of its own, if one is due.
func (p *position) sweep(now int64, late time.Duration) (span, bool) {
	to := now - p.lateWindow(late)
	if p.open || p.settled > p.newest || now-p.lastSweep < sweepInterval.Milliseconds() || to-p.settled < minSweep.Milliseconds() {
		return span{}, false
	}
	return span{p.settled, to}, true
}

// settle notes that a read which began at a time has read everything from settled on up to another. What came meanwhile to the pages that had been read
// already was not seen: so it is the beginning that counts.
func (p *position) settle(upTo, began int64, late time.Duration) {
	p.settled = max(p.settled, min(upTo, began-p.lateWindow(late)))
}

// observe notes how late the events of a page came. What was noted before fades.
func (p *position) observe(events []model.LogEvent) {
	late := int64(0)
	for i := range events {
		late = max(late, events[i].Ingested-events[i].Timestamp)
	}
	p.lateness = max(late, p.lateness-p.lateness/50)
	p.lateMax = max(late, p.lateMax-p.lateMax/500)
}

// earn accounts for the bytes of a page.
func (p *position) earn(newBytes, repeated int, settles bool) {
	limit := float64(overlapCredit)
	if settles {
		limit, repeated = max(p.credit, quietCredit), 0
	}
	p.credit = min(p.credit+overlapShare*float64(newBytes)-float64(repeated), limit)
}

// clamp moves a position that lies before the oldest time that can or should be read, and returns what was lost.
func (p *position) clamp(oldest int64) (lost span, ok bool) {
	known := max(p.newest+1, p.readTo)
	if oldest <= known {
		// What was read is not lost; only what may have come late to it.
		if p.newest+1 < oldest {
			p.newest = oldest - 1
			p.open = false
		}
		p.settled = max(p.settled, oldest)
		return span{}, false
	}
	lost = span{known, oldest}
	p.newest, p.settled, p.readTo, p.open = oldest-1, oldest, oldest, false
	return lost, true
}
