package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

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
