package logs

import (
	"context"
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
	for name, sources := range late.sources {
		if _, read := f.sources[name]; !read && r.behind(ctx, name, until[name]) {
			f.sources[name] = sources
		}
	}
}

// behind says whether an earlier run began to read a group, and did not read it up to a time.
func (r *Reader) behind(ctx context.Context, name string, until time.Time) bool {
	if _, unread := r.index.Starts[name]; unread {
		return true
	}
	g := &group{name: name, seen: newMemory()}
	ok, err := r.load(ctx, g)
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
	return ok && g.readTo() < until.UnixMilli()
}
