package faults

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// kind is what goes wrong.
type kind string

// Faults of AWS's answers, which last for a while.
const (
	throttleQuota kind = "throttled at quota"
	throttle      kind = "throttled far above quota"
	serverErrors  kind = "5xx storm"
	slowAWS       kind = "answers take seconds"
	dropped       kind = "dropped answers"
	halfWritten   kind = "half-written answers"
	expired       kind = "expired credentials"
	denied        kind = "AccessDenied"
	partial       kind = "PartialData, InternalError and empty pages"
)

// rotated ends all sessions at once.
const rotated kind = "credentials rotate"

// Faults of the output, which last for a while.
const (
	outputDown    kind = "output is down"
	outputRefuses kind = "output refuses"
	outputSlow    kind = "output is slow"
)

// Faults of the collector's own: its end, for a while, a reload, and its disk.
const (
	terminate kind = "SIGTERM"
	kill      kind = "SIGKILL"
	corrupt   kind = "SIGTERM, and the receiver's stored positions are corrupted"
	reload    kind = "config reload"
	fullDisk  kind = "disk is full"
)

var (
	awsKinds    = []kind{throttleQuota, throttle, serverErrors, slowAWS, dropped, halfWritten, expired, denied, partial}
	outputKinds = []kind{outputDown, outputRefuses, outputSlow}
)

// fault is something that goes wrong from a time on.
type fault struct {
	kind  kind
	at    time.Duration // after the start
	lasts time.Duration // of what stops the collector: how long it is down
	rate  float64       // of the calls; of what corrupts: how
	where string        // the operation that is denied
}

func (f fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6.1fs %s", f.at.Seconds(), f.kind)
	if f.where != "" {
		fmt.Fprintf(&b, " of %s", f.where)
	}
	if f.lasts > 0 {
		fmt.Fprintf(&b, " for %.1fs", f.lasts.Seconds())
	}
	if f.rate > 0 {
		fmt.Fprintf(&b, " (%.2f)", f.rate)
	}
	return b.String()
}

// schedule is all that goes wrong in a run, in the order of time.
type schedule struct {
	seed    uint64
	skew    time.Duration // how far AWS's clock is ahead of the machine's
	changes bool          // APIs and stages are created and deleted
	// How much later than what is usual metrics, events of logs and segments can come; segments that follow from another one, twice as much.
	lateMetrics, lateLogs, lateSegments time.Duration
	faults                              []fault
}

func (s *schedule) has(k kind) bool {
	return slices.ContainsFunc(s.faults, func(f fault) bool { return f.kind == k })
}

// outage is how long one fault of the output lasts at most.
func (s *schedule) outage() (longest time.Duration) {
	for _, f := range s.faults {
		if slices.Contains(outputKinds, f.kind) {
			longest = max(longest, f.lasts)
		}
	}
	return longest
}

func (s *schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: AWS's clock is %v ahead, metrics come up to %v late, logs %v, segments %v", s.seed, s.skew, s.lateMetrics, s.lateLogs, s.lateSegments)
	for _, f := range s.faults {
		b.WriteString("\n" + f.String())
	}
	return b.String()
}

// deniable are what a denial can be of.
var deniable = []string{"*", "FilterLogEvents", "GetMetricData", "ListMetrics", "GetTraceSummaries", "BatchGetTraces", "GetRestApis", "GetStages", "AssumeRole"}

// draw is a random duration of [from, to), in tenths of a second.
func draw(rng *rand.Rand, from, to time.Duration) time.Duration {
	return (from + time.Duration(rng.Int64N(int64(to-from)))).Round(100 * time.Millisecond)
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0xfa0175)) }

// drawAWS draws a fault of AWS's answers that begins within the first of some time.
func drawAWS(rng *rand.Rand, k kind, within, shortest, longest time.Duration) fault {
	f := fault{kind: k, at: draw(rng, 0, within), lasts: draw(rng, shortest, longest)}
	switch k {
	case throttleQuota:
		f.rate = 0.3
	case denied:
		f.where = deniable[rng.IntN(len(deniable))]
	case expired:
	default:
		f.rate = 0.5 + float64(rng.IntN(46))/100
	}
	return f
}

// newSchedule draws a schedule of four to seven minutes, in which each kind of fault has a part.
func newSchedule(seed uint64) *schedule {
	rng := newRand(seed)
	const end, slot = 240 * time.Second, 34 * time.Second
	s := &schedule{
		seed: seed, changes: true, skew: draw(rng, -10*time.Minute, 10*time.Minute),
		lateMetrics: draw(rng, 10*time.Second, 50*time.Second), lateLogs: draw(rng, 40*time.Second, 150*time.Second), lateSegments: draw(rng, 15*time.Second, 45*time.Second),
	}
	for _, k := range awsKinds {
		for range 1 + rng.IntN(2) {
			s.faults = append(s.faults, drawAWS(rng, k, end, 5*time.Second, 25*time.Second))
		}
	}
	for range 2 {
		s.faults = append(s.faults, fault{kind: rotated, at: draw(rng, 0, end)})
	}
	// One of the collector's own at a time. Some seeds have no SIGKILL: nothing at all may come twice then.
	own := []kind{terminate, reload, fullDisk, terminate}
	if rng.IntN(4) > 0 {
		own = append(own, kill, kill)
	}
	if rng.IntN(4) == 0 {
		own = append(own, corrupt)
	}
	rng.Shuffle(len(own), func(i, k int) { own[i], own[k] = own[k], own[i] })
	for i, k := range own {
		f := fault{kind: k, at: 3*time.Second + time.Duration(i)*slot + draw(rng, 0, 12*time.Second)}
		switch k {
		case fullDisk, terminate, kill:
			f.lasts = draw(rng, time.Second, 18*time.Second)
		case corrupt:
			f.lasts, f.rate = draw(rng, time.Second, 5*time.Second), float64(1+rng.IntN(3))
		}
		s.faults = append(s.faults, f)
	}
	s.drawOutput(rng)
	return s.sorted()
}

// drained is how long the exporter's queue takes at most until it is empty, once the output is back: its retries are half a minute apart, and half of that more
// by chance.
const drained = 50 * time.Second

// drawOutput draws the faults of the output, one at a time, and none while the disk is full or shortly before: exporterhelper's queue on disk gives up what
// it takes out and can't note as taken, which is beyond the receiver, so that little may wait in it. One seed of ten has an outage of half an hour.
func (s *schedule) drawOutput(rng *rand.Rand) {
	full := s.faults[slices.IndexFunc(s.faults, func(f fault) bool { return f.kind == fullDisk })]
	var free time.Duration // when the one before has ended
	for i, k := range rng.Perm(len(outputKinds)) {
		f := fault{kind: outputKinds[k], at: time.Duration(i)*80*time.Second + draw(rng, 0, 20*time.Second), lasts: draw(rng, 15*time.Second, 55*time.Second)}
		if f.kind == outputDown && s.seed%10 == 0 {
			f.lasts = 30 * time.Minute
		}
		f.at = max(f.at, free)
		if f.at < full.at+full.lasts && full.at < f.at+f.lasts+drained {
			f.at = full.at + full.lasts + time.Second
		}
		free = f.at + f.lasts + time.Second
		s.faults = append(s.faults, f)
	}
}

// end is when the last fault has ended.
func (s *schedule) end() (end time.Duration) {
	for _, f := range s.faults {
		end = max(end, f.at+f.lasts)
	}
	return end
}

// shortSchedule is one of 40 seconds.
func shortSchedule(seed uint64) *schedule {
	rng := newRand(seed)
	const end = 30 * time.Second
	s := &schedule{seed: seed, skew: draw(rng, -10*time.Minute, 10*time.Minute), lateMetrics: 10 * time.Second, lateLogs: 10 * time.Second, lateSegments: 15 * time.Second}
	for _, k := range awsKinds {
		s.faults = append(s.faults, drawAWS(rng, k, end, time.Second, 3*time.Second))
	}
	s.faults = append(s.faults,
		fault{kind: rotated, at: draw(rng, 0, end)},
		fault{kind: outputDown, at: draw(rng, 0, 5*time.Second), lasts: 4 * time.Second},
		fault{kind: outputRefuses, at: draw(rng, 12*time.Second, 15*time.Second), lasts: 3 * time.Second},
		fault{kind: outputSlow, at: draw(rng, 20*time.Second, 25*time.Second), lasts: 5 * time.Second},
		fault{kind: terminate, at: draw(rng, 4*time.Second, 6*time.Second), lasts: time.Second},
		fault{kind: reload, at: draw(rng, 10*time.Second, 12*time.Second)},
		fault{kind: kill, at: draw(rng, 18*time.Second, 20*time.Second), lasts: time.Second},
		fault{kind: fullDisk, at: draw(rng, 25*time.Second, 27*time.Second), lasts: 3 * time.Second},
	)
	return s.sorted()
}

func (s *schedule) sorted() *schedule {
	slices.SortStableFunc(s.faults, func(a, b fault) int { return cmp.Compare(a.at, b.at) })
	return s
}

// TestSchedulesReplay: a seed is a schedule, and each kind of fault is in the long ones of few seeds.
func TestSchedulesReplay(t *testing.T) {
	seen := map[kind]bool{}
	for seed := range uint64(20) {
		s := newSchedule(seed)
		assert.Equal(t, s, newSchedule(seed))
		assert.NotEqual(t, s.faults, newSchedule(seed+1).faults)
		short := shortSchedule(seed)
		assert.Equal(t, short, shortSchedule(seed))
		assert.LessOrEqual(t, s.skew.Abs(), 10*time.Minute)
		for _, f := range s.faults {
			seen[f.kind] = true
		}
		for _, k := range slices.Concat(awsKinds, outputKinds, []kind{rotated, terminate, reload, fullDisk}) {
			assert.True(t, s.has(k), k)
		}
		assert.Equal(t, seed%10 == 0, s.end() > 30*time.Minute)
		for _, full := range s.faults {
			for _, f := range s.faults {
				if full.kind == fullDisk && slices.Contains(outputKinds, f.kind) {
					assert.True(t, f.at >= full.at+full.lasts || f.at+f.lasts+drained <= full.at, "%v beside %v", f, full)
				}
			}
		}
	}
	assert.True(t, seen[kill] && seen[corrupt])
}
