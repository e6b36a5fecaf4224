package inventory

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Part is what one read found: entities that come and go together, since they were read together. It is immutable. The entities are kept
// compressed, as JSON lines, beside an index of hashes by which parts are compared: an inventory is large, and little of it changes.
type Part struct {
	// Read is when the newest complete read began, by AWS's clock.
	Read time.Time `json:"read"`
	// Stale is the class of the failure of the newest read, "" where it succeeded: the part is then as old as Read says.
	Stale string `json:"stale,omitempty"`
	// Counts are the entities by type, and what is only counted.
	Counts map[string]int `json:"counts,omitempty"`
	// Of is what the read belonged to: a hash of what shows that it has to be made again.
	Of uint64 `json:"of,omitempty"`
	// Raw is a hash of AWS's answer.
	Raw uint64 `json:"raw,omitempty"`
	// Data is what other parts are made with.
	Data json.RawMessage `json:"data,omitempty"`
	// Index has 16 bytes for each entity, ascending: the hashes of its key and of its state. Blob holds the entities in the same order.
	Index []byte `json:"index,omitempty"`
	Blob  []byte `json:"blob,omitempty"`
}

const indexEntry = 16

// maxBlob bounds what a part may inflate to: 300 resources with a dozen methods each are below 4 MB.
const maxBlob = 64 << 20

// KeyHash is the hash of an entity's key, stable across restarts.
func KeyHash(kind string, id model.ID) uint64 { return xxhash.Sum64String(model.Key(kind, id)) }

// deflateLevel is fast: entities of one API repeat each other so much that a higher one gains little.
const deflateLevel = 3

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(io.Discard, deflateLevel) // the level is valid
	return w
}}

// newPart packs entities. Of two with one key, as when a page is shifted while it is read, the first one counts.
func newPart(read time.Time, entities []model.Entity) (*Part, error) {
	p := &Part{Read: read}
	if len(entities) == 0 {
		return p, nil
	}
	type packed struct {
		key, state uint64
		json       []byte
	}
	all := make([]packed, 0, len(entities))
	p.Counts = map[string]int{}
	for i := range entities {
		e := &entities[i]
		b, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("cannot keep %s %v: %w", e.Type, e.ID, err)
		}
		all = append(all, packed{KeyHash(e.Type, e.ID), xxhash.Sum64(b), b})
		p.Counts[e.Type]++
	}
	slices.SortStableFunc(all, func(a, b packed) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	unique := slices.CompactFunc(slices.Clone(all), func(a, b packed) bool { return a.key == b.key })
	if len(unique) < len(all) {
		clear(p.Counts)
	}
	var blob bytes.Buffer
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&blob)
	p.Index = make([]byte, 0, len(unique)*indexEntry)
	for _, e := range unique {
		p.Index = binary.BigEndian.AppendUint64(p.Index, e.key)
		p.Index = binary.BigEndian.AppendUint64(p.Index, e.state)
		if len(unique) < len(all) {
			var t struct {
				T string `json:"t"`
			}
			_ = json.Unmarshal(e.json, &t) // it was just written
			p.Counts[t.T]++
		}
		_, err := w.Write(append(e.json, '\n'))
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	p.Blob = bytes.Clone(blob.Bytes())
	return p, nil
}

// Len is the number of entities.
func (p *Part) Len() int {
	if p == nil {
		return 0
	}
	return len(p.Index) / indexEntry
}

func (p *Part) entry(i int) (key, state uint64) {
	e := p.Index[i*indexEntry:]
	return binary.BigEndian.Uint64(e), binary.BigEndian.Uint64(e[8:])
}

// Entities calls yield with each entity whose key hash wanted accepts, nil being all, until it returns false. size is that of its JSON form; numbers
// are json.Number, with a fraction where they are Decimals.
func (p *Part) Entities(wanted func(key uint64) bool, yield func(key uint64, e *model.Entity, size int) bool) error {
	return p.lines(wanted, func(key uint64, line []byte) (bool, error) {
		e := &model.Entity{}
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(e); err != nil {
			return false, err
		}
		return yield(key, e, len(line)), nil
	})
}

// ids is Entities without their descriptions, which take most of the time.
func (p *Part) ids(wanted func(key uint64) bool, yield func(d Deleted)) error {
	return p.lines(wanted, func(_ uint64, line []byte) (bool, error) {
		var d Deleted
		if err := json.Unmarshal(line, &d); err != nil {
			return false, err
		}
		yield(d)
		return true, nil
	})
}

// lines calls yield with the JSON form of each entity that is wanted, until it returns false or an error. The line is valid until yield returns.
func (p *Part) lines(wanted func(key uint64) bool, yield func(key uint64, line []byte) (bool, error)) error {
	if p.Len() == 0 {
		return nil
	}
	r := bufio.NewReader(io.LimitReader(flate.NewReader(bytes.NewReader(p.Blob)), maxBlob))
	for i := range p.Len() {
		line, err := r.ReadSlice('\n')
		var long []byte
		for err == bufio.ErrBufferFull { //nolint:errorlint // as bufio returns it
			long = append(long, line...)
			line, err = r.ReadSlice('\n')
		}
		if err != nil {
			return fmt.Errorf("cannot read entity %d of %d: %w", i+1, p.Len(), err)
		}
		if long != nil {
			line = append(long, line...)
		}
		key, _ := p.entry(i)
		if wanted != nil && !wanted(key) {
			continue
		}
		more, err := yield(key, line)
		if err != nil {
			return fmt.Errorf("cannot read entity %d of %d: %w", i+1, p.Len(), err)
		}
		if !more {
			return nil
		}
	}
	return nil
}

// same says that two parts have the same entities in the same state.
func (p *Part) same(o *Part) bool {
	return p == o || p != nil && o != nil && bytes.Equal(p.Index, o.Index)
}

// failed is the part after a read that failed: as old as before.
func (p *Part) failed(class string) *Part {
	if p == nil || p.Stale == class {
		return p
	}
	n := *p
	n.Stale = class
	return &n
}

// Parts are those of one API, by name, or those that belong to no API.
type Parts map[string]*Part

// changed are the keys of entities that a has not, or in another state; missing those that only a has.
func compareParts(a, b *Part) (changed, missing []uint64) {
	i, k := 0, 0
	for i < a.Len() || k < b.Len() {
		var ak, as, bk, bs uint64
		if i < a.Len() {
			ak, as = a.entry(i)
		}
		if k < b.Len() {
			bk, bs = b.entry(k)
		}
		switch {
		case k >= b.Len() || i < a.Len() && ak < bk:
			missing = append(missing, ak)
			i++
		case i >= a.Len() || bk < ak:
			changed = append(changed, bk)
			k++
		default:
			if as != bs {
				changed = append(changed, bk)
			}
			i++
			k++
		}
	}
	return changed, missing
}

// Keys yields the hashes of the entities' keys, ascending.
func (p *Part) Keys(yield func(key uint64) bool) {
	for i := range p.Len() {
		if key, _ := p.entry(i); !yield(key) {
			return
		}
	}
}

// Daily says whether the entities of a part are reported daily: there are many of them, and they seldom change.
func Daily(part string) bool {
	switch part {
	case partDeployments, partResources, partRoutes, partIntegrations, partAPIKeys:
		return true
	}
	return false
}
