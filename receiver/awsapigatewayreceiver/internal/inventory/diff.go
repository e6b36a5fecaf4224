package inventory

import (
	"maps"
	"slices"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Place is where a part is: below an API, or "" for what belongs to none.
type Place struct{ API, Part string }

// Delta is what changed from one snapshot to another.
type Delta struct {
	// Changed are the entities that are new or have another state, as hashes of their keys.
	Changed map[Place][]uint64
	// Deleted are the entities that a complete read no longer had, without their descriptions.
	Deleted []Deleted
	Events  []Event
	// Broken counts parts that could not be read back: what is missing in them is not known.
	Broken int
}

// Deleted is an entity that is gone.
type Deleted struct {
	Type string   `json:"t"`
	ID   model.ID `json:"i"`
}

// Empty says that nothing changed.
func (d *Delta) Empty() bool { return len(d.Changed)+len(d.Deleted)+len(d.Events) == 0 }

// Diff is a pure function of two snapshots; a nil old one had nothing. An entity that moved from one part to another was not deleted.
func Diff(old, next *Snapshot) *Delta {
	d := &Delta{Changed: map[Place][]uint64{}}
	if old == nil {
		old = &Snapshot{}
	}
	gone := map[Place]goneKeys{}
	for api, parts := range next.Parts {
		before := old.Parts[api]
		for name, p := range parts {
			d.part(gone, Place{api, name}, before[name], p)
		}
		for name, p := range before {
			if _, ok := parts[name]; !ok {
				d.part(gone, Place{api, name}, p, nil)
			}
		}
	}
	for api, parts := range old.Parts {
		// An API that is there without parts is not collected any more, which deletes nothing.
		if _, ok := next.Parts[api]; !ok && !next.live(api) {
			for name, p := range parts {
				d.part(gone, Place{api, name}, p, nil)
			}
		}
	}
	d.deletions(gone, next)
	d.Events = events(old, next)
	return d
}

type goneKeys struct {
	part *Part
	keys []uint64
}

func (d *Delta) part(gone map[Place]goneKeys, at Place, before, after *Part) {
	if before.same(after) {
		return
	}
	changed, missing := compareParts(before, after)
	if len(changed) > 0 {
		d.Changed[at] = changed
	}
	if len(missing) > 0 {
		gone[at] = goneKeys{before, missing}
	}
}

// have says whether an entity of that key is in any of the parts: some are listed twice, as by both versions of the control plane.
func (p Parts) have(key uint64) bool {
	for _, part := range p {
		if part.has(key) {
			return true
		}
	}
	return false
}

// leftOut says that a stage is there, but not collected any more: its API's tags or name changed.
func (s *Snapshot) leftOut(api, stage string) bool {
	a, ok := s.API(api)
	return ok && !s.collected(a, stage) && slices.ContainsFunc(s.Stages[api], func(o model.Stage) bool { return o.Name == stage })
}

func (d *Delta) deletions(gone map[Place]goneKeys, next *Snapshot) {
	if len(gone) == 0 {
		return
	}
	elsewhere := map[uint64]bool{}
	for _, keys := range d.Changed {
		for _, k := range keys {
			elsewhere[k] = true
		}
	}
	places := slices.SortedFunc(maps.Keys(gone), func(a, b Place) int {
		return slices.Compare([]string{a.API, a.Part}, []string{b.API, b.Part})
	})
	for _, at := range places {
		g := gone[at]
		wanted := func(key uint64) bool {
			_, missing := slices.BinarySearch(g.keys, key)
			return missing && !elsewhere[key] && !next.Parts[at.API].have(key)
		}
		err := g.part.ids(wanted, func(gone Deleted) {
			if gone.Type != attr.TypeStage || !next.leftOut(at.API, gone.ID[attr.Stage]) {
				d.Deleted = append(d.Deleted, gone)
			}
		})
		if err != nil {
			d.Broken++
		}
	}
}
