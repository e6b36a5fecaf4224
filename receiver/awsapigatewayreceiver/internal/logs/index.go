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
	// Account is the one that was read, "" of collectors that did not say it.
	Account string `json:"account,omitempty"`
	// First is the target's first start, Seen when the inventory was taken up last: Unix milliseconds.
	First int64 `json:"first"`
	Seen  int64 `json:"seen,omitempty"`
	// Groups and Formats are those that have a stored value, by log group and by stage, with when they were wanted last.
	Groups  map[string]int64 `json:"groups,omitempty"`
	Formats map[string]int64 `json:"formats,omitempty"`
	// Starts are where the groups begin that have no stored position yet, Unix milliseconds.
	Starts map[string]int64 `json:"starts,omitempty"`
}

func newIndex(account string, first int64) index {
	return index{V: storedVersion, Account: account, First: first, Groups: map[string]int64{}, Formats: map[string]int64{}, Starts: map[string]int64{}}
}

// loadIndex reads what is stored of the target, at its start.
func (r *Reader) loadIndex(ctx context.Context, now time.Time) error {
	r.index, r.seenBefore = newIndex(r.Target.AccountID, now.UnixMilli()), now
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
	if x.Account != "" && x.Account != r.Target.AccountID {
		return r.replace(ctx, &x)
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

// replace removes what is stored of another account, whose credentials the target had before: its log groups may have the same names.
func (r *Reader) replace(ctx context.Context, other *index) error {
	changes := map[string][]byte{}
	for name := range other.Groups {
		r.dropGroup(ctx, name, changes)
	}
	for stage := range other.Formats {
		changes[r.formatKey(stage)] = nil
	}
	b, err := json.Marshal(r.index)
	if err != nil {
		return fmt.Errorf("cannot encode the log groups: %w", err)
	}
	changes[r.key("index")] = b
	return r.Store.Apply(ctx, changes)
}

// dropGroup adds to changes the removal of all that is stored of a group.
func (r *Reader) dropGroup(ctx context.Context, name string, changes map[string][]byte) {
	key := r.groupKey(name)
	changes[key], changes[r.halfKey(name)], changes[r.leftKey(name)] = nil, nil, nil
	b, err := r.Store.Get(ctx, key)
	if err != nil || b == nil {
		return
	}
	if s, err := decodeStored(b); err == nil {
		for _, c := range s.Chunks {
			changes[chunkKey(key, c.N)] = nil
		}
	}
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
		r.dropGroup(ctx, name, changes)
	}
	for stage, seen := range r.index.Formats {
		if seen < oldest {
			delete(r.index.Formats, stage)
			delete(r.book.stages, stage)
			changes[r.formatKey(stage)] = nil
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
