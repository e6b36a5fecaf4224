package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// storedVersion is the version of everything that is stored here.
const storedVersion = 1

const (
	// maxInline is how many ids stand in the position itself. More are written into a value of their own, once, so that a position stays small
	// whatever is remembered.
	maxInline = 512
	// maxChunks bounds those values: with a page each, a group reads no more within its window.
	maxChunks = 100_000
	// keepUnseen is after how long the position of a group that nobody wants is dropped.
	keepUnseen = 15 * 24 * time.Hour
)

// stored is the position of a group as it is kept.
type stored struct {
	V       int        `json:"v"`
	Newest  int64      `json:"newest"`
	Settled int64      `json:"settled"`
	ReadTo  int64      `json:"read_to"`
	Open    bool       `json:"open,omitempty"`
	LateMax int64      `json:"late_max,omitempty"`
	Credit  int64      `json:"credit,omitempty"`
	Swept   int64      `json:"swept,omitempty"`
	Created int64      `json:"created,omitempty"` // of the log group
	Missing int64      `json:"missing,omitempty"` // since when it did not exist
	Saved   int64      `json:"saved"`
	Next    int64      `json:"next,omitempty"`
	Chunks  []chunkRef `json:"chunks,omitempty"`
	Inline  []byte     `json:"ids,omitempty"`
	// Losses are those that were not said.
	Losses []storedLoss `json:"losses,omitempty"`
}

type storedLoss struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Reason string `json:"reason"`
}

// chunkRef names a stored value with ids, and the newest minute in it.
type chunkRef struct {
	N      int64 `json:"n"`
	Minute int64 `json:"m"`
}

// chunks are the ids of a group that are in storage, or are to be.
type chunks struct {
	next   int64
	refs   []chunkRef
	inline []entry
}

// change adds entries, drops what is settled, and returns what has to be written and deleted beside the position.
func (c *chunks) change(key string, fresh []entry, settled int64, changes map[string][]byte) {
	c.inline = slices.DeleteFunc(c.inline, func(e entry) bool { return (minuteOf(e.at)+1)*minuteMS <= settled })
	c.inline = append(c.inline, fresh...)
	if len(c.inline) > maxInline {
		newest := int64(0)
		for _, e := range c.inline {
			newest = max(newest, minuteOf(e.at))
		}
		changes[chunkKey(key, c.next)] = encodeEntries(c.inline)
		c.refs = append(c.refs, chunkRef{c.next, newest})
		c.next++
		c.inline = c.inline[:0]
	}
	c.refs = slices.DeleteFunc(c.refs, func(r chunkRef) bool {
		over := (r.Minute+1)*minuteMS <= settled
		if over {
			changes[chunkKey(key, r.N)] = nil
		}
		return over
	})
}

// chunkKey has a colon, which no name of a log group has: one may end in #1.
func chunkKey(key string, n int64) string { return key + ":" + strconv.FormatInt(n, 10) }

// moveChunks finds the values that are missing under the keys that they had before, which end as names of log groups may, and gives them their own. What is
// there may be the position of a group of that name.
func (r *Reader) moveChunks(ctx context.Context, key string, refs []chunkRef, values [][]byte) error {
	changes := map[string][]byte{}
	for i, c := range refs {
		if values[i] != nil {
			continue
		}
		before := key + "#" + strconv.FormatInt(c.N, 10)
		v, err := r.Store.Get(ctx, before)
		if err != nil {
			return err
		}
		if _, err := decodeStored(v); err == nil || v == nil {
			continue
		}
		values[i], changes[before], changes[chunkKey(key, c.N)] = v, nil, v
	}
	return r.Store.Apply(ctx, changes)
}

// save writes the position of a group, with what is to be remembered with it; not while events before it are being handed over.
func (r *Reader) save(ctx context.Context, g *group, fresh []entry, now time.Time) {
	if !r.Store.Durable() {
		return
	}
	changes := map[string][]byte{}
	key := r.groupKey(g.name)
	g.saving.Lock()
	defer g.saving.Unlock()
	g.mu.Lock()
	if g.handing {
		g.mu.Unlock()
		return
	}
	g.stored.change(key, fresh, g.pos.settled, changes)
	p := &g.pos
	b, err := json.Marshal(stored{
		V: storedVersion, Newest: p.newest, Settled: p.settled, ReadTo: p.readTo, Open: p.open, LateMax: p.lateMax, Credit: max(int64(p.credit), 0), Swept: p.lastSweep,
		Created: unixMS(g.described.Created), Missing: g.missingAt, Saved: now.UnixMilli(), Next: g.stored.next, Chunks: g.stored.refs, Inline: encodeEntries(g.stored.inline),
		Losses: storedLosses(g.losses),
	})
	g.half.settle(p.settled)
	halfErr := g.half.change(r.halfKey(g.name), changes)
	g.savedAt, g.dirty = now, false
	g.mu.Unlock()
	changes[key] = b
	if err = errors.Join(err, halfErr); err == nil {
		err = r.Store.Apply(context.WithoutCancel(ctx), changes)
	}
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
}

// load takes up the stored position of a group. Without one it returns false. A position that makes no sense is an error, and not used.
func (r *Reader) load(ctx context.Context, g *group) (bool, error) {
	key := r.groupKey(g.name)
	kept, err := r.Store.GetAll(ctx, []string{key, r.halfKey(g.name)})
	if err != nil {
		return false, err
	}
	var bad error
	if err := g.half.decode(kept[1]); err != nil {
		bad = fmt.Errorf("%w of log group %q", err, g.name)
	}
	if kept[0] == nil {
		return false, bad
	}
	s, err := decodeStored(kept[0])
	if err != nil {
		return false, fmt.Errorf("%w of log group %q", err, g.name)
	}
	p := startAt(s.Newest + 1)
	p.settled, p.readTo, p.open, p.lateMax, p.credit, p.lastSweep = s.Settled, s.ReadTo, s.Open, s.LateMax, float64(s.Credit), s.Swept
	entries, err := decodeEntries(s.Inline)
	if err != nil {
		return false, fmt.Errorf("%w of log group %q", err, g.name)
	}
	g.stored = chunks{next: s.Next, refs: s.Chunks, inline: entries}
	all := [][]entry{entries}
	keys := make([]string, len(s.Chunks))
	for i, c := range s.Chunks {
		keys[i] = chunkKey(key, c.N)
	}
	values, err := r.Store.GetAll(ctx, keys)
	if err != nil {
		return false, err
	}
	bad = errors.Join(bad, r.moveChunks(ctx, key, s.Chunks, values))
	for _, v := range values {
		entries, err := decodeEntries(v)
		if err != nil || v == nil {
			// Its events may come again: better than none.
			bad = errors.Join(bad, fmt.Errorf("%w of log group %q", errEntries, g.name))
			continue
		}
		all = append(all, entries)
	}
	for _, entries := range all {
		for _, e := range entries {
			if !g.seen.has(e.at, e.id) {
				g.seen.add(e.at, e.id, e.bytes)
			}
		}
	}
	for _, l := range s.Losses {
		g.losses = append(g.losses, &loss{span: span{l.From, l.To}, reason: l.Reason})
	}
	g.seen.seal(p.newest)
	g.pos = p
	if s.Created != 0 {
		g.described.Created = time.UnixMilli(s.Created)
	}
	g.savedAt, g.missingAt = time.UnixMilli(s.Saved), s.Missing
	return true, bad
}

func decodeStored(b []byte) (*stored, error) {
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("cannot decode the stored position: %w", err)
	}
	if s.V != storedVersion {
		return nil, fmt.Errorf("cannot decode the stored position: its version is %d, not %d", s.V, storedVersion)
	}
	for _, ms := range []int64{s.Newest + 1, s.Settled, s.ReadTo, s.LateMax, s.Swept, s.Created, s.Missing, s.Saved, s.Next} {
		if ms < 0 || ms > maxUnixMS {
			return nil, fmt.Errorf("cannot decode the stored position: %d is no time", ms)
		}
	}
	if s.Credit < 0 || s.Credit > overlapCredit {
		return nil, fmt.Errorf("cannot decode the stored position: %d is no credit", s.Credit)
	}
	if len(s.Chunks) > maxChunks {
		return nil, fmt.Errorf("cannot decode the stored position: %d values of ids", len(s.Chunks))
	}
	if len(s.Losses) > maxLosses {
		return nil, fmt.Errorf("cannot decode the stored position: %d losses", len(s.Losses))
	}
	for _, l := range s.Losses {
		if l.From < 0 || l.To < l.From || l.To > maxUnixMS || l.Reason != lostRetention && l.Reason != lostBackfill && l.Reason != lostDeleted {
			return nil, fmt.Errorf("cannot decode the stored position: %d to %d is no loss by %q", l.From, l.To, l.Reason)
		}
	}
	for _, c := range s.Chunks {
		if c.N < 0 || c.N >= s.Next || c.Minute < 0 || c.Minute > maxUnixMS/minuteMS {
			return nil, fmt.Errorf("cannot decode the stored position: value %d of ids", c.N)
		}
	}
	return &s, nil
}

func storedLosses(losses []*loss) (out []storedLoss) {
	for _, l := range losses {
		out = append(out, storedLoss{l.from, l.to, l.reason})
	}
	return out
}

func unixMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (r *Reader) key(name string) string        { return "logs/" + r.Target.Label + "/" + name }
func (r *Reader) groupKey(name string) string   { return r.key("group/" + name) }
func (r *Reader) formatKey(stage string) string { return r.key("format/" + stage) }
