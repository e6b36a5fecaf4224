package faults

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// access is a record of an access log, as far as it is compared with the world.
type access struct {
	stage, requestID, body string
	at                     time.Time
}

type gotAccess struct {
	access
	attributes map[string]any
	first      time.Time
}

// logRecord has records of access logs by the ids of their events, and counts others by their names.
type logRecord struct {
	*history
	records map[string]gotAccess
	others  map[string]int
}

func newLogRecord(h *history) *logRecord {
	return &logRecord{h, map[string]gotAccess{}, map[string]int{}}
}

func (r *logRecord) take(ld plog.Logs, entities *entityRecord) {
	for _, rl := range ld.ResourceLogs().All() {
		stage := text(rl.Resource(), "aws.api_gateway.api_id") + "/" + text(rl.Resource(), "aws.api_gateway.stage")
		for _, sl := range rl.ScopeLogs().All() {
			for _, l := range sl.LogRecords().All() {
				switch l.EventName() {
				case "aws.api_gateway.access":
					r.access(stage, l)
				case "entity.state", "entity.delete":
					entities.take(l)
				default:
					r.others[l.EventName()]++
				}
			}
		}
	}
}

func (r *logRecord) access(stage string, l plog.LogRecord) {
	attributes := l.Attributes().AsRaw()
	uid, _ := attributes["log.record.uid"].(string)
	id, _ := attributes["aws.request_id"].(string)
	got := gotAccess{access{stage, id, l.Body().AsString(), l.Timestamp().AsTime()}, attributes, time.Now()}
	before, ok := r.records[uid]
	switch {
	case uid == "":
		r.problem("a record has no id: %v", attributes)
	case !ok:
		r.records[uid] = got
	case before.access != got.access || !reflect.DeepEqual(before.attributes, got.attributes):
		r.problem("the record %s is %v, and was %v", uid, got, before)
	default:
		r.repeat("record", before.first, func() string { return fmt.Sprintf("%s of %s, of %v", uid, stage, got.at) })
	}
}

// wantRecords are those of all requests, by the ids of their events.
func wantRecords(w *awssim.World, from, to time.Time) map[string]access {
	want := map[string]access{}
	stages(w, func(api *awssim.API, stage *awssim.Stage) {
		for a := range w.AccessRecords(api, stage, from, to) {
			at := a.At
			if api.Type == awssim.TypeHTTP {
				at = at.Truncate(time.Second) // the format says no more
			}
			want[a.EventID] = access{api.ID + "/" + stage.Name, a.Values["requestId"], a.Line, at}
		}
	})
	return want
}

func (r *logRecord) compare(want map[string]access) (missing, wrong []string) {
	for _, uid := range slices.Sorted(maps.Keys(want)) {
		switch g, ok := r.records[uid]; {
		case !ok:
			missing = append(missing, fmt.Sprintf("the record %s of %s at %v", uid, want[uid].stage, want[uid].at))
		case g.access != want[uid]:
			wrong = append(wrong, fmt.Sprintf("the record %s is %v, not %v", uid, g.access, want[uid]))
		}
	}
	for uid := range r.records {
		if _, ok := want[uid]; !ok {
			wrong = append(wrong, fmt.Sprintf("the record %s is not in the world", uid))
		}
	}
	if n := r.others["aws.api_gateway.logs_lost"]; n > 0 {
		wrong = append(wrong, fmt.Sprintf("%d records say that logs are lost", n))
	}
	return missing, wrong
}
