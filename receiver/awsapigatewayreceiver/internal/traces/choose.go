package traces

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// candidate is a trace that may be retrieved.
type candidate struct {
	id       pcommon.TraceID
	revision int32
	partial  bool
	rank     rank
	duration float32 // seconds
}

// rank orders traces by what they tell.
type rank uint8

const (
	faulty rank = iota
	erroneous
	throttled
	plain
)

func newCandidate(id pcommon.TraceID, t *model.TraceSummary) candidate {
	c := candidate{id: id, revision: int32(t.Revision), partial: t.Partial, duration: float32(t.Duration), rank: plain} //nolint:gosec // 32 bits of the SDK's
	switch {
	case t.Fault:
		c.rank = faulty
	case t.Throttle:
		c.rank = throttled // AWS calls it an error as well
	case t.Error:
		c.rank = erroneous
	}
	return c
}

// lot is the order in which traces are drawn where there are too many: the same at each scan, for a trace's every segment.
func (c *candidate) lot() uint64 {
	x := binary.LittleEndian.Uint64(c.id[8:]) ^ binary.LittleEndian.Uint64(c.id[:8])
	x = (x ^ x>>31) * 0x7fb5d329728ea185
	x = (x ^ x>>27) * 0x81dadef4bc2dd44d
	return x ^ x>>33
}

// The orders of traces: those with faults, errors and throttles by their lots; by duration; by lot alone.
func byRank(a, b candidate) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), byLot(a, b))
}

func bySlowness(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.duration, a.duration), byLot(a, b))
}

func byLot(a, b candidate) int {
	return cmp.Or(cmp.Compare(a.lot(), b.lot()), bytes.Compare(a.id[:], b.id[:]))
}

// shortlist gathers the candidates of a scan in bounded memory.
type shortlist struct {
	n int // how many are to be chosen
	// late is how many of these places are kept for the next reading, where there are not enough for all: an error may show later.
	late int
	list []candidate
}

// add takes a candidate up. Whatever can't be chosen any more is forgotten now and then.
func (s *shortlist) add(c candidate) {
	s.list = append(s.list, c)
	if len(s.list) > 8*s.n+1024 {
		s.list = s.cut()
	}
}

// cut keeps what can still be chosen: the first n in each order.
func (s *shortlist) cut() []candidate {
	s.list = distinct(s.list)
	var kept []candidate
	for _, order := range []func(a, b candidate) int{byRank, bySlowness, byLot} {
		slices.SortFunc(s.list, order)
		kept = append(kept, s.list[:min(s.n, len(s.list))]...)
	}
	return distinct(kept)
}

func distinct(list []candidate) []candidate {
	slices.SortFunc(list, func(a, b candidate) int { return bytes.Compare(a.id[:], b.id[:]) })
	return slices.CompactFunc(list, func(a, b candidate) bool { return a.id == b.id })
}

// slowShare is the part of what errors leave that goes to the slowest traces, lateShare that of all places which the first reading leaves to the last.
const (
	slowShare = 4
	lateShare = 8
)

// choose returns at most n candidates: those with faults, errors and throttles first; of what is left a quarter to the slowest; the rest is drawn.
func (s *shortlist) choose() []candidate {
	list := distinct(s.list)
	if len(list) <= s.n {
		return list
	}
	n := s.n - s.late
	slices.SortFunc(list, byRank)
	bad, _ := slices.BinarySearchFunc(list, plain, func(c candidate, r rank) int { return cmp.Compare(c.rank, r) })
	chosen := min(bad, n)
	slices.SortFunc(list[chosen:], bySlowness)
	chosen += (n - chosen + slowShare - 1) / slowShare
	slices.SortFunc(list[chosen:], byLot)
	return list[:n]
}
