package logs

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// keeper is a reader that only stores, at a time that the test sets.
type keeper struct {
	*Reader
	errors int
	said   *observer.ObservedLogs
}

func newKeeper(store *checkpoint.Store, now int64) *keeper {
	core, said := observer.New(zap.InfoLevel)
	config := DefaultConfig()
	k := &keeper{said: said}
	k.Reader = &Reader{Settings: Settings{
		Target: model.Target{Label: "default/us-east-1"}, Config: &config, Store: store, Logger: zap.New(core), Client: &fakeClient{now: func() time.Time { return time.UnixMilli(now) }},
		Recorder: Recorder{CheckpointError: func(context.Context) { k.errors++ }},
	}}
	k.index, k.Reader.said = newIndex("", now), map[string]bool{}
	return k
}

// read lets a group have n new events at each second from a time on, and stores them.
func (k *keeper) read(g *group, from int64, seconds, n int) {
	for s := range seconds {
		at := from + int64(s)*second
		g.pos.newest, g.pos.readTo = at, at
		g.pos.settle(at, at, late)
		var fresh []entry
		for i := range n {
			e := entry{at, uint64(at)<<10 + uint64(i), 500}
			g.seen.add(e.at, e.id, e.bytes)
			fresh = append(fresh, e)
		}
		k.save(context.Background(), g, fresh, time.UnixMilli(at))
	}
}

// A group's position comes back as it was, with all that is remembered.
func TestPositionIsTakenUp(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	created := time.UnixMilli(t0 - 86_400*second).UTC()
	g := &group{name: "g", seen: newMemory(), described: model.LogGroup{Created: created}}
	g.pos = position{newest: t0, settled: t0 - 600*second, readTo: t0 + 5, open: true, lateMax: 700 * second, credit: 750, lastSweep: t0 - 60*second}
	g.seen.add(t0-500*second, 1, 300)
	g.seen.add(t0, 2, 500)
	k.save(context.Background(), g, []entry{{t0 - 500*second, 1, 300}, {t0, 2, 500}}, time.UnixMilli(t0+9))

	again := &group{name: "g", seen: newMemory()}
	ok, err := k.load(context.Background(), again)
	require.NoError(t, err)
	require.True(t, ok)
	want := g.pos
	want.lateness = 30 * second // of a group that was not read yet
	assert.Equal(t, want, again.pos)
	assert.True(t, again.described.Created.Equal(created))
	assert.Equal(t, t0+9, again.savedAt.UnixMilli())
	assert.Equal(t, 2, again.seen.count)
	assert.True(t, again.seen.has(t0-500*second, 1))
	assert.True(t, again.seen.has(t0, 2))
	assert.EqualValues(t, 800, again.seen.bytesSince(t0-3600*second, t0))
	assert.Zero(t, k.errors)

	other := &group{name: "other", seen: newMemory()}
	ok, err = k.load(context.Background(), other)
	assert.NoError(t, err)
	assert.False(t, ok, "a group that was never read")
}

// However much is remembered, the position itself stays small; ids that are settled leave storage.
func TestStoredPositionStaysSmall(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	g := &group{name: "g", seen: newMemory()}
	key := k.groupKey("g")
	largest, most := 0, 0
	for minute := range int64(60) {
		k.read(g, t0+minute*60*second, 60, 20)
		b, err := disk.Get(t.Context(), key)
		require.NoError(t, err)
		largest, most = max(largest, len(b)), max(most, len(disk.Keys()))
	}
	// 512 ids of 8 bytes in base64, the heads of their minutes, and 30 references or so.
	assert.Less(t, largest, 8<<10)
	// The position, and a value for every 26 seconds of the ten minutes that are not settled, and of the minute that they begin in.
	assert.Less(t, most, 30)
	assert.Greater(t, most, 600/26)

	again := &group{name: "g", seen: newMemory()}
	_, err := k.load(context.Background(), again)
	require.NoError(t, err)
	g.seen.forget(g.pos.settled)
	for key, m := range g.seen.minutes {
		for id := range m.recent {
			require.True(t, again.seen.has(key*minuteMS, id), "what is not settled is remembered")
		}
	}
	again.seen.forget(again.pos.settled)
	assert.Equal(t, g.seen.count, again.seen.count)

	// A quiet hour later nothing but the position is left.
	g.pos.settled = t0 + 7200*second
	k.save(context.Background(), g, nil, time.UnixMilli(t0+7200*second))
	assert.Equal(t, []string{key}, disk.Keys())
	assert.Zero(t, k.errors)
}

// What is kept of a group beside its position is not another group's position, whatever AWS allows in their names.
func TestNamesOfGroupsDoNotMeet(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	busy, other := &group{name: "g", seen: newMemory()}, &group{name: "g#1", seen: newMemory()}
	k.read(busy, t0, 120, 20)
	k.read(other, t0, 1, 1)
	for _, g := range []*group{busy, other} {
		again := &group{name: g.name, seen: newMemory()}
		_, err := k.load(context.Background(), again)
		require.NoError(t, err)
		assert.Equal(t, g.pos.newest, again.pos.newest)
		assert.Equal(t, g.seen.count, again.seen.count)
	}
}

// Ids that a collector stored under the keys of before are found, and are under their own from then on.
func TestValuesOfIDsAreFoundUnderTheirFormerKeys(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	g, other := &group{name: "g", seen: newMemory()}, &group{name: "g#1", seen: newMemory()}
	k.read(g, t0, 120, 20)
	keys := disk.Keys()
	for _, key := range keys {
		if former := strings.Replace(key, ":", "#", 1); former != key {
			value, err := disk.Get(t.Context(), key)
			require.NoError(t, err)
			disk.Remove(key)
			require.NoError(t, disk.Set(t.Context(), former, value))
		}
	}
	require.NotElementsMatch(t, keys, disk.Keys())

	again := &group{name: "g", seen: newMemory()}
	_, err := k.load(t.Context(), again)
	require.NoError(t, err)
	assert.Equal(t, g.seen.count, again.seen.count)
	assert.ElementsMatch(t, keys, disk.Keys())

	// One of them is another group's position.
	k.read(other, t0, 1, 1)
	disk.Remove("logs/default/us-east-1/group/g:1")
	_, err = k.load(t.Context(), &group{name: "g", seen: newMemory()})
	require.ErrorIs(t, err, errEntries)
	_, err = k.load(t.Context(), &group{name: "g#1", seen: newMemory()})
	require.NoError(t, err)
}

// Where a value of ids is lost the position is used all the same, and the loss is an error.
func TestLostValueOfIDsIsReported(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	g := &group{name: "g", seen: newMemory()}
	k.read(g, t0, 120, 20)
	keys := slices.DeleteFunc(disk.Keys(), func(key string) bool { return !strings.Contains(key, ":") })
	slices.Sort(keys)
	require.Greater(t, len(keys), 2)
	disk.Remove(keys[0])
	require.NoError(t, disk.Set(t.Context(), keys[1], []byte("nonsense")))

	again := &group{name: "g", seen: newMemory()}
	ok, err := k.load(context.Background(), again)
	assert.True(t, ok)
	assert.ErrorIs(t, err, errEntries)
	assert.ErrorContains(t, err, `log group "g"`)
	assert.Equal(t, g.pos.newest, again.pos.newest)
	assert.Less(t, again.seen.count, g.seen.count)
	assert.Greater(t, again.seen.count, g.seen.count/2)
}

// A position that makes no sense is an error that says where, and not used.
func TestStoredPositionThatMakesNoSense(t *testing.T) {
	valid := func(change func(m map[string]any)) string {
		m := map[string]any{"v": 1, "newest": t0, "settled": t0, "read_to": t0, "saved": t0, "next": 3, "chunks": []map[string]int64{{"n": 2, "m": t0 / 60_000}}}
		change(m)
		b, err := json.Marshal(m)
		require.NoError(t, err)
		return string(b)
	}
	set := func(key string, value any) string { return valid(func(m map[string]any) { m[key] = value }) }
	_, err := decodeStored([]byte(valid(func(map[string]any) {})))
	require.NoError(t, err)
	for name, c := range map[string]struct{ stored, says string }{
		"no JSON":               {"\x00", "cannot decode the stored position"},
		"another version":       {set("v", 2), "its version is 2, not 1"},
		"too much credit":       {set("credit", int64(1)<<40), "is no credit"},
		"before 1970":           {set("newest", -2), "-1 is no time"},
		"after the year 9999":   {set("settled", int64(1)<<60), "is no time"},
		"a value not written":   {set("chunks", []map[string]int64{{"n": 3}}), "value 3 of ids"},
		"a value before any":    {set("chunks", []map[string]int64{{"n": -1}}), "value -1 of ids"},
		"a minute out of range": {set("chunks", []map[string]int64{{"n": 1, "m": 1 << 60}}), "value 1 of ids"},
		"too many values":       {set("chunks", make([]map[string]int64, maxChunks+1)), "100001 values of ids"},
		"too many losses":       {set("losses", make([]map[string]int64, maxLosses+1)), "17 losses"},
		"a loss of no reason":   {set("losses", []map[string]int64{{"from": t0, "to": t0}}), `is no loss by ""`},
		"a loss that is none":   {set("losses", []map[string]any{{"from": t0, "to": t0 - 1, "reason": lostDeleted}}), `is no loss by "deleted"`},
		"ids that are none":     {set("ids", []byte{1, 1, 1}), "cannot decode stored ids"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := &checkpointtest.Disk{}
			k := newKeeper(disk.Open(t), t0)
			require.NoError(t, disk.Set(t.Context(), k.groupKey("g"), []byte(c.stored)))
			g := &group{name: "g", seen: newMemory(), pos: startAt(7)}
			ok, err := k.load(context.Background(), g)
			assert.False(t, ok)
			assert.ErrorContains(t, err, c.says)
			assert.ErrorContains(t, err, `of log group "g"`)
			assert.Equal(t, startAt(7), g.pos)
			assert.Zero(t, g.seen.count)
		})
	}
}

// Groups that nobody has wanted for 15 days leave storage with all they have; the first start is that of the first run.
func TestIndexForgetsGroups(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	require.NoError(t, k.loadIndex(t.Context(), k.now()))
	assert.Equal(t, t0, k.index.First)
	for name, seen := range map[string]int64{"old": t0 - 16*86_400*second, "new": t0 - 14*86_400*second} {
		k.index.Groups[name] = seen
		g := &group{name: name, seen: newMemory()}
		k.read(g, t0, 60, 20)
		k.saveHalf(t.Context(), g, []*builder{{page: &model.LogPage{Events: []model.LogEvent{{Timestamp: t0}}}, events: []int32{0}}})
	}
	k.book, _ = newTestBook()
	for name, seen := range map[string]int64{"r1/old": t0 - 16*86_400*second, "r1/new": t0} {
		api, stage, _ := strings.Cut(name, "/")
		k.learn(t.Context(), api, stage, "$context.requestId")
		k.index.Formats[name] = seen
	}
	k.saveIndex(t.Context())
	assert.Equal(t, []string{"r1/new"}, slices.Collect(maps.Keys(k.book.stages)))

	k = newKeeper(k.Store, t0+second)
	require.NoError(t, k.loadIndex(t.Context(), k.now()))
	assert.Equal(t, t0, k.index.First)
	assert.Equal(t, []string{"new"}, slices.Collect(maps.Keys(k.index.Groups)))
	for _, key := range disk.Keys() {
		assert.NotContains(t, key, "old")
	}
	ok, err := k.load(t.Context(), &group{name: "new", seen: newMemory()})
	assert.True(t, ok)
	assert.NoError(t, err)
}

// A stored index that makes no sense is an error, and a first start.
func TestIndexThatMakesNoSense(t *testing.T) {
	for _, stored := range []string{"[]", `{"v":2,"first":1}`, `{"v":1,"first":-1}`, `{"v":1,"first":999999999999999999}`} {
		disk := &checkpointtest.Disk{}
		k := newKeeper(disk.Open(t), t0)
		require.NoError(t, disk.Set(t.Context(), k.key("index"), []byte(stored)))
		assert.ErrorContains(t, k.loadIndex(t.Context(), k.now()), "cannot decode the stored log groups", stored)
		assert.Equal(t, newIndex("", t0), k.index)
	}
	// A clock that was set back since.
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	require.NoError(t, disk.Set(t.Context(), k.key("index"), []byte(`{"v":1,"first":1800000000000}`)))
	require.NoError(t, k.loadIndex(t.Context(), k.now()))
	assert.Equal(t, t0, k.index.First)
}

// A position that can't be stored is counted each time, and said once.
func TestFailedCheckpointIsCounted(t *testing.T) {
	disk := &checkpointtest.Disk{}
	disk.OnWrite(func([]string) error { return errors.New("the disk is full") })
	k := newKeeper(disk.Open(t), t0)
	k.read(&group{name: "g", seen: newMemory()}, t0, 3, 1)
	k.saveIndex(t.Context())
	assert.Equal(t, 4, k.errors)
	assert.Equal(t, 1, k.said.Len())
}

// Whatever is stored as a position: no panic, and nothing that is out of bounds.
func FuzzDecodeStored(f *testing.F) {
	f.Add([]byte(`{"v":1,"newest":1700000040000,"settled":1700000040000,"read_to":1700000040000,"saved":1,"next":3,"chunks":[{"n":2,"m":28333334}],"ids":"AgEB"}`))
	f.Add([]byte(`{"v":1,"newest":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeStored(b)
		if err != nil {
			require.ErrorContains(t, err, "cannot decode the stored position")
			return
		}
		require.LessOrEqual(t, len(s.Chunks), maxChunks)
		for _, ms := range []int64{s.Settled, s.ReadTo, s.Newest + 1, s.Saved} {
			require.GreaterOrEqual(t, ms, int64(0))
			require.LessOrEqual(t, ms, int64(maxUnixMS))
		}
		_, _ = decodeEntries(s.Inline)
	})
}

// Of two writes of one position, the one with what is newer is stored, however slow the disk is with the other.
func TestNewerPositionIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &checkpointtest.Disk{}
		slow := time.Hour
		disk.OnWrite(func([]string) error {
			wait := slow
			slow = 0
			time.Sleep(wait)
			return nil
		})
		k := newKeeper(disk.Open(t), t0)
		g := &group{name: "g", seen: newMemory(), pos: startAt(t0)}
		var saves sync.WaitGroup
		for range 2 {
			saves.Go(func() { k.save(t.Context(), g, nil, time.UnixMilli(t0)) })
			synctest.Wait()
			g.mu.Lock()
			g.pos.newest += second
			g.mu.Unlock()
		}
		saves.Wait()
		again := &group{name: "g", seen: newMemory()}
		_, err := k.load(t.Context(), again)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, again.pos.newest, t0-1+second)
	})
}
