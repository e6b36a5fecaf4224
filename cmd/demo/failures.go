package main

import (
	"cmp"
	"net/http"
	"slices"
)

// failureView is a request that failed: its line in the access log, and its trace.
type failureView struct {
	At        int64       `json:"at"`
	Account   string      `json:"account"`
	Region    string      `json:"region"`
	API       string      `json:"api"`
	Stage     string      `json:"stage"`
	What      string      `json:"what"` // method and route
	Status    int         `json:"status"`
	Client    string      `json:"client"`
	Line      string      `json:"line"`
	RequestID string      `json:"request_id"`
	TraceID   string      `json:"trace_id"`
	By        string      `json:"by"`       // what joins them: trace id, or request id where the format of the line has no trace id
	Duration  float64     `json:"duration"` // of the trace
	Spans     []*spanView `json:"spans"`    // each below the one that it belongs to
	Left      int         `json:"left"`     // spans that are not shown
}

type spanView struct {
	Name     string  `json:"name"`
	Service  string  `json:"service"`
	Depth    int     `json:"depth"`
	Start    float64 `json:"start"` // after the trace's
	Duration float64 `json:"duration"`
	Outcome  string  `json:"outcome"`
	Failed   bool    `json:"failed"`
}

// joined is a request with its trace.
type joined struct {
	*failure
	id, by string
	trace  *trace
	root   *span
}

// failures are requests that failed and whose traces are complete, the newest first: the newest that the server failed, the newest of these that go on
// behind API Gateway, and, where there are few, those that the client failed.
func (o *outputs) failures() []*failureView {
	left := o.joined()
	var found []joined
	take := func(limit int, wanted func(joined) bool) {
		left = slices.DeleteFunc(left, func(j joined) bool {
			if len(found) >= limit || !wanted(j) {
				return false
			}
			found = append(found, j)
			return true
		})
	}
	server := func(j joined) bool { return j.status >= http.StatusInternalServerError }
	beyond := func(j joined) bool { return j.trace.beyond }
	take(failuresShown/2, server)
	take(failuresShown, func(j joined) bool { return server(j) && beyond(j) })
	take(failuresShown, server)
	take(failuresShown, beyond)
	take(failuresShown, func(joined) bool { return true })
	slices.SortFunc(found, newer)
	out := []*failureView{}
	for i := range found {
		out = append(out, found[i].view())
	}
	return out
}

// joined are the requests that failed and whose traces are complete, the newest first.
func (o *outputs) joined() []joined {
	byRequest := map[string]string{}
	for id, t := range o.traces.traces.newest() {
		if t.requestID != "" {
			byRequest[t.requestID] = id
		}
	}
	var found []joined
	for _, f := range o.logs.requests.failures.newest() {
		j := joined{failure: f, id: f.traceID, by: "trace id"}
		if o.traces.traces.get(j.id) == nil {
			j.id, j.by = byRequest[f.requestID], "request id"
		}
		if j.trace = o.traces.traces.get(j.id); j.trace == nil {
			continue
		}
		if j.root = j.trace.root(); j.root != nil {
			found = append(found, j)
		}
	}
	slices.SortFunc(found, newer)
	return found
}

func newer(a, b joined) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.id, b.id)) }

func (j *joined) view() *failureView {
	v := &failureView{
		At: j.at.UnixMilli(), Account: clip(j.account), Region: clip(j.region), API: clip(j.api), Stage: clip(j.name), What: clip(j.what), Status: j.status,
		Client: clip(j.client), Line: clipTo(j.line, lineShown), RequestID: clip(j.requestID), TraceID: clip(j.id), By: j.by, Spans: []*spanView{},
	}
	start := j.root.StartTimeUnixNano
	j.trace.walk(j.root, func(s *span, depth int) {
		if len(v.Spans) == spansShown {
			v.Left++
			return
		}
		after := float64(s.StartTimeUnixNano-start) / 1e6
		v.Spans = append(v.Spans, &spanView{
			Name: clip(s.Name), Service: clip(s.service), Depth: depth, Start: after, Duration: 1000 * s.seconds(), Outcome: s.outcome, Failed: s.failed,
		})
		v.Duration = max(v.Duration, after+1000*s.seconds())
	})
	return v
}
