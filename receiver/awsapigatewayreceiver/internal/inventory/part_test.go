package inventory

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// thing is an entity of an id with a state.
func thing(id, state string) model.Entity {
	return model.Entity{Type: "thing", ID: model.ID{"id": id}, Description: map[string]any{"state": state}}
}

func thingKey(id string) uint64 { return KeyHash("thing", model.ID{"id": id}) }

func partOf(t testing.TB, entities ...model.Entity) *Part {
	p, err := newPart(hour(1), entities)
	require.NoError(t, err)
	return p
}

// entitiesOf are a part's entities in its order.
func entitiesOf(t testing.TB, p *Part) []model.Entity {
	var out []model.Entity
	require.NoError(t, p.Entities(nil, func(key uint64, e *model.Entity, size int) bool {
		assert.Equal(t, KeyHash(e.Type, e.ID), key)
		assert.Positive(t, size)
		out = append(out, *e)
		return true
	}))
	return out
}

// What goes into a part comes out of it, by ascending key, with numbers of the kind that they had.
func TestPartRoundTrip(t *testing.T) {
	t.Parallel()
	in := []model.Entity{
		{Type: "a", ID: model.ID{"id": "1", "region": "x"}, Description: map[string]any{
			"text": "é <&>\n\x00", "on": true, "count": int64(7), "rate": Decimal(100), "small": Decimal(0.5), "list": []any{"a", "b"}, "map": map[string]any{"k": "v", "deep": map[string]any{"n": int64(1)}},
		}, Relations: []model.Relation{{Kind: "part_of", Type: "b", ID: model.ID{"id": "2"}}, {Kind: "runs", Type: "c", ID: model.ID{}}}},
		{Type: "b", ID: model.ID{}},
		{Type: "b", ID: model.ID{"id": strings.Repeat("long", 5000)}}, // longer than a reader's buffer
		{Type: "b", ID: model.ID{"id": "2"}},
	}
	p := partOf(t, in...)
	assert.Equal(t, 4, p.Len())
	assert.Equal(t, map[string]int{"a": 1, "b": 3}, p.Counts)
	assert.Equal(t, hour(1), p.Read)
	assert.True(t, slices.IsSorted(slices.Collect(p.Keys)))
	got := map[uint64]model.Entity{}
	for _, e := range entitiesOf(t, p) {
		got[KeyHash(e.Type, e.ID)] = e
	}
	require.Len(t, got, 4)
	for _, e := range in {
		g := got[KeyHash(e.Type, e.ID)]
		assert.Equal(t, e.Type, g.Type)
		assert.Equal(t, e.ID, g.ID)
		assert.Equal(t, e.Relations, g.Relations)
		assert.Len(t, g.Description, len(e.Description))
	}
	d := got[KeyHash("a", in[0].ID)].Description
	assert.Equal(t, "é <&>\n\x00", d["text"])
	assert.Equal(t, true, d["on"])
	assert.Equal(t, json.Number("7"), d["count"])
	assert.Equal(t, json.Number("100.0"), d["rate"], "a floating-point number whatever its value")
	assert.Equal(t, json.Number("0.5"), d["small"])
	assert.Equal(t, map[string]any{"k": "v", "deep": map[string]any{"n": json.Number("1")}}, d["map"])
}

// Those that are asked for alone are decoded, and reading ends when the reader has enough.
func TestPartEntitiesAreSelected(t *testing.T) {
	t.Parallel()
	p := partOf(t, thing("a", "1"), thing("b", "1"), thing("c", "1"))
	var got []string
	require.NoError(t, p.Entities(func(key uint64) bool { return key == thingKey("b") }, func(_ uint64, e *model.Entity, _ int) bool {
		got = append(got, e.ID["id"])
		return true
	}))
	assert.Equal(t, []string{"b"}, got)
	n := 0
	require.NoError(t, p.Entities(nil, func(uint64, *model.Entity, int) bool { n++; return n < 2 }))
	assert.Equal(t, 2, n)
	for range p.Keys {
		break
	}
}

// The order in which AWS lists things does not matter, and of two with one key the first counts.
func TestPartOrderAndDuplicates(t *testing.T) {
	t.Parallel()
	p, q := partOf(t, thing("a", "1"), thing("b", "1"), thing("c", "1")), partOf(t, thing("c", "1"), thing("a", "1"), thing("b", "1"))
	assert.True(t, p.same(q))
	assert.Equal(t, p.Index, q.Index)
	assert.Equal(t, p.Blob, q.Blob)

	twice := partOf(t, thing("a", "first"), thing("b", "1"), thing("a", "second"))
	assert.Equal(t, 2, twice.Len())
	assert.Equal(t, map[string]int{"thing": 2}, twice.Counts)
	for _, e := range entitiesOf(t, twice) {
		if e.ID["id"] == "a" {
			assert.Equal(t, "first", e.Description["state"])
		}
	}
	mixed := partOf(t, thing("a", "1"), model.Entity{Type: "other", ID: model.ID{"id": "a"}}, thing("a", "1"))
	assert.Equal(t, map[string]int{"thing": 1, "other": 1}, mixed.Counts)
}

// A part without entities, and none at all, are empty.
func TestEmptyParts(t *testing.T) {
	t.Parallel()
	for _, p := range []*Part{nil, {}, partOf(t)} {
		assert.Zero(t, p.Len())
		assert.Empty(t, entitiesOf(t, p))
		assert.Empty(t, slices.Collect(p.Keys))
		assert.False(t, p.has(1))
		changed, missing := compareParts(p, p)
		assert.Empty(t, changed)
		assert.Empty(t, missing)
	}
	var none *Part
	assert.Nil(t, none.failed("denied"))
	assert.True(t, none.same(nil))
	assert.False(t, none.same(&Part{}), "a read that found nothing is not one that was never made")
}

// What can't be encoded is an error, and names what it is of.
func TestPartRefuses(t *testing.T) {
	t.Parallel()
	for _, v := range []any{Decimal(math.NaN()), Decimal(math.Inf(1)), math.NaN(), func() {}} {
		_, err := newPart(hour(1), []model.Entity{{Type: "thing", ID: model.ID{"id": "a"}, Description: map[string]any{"x": v}}})
		assert.ErrorContains(t, err, "cannot keep thing map[id:a]")
	}
}

// A part whose newest read failed is as old as before.
func TestPartFailed(t *testing.T) {
	t.Parallel()
	p := partOf(t, thing("a", "1"))
	q := p.failed("denied")
	assert.Empty(t, p.Stale, "a part does not change")
	assert.Equal(t, "denied", q.Stale)
	assert.Equal(t, p.Read, q.Read)
	assert.True(t, p.same(q))
	assert.Same(t, q, q.failed("denied"))
	assert.Equal(t, "throttled", q.failed("throttled").Stale)
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for in, want := range map[Decimal]string{0: "0.0", 1: "1.0", -1: "-1.0", 100: "100.0", 0.5: "0.5", 10000: "10000.0", 1e20: "1e+20", 1e21: "1e+21", 1e-7: "1e-07", 1.0 / 3: "0.3333333333333333", math.MaxFloat64: "1.7976931348623157e+308"} {
		b, err := json.Marshal(in)
		require.NoError(t, err)
		assert.Equal(t, want, string(b))
		_, err = json.Number(b).Int64()
		assert.Error(t, err, "never an integer")
		f, err := json.Number(b).Float64()
		require.NoError(t, err)
		assert.Equal(t, float64(in), f)
	}
}

// states are random things in random states.
func states(r *rand.Rand) map[string]string {
	out := map[string]string{}
	for range r.IntN(20) {
		out[fmt.Sprint(r.IntN(25))] = fmt.Sprint(r.IntN(3))
	}
	return out
}

func partWith(t testing.TB, states map[string]string) *Part {
	var all []model.Entity
	for id, state := range states {
		all = append(all, thing(id, state))
	}
	return partOf(t, all...)
}

// What a comparison says is what a plain one says: changed is what is new or has another state, missing what is no more.
func TestComparePartsProperties(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		before, after := states(r), states(r)
		a, b := partWith(t, before), partWith(t, after)
		var wantChanged, wantMissing []uint64
		for id, state := range after {
			if old, ok := before[id]; !ok || old != state {
				wantChanged = append(wantChanged, thingKey(id))
			}
		}
		for id := range before {
			if _, ok := after[id]; !ok {
				wantMissing = append(wantMissing, thingKey(id))
			}
		}
		slices.Sort(wantChanged)
		slices.Sort(wantMissing)
		changed, missing := compareParts(a, b)
		require.Equal(t, wantChanged, changed)
		require.Equal(t, wantMissing, missing)
		require.Equal(t, maps.Equal(before, after), a.same(b))
		changed, missing = compareParts(a, a)
		require.Empty(t, changed)
		require.Empty(t, missing)
		changed, missing = compareParts(nil, b)
		require.Len(t, changed, b.Len())
		require.Empty(t, missing)
		for key := range b.Keys {
			require.True(t, b.has(key))
		}
	}
}

func deflated(s string) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestSpeed)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return out.Bytes()
}

// A stored part that is damaged is an error, not a panic, and not less than it should be.
func TestHostileParts(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	good := partOf(t, thing("a", "1"), thing("b", "1"))
	for name, blob := range map[string][]byte{
		"nothing": nil, "no deflate": []byte("not deflate"), "cut off": good.Blob[:len(good.Blob)/2], "one too few": deflated("{}\n"), "no JSON": deflated("x\ny\n"), "other JSON": deflated("[]\n7\n"),
		"no line ends": deflated("{}{}"), "nothing in it": deflated(""), "a bomb": deflated(strings.Repeat(" ", maxBlob+1)), "fields of other kinds": deflated(`{"t":7}` + "\n" + `{"i":[]}` + "\n"),
	} {
		p := &Part{Index: good.Index, Blob: blob}
		assert.Error(t, p.Entities(nil, func(uint64, *model.Entity, int) bool { return true }), name)
	}
	for name, index := range map[string][]byte{"one byte too few": good.Index[:31], "one byte too many": append(slices.Clone(good.Index), 0), "one entry": good.Index[:16]} {
		p := &Part{Index: index, Blob: good.Blob}
		assert.NotPanics(t, func() {
			_ = p.Entities(nil, func(uint64, *model.Entity, int) bool { return true })
			_, _ = compareParts(p, good)
			_, _ = compareParts(good, p)
		}, name)
	}
}

// FuzzPart: whatever is stored, reading it ends without a panic, and hands out no more than its index says.
func FuzzPart(f *testing.F) {
	good := partOf(f, thing("a", "1"), thing("b", "1"))
	f.Add(good.Index, good.Blob)
	f.Add(good.Index, deflated("{}\n{}\n"))
	f.Add([]byte{1}, []byte{})
	f.Fuzz(func(t *testing.T, index, blob []byte) {
		p := &Part{Index: index, Blob: blob}
		n := 0
		err := p.Entities(nil, func(_ uint64, e *model.Entity, _ int) bool { n++; return e != nil })
		if err == nil {
			assert.Equal(t, p.Len(), n)
		}
		assert.LessOrEqual(t, n, p.Len())
		changed, missing := compareParts(good, p)
		assert.LessOrEqual(t, len(changed)+len(missing), p.Len()+good.Len())
	})
}

// Only what there is much of, and what seldom changes, is reported daily.
func TestDaily(t *testing.T) {
	t.Parallel()
	for part, want := range map[string]bool{
		"deployments": true, "resources": true, "routes": true, "integrations": true, "api_keys": true,
		"api": false, "stages": false, "authorizers": false, "account": false, "usage_plans": false, "vpc_links": false, "domain_name/x": false, "client_certificates": false,
	} {
		assert.Equal(t, want, Daily(part), part)
	}
}

// The hash of a key is stored, and the same in every version of the program.
func TestKeyHashIsStable(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "aws.api_gateway.stage\x00a=1\x00b=2", model.Key("aws.api_gateway.stage", model.ID{"b": "2", "a": "1"}))
	assert.Equal(t, uint64(0x414c50f1738a3dc8), KeyHash("aws.api_gateway.stage", model.ID{"b": "2", "a": "1"}))
}
