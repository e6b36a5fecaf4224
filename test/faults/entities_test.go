package faults

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

type state struct {
	attributes map[string]any
	first      time.Time // when it came like this
}

// entityRecord has the newest state of each entity that is not deleted.
type entityRecord struct {
	*history
	states map[string]state
}

func newEntityRecord(h *history) *entityRecord { return &entityRecord{h, map[string]state{}} }

// entityKey names an entity by its type and those values of its id that are its own.
func entityKey(kind string, id map[string]any) string {
	parts := []string{strings.TrimPrefix(kind, "aws.api_gateway.")}
	for _, k := range slices.Sorted(maps.Keys(id)) {
		if k != "cloud.account.id" && k != "cloud.region" {
			parts = append(parts, fmt.Sprint(id[k]))
		}
	}
	return strings.Join(parts, " ")
}

func (r *entityRecord) take(l plog.LogRecord) {
	attributes := l.Attributes().AsRaw()
	kind, _ := attributes["entity.type"].(string)
	id, _ := attributes["entity.id"].(map[string]any)
	key := entityKey(kind, id)
	before, ok := r.states[key]
	switch {
	case l.EventName() == "entity.delete":
		if !ok {
			r.repeat("deletion of an entity", time.Now(), func() string { return key })
		}
		delete(r.states, key)
	case !ok || !reflect.DeepEqual(before.attributes, attributes):
		r.states[key] = state{attributes, time.Now()}
	default:
		r.repeat("state of an entity", before.first, func() string { return key })
	}
}

// worldKey is the key of what exists, and whether it is an entity.
func worldKey(r *awssim.Resource) (string, bool) {
	switch r.Kind {
	case awssim.KindAccount:
		return r.Kind, true
	case awssim.KindAPI:
		return r.Kind + " " + r.ID, true
	case awssim.KindStage, awssim.KindRoute, awssim.KindDeployment, awssim.KindIntegration, awssim.KindAuthorizer:
		return r.Kind + " " + r.API + " " + r.ID, true
	}
	return "", false
}

// wantEntities are those that exist in the end, with their names where they have one.
func wantEntities(w *awssim.World, at time.Time) map[string]string {
	want := map[string]string{}
	for _, r := range w.Resources(account, region, at) {
		if key, ok := worldKey(&r); ok {
			want[key], _ = r.Fields["name"].(string)
		}
	}
	return want
}

func (r *entityRecord) compare(want map[string]string) (missing, wrong []string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		got, ok := r.states[key]
		if !ok {
			missing = append(missing, "the entity "+key)
			continue
		}
		description, _ := got.attributes["entity.description"].(map[string]any)
		if name, ok := description["aws.api_gateway.api_name"]; ok && strings.HasPrefix(key, awssim.KindAPI+" ") && name != want[key] {
			wrong = append(wrong, fmt.Sprintf("the entity %s is called %v, not %s", key, name, want[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.states)) {
		if _, ok := want[key]; !ok {
			missing = append(missing, "the deletion of "+key)
		}
	}
	return missing, wrong
}
