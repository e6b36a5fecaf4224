package inventory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func ids(apis []model.API) []string {
	out := []string{}
	for _, a := range apis {
		out = append(out, a.ID)
	}
	return out
}

func goneIDs(s *Snapshot) []string {
	out := []string{}
	for _, g := range s.Gone {
		out = append(out, g.API.ID)
	}
	return out
}

func http(id string) model.API { return model.API{ID: id, Name: id, Type: model.HTTP} }

func empty() *Snapshot { return (&Snapshot{Stages: map[string][]model.Stage{}}).index() }

// A list that failed is nil: it never replaces a complete one, and makes nothing gone.
func TestPartialListsReplaceNothing(t *testing.T) {
	s := empty().next(hour(1), []model.API{api("r1", "a", 0), api("r2", "b", 0)}, []model.API{http("h1"), http("h2")})
	assert.Equal(t, []string{"h1", "h2", "r1", "r2"}, ids(s.APIs))

	rest := s.next(hour(2), []model.API{api("r1", "a", 0)}, nil)
	assert.Equal(t, []string{"h1", "h2", "r1"}, ids(rest.APIs))
	assert.Equal(t, []string{"r2"}, goneIDs(rest))

	v2 := s.next(hour(2), nil, []model.API{})
	assert.Equal(t, []string{"r1", "r2"}, ids(v2.APIs))
	assert.Equal(t, []string{"h1", "h2"}, goneIDs(v2))

	assert.Equal(t, []string{"h1", "h2", "r1", "r2"}, ids(s.APIs), "a snapshot does not change")
	assert.Empty(t, s.Gone)
}

// A deleted API is remembered for four hours, with its stages, and forgotten then.
func TestGoneAreRememberedForFourHours(t *testing.T) {
	s := empty().next(hour(1), []model.API{api("a", "orders", 0), api("b", "pets", 0)}, []model.API{})
	s = s.withStages(map[string][]model.Stage{"a": stages("prod"), "b": stages("prod")})
	s = s.next(hour(2), []model.API{api("b", "pets", 0)}, []model.API{})
	require.Equal(t, []string{"a"}, goneIDs(s))
	assert.True(t, hour(2).Equal(s.Gone[0].Since))
	gone, ok := s.API("a")
	require.True(t, ok)
	assert.Equal(t, "orders", gone.Name)
	assert.Contains(t, s.Stages, "a")

	s = s.next(hour(5.99), []model.API{api("b", "pets", 0)}, []model.API{})
	assert.Equal(t, []string{"a"}, goneIDs(s))
	assert.True(t, hour(2).Equal(s.Gone[0].Since), "since it was missed first")
	s = s.next(hour(6), []model.API{api("b", "pets", 0)}, []model.API{})
	assert.Empty(t, s.Gone)
	_, ok = s.API("a")
	assert.False(t, ok)
	assert.NotContains(t, s.Stages, "a")
	assert.Contains(t, s.Stages, "b")
}

// What was missed by one list and is in the next was not gone.
func TestGoneComesBack(t *testing.T) {
	all := []model.API{api("a", "orders", 0)}
	s := empty().next(hour(1), all, []model.API{}).next(hour(2), []model.API{}, []model.API{}).next(hour(3), all, []model.API{})
	assert.Equal(t, []string{"a"}, ids(s.APIs))
	assert.Empty(t, s.Gone)
}

// An id that a list repeats, as between two pages, counts once.
func TestRepeatedAPIs(t *testing.T) {
	s := empty().next(hour(1), []model.API{api("a", "x", 0), api("a", "x", 0)}, []model.API{})
	assert.Equal(t, []string{"a"}, ids(s.APIs))
	assert.Empty(t, s.namesakes())
}

func TestNamesakes(t *testing.T) {
	s := empty().next(hour(1), []model.API{api("a", "x", 0), api("b", "x", 0), api("c", "y", 0), api("d", "éx", 0)}, []model.API{http("x")})
	assert.Len(t, s.namesakes(), 3, "as CloudWatch writes them")
	s = s.next(hour(2), []model.API{api("a", "x", 0), api("c", "y", 0)}, []model.API{http("x")})
	assert.Empty(t, s.namesakes(), "those that are gone share no name")
}

func full() *Snapshot {
	s := empty().next(hour(1), []model.API{api("a", "ördérs", 0), api("b", "pets", 0.5)}, []model.API{http("h")})
	s.APIs[0].Tags = map[string]string{"team": "shop"}
	s.APIs[0].EndpointType = "EDGE"
	s = s.next(hour(2), []model.API{s.APIs[0]}, []model.API{http("h")})
	return s.withStages(map[string][]model.Stage{"a": {{Name: "prod", Created: hour(0.5), DetailedMetrics: true, CanaryPercent: 12.5}}, "h": stages("$default")})
}

func TestSnapshotRoundTrip(t *testing.T) {
	for name, s := range map[string]*Snapshot{"full": full(), "empty": empty()} {
		b, err := s.Encode()
		require.NoError(t, err)
		got, err := Decode(b)
		require.NoError(t, err)
		assert.Equal(t, s.Taken.UTC(), got.Taken.UTC(), name)
		assert.Equal(t, s.APIs, got.APIs, name)
		assert.Equal(t, s.Gone, got.Gone, name)
		assert.Equal(t, s.Stages, got.Stages, name)
		assert.Equal(t, s.byID, got.byID, name)
		assert.Equal(t, s.byName, got.byName, name)
	}
}

// What another version wrote, or nobody, is not used.
func TestDecodeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "cannot decode the stored inventory",
		"null":                           "its version is 0, this program knows 1",
		`{"v": 2, "apis": []}`:           "its version is 2, this program knows 1",
		`{"apis": []}`:                   "its version is 0",
		`{"v": 1, "apis": [`:             "unexpected end",
		`{"v": 1, "apis": {"a": 1}}`:     "cannot unmarshal",
		`{"v": 1, "taken": "yesterday"}`: "cannot decode the stored inventory",
	} {
		_, err := Decode([]byte(in))
		assert.ErrorContains(t, err, want, in)
	}
}

// Whatever decodes can be asked, continued and stored again.
func FuzzDecode(f *testing.F) {
	b, err := full().Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`{"v":1,"apis":[{"id":"a","type":"REST","name":"x"},{"id":"a"},{"id":"b","type":"REST","name":"x"}],"gone":[{"api":{"id":"b"}}],"stages":{"a":null,"b":[{"name":"prod"}]}}`))
	f.Add([]byte(`{"v":1,"taken":"0000-01-01T00:00:00+23:59","gone":[{"since":"9999-12-31T23:59:59-23:59"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err != nil {
			return
		}
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
		}
		n := s.next(hour(1), nil, []model.API{http("h")}).withStages(map[string][]model.Stage{"h": stages("prod")})
		_ = n.namesakes()
		again, err := s.Encode()
		if assert.NoError(t, err) {
			_, err = Decode(again)
			assert.NoError(t, err)
		}
	})
}
