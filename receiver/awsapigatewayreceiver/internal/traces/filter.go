package traces

import (
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// stageFilter matches the traces that pass any stage (X-Ray Developer Guide, filter expressions).
const stageFilter = `service(id(type: "AWS::ApiGateway::Stage"))`

// maxNarrowed is how many APIs an expression names: how long one may be is not published. More are told apart by the annotations of their traces.
const maxNarrowed = 25

// selection says which traces are the user's. It is made of a snapshot.
type selection struct {
	snapshot *inventory.Snapshot
	// expression is what AWS filters by; "": there is nothing to look for, since only REST APIs are traced.
	expression string
	// narrowed says that some APIs are not collected.
	narrowed bool
}

func newSelection(s *inventory.Snapshot) selection {
	var ids []string
	sel := selection{snapshot: s}
	add := func(a *model.API) {
		switch {
		case a.Type != model.REST:
		case s.Excluded(a, ""):
			sel.narrowed = true
		case !slices.Contains(ids, a.ID):
			ids = append(ids, a.ID)
		}
	}
	for i := range s.APIs {
		add(&s.APIs[i])
	}
	for i := range s.Gone {
		add(&s.Gone[i].API) // its last traces are still to come
	}
	if len(ids) == 0 {
		return sel
	}
	sel.expression = stageFilter
	if sel.narrowed && len(ids) <= maxNarrowed {
		// By id: names may be shared, and hold what an expression has no way to quote.
		sel.expression += ` AND (annotation[aws:api_id] = "` + strings.Join(ids, `" OR annotation[aws:api_id] = "`) + `")`
	}
	return sel
}

// wants says whether a trace passes a stage that is collected.
func (s *selection) wants(t *model.TraceSummary) bool {
	if len(t.APIs) == 0 {
		return true
	}
	for _, id := range t.APIs {
		a, known := s.snapshot.API(id)
		switch {
		case !known && !s.narrowed:
			return true // newer than the inventory
		case !known, s.snapshot.Excluded(a, ""):
			continue
		case len(t.Stages) == 0:
			return true
		}
		for _, stage := range t.Stages {
			if !s.snapshot.Excluded(a, stage) {
				return true
			}
		}
	}
	return false
}
