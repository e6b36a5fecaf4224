package awssim

import (
	"iter"
	"net/http"
	"time"
)

// TraceRecord is a request that X-Ray traces, with all segments and subsegments that its trace has in the end. RequestID leads to its [AccessRecord].
type TraceRecord struct {
	TraceID           string          `json:"trace_id"` // as 1-58406520-a006649127e371903a2de979
	RequestID         string          `json:"request_id"`
	ExtendedRequestID string          `json:"extended_request_id"`
	At                time.Time       `json:"at"`      // when the request began, to the millisecond
	Latency           time.Duration   `json:"latency"` // whole milliseconds; in JSON nanoseconds
	Status            int             `json:"status"`
	Error             bool            `json:"error,omitempty"`
	Fault             bool            `json:"fault,omitempty"`
	Throttle          bool            `json:"throttle,omitempty"`
	Segments          []SegmentRecord `json:"segments"` // parents before their children; the first is API Gateway's
}

// SegmentRecord is a segment or subsegment as it is when it is complete.
type SegmentRecord struct {
	ID          string    `json:"id"`                  // 16 hexadecimal digits
	ParentID    string    `json:"parent_id,omitempty"` // of subsegments: of what holds them
	Document    string    `json:"document"`            // id of the segment in whose document it is: its own for segments
	Name        string    `json:"name"`
	Namespace   string    `json:"namespace,omitempty"` // of subsegments
	Origin      string    `json:"origin,omitempty"`    // of segments
	ResourceARN string    `json:"resource_arn,omitempty"`
	Start       time.Time `json:"start"` // to the microsecond
	End         time.Time `json:"end"`
	Method      string    `json:"method,omitempty"` // of its HTTP request
	URL         string    `json:"url,omitempty"`
	Status      int       `json:"status,omitempty"` // of its HTTP response
	Error       bool      `json:"error,omitempty"`
	Fault       bool      `json:"fault,omitempty"`
	Throttle    bool      `json:"throttle,omitempty"`
	Inferred    bool      `json:"inferred,omitempty"`
}

// Traces returns the traces of the requests of a stage that began in [from, to), in the order of time. It depends on the world alone.
func (w *World) Traces(api *API, stage *Stage, from, to time.Time) iter.Seq[TraceRecord] {
	i := w.info(api, stage)
	return func(yield func(TraceRecord) bool) {
		if !i.traced() {
			return
		}
		for minute := minuteOf(from); minute*60_000 < to.UnixMilli(); minute++ {
			requests := i.requests(minute)
			for _, k := range i.sampled(minute, requests) {
				c := i.context(minute, int(k), &requests[k])
				if at := c.time(); at.Before(from) || !at.Before(to) {
					continue
				}
				if !yield(buildTrace(&c).record(&c)) {
					return
				}
			}
		}
	}
}

func (t *trace) record(c *logContext) TraceRecord {
	flags := endingOf(c.outcome.status)
	out := TraceRecord{
		TraceID: t.id, RequestID: string(c.requestID(nil)), ExtendedRequestID: string(appendShortID(nil, c.draw(drawExtended), c.key)),
		At: c.time(), Latency: time.Duration(c.request.latency) * time.Millisecond, Status: c.outcome.status,
		Error: flags.err, Fault: flags.fault, Throttle: flags.throttle,
	}
	for i := range t.parts {
		root := t.parts[i].root
		root.walk(root.parent, func(n *node, parent uint64) { out.Segments = append(out.Segments, n.record(root, parent)) })
	}
	return out
}

func (n *node) record(root *node, parent uint64) SegmentRecord {
	out := SegmentRecord{
		ID: hexID(n.id), Document: hexID(root.id), Name: n.name, Namespace: n.namespace, Origin: n.origin, ResourceARN: n.arn,
		Start: time.UnixMicro(n.start).UTC(), End: time.UnixMicro(n.end).UTC(),
		Error: n.ending.err, Fault: n.ending.fault, Throttle: n.ending.throttle, Inferred: n.inferred,
	}
	if parent != 0 {
		out.ParentID = hexID(parent)
	}
	if n.http != nil {
		out.Method, out.URL, out.Status = n.http.method, n.http.url, n.http.status
	}
	return out
}

// PlacedTrace is a trace with where it was, as /world/traces answers it.
type PlacedTrace struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	API     string `json:"api"`
	Stage   string `json:"stage"`
	TraceRecord
}

// serveTraces answers the traces of the requests of [from, to).
func (s *Server) serveTraces(w http.ResponseWriter, r *http.Request) {
	q, ok := s.placedQuery(w, r)
	if !ok {
		return
	}
	found, more := []PlacedTrace{}, false
	for i := range s.placedStages(r) {
		for record := range s.world.Traces(i.api, i.stage, q.from, q.to) {
			if len(found) == q.limit {
				more = true
				break
			}
			found = append(found, PlacedTrace{i.account, i.region.Name, i.api.ID, i.stage.Name, record})
		}
	}
	writeJSON(w, map[string]any{"from": q.from.UTC(), "to": q.to.UTC(), "traces": found, "more": more})
}
