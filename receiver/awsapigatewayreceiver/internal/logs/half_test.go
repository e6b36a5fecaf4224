package logs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// aRun is a quarter of an hour of a reader.
type aRun struct {
	records, spans bool          // are refused
	from           time.Duration // after its start, until its end
	lacks          signals       // has no such pipeline
	killed         bool          // stores nothing
}

// runs are readers one after the other on one disk, and at last one that is refused nothing.
type runs struct {
	disk  checkpointtest.Disk
	uids  map[string][]cameRecord
	spans map[[2]string][]cameSpan
}

type cameRecord struct {
	record
	run int
}

type cameSpan struct {
	sentSpan
	run int
}

func (all *runs) run(t *testing.T, each ...aRun) {
	t.Helper()
	all.uids, all.spans = map[string][]cameRecord{}, map[[2]string][]cameSpan{}
	began := time.Now()
	for i, run := range append(each, aRun{}) {
		b := newBenchFor(t, oneTraced.snapshot(t), nil, signals{records: !run.lacks.records, spans: !run.lacks.spans})
		b.Store = all.disk.Open(t)
		if run.killed {
			all.disk.OnWrite(func([]string) error { return errTest })
		}
		started := time.Now()
		notNow := func(refuses bool) func() error {
			return func() error {
				if refuses && time.Since(started) >= run.from {
					return errors.New("not now")
				}
				return nil
			}
		}
		b.refuse, b.refuseSpans = notNow(run.records), notNow(run.spans)
		b.client.filter = func(_ string, from, to int64, _ string) (page model.LogPage, _ error) {
			page = requests(began, from, to, 10*time.Second)
			// Each seventh comes minutes late, so that a batch is never cut as it was in the run before.
			page.Events = slices.DeleteFunc(page.Events, func(e model.LogEvent) bool {
				return e.Timestamp/10_000%7 == 3 && time.Since(time.UnixMilli(e.Timestamp)) < 8*time.Minute
			})
			return page, nil
		}
		stop := b.run(t.Context())
		time.Sleep(15 * time.Minute)
		stop()
		all.disk.OnWrite(nil)
		for _, r := range b.came() {
			all.uids[r.uid] = append(all.uids[r.uid], cameRecord{r, i})
		}
		for _, s := range b.cameSpans() {
			id := [2]string{s.id, s.parent}
			all.spans[id] = append(all.spans[id], cameSpan{s, i})
		}
	}
}

// counts are how often items came.
func counts[K comparable, V any](items map[K][]V) []int {
	n := map[K]int{}
	for id, came := range items {
		n[id] = len(came)
	}
	return times(n)
}

// What one pipeline has not taken when the collector stops comes after the restart, to it alone: the other has had its part.
func TestWhatOnePipelineHasTakenComesToTheOtherAlone(t *testing.T) {
	records, spans, neither := aRun{records: true}, aRun{spans: true}, aRun{records: true, spans: true}
	late := func(r aRun) aRun { r.from = 5 * time.Minute; return r }
	for name, each := range map[string][]aRun{
		"spans are refused":              {late(spans)},
		"records are refused":            {late(records)},
		"spans are refused for long":     {late(spans), spans, spans},
		"records are refused for long":   {late(records), records, records},
		"one after the other is refused": {late(spans), records, spans, records},
		"both, and then one":             {neither, spans, neither, records},
		"one, and then both":             {late(records), neither, late(spans), neither},
		"from the very first on":         {spans, records},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all runs
				all.run(t, each...)
				assert.InDelta(t, 90*(len(each)+1), len(all.uids), 15)
				assert.Equal(t, []int{1}, counts(all.uids), "each record came once")
				assert.Len(t, all.spans, 2*len(all.uids))
				assert.Equal(t, []int{1}, counts(all.spans), "each span came once")
				all.assertNoHalf(t)
			})
		})
	}
}

// assertNoHalf holds that nothing of what both have taken is kept.
func (all *runs) assertNoHalf(t *testing.T) {
	t.Helper()
	for _, key := range all.disk.Keys() {
		assert.NotContains(t, key, "/half/")
	}
}

// A pipeline that refused and is then taken out of the config holds up nothing: the other goes on, and gets nothing twice.
func TestAPipelineThatIsTakenOutHoldsUpNothing(t *testing.T) {
	for name, c := range map[string]struct {
		refuses aRun
		lacks   signals
	}{
		"traces": {aRun{spans: true, from: 5 * time.Minute}, signals{spans: true}},
		"logs":   {aRun{records: true, from: 5 * time.Minute}, signals{records: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all runs
				all.run(t, c.refuses, aRun{lacks: c.lacks})
				assert.Equal(t, []int{1}, counts(all.uids))
				assert.Equal(t, []int{1}, counts(all.spans))
				whole, part := len(all.uids), len(all.spans)/2
				if c.lacks.records {
					whole, part = part, whole
				}
				assert.InDelta(t, 270, whole, 15)
				assert.InDelta(t, 270-90-60, part, 15, "without what it refused, and what came while it was out")
				all.assertNoHalf(t)
			})
		})
	}
}

// A collector that is killed after such a restart repeats what a kill repeats, the same to the letter; but nothing that one pipeline had taken before.
func TestAKillRepeatsNothingThatWasTakenBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all runs
		all.run(t, aRun{spans: true, from: 5 * time.Minute}, aRun{killed: true})
		repeated := 0
		for uid, came := range all.uids {
			assert.LessOrEqual(t, len(came), 2)
			if came[0].run == 0 {
				assert.Len(t, came, 1, uid)
			}
			for _, r := range came[1:] {
				repeated++
				assert.Equal(t, came[0].record, r.record)
			}
		}
		assert.Greater(t, repeated, 90, "which the kill repeats")
		assert.Len(t, all.spans, 2*len(all.uids))
		for id, came := range all.spans {
			assert.LessOrEqual(t, len(came), 2, id)
			for _, s := range came[1:] {
				assert.Equal(t, came[0].sentSpan, s.sentSpan)
			}
		}
	})
}

// What is stored of a half that makes no sense is an error that says where. The position is used all the same.
func TestStoredHalfThatMakesNoSense(t *testing.T) {
	many := takers{}
	for i := range uint64(maxHalf + 1) {
		many[i] = t0
	}
	for name, c := range map[string]struct{ stored, says string }{
		"no JSON":         {"\x00", "invalid character"},
		"another version": {`{"v":2}`, "its version is 2, not 1"},
		"no ids":          {`{"v":1,"records":"AQEB"}`, "cannot decode stored ids"},
		"too many ids":    {fmt.Sprintf(`{"v":1,"spans":%q}`, base64.StdEncoding.EncodeToString(many.encode())), "16385 ids"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := &checkpointtest.Disk{}
			k := newKeeper(disk.Open(t), t0)
			k.read(&group{name: "g", seen: newMemory()}, t0, 1, 1)
			require.NoError(t, disk.Set(t.Context(), k.halfKey("g"), []byte(c.stored)))
			g := &group{name: "g", seen: newMemory()}
			ok, err := k.load(context.Background(), g)
			assert.True(t, ok)
			assert.ErrorIs(t, err, errHalf)
			assert.ErrorContains(t, err, c.says)
			assert.ErrorContains(t, err, `of log group "g"`)
			assert.True(t, g.half.empty())
		})
	}
}

// What one output has taken is kept with the group over restarts, as little as that is, until both have it or nothing of its time is read any more.
func TestHalfIsStoredAndForgotten(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	page := &model.LogPage{}
	for i := range maxHalf + 10 {
		page.Events = append(page.Events, model.LogEvent{ID: fmt.Sprint(i), Timestamp: t0 + int64(i)})
	}
	part := func(n int, records bool) *builder {
		b := &builder{page: page, makesRecords: records, makesSpans: !records}
		for i := range n {
			b.events = append(b.events, int32(i))
		}
		return b
	}
	g := &group{name: "g", seen: newMemory(), handing: true}
	g.pos.settled = t0 + 3600*second // by what is not handed over yet
	k.saveHalf(t.Context(), g, []*builder{part(2, true), part(maxHalf+10, false)})
	assert.Equal(t, []string{k.halfKey("g")}, disk.Keys())

	again := &group{name: "g", seen: newMemory()}
	ok, err := k.load(t.Context(), again)
	require.NoError(t, err)
	assert.False(t, ok, "no position was stored")
	assert.Len(t, again.half.records, 2)
	assert.Len(t, again.half.spans, maxHalf, "no more than that")
	all := part(maxHalf+10, true).events
	assert.Equal(t, all[2:], again.half.records.without(page, all))
	assert.Equal(t, all[maxHalf:], again.half.spans.without(page, all))

	again.half.done(page, all[1:])
	again.pos = startAt(t0)
	k.save(t.Context(), again, nil, time.UnixMilli(t0))
	last := &group{name: "g", seen: newMemory()}
	ok, err = k.load(t.Context(), last)
	require.NoError(t, err)
	assert.True(t, ok)
	id := hashID(page.Events[0].ID)
	assert.Equal(t, takers{id: t0}, last.half.records)
	assert.Equal(t, takers{id: t0}, last.half.spans)

	last.pos.settled = t0 + 59*second
	k.save(t.Context(), last, nil, time.UnixMilli(t0))
	assert.Contains(t, disk.Keys(), k.halfKey("g"))
	last.pos.settled = t0 + 60*second
	k.save(t.Context(), last, nil, time.UnixMilli(t0))
	assert.NotContains(t, disk.Keys(), k.halfKey("g"))
	assert.Zero(t, k.errors)
}

// Whenever either pipeline refuses and whenever the collector stops, with late events, pages and sweeps around it: each record and each span comes once.
func TestStopsAndRefusalsAtAnyTimeRepeatNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("the refusals and stops have the seed %d", seed)
	for n := range uint64(20 / racetest.Thinned) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, n))
			minutes := func(most int) time.Duration { return time.Duration(rng.IntN(most*60)) * time.Second }
			events := wrote(time.Now(), 2*time.Hour, 3*time.Second, func(int) time.Duration { return min(minutes(9), minutes(9), minutes(9)) })
			answer, disk := paged(events, 5+rng.IntN(300)), &checkpointtest.Disk{}
			uids, spans := map[string]int{}, map[[2]string]int{}
			for end := time.Now().Add(2 * time.Hour); ; {
				last := !time.Now().Before(end)
				b := newBenchFor(t, oneTraced.snapshot(t), nil, signals{records: true, spans: true})
				b.Store = disk.Open(t)
				b.client.filter = func(group string, from, to int64, token string) (model.LogPage, error) {
					page, err := answer(group, from, to, token)
					for i := range page.Events {
						e := &page.Events[i]
						e.Message = fmt.Sprintf("r1 prod %s %d 90 40 GET /orders", e.ID, e.Timestamp)
					}
					return page, err
				}
				refuses := func() func() error {
					from := time.Now().Add(minutes(12))
					until := from.Add(minutes(12))
					return func() error {
						if now := time.Now(); !last && now.After(from) && now.Before(until) {
							return errTest
						}
						return nil
					}
				}
				b.refuse, b.refuseSpans = refuses(), refuses()
				stop := b.run(t.Context())
				if time.Sleep(minutes(15)); last {
					time.Sleep(time.Hour)
				}
				stop()
				for _, r := range b.came() {
					uids[r.uid]++
				}
				for id, n := range ids(b.cameSpans()) {
					spans[id] += n
				}
				if last {
					break
				}
			}
			assert.Len(t, uids, len(events), n)
			assert.Equal(t, []int{1}, times(uids), n)
			assert.Len(t, spans, 2*len(events), n)
			assert.Equal(t, []int{1}, times(spans), n)
		})
	}
}
