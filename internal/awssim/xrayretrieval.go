package awssim

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// maxRetrievalIDs is how many traces a retrieval finds at most (StartTraceRetrieval).
	maxRetrievalIDs = 100
	// maxRetrievals bounds the retrievals that are remembered, the oldest are forgotten.
	maxRetrievals = 1000
	// retrievalLife is how long a retrieval can be asked for (StartTraceRetrieval: 60 minutes).
	retrievalLife = time.Hour
	// maxRetrievedTraces is how many traces a page has at most. AWS documents none.
	maxRetrievedTraces = 20
)

// retrieval is what StartTraceRetrieval began.
type retrieval struct {
	caller   regionKey
	ids      []string
	from, to int64 // Unix milliseconds
	begun    time.Time
	asked    int // how often ListRetrievedTraces asked
}

// retrievals are those of all accounts and regions, by their tokens.
type retrievals struct {
	mu    sync.Mutex
	by    map[string]*retrieval
	order []string
	next  uint64
}

func (r *retrievals) add(made *retrieval) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[string]*retrieval{}
	}
	if len(r.order) >= maxRetrievals {
		delete(r.by, r.order[0])
		r.order = r.order[1:]
	}
	r.next++
	token := string(appendUUID(nil, mix(r.next), mix(r.next+uint64(made.begun.UnixNano()))))
	r.by[token], r.order = made, append(r.order, token)
	return token
}

// ask returns a retrieval and how often it was asked for before.
func (r *retrievals) ask(token string, caller regionKey, now time.Time) (*retrieval, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.by[token]
	if found == nil || found.caller != caller || now.Sub(found.begun) > retrievalLife {
		return nil, 0
	}
	found.asked++
	return found, found.asked - 1
}

// startTraceRetrieval begins to look for traces in CloudWatch Logs.
func (s *Server) startTraceRetrieval(x *exchange) (any, error) {
	in, err := x.xrayInput()
	if err != nil {
		return nil, err
	}
	from, to, err := in.window()
	if err != nil {
		return nil, err
	}
	if len(in.TraceIds) < 1 || len(in.TraceIds) > maxRetrievalIDs {
		return nil, invalidRequest("TraceIds must have between 1 and %d members, and has %d.", maxRetrievalIDs, len(in.TraceIds))
	}
	for _, id := range in.TraceIds {
		if _, _, ok := parseTraceID(xrayForm(id)); !ok {
			return nil, invalidRequest("Invalid trace ID: %s", id)
		}
	}
	token := s.retrieved.add(&retrieval{caller: regionKey{x.caller.account.ID, x.caller.region}, ids: in.TraceIds, from: from, to: to, begun: x.now})
	return members{"RetrievalToken": token}, nil
}

// xrayForm is X-Ray's form of an id of 32 digits, as W3C has it.
func xrayForm(id string) string {
	if len(id) == 32 && !strings.Contains(id, "-") {
		return "1-" + id[:8] + "-" + id[8:]
	}
	return id
}

// listRetrievedTraces answers that a retrieval is scheduled, then that it is running, then page by page the traces that had arrived when it began.
func (s *Server) listRetrievedTraces(x *exchange) (any, error) {
	in, err := x.xrayInput()
	if err != nil {
		return nil, err
	}
	format := in.TraceFormat
	switch format {
	case "":
		format = "XRAY"
	case "XRAY", "OTEL":
	default:
		return nil, invalidRequest("TraceFormat %q is not one of XRAY, OTEL.", in.TraceFormat)
	}
	r, asked := s.retrieved.ask(in.RetrievalToken, regionKey{x.caller.account.ID, x.caller.region}, x.now)
	if r == nil {
		return nil, &wireError{status: http.StatusNotFound, code: "ResourceNotFoundException", message: "The specified retrieval token does not exist."}
	}
	out := &tracesOutput{Traces: []members{}, TraceFormat: format, RetrievalStatus: "COMPLETE"}
	if asked < 2 {
		out.RetrievalStatus = [2]string{"SCHEDULED", "RUNNING"}[asked]
		return out, nil
	}
	hash := hashStrings(0, in.RetrievalToken, format)
	at, err := in.offset(len(r.ids), hash, x.now)
	if err != nil {
		return nil, err
	}
	region, limit := s.traces.region(x.caller.account, x.caller.region), s.page(maxRetrievedTraces)
	for ; at < len(r.ids) && len(out.Traces) < limit; at++ {
		seconds, id, _ := parseTraceID(xrayForm(r.ids[at]))
		t := s.traces.find(region, seconds, id)
		if t == nil || !region.region.searched(t.at) || t.at < r.from || t.at >= r.to {
			continue
		}
		if found, ok := t.show(r.begun.UnixMilli()); ok {
			if spans := found.spans(format); len(spans) > 0 {
				out.Traces = append(out.Traces, members{"Id": t.id, "Duration": secondsOf(found.duration()), "Spans": spans})
			}
		}
	}
	if at < len(r.ids) {
		out.NextToken = encodeToken(offsetToken{hash, x.now.Unix(), at})
	}
	x.call.Traces = len(out.Traces)
	s.billed.add(x.caller, TraceCount{Retrieved: int64(len(out.Traces))})
	return out, nil
}

// spans are the documents of a trace in CloudWatch Logs: only what is complete gets there, and nothing that X-Ray infers.
func (s *shown) spans(format string) []traceDocument {
	var out []traceDocument
	for i := range s.parts {
		p := &s.parts[i]
		if p.final > s.now || p.root.inferred {
			continue
		}
		if format == "XRAY" {
			out = append(out, traceDocument{hexID(p.root.id), string(s.appendSegment(make([]byte, 0, 2048), p.root, false))})
			continue
		}
		p.root.walk(p.root.parent, func(n *node, parent uint64) {
			out = append(out, traceDocument{hexID(n.id), string(s.appendSpan(make([]byte, 0, 2048), p.root, n, parent))})
		})
	}
	return out
}

// walk calls f with a node, what is below it, and their parents.
func (n *node) walk(parent uint64, f func(n *node, parent uint64)) {
	f(n, parent)
	for _, child := range n.children {
		child.walk(n.id, f)
	}
}
