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

// Names of events.
const (
	accessEvent    = "aws.api_gateway.access"
	executionEvent = "aws.api_gateway.execution"
)

// access is a record of an access log, as far as it is compared with the world.
type access struct {
	stage, requestID, body string
	at                     time.Time
}

type gotAccess struct {
	access
	event      string
	attributes map[string]any
	first      time.Time
}

// moment is when a request wrote into an execution log: what a line says may be masked, so that it is not compared.
type moment struct {
	stage, requestID string
	at               time.Time
}

// logRecord has records of access and execution logs by the ids of their events, how many lines of executions were written at which moment, and counts
// others by their names.
type logRecord struct {
	*history
	records    map[string]gotAccess
	executions map[moment]int
	others     map[string]int
}

func newLogRecord(h *history) *logRecord {
	return &logRecord{h, map[string]gotAccess{}, map[moment]int{}, map[string]int{}}
}

func (r *logRecord) take(ld plog.Logs, entities *entityRecord) {
	for _, rl := range ld.ResourceLogs().All() {
		stage := text(rl.Resource(), "aws.api_gateway.api_id") + "/" + text(rl.Resource(), "aws.api_gateway.stage")
		for _, sl := range rl.ScopeLogs().All() {
			for _, l := range sl.LogRecords().All() {
				switch l.EventName() {
				case accessEvent:
					r.line(stage, l)
				case executionEvent:
					// A line of no request is API Gateway's own, which it writes when it makes the log group.
					if got, again := r.line(stage, l); !again && got.requestID != "" {
						r.executions[moment{got.stage, got.requestID, got.at}]++
					}
				case "entity.state", "entity.delete":
					entities.take(l)
				default:
					r.others[l.EventName()]++
				}
			}
		}
	}
}

// line takes a record of a line, and says whether it came before.
func (r *logRecord) line(stage string, l plog.LogRecord) (got gotAccess, again bool) {
	attributes := l.Attributes().AsRaw()
	uid, _ := attributes["log.record.uid"].(string)
	id, _ := attributes["aws.request_id"].(string)
	got = gotAccess{access{stage, id, l.Body().AsString(), l.Timestamp().AsTime()}, l.EventName(), attributes, time.Now()}
	before, again := r.records[uid]
	switch {
	case uid == "":
		r.problem("a record has no id: %v", attributes)
	case !again:
		r.records[uid] = got
	case before.access != got.access || before.event != got.event || !reflect.DeepEqual(before.attributes, got.attributes):
		r.problem("the record %s is %v, and was %v", uid, got, before)
	default:
		r.repeat("record", before.first, func() string { return fmt.Sprintf("%s of %s, of %v", uid, stage, got.at) })
	}
	return got, again
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

// wantExecutions are how many lines all requests write into execution logs, by their moments.
func wantExecutions(w *awssim.World, from, to time.Time) map[moment]int {
	want := map[moment]int{}
	stages(w, func(api *awssim.API, stage *awssim.Stage) {
		for l := range w.ExecutionLines(api, stage, from, to) {
			want[moment{api.ID + "/" + stage.Name, l.RequestID, l.At}]++
		}
	})
	return want
}

func (r *logRecord) compareExecutions(want map[moment]int) (missing, wrong []string) {
	for m, n := range want {
		if got := r.executions[m]; got < n {
			missing = append(missing, fmt.Sprintf("%d of %d lines of the execution %s of %s at %v", n-got, n, m.requestID, m.stage, m.at))
		}
	}
	for m, n := range r.executions {
		if n > want[m] {
			wrong = append(wrong, fmt.Sprintf("%d lines, not %d, of the execution %s of %s at %v", n, want[m], m.requestID, m.stage, m.at))
		}
	}
	slices.Sort(missing)
	slices.Sort(wrong)
	return missing, wrong
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
	for uid, g := range r.records {
		if _, ok := want[uid]; !ok && g.event == accessEvent {
			wrong = append(wrong, fmt.Sprintf("the record %s is not in the world", uid))
		}
	}
	if n := r.others["aws.api_gateway.logs_lost"]; n > 0 {
		wrong = append(wrong, fmt.Sprintf("%d records say that logs are lost", n))
	}
	return missing, wrong
}
