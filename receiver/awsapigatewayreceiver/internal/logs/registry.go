package logs

import (
	"sync"
	"time"
)

// registry holds the groups of a target. Those that nobody writes to any more are retired: should they come back, they go on where they were.
type registry struct {
	mu      sync.Mutex
	byName  map[string]*group
	retired map[string]*group
}

func (r *registry) get(name string) *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byName[name]
}

func (r *registry) put(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[string]*group{}
	}
	r.byName[g.name] = g
}

func (r *registry) retire(g *group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byName, g.name)
	if r.retired == nil {
		r.retired = map[string]*group{}
	}
	if len(r.retired) < maxRetired {
		r.retired[g.name] = g
	}
}

// back returns a group that was retired, nil where there is none of that name.
func (r *registry) back(name string) *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.retired[name]
	delete(r.retired, name)
	return g
}

// stored says whether a position of a group was stored since a time.
func (r *registry) stored(name string, since time.Time) bool {
	g := r.get(name)
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.savedAt.IsZero() && !g.savedAt.Before(since)
}

// maxRetired bounds the groups that are kept though nobody writes to them.
const maxRetired = 10_000

// all are the groups, in no order.
func (r *registry) all() []*group {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*group, 0, len(r.byName))
	for _, g := range r.byName {
		out = append(out, g)
	}
	return out
}
