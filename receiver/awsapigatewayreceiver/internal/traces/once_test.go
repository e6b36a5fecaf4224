package traces

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The documents that the tests' traces are made of.
var (
	front    = document{id: segmentID(0, 0)}
	changed  = document{id: segmentID(0, 0), annotation: "changed"}
	back     = document{id: segmentID(0, 1)}
	begun    = document{id: segmentID(0, 1), progress: true}
	inferred = document{id: segmentID(0, 2), inferred: true, origin: "AWS::Lambda"}
	table    = document{id: segmentID(0, 3), inferred: true, origin: "AWS::DynamoDB::Table"}
)

// The times at which X-Ray has a step: in front of the first scan, and in front of the second one only.
const (
	early = time.Second
	late  = 3 * time.Minute
)

// What comes of a trace's segments by its first and by its second reading, and what is counted.
func TestEachSegmentComesOnce(t *testing.T) {
	type counts map[string]int64
	for name, c := range map[string]struct {
		steps         []step
		first, second map[string]int // how often each segment came
		counts        counts
	}{
		"complete at once": {
			[]step{{after: early, documents: []document{front, back, table}}},
			map[string]int{front.id: 1, back.id: 1, table.id: 1},
			map[string]int{front.id: 1, back.id: 1, table.id: 1},
			counts{"retrieved": 1},
		},
		"inferred of a function that sends its own": {
			[]step{{after: early, documents: []document{front, inferred}}, {after: late, documents: []document{front, back}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, back.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"inferred of a service that sends none": {
			[]step{{after: early, documents: []document{front, inferred}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, inferred.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"inferred of a table while a trace is in progress": {
			[]step{{after: early, partial: true, documents: []document{front, table}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, table.id: 1},
			counts{"retrieved": 2, "duplicates": 1, InProgress: 1},
		},
		"a segment comes late": {
			[]step{{after: early, documents: []document{front}}, {after: late, documents: []document{front, back}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, back.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"the whole trace comes late": {
			[]step{{after: late, documents: []document{front, back}}}, map[string]int{}, map[string]int{front.id: 1, back.id: 1}, counts{"retrieved": 1},
		},
		"a segment changes": {
			[]step{{after: early, documents: []document{front, back}}, {after: late, documents: []document{changed, back}}},
			map[string]int{front.id: 1, back.id: 1},
			map[string]int{front.id: 2, back.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"a new revision of the same": {
			[]step{{after: early, documents: []document{front}}, {after: late, documents: []document{front}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"a segment in progress ends": {
			[]step{{after: early, documents: []document{front, begun}}, {after: late, documents: []document{front, back}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, back.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"a segment stays in progress": {
			[]step{{after: early, documents: []document{front, begun}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, begun.id: 1},
			counts{"retrieved": 2, "duplicates": 1, InProgress: 1},
		},
		"inferred until its own comes": {
			[]step{{after: early, partial: true, documents: []document{front, inferred}}, {after: late, documents: []document{front, back}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, back.id: 1},
			counts{"retrieved": 2, "duplicates": 1},
		},
		"inferred to the end": {
			[]step{{after: early, partial: true, documents: []document{front, inferred}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, inferred.id: 1},
			counts{"retrieved": 2, "duplicates": 1, InProgress: 1},
		},
		"the same document twice": {
			[]step{{after: early, documents: []document{front, front}}}, map[string]int{front.id: 1}, map[string]int{front.id: 1}, counts{"retrieved": 1, "duplicates": 1},
		},
		"listed before it can be retrieved": {
			[]step{{after: early, absent: true}, {after: late, documents: []document{front}}}, map[string]int{}, map[string]int{front.id: 1}, counts{"retrieved": 1},
		},
		"listed as the same revision before it can be retrieved": {
			[]step{{after: early, absent: true}}, map[string]int{}, map[string]int{}, counts{Missing: 1},
		},
		"longer than X-Ray keeps, and grew": {
			[]step{{after: early, limited: true, documents: []document{front}}, {after: late, limited: true, documents: []document{front, back}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1, back.id: 1},
			counts{Limited: 1},
		},
		"nonsense": {
			[]step{{after: early, documents: []document{{id: back.id, text: "nonsense"}, front}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1},
			counts{"retrieved": 1, "segment errors": 1},
		},
		"nonsense that is read again": {
			[]step{{after: early, documents: []document{{id: back.id, text: "nonsense"}, front}}, {after: late, documents: []document{{id: back.id, text: "nonsense"}, front}}},
			map[string]int{front.id: 1},
			map[string]int{front.id: 1},
			counts{"retrieved": 2, "segment errors": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.client.trace(time.Now().Add(5*time.Second), 0, c.steps...)
				came := func() map[string]int {
					times := map[string]int{}
					for span, n := range b.came() {
						times[span[33:]] = n
					}
					return times
				}
				stop := b.run(t.Context())
				defer stop()
				time.Sleep(2 * time.Minute)
				assert.Equal(t, c.first, came(), "at the first reading")
				time.Sleep(10 * time.Minute)
				assert.Equal(t, c.second, came(), "at the second one")
				for _, what := range []string{"retrieved", "duplicates", "segment errors", "left out", Missing, Unprocessed, Limited, InProgress} {
					if _, ok := c.counts[what]; ok || what != "retrieved" && what != "duplicates" {
						assert.Equal(t, c.counts[what], b.counted(what), what)
					}
				}
				before := len(b.client.got())
				time.Sleep(30 * time.Minute)
				assert.Len(t, b.client.got(), before, "then never again")
			})
		})
	}
}

// Documents that make no sense are said once, however many there are.
func TestNonsenseIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		for n := range 20 {
			b.client.trace(time.Now().Add(time.Duration(n)*time.Minute), n, step{after: early, documents: []document{{text: "{"}, {text: "[1]"}}})
		}
		stop := b.run(t.Context())
		time.Sleep(time.Hour)
		stop()
		assert.EqualValues(t, 40, b.counted("segment errors"))
		assert.Equal(t, 1, b.says("can't be decoded"))
	})
}

// What X-Ray leaves unprocessed is asked for again, with waits, and comes.
func TestUnprocessedTracesAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		began := time.Now()
		for n := range 30 {
			b.client.trace(began, n)
		}
		var asked []time.Time
		b.client.getting = func(ids []string) ([]string, error) {
			asked = append(asked, time.Now())
			return ids[1:], nil
		}
		b.client.latency = time.Millisecond
		stop := b.run(t.Context())
		time.Sleep(3 * time.Minute)
		stop()
		assert.Len(t, b.came(), 30)
		assert.Zero(t, b.counted(Unprocessed))
		require.Len(t, asked, 6+5+4+3+3+2+2+5, "each call brings one: 30, 24, 19, 15, 12, 9, 7, 5, 4, 3, 2 and 1 are asked for")
		assert.GreaterOrEqual(t, asked[6].Sub(asked[5]), minRoundWait/2, "a wait between two rounds")
		assert.Less(t, asked[29].Sub(asked[0]), 12*minRoundWait, "which does not grow while something comes")
	})
}

// What X-Ray never processes is given up, and counted, when the trace has been read last; other traces do not wait for it.
func TestTracesThatStayUnprocessedAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		began := time.Now()
		stuck, other := b.client.trace(began, 0), b.client.trace(began.Add(time.Minute), 1)
		var asked []time.Time
		b.client.getting = func(ids []string) ([]string, error) {
			if ids[0] == stuck.ID {
				asked = append(asked, time.Now())
				return ids, nil
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.Len(t, asked, maxRounds)
		assert.Zero(t, b.counted(Unprocessed), "it may be processed at the second reading")
		assert.Equal(t, 1, b.times(other, segmentID(1, 0)))
		time.Sleep(30 * time.Minute)
		stop()
		assert.Len(t, asked, 2*maxRounds)
		assert.EqualValues(t, 1, b.counted(Unprocessed))
		assert.Zero(t, b.counted(Missing))
		assert.Equal(t, 1, b.says("given up"))
		assert.Less(t, asked[maxRounds-1].Sub(asked[0]), 2*time.Minute)
		for _, err := range b.reported() {
			assert.NoError(t, err)
		}
	})
}

// A trace that was left unprocessed at first, and is processed later, comes once.
func TestTraceThatIsProcessedAtTheSecondReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		began := time.Now()
		s := b.client.trace(began, 0)
		b.client.getting = func(ids []string) ([]string, error) {
			if time.Since(began) < 5*time.Minute {
				return ids, nil
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assert.Equal(t, 1, b.times(s, segmentID(0, 0)))
		assert.Zero(t, b.counted(Unprocessed))
	})
}

// A trace that begins in the second in which a window ends is in the next one only, though AWS may list it in both.
func TestTraceAtTheEndOfAWindowIsInOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.every(30*time.Second, time.Now(), 20*time.Minute)
		stop := b.run(t.Context())
		time.Sleep(40 * time.Minute)
		stop()
		assert.Len(t, b.came(), 40)
		assert.EqualValues(t, 40, b.counted("retrieved"))
		assert.Zero(t, b.counted("left out"))
		assert.Zero(t, b.counted("duplicates"))
	})
}

// A trace that is longer than X-Ray keeps is counted, also where it does not change any more.
func TestLimitedTraceIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), nil)
		s := b.client.trace(time.Now(), 0, step{after: early, limited: true, documents: []document{front}})
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		assert.Equal(t, 1, b.times(s, front.id))
		assert.EqualValues(t, 1, b.counted(Limited))
	})
}
