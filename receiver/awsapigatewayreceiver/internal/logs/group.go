package logs

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// group is one log group that is read.
type group struct {
	name string
	// routes say whose lines are in the group; they are replaced with each change of the inventory.
	routes atomic.Pointer[routes]
	// saving is held while a position is made up and stored: the newest one is stored last.
	saving poll.Turn

	mu          sync.Mutex
	described   model.LogGroup // by DescribeLogGroups; zero where it never answered
	unreadable  string         // why nothing can be read, "" where it can
	probing     bool           // reading said so, and will say when it can
	missingAt   int64          // since when it was found not to exist, Unix milliseconds; 0 where it does
	describedAt time.Time
	recreated   int64        // when the group was made anew, 0 where it was not since the last read; Unix milliseconds
	remembered  atomic.Int64 // events in seen, as others see it
	removed     bool         // nobody wants it any more
	leaveAt     time.Time    // when all that may come late is there, zero where somebody writes to it
	until       time.Time    // the same as the first run that left it had it
	headActive  bool         // a poll or drain is queued, under way or being taken in
	sweepActive bool

	pos  position
	seen *memory
	// begun: something of it was read, or was to be by an earlier run; unread: nothing was. restored: its position was stored by an earlier run, and
	// nothing was read since.
	begun, unread, restored bool
	// stored are the parts of seen that are in storage.
	stored  chunks
	half    half
	losses  []*loss // that were not said
	dirty   bool
	savedAt time.Time

	// lastEvent is when an event that was new was read last, or when the group was first read.
	lastEvent time.Time
	retry     poll.Backoff
	failures  int
	err       error
	answered  bool // AWS answered a read of it, if only with an error

	// jobs are pages that were read and not handed over yet, in order; one goroutine takes them in.
	jobs   []*job
	taking bool
	// handing: the position has moved over events that are just being handed over. It must not be stored then.
	handing bool
	// stalled are the chains that go on when a page has been taken in.
	stalled []*chain
}

// chain is one read of an interval, page after page.
type chain struct {
	span
	sweep   bool
	settles bool  // it reads everything from pos.settled on
	began   int64 // Unix milliseconds
	token   string
	// malformed counts answers in a row that made no sense.
	malformed int
}

// job is one page that was read.
type job struct {
	chain *chain
	page  *model.LogPage
	final bool
}

// maxJobs is how many pages of a group may be read and not taken in: one is handed over while the next one is fetched.
const maxJobs = 2

// idle is how long the group has had no new event.
func (g *group) idle(now time.Time) time.Duration { return now.Sub(g.lastEvent) }

// interval is the time from one poll to the next: a group that was quiet for long is asked less often, so that an event comes out at most an eighth
// of that time late.
func (g *group) interval(now time.Time, c *Config) time.Duration {
	return min(max(g.idle(now)/8, c.PollInterval), c.MaxPollInterval)
}

// plan begins a chain: of what is new, or of what may have come late. It returns nil where there is nothing to read.
func (g *group) plan(c class, now int64, late time.Duration) *chain {
	if c == classSweep {
		s, ok := g.pos.sweep(now, late)
		if !ok {
			return nil
		}
		return &chain{span: s, sweep: true, settles: true, began: now}
	}
	s, settles := g.pos.head(now, g.seen)
	return &chain{span: s, settles: settles, began: now}
}

// part is a piece of a page that is handed over as one batch: its events [lo, hi).
type part struct {
	*job
	lo, hi int
	last   bool // of its chain
}

// taken is what take makes of a part.
type taken struct {
	events             []int32 // those that are new, by their index in the page
	fresh              []entry // what must be stored with them
	newBytes, repeated int
}

// take decides which events of a part are new, and remembers them. It is called for one part at a time, in the order in which they were read.
func (g *group) take(j part, late time.Duration) taken {
	p, all := &g.pos, j.page.Events[j.lo:j.hi]
	upTo := min(j.chain.to, j.chain.began)
	if n := len(all); n > 0 && !j.last {
		upTo = all[n-1].Timestamp
	}
	known := p.settled
	if j.chain.settles && (j.last || len(all) > 0) {
		p.settle(upTo, j.chain.began, late)
	}
	t := taken{events: make([]int32, 0, len(all))}
	before := p.newest
	for i := range all {
		e := &all[i]
		id, size := hashID(e.ID), len(e.Message)
		// Below what is settled everything was handed over; the newest event may be followed by others of its millisecond.
		if e.Timestamp < known && e.Timestamp <= before || e.Timestamp <= p.newest && g.seen.has(e.Timestamp, id) {
			t.repeated += size
			continue
		}
		p.newest = max(p.newest, e.Timestamp)
		t.newBytes += size
		t.events = append(t.events, int32(j.lo+i)) //nolint:gosec // a page has fewer events than bytes, 64 MiB
		if e.Timestamp >= p.settled {
			g.seen.add(e.Timestamp, id, size)
			t.fresh = append(t.fresh, entry{e.Timestamp, id, size})
		}
	}
	if !j.chain.sweep {
		p.open = !j.last
		p.earn(t.newBytes, t.repeated, j.chain.settles)
		if t.newBytes > 0 {
			p.observe(all)
		}
	}
	if j.last {
		if !j.chain.sweep {
			p.readTo = max(p.readTo, min(j.chain.to, j.chain.began))
		}
		if j.chain.settles {
			p.lastSweep = j.chain.began
		}
		g.seen.seal(p.newest)
	}
	g.seen.forget(p.settled)
	g.begun, g.unread, g.dirty = true, false, true
	return t
}

// cannot notes why nothing can be read of the group, "" where it can.
func (g *group) cannot(reason string, now time.Time) {
	if reason == darkMissing && g.missingAt == 0 {
		g.missingAt, g.dirty = now.UnixMilli(), g.dirty || g.begun && !g.unread // nothing is stored of a group that was never read
	}
	g.unreadable = reason
}

// rest notes that no read of a class is queued for the group.
func (g *group) rest(c class) {
	if c == classSweep {
		g.sweepActive = false
	} else {
		g.headActive = false
	}
}

// readTo is up to when the group has been handed over.
func (g *group) readTo() int64 {
	if g.pos.open {
		return g.pos.newest
	}
	return g.pos.readTo
}

// parts cuts a job into batches.
func (j *job) parts(yield func(part) bool) {
	first, bytes, events := 0, 0, j.page.Events
	for i := range events {
		size := len(events[i].Message)
		if i > first && (i-first == maxBatchRecords || bytes+size > maxBatchBytes) {
			if !yield(part{job: j, lo: first, hi: i}) {
				return
			}
			first, bytes = i, 0
		}
		bytes += size
	}
	yield(part{job: j, lo: first, hi: len(events), last: j.final})
}

// Bounds of a batch.
const (
	maxBatchRecords = 2048
	maxBatchBytes   = 1 << 20
)
