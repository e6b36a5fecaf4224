package awssim

import (
	"slices"
	"sync"
	"time"
)

// cachedEntries bounds the cache of log groups' minutes, in events of 20 bytes.
const cachedEntries = 2_000_000

// logMinutes are the events of log groups, minute by minute: made when first asked for, kept in two generations of which the older is dropped when
// the younger is full.
type logMinutes struct {
	published *published

	mu         sync.Mutex
	ingestion  Lateness
	young, old map[groupMinute][]logEntry
	cost       int
}

type groupMinute struct {
	group  *logGroup
	minute int64
}

func newLogMinutes(p *published, ingestion Lateness) *logMinutes {
	return &logMinutes{published: p, ingestion: ingestion, young: map[groupMinute][]logEntry{}}
}

// setIngestion changes the delays from now on.
func (m *logMinutes) setIngestion(l Lateness) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ingestion, m.young, m.old, m.cost = l, map[groupMinute][]logEntry{}, nil, 0
}

func (m *logMinutes) currentIngestion() Lateness {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ingestion
}

// minute returns the events of a group in a minute in FilterLogEvents' order, those that are not ingested yet included.
func (m *logMinutes) minute(g *logGroup, minute int64) []logEntry {
	key := groupMinute{g, minute}
	m.mu.Lock()
	entries, ok := m.young[key]
	if !ok {
		if entries, ok = m.old[key]; ok {
			m.keep(key, entries)
		}
	}
	ingestion := m.ingestion
	m.mu.Unlock()
	if ok {
		return entries
	}
	for i, source := range g.sources {
		before := len(entries)
		entries = source.entries(m.published, minute, entries)
		for k := before; k < len(entries); k++ {
			e := &entries[k]
			e.source = uint16(i)
			e.delay += ingestion.ofEvent(source.key(), minute, e)
		}
	}
	slices.SortFunc(entries, func(a, b logEntry) int { return a.compare(&b) })
	m.mu.Lock()
	defer m.mu.Unlock()
	if ingestion == m.ingestion {
		m.keep(key, entries)
	}
	return entries
}

// keep puts a minute into the young generation. The caller holds the lock.
func (m *logMinutes) keep(key groupMinute, entries []logEntry) {
	if _, ok := m.young[key]; ok {
		return
	}
	if m.cost > cachedEntries/2 {
		m.old, m.young, m.cost = m.young, map[groupMinute][]logEntry{}, 0
	}
	m.young[key] = entries
	m.cost += len(entries) + minuteCost
}

// ofEvent draws how long after its time an event is ingested, in milliseconds: Base and up to a quarter more, for a fraction Late up to Max longer, line by line,
// for a fraction WholePoints of the minutes of a source the same for all of them.
func (l Lateness) ofEvent(source uint64, minute int64, e *logEntry) int32 {
	random := mix(source ^ mix(uint64(minute-int64(e.back))) ^ mix(uint64(e.request)+0xde1a))
	delay := int32(l.Base.Milliseconds())
	delay += int32(float64(random>>48) / (1 << 18) * float64(l.Base.Milliseconds()))
	if l.Max > 0 && l.Late > 0 {
		delay += int32(l.delay(mix(random+uint64(e.line)), l.Late))
	}
	if l.Max > 0 && l.WholePoints > 0 {
		delay += int32(l.delay(mix(source^mix(uint64(minute)+1)), l.WholePoints))
	}
	return delay
}

// visible reports whether an event of a minute has been ingested.
func (e *logEntry) visible(minute int64, now time.Time) bool {
	return minute*60_000+int64(e.offset)+int64(e.delay) <= now.UnixMilli()
}

// forget drops what was made.
func (m *logMinutes) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.old, m.young, m.cost = nil, map[groupMinute][]logEntry{}, 0
}
