package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	Saved   int64      `json:"saved"`
	Next    int64      `json:"next,omitempty"`
	Chunks  []chunkRef `json:"chunks,omitempty"`
	Inline  []byte     `json:"ids,omitempty"`
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

func chunkKey(key string, n int64) string { return key + "#" + strconv.FormatInt(n, 10) }

// save writes the position of a group, with what is to be remembered with it; not while events before it are being handed over.
func (r *Reader) save(ctx context.Context, g *group, fresh []entry, now time.Time) {
	if !r.Store.Durable() {
		return
	}
	changes := map[string][]byte{}
	key := r.groupKey(g.name)
	g.mu.Lock()
	if g.handing {
		g.mu.Unlock()
		return
	}
	g.stored.change(key, fresh, g.pos.settled, changes)
	p := &g.pos
	b, err := json.Marshal(stored{
		V: storedVersion, Newest: p.newest, Settled: p.settled, ReadTo: p.readTo, Open: p.open, LateMax: p.lateMax, Credit: max(int64(p.credit), 0), Swept: p.lastSweep,
		Created: unixMS(g.described.Created), Saved: now.UnixMilli(), Next: g.stored.next, Chunks: g.stored.refs, Inline: encodeEntries(g.stored.inline),
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
	g.seen.seal(p.newest)
	g.pos = p
	if s.Created != 0 {
		g.described.Created = time.UnixMilli(s.Created)
	}
	g.savedAt = time.UnixMilli(s.Saved)
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
	for _, ms := range []int64{s.Newest + 1, s.Settled, s.ReadTo, s.LateMax, s.Swept, s.Created, s.Saved, s.Next} {
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
	for _, c := range s.Chunks {
		if c.N < 0 || c.N >= s.Next || c.Minute < 0 || c.Minute > maxUnixMS/minuteMS {
			return nil, fmt.Errorf("cannot decode the stored position: value %d of ids", c.N)
		}
	}
	return &s, nil
}

func unixMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (r *Reader) key(name string) string      { return "logs/" + r.Target.Label + "/" + name }
func (r *Reader) groupKey(name string) string { return r.key("group/" + name) }

// index is what is stored per target.
type index struct {
	V int `json:"v"`
	// First is the target's first start, Seen when the inventory was taken up last: Unix milliseconds.
	First int64 `json:"first"`
	Seen  int64 `json:"seen,omitempty"`
	// Groups and Formats are those that have a stored value, by log group and by stage, with when they were wanted last.
	Groups  map[string]int64 `json:"groups,omitempty"`
	Formats map[string]int64 `json:"formats,omitempty"`
	// Starts are where the groups begin that have no stored position yet, Unix milliseconds.
	Starts map[string]int64 `json:"starts,omitempty"`
}

func newIndex(first int64) index {
	return index{V: storedVersion, First: first, Groups: map[string]int64{}, Formats: map[string]int64{}, Starts: map[string]int64{}}
}

// loadIndex reads what is stored of the target.
func (r *Reader) loadIndex(ctx context.Context) error {
	now := r.now()
	r.index, r.seenBefore = newIndex(now.UnixMilli()), now
	b, err := r.Store.Get(ctx, r.key("index"))
	if err != nil || b == nil {
		return err
	}
	var x index
	if err := json.Unmarshal(b, &x); err != nil {
		return fmt.Errorf("cannot decode the stored log groups: %w", err)
	}
	if x.V != storedVersion || x.First < 0 || x.First > maxUnixMS {
		return fmt.Errorf("cannot decode the stored log groups: version %d, first start %d", x.V, x.First)
	}
	r.index.First = min(x.First, now.UnixMilli())
	if x.Seen > 0 && x.Seen < now.UnixMilli() {
		r.seenBefore = time.UnixMilli(x.Seen)
	}
	if x.Groups != nil {
		r.index.Groups = x.Groups
	}
	if x.Formats != nil {
		r.index.Formats = x.Formats
	}
	for name, at := range x.Starts {
		if at >= 0 && at <= now.UnixMilli() {
			r.index.Starts[name] = at
		}
	}
	return nil
}

// saveIndex stores what has a stored value, and drops what nobody has wanted for keepUnseen.
func (r *Reader) saveIndex(ctx context.Context) {
	if !r.Store.Durable() {
		return
	}
	changes, now := map[string][]byte{}, r.now()
	r.index.Seen = now.UnixMilli()
	oldest := now.Add(-keepUnseen).UnixMilli()
	for name, seen := range r.index.Groups {
		if seen >= oldest {
			continue
		}
		delete(r.index.Groups, name)
		delete(r.index.Starts, name)
		key := r.groupKey(name)
		changes[key], changes[r.halfKey(name)] = nil, nil
		if b, err := r.Store.Get(ctx, key); err == nil && b != nil {
			if s, err := decodeStored(b); err == nil {
				for _, c := range s.Chunks {
					changes[chunkKey(key, c.N)] = nil
				}
			}
		}
	}
	for stage, seen := range r.index.Formats {
		if seen < oldest {
			delete(r.index.Formats, stage)
			delete(r.book.stages, stage)
			changes[r.key("format/"+stage)] = nil
		}
	}
	maps.DeleteFunc(r.index.Starts, func(name string, _ int64) bool { return r.groups.stored(name, r.began) })
	b, err := json.Marshal(r.index)
	if err == nil {
		changes[r.key("index")] = b
		err = r.Store.Apply(context.WithoutCancel(ctx), changes)
	}
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
}
