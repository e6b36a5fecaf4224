package inventory

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// stored is what a snapshot is stored as, under the keys of an inventory.
func stored(t testing.TB, s *Snapshot, began time.Time) map[string][]byte {
	head, err := s.encodeHead("111122223333", began)
	require.NoError(t, err)
	out := map[string][]byte{"inventory/x": head}
	for _, id := range append([]string{""}, ids(s.APIs)...) {
		b, err := s.encodeAPI(id, "")
		require.NoError(t, err)
		key := "inventory/x/account"
		if id != "" {
			key = "inventory/x/api/" + id
		}
		out[key] = b
	}
	return out
}

// withEntities is the snapshot with parts of its APIs and of none.
func withEntities(t testing.TB, s *Snapshot) *Snapshot {
	for _, id := range append([]string{""}, ids(s.APIs)...) {
		p, err := newPart(hour(1.5), []model.Entity{
			{Type: "t", ID: model.ID{"id": id}, Description: map[string]any{"rate": Decimal(10), "burst": int64(5), "on": true, "list": []any{"a", "b"}}},
			{Type: "t", ID: model.ID{"id": id + "/2"}, Relations: []model.Relation{{Kind: "part_of", Type: "t", ID: model.ID{"id": id}}}},
		})
		require.NoError(t, err)
		p.Of, p.Raw, p.Stale, p.Data = 1, 1<<63+1, "denied", []byte(`{"a":["b"]}`)
		s = s.withParts(id, Parts{"p": p, "none": {Read: hour(1), Counts: map[string]int{"model": 3}}})
	}
	rate := 100.5
	return s.withLimits(&Limits{Known: true, Account: model.Throttle{Rate: &rate}, Plans: []model.UsagePlan{{ID: "p", Quota: &model.Quota{Limit: 5, Period: "DAY"}}}})
}

// What is stored and restored is the same snapshot.
func TestSnapshotRoundTrip(t *testing.T) {
	for name, s := range map[string]*Snapshot{"full": withEntities(t, full()), "without entities": full(), "empty": empty()} {
		t.Run(name, func(t *testing.T) {
			store := checkpointtest.Open(t, t.TempDir())
			require.NoError(t, store.Apply(context.Background(), stored(t, s, hour(2))))
			inv, _ := newInventory(newAccount(), store, nil)
			require.NoError(t, inv.Restore(context.Background()))
			got := inv.Current()
			assert.Equal(t, s.Taken.UTC(), got.Taken.UTC())
			assert.Equal(t, hour(2), inv.began)
			assert.Equal(t, ids(s.APIs), ids(got.APIs))
			for i := range s.APIs {
				assert.Equal(t, s.APIs[i], got.APIs[i])
			}
			assert.Equal(t, s.Gone, got.Gone)
			assert.Equal(t, s.Stages, got.Stages)
			for _, a := range s.APIs {
				assert.Equal(t, s.Left[a.ID], got.Left[a.ID])
			}
			assert.Equal(t, s.byID, got.byID)
			assert.Equal(t, s.byName, got.byName)
			assert.Equal(t, s.Limits, got.Limits)
			for id, parts := range s.Parts {
				assert.Equal(t, parts, got.Parts[id], id)
			}
			assert.True(t, Diff(s, got).Empty(), "nothing seems to have changed meanwhile")
		})
	}
}

// What another version wrote, or nobody, is not used.
func TestDecodeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "cannot decode the stored inventory",
		"null":                           "its version is 0, this program knows 2",
		`{"v": 1, "apis": []}`:           "its version is 1, this program knows 2",
		`{"v": 3, "apis": []}`:           "its version is 3, this program knows 2",
		`{"apis": []}`:                   "its version is 0",
		`{"v": 2, "apis": [`:             "unexpected end",
		`{"v": 2, "apis": {"a": 1}}`:     "cannot unmarshal",
		`{"v": 2, "taken": "yesterday"}`: "cannot decode the stored inventory",
	} {
		_, err := decodeHead([]byte(in))
		assert.ErrorContains(t, err, want, in)
	}
	for in, want := range map[string]string{
		"":                     "cannot decode the stored inventory",
		"null":                 "it is of another API",
		`{"api": {"id": "b"}}`: "it is of another API",
		`{"api": {"id": "a"}`:  "unexpected end",
		`{"api": {"id": "a"}, "stages": {"a": 1}}`:                                                             "cannot unmarshal",
		`{"api": {"id": "a"}, "parts": {"routes": null}}`:                                                      `part "routes" is broken`,
		`{"api": {"id": "a"}, "parts": {"routes": {"index": "AAAA"}}}`:                                         `part "routes" is broken`,
		`{"api": {"id": "a"}, "parts": {"routes": {"index": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}}`: `part "routes" is broken`,
	} {
		_, err := decodeAPI("a", []byte(in))
		assert.ErrorContains(t, err, want, in)
	}
	_, err := decodeAPI("", []byte(`{"limits": {"known": true}}`))
	assert.NoError(t, err, "what belongs to no API has none")
}

// ask asks a snapshot everything that the signals ask it.
func ask(t *testing.T, s *Snapshot) {
	for _, a := range append(s.APIs, model.API{ID: "x", Name: "x"}) {
		for _, k := range []Key{{ByName: true, Value: a.MetricName()}, {Value: a.ID}} {
			o, known := s.Owners(k, "prod")
			assert.Equal(t, known == Known, len(o.APIs()) > 0)
			if known == Known {
				for _, at := range []time.Time{{}, hour(1), time.Unix(253402300799, 0)} {
					assert.NotNil(t, o.At(at).API)
					_ = o.At(at).ID()
				}
			}
		}
		s.CollectedOf(&a, func(*model.Stage) {})
	}
	_, _ = s.Entities(), s.Stale()
	for _, parts := range s.Parts {
		for _, p := range parts {
			_ = p.Entities(nil, func(_ uint64, e *model.Entity, _ int) bool { return e != nil })
		}
	}
	_ = s.namesakes()
}

// Whatever decodes can be asked, continued, compared and stored again.
func FuzzDecode(f *testing.F) {
	all := stored(f, withEntities(f, full()), hour(2))
	f.Add(all["inventory/x"], all["inventory/x/account"], all["inventory/x/api/a"])
	f.Add([]byte(`{"v":2}`), []byte(`{}`), []byte(`{}`))
	f.Add([]byte(`{"v":2,"apis":["a","a","b"],"gone":[{"api":{"id":"b"}}]}`), []byte(`{"limits":{}}`), []byte(`{"api":{"id":"a","type":"REST","name":"x"},"known":true}`))
	f.Add([]byte(`{"v":2,"taken":"0000-01-01T00:00:00+23:59","gone":[{"since":"9999-12-31T23:59:59-23:59"}]}`), []byte(`{"parts":{"p":{}}}`),
		[]byte(`{"api":{"id":"a"},"parts":{"p":{"index":"AAAAAAAAAAAAAAAAAAAAAA==","blob":"AAAA"}}}`))
	f.Fuzz(func(t *testing.T, head, none, one []byte) {
		h, err := decodeHead(head)
		if err != nil {
			return
		}
		s := &Snapshot{Taken: h.Taken, Stages: map[string][]model.Stage{}, Parts: map[string]Parts{}, restored: map[string]bool{}}
		if v, err := decodeAPI("", none); err == nil {
			s.restore("", v)
		}
		if v, err := decodeAPI("a", one); err == nil {
			s.restore("a", v)
		}
		for _, g := range h.Gone {
			s.Gone = append(s.Gone, g.Gone)
			if g.Stages != nil {
				s.Stages[g.API.ID] = g.Stages
			}
		}
		s.index()
		ask(t, s)
		n := s.next(hour(1), nil, []model.API{http("h")}).withStages(map[string][]model.Stage{"h": stages("prod")})
		ask(t, n)
		_, _ = Diff(s, n), Diff(n, s)
		again, err := s.encodeHead("", hour(1))
		if assert.NoError(t, err) {
			_, err = decodeHead(again)
			assert.NoError(t, err)
		}
		for _, id := range append([]string{""}, ids(s.APIs)...) {
			again, err := s.encodeAPI(id, "")
			if assert.NoError(t, err) {
				_, err = decodeAPI(id, again)
				assert.NoError(t, err)
			}
		}
	})
}
