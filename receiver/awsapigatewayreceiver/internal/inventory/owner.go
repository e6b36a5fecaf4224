package inventory

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Key is how CloudWatch names the API of a series: by its name for REST, by its id for HTTP and WebSocket.
type Key struct {
	ByName bool
	Value  string
}

// String tells a name from an id.
func (k Key) String() string {
	if k.ByName {
		return "name:" + k.Value
	}
	return "id:" + k.Value
}

// Owner is whose a series is at some moment.
type Owner struct {
	// API is the owner, or the first of the candidates where the series is ambiguous.
	API *model.API
	// Candidates are the ids of the live REST APIs that share name and stage, sorted; nil where the owner is known.
	Candidates []string
}

// ID identifies the owner: the API's id, or the candidates' ids.
func (o Owner) ID() string {
	if o.Candidates == nil {
		return o.API.ID
	}
	return strings.Join(o.Candidates, ",")
}

// Ambiguous says that more than one live API has the series.
func (o Owner) Ambiguous() bool { return o.Candidates != nil }

// Knowledge says what the inventory knows of a series.
type Knowledge int

// The states of knowledge: Unknown APIs ask for a new list, NoStages for a crawl of the stages of APIs that share a name.
const (
	Unknown Knowledge = iota
	NoStages
	Known
)

// Owners answers whose a series is. It is resolved once per snapshot and asked per period.
type Owners struct {
	live []*entry // by creation; more than one only for REST APIs of one name
	gone []*entry // newest creation first
	// unclaimed says that several live APIs share the name, and none is known to have or to have had the stage.
	unclaimed bool
}

// Unclaimed says that more than one live API may have the series, and none is known to have or to have had its stage: the stage is newer than what is
// known, or was deleted before.
func (o Owners) Unclaimed() bool { return o.unclaimed }

// Owners returns the owners of a series over time.
func (s *Snapshot) Owners(k Key, stage string) (Owners, Knowledge) {
	if !k.ByName {
		e, ok := s.byID[k.Value]
		if !ok {
			return Owners{}, Unknown
		}
		return Owners{live: []*entry{e}}, Known
	}
	entries := s.byName[k.Value]
	var o Owners
	for _, e := range entries {
		switch {
		case !e.gone.IsZero():
			o.gone = append(o.gone, e)
		default:
			o.live = append(o.live, e)
		}
	}
	if len(o.live)+len(o.gone) == 0 {
		return Owners{}, Unknown
	}
	if len(o.live) > 1 {
		// Only those that have the stage count, or, where none has it, those that had it; where none is known to have had it, all may.
		var having, had []*entry
		for _, e := range o.live {
			if !e.known {
				return Owners{}, NoStages
			}
			if slices.ContainsFunc(e.stages, func(st model.Stage) bool { return st.Name == stage }) {
				having = append(having, e)
			}
			if slices.ContainsFunc(e.left, func(l Left) bool { return l.Stage.Name == stage }) {
				had = append(had, e)
			}
		}
		switch {
		case len(having) > 0:
			o.live = having
		case len(had) > 0:
			o.live = had
		default:
			o.unclaimed = true
		}
	}
	created := func(a, b *entry) int { return a.api.Created.Compare(b.api.Created) }
	slices.SortStableFunc(o.live, created)
	slices.SortStableFunc(o.gone, func(a, b *entry) int { return created(b, a) })
	return o, Known
}

// At returns the owner of a period that ends at end: the live APIs that had been created by then, else the newest of those that are gone.
func (o Owners) At(end time.Time) Owner {
	if len(o.live) == 1 && len(o.gone) == 0 {
		return Owner{API: o.live[0].api}
	}
	created := make([]*entry, 0, 2)
	for _, e := range o.live {
		if e.api.Created.Before(end) {
			created = append(created, e)
		}
	}
	if len(created) == 1 {
		return Owner{API: created[0].api}
	}
	if len(created) > 1 {
		owner := Owner{API: created[0].api}
		for _, e := range created {
			owner.Candidates = append(owner.Candidates, e.api.ID)
		}
		slices.Sort(owner.Candidates)
		return owner
	}
	for _, e := range o.gone {
		if e.api.Created.Before(end) {
			return Owner{API: e.api}
		}
	}
	if len(o.gone) > 0 {
		return Owner{API: o.gone[len(o.gone)-1].api}
	}
	return Owner{API: o.live[0].api}
}

// APIs returns all that may own the series.
func (o Owners) APIs() []*model.API {
	apis := make([]*model.API, 0, len(o.live)+len(o.gone))
	for _, e := range slices.Concat(o.live, o.gone) {
		apis = append(apis, e.api)
	}
	return apis
}
