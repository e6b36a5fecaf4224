package awssim

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// maxTraceSummaries is how many summaries a page has at most. AWS documents none.
	maxTraceSummaries = 100
	// maxScannedTraces is how many traces a page looks at: where a filter leaves few of them, pages are short or empty.
	maxScannedTraces = 1000
	// maxTraceWindow is the longest window of GetTraceSummaries. AWS documents none; clients are written for a day.
	maxTraceWindow = 24 * time.Hour
)

// traceSummariesOutput is the answer of GetTraceSummaries.
type traceSummariesOutput struct {
	ApproximateTime      float64
	TraceSummaries       []traceSummary
	TracesProcessedCount int
	NextToken            string `json:",omitempty"`
}

// traceSummary is a trace as GetTraceSummaries lists it.
type traceSummary struct {
	ID                                         string     `json:"Id,omitempty"`
	StartTime                                  xrayNumber `json:",omitempty"`
	Duration                                   xrayNumber
	ResponseTime                               xrayNumber `json:",omitempty"`
	HasFault, HasError, HasThrottle, IsPartial bool
	HTTP                                       members                  `json:"Http,omitempty"`
	Annotations                                map[string][]*traceValue `json:",omitzero"`
	Users                                      []*traceUser             `json:",omitzero"`
	ServiceIds                                 []serviceID              `json:",omitzero"` //nolint:revive // AWS's own spelling
	ResourceARNs                               []members                `json:",omitzero"`
	EntryPoint                                 *serviceID               `json:",omitempty"`
	Revision                                   int
	MatchedEventTime                           xrayNumber `json:",omitempty"`
}

// serviceID is a service of the map: a segment's name and origin.
type serviceID struct {
	Name      string
	Names     []string
	AccountID string `json:"AccountId,omitempty"`
	Type      string `json:",omitempty"`
}

// traceValue is a value of an annotation with the services that have it.
type traceValue struct {
	AnnotationValue members
	ServiceIds      []serviceID //nolint:revive // AWS's own spelling
	value           any
}

type traceUser struct {
	UserName   string
	ServiceIds []serviceID //nolint:revive // AWS's own spelling
}

// summaryToken is the state of a pagination: the page goes on before that trace.
type summaryToken struct {
	Hash            uint64
	Issued          int64 // Unix seconds
	At              int64
	Source, Request int32
	WasNull         bool // the page was empty on purpose
}

// getTraceSummaries answers the next page of the traces of a window, the newest first.
func (s *Server) getTraceSummaries(x *exchange) (any, error) {
	in, err := x.xrayInput()
	if err != nil {
		return nil, err
	}
	from, to, err := in.window()
	if err != nil {
		return nil, err
	}
	if to-from > maxTraceWindow.Milliseconds() {
		return nil, invalidRequest("The time range must not be longer than %s.", maxTraceWindow)
	}
	filter, err := parseFilter(in.FilterExpression)
	if err != nil {
		return nil, err
	}
	arrival := s.traces.currentArrival()
	scan := traceScan{
		server: s, region: s.traces.region(x.caller.account, x.caller.region), now: x.now.UnixMilli(), from: from, to: to, kind: in.TimeRangeType, filter: filter,
		limit: s.page(maxTraceSummaries), out: &traceSummariesOutput{ApproximateTime: float64(from) / 1000, TraceSummaries: []traceSummary{}},
	}
	first := max(from, x.now.Add(-traceRetention).UnixMilli())
	switch in.TimeRangeType {
	case "", "TraceId":
	case "Event", "Service":
		first -= arrival.reach().Milliseconds()
	default:
		return nil, invalidRequest("TimeRangeType %q is not one of TraceId, Event, Service.", in.TimeRangeType)
	}
	hash := hashStrings(0, in.FilterExpression, in.TimeRangeType, fmt.Sprint(from, to))
	newest := min(to, scan.now+1)
	token := summaryToken{At: newest, Source: math.MinInt32}
	if in.NextToken != "" && (!decodeToken(in.NextToken, &token) || token.Hash != hash || x.now.Sub(time.Unix(token.Issued, 0)) > logTokenLife) {
		return nil, invalidRequest("The specified NextToken is invalid.")
	}
	token.At = min(token.At, newest)
	next := summaryToken{Hash: hash, Issued: x.now.Unix(), At: token.At, Source: token.Source, Request: token.Request, WasNull: true}
	more := true
	if !x.verdict.empty || token.WasNull {
		var last traceEntry
		last, more = scan.run(first, &traceEntry{at: token.At, source: token.Source, request: token.Request})
		next.At, next.Source, next.Request, next.WasNull = last.at, last.source, last.request, false
	}
	if more {
		scan.out.NextToken = encodeToken(next)
	}
	x.call.Scanned, x.call.Traces = scan.out.TracesProcessedCount, len(scan.out.TraceSummaries)
	s.billed.add(x.caller, TraceCount{Scanned: int64(scan.out.TracesProcessedCount)})
	return scan.out, nil
}

// traceScan collects the summaries of a page.
type traceScan struct {
	server   *Server
	region   *traceRegion
	now      int64
	from, to int64
	kind     string
	filter   traceFilter
	limit    int
	out      *traceSummariesOutput
}

// run goes back in time from before an entry down to the first millisecond. It returns the last entry that it looked at, and whether there are more.
func (s *traceScan) run(first int64, upTo *traceEntry) (traceEntry, bool) {
	last := *upTo
	for minute := floorDiv(upTo.at, 60_000); minute >= floorDiv(first, 60_000); minute-- {
		m := s.server.traces.minute(s.region, minute)
		for k := m.before(upTo) - 1; k >= 0; k-- {
			e := &m.entries[k]
			if e.at < first {
				return last, false
			}
			if len(s.out.TraceSummaries) >= s.limit || s.out.TracesProcessedCount >= maxScannedTraces {
				return last, true
			}
			s.look(minute, e)
			last = *e
		}
	}
	return last, false
}

// look adds a trace to the page if it is there, of the window, and what the filter wants.
func (s *traceScan) look(minute int64, e *traceEntry) {
	if s.kind != "Event" && s.kind != "Service" && (e.at < s.from || e.at >= s.to) {
		return
	}
	t, ok := s.server.traces.build(s.region, minute, e).show(s.now)
	if !ok {
		return
	}
	var event xrayNumber
	switch s.kind {
	case "Event":
		at, ok := t.changed(s.from, s.to)
		if !ok {
			return
		}
		event = xrayNumber(float64(at) / 1000)
	case "Service":
		if !t.ended(s.from, s.to) {
			return
		}
	}
	s.out.TracesProcessedCount++
	s.out.ApproximateTime = float64(e.at) / 1000
	if s.filter != nil && !s.filter(&t) {
		return
	}
	summary := t.summary()
	summary.MatchedEventTime = event
	s.out.TraceSummaries = append(s.out.TraceSummaries, summary)
}

// summary is the trace as GetTraceSummaries lists it.
func (s *shown) summary() traceSummary {
	out := traceSummary{
		ID: s.id, StartTime: xrayNumber(float64(s.at) / 1000), Duration: secondsOf(s.duration()), IsPartial: s.partial, Revision: s.revision,
		Annotations: map[string][]*traceValue{}, Users: []*traceUser{}, ResourceARNs: []members{},
	}
	if root, progress := s.root(); root != nil {
		id := s.service(root)
		out.EntryPoint = &id
		out.HTTP = root.http.summary(progress)
		if !progress {
			out.ResponseTime = secondsOf(root.end - root.start)
			out.HasFault, out.HasError, out.HasThrottle = root.ending.fault, root.ending.err, root.ending.throttle
		}
	}
	s.each(func(segment, n *node, _ bool) {
		id := s.service(segment)
		if segment == n {
			out.ServiceIds = append(out.ServiceIds, id)
			if n.arn != "" && !slices.ContainsFunc(out.ResourceARNs, func(m members) bool { return m["ARN"] == n.arn }) {
				out.ResourceARNs = append(out.ResourceARNs, members{"ARN": n.arn})
			}
		}
		for _, a := range n.annotations {
			out.annotate(a, id)
		}
		if n.user != "" {
			out.Users = append(out.Users, &traceUser{n.user, []serviceID{id}})
		}
	})
	return out
}

// annotate adds an annotation, to the value's services where it is known already.
func (t *traceSummary) annotate(a member, id serviceID) {
	for _, known := range t.Annotations[a.name] {
		if known.value == a.value {
			known.ServiceIds = append(known.ServiceIds, id)
			return
		}
	}
	kind := "NumberValue"
	switch a.value.(type) {
	case string:
		kind = "StringValue"
	case bool:
		kind = "BooleanValue"
	}
	t.Annotations[a.name] = append(t.Annotations[a.name], &traceValue{members{kind: a.value}, []serviceID{id}, a.value})
}

func (t *trace) service(segment *node) serviceID {
	return serviceID{Name: segment.name, Names: []string{segment.name}, AccountID: t.account, Type: segment.origin}
}

// summary is the Http member of a trace's summary.
func (h *nodeHTTP) summary(progress bool) members {
	if h == nil {
		return nil
	}
	out := members{}
	out.text("HttpURL", h.url)
	out.text("HttpMethod", h.method)
	out.text("UserAgent", h.agent)
	out.text("ClientIp", h.clientIP)
	if h.status != 0 && !progress {
		out["HttpStatus"] = h.status
	}
	return out
}
