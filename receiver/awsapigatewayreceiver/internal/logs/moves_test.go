package logs

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// stay is a time in which a stage logs to one group, or, where that is "", to none.
type stay struct {
	group string
	until time.Time
	seen  bool // by a crawl
}

// wanderer is a stage that logs elsewhere now and then, and what crawls see of it.
type wanderer struct {
	stays    []stay
	states   map[string]*inventory.Snapshot // by the group
	snapshot *inventory.Snapshot
}

// at is where the stage logs at a time.
func (w *wanderer) at(t time.Time) *stay {
	return &w.stays[slices.IndexFunc(w.stays, func(s stay) bool { return t.Before(s.until) })]
}

// crawl sees where the stage logs now, and remembers where it did.
func (w *wanderer) crawl() {
	here := w.at(time.Now())
	here.seen = true
	next, left := *w.states[here.group], slices.Clone(w.snapshot.Left["r1"])
	left = append(left, inventory.Left{Stage: w.snapshot.Stages["r1"][0], Since: time.Now(), Moved: true})
	to := next.Stages["r1"][0].AccessLog.Destination
	next.Left = map[string][]inventory.Left{"r1": slices.DeleteFunc(left, func(l inventory.Left) bool {
		from := l.Stage.AccessLog.Destination
		return from == "" || from == to || time.Since(l.Since) >= inventory.Memory
	})}
	w.snapshot = &next
}

// Wherever a stage logs, whenever that changes, the pipeline refuses and the collector is off: each of its events comes once.
func TestStageThatMovesAtAnyTimeLosesNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("the moves, refusals and stops have the seed %d", seed)
	groups := []string{"", "orders", "elsewhere", "more"}
	states := map[string]*inventory.Snapshot{"": notLogging.snapshot(t)}
	for _, name := range groups[1:] {
		states[name] = account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[" + logging("prod", arn(name), "$context.requestId $context.status") + "]"}.snapshot(t)
	}
	for n := range uint64(20 / racetest.Thinned) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, n))
			minutes := func(most int) time.Duration { return time.Duration(rng.IntN(most*60)) * time.Second }
			w, events := wanderer{states: states}, map[string][]written{}
			end := time.Now().Add(8 * time.Hour)
			for at := time.Now(); at.Before(end); {
				s := stay{group: groups[rng.IntN(len(groups))], until: at.Add(time.Minute + minutes(90))}
				if s.group != "" {
					late := func(int) time.Duration { return min(minutes(9), minutes(9), minutes(9)) }
					events[s.group] = append(events[s.group], wrote(at, s.until.Sub(at), 10*time.Second, late)...)
				}
				w.stays, at = append(w.stays, s), s.until
			}
			w.stays = append(w.stays, stay{until: end.Add(100 * time.Hour)})
			w.snapshot = states[w.stays[0].group]
			disk, uids := &checkpointtest.Disk{}, map[string]int{}
			for last := false; !last; time.Sleep(minutes(60)) {
				last = time.Now().After(end)
				b := newBench(t, w.snapshot, nil)
				b.Store = disk.Open(t)
				b.client.filter = func(group string, from, to int64, token string) (model.LogPage, error) {
					return paged(events[group], 200)(group, from, to, token)
				}
				from := time.Now().Add(minutes(60))
				until := from.Add(minutes(60))
				b.refuse = func() error {
					if now := time.Now(); !last && now.After(from) && now.Before(until) {
						return errTest
					}
					return nil
				}
				stop := b.run(t.Context())
				off := time.Now().Add(minutes(90))
				if last {
					off = off.Add(2 * time.Hour)
				}
				for time.Now().Before(off) {
					time.Sleep(min(5*time.Minute, time.Until(off)))
					w.crawl()
					b.inv.mu.Lock()
					b.inv.snapshot = w.snapshot
					b.inv.mu.Unlock()
				}
				stop()
				for _, r := range b.came() {
					uids[r.uid]++
				}
			}
			for group, all := range events {
				for _, e := range all {
					if times := uids[e.id]; times != 1 && (times > 1 || w.at(time.UnixMilli(e.at)).seen) { // else no crawl can know of it
						assert.Fail(t, "an event did not come once", "world %d, %s: %v came %d times, %d ms late", n, group, time.UnixMilli(e.at), times, e.arrives-e.at)
						break
					}
				}
			}
		})
	}
}
