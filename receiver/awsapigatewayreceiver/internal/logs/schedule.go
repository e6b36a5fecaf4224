package logs

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// class is what a read is for.
type class int

// A poll asks a group for what is new. A drain follows the pages of a group that is behind. A sweep looks for late events.
const (
	classPoll class = iota
	classDrain
	classSweep
	classes
)

// weights share the calls out where all classes have something to ask. Polls get 73 %: they must go round all groups, or quiet ones would wait for busy
// ones. A tenth is what a backlog gets at least. Sweeps get 17 %, and 19 % where there is no backlog: a target whose events fill all calls but those
// needs no more to read each of them once again.
var weights = [classes]float64{classPoll: 15, classDrain: 2, classSweep: 3.5}

// sweepShare is the part of the limiter that sweeps may take at most.
const sweepShare = 0.25

// task is the next read of a group.
type task struct {
	group *group
	class class
	chain *chain // nil: planned when its turn comes
	// at is when a poll or sweep is due, and up to when a draining group has been read: Unix milliseconds.
	at int64
}

// queue holds the next read of each group, and says which one goes next: of those that are due the one that is due longest, of the groups that
// are behind the one that is furthest behind. Each class gets its share of the calls; what one does not need the others get.
type queue struct {
	clock  poll.Clock
	now    func() time.Time
	sweeps *rate.Limiter

	mu    sync.Mutex
	tasks [classes]taskHeap
	used  [classes]float64 // calls by weight
	wake  context.CancelFunc
}

func newQueue(clock poll.Clock, now func() time.Time, perSecond float64) *queue {
	return &queue{clock: clock, now: now, sweeps: rate.NewLimiter(rate.Limit(perSecond*sweepShare), max(1, int(perSecond*sweepShare)))}
}

// add puts a read in.
func (q *queue) add(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	heap.Push(&q.tasks[t.class], t)
	if q.wake != nil {
		q.wake()
		q.wake = nil
	}
}

// ready says whether the first task of a class may be sent now, and after how long it may at the earliest.
func (q *queue) ready(c class, now time.Time) (bool, time.Duration) {
	if len(q.tasks[c]) == 0 {
		return false, maxWait
	}
	if c == classDrain {
		return true, 0
	}
	if wait := time.UnixMilli(q.tasks[c][0].at).Sub(now); wait > 0 {
		return false, wait
	}
	if c == classSweep && q.sweeps.TokensAt(now) < 1 {
		return false, time.Duration(float64(time.Second) / float64(q.sweeps.Limit()))
	}
	return true, 0
}

// maxWait bounds a wait that a new task ends.
const maxWait = time.Minute

// wait returns when some read may be sent.
func (q *queue) wait(ctx context.Context) error {
	for {
		q.mu.Lock()
		now, least := q.now(), maxWait
		for c := range classes {
			ok, wait := q.ready(c, now)
			if ok {
				q.mu.Unlock()
				return ctx.Err()
			}
			least = min(least, wait)
		}
		waiting, wake := context.WithCancel(ctx)
		q.wake = wake
		q.mu.Unlock()
		_ = q.clock.Sleep(waiting, least) // ctx says what ended it
		wake()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// next takes the read that goes next, nil where none may be sent.
func (q *queue) next() *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	best, least := class(-1), 0.0
	for c := range classes {
		if ok, _ := q.ready(c, now); !ok {
			continue
		}
		if best < 0 || q.used[c] < least {
			best, least = c, q.used[c]
		}
	}
	if best < 0 {
		return nil
	}
	if best == classSweep {
		q.sweeps.AllowN(now, 1)
	}
	// A class that had nothing to ask does not save its share up.
	for c := range classes {
		q.used[c] = max(q.used[c], least)
	}
	q.used[best] += 1 / weights[best]
	return heap.Pop(&q.tasks[best]).(*task)
}

// taskHeap has the least time first.
type taskHeap []*task

func (h taskHeap) Len() int           { return len(h) }
func (h taskHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h taskHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *taskHeap) Push(t any)        { *h = append(*h, t.(*task)) }
func (h *taskHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
