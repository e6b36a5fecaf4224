// Package inventory knows which APIs a target has: it crawls them into immutable snapshots, which the other signals join with.
package inventory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Memory is how long a deleted API is remembered: as long as ListMetrics may list its series (RecentlyActive PT3H, "up to 50 minutes more").
const Memory = 4 * time.Hour

// Gone is an API that a complete list no longer had.
type Gone struct {
	API model.API `json:"api"`
	// Since is when the list began that missed it first.
	Since time.Time `json:"since"`
}

// Snapshot is one complete inventory of a target. It is immutable.
type Snapshot struct {
	// Taken is when the newest complete list began, by AWS's clock; zero where one kind of API was never listed.
	Taken time.Time `json:"taken"`
	// APIs are the live ones, by id.
	APIs []model.API `json:"apis"`
	Gone []Gone      `json:"gone,omitempty"`
	// Stages are by API id. An API that is missing here was not crawled yet.
	Stages map[string][]model.Stage `json:"stages"`

	byID   map[string]*entry
	byName map[string][]*entry // REST only, by the name in CloudWatch; live ones and those gone
}

type entry struct {
	api    *model.API
	gone   time.Time // zero: live
	stages []model.Stage
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
	n := &Snapshot{Taken: began, Stages: make(map[string][]model.Stage, len(s.Stages))}
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
	for id, stages := range s.Stages {
		if live[id] || slices.ContainsFunc(n.Gone, func(g Gone) bool { return g.API.ID == id }) {
			n.Stages[id] = stages
		}
	}
	return n.index()
}

// withStages is the snapshot with newly crawled stages.
func (s *Snapshot) withStages(crawled map[string][]model.Stage) *Snapshot {
	n := &Snapshot{Taken: s.Taken, APIs: s.APIs, Gone: s.Gone, Stages: maps.Clone(s.Stages)}
	maps.Copy(n.Stages, crawled)
	return n.index()
}

const snapshotVersion = 1

type storedSnapshot struct {
	V int `json:"v"`
	*Snapshot
}

// Encode is the snapshot as it is stored.
func (s *Snapshot) Encode() ([]byte, error) {
	return json.Marshal(storedSnapshot{V: snapshotVersion, Snapshot: s})
}

// Decode reads a stored snapshot.
func Decode(b []byte) (*Snapshot, error) {
	s := storedSnapshot{Snapshot: &Snapshot{}}
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("cannot decode the stored inventory: %w", err)
	}
	if s.V != snapshotVersion {
		return nil, fmt.Errorf("cannot decode the stored inventory: its version is %d, this program knows %d", s.V, snapshotVersion)
	}
	if s.Snapshot == nil {
		return nil, fmt.Errorf("cannot decode the stored inventory: it is empty")
	}
	if s.Stages == nil {
		s.Stages = map[string][]model.Stage{}
	}
	return s.index(), nil
}
