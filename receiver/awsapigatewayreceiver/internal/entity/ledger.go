package entity

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// owed is a deletion or a change that has to be handed over.
type owed struct {
	Deleted *inventory.Deleted `json:"deleted,omitempty"`
	Event   *inventory.Event   `json:"event,omitempty"`
}

// chunk is what is stored, sent and removed at once.
type chunk struct {
	seq   int64
	items []owed
}

// ledger holds what is owed, oldest first.
type ledger struct {
	chunks  []chunk
	next    int64 // the number of the next chunk
	items   int
	deletes map[uint64]bool // keys of the deletions in it: each once
	fresh   []int64         // chunks that are not stored yet, or not as they are
	gone    []int64         // chunks that are stored no longer needed
}

// maxOwed bounds the ledger: more than all resources that API Gateway's quotas allow a region with default limits.
const maxOwed = 500_000

func (l *ledger) empty() bool { return len(l.chunks) == 0 }

// add takes what a snapshot no longer has, and what changed. It returns how many it had no room for.
func (l *ledger) add(d *inventory.Delta, now time.Time) (dropped int) {
	var items []owed
	for i := range d.Deleted {
		key := inventory.KeyHash(d.Deleted[i].Type, d.Deleted[i].ID)
		if l.deletes[key] {
			continue
		}
		if l.deletes == nil {
			l.deletes = map[uint64]bool{}
		}
		l.deletes[key] = true
		items = append(items, owed{Deleted: &d.Deleted[i]})
	}
	for _, keys := range d.Changed {
		for _, key := range keys {
			l.revive(key)
		}
	}
	for i := range d.Events {
		if d.Events[i].At.IsZero() {
			d.Events[i].At = now
		}
		items = append(items, owed{Event: &d.Events[i]})
	}
	if room := maxOwed - l.items; len(items) > room {
		dropped = len(items) - room
		items = items[:room]
	}
	for len(items) > 0 {
		n := min(len(items), maxRecords)
		l.chunks = append(l.chunks, chunk{l.next, items[:n]})
		l.fresh = append(l.fresh, l.next)
		l.next++
		l.items += n
		items = items[n:]
	}
	return dropped
}

// revive takes back a deletion that was not sent: the entity is there again.
func (l *ledger) revive(key uint64) {
	if !l.deletes[key] {
		return
	}
	delete(l.deletes, key)
	for _, c := range l.chunks {
		for i, o := range c.items {
			if o.Deleted != nil && inventory.KeyHash(o.Deleted.Type, o.Deleted.ID) == key {
				c.items[i] = owed{}
				l.fresh = append(l.fresh, c.seq)
			}
		}
	}
}

// write writes whole chunks, as many as fit into a batch. It returns the number after the last one, and the records.
func (l *ledger) write(w *Writer) (sent int64, records int) {
	for _, c := range l.chunks {
		if records > 0 && records+len(c.items) > maxRecords {
			break
		}
		for i := range c.items {
			if c.items[i].Deleted != nil {
				w.Delete(c.items[i].Deleted)
			}
			if c.items[i].Event != nil {
				w.Event(c.items[i].Event)
			}
		}
		records += len(c.items)
		sent = c.seq + 1
	}
	return sent, records
}

// sent removes the chunks before a number, and returns how many deletions and changes were in them.
func (l *ledger) sent(before int64) (n int64) {
	for len(l.chunks) > 0 && l.chunks[0].seq < before {
		for _, o := range l.chunks[0].items {
			if o.Deleted != nil {
				delete(l.deletes, inventory.KeyHash(o.Deleted.Type, o.Deleted.ID))
			}
			if o != (owed{}) {
				n++
			}
		}
		l.gone = append(l.gone, l.chunks[0].seq)
		l.items -= len(l.chunks[0].items)
		l.chunks = l.chunks[1:]
	}
	return n
}

func chunkKey(seq int64) string { return fmt.Sprintf("/%d", seq) }

const ledgerVersion = 1

type storedLedger struct {
	V int `json:"v"`
	// Account is the one whose entities were reported, "" of collectors that did not say it.
	Account string `json:"account,omitempty"`
	// First and Next are the numbers of the chunks: [First, Next).
	First int64 `json:"first"`
	Next  int64 `json:"next"`
	// Behind says that states were waiting.
	Behind bool `json:"behind,omitempty"`
	// Waiting are the keys of those, eight bytes each, by API and part. It is written at the end of a run: without it all are reported.
	Waiting  map[string]map[string][]byte `json:"waiting,omitempty"`
	Reported time.Time                    `json:"reported"`
	// Form is that of the entity events that were reported.
	Form string `json:"form"`
}

// changes is what to change in the store: the head, and chunks that are new or gone. Keys are below the reporter's.
func (r *Reporter) changes() map[string][]byte {
	l := &r.ledger
	head := storedLedger{
		V: ledgerVersion, Account: r.Target.AccountID, First: l.next, Next: l.next, Behind: len(r.pending)+len(r.inFlight) > 0, Reported: r.reported, Form: r.Config.EntityEvents,
	}
	if head.Behind && r.ended {
		head.Waiting = r.waiting()
	}
	if len(l.chunks) > 0 {
		head.First = l.chunks[0].seq
	}
	out := map[string][]byte{}
	if b, err := json.Marshal(head); err == nil {
		out[""] = b
	}
	for _, seq := range l.fresh {
		if i := seq - head.First; i >= 0 && i < int64(len(l.chunks)) {
			if b, err := json.Marshal(l.chunks[i].items); err == nil {
				out[chunkKey(seq)] = b
			}
		}
	}
	for _, seq := range l.gone {
		out[chunkKey(seq)] = nil
	}
	return out
}

// maxWaiting bounds the states whose keys are stored, some 1 MB: where more wait, all are reported.
const maxWaiting = 100_000

// waiting are the keys of the states that have not been taken, and nil where there are too many. The caller holds the lock.
func (r *Reporter) waiting() map[string]map[string][]byte {
	out, n := map[string]map[string][]byte{}, 0
	for _, places := range []map[inventory.Place]map[uint64]struct{}{r.pending, r.inFlight} {
		for place, keys := range places {
			if n += len(keys); n > maxWaiting {
				return nil
			}
			if out[place.API] == nil {
				out[place.API] = map[string][]byte{}
			}
			for key := range keys {
				out[place.API][place.Part] = binary.BigEndian.AppendUint64(out[place.API][place.Part], key)
			}
		}
	}
	return out
}

// wait makes the states pending that had not been taken when the last run ended.
func (r *Reporter) wait(waiting map[string]map[string][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for api, parts := range waiting {
		for part, keys := range parts {
			for ; len(keys) >= 8; keys = keys[8:] {
				add(r.pending, inventory.Place{API: api, Part: part}, binary.BigEndian.Uint64(keys))
			}
		}
	}
}

// persist stores what changed. What could not be stored is stored with the next change.
func (r *Reporter) persist(ctx context.Context) {
	if !r.Store.Durable() {
		return
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	changes := r.changes()
	fresh, gone := r.ledger.fresh, r.ledger.gone
	r.ledger.fresh, r.ledger.gone = nil, nil
	r.mu.Unlock()
	keyed := make(map[string][]byte, len(changes))
	for k, v := range changes {
		keyed[r.Key+k] = v
	}
	// What was taken has to be noted although the collector is stopped meanwhile.
	if err := r.Store.Apply(context.WithoutCancel(ctx), keyed); err != nil {
		r.CheckpointError(ctx)
		r.mu.Lock()
		r.ledger.fresh = append(fresh, r.ledger.fresh...)
		r.ledger.gone = append(gone, r.ledger.gone...)
		r.mu.Unlock()
	}
}

// Restore continues where the last run stopped. Without a stored state, or where states were waiting, everything is reported. What is owed of another
// account, whose credentials the target had then, is given up: it can't be told any more whose it was.
func (r *Reporter) Restore(ctx context.Context) error {
	b, err := r.Store.Get(ctx, r.Key)
	if err != nil {
		return err
	}
	head := storedLedger{Behind: true}
	if b != nil {
		head = storedLedger{}
		if err := json.Unmarshal(b, &head); err != nil {
			return errors.Join(fmt.Errorf("cannot decode what is owed: %w", err), r.all())
		}
		if head.V != ledgerVersion || head.First < 0 || head.First > head.Next || head.Next-head.First > maxOwed {
			return errors.Join(fmt.Errorf("cannot decode what is owed: version %d, chunks %d to %d", head.V, head.First, head.Next), r.all())
		}
	}
	if head.Account != "" && head.Account != r.Target.AccountID {
		gone := map[string][]byte{r.Key: nil}
		for seq := head.First; seq < head.Next; seq++ {
			gone[r.Key+chunkKey(seq)] = nil
		}
		return errors.Join(r.Store.Apply(ctx, gone), r.all())
	}
	var errs []error
	broken := 0
	for seq := head.First; seq < head.Next; seq++ {
		items, err := r.stored(ctx, seq, maxOwed-r.ledger.items)
		if err != nil {
			broken++
		}
		if broken == 1 && err != nil {
			errs = append(errs, fmt.Errorf("cannot decode what is owed: chunk %d: %w", seq, err))
		}
		r.ledger.chunks = append(r.ledger.chunks, chunk{seq, items})
		r.ledger.items += len(items)
		for _, o := range items {
			if o.Deleted != nil {
				if r.ledger.deletes == nil {
					r.ledger.deletes = map[uint64]bool{}
				}
				r.ledger.deletes[inventory.KeyHash(o.Deleted.Type, o.Deleted.ID)] = true
			}
		}
	}
	if broken > 1 {
		errs = append(errs, fmt.Errorf("cannot decode what is owed: %d chunks in all", broken))
	}
	r.ledger.next = head.Next
	if !head.Reported.IsZero() && head.Reported.Before(r.reported) {
		r.reported = head.Reported
	}
	if head.Behind && head.Waiting == nil || head.Form != r.Config.EntityEvents {
		errs = append(errs, r.all())
	} else {
		r.wait(head.Waiting)
	}
	return errors.Join(errs...)
}

// stored reads a chunk, of at most so many items. One that is missing is an error, too.
func (r *Reporter) stored(ctx context.Context, seq int64, most int) ([]owed, error) {
	b, err := r.Store.Get(ctx, r.Key+chunkKey(seq))
	if err != nil {
		return nil, err
	}
	var items []owed
	if err := json.Unmarshal(b, &items); err != nil {
		return nil, err
	}
	if len(items) > most {
		return nil, fmt.Errorf("it has %d items", len(items))
	}
	return items, nil
}

// Forget removes what is stored: the next start reports everything.
func (r *Reporter) Forget(ctx context.Context) error {
	changes := map[string][]byte{r.Key: nil}
	for _, c := range r.ledger.chunks {
		changes[r.Key+chunkKey(c.seq)] = nil
	}
	return r.Store.Apply(ctx, changes)
}

// all makes everything pending that the restored snapshot has.
func (r *Reporter) all() error {
	s := r.Current()
	if s == nil || r.Config.EntityEvents == inventory.EventsNone {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for api, parts := range s.Parts {
		for name, p := range parts {
			for key := range p.Keys {
				add(r.pending, inventory.Place{API: api, Part: name}, key)
			}
		}
	}
	return nil
}
