package logs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// half knows of a group which events only one of its two outputs has taken: those of a batch that the collector ended amid. Their batch comes again with
// the next start, however it is cut then, and they go to the other output alone.
type half struct {
	records, spans takers
	changed        bool // since it was stored
}

// takers are events that an output has taken: the hashes of their ids, with their times in Unix milliseconds.
type takers map[uint64]int64

// maxHalf bounds the events of each output. A batch comes again as it was, but for what came late to it in between.
const maxHalf = 8 * maxBatchRecords

func (h *half) empty() bool { return len(h.records)+len(h.spans) == 0 }

// without are the events of a page, by their indexes, that an output has not taken.
func (t takers) without(page *model.LogPage, events []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(events), func(i int32) bool {
		_, taken := t[hashID(page.Events[i].ID)]
		return taken
	})
}

// take notes that the output of a builder has taken its part.
func (h *half) take(b *builder) {
	to := &h.spans
	if b.makesRecords {
		to = &h.records
	}
	if *to == nil {
		*to = takers{}
	}
	for _, i := range b.events {
		if e := &b.page.Events[i]; len(*to) < maxHalf {
			(*to)[hashID(e.ID)], h.changed = e.Timestamp, true
		}
	}
}

// done forgets events that both outputs have taken by now.
func (h *half) done(page *model.LogPage, events []int32) {
	if h.empty() {
		return
	}
	for _, i := range events {
		h.forget(hashID(page.Events[i].ID))
	}
}

// settle forgets events that do not come again, as their minutes are settled.
func (h *half) settle(settled int64) {
	for _, t := range []takers{h.records, h.spans} {
		for id, at := range t {
			if (minuteOf(at)+1)*minuteMS <= settled {
				h.forget(id)
			}
		}
	}
}

func (h *half) forget(id uint64) {
	_, record := h.records[id]
	_, spans := h.spans[id]
	h.changed = h.changed || record || spans
	delete(h.records, id)
	delete(h.spans, id)
}

// storedHalf is a half as it is kept, beside the position of its group.
type storedHalf struct {
	V       int    `json:"v"`
	Records []byte `json:"records,omitempty"`
	Spans   []byte `json:"spans,omitempty"`
}

func (r *Reader) halfKey(name string) string { return r.key("half/" + name) }

// change adds to changes what has to be stored, or deleted, under a key.
func (h *half) change(key string, changes map[string][]byte) error {
	if !h.changed {
		return nil
	}
	h.changed = false
	if h.empty() {
		changes[key] = nil
		return nil
	}
	b, err := json.Marshal(storedHalf{storedVersion, h.records.encode(), h.spans.encode()})
	if err == nil {
		changes[key] = b
	}
	return err
}

func (t takers) encode() []byte {
	entries := make([]entry, 0, len(t))
	for id, at := range t {
		entries = append(entries, entry{at: at, id: id})
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	return encodeEntries(entries)
}

var errHalf = errors.New("cannot decode which output has taken what")

// decode takes up what is stored; nothing where that makes no sense: better twice than not at all.
func (h *half) decode(b []byte) error {
	if b == nil {
		return nil
	}
	var s storedHalf
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%w: %w", errHalf, err)
	}
	if s.V != storedVersion {
		return fmt.Errorf("%w: its version is %d, not %d", errHalf, s.V, storedVersion)
	}
	var read [2]takers
	for i, b := range [][]byte{s.Records, s.Spans} {
		entries, err := decodeEntries(b)
		if err != nil || len(entries) > maxHalf {
			return fmt.Errorf("%w: %d ids: %w", errHalf, len(entries), cmp.Or(err, errEntries))
		}
		read[i] = make(takers, len(entries))
		for _, e := range entries {
			read[i][e.id] = e.at
		}
	}
	h.records, h.spans = read[0], read[1]
	return nil
}

// saveHalf stores which outputs have taken their parts of a batch that another has not taken, as the collector ends. The position stays before it.
func (r *Reader) saveHalf(ctx context.Context, g *group, taken []*builder) {
	changes := map[string][]byte{}
	g.saving.Lock()
	defer g.saving.Unlock()
	g.mu.Lock()
	for _, b := range taken {
		g.half.take(b)
	}
	err := g.half.change(r.halfKey(g.name), changes)
	g.mu.Unlock()
	if err == nil {
		err = r.Store.Apply(context.WithoutCancel(ctx), changes)
	}
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
}
