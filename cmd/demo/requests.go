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

	// Until one is shown, requests with an error, and what execution logs say, both by request id.
	failures   map[string]string
	executions map[string]*executionLog
	explained  bool
	// traced are requests by trace id, until the trace of one is shown, and then nil.
	traced map[string]string
}

// counts are numbers of records.
type counts struct{ requests, failed, lines int }

// accessLog is what came of a stage.
type accessLog struct {
	first    string // request, as a row
	requests int
}

// executionLog is what came of a request.
type executionLog struct {
	lines       []string
	failed, end bool // such lines have come
}

func newRequestLogs() *requestLogs {
	return &requestLogs{stages: map[string]*accessLog{}, failures: map[string]string{}, executions: map[string]*executionLog{}, traced: map[string]string{}}
}

// access takes in a record of an access log. Lines whose stage can't be told are only counted.
func (l *requestLogs) access(resource attributes, r *record) {
	l.total.requests++
	where := resource.text(accountName) + " " + resource.text(region) + "\t" + resource.text(apiName) + "/" + resource.text(stageName)
	if resource.text(stageName) != "" {
		s := l.stages[where]
		if s == nil {
			s = &accessLog{first: row(where, r)}
			l.stages[where] = s
		}
		s.requests++
	}
	if l.traced != nil && r.TraceID != "" {
		l.traced[r.TraceID] = row(where, r)
	}
	if r.Attributes.number(status) >= http.StatusBadRequest {
		l.total.failed++
		if !l.explained {
			l.failures[r.Attributes.text(requestID)] = row(where, r)
		}
	}
}

// row shows a request: time, place, stage, method and route, status, latency and client.
func row(where string, r *record) string {
	a := r.Attributes
	what := cmp.Or(a.text("http.route"), a.text("url.path"), a.text(prefix+"route_key"), "-")
	if method := a.text("http.request.method"); method != "" {
		what = method + " " + what
	}
	latency := "-"
	if s := a.number(responseLatency); s > 0 {
		latency = fmt.Sprintf("%.0f ms", 1000*s)
	}
	code := "-"
	if n := a.number(status); n > 0 {
		code = fmt.Sprintf("%.0f", n)
	}
	return strings.Join([]string{clock(r), where, what, code, latency, cmp.Or(a.text("client.address"), "-")}, "\t")
}

func clock(r *record) string { return time.Unix(0, r.TimeUnixNano).Format(time.TimeOnly) }

// execution takes in a record of an execution log.
func (l *requestLogs) execution(r *record) {
	l.total.lines++
	id, step := r.Attributes.text(requestID), r.Attributes.text(phase)
	if l.explained {
		return
	}
	e := l.executions[id]
	if e == nil {
		e = &executionLog{}
		l.executions[id] = e
	}
	e.failed = e.failed || step == "error"
	e.end = e.end || step == "end" && r.Attributes.number(status) > 0
	_, text, _ := strings.Cut(r.Body.StringValue, ") ") // after the request id
	e.lines = append(e.lines, fmt.Sprintf("    %-11s  %s", step, text))
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
	for _, id := range slices.Sorted(maps.Keys(l.failures)) {
		if e := l.executions[id]; e != nil && e.failed && e.end {
			out := "  " + strings.ReplaceAll(l.failures[id], "\t", "  ") + "\n" + strings.Join(e.lines, "\n") + "\n"
			l.explained, l.failures, l.executions = true, nil, nil
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
