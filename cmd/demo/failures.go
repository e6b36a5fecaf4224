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

// failures are the newest requests that failed and whose traces are complete: those that the server failed, then those that the client did, the newest
// first.
func (o *outputs) failures() []*failureView {
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
	newest := func(a, b joined) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.id, b.id)) }
	slices.SortFunc(found, func(a, b joined) int { return cmp.Or(cmp.Compare(b.class(), a.class()), newest(a, b)) })
	found = found[:min(len(found), failuresShown)]
	slices.SortFunc(found, newest)
	out := []*failureView{}
	for i := range found {
		out = append(out, found[i].view())
	}
	return out
}

// class is 1 where the server failed, 0 where the client did.
func (j *joined) class() int {
	if j.status >= http.StatusInternalServerError {
		return 1
	}
	return 0
}

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
			Name: clip(s.Name), Service: clip(s.service), Depth: depth, Start: after, Duration: 1000 * s.seconds(), Outcome: s.outcome(),
			Failed: s.Status.Code == failedSpan || s.Attributes.number(status) >= http.StatusBadRequest,
		})
		v.Duration = max(v.Duration, after+1000*s.seconds())
	})
	return v
}
