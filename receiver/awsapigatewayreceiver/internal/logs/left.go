package logs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// findLeft takes up the log groups of APIs and stages that are gone, or log elsewhere, as long as their last events may come. After a start it also
// takes up those that an earlier run had not read to that end.
func (r *Reader) findLeft(ctx context.Context, k *known, f *found) {
	late, until := found{sources: map[string][]*source{}, dark: map[string]string{}}, map[string]time.Time{}
	has := func(name string, s *source) bool {
		return slices.ContainsFunc(late.sources[name], func(o *source) bool { return o.is(s.kind, s.api, s.stage) })
	}
	find := func(a *model.API, l *inventory.Left) {
		end := l.Since.Add(r.Config.LateWindow + sweepInterval)
		if r.now().Before(end) {
			r.findStage(ctx, k, a, &l.Stage, l, f)
			return
		}
		if r.discovered {
			return // whoever is behind is read already
		}
		one := found{sources: map[string][]*source{}, dark: map[string]string{}}
		r.findStage(ctx, k, a, &l.Stage, l, &one)
		for name, sources := range one.sources {
			for _, s := range sources {
				if !has(name, s) {
					late.sources[name] = append(late.sources[name], s)
				}
			}
			if end.After(until[name]) {
				until[name] = end
			}
		}
	}
	for i := range k.snapshot.Gone {
		g := &k.snapshot.Gone[i]
		for j := range k.snapshot.Stages[g.API.ID] {
			find(&g.API, &inventory.Left{Stage: k.snapshot.Stages[g.API.ID][j], Since: g.Since})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(k.snapshot.Left)) {
		if a, ok := k.snapshot.API(id); ok {
			for i := range k.snapshot.Left[id] {
				find(a, &k.snapshot.Left[id][i])
			}
		}
	}
	if !r.discovered {
		r.findKept(ctx, k, f, &late, until)
	}
	for name, sources := range late.sources {
		if f.reads(name) || !r.behind(ctx, name, until[name]) {
			continue
		}
		for _, s := range sources {
			if !slices.ContainsFunc(f.sources[name], func(o *source) bool { return o.is(s.kind, s.api, s.stage) }) {
				f.sources[name] = append(f.sources[name], s)
			}
		}
	}
}

// behind says whether an earlier run began to read a group, and did not read it up to a time, or did not say what it lost.
func (r *Reader) behind(ctx context.Context, name string, until time.Time) bool {
	if _, unread := r.index.Starts[name]; unread {
		return true
	}
	g := &group{name: name, seen: newMemory()}
	ok, err := r.load(ctx, g)
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
	return ok && (g.readTo() < until.UnixMilli() || len(g.losses) > 0)
}

// storedLeft is what is kept of a group that nobody writes to any more, until it was read to its end: the inventory forgets whose its lines are.
type storedLeft struct {
	V       int            `json:"v"`
	Until   int64          `json:"until"` // Unix milliseconds
	Sources []storedSource `json:"sources"`
}

type storedSource struct {
	API   *model.API   `json:"api"`
	Stage *model.Stage `json:"stage"`
}

// maxKept bounds the sources that are kept of a group.
const maxKept = 1000

func (r *Reader) leftKey(name string) string { return r.key("left/" + name) }

// findKept takes up the groups that an earlier run did not read to their end, and of which the inventory knows nothing any more. What is kept of those that
// are written to again is removed.
func (r *Reader) findKept(ctx context.Context, k *known, f, late *found, until map[string]time.Time) {
	var names, keys []string
	for _, name := range slices.Sorted(maps.Keys(r.index.Groups)) {
		if late.sources[name] == nil {
			names, keys = append(names, name), append(keys, r.leftKey(name))
		}
	}
	values, err := r.Store.GetAll(ctx, keys)
	if err != nil {
		r.checkpointFailed(ctx, err)
		return
	}
	back := map[string][]byte{}
	r.leaving = map[string]time.Time{}
	defer func() { r.apply(ctx, back) }()
	for i, name := range names {
		if values[i] == nil {
			continue
		}
		if f.reads(name) {
			back[keys[i]] = nil
			continue
		}
		var kept storedLeft
		if err := json.Unmarshal(values[i], &kept); err != nil || kept.V != storedVersion {
			r.checkpointFailed(ctx, fmt.Errorf("cannot decode who wrote to log group %q: %w", name, cmp.Or(err, errKept)))
			continue
		}
		until[name] = time.UnixMilli(kept.Until)
		r.leaving[name] = until[name]
		late.sources[name] = r.kept(ctx, k, name, &kept)
	}
}

var errKept = errors.New("its version is not known")

// kept are the sources of a group that were kept.
func (r *Reader) kept(ctx context.Context, k *known, name string, kept *storedLeft) []*source {
	one := found{sources: map[string][]*source{}, dark: map[string]string{}}
	for _, s := range kept.Sources {
		if s.API == nil || s.Stage == nil {
			continue
		}
		there := slices.ContainsFunc(k.snapshot.Stages[s.API.ID], func(o model.Stage) bool { return o.Name == s.Stage.Name })
		r.findStage(ctx, k, s.API, s.Stage, &inventory.Left{Stage: *s.Stage, Moved: there}, &one)
	}
	return one.sources[name]
}

// keep adds to changes who wrote to a group that is left from now on. Its position may not be stored for long, as the pipeline refuses.
func (r *Reader) keep(g *group, changes map[string][]byte) {
	kept := storedLeft{V: storedVersion, Until: g.until.UnixMilli()}
	for _, s := range g.routes.Load().sources {
		if s.settings != nil && len(kept.Sources) < maxKept {
			kept.Sources = append(kept.Sources, storedSource{s.api, s.settings})
		}
	}
	if b, err := json.Marshal(kept); err == nil && len(kept.Sources) > 0 {
		changes[r.leftKey(g.name)] = b
	}
}

// leave gives up the groups that nobody writes to any more, once what may come late has been waited for and all of it was read.
func (r *Reader) leave(ctx context.Context, f *found, now time.Time) {
	changes, someGone := map[string][]byte{}, false
	for _, g := range r.groups.all() {
		if _, ok := f.sources[g.name]; ok {
			continue
		}
		g.mu.Lock()
		if g.leaveAt.IsZero() {
			g.leaveAt = now.Add(r.Config.LateWindow + sweepInterval)
			g.until = g.leaveAt
			if until, ok := r.leaving[g.name]; ok && until.Before(g.until) {
				g.until = until
			}
			r.keep(g, changes)
		}
		over := now.After(g.leaveAt) && !g.handing && (g.unreadable != "" || g.readTo() >= g.leaveAt.UnixMilli() || g.hopeless(now, r.Config.MaxBackfill))
		if over {
			g.loseBacklog(r.Config.MaxPollInterval)
		}
		if len(g.losses) > 0 && !g.headActive {
			g.headActive = true
			r.queue.add(&task{group: g, class: classPoll, at: now.UnixMilli()}) // says them
		}
		gone := over && len(g.losses) == 0
		if gone {
			// It is all final now; should the group come back, it goes on from here.
			g.removed, g.describedAt = true, time.Time{}
			g.pos.settled = max(g.pos.settled, g.pos.newest+1)
			g.seen = newMemory()
			g.remembered.Store(0)
			changes[r.leftKey(g.name)] = nil
		}
		g.mu.Unlock()
		if gone {
			someGone = true
			r.save(ctx, g, nil, now)
			r.groups.retire(g)
		}
	}
	if someGone {
		r.reportHealth() // without them
	}
	if r.discovered {
		r.leaving = nil // those that are not left now are written to again
	}
	r.apply(ctx, changes)
}

// hopeless says that a group that was left longer ago than max_backfill may not be read. g.mu is held.
func (g *group) hopeless(now time.Time, maxBackfill time.Duration) bool {
	return now.Sub(g.until) > maxBackfill && g.failures >= reportAfter && denied(g.err)
}

// apply stores changes, although the collector is stopped meanwhile.
func (r *Reader) apply(ctx context.Context, changes map[string][]byte) {
	if err := r.Store.Apply(context.WithoutCancel(ctx), changes); err != nil {
		r.checkpointFailed(ctx, err)
	}
}
