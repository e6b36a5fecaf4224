package inventory

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// snapshotOf has parts: "api/part" is a part of an API, "/part" of none.
func snapshotOf(t testing.TB, parts map[string][]model.Entity) *Snapshot {
	s := &Snapshot{Stages: map[string][]model.Stage{}, Parts: map[string]Parts{}}
	for place, entities := range parts {
		api, name, _ := strings.Cut(place, "/")
		if s.Parts[api] == nil {
			s.Parts[api] = Parts{}
			if api != "" {
				s.APIs = append(s.APIs, model.API{ID: api, Type: model.REST})
			}
		}
		s.Parts[api][name] = partOf(t, entities...)
	}
	return s.index()
}

// told is what a difference says, by id and in a fixed order.
func told(t testing.TB, d *Delta, next *Snapshot) (changed, deleted []string) {
	for at, keys := range d.Changed {
		assert.True(t, slices.IsSorted(keys))
		found := 0
		require.NoError(t, next.Parts[at.API][at.Part].Entities(func(key uint64) bool { return slices.Contains(keys, key) }, func(_ uint64, e *model.Entity, _ int) bool {
			changed = append(changed, at.API+"/"+at.Part+" "+e.ID["id"])
			found++
			return true
		}))
		assert.Len(t, keys, found, "what changed is there")
	}
	for _, e := range d.Deleted {
		assert.Equal(t, "thing", e.Type)
		deleted = append(deleted, e.ID["id"])
	}
	slices.Sort(changed)
	slices.Sort(deleted)
	return changed, deleted
}

// The difference of two snapshots: what has to be reported, and what is gone.
func TestDiff(t *testing.T) {
	t.Parallel()
	type parts = map[string][]model.Entity
	for name, set := range map[string]struct {
		old, next        parts
		changed, deleted []string
	}{
		"nothing, twice":                      {},
		"nothing changed":                     {old: parts{"a/p": {thing("1", "x")}}, next: parts{"a/p": {thing("1", "x")}}},
		"a new entity":                        {old: parts{"a/p": {thing("1", "x")}}, next: parts{"a/p": {thing("1", "x"), thing("2", "x")}}, changed: []string{"a/p 2"}},
		"a new part":                          {old: parts{"a/p": {thing("1", "x")}}, next: parts{"a/p": {thing("1", "x")}, "a/q": {thing("2", "x")}}, changed: []string{"a/q 2"}},
		"a new API":                           {next: parts{"a/p": {thing("1", "x"), thing("2", "x")}}, changed: []string{"a/p 1", "a/p 2"}},
		"another state":                       {old: parts{"a/p": {thing("1", "x"), thing("2", "x")}}, next: parts{"a/p": {thing("1", "y"), thing("2", "x")}}, changed: []string{"a/p 1"}},
		"one deleted":                         {old: parts{"a/p": {thing("1", "x"), thing("2", "x")}}, next: parts{"a/p": {thing("2", "x")}}, deleted: []string{"1"}},
		"all deleted":                         {old: parts{"a/p": {thing("1", "x"), thing("2", "x")}}, next: parts{"a/p": {}}, deleted: []string{"1", "2"}},
		"an API gone, with all it had":        {old: parts{"a/p": {thing("1", "x")}, "a/q": {thing("2", "x")}, "b/p": {thing("3", "x")}}, next: parts{"b/p": {thing("3", "x")}}, deleted: []string{"1", "2"}},
		"a part that is left out":             {old: parts{"/p": {thing("1", "x")}, "/q": {thing("2", "x")}}, next: parts{"/q": {thing("2", "x")}}, deleted: []string{"1"}},
		"moved to another part":               {old: parts{"/p": {thing("1", "x")}, "/q": {}}, next: parts{"/p": {}, "/q": {thing("1", "x")}}, changed: []string{"/q 1"}},
		"moved to another API's part":         {old: parts{"a/p": {thing("1", "x")}}, next: parts{"b/p": {thing("1", "y")}}, changed: []string{"b/p 1"}},
		"left one of two parts that it is in": {old: parts{"/p": {thing("1", "x")}, "/q": {thing("1", "x")}}, next: parts{"/p": {}, "/q": {thing("1", "x")}}},
		"everything at once": {
			old:     parts{"a/p": {thing("1", "x"), thing("2", "x"), thing("3", "x")}, "/q": {thing("4", "x")}},
			next:    parts{"a/p": {thing("1", "y"), thing("3", "x"), thing("5", "x")}, "/q": {}},
			changed: []string{"a/p 1", "a/p 5"}, deleted: []string{"2", "4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			old, next := snapshotOf(t, set.old), snapshotOf(t, set.next)
			d := Diff(old, next)
			changed, deleted := told(t, d, next)
			assert.Equal(t, set.changed, changed)
			assert.Equal(t, set.deleted, deleted)
			assert.Empty(t, d.Events)
			assert.Zero(t, d.Broken)
			assert.Equal(t, len(changed)+len(deleted) == 0, d.Empty())
			assert.Equal(t, d, Diff(old, next), "the same each time")
		})
	}
}

// The first snapshot is all new.
func TestDiffOfTheFirst(t *testing.T) {
	t.Parallel()
	next := snapshotOf(t, map[string][]model.Entity{"a/p": {thing("1", "x")}, "/q": {thing("2", "x")}})
	changed, deleted := told(t, Diff(nil, next), next)
	assert.Equal(t, []string{"/q 2", "a/p 1"}, changed)
	assert.Empty(t, deleted)
}

// A part whose read failed is the old one: what a complete read did not miss is not deleted.
func TestDiffOfAFailedRead(t *testing.T) {
	t.Parallel()
	old := snapshotOf(t, map[string][]model.Entity{"a/p": {thing("1", "x")}, "a/q": {thing("2", "x")}})
	next := old.withParts("a", Parts{"p": old.Parts["a"]["p"].failed("denied"), "q": partOf(t)})
	changed, deleted := told(t, Diff(old, next), next)
	assert.Empty(t, changed)
	assert.Equal(t, []string{"2"}, deleted)
}

// What can't be read back is counted, and the rest is told.
func TestDiffOfABrokenPart(t *testing.T) {
	t.Parallel()
	old := snapshotOf(t, map[string][]model.Entity{"a/p": {thing("1", "x")}, "a/q": {thing("2", "x")}})
	broken := *old.Parts["a"]["p"]
	broken.Blob = []byte("not deflate")
	old.Parts["a"]["p"] = &broken
	d := Diff(old, snapshotOf(t, nil))
	assert.Equal(t, 1, d.Broken)
	assert.Equal(t, []Deleted{{Type: "thing", ID: model.ID{"id": "2"}}}, d.Deleted)
}

// Whatever changes between snapshots of any kind, what a consumer of the differences knows is what the newest snapshot has.
func TestDiffProperties(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	known := map[string]string{}
	var old *Snapshot
	for range 150 {
		parts, want := map[string][]model.Entity{}, map[string]string{}
		for id, state := range states(r) {
			place := []string{"a/p", "a/q", "b/p", "/p", "/q"}[r.IntN(5)] // it may move each time
			parts[place] = append(parts[place], thing(id, state))
			want[id] = state
		}
		next := snapshotOf(t, parts)
		d := Diff(old, next)
		for at, keys := range d.Changed {
			require.NoError(t, next.Parts[at.API][at.Part].Entities(func(key uint64) bool { return slices.Contains(keys, key) }, func(_ uint64, e *model.Entity, _ int) bool {
				known[e.ID["id"]] = e.Description["state"].(string)
				return true
			}))
		}
		for _, e := range d.Deleted {
			_, ok := known[e.ID["id"]]
			require.True(t, ok, "deleted once")
			delete(known, e.ID["id"])
		}
		require.Equal(t, want, known)
		old = next
	}
}
