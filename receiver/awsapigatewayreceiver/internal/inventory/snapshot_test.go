package inventory

import (
	"math/rand/v2"
	"testing"

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

// What CloudWatch has under an API's former name is the API's as it is now, whose other points come with it.
func TestAnAPIsFormerNameIsTheAPIAsItIs(t *testing.T) {
	s := empty().next(hour(0), []model.API{api("a", "pets", -5)}, nil).next(hour(1), []model.API{api("a", "animals", -5)}, nil)
	now, _ := s.API("a")
	for _, name := range []string{"pets", "animals"} {
		owners, known := s.Owners(Key{ByName: true, Value: name}, "prod")
		assert.Equal(t, Known, known, name)
		assert.Same(t, now, owners.At(hour(1)).API, name)
	}
}

// A deleted stage is remembered for four hours, as long as its API is known; one that is there again is not.
func TestLeftStagesAreRememberedForFourHours(t *testing.T) {
	s := empty().next(hour(1), []model.API{api("a", "orders", 0), api("b", "pets", 0)}, []model.API{})
	crawl := func(at float64, names ...string) {
		s = s.leave("a", stages(names...), hour(at)).withStages(map[string][]model.Stage{"a": stages(names...)})
	}
	left := func() (names []string) {
		for _, l := range s.Left["a"] {
			names = append(names, l.Stage.Name)
		}
		return names
	}
	crawl(1, "dev", "prod", "test")
	assert.Empty(t, left())
	crawl(2, "prod", "test")
	before := s
	crawl(3, "prod")
	assert.Equal(t, []string{"dev", "test"}, left())
	assert.Len(t, before.Left["a"], 1, "a snapshot does not change")
	crawl(4, "prod", "test")
	assert.Equal(t, []string{"dev"}, left())
	assert.True(t, hour(2).Equal(s.Left["a"][0].Since), "since it was missed first")
	crawl(5, "prod")
	crawl(6, "prod")
	assert.Equal(t, []string{"test"}, left())
	crawl(9, "prod")
	assert.Nil(t, s.Left["a"])

	crawl(10)
	s = s.next(hour(11), []model.API{api("b", "pets", 0)}, []model.API{})
	assert.Equal(t, []string{"prod"}, left(), "its API is remembered, too")
	s = s.next(hour(15), []model.API{api("b", "pets", 0)}, []model.API{})
	assert.Empty(t, s.Left)
}

// A stage is remembered as it was when it no longer writes into one of its log groups, until it does again.
func TestStagesThatLogElsewhereAreRemembered(t *testing.T) {
	logs := func(destination string, executions, canary bool) model.Stage {
		st := model.Stage{Name: "prod", AccessLog: model.AccessLog{Destination: destination}, ExecutionLogs: executions}
		if canary {
			st.Canary = &model.Canary{}
		}
		return st
	}
	for name, c := range map[string]struct {
		before, after model.Stage
		remembered    bool
	}{
		"nothing":           {logs("a", true, true), logs("a", true, true), false},
		"moved":             {logs("a", false, false), logs("b", false, false), true},
		"off":               {logs("a", false, false), logs("", false, false), true},
		"on":                {logs("", false, false), logs("a", true, true), false},
		"executions off":    {logs("a", true, false), logs("a", false, false), true},
		"canary gone":       {logs("a", true, true), logs("a", true, false), true},
		"unlogged canary":   {logs("a", false, true), logs("a", false, false), false},
		"another format":    {logs("a", false, false), model.Stage{Name: "prod", AccessLog: model.AccessLog{Destination: "a", Format: "$context.status"}}, false},
		"canary is created": {logs("a", true, false), logs("a", true, true), false},
	} {
		s := empty().next(hour(1), []model.API{api("a", "orders", 0)}, []model.API{})
		crawl := func(at float64, st ...model.Stage) {
			s = s.leave("a", st, hour(at)).withStages(map[string][]model.Stage{"a": st})
		}
		crawl(1, c.before)
		crawl(2, c.after)
		if !c.remembered {
			assert.Empty(t, s.Left, name)
			continue
		}
		want := []Left{{Stage: c.before, Since: hour(2), Moved: true}}
		assert.Equal(t, want, s.Left["a"], name)
		crawl(3, c.after)
		assert.Equal(t, want, s.Left["a"], "%s, an hour later", name)
		crawl(5)
		assert.Equal(t, append(want, Left{Stage: c.after, Since: hour(5)}), s.Left["a"], "%s, and deleted", name)
		crawl(5.5, c.before)
		assert.Empty(t, s.Left["a"], "%s, and back", name)
		crawl(5.6, c.after)
		crawl(9.6, c.after)
		assert.Empty(t, s.Left, "%s, four hours later", name)
	}
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
	s = s.withStages(map[string][]model.Stage{"a": stages("old")}).leave("a", stages("prod"), hour(2))
	return s.withStages(map[string][]model.Stage{"a": {{Name: "prod", Created: hour(0.5), DetailedMetrics: true, Canary: &model.Canary{Percent: 12.5}}}, "h": stages("$default")})
}

// Whatever is crawled, the look-ups of the snapshot are those that it would have if they were built anew, and those of the one before stay as they were.
func TestStagesAreIndexedAsAnew(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	s := &Snapshot{
		APIs: []model.API{api("a", "orders", 1), api("b", "orders", 2), api("c", "pets", 1), {ID: "h", Name: "orders", Type: model.HTTP}},
		Gone: []Gone{{API: api("g", "orders", 1), Since: hour(1)}}, Stages: map[string][]model.Stage{"a": stages("prod")},
	}
	s.index()
	for range 100 {
		before := *s
		before.index()
		id := []string{"a", "b", "c", "g", "h", "unknown"}[r.IntN(6)]
		crawled := stages([]string{"prod", "dev", "test"}[:r.IntN(4)]...)
		next := s.leave(id, crawled, hour(2)).withStages(map[string][]model.Stage{id: crawled})
		anew := *next
		anew.index()
		require.Equal(t, anew.byID, next.byID)
		require.Equal(t, anew.byName, next.byName)
		for _, entries := range next.byName {
			for _, e := range entries {
				require.Same(t, next.byID[e.api.ID], e)
			}
		}
		require.Equal(t, before.byID, s.byID)
		require.Equal(t, before.byName, s.byName)
		s = next
	}
}
