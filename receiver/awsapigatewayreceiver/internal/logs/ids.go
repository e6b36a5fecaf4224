package logs

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// minuteMS is a minute in milliseconds.
const minuteMS = 60_000

// minuteOf is the minute that a time in Unix milliseconds lies in.
func minuteOf(ms int64) int64 {
	if ms < 0 {
		return (ms - minuteMS + 1) / minuteMS
	}
	return ms / minuteMS
}

// hashID is what is remembered of an event's id.
func hashID(id string) uint64 { return xxhash.Sum64String(id) }

// memory remembers the events that were handed over, by the minute of their timestamps: their ids' hashes, and how many bytes they had. A
// thousand million pairs of ids have one in 18 that would be taken for the same event; a group never has so many at once.
type memory struct {
	minutes map[int64]*minute
	count   int
}

// minute holds the events of one minute. Those of a minute that is over are sorted, at 8 bytes each; what comes late is beside them.
type minute struct {
	sorted []uint64
	recent map[uint64]struct{}
	bytes  int64
}

func newMemory() *memory { return &memory{minutes: map[int64]*minute{}} }

func (m *minute) has(id uint64) bool {
	if _, ok := m.recent[id]; ok {
		return true
	}
	_, ok := slices.BinarySearch(m.sorted, id)
	return ok
}

func (m *minute) len() int { return len(m.sorted) + len(m.recent) }

// seal sorts what came recently in.
func (m *minute) seal() {
	if len(m.recent) == 0 {
		return
	}
	all := make([]uint64, 0, m.len())
	all = append(all, m.sorted...)
	for id := range m.recent {
		all = append(all, id)
	}
	slices.Sort(all)
	m.sorted, m.recent = all, nil
}

// has says whether an event was handed over.
func (s *memory) has(at int64, id uint64) bool {
	m, ok := s.minutes[minuteOf(at)]
	return ok && m.has(id)
}

// add remembers an event that has has not.
func (s *memory) add(at int64, id uint64, bytes int) {
	key := minuteOf(at)
	m, ok := s.minutes[key]
	if !ok {
		m = &minute{}
		s.minutes[key] = m
	}
	if m.recent == nil {
		m.recent = map[uint64]struct{}{}
	}
	m.recent[id] = struct{}{}
	m.bytes += int64(bytes)
	s.count++
}

// forget drops the minutes that end at or before a time.
func (s *memory) forget(before int64) {
	for key, m := range s.minutes {
		if (key+1)*minuteMS <= before {
			s.count -= m.len()
			delete(s.minutes, key)
		}
	}
}

// seal sorts the minutes before the one of a time.
func (s *memory) seal(at int64) {
	for key, m := range s.minutes {
		if key < minuteOf(at) {
			m.seal()
		}
	}
}

// oldest is the first minute that has anything, and false where none has.
func (s *memory) oldest() (int64, bool) {
	first, ok := int64(0), false
	for key := range s.minutes {
		if !ok || key < first {
			first, ok = key, true
		}
	}
	return first, ok
}

// bytesSince estimates how many bytes the events from a time on have, newest being the time of the newest: those of a minute are taken as spread
// evenly over it.
func (s *memory) bytesSince(from, newest int64) int64 {
	total := 0.0
	for key, m := range s.minutes {
		start, end := key*minuteMS, (key+1)*minuteMS
		if newest >= start && newest < end {
			end = newest + 1
		}
		switch {
		case end <= from:
		case start >= from:
			total += float64(m.bytes)
		default:
			total += float64(m.bytes) * float64(end-from) / float64(end-start)
		}
	}
	return int64(total)
}

// entry is an event that is to be remembered.
type entry struct {
	at    int64
	id    uint64
	bytes int
}

// encodeEntries encodes entries by minute: the minute, how many bytes they have and how many there are, as varints, then the ids.
func encodeEntries(entries []entry) []byte {
	var b []byte
	for len(entries) > 0 {
		key, n, bytes := minuteOf(entries[0].at), 0, 0
		for n < len(entries) && minuteOf(entries[n].at) == key {
			bytes += entries[n].bytes
			n++
		}
		b = binary.AppendVarint(b, key)
		b = binary.AppendUvarint(b, uint64(bytes))
		b = binary.AppendUvarint(b, uint64(n))
		for _, e := range entries[:n] {
			b = binary.LittleEndian.AppendUint64(b, e.id)
		}
		entries = entries[n:]
	}
	return b
}

var errEntries = errors.New("cannot decode stored ids")

// decodeEntries is the reverse of encodeEntries, but for the times within a minute: they are its start. The bytes are shared out evenly.
func decodeEntries(b []byte) ([]entry, error) {
	var out []entry
	for len(b) > 0 {
		key, k := binary.Varint(b)
		if k <= 0 || key > maxUnixMS/minuteMS || key < 0 {
			return nil, errEntries
		}
		b = b[k:]
		bytes, k := binary.Uvarint(b)
		if k <= 0 || bytes > 1<<40 {
			return nil, errEntries
		}
		b = b[k:]
		n, k := binary.Uvarint(b)
		if k <= 0 || n == 0 || n > uint64(len(b)-k)/8 { //nolint:gosec // k is at most the length
			return nil, errEntries
		}
		b = b[k:]
		for range n {
			out = append(out, entry{at: key * minuteMS, id: binary.LittleEndian.Uint64(b), bytes: int(bytes / n)}) //nolint:gosec // below 1<<40
			b = b[8:]
		}
	}
	return out, nil
}

// maxUnixMS is the year 9999 in Unix milliseconds.
const maxUnixMS = 253402300799_000
