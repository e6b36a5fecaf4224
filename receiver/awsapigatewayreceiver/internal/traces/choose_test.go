package traces

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// randomCandidates are n, of which some are bad; many share their duration.
func randomCandidates(r *rand.Rand, n, bad int) []candidate {
	list := make([]candidate, n)
	for i := range list {
		s := model.TraceSummary{Duration: float64(r.IntN(50)) / 10, Revision: 1}
		if i < bad {
			s.Fault, s.Error, s.Throttle = r.IntN(3) == 0, r.IntN(2) == 0, r.IntN(3) == 0
			s.Error = s.Error || !s.Fault && !s.Throttle
		}
		var id pcommon.TraceID
		for k := range id {
			id[k] = byte(r.Uint32())
		}
		list[i] = newCandidate(id, &s)
	}
	return list
}

func chosen(n int, list []candidate) []string {
	s := shortlist{n: n}
	for _, c := range list {
		s.add(c)
	}
	var ids []string
	for _, c := range s.choose() {
		ids = append(ids, c.id.String())
	}
	slices.Sort(ids)
	return ids
}

// Faults come first, then errors, then throttles, though a trace may be several of them.
func TestBadTracesComeFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := randomCandidates(r, 400, 0)
	for i := range 30 {
		list[i].rank = []rank{throttled, erroneous, faulty}[i/10]
	}
	for n, want := range map[int][4]int{5: {5}, 10: {10}, 15: {10, 5}, 25: {10, 10, 5}, 30: {10, 10, 10}, 40: {10, 10, 10, 10}} {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		s := shortlist{n: n, list: slices.Clone(list)}
		var got [4]int
		for _, c := range s.choose() {
			got[c.rank]++
		}
		assert.Equal(t, want, got, n)
	}
}

func TestRankOfATrace(t *testing.T) {
	for _, c := range []struct {
		fault, err, throttle bool
		want                 rank
	}{
		{want: plain},
		{fault: true, want: faulty},
		{err: true, want: erroneous},
		{throttle: true, want: throttled},
		{err: true, throttle: true, want: throttled},
		{fault: true, err: true, throttle: true, want: faulty},
		{fault: true, throttle: true, want: faulty},
	} {
		got := newCandidate(pcommon.TraceID{1}, &model.TraceSummary{Fault: c.fault, Error: c.err, Throttle: c.throttle})
		assert.Equal(t, c.want, got.rank, "%+v", c)
	}
}

// A quarter of what is left goes to the slowest, the rest is drawn.
func TestQuarterOfTheRestIsTheSlowest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	list := randomCandidates(r, 1000, 0)
	for i := range list {
		list[i].duration = float32(i)
	}
	for i := range 20 {
		list[i].rank = faulty
	}
	s := shortlist{n: 100, list: slices.Clone(list)}
	got := map[pcommon.TraceID]bool{}
	for _, c := range s.choose() {
		got[c.id] = true
	}
	require.Len(t, got, 100)
	for _, c := range list[:20] {
		assert.True(t, got[c.id], "a fault")
	}
	for _, c := range list[980:] {
		assert.True(t, got[c.id], "80 are left: the 20 slowest")
	}
	slow := 0
	for _, c := range list[900:980] {
		if got[c.id] {
			slow++
		}
	}
	assert.Less(t, slow, 25, "the rest is drawn: of 960 there are 60, of these 80 some 5")
}

// Where no more can be had than there are, all are chosen.
func TestAllAreChosenWhereThereIsRoom(t *testing.T) {
	list := randomCandidates(rand.New(rand.NewPCG(5, 6)), 50, 10)
	assert.Len(t, chosen(50, list), 50)
	assert.Len(t, chosen(51, list), 50)
	assert.Len(t, chosen(49, list), 49)
	assert.Empty(t, chosen(0, list))
	assert.Empty(t, chosen(10, nil))
}

// The same traces are chosen in whatever order they are listed, and whatever was forgotten on the way; never more than the cap, in bounded memory.
func TestChoiceDoesNotDependOnTheOrder(t *testing.T) {
	racetest.Skip(t)
	for seed := range uint64(60 / racetest.Thinned) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := []int{0, 1, 2, 3, 7, 40, 150}[r.IntN(7)]
		size := r.IntN(6000)
		list := randomCandidates(r, size, r.IntN(min(size, 300)+1))
		all := shortlist{n: n, list: slices.Clone(list)}
		want := chosen(n, nil)
		for _, c := range all.choose() {
			want = append(want, c.id.String())
		}
		slices.Sort(want)
		require.LessOrEqual(t, len(want), n)
		require.Len(t, want, min(n, size))
		for range 4 {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			s := shortlist{n: n}
			for i, c := range list {
				s.add(c)
				if r.IntN(500) == 0 { // as often as it likes
					s.list = s.cut()
				}
				if len(s.list) > 8*n+1024 {
					require.Fail(t, "too many are kept", "%d after %d", len(s.list), i)
				}
			}
			var got []string
			for _, c := range s.choose() {
				got = append(got, c.id.String())
			}
			slices.Sort(got)
			require.Equal(t, want, got, "seed %d, %d of %d", seed, n, size)
		}
	}
}

// What is drawn is spread evenly, for ids of one second that differ only a little.
func TestLotsAreEven(t *testing.T) {
	const n, places = 20_000, 20
	var hits [places]int
	for i := range n {
		var id pcommon.TraceID
		copy(id[:], fmt.Sprintf("%04d%012d", 5000, i))
		c := candidate{id: id}
		hits[c.lot()%places]++
	}
	for i, got := range hits {
		assert.InDelta(t, n/places, got, 150, "place %d", i)
	}
}

// A list may show a trace again on a later page, as new traces move the pages: it takes one place.
func TestTraceThatIsListedAgainTakesOnePlace(t *testing.T) {
	for seed := range uint64(20 / racetest.Thinned) {
		r := rand.New(rand.NewPCG(seed, 9))
		list := randomCandidates(r, 3000, 5)
		var thrice []candidate
		for _, c := range list {
			thrice = append(thrice, c, c, c)
		}
		r.Shuffle(len(thrice), func(i, j int) { thrice[i], thrice[j] = thrice[j], thrice[i] })
		require.True(t, slices.Equal(chosen(200, list), chosen(200, thrice)), "seed %d", seed)
	}
}
