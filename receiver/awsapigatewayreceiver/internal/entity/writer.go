// Package entity tells the pipeline which entities there are, what changes and what is gone: the entity-events specification's log records, their
// older form, and events that a graph can be annotated with.
package entity

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// eventAsLog is the scope attribute by which pipelines tell entity events from other logs, in both forms.
const eventAsLog = "otel.entity.event_as_log"

// Writer writes the records of one batch.
type Writer struct {
	target    model.Target
	legacy    bool
	resources *resource.Writer
	version   string
	at        time.Time

	logs     plog.Logs
	entities plog.LogRecordSlice
	begun    bool
}

func (w *Writer) scope(rl plog.ResourceLogs) plog.ScopeLogs {
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(metadata.ScopeName)
	sl.Scope().SetVersion(w.version)
	return sl
}

// record appends an entity event. Its resource is where the entity was found: provider, account and region.
func (w *Writer) record() plog.LogRecord {
	if !w.begun {
		w.begun = true
		rl := w.logs.ResourceLogs().AppendEmpty()
		res := rl.Resource().Attributes()
		res.PutStr(attr.CloudProvider, "aws")
		res.PutStr(attr.CloudAccountID, w.target.AccountID)
		res.PutStr(attr.CloudRegion, w.target.Region)
		sl := w.scope(rl)
		sl.Scope().Attributes().PutBool(eventAsLog, true)
		w.entities = sl.LogRecords()
	}
	r := w.entities.AppendEmpty()
	now := pcommon.NewTimestampFromTime(w.at)
	r.SetTimestamp(now)
	r.SetObservedTimestamp(now)
	return r
}

// State writes that an entity is, with its whole state; interval is when it will be reported again.
func (w *Writer) State(e *model.Entity, interval time.Duration) {
	r := w.record()
	a := r.Attributes()
	if w.legacy {
		a.EnsureCapacity(5)
		a.PutStr("otel.entity.event.type", "entity_state")
		a.PutStr("otel.entity.type", e.Type)
		w.id(a.PutEmptyMap("otel.entity.id"), e.Type, e.ID)
		putMap(a.PutEmptyMap("otel.entity.attributes"), e.Description)
		a.PutInt("otel.entity.interval", interval.Milliseconds())
		return
	}
	r.SetEventName("entity.state")
	a.EnsureCapacity(5)
	a.PutStr("entity.type", e.Type)
	w.id(a.PutEmptyMap("entity.id"), e.Type, e.ID)
	putMap(a.PutEmptyMap("entity.description"), e.Description)
	if len(e.Relations) > 0 {
		relations := a.PutEmptySlice("entity.relationships")
		relations.EnsureCapacity(len(e.Relations))
		for i := range e.Relations {
			m := relations.AppendEmpty().SetEmptyMap()
			m.EnsureCapacity(3)
			m.PutStr("relationship.type", e.Relations[i].Kind)
			m.PutStr("entity.type", e.Relations[i].Type)
			w.id(m.PutEmptyMap("entity.id"), e.Relations[i].Type, e.Relations[i].ID)
		}
	}
	a.PutInt("entity.report.interval", int64(interval/time.Second))
}

// Delete writes that an entity is no more. Who deleted it is not known, so that there is no reason.
func (w *Writer) Delete(d *inventory.Deleted) {
	r := w.record()
	a := r.Attributes()
	kind, id := "entity.type", "entity.id"
	if w.legacy {
		a.PutStr("otel.entity.event.type", "entity_delete")
		kind, id = "otel.entity.type", "otel.entity.id"
	} else {
		r.SetEventName("entity.delete")
	}
	a.PutStr(kind, d.Type)
	w.id(a.PutEmptyMap(id), d.Type, d.ID)
}

// id completes an id with the target's account and region, except for what is not of the account: any ARN and any host.
func (w *Writer) id(m pcommon.Map, kind string, id model.ID) {
	m.EnsureCapacity(len(id) + 2)
	if kind == attr.TypeService || strings.HasPrefix(kind, attr.Prefix) {
		m.PutStr(attr.CloudAccountID, w.target.AccountID)
		m.PutStr(attr.CloudRegion, w.target.Region)
	}
	for _, k := range slices.Sorted(maps.Keys(id)) {
		m.PutStr(k, id[k])
	}
}

func putMap(m pcommon.Map, from map[string]any) {
	m.EnsureCapacity(len(from))
	for _, k := range slices.Sorted(maps.Keys(from)) {
		putValue(m.PutEmpty(k), from[k])
	}
}

// putValue writes a value of a description. Whether a number is an integer is decided by how it is written, not by what it is.
func putValue(v pcommon.Value, from any) {
	switch from := from.(type) {
	case string:
		v.SetStr(from)
	case bool:
		v.SetBool(from)
	case json.Number:
		if i, err := from.Int64(); err == nil {
			v.SetInt(i)
		} else if f, err := from.Float64(); err == nil {
			v.SetDouble(f)
		} else {
			v.SetStr(from.String())
		}
	case map[string]any:
		putMap(v.SetEmptyMap(), from)
	case []any:
		s := v.SetEmptySlice()
		s.EnsureCapacity(len(from))
		for _, e := range from {
			putValue(s.AppendEmpty(), e)
		}
	}
}
