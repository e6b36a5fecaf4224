package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An event that was handed over is known until its minute is settled as a whole; ids of other minutes are other events.
func TestMemoryKnowsWhatWasAdded(t *testing.T) {
	m := newMemory()
	for i := range int64(180) {
		m.add(t0+i*second, uint64(i), 10)
	}
	m.seal(t0 + 125*second) // the minute of that time goes on
	assert.Len(t, m.minutes[minuteOf(t0)].sorted, 60)
	assert.Empty(t, m.minutes[minuteOf(t0)].recent)
	assert.Empty(t, m.minutes[minuteOf(t0+120*second)].sorted)
	m.add(t0+second, 1000, 10) // late
	known := func(i int64) bool { return m.has(t0+i*second, uint64(i)) }
	for i := range int64(180) {
		require.True(t, known(i), i)
	}
	assert.True(t, m.has(t0+2*second, 1000), "of the minute")
	assert.False(t, m.has(t0+61*second, 1000))
	assert.False(t, m.has(t0-second, 0))
	assert.Equal(t, 181, m.count)
	oldest, ok := m.oldest()
	assert.True(t, ok)
	assert.Equal(t, minuteOf(t0), oldest)

	m.forget(t0 + 60*second - 1)
	assert.Equal(t, 181, m.count, "the minute has a millisecond left")
	m.forget(t0 + 119*second)
	assert.Equal(t, 120, m.count)
	assert.False(t, known(59))
	assert.True(t, known(60))
	m.forget(t0 + 3600*second)
	assert.Zero(t, m.count)
	_, ok = m.oldest()
	assert.False(t, ok)
}

// The bytes since a time are those of whole minutes, and a share of the one that it lies in; of the newest minute as far as it has come.
func TestBytesSince(t *testing.T) {
	m := newMemory()
	m.add(t0, 1, 6000)
	m.add(t0+60*second, 2, 600)
	newest := t0 + 90*second - 1
	for from, want := range map[int64]int64{t0 - second: 6600, t0: 6600, t0 + 30*second: 3600, t0 + 60*second: 600, t0 + 75*second: 300, newest + 1: 0} {
		assert.Equal(t, want, m.bytesSince(from, newest), from-t0)
	}
}

func TestMinuteOf(t *testing.T) {
	for ms, want := range map[int64]int64{0: 0, 59_999: 0, 60_000: 1, -1: -1, -60_000: -1, -60_001: -2} {
		assert.Equal(t, want, minuteOf(ms), ms)
	}
}

// Entries come back from storage at the start of their minutes, in their order.
func TestEntriesRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all, want []entry
	for i := range 400 {
		e := entry{at: t0 + int64(i/7)*20*second, id: rnd.Uint64(), bytes: 100}
		all = append(all, e)
		want = append(want, entry{at: minuteOf(e.at) * minuteMS, id: e.id, bytes: 100})
	}
	b := encodeEntries(all)
	assert.Less(t, len(b), 400*8+20*11, "8 bytes each, and a head for each minute")
	got, err := decodeEntries(b)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	for cut := range len(b) {
		if got, err := decodeEntries(b[:cut]); err == nil {
			require.True(t, slices.Equal(want[:len(got)], got), "a cut between minutes")
		}
	}
	none, err := decodeEntries(nil)
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestEntriesThatMakeNoSense(t *testing.T) {
	head := func(minute, bytes, n byte) []byte { return []byte{minute, bytes, n} }
	id := make([]byte, 8)
	for name, b := range map[string][]byte{
		"a minute before 1970": append(head(1, 1, 1), id...),
		"no ids":               head(2, 1, 0),
		"fewer ids than said":  append(head(2, 1, 2), id...),
		"an endless number":    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"no size":              {2},
		"no number":            {2, 1},
		"after the year 9999":  append([]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1, 1}, id...),
	} {
		_, err := decodeEntries(b)
		assert.ErrorIs(t, err, errEntries, name)
	}
}

// Whatever is stored, decoding it takes no more memory than eight bytes make one entry of, and what it gives has plausible times.
func FuzzDecodeEntries(f *testing.F) {
	f.Add(encodeEntries([]entry{{t0, 1, 500}, {t0 + 1, 2, 500}, {t0 + 60*second, 3, 0}}))
	f.Add([]byte{2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := decodeEntries(b)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(entries), len(b)/8)
		for _, e := range entries {
			require.GreaterOrEqual(t, e.at, int64(0))
			require.LessOrEqual(t, e.at, int64(maxUnixMS))
			require.GreaterOrEqual(t, e.bytes, 0)
		}
		again, err := decodeEntries(encodeEntries(entries))
		require.NoError(t, err)
		require.Len(t, again, len(entries), fmt.Sprint(b))
	})
}
