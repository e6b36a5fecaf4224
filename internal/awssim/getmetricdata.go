package awssim

import (
	"slices"
	"strings"
	"time"
)

// Limits of GetMetricData (CloudWatch API reference).
const (
	maxMetricDataQueries = 500     // queries a request
	maxDatapoints        = 100_800 // datapoints a page, and the largest MaxDatapoints
	maxQueryID           = 255     // characters of a query's Id
	maxDimensions        = 30      // dimensions of a metric
)

// How long CloudWatch keeps points, by their period (CloudWatch User Guide, metrics retention).
const (
	retention1m = 15 * 24 * time.Hour
	retention5m = 63 * 24 * time.Hour
	retention1h = 455 * 24 * time.Hour
)

// metricDataInput is a GetMetricData request.
type metricDataInput struct {
	MetricDataQueries  []metricDataQuery
	StartTime, EndTime *instant
	NextToken          string
	ScanBy             string
	MaxDatapoints      *int32
}

type metricDataQuery struct {
	ID         string `json:"Id" cbor:"Id"`
	MetricStat *metricStat
	Expression string
	Label      string
	ReturnData *bool
	Period     int32
	AccountID  string `json:"AccountId" cbor:"AccountId"`
}

type metricStat struct {
	Metric metricID
	Period int32
	Stat   string
	Unit   string
}

// metricDataOutput is its answer.
type metricDataOutput struct {
	MetricDataResults []metricDataResult
	Messages          []messageData
	NextToken         string `json:",omitempty" cbor:",omitempty"`
}

type metricDataResult struct {
	ID         string `json:"Id,omitempty" cbor:"Id,omitempty"`
	Label      string
	Timestamps stamps
	Values     floats
	StatusCode string        `json:",omitempty" cbor:",omitempty"`
	Messages   []messageData `json:",omitempty" cbor:",omitempty"`
}

type messageData struct{ Code, Value string }

// Status codes of a result.
const (
	statusComplete      = "Complete"
	statusPartialData   = "PartialData"
	statusInternalError = "InternalError"
	statusForbidden     = "Forbidden"
)

var (
	cwUnits  = strings.Fields("Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None")
	scanners = []string{"", "TimestampDescending", "TimestampAscending"}
)

// query is a checked metricDataQuery.
type query struct {
	id, label string
	stat      statistic
	period    int64 // minutes
	series    series
	exists    bool // CloudWatch may have such a series, in that unit
	show      bool // ReturnData
}

func (s *Server) getMetricData(x *exchange) (any, error) {
	var in metricDataInput
	if err := decodeInput(x.op.protocol, x.body, &in); err != nil {
		return nil, err
	}
	x.call.Queries = len(in.MetricDataQueries)
	queries, err := s.checkQueries(x, &in)
	if err != nil {
		return nil, err
	}
	x.call.MinStart, x.call.MaxEnd = in.StartTime.Time, in.EndTime.Time
	return s.answerQueries(x, &in, queries)
}

// checkQueries validates a request as CloudWatch does.
func (s *Server) checkQueries(x *exchange, in *metricDataInput) ([]query, error) {
	switch {
	case len(in.MetricDataQueries) == 0:
		return nil, validation("The parameter MetricDataQueries is required.")
	case len(in.MetricDataQueries) > maxMetricDataQueries:
		return nil, validation("The collection MetricDataQueries must not have a size greater than %d.", maxMetricDataQueries)
	case in.StartTime == nil:
		return nil, validation("The parameter StartTime is required.")
	case in.EndTime == nil:
		return nil, validation("The parameter EndTime is required.")
	case !in.StartTime.Before(in.EndTime.Time):
		return nil, validation("The parameter StartTime must be less than the parameter EndTime.")
	case in.MaxDatapoints != nil && (*in.MaxDatapoints < 1 || *in.MaxDatapoints > maxDatapoints):
		return nil, validation("The parameter MaxDatapoints must be between 1 and %d.", maxDatapoints)
	case !slices.Contains(scanners, in.ScanBy):
		return nil, validation("1 validation error detected: Value '%s' at 'scanBy' failed to satisfy constraint: Member must satisfy enum value set: [TimestampDescending, TimestampAscending]", in.ScanBy)
	}
	known := s.series(x.caller)
	ids := make(map[string]bool, len(in.MetricDataQueries))
	metrics := make(map[uint64]bool, len(in.MetricDataQueries))
	queries := make([]query, len(in.MetricDataQueries))
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		if !validID(q.ID) {
			return nil, validation("The value %s for parameter MetricDataQueries.member.%d.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*.", q.ID, i+1)
		}
		if ids[q.ID] {
			return nil, validation("The values for parameter id in MetricDataQueries are not unique.")
		}
		ids[q.ID] = true
		checked, err := q.check(i+1, known)
		if err != nil {
			return nil, err
		}
		if own := q.AccountID; own != "" && own != x.caller.account.ID {
			checked.exists = false // no accounts are linked
		}
		queries[i] = checked
		metrics[checked.series.hash] = true
	}
	x.call.DistinctMetrics = len(metrics)
	return queries, nil
}

// validID reports whether an Id is one: ^[a-z][a-zA-Z0-9_]*$.
func validID(id string) bool {
	if id == "" || len(id) > maxQueryID || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// check validates the n-th query and looks its series up.
func (q *metricDataQuery) check(n int, known *regionSeries) (query, error) {
	m := q.MetricStat
	switch {
	case q.Expression != "" && m != nil:
		return query{}, validation("The parameters MetricDataQueries.member.%d.MetricStat and MetricDataQueries.member.%d.Expression are mutually exclusive and you have specified both.", n, n)
	case q.Expression != "":
		return query{}, validation("Error in expression '%s': awssim does not imitate metric math, SEARCH and Metrics Insights", q.ID)
	case m == nil:
		return query{}, validation("Either MetricDataQueries.member.%d.MetricStat or MetricDataQueries.member.%d.Expression is required.", n, n)
	case m.Metric.MetricName == "" || m.Metric.Namespace == "":
		return query{}, validation("The parameters MetricDataQueries.member.%d.MetricStat.Metric.Namespace and MetricName are required.", n)
	case len(m.Metric.Dimensions) > maxDimensions:
		return query{}, validation("The collection MetricDataQueries.member.%d.MetricStat.Metric.Dimensions must not have a size greater than %d.", n, maxDimensions)
	case m.Unit != "" && !slices.Contains(cwUnits, m.Unit):
		return query{}, validation("The parameter MetricDataQueries.member.%d.MetricStat.Unit must be a value in the set.", n)
	}
	if p := m.Period; p <= 0 || p%60 != 0 && !slices.Contains([]int32{1, 5, 10, 20, 30}, p) {
		return query{}, validation("The parameter MetricDataQueries.member.%d.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.", n)
	}
	stat, ok := parseStatistic(m.Stat)
	if !ok {
		return query{}, validation("The value %s for parameter MetricDataQueries.member.%d.MetricStat.Stat is not supported.", m.Stat, n)
	}
	out := query{
		id: q.ID, label: q.Label, stat: stat, period: int64(m.Period) / 60,
		show: q.ReturnData == nil || *q.ReturnData,
	}
	if out.label == "" {
		out.label = m.Metric.MetricName
	}
	out.series, out.exists = known.find(m.Metric.MetricName, m.Metric.Dimensions)
	out.exists = out.exists && m.Metric.Namespace == namespace && out.period > 0 &&
		(m.Unit == "" || m.Unit == metricUnits[out.series.metric.code])
	return out, nil
}

// roundStart rounds a start time down as CloudWatch does: the older, the coarser.
func roundStart(start, now time.Time) int64 {
	minute := minuteOf(start)
	switch age := now.Sub(start); {
	case age > retention5m:
		return floorDiv(minute, 60) * 60
	case age > retention1m:
		return floorDiv(minute, 5) * 5
	default:
		return minute
	}
}

// kept reports whether CloudWatch still has a point of that period, in minutes, at that age.
func kept(age time.Duration, period int64) bool {
	switch {
	case age > retention1h:
		return false
	case age > retention5m:
		return period%60 == 0
	case age > retention1m:
		return period%5 == 0
	default:
		return true
	}
}

// slot holds what a series has in one period.
type slot struct {
	at    int64 // Unix minute
	parts []*distribution
}

// slotsKey names the slots of a series within a request, whose interval is the same for all queries.
type slotsKey struct {
	series uint64
	period int64
}

// slots returns the periods of [start, end) in which a series has samples, ascending. Periods count from the (rounded) start; one that the end
// cuts holds the part before it. (Whether AWS counts from the start or from the hour is not documented; for aligned requests it is the same.)
func (s *Server) slots(q *query, start, end int64, now time.Time, lateness Lateness) []slot {
	var out []slot
	end = min(end, minuteOf(now)+1)
	if oldest := minuteOf(now.Add(-retention1h)); start < oldest {
		start += (oldest - start) / q.period * q.period
	}
	for at := start; at < end; at += q.period {
		if !kept(now.Sub(minuteStart(at)), q.period) {
			continue
		}
		var parts []*distribution
		for minute := at; minute < min(at+q.period, end); minute++ {
			parts = s.collect(parts, q.series, minute, now, lateness)
		}
		if len(parts) > 0 {
			out = append(out, slot{at, parts})
		}
	}
	return out
}

// collect appends what the sources of a series have in a minute.
func (s *Server) collect(parts []*distribution, of series, minute int64, now time.Time, lateness Lateness) []*distribution {
	if lateness.hidden(of.hash, minute, now) {
		return parts
	}
	for _, src := range of.group.sources {
		if minute < src.since {
			continue
		}
		if d := s.published.point(src.info, seriesKey{src.sel, of.metric.code}, minute, now, lateness); d != nil {
			parts = append(parts, d)
		}
	}
	return parts
}

// points computes a query's points of its slots, ascending.
func (q *query) points(slots []slot) (stamps, floats) {
	times, values := make(stamps, 0, len(slots)), make(floats, 0, len(slots))
	for _, slot := range slots {
		if v, ok := q.stat.of(q.combine(slot.parts)); ok {
			times, values = append(times, slot.at*60), append(values, v)
		}
	}
	return times, values
}

// combine merges the samples of a period; count, sum and extremes need no more than an outline of them.
func (q *query) combine(parts []*distribution) *distribution {
	if len(parts) == 1 {
		return parts[0]
	}
	if !q.stat.basic() {
		return merge(parts)
	}
	lo, hi := parts[0].values[0], parts[0].values[len(parts[0].values)-1]
	out := &distribution{}
	for _, p := range parts {
		lo, hi = min(lo, p.values[0]), max(hi, p.values[len(p.values)-1])
		out.n, out.sum = out.n+p.n, out.sum+p.sum
	}
	out.values = []int32{lo, hi}
	return out
}
