package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// requests is a point of a stage: so many requests in [start, end), Unix seconds.
func requests(n, start, end int64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("aws.api_gateway.api_id", "rest000001")
	rm.Resource().Attributes().PutStr("aws.api_gateway.stage", "prod")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("aws.api_gateway.requests")
	m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	p := m.Sum().DataPoints().AppendEmpty()
	p.SetIntValue(n)
	p.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Unix(start, 0)))
	p.SetTimestamp(pcommon.NewTimestampFromTime(time.Unix(end, 0)))
	return md
}

// line is a record of an access log.
func line(uid, body string) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("aws.api_gateway.api_id", "rest000001")
	rl.Resource().Attributes().PutStr("aws.api_gateway.stage", "prod")
	l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetEventName(accessEvent)
	l.Attributes().PutStr("log.record.uid", uid)
	l.Attributes().PutStr("aws.request_id", "id of "+uid)
	l.Body().SetStr(body)
	l.SetTimestamp(pcommon.NewTimestampFromTime(time.Unix(60, 0).UTC()))
	return ld
}

func call(id byte, status int64) ptrace.Traces {
	td := ptrace.NewTraces()
	s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1})
	s.SetSpanID(pcommon.SpanID{id})
	s.Attributes().PutInt("http.response.status_code", status)
	return td
}

func entity(event, api, name string) plog.Logs {
	ld := plog.NewLogs()
	l := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetEventName(event)
	l.Attributes().PutStr("entity.type", "aws.api_gateway.api")
	l.Attributes().PutEmptyMap("entity.id").PutStr("aws.api_gateway.api_id", api)
	if name != "" {
		l.Attributes().PutEmptyMap("entity.description").PutStr("aws.api_gateway.api_name", name)
	}
	return ld
}

// TestWhatIsMissingIsFound: the comparison tells what did not come, what came and did not happen, and what came otherwise than it happened.
func TestWhatIsMissingIsFound(t *testing.T) {
	r := newRecord()
	key := streamKey{"rest000001", "prod", "aws.api_gateway.requests", ""}
	r.metrics.take(requests(3, 60, 120))
	r.metrics.take(requests(4, 120, 180))
	for count, want := range map[float64][2]int{7: {0, 0}, 8: {1, 0}, 6: {0, 1}} {
		missing, wrong := r.metrics.compare(map[streamKey]point{key: {count: count}})
		assert.Equal(t, want, [2]int{len(missing), len(wrong)}, "%v: %v, %v", count, missing, wrong)
	}
	_, wrong := r.metrics.compare(nil)
	assert.Len(t, wrong, 1, "a stream of nobody")

	r.logs.take(line("a", "GET"), r.entities)
	r.logs.take(line("b", "PUT"), r.entities)
	r.logs.take(line("x", ""), r.entities)
	want := func(uid, body string) access {
		return access{"rest000001/prod", "id of " + uid, body, time.Unix(60, 0).UTC()}
	}
	missing, wrong := r.logs.compare(map[string]access{"a": want("a", "GET"), "b": want("b", "POST"), "c": want("c", "GET")})
	assert.Len(t, missing, 1)
	assert.Len(t, wrong, 2, "%v", wrong)

	execution := line("d", "Starting execution")
	execution.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetEventName(executionEvent)
	r.logs.take(execution, r.entities)
	at := func(id string) moment { return moment{"rest000001/prod", id, time.Unix(60, 0).UTC()} }
	missing, wrong = r.logs.compareExecutions(map[moment]int{at("id of d"): 2, at("id of e"): 1})
	assert.Equal(t, [2]int{2, 0}, [2]int{len(missing), len(wrong)}, "%v: %v", missing, wrong)
	_, wrong = r.logs.compareExecutions(nil)
	assert.Len(t, wrong, 1, "an execution of nobody")

	r.spans.take(call(1, 200))
	r.spans.take(call(2, 200))
	r.spans.take(call(9, 200))
	id := func(n byte) spanID { return spanID{pcommon.TraceID{1}.String(), pcommon.SpanID{n}.String()} }
	epoch := time.Unix(0, 0).UTC()
	missing, wrong = r.spans.compare(map[spanID]span{id(1): {"", epoch, epoch, 200}, id(2): {"", epoch, epoch, 500}, id(3): {"", epoch, epoch, 200}})
	assert.Len(t, missing, 1)
	assert.Len(t, wrong, 2, "%v", wrong)

	for _, ld := range []plog.Logs{entity("entity.state", "a", "orders"), entity("entity.state", "b", "pets"), entity("entity.state", "c", "cars"), entity("entity.delete", "c", "")} {
		r.logs.take(ld, r.entities)
	}
	missing, wrong = r.entities.compare(map[string]string{"api a": "orders", "api b": "dogs", "api c": "cars"})
	assert.Equal(t, []string{"the entity api c"}, missing)
	assert.Len(t, wrong, 1)
	missing, _ = r.entities.compare(map[string]string{"api a": "orders"})
	assert.Equal(t, []string{"the deletion of api b"}, missing)
	r.history.settle(nil)
	assert.Empty(t, r.history.problems)
}

// TestWhatComesTwiceIsFound: what comes again is a problem, unless it is the same and a kill, a loss or an answer that came too late explains it.
func TestWhatComesTwiceIsFound(t *testing.T) {
	again := map[string]func(r *record){
		"a point":   func(r *record) { r.metrics.take(requests(3, 60, 120)) },
		"a record":  func(r *record) { r.logs.take(line("a", "GET"), r.entities) },
		"a span":    func(r *record) { r.spans.take(call(1, 200)) },
		"an entity": func(r *record) { r.logs.take(entity("entity.state", "a", "orders"), r.entities) },
	}
	otherwise := map[string]func(r *record){
		"another value":           func(r *record) { r.metrics.take(requests(4, 60, 120)) },
		"an interval within":      func(r *record) { r.metrics.take(requests(1, 90, 120)) },
		"another line":            func(r *record) { r.logs.take(line("a", "PUT"), r.entities) },
		"another status":          func(r *record) { r.spans.take(call(1, 500)) },
		"a record without its id": func(r *record) { r.logs.take(line("", "GET"), r.entities) },
	}
	now := time.Now()
	for explanation, c := range map[string]struct {
		history history
		gaveUp  []time.Time
		fine    bool
	}{
		"none":                       {},
		"a kill just before":         {history{kills: []time.Time{now.Add(-time.Second)}}, nil, true},
		"a kill long before":         {history{kills: []time.Time{now.Add(-time.Hour)}}, nil, false},
		"positions that are lost":    {history{lost: []time.Time{now}}, nil, true},
		"an answer too late":         {history{}, []time.Time{now.Add(4 * time.Second)}, true},
		"an answer, too late before": {history{}, []time.Time{now.Add(-time.Minute)}, false},
	} {
		played := func(second func(r *record)) int {
			r := newRecord()
			r.history.kills, r.history.lost, r.history.outage = c.history.kills, c.history.lost, time.Minute
			for _, first := range again {
				first(r)
			}
			second(r)
			r.history.settle(c.gaveUp)
			return r.history.count
		}
		for what, second := range again {
			assert.Equal(t, c.fine, played(second) == 0, "%s again, explained by %s", what, explanation)
		}
		for what, second := range otherwise {
			if len(c.history.lost) == 0 || what == "another line" || what == "another status" {
				assert.Equal(t, 1, played(second), "%s, explained by %s", what, explanation)
			}
		}
	}
}
