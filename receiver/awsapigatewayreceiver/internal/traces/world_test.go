package traces

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// document is a segment of a scripted trace.
type document struct {
	id                 string // 16 hexadecimal digits
	progress, inferred bool
	origin             string // in place of API Gateway's
	text               string // in place of a document that makes sense
	annotation         string // whatever makes the text another
}

// segment is the document as X-Ray writes it.
func (d document) segment(trace string, began time.Time) string {
	if d.text != "" {
		return d.text
	}
	var b strings.Builder
	at := began.Unix()
	fmt.Fprintf(&b, `{"trace_id":%q,"id":%q,"name":"orders/prod","start_time":%d.25`, trace, d.id, at)
	if d.progress {
		b.WriteString(`,"in_progress":true`)
	} else {
		fmt.Fprintf(&b, `,"end_time":%d.75`, at)
	}
	if d.inferred {
		b.WriteString(`,"inferred":true`)
	}
	if d.annotation != "" {
		fmt.Fprintf(&b, `,"annotations":{"note":%q}`, d.annotation)
	}
	if d.origin != "" {
		fmt.Fprintf(&b, `,"origin":%q}`, d.origin)
		return b.String()
	}
	b.WriteString(`,"origin":"AWS::ApiGateway::Stage","http":{"request":{"method":"GET","url":"https://r1.execute-api.us-east-1.amazonaws.com/prod/orders/17"},` +
		`"response":{"status":200}},"aws":{"api_gateway":{"account_id":"111122223333","rest_api_id":"r1","stage":"prod","request_id":"0b1c2d3e"}}}`)
	return b.String()
}

// span is the document in OpenTelemetry's form.
func (d document) span(trace string, began time.Time) string {
	if d.text != "" {
		return d.text
	}
	return fmt.Sprintf(`{"resource":{"attributes":{"service.name":"orders/prod"}},"scope":{"name":"xray"},"traceId":%q,"spanId":%q,"name":"orders/prod","kind":"SERVER",`+
		`"startTimeUnixNano":%d,"endTimeUnixNano":%d,"attributes":{"note":%q},"status":{"code":"UNSET"}}`,
		w3c(trace), d.id, began.UnixNano(), began.Add(time.Second).UnixNano(), d.annotation)
}

// step is what X-Ray has of a trace from a time on.
type step struct {
	after     time.Duration // the trace's beginning
	partial   bool
	limited   bool
	absent    bool // it is listed, and can't be retrieved
	documents []document
}

// scripted is a trace as it comes to be in X-Ray. Its revisions are the steps' numbers, from 1.
type scripted struct {
	model.TraceSummary
	began time.Time
	steps []step
}

func (s *scripted) at(now time.Time) (last step, revision int) {
	for i := range s.steps {
		if !now.Before(s.began.Add(s.steps[i].after)) {
			last, revision = s.steps[i], i+1
		}
	}
	return last, revision
}

// passes says that an expression names no API, or one of the trace's.
func (s *scripted) passes(filter string) bool {
	return !strings.Contains(filter, "annotation[aws:api_id]") || slices.ContainsFunc(s.APIs, func(id string) bool { return strings.Contains(filter, strconv.Quote(id)) })
}

// traceID is the id of the nth trace, which begins at a time, as X-Ray makes it.
func traceID(began time.Time, n int) string {
	return fmt.Sprintf("1-%08x-%024x", began.Unix(), uint64(n+1)*0x9e3779b97f4a7c15)
}

func w3c(id string) string { return id[2:10] + id[11:] }

// segmentID is the id of the kth segment of the nth trace.
func segmentID(n, k int) string { return fmt.Sprintf("%012x%04x", n+1, k+1) }

// world is what X-Ray has.
type world struct {
	mu     sync.Mutex
	traces []*scripted
	byID   map[string]*scripted
}

func (w *world) add(s *scripted) *scripted {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[string]*scripted{}
	}
	w.traces, w.byID[s.ID] = append(w.traces, s), s
	return s
}

// trace adds a trace, which is the nth, with the steps that are given, or one complete segment a second after its beginning.
func (w *world) trace(began time.Time, n int, steps ...step) *scripted {
	if len(steps) == 0 {
		steps = []step{{after: time.Second, documents: []document{{id: segmentID(n, 0)}}}}
	}
	return w.add(&scripted{TraceSummary: model.TraceSummary{ID: traceID(began, n), Duration: 0.5, APIs: []string{"r1"}, Stages: []string{"prod"}}, began: began, steps: steps})
}

// every adds a trace of one segment every interval.
func (w *world) every(interval time.Duration, from time.Time, length time.Duration) {
	for n := range int(length / interval) {
		w.trace(from.Add(time.Duration(n)*interval), n)
	}
}

// list is a page of GetTraceSummaries. The end of the window is counted in, as AWS may do.
func (w *world) list(window model.Window, filter, token string, size int, now time.Time) (page model.TracePage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, _ := strconv.Atoi(token)
	for i, s := range w.traces[first:] {
		if at := s.began.Unix(); at < window.Start || at > window.End || !s.passes(filter) {
			continue
		}
		last, revision := s.at(now)
		if revision == 0 {
			continue
		}
		if len(page.Summaries) == size {
			page.Token = strconv.Itoa(first + i)
			return page
		}
		summary := s.TraceSummary
		summary.Revision, summary.Partial = revision, last.partial
		page.Summaries = append(page.Summaries, summary)
		page.Scanned++
	}
	return page
}

// get is what is to be had of traces.
func (w *world) get(ids []string, now time.Time, form func(document, string, time.Time) string) (traces []model.Trace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		s := w.byID[id]
		if s == nil {
			continue
		}
		last, revision := s.at(now)
		if revision == 0 || last.absent {
			continue
		}
		trace := model.Trace{ID: id, Limited: last.limited}
		for _, d := range last.documents {
			trace.Documents = append(trace.Documents, model.TraceDocument{ID: d.id, Text: form(d, id, s.began)})
		}
		traces = append(traces, trace)
	}
	return traces
}
