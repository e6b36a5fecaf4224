package metrics

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// positionsVersion is the version of everything that is stored here.
const positionsVersion = 1

// meta is what is stored per target.
type meta struct {
	V int `json:"v"`
	// Account is the one that was read, "" of collectors that did not say it.
	Account string `json:"account,omitempty"`
	// First is the target's first start, Unix seconds.
	First int64 `json:"first"`
	// Listed is when the newest complete list of series began.
	Listed int64 `json:"listed"`
	// Period is the period of the positions, seconds.
	Period int64 `json:"period"`
	// APIs are the keys of the APIs that have positions.
	APIs []string `json:"apis"`
}

// position is what is stored per target and API: the ledgers of its series.
type position struct {
	V      int               `json:"v"`
	Series map[string]ledger `json:"series"`
}

// inflight is what is stored before points are handed over, and removed with the new positions after it. A start that finds one hands the same
// bytes over again: what a kill in between repeats is identical to the first.
type inflight struct {
	V int `json:"v"`
	// Ledgers are the new ones, by API and series.
	Ledgers map[string]map[string]ledger `json:"ledgers"`
	// payload is the OTLP message.
	payload []byte
}

var errVersion = errors.New("its version is not known")

func decodeMeta(b []byte) (meta, error) {
	var m meta
	if err := json.Unmarshal(b, &m); err != nil {
		return meta{}, fmt.Errorf("cannot decode the stored state: %w", err)
	}
	if m.V != positionsVersion {
		return meta{}, fmt.Errorf("cannot decode the stored state: %w: %d", errVersion, m.V)
	}
	if m.Period <= 0 || m.Period > maxPeriod || m.First < 0 || m.First > maxUnix || m.Listed < 0 || m.Listed > maxUnix {
		return meta{}, errors.New("cannot decode the stored state: it makes no sense")
	}
	return m, nil
}

// maxPeriod is the longest that the settings allow, in seconds.
const maxPeriod = 24 * 60 * 60

// maxUnix is the year 9999.
const maxUnix = 253402300799

func decodePosition(b []byte) (map[string]ledger, error) {
	var p position
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("cannot decode a stored position: %w", err)
	}
	if p.V != positionsVersion {
		return nil, fmt.Errorf("cannot decode a stored position: %w: %d", errVersion, p.V)
	}
	for id, l := range p.Series {
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("cannot decode a stored position: series %q: %w", id, err)
		}
	}
	return p.Series, nil
}

func encodePosition(ledgers map[string]ledger) ([]byte, error) {
	return json.Marshal(position{V: positionsVersion, Series: ledgers})
}

var errSense = errors.New("it makes no sense")

// check refuses what no program of ours wrote: times out of order, amounts that are no amounts.
func (l *ledger) check() error {
	if l.Settled < 0 || l.Settled > maxUnix {
		return errSense
	}
	last := int64(math.MinInt64)
	for i := range l.Seen {
		o := &l.Seen[i]
		if o.TS <= last || o.TS > maxUnix || !o.amounts.sane() {
			return errSense
		}
		last = o.TS
	}
	for i := range l.Streams {
		s := &l.Streams[i]
		if s.End < 0 || s.End > maxUnix || s.LateSince < 0 || s.LateSince > maxUnix || !s.Late.sane() ||
			slices.ContainsFunc(l.Streams[:i], func(o stream) bool { return o.Owner == s.Owner }) {
			return errSense
		}
	}
	return nil
}

// maxAmount is beyond what values of at most 2^53, and a few late ones of them, add up to.
const maxAmount = 1 << 60

func (a *amounts) sane() bool {
	return a.N >= 0 && a.Sum >= 0 && a.N < maxAmount && a.Sum < maxAmount && len(a.Buckets) <= maxStatistics && !slices.ContainsFunc(a.Buckets, func(b float64) bool { return !(b >= 0) })
}

// future says whether the ledger tells of a time that no program can have read before now.
func (l *ledger) future(now int64) bool {
	return l.Settled > now || l.end() > now || len(l.Seen) > 0 && l.Seen[len(l.Seen)-1].TS > now
}

// encode is a length, the JSON of the ledgers, and the payload as it is.
func (f *inflight) encode() ([]byte, error) {
	head, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	out := binary.AppendUvarint(make([]byte, 0, len(head)+len(f.payload)+binary.MaxVarintLen64), uint64(len(head)))
	return append(append(out, head...), f.payload...), nil
}

func decodeInflight(b []byte) (*inflight, error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) { //nolint:gosec // used is at most the length
		return nil, errors.New("cannot decode the stored hand-over: it is cut off")
	}
	f := &inflight{}
	if err := json.Unmarshal(b[used:used+int(n)], f); err != nil { //nolint:gosec // n is at most the length
		return nil, fmt.Errorf("cannot decode the stored hand-over: %w", err)
	}
	if f.V != positionsVersion {
		return nil, fmt.Errorf("cannot decode the stored hand-over: %w: %d", errVersion, f.V)
	}
	for _, ledgers := range f.Ledgers {
		for id, l := range ledgers {
			if err := l.check(); err != nil {
				return nil, fmt.Errorf("cannot decode the stored hand-over: series %q: %w", id, err)
			}
		}
	}
	f.payload = b[used+int(n):] //nolint:gosec // n is at most the length
	return f, nil
}
