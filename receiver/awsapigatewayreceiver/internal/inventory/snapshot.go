// Package inventory knows which APIs a target has: it crawls them into immutable snapshots, which the other signals join with.
package inventory

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Snapshot is one complete inventory of a target. It is immutable.
type Snapshot struct {
	// Taken is when the newest complete list began, by AWS's clock; zero where one kind of API was never listed.
	Taken time.Time
	// ListedREST says that the REST APIs were listed once.
	ListedREST bool
	// APIs are the live ones, by id.
	APIs []model.API
	Gone []Gone
	// Renamed are REST APIs as they were before CloudWatch had another name for them, and since when it has. They are remembered as long as those gone.
	Renamed []Gone
	// Stages are by API id. An API that is missing here was not crawled yet.
	Stages map[string][]model.Stage
	// Left are the stages, by API id, that were deleted before their API was. They are remembered as long as APIs are.
	Left map[string][]Left
	// Parts are the entities: by API id, and those that belong to no API under "".
	Parts map[string]Parts
	// Limits are those that belong to no stage, nil before they were read.
	Limits *Limits

	byID   map[string]*entry
	byName map[string][]*entry // REST only, by the name in CloudWatch; live ones and those gone
	// restored are the ids, as in Parts, whose stages and limits were not read since the collector started.
	restored map[string]bool
	// filter says which stages are collected; nil: all.
	filter *Filter
}

// Limits are those of the account in the region, and of its usage plans; and when client certificates expire. It is immutable.
type Limits struct {
	Known        bool                `json:"known,omitempty"` // the account's settings were read
	Account      model.Throttle      `json:"account,omitzero"`
	Plans        []model.UsagePlan   `json:"plans,omitempty"`
	Certificates []model.Certificate `json:"certificates,omitempty"`
}

// collected says whether a stage is one that the user asked for.
func (s *Snapshot) collected(a *model.API, stage string) bool {
	return s.filter == nil || s.filter.Stage(a, stage)
}

type entry struct {
	api    *model.API
	gone   time.Time // zero: live
	stages []model.Stage
	left   []Left
	known  bool // stages were crawled
}

// index builds the look-ups. It must be called once, before the snapshot is shared.
func (s *Snapshot) index() *Snapshot {
	s.byID = make(map[string]*entry, len(s.APIs)+len(s.Gone))
	s.byName = make(map[string][]*entry, len(s.APIs))
	add := func(a *model.API, gone time.Time) {
		if _, ok := s.byID[a.ID]; ok {
			return
		}
		e := &entry{api: a, gone: gone}
		e.stages, e.known = s.Stages[a.ID]
		e.left = s.Left[a.ID]
		s.byID[a.ID] = e
		if a.Type == model.REST {
			name := a.MetricName()
			s.byName[name] = append(s.byName[name], e)
		}
	}
	for i := range s.APIs {
		add(&s.APIs[i], time.Time{})
	}
	for i := range s.Gone {
		add(&s.Gone[i].API, s.Gone[i].Since)
	}
	for i := range s.Renamed {
		a := &s.Renamed[i].API
		name := a.MetricName()
		if now, ok := s.byID[a.ID]; ok {
			a = now.api // which is one API, whatever its points are called
			if a.MetricName() == name {
				continue
			}
		}
		s.byName[name] = append(s.byName[name], &entry{api: a, gone: s.Renamed[i].Since})
	}
	return s
}

// API returns a live API, or one that is remembered.
func (s *Snapshot) API(id string) (*model.API, bool) {
	e, ok := s.byID[id]
	if !ok {
		return nil, false
	}
	return e.api, true
}

// namesakes are the live REST APIs, by id, that share their name in CloudWatch with another live one.
func (s *Snapshot) namesakes() map[string]*model.API {
	shared := map[string]*model.API{}
	for _, entries := range s.byName {
		var live []*entry
		for _, e := range entries {
			if e.gone.IsZero() {
				live = append(live, e)
			}
		}
		if len(live) > 1 {
			for _, e := range live {
				shared[e.api.ID] = e.api
			}
		}
	}
	return shared
}

// next is the snapshot after a crawl: the lists that are not nil replace the APIs of their kind, what they miss is remembered as gone.
func (s *Snapshot) next(began time.Time, rest, v2 []model.API) *Snapshot {
	n := *s
	n.Taken, n.APIs, n.Gone, n.Stages = began, nil, nil, make(map[string][]model.Stage, len(s.Stages))
	live := make(map[string]bool, len(s.APIs))
	replace := func(isREST bool, list []model.API) {
		if list == nil {
			for _, a := range s.APIs {
				if (a.Type == model.REST) == isREST {
					list = append(list, a)
				}
			}
		}
		for _, a := range list {
			if !live[a.ID] {
				live[a.ID] = true
				n.APIs = append(n.APIs, a)
			}
		}
	}
	replace(true, rest)
	replace(false, v2)
	slices.SortFunc(n.APIs, func(a, b model.API) int { return cmp.Compare(a.ID, b.ID) })
	for _, a := range s.APIs {
		if !live[a.ID] {
			n.Gone = append(n.Gone, Gone{API: a, Since: began})
		}
	}
	for _, g := range s.Gone {
		if !live[g.API.ID] && began.Sub(g.Since) < Memory {
			n.Gone = append(n.Gone, g)
		}
	}
	slices.SortFunc(n.Gone, func(a, b Gone) int { return cmp.Or(cmp.Compare(a.API.ID, b.API.ID), a.Since.Compare(b.Since)) })
	n.Renamed = n.renamed(s, began)
	for id, stages := range s.Stages {
		if live[id] || slices.ContainsFunc(n.Gone, func(g Gone) bool { return g.API.ID == id }) {
			n.Stages[id] = stages
		}
	}
	n.Left = maps.Clone(s.Left)
	maps.DeleteFunc(n.Left, func(id string, _ []Left) bool {
		_, ok := n.Stages[id]
		return !ok
	})
	n.Parts = make(map[string]Parts, len(s.Parts))
	for id, parts := range s.Parts {
		if id == "" || live[id] {
			n.Parts[id] = parts
		}
	}
	return n.index()
}

// withStages is the snapshot with newly crawled stages.
func (s *Snapshot) withStages(crawled map[string][]model.Stage) *Snapshot {
	n := *s
	n.Stages = maps.Clone(s.Stages)
	maps.Copy(n.Stages, crawled)
	for id := range crawled {
		n.read(id)
	}
	if n.byID == nil {
		return n.index()
	}
	n.byID, n.byName = maps.Clone(s.byID), maps.Clone(s.byName)
	for id := range crawled {
		n.indexAgain(id)
	}
	return &n
}

// indexAgain renews the look-ups of one API: a crawl has its stages one API after the other, of which there may be thousands. The maps are the
// snapshot's own.
func (s *Snapshot) indexAgain(id string) {
	old, ok := s.byID[id]
	if !ok {
		return
	}
	e := *old
	e.stages, e.known = s.Stages[id]
	e.left = s.Left[id]
	s.byID[id] = &e
	if e.api.Type == model.REST {
		name := e.api.MetricName()
		namesakes := slices.Clone(s.byName[name])
		namesakes[slices.Index(namesakes, old)] = &e
		s.byName[name] = namesakes
	}
}

// read notes that what is under an id is not only restored any more.
func (s *Snapshot) read(id string) {
	if s.restored[id] {
		s.restored = maps.Clone(s.restored)
		delete(s.restored, id)
	}
}

// withParts is the snapshot with newly read parts of one API, or of none; a nil part is left out from now on.
func (s *Snapshot) withParts(api string, parts Parts) *Snapshot {
	n := *s
	n.Parts = maps.Clone(s.Parts)
	if n.Parts == nil {
		n.Parts = map[string]Parts{}
	}
	n.setParts(api, parts)
	return &n
}

// setParts changes parts of a snapshot that is not shared yet.
func (s *Snapshot) setParts(api string, parts Parts) {
	own := maps.Clone(s.Parts[api])
	if own == nil {
		own = Parts{}
	}
	for name, p := range parts {
		if p == nil {
			delete(own, name)
		} else {
			own[name] = p
		}
	}
	s.Parts[api] = own
}

// withLimits is the snapshot with newly read limits.
func (s *Snapshot) withLimits(l *Limits) *Snapshot {
	n := *s
	n.Limits = l
	n.read("")
	return &n
}

// CollectedOf calls yield with the stages of an API that are collected.
func (s *Snapshot) CollectedOf(a *model.API, yield func(stage *model.Stage)) {
	stages := s.Stages[a.ID]
	for k := range stages {
		if s.collected(a, stages[k].Name) {
			yield(&stages[k])
		}
	}
}

// Stale is the number of parts that could not be read anew, and are as old as their last complete read.
func (s *Snapshot) Stale() int {
	n := 0
	for _, parts := range s.Parts {
		for _, p := range parts {
			if p.Stale != "" {
				n++
			}
		}
	}
	return n
}

// Entities are the numbers of resources by kind: an entity's type without its prefix, and what is only counted.
func (s *Snapshot) Entities() map[string]int {
	out := map[string]int{}
	for _, parts := range s.Parts {
		for _, p := range parts {
			for kind, n := range p.Counts {
				out[strings.TrimPrefix(kind, attr.Prefix)] += n
			}
		}
	}
	return out
}

// Hosts calls yield with each stage that a custom domain name leads to; the stage is "" where the path names it.
func (s *Snapshot) Hosts(yield func(host, api, stage string)) error {
	var errs []error
	for _, p := range s.Parts[""] {
		if p == nil || p.Counts[attr.TypeDomainName] == 0 {
			continue
		}
		errs = append(errs, p.Entities(nil, func(_ uint64, e *model.Entity, _ int) bool {
			for _, r := range e.Relations {
				if e.Type == attr.TypeDomainName && r.Kind == relationRoutesTo {
					yield(e.ID[attr.DomainName], r.ID[attr.APIID], r.ID[attr.Stage])
				}
			}
			return true
		}))
	}
	return errors.Join(errs...)
}

// Methods returns what the methods of a REST API were read from, which is another value after each change, and nil where they were not read.
func (s *Snapshot) Methods(api string) *Part { return s.Parts[api][partResources] }

// Routes calls yield with each route of a part, as `GET /orders/{id}`.
func (p *Part) Routes(yield func(key string)) error {
	return p.ids(nil, func(d Deleted) {
		if d.Type == attr.TypeRoute {
			yield(d.ID[attr.RouteKey])
		}
	})
}

// Excluded says that the user does not want an API or stage that the inventory knows.
func (s *Snapshot) Excluded(a *model.API, stage string) bool {
	if s.filter == nil {
		return false
	}
	return !s.filter.API(a) || stage != "" && !s.filter.Stage(a, stage)
}
