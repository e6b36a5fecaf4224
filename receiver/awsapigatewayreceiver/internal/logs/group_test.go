package logs

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// written is an event of a group that is played: it can be read from arrives on.
type written struct {
	at, arrives int64
	id          string
}

// played is a log group in which time passes as the test says.
type played struct {
	t          *testing.T
	rnd        *rand.Rand
	events     []written // by time
	now, first int64
	late       time.Duration
	store      *checkpoint.Store
	reader     *Reader
	group      *group
	size       int // of an event, in bytes

	out       map[string]int
	handed    []string // the newest batch
	read, new int
	mostIDs   int
	page      int // the largest page
}

func play(t *testing.T, seed uint64, store *checkpoint.Store) *played {
	p := &played{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), late: 10 * time.Minute, store: store, out: map[string]int{}, size: 100, page: 400}
	p.now, p.first = 1_700_000_000_000, 1_700_000_000_000
	p.open()
	return p
}

// open begins as a collector does at its start.
func (p *played) open() {
	config := DefaultConfig()
	p.reader = &Reader{Settings: Settings{Config: &config, Store: p.store, Logger: zap.NewNop(), Recorder: Recorder{CheckpointError: func(context.Context) { p.t.Error("a checkpoint failed") }}}}
	p.group = &group{name: "g", seen: newMemory()}
	ok, err := p.reader.load(context.Background(), p.group)
	require.NoError(p.t, err)
	if !ok {
		p.group.pos = startAt(p.first)
	}
}

// write lets n events be written over an interval, with what AWS's delays look like: seconds mostly, some of them minutes.
func (p *played) write(n int, over time.Duration) {
	before := len(p.events)
	for i := range n {
		at := p.now + p.rnd.Int64N(over.Milliseconds())
		late := 2000 + p.rnd.Int64N(15_000)
		switch p.rnd.IntN(100) {
		case 0:
			late = p.rnd.Int64N(p.late.Milliseconds())
		case 1:
			late = p.late.Milliseconds()
		}
		p.events = append(p.events, written{at, at + late, fmt.Sprintf("%d-%d", at, len(p.events)+i)})
	}
	from, _ := slices.BinarySearchFunc(p.events[:before], written{at: p.now}, written.compare)
	slices.SortFunc(p.events[from:], written.compare) // what was written before is earlier, and in order
}

func (e written) compare(o written) int {
	return cmp.Or(cmp.Compare(e.at, o.at), cmp.Compare(e.id, o.id))
}

// chain reads a chain to its end, or until a kill; it says which.
func (p *played) chain(c *chain, kill func() bool) bool {
	after, message := written{at: c.from - 1}, string(make([]byte, p.size))
	for {
		asked := p.now
		page := &model.LogPage{}
		n := 1 + p.rnd.IntN(p.page)
		if p.rnd.IntN(5) == 0 {
			n = 0 // empty pages have tokens, too
		}
		final := true
		next, found := slices.BinarySearchFunc(p.events, after, written.compare)
		if found {
			next++
		}
		for _, e := range p.events[next:] {
			if e.at > c.to {
				break
			}
			if e.at < c.from || e.arrives > asked {
				continue
			}
			if len(page.Events) == n {
				final = false
				break
			}
			page.Events = append(page.Events, model.LogEvent{Timestamp: e.at, Ingested: e.arrives, ID: e.id, Message: message})
		}
		if k := len(page.Events); k > 0 {
			after = written{at: page.Events[k-1].Timestamp, id: page.Events[k-1].ID}
		}
		p.now += 200
		for part := range (&job{chain: c, page: page, final: final}).parts {
			t := p.group.take(part, p.late)
			p.read += t.newBytes + t.repeated
			p.new += t.newBytes
			p.mostIDs = max(p.mostIDs, p.group.seen.count)
			p.handed = p.handed[:0]
			for _, i := range t.events {
				p.out[page.Events[i].ID]++
				p.handed = append(p.handed, page.Events[i].ID)
			}
			if kill() {
				return false
			}
			if len(t.events) > 0 {
				p.reader.save(context.Background(), p.group, t.fresh, time.UnixMilli(p.now))
			}
		}
		if final {
			return true
		}
	}
}

// poll reads what is new, and sweeps where that is due.
func (p *played) poll(kill func() bool) bool {
	if !p.chain(p.group.plan(classPoll, p.now, p.late), kill) {
		return false
	}
	if c := p.group.plan(classSweep, p.now, p.late); c != nil {
		return p.chain(c, kill)
	}
	return true
}

// settle lets so much time pass that everything is read.
func (p *played) settle() {
	for range 30 {
		p.now += time.Minute.Milliseconds()
		p.poll(func() bool { return false })
	}
}

func never() bool { return false }

// Whatever the delays within the late window, the sizes of pages and the times of reads are: each event comes out once.
func TestEachEventComesOutOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			p := play(t, seed, &checkpoint.Store{})
			for range 120 {
				if p.rnd.IntN(4) > 0 {
					p.write(p.rnd.IntN(100), 10*time.Second)
				}
				p.now += 2000 + p.rnd.Int64N(60_000)
				p.poll(never)
			}
			p.settle()
			for _, e := range p.events {
				require.Equal(t, 1, p.out[e.id], "event at %d, %d ms late", e.at, e.arrives-e.at)
			}
			assert.Less(t, p.group.seen.count, 100, "what is settled is forgotten")
		})
	}
}

// With storage, a kill at any moment repeats at most the batch that was being handed over, and loses nothing.
func TestKillRepeatsOneBatchAtMost(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			p := play(t, seed, checkpointtest.Open(t, t.TempDir()))
			inFlight := map[string]bool{}
			for range 150 {
				p.write(p.rnd.IntN(100), 10*time.Second)
				p.now += 2000 + p.rnd.Int64N(60_000)
				if !p.poll(func() bool { return p.rnd.IntN(6) == 0 }) {
					for _, id := range p.handed {
						inFlight[id] = true
					}
					p.open()
				}
			}
			p.settle()
			repeated := 0
			for _, e := range p.events {
				switch n := p.out[e.id]; {
				case n == 1:
				case n > 1 && inFlight[e.id]:
					repeated++
				default:
					require.Equal(t, 1, n, "event at %d, %d ms late", e.at, e.arrives-e.at)
				}
			}
			assert.NotZero(t, repeated, "the test kills in flight")
		})
	}
}

// A backlog is read once: nothing of it has to be remembered, but what lies within the late window.
func TestBacklogIsNotRemembered(t *testing.T) {
	t.Parallel()
	p := play(t, 1, &checkpoint.Store{})
	start := p.now
	p.write(20_000, 10*time.Hour)
	p.now = start + 20*time.Hour.Milliseconds()
	p.chain(p.group.plan(classPoll, p.now, p.late), never)
	assert.Len(t, p.out, 20_000)
	assert.Less(t, p.mostIDs, 100)
	assert.Equal(t, p.read, p.new)
}

// Fewer than three bytes are read for each that is new, at any rate; and what is remembered covers the late window and the time between sweeps.
func TestBytesReadStayBelowThreeTimesTheNew(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for _, perPoll := range []int{1, 10, 200} {
		t.Run(strconv.Itoa(perPoll), func(t *testing.T) {
			t.Parallel()
			p := play(t, 3, &checkpoint.Store{})
			polls := 3 * 360 // three hours
			if perPoll > 100 {
				polls /= 3
			}
			for range polls {
				p.events = slices.DeleteFunc(p.events, func(e written) bool { return e.arrives < p.now-time.Hour.Milliseconds() })
				p.write(perPoll, 10*time.Second)
				next := p.now + 10_000
				p.poll(never)
				p.now = max(p.now, next)
			}
			assert.Less(t, float64(p.read)/float64(p.new), 3.0)
			assert.Less(t, p.mostIDs, perPoll*(10+5+6)*6, "ids of 21 minutes at most")
			t.Logf("%.2f bytes read for each that is new, at most %d ids", float64(p.read)/float64(p.new), p.mostIDs)
		})
	}
}
