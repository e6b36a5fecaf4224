package awssim

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// streamLookback is how many minutes back the last event of a log stream is searched.
const streamLookback = 60

// describeLogStreams lists the log streams of a group.
func (s *Server) describeLogStreams(x *exchange) (any, error) {
	in, g, group, limit, err := s.readLogs(x, maxLogGroups)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == "LastEventTime"
	if byTime && in.LogStreamNamePrefix != "" {
		return nil, invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	if !byTime && in.OrderBy != "" && in.OrderBy != "LogStreamName" {
		return nil, invalidParameter("Value '%s' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [LogStreamName, LastEventTime]", in.OrderBy)
	}
	hash := in.hash(g.name)
	token, err := in.token(hash, x.now)
	if err != nil {
		return nil, err
	}
	all := s.streams(x, g, group, in)
	slices.SortFunc(all, func(a, b members) int {
		order := strings.Compare(a["logStreamName"].(string), b["logStreamName"].(string))
		if byTime {
			last := func(m members) int64 { ms, _ := m["lastEventTimestamp"].(int64); return ms }
			order = cmp.Or(cmp.Compare(last(a), last(b)), order)
		}
		if in.Descending {
			return -order
		}
		return order
	})
	from := 0
	if token != nil {
		from = int(min(token.Index, int64(len(all))))
	}
	to := min(from+limit, len(all))
	out := members{"logStreams": append([]members{}, all[from:to]...)}
	if to < len(all) {
		out["nextToken"] = encodeToken(&logToken{Hash: hash, Issued: x.now.Unix(), Index: int64(to)})
	}
	return out, nil
}

// streams describes all log streams of a group, those of a backlog not.
func (s *Server) streams(x *exchange, g *logGroup, group *LogGroup, in *logsInput) []members {
	last := map[string][2]int64{}
	w := lineWriter{published: s.published}
	now := minuteOf(x.now)
	for minute := now - streamLookback; minute <= now; minute++ {
		entries := s.logged.minute(g, minute)
		for i := range entries {
			if e := &entries[i]; e.visible(minute, x.now) {
				at := minute*60_000 + int64(e.offset)
				last[g.sources[e.source].stream(&w, minute, e)] = [2]int64{at, at + int64(e.delay)}
			}
		}
	}
	created := group.Created
	if created.IsZero() {
		created = minuteStart(0)
	}
	var all []members
	seen := map[string]bool{}
	for _, source := range g.sources {
		for _, name := range source.streams() {
			if seen[name] || !strings.HasPrefix(name, in.LogStreamNamePrefix) {
				continue
			}
			seen[name] = true
			stream := members{
				"logStreamName": name, "creationTime": created.UnixMilli(), "storedBytes": 0, "uploadSequenceToken": "0",
				"arn": logGroupARN(x.caller, g.name) + ":log-stream:" + name,
			}
			if times, ok := last[name]; ok {
				stream["firstEventTimestamp"] = group.oldest(x.now).UnixMilli()
				stream["lastEventTimestamp"], stream["lastIngestionTime"] = times[0], times[1]
			}
			all = append(all, stream)
		}
	}
	return all
}

// getLogEvents answers a page of a log stream, forward or backward.
func (s *Server) getLogEvents(x *exchange) (any, error) {
	in, g, group, limit, err := s.readLogs(x, maxLogEvents)
	if err != nil {
		return nil, err
	}
	if group.Bulk != nil {
		return nil, invalidParameter("awssim: a backlog can only be read with FilterLogEvents")
	}
	known := func(source logSource) bool { return slices.Contains(source.streams(), in.LogStreamName) }
	if !slices.ContainsFunc(g.sources, known) {
		return nil, &wireError{status: 400, code: "ResourceNotFoundException", message: "The specified log stream does not exist."}
	}
	hash := in.hash(g.name)
	end := min(in.end(x.now)-1, group.lastEvent(x.now)) // endTime itself is not included
	backward, at, err := in.place(hash, end, x.now)
	if err != nil {
		return nil, err
	}
	r := logReader{
		server: s, x: x, group: g, life: group, page: newLogPage(x.verdict.malformed), limit: limit,
		end: end, wanted: func(name string) bool { return name == in.LogStreamName },
	}
	var first, last position
	if backward {
		first, last = r.backward(at, max(deref(in.StartTime), 0))
	} else if first, last = r.span(at); r.page.events == 0 && !r.more {
		first, last = at, at
	}
	write := func(direction string, p position) string {
		return direction + encodeToken(&logToken{Hash: hash, Issued: x.now.Unix() / 86_400 * 86_400, At: p})
	}
	x.call.Events = r.page.events
	r.page.finish("", [2]string{"nextForwardToken", write("f/", last)}, [2]string{"nextBackwardToken", write("b/", first)})
	x.call.Bytes = len(r.page.body)
	return r.page, nil
}

// place is where a page of GetLogEvents begins, and its direction.
func (in *logsInput) place(hash uint64, end int64, now time.Time) (backward bool, at position, err error) {
	if in.NextToken == "" {
		if in.StartFromHead {
			return false, before(max(deref(in.StartTime), 0)), nil
		}
		return true, before(end + 1), nil
	}
	direction, text, _ := strings.Cut(in.NextToken, "/")
	plain := *in
	plain.NextToken = text
	token, err := plain.token(hash, now)
	if err != nil || token == nil || direction != "f" && direction != "b" {
		return false, position{}, invalidParameter("The specified nextToken is invalid.")
	}
	return direction == "b", token.At, nil
}

// span fills the page from a position on. It returns the position before its first event, and that of its last one.
func (r *logReader) span(from position) (first, last position) {
	last, r.more = r.forward(from)
	if r.page.events > 0 {
		last = r.last
	}
	return from, last
}

// backward fills the page with the last events before a position, from a time on. It returns the positions around them.
func (r *logReader) backward(until position, from int64) (first, last position) {
	r.writer.published = r.server.published
	from = max(from, r.life.oldest(r.x.now).UnixMilli())
	minute, bound := until.entry()
	draft := newLogPage("")
	defer draft.release()
	type found struct {
		minute int64
		entry  logEntry
	}
	var all []found
	final := r.page
	r.page = draft
	first = until
	scanned := 0
collecting:
	for start := minute; minute*60_000+59_999 >= from; minute-- {
		if start-minute >= maxScanMinutes || scanned > maxScanEvents {
			first = before((minute + 1) * 60_000)
			break
		}
		entries := r.server.logged.minute(r.group, minute)
		for i := len(entries) - 1; i >= 0; i-- {
			e := &entries[i]
			at := minute*60_000 + int64(e.offset)
			if minute == start && e.compare(&bound) >= 0 || at > r.end || at < from {
				continue
			}
			if scanned++; !r.shows(minute, e) {
				continue
			}
			if r.page.events >= r.limit || !r.add(minute, e) {
				break collecting
			}
			all = append(all, found{minute, *e})
			first = after(minute, e)
		}
	}
	r.page, last = final, until
	for i := len(all) - 1; i >= 0; i-- {
		r.add(all[i].minute, &all[i].entry)
	}
	if len(all) > 0 {
		last = after(all[0].minute, &all[0].entry)
	}
	return first, last
}
