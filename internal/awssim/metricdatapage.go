package awssim

import (
	"slices"
	"time"
)

// pageToken is where GetMetricData goes on. Its pages show one moment; it is good for the same request only.
type pageToken struct {
	At      int64  // Unix nanoseconds
	Segment int    // of the plan
	Offset  int    // datapoints of the segment that were sent
	Cut     uint64 // seed of the plan's cuts; 0: none
	Request uint64 // hash of the request
}

// segment is a piece of a query's points that is sent in one go where the page allows it. The PartialData fault cuts a query in two, of which the
// second comes on a later page.
type segment struct {
	query  int
	second bool
}

// plan says in which order queries are sent.
func plan(queries []query, cut uint64) (segments []segment, firstPage int) {
	for i := range queries {
		if queries[i].show {
			segments = append(segments, segment{query: i})
		}
	}
	firstPage = len(segments)
	if cut != 0 {
		for i := range queries {
			if queries[i].show && isCut(&queries[i], cut) {
				segments = append(segments, segment{query: i, second: true})
			}
		}
	}
	return segments, firstPage
}

func isCut(q *query, cut uint64) bool { return cut != 0 && hashStrings(cut, q.id)&1 == 0 }

// answerQueries computes a page of the answer.
func (s *Server) answerQueries(x *exchange, in *metricDataInput, queries []query) (any, error) {
	token := pageToken{At: x.now.UnixNano(), Request: in.hash()}
	if x.verdict.partial {
		token.Cut = x.verdict.seed | 1
	}
	if in.NextToken != "" {
		x.call.FollowUp = true
		request := token.Request
		if in.NextToken != endlessToken && !decodeToken(in.NextToken, &token) || token.Request != request || token.Segment < 0 || token.Offset < 0 {
			return nil, invalidToken(x.op.service)
		}
	}
	limit := s.page(maxDatapoints)
	if in.MaxDatapoints != nil {
		limit = min(limit, int(*in.MaxDatapoints))
	}
	p := pager{
		server: s, exchange: x, queries: queries, token: token, limit: limit,
		now: time.Unix(0, token.At), lateness: s.published.currentLateness(),
		descending: in.ScanBy != "TimestampAscending",
		seen:       map[slotsKey][]slot{},
		out:        &metricDataOutput{MetricDataResults: make([]metricDataResult, 0, len(queries)), Messages: []messageData{}},
	}
	p.start = roundStart(in.StartTime.Time, p.now)
	p.end = minuteAtOrAfter(in.EndTime.Time)
	p.fill()
	x.call.Datapoints = p.sent
	if s.config.EnforceQuotas && !s.quotas.allowDatapoints(x.caller, x.now, in.StartTime.Time, p.sent) {
		return nil, throttled(x.op.service)
	}
	return p.out, nil
}

// pager fills one page.
type pager struct {
	server     *Server
	exchange   *exchange
	queries    []query
	token      pageToken
	limit      int
	now        time.Time
	lateness   Lateness
	descending bool
	start, end int64
	out        *metricDataOutput
	sent       int
	seen       map[slotsKey][]slot // the statistics of a metric share their slots
}

// slots returns the slots of a query; none where CloudWatch has no such series.
func (p *pager) slots(q *query) []slot {
	if !q.exists {
		return nil
	}
	key := slotsKey{q.series.hash, q.period}
	found, ok := p.seen[key]
	if !ok {
		found = p.server.slots(q, p.start, p.end, p.now, p.lateness)
		p.seen[key] = found
	}
	return found
}

// fill sends segments until the page is full or, at the end of the first pass of a cut plan, comes to the second.
func (p *pager) fill() {
	segments, firstPage := plan(p.queries, p.token.Cut)
	begin := p.token.Segment
	for i := begin; i < len(segments); i++ {
		if p.sent >= p.limit || i == firstPage && begin < firstPage {
			p.next(i, 0)
			return
		}
		offset := 0
		if i == begin {
			offset = p.token.Offset
		}
		if rest := p.send(segments[i], offset); rest > 0 {
			p.next(i, rest)
			return
		}
	}
}

func (p *pager) next(segment, offset int) {
	t := p.token
	t.Segment, t.Offset = segment, offset
	p.out.NextToken = encodeToken(t)
}

// send adds a segment's points from the offset on. It returns the offset to go on from if the page was too small, else 0.
func (p *pager) send(seg segment, offset int) int {
	q := &p.queries[seg.query]
	result := metricDataResult{ID: q.id, Label: q.label, Timestamps: stamps{}, Values: floats{}, StatusCode: statusComplete}
	switch {
	case p.exchange.denied == Forbidden:
		result.StatusCode = statusForbidden
		result.Messages = []messageData{{"Forbidden", "You are not authorized to access this metric data"}}
	case p.exchange.verdict.internal && hashStrings(p.exchange.verdict.seed, q.id)%3 == 0:
		result.StatusCode = statusInternalError
	default:
		return p.sendPoints(q, seg, offset, result)
	}
	p.out.MetricDataResults = append(p.out.MetricDataResults, result)
	return 0
}

func (p *pager) sendPoints(q *query, seg segment, offset int, result metricDataResult) int {
	times, values := q.points(p.slots(q))
	if p.descending {
		slices.Reverse(times)
		slices.Reverse(values)
	}
	from, to := 0, len(times)
	if isCut(q, p.token.Cut) {
		if seg.second {
			from = len(times) / 2
		} else {
			to, result.StatusCode = len(times)/2, statusPartialData
		}
	}
	from = min(from+offset, to)
	rest := 0
	if room := p.limit - p.sent; to-from > room {
		to, rest, result.StatusCode = from+room, offset+room, statusPartialData
	}
	if from < to {
		result.Timestamps, result.Values = times[from:to], values[from:to]
	}
	p.sent += to - from
	p.out.MetricDataResults = append(p.out.MetricDataResults, result)
	return rest
}

// hash is that of everything but the token.
func (in *metricDataInput) hash() uint64 {
	h := hashStrings(uint64(in.StartTime.UnixNano())^mix(uint64(in.EndTime.UnixNano())), in.ScanBy)
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		h = hashStrings(h, q.ID, q.MetricStat.Stat, q.MetricStat.Metric.MetricName)
		for _, d := range q.MetricStat.Metric.Dimensions {
			h = hashStrings(h, d.Name, d.Value)
		}
	}
	return h
}
