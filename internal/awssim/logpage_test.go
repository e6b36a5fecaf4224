package awssim

import (
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"unicode/utf8"
)

// TestEventIDs are decimal numbers of 56 digits, in the order of time, as AWS's.
func TestEventIDs(t *testing.T) {
	rng, last := stream(1), ""
	for ms := int64(1_500_000_000_000); ms < 2_000_000_000_000; ms += 7_777_777_777 {
		id := newEventID(ms, rng.next(), int64(rng.next()>>40), &logEntry{request: int32(rng.next() >> 40), line: uint16(rng.next())})
		want := new(big.Int)
		for _, word := range []uint64{id.high, id.middle, id.low} {
			want.Add(want.Lsh(want, 64), new(big.Int).SetUint64(word))
		}
		got := string(id.append(nil))
		if got != fmt.Sprintf("%056s", want) || got <= last {
			t.Errorf("the id is %s, want %056s after %s", got, want, last)
		}
		last = got
	}
	// An id of AWS's own: its time is what its first bits say.
	own, _ := new(big.Int).SetString("34592803782802773986954514236420494137821591878455918592", 10)
	if ms := new(big.Int).Rsh(own, 144).Int64(); ms != 1551194970161 {
		t.Errorf("AWS's id is of %d", ms)
	}
}

// FuzzMessages: whatever a line holds, JSON gives it back.
func FuzzMessages(f *testing.F) {
	for _, s := range append([]string{"", "\x00\x1f\x7f\u2028", "a\xffb\xc3", longAgent}, HostileUserAgents...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		encoded := appendJSONString(nil, []byte(s))
		var got string
		if err := json.Unmarshal(encoded, &got); err != nil || utf8.ValidString(s) && got != s {
			t.Errorf("%q becomes %s (%v)", s, encoded, err)
		}
	})
}
