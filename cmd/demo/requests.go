package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Attributes of requests.
const (
	requestID       = "aws.request_id"
	status          = "http.response.status_code"
	phase           = prefix + "execution.phase"
	responseLatency = prefix + "response.latency"
)

// requestLogs is what access and execution logs have said so far.
type requestLogs struct {
	stages map[string]*accessLog // by place, API and stage
	total  counts
	said   counts // what total was when it was said last

	failures *recent[*failure] // by request id
	// Until one is shown, what execution logs say, by request id.
	executions *recent[*executionLog]
	explained  bool
	// traced are requests by trace id, until the trace of one is shown.
	traced *recent[string]
}

// How many requests, and executions of requests, are kept until what belongs to them comes: traces come a minute later.
const (
	failuresKept   = 2000
	tracedKept     = 2000
	executionsKept = 5000
	// linesKept is how many lines of a request's execution are.
	linesKept = 100
)

// failure is a request that failed.
type failure struct {
	at                         time.Time
	row                        string
	account, region, api, name string // of the stage
	what                       string // method and route
	status                     int
	seconds                    float64 // 0 where the line does not say
	client, line               string
	requestID, traceID         string
}

// counts are numbers of records.
type counts struct{ requests, failed, lines int }

// accessLog is what came of a stage.
type accessLog struct {
	first    string // request, as a row
	requests int
}

// executionLog is what came of a request, in the order in which it came.
type executionLog struct {
	lines       []executionLine
	failed, end bool // such lines have come
}

type executionLine struct {
	at   int64 // Unix nanoseconds
	text string
}

func newRequestLogs() *requestLogs {
	return &requestLogs{
		stages: map[string]*accessLog{}, failures: newRecent[*failure](failuresKept), executions: newRecent[*executionLog](executionsKept),
		traced: newRecent[string](tracedKept),
	}
}

// access takes in a record of an access log. Lines whose stage can't be told are only counted.
func (l *requestLogs) access(resource attributes, r *record) {
	l.total.requests++
	where := escaped(resource.text(accountName)+" "+resource.text(region)) + "\t" + escaped(resource.text(apiName)+"/"+resource.text(stageName))
	if resource.text(stageName) != "" {
		s := l.stages[where]
		if s == nil {
			s = &accessLog{first: row(where, r)}
			l.stages[where] = s
		}
		s.requests++
	}
	if r.TraceID != "" {
		l.traced.put(r.TraceID, row(where, r))
	}
	if r.Attributes.number(status) >= http.StatusBadRequest {
		l.total.failed++
		l.failures.put(cmp.Or(r.Attributes.text(requestID), r.TraceID), newFailure(resource, r, row(where, r)))
	}
}

func newFailure(resource attributes, r *record, row string) *failure {
	a := r.Attributes
	return &failure{
		at: time.Unix(0, r.TimeUnixNano), row: row,
		account: resource.text(accountName), region: resource.text(region), api: resource.text(apiName), name: resource.text(stageName),
		what: what(r), status: int(a.number(status)), seconds: a.number(responseLatency), client: a.text("client.address"), line: r.Body.StringValue,
		requestID: a.text(requestID), traceID: r.TraceID,
	}
}

// what is the request's method and route.
func what(r *record) string {
	a := r.Attributes
	route := cmp.Or(a.text("http.route"), a.text("url.path"), a.text(prefix+"route_key"), "-")
	if method := a.text("http.request.method"); method != "" {
		return method + " " + route
	}
	return route
}

// row shows a request: time, place, stage, method and route, status, latency and client.
func row(where string, r *record) string {
	a := r.Attributes
	latency := "-"
	if s := a.number(responseLatency); s > 0 {
		latency = fmt.Sprintf("%.0f ms", 1000*s)
	}
	code := "-"
	if n := a.number(status); n > 0 {
		code = fmt.Sprintf("%.0f", n)
	}
	return strings.Join([]string{clock(r), where, escaped(what(r)), code, latency, cmp.Or(escaped(a.text("client.address")), "-")}, "\t")
}

func clock(r *record) string { return time.Unix(0, r.TimeUnixNano).Format(time.TimeOnly) }

// execution takes in a record of an execution log.
func (l *requestLogs) execution(r *record) {
	l.total.lines++
	if l.explained {
		return
	}
	id, step := r.Attributes.text(requestID), r.Attributes.text(phase)
	e := l.executions.get(id)
	if e == nil {
		e = &executionLog{}
		l.executions.put(id, e)
	}
	e.failed = e.failed || step == "error"
	e.end = e.end || step == "end" && r.Attributes.number(status) > 0
	if len(e.lines) == linesKept {
		return
	}
	_, text, _ := strings.Cut(r.Body.StringValue, ") ") // after the request id
	e.lines = append(e.lines, executionLine{r.TimeUnixNano, fmt.Sprintf("    %-11s  %s", escaped(step), escaped(text))})
}

// text is what happened to the request, the first first. What has the same time stays as it came.
func (e *executionLog) text() string {
	var b strings.Builder
	for _, l := range slices.SortedStableFunc(slices.Values(e.lines), func(a, b executionLine) int { return cmp.Compare(a.at, b.at) }) {
		b.WriteString(l.text + "\n")
	}
	return b.String()
}

// table shows the first request of the busiest stages.
func (l *requestLogs) table(rows int) string {
	stages := slices.SortedFunc(maps.Values(l.stages), func(a, b *accessLog) int {
		return cmp.Or(cmp.Compare(b.requests, a.requests), cmp.Compare(a.first, b.first))
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range stages[:min(rows, len(stages))] {
		fmt.Fprintf(w, "  %s\n", s.first)
	}
	_ = w.Flush() // to memory
	if more := len(stages) - rows; more > 0 {
		fmt.Fprintf(&b, "  … and %d stages more\n", more)
	}
	return b.String()
}

// explain shows, once, a request that failed with what its execution log says of it; "" before there is one.
func (l *requestLogs) explain() string {
	if l.explained {
		return ""
	}
	for id, f := range l.failures.newest() {
		if e := l.executions.get(id); e != nil && e.failed && e.end {
			out := "  " + strings.ReplaceAll(f.row, "\t", "  ") + "\n" + e.text()
			l.explained, l.executions = true, nil
			return out
		}
	}
	return ""
}

// more counts what came since it was asked last.
func (l *requestLogs) more() string {
	n := counts{l.total.requests - l.said.requests, l.total.failed - l.said.failed, l.total.lines - l.said.lines}
	l.said = l.total
	return fmt.Sprintf("%d requests in access logs, %d of them with an error; %d lines in execution logs", n.requests, n.failed, n.lines)
}
