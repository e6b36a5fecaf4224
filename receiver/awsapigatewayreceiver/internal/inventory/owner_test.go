package inventory

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// hour is a moment of the tests' day.
func hour(h float64) time.Time {
	return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(h * float64(time.Hour)))
}

func api(id, name string, created float64) model.API {
	return model.API{ID: id, Name: name, Type: model.REST, Created: hour(created)}
}

func stages(names ...string) []model.Stage {
	list := []model.Stage{}
	for _, n := range names {
		list = append(list, model.Stage{Name: n})
	}
	return list
}

// Whose a series is, over the hours of a day.
func TestOwnersOverTime(t *testing.T) {
	byName := Key{ByName: true, Value: "orders"}
	for name, set := range map[string]struct {
		apis   []model.API
		gone   []Gone
		stages map[string][]model.Stage
		left   map[string][]Left
		key    Key
		stage  string
		known  Knowledge
		// owners are ids by the hour at which a period ends
		owners map[float64]string
		all    []string
	}{
		"one API of the name": {
			apis: []model.API{api("a", "orders", 1), api("b", "pets", 1)}, key: byName, stage: "prod", known: Known,
			owners: map[float64]string{0: "a", 12: "a"}, all: []string{"a"},
		},
		"no API of the name":            {apis: []model.API{api("b", "pets", 1)}, key: byName, stage: "prod", known: Unknown},
		"an id is no name":              {apis: []model.API{api("orders", "x", 1)}, key: byName, stage: "prod", known: Unknown},
		"by id":                         {apis: []model.API{{ID: "orders", Name: "x", Type: model.HTTP}}, key: Key{Value: "orders"}, stage: "prod", known: Known, owners: map[float64]string{12: "orders"}, all: []string{"orders"}},
		"an id that nobody has":         {apis: []model.API{api("a", "orders", 1)}, key: Key{Value: "b"}, stage: "prod", known: Unknown},
		"an HTTP API's name is no key":  {apis: []model.API{{ID: "h", Name: "orders", Type: model.HTTP}}, key: byName, stage: "prod", known: Unknown},
		"an HTTP API of the same name":  {apis: []model.API{api("a", "orders", 1), {ID: "h", Name: "orders", Type: model.HTTP}}, key: byName, stage: "prod", known: Known, owners: map[float64]string{12: "a"}, all: []string{"a"}},
		"CloudWatch's form of the name": {apis: []model.API{api("a", "ördérs", 1)}, key: Key{ByName: true, Value: "rdrs"}, stage: "prod", known: Known, owners: map[float64]string{12: "a"}, all: []string{"a"}},
		"nothing left of the name: id":  {apis: []model.API{api("a", "注文", 1)}, key: Key{ByName: true, Value: "a"}, stage: "prod", known: Known, owners: map[float64]string{12: "a"}, all: []string{"a"}},
		"namesakes with unknown stages": {apis: []model.API{api("a", "orders", 1), api("b", "orders", 2)}, stages: map[string][]model.Stage{"a": stages("prod")}, key: byName, stage: "prod", known: NoStages},
		"namesakes with different stages": {
			apis: []model.API{api("a", "orders", 1), api("b", "orders", 2)}, stages: map[string][]model.Stage{"a": stages("prod"), "b": stages("dev")},
			key: byName, stage: "dev", known: Known, owners: map[float64]string{1: "b", 12: "b"}, all: []string{"b"},
		},
		"namesakes with the same stage: ambiguous once both exist": {
			apis: []model.API{api("b", "orders", 1), api("a", "orders", 6)}, stages: map[string][]model.Stage{"a": stages("prod"), "b": stages("prod")},
			key: byName, stage: "prod", known: Known, owners: map[float64]string{2: "b", 6: "b", 6.1: "a,b", 12: "a,b"}, all: []string{"b", "a"},
		},
		"three namesakes, two with the stage": {
			apis: []model.API{api("a", "orders", 1), api("b", "orders", 1), api("c", "orders", 1)}, stages: map[string][]model.Stage{"a": stages("prod"), "b": stages("dev"), "c": stages("prod", "dev")},
			key: byName, stage: "prod", known: Known, owners: map[float64]string{12: "a,c"}, all: []string{"a", "c"},
		},
		"namesakes of which none has the stage: all may": {
			apis: []model.API{api("a", "orders", 1), api("b", "orders", 1)}, stages: map[string][]model.Stage{"a": stages(), "b": stages("dev")},
			key: byName, stage: "prod", known: Known, owners: map[float64]string{12: "a,b"}, all: []string{"a", "b"},
		},
		"namesakes of which one had the stage": {
			apis: []model.API{api("a", "orders", 1), api("b", "orders", 1)}, stages: map[string][]model.Stage{"a": stages(), "b": stages("dev")},
			left: map[string][]Left{"a": {{Stage: model.Stage{Name: "prod"}, Since: hour(6)}}},
			key:  byName, stage: "prod", known: Known, owners: map[float64]string{5: "a", 12: "a"}, all: []string{"a"},
		},
		"namesakes of which one had the stage and one has it": {
			apis: []model.API{api("a", "orders", 1), api("b", "orders", 1)}, stages: map[string][]model.Stage{"a": stages(), "b": stages("prod")},
			left: map[string][]Left{"a": {{Stage: model.Stage{Name: "prod"}, Since: hour(6)}}},
			key:  byName, stage: "prod", known: Known, owners: map[float64]string{12: "b"}, all: []string{"b"},
		},
		"deleted": {
			gone: []Gone{{API: api("a", "orders", 1), Since: hour(6)}}, key: byName, stage: "prod", known: Known,
			owners: map[float64]string{0: "a", 3: "a", 12: "a"}, all: []string{"a"},
		},
		"deleted and recreated": {
			apis: []model.API{api("b", "orders", 6)}, gone: []Gone{{API: api("a", "orders", 1), Since: hour(5)}}, key: byName, stage: "prod", known: Known,
			owners: map[float64]string{3: "a", 5.5: "a", 6: "a", 6.1: "b", 12: "b"}, all: []string{"b", "a"},
		},
		"deleted and recreated twice": {
			apis: []model.API{api("c", "orders", 8)}, gone: []Gone{{API: api("a", "orders", 1), Since: hour(4)}, {API: api("b", "orders", 5), Since: hour(7)}}, key: byName, stage: "prod", known: Known,
			owners: map[float64]string{0: "a", 3: "a", 5.1: "b", 7.5: "b", 8.1: "c"}, all: []string{"c", "b", "a"},
		},
		"a namesake that is gone makes nothing ambiguous": {
			apis: []model.API{api("b", "orders", 1)}, gone: []Gone{{API: api("a", "orders", 1), Since: hour(5)}}, key: byName, stage: "prod", known: Known,
			owners: map[float64]string{3: "b", 12: "b"}, all: []string{"b", "a"},
		},
		"of a deleted API by id": {
			gone: []Gone{{API: model.API{ID: "h", Type: model.HTTP}, Since: hour(6)}}, key: Key{Value: "h"}, stage: "prod", known: Known,
			owners: map[float64]string{12: "h"}, all: []string{"h"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := (&Snapshot{APIs: set.apis, Gone: set.gone, Stages: set.stages, Left: set.left}).index()
			o, known := s.Owners(set.key, set.stage)
			require.Equal(t, set.known, known)
			assert.Equal(t, known == Known, len(o.APIs()) > 0)
			assert.Equal(t, name == "namesakes of which none has the stage: all may", o.Unclaimed())
			var all []string
			for _, a := range o.APIs() {
				all = append(all, a.ID)
			}
			assert.Equal(t, set.all, all)
			for at, want := range set.owners {
				owner := o.At(hour(at))
				assert.Equal(t, want, owner.ID(), "at %v", at)
				assert.Equal(t, strings.Contains(want, ","), owner.Ambiguous())
				require.NotNil(t, owner.API)
			}
		})
	}
}

func TestKeyString(t *testing.T) {
	assert.Equal(t, "name:a:b", Key{ByName: true, Value: "a:b"}.String())
	assert.Equal(t, "id:a", Key{Value: "a"}.String())
}
