package awssim

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxTraceIDs is how many traces a BatchGetTraces asks for at most (X-Ray API Reference).
	maxTraceIDs = 5
	// maxTracesPage is how large the documents of a page are before the next page begins, in bytes. AWS documents none.
	maxTracesPage = 1 << 20
)

// xrayInput is what all requests to X-Ray are made of; each operation knows some of the members.
type xrayInput struct {
	StartTime        *float64 // Unix seconds
	EndTime          *float64
	TimeRangeType    string
	FilterExpression string
	Sampling         bool
	TraceIds         []string //nolint:revive // AWS's own spelling
	RetrievalToken   string
	TraceFormat      string
	NextToken        string
}

func (x *exchange) xrayInput() (*xrayInput, error) {
	in := &xrayInput{}
	if len(x.body) > 0 {
		if err := json.Unmarshal(x.body, in); err != nil {
			return nil, &wireError{status: http.StatusBadRequest, code: "SerializationException", message: "cannot decode the request: " + err.Error()}
		}
	}
	x.call.FollowUp = in.NextToken != ""
	if in.NextToken == endlessToken {
		in.NextToken = ""
	}
	return in, nil
}

// window returns [StartTime, EndTime) in Unix milliseconds.
func (in *xrayInput) window() (from, to int64, err error) {
	if in.StartTime == nil || in.EndTime == nil {
		return 0, 0, invalidRequest("StartTime and EndTime are required.")
	}
	for _, v := range []float64{*in.StartTime, *in.EndTime} {
		if !(v >= 0 && v < 1e11) {
			return 0, 0, invalidRequest("A time is out of range.")
		}
	}
	from, to = int64(math.Round(*in.StartTime*1000)), int64(math.Round(*in.EndTime*1000))
	if to < from {
		return 0, 0, invalidRequest("EndTime must not be before StartTime.")
	}
	return from, to, nil
}

// xrayNumber is a double that may be no number, as rest-json writes it.
type xrayNumber float64

// MarshalJSON writes NaN and the infinities as text.
func (n xrayNumber) MarshalJSON() ([]byte, error) {
	v := float64(n)
	switch {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`), nil
	default:
		return strconv.AppendFloat(nil, v, 'f', -1, 64), nil
	}
}

// secondsOf are microseconds as X-Ray's answers have durations and times.
func secondsOf(us int64) xrayNumber { return xrayNumber(float64(us) / 1e6) }

// traceDocument is a segment or span of an answer.
type traceDocument struct {
	ID       string `json:"Id,omitempty"`
	Document string `json:",omitempty"`
}

// tracesOutput is the answer of BatchGetTraces and ListRetrievedTraces.
type tracesOutput struct {
	Traces              []members
	UnprocessedTraceIds []string `json:",omitzero"` //nolint:revive // AWS's own spelling
	RetrievalStatus     string   `json:",omitempty"`
	TraceFormat         string   `json:",omitempty"`
	NextToken           string   `json:",omitempty"`
}

// parseTraceID reads a trace id in X-Ray's form, 1-8-24 digits.
func parseTraceID(text string) (seconds int64, id traceID, ok bool) {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || parts[0] != "1" || len(parts[1]) != 8 || len(parts[2]) != 24 {
		return 0, id, false
	}
	when, err := strconv.ParseUint(parts[1], 16, 32)
	high, err2 := strconv.ParseUint(parts[2][:16], 16, 64)
	low, err3 := strconv.ParseUint(parts[2][16:], 16, 32)
	return int64(when), traceID{high, uint32(low)}, err == nil && err2 == nil && err3 == nil
}

// searched reports whether the segments of a trace that began at a time go to CloudWatch Logs.
func (r *Region) searched(ms int64) bool {
	return r.TransactionSearch && (r.TransactionSearchSince.IsZero() || ms >= r.TransactionSearchSince.UnixMilli())
}

// batchGetTraces answers the traces of up to five ids. Those that X-Ray does not have, or has not yet, are left out.
func (s *Server) batchGetTraces(x *exchange) (any, error) {
	in, err := x.xrayInput()
	if err != nil {
		return nil, err
	}
	if len(in.TraceIds) < 1 || len(in.TraceIds) > maxTraceIDs {
		return nil, invalidRequest("TraceIds must have between 1 and %d members, and has %d.", maxTraceIDs, len(in.TraceIds))
	}
	at, err := in.offset(len(in.TraceIds), hashStrings(0, in.TraceIds...), x.now)
	if err != nil {
		return nil, err
	}
	region := s.traces.region(x.caller.account, x.caller.region)
	out, size := &tracesOutput{Traces: []members{}, UnprocessedTraceIds: []string{}}, 0
	for ; at < len(in.TraceIds); at++ {
		id := in.TraceIds[at]
		seconds, known, ok := parseTraceID(id)
		if !ok {
			return nil, invalidRequest("Invalid trace ID: %s", id)
		}
		if float64(hashStrings(x.verdict.seed, id)>>11) < x.verdict.unprocessed*(1<<53) {
			out.UnprocessedTraceIds = append(out.UnprocessedTraceIds, id)
			continue
		}
		if size > maxTracesPage || len(out.Traces) >= s.page(maxTraceIDs) {
			break
		}
		t := s.traces.find(region, seconds, known)
		if t == nil || region.region.searched(t.at) || s.forgotten(x.now, t.at) {
			continue
		}
		if shown, ok := t.show(x.now.UnixMilli()); ok {
			one, n := shown.full()
			out.Traces, size = append(out.Traces, one), size+n
		}
	}
	if at < len(in.TraceIds) {
		out.NextToken = encodeToken(offsetToken{hashStrings(0, in.TraceIds...), x.now.Unix(), at})
	}
	x.call.Traces = len(out.Traces)
	s.billed.add(x.caller, TraceCount{Retrieved: int64(len(out.Traces))})
	return out, nil
}

// traceRetention is how long X-Ray keeps traces (X-Ray quotas).
const traceRetention = 30 * 24 * time.Hour

func (s *Server) forgotten(now time.Time, at int64) bool {
	return at < now.Add(-traceRetention).UnixMilli()
}

// offsetToken is the state of a pagination of what the caller listed.
type offsetToken struct {
	Hash   uint64
	Issued int64 // Unix seconds
	At     int
}

// offset is where the caller's token goes on.
func (in *xrayInput) offset(entries int, hash uint64, now time.Time) (int, error) {
	if in.NextToken == "" {
		return 0, nil
	}
	var t offsetToken
	if !decodeToken(in.NextToken, &t) || t.Hash != hash || t.At < 0 || t.At > entries || now.Sub(time.Unix(t.Issued, 0)) > logTokenLife {
		return 0, invalidRequest("The specified NextToken is invalid.")
	}
	return t.At, nil
}

// full is the trace as BatchGetTraces answers it, and the size of its documents.
func (s *shown) full() (members, int) {
	documents, size := []traceDocument{}, 0
	for i := range s.parts {
		p := &s.parts[i]
		if seen, progress := s.sees(p); seen {
			d := traceDocument{hexID(p.root.id), string(s.appendSegment(make([]byte, 0, 2048), p.root, progress))}
			documents, size = append(documents, d), size+len(d.Document)
		}
	}
	return members{"Id": s.id, "Duration": secondsOf(s.duration()), "LimitExceeded": false, "Segments": documents}, size
}

// getTraceSegmentDestination says where the account's segments go.
func (s *Server) getTraceSegmentDestination(x *exchange) (any, error) {
	destination := "XRay"
	if x.caller.account.region(x.caller.region).searched(x.now.UnixMilli()) {
		destination = "CloudWatchLogs"
	}
	return members{"Destination": destination, "Status": "ACTIVE"}, nil
}

// TraceCount is what X-Ray bills: traces that GetTraceSummaries looked at, and traces that were retrieved.
type TraceCount struct {
	Scanned   int64 `json:"scanned"`
	Retrieved int64 `json:"retrieved"`
}

// traceCounts are the counts of all accounts and regions.
type traceCounts struct {
	mu sync.Mutex
	by map[string]TraceCount
}

func (t *traceCounts) add(c caller, n TraceCount) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[string]TraceCount{}
	}
	key := c.account.ID + "/" + c.region
	have := t.by[key]
	t.by[key] = TraceCount{have.Scanned + n.Scanned, have.Retrieved + n.Retrieved}
}

// TraceCounts returns how many traces were scanned and retrieved, by "account/region". A trace counts each time that it is.
func (s *Server) TraceCounts() map[string]TraceCount {
	s.billed.mu.Lock()
	defer s.billed.mu.Unlock()
	out := map[string]TraceCount{}
	for key, n := range s.billed.by {
		out[key] = n
	}
	return out
}
