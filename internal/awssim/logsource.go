package awssim

import (
	"math"
	"time"
)

// logEntry is an event of a log group in a minute. It is kept small because minutes of them are cached; its text is made when it is asked for.
type logEntry struct {
	offset  uint32 // of the event in its minute, milliseconds
	delay   int32  // until its ingestion, milliseconds; negative for timestamps in the future
	request int32  // index of its request in that request's minute
	source  uint16 // index of its source in the group
	line    uint16 // of the request's
	back    uint16 // how many minutes before the event's the request began
}

// compare orders the events of a minute as FilterLogEvents does: by time, then by ingestion.
func (e *logEntry) compare(o *logEntry) int {
	if e.offset != o.offset { // which decides nearly always
		return int(int64(e.offset) - int64(o.offset))
	}
	for _, d := range [...]int64{
		int64(e.delay) - int64(o.delay), int64(e.source) - int64(o.source), int64(o.back) - int64(e.back),
		int64(e.request) - int64(o.request), int64(e.line) - int64(o.line),
	} {
		if d != 0 {
			return int(d)
		}
	}
	return 0
}

// logSource writes into a log group: a pure function of the world and the minute.
type logSource interface {
	// key tells the source from others of its group, in the ids of events.
	key() uint64
	// entries appends the source's events of a minute, in any order, without their delay.
	entries(p *published, minute int64, to []logEntry) []logEntry
	// message appends the text of an event.
	message(w *lineWriter, b []byte, minute int64, e *logEntry) []byte
	// stream names the log stream of an event.
	stream(w *lineWriter, minute int64, e *logEntry) string
	// streams names all of its log streams.
	streams() []string
}

// lineWriter makes the texts of events. It remembers the request that it made lines of last.
type lineWriter struct {
	published *published
	made      minuteKey
	index     int32
	context   logContext
	lines     []executionLine
	known     bool
}

// request makes the context of an event's request.
func (w *lineWriter) request(i *stageInfo, minute int64, e *logEntry) *logContext {
	key := minuteKey{i, minute - int64(e.back)}
	if w.made != key || w.index != e.request || w.context.info == nil {
		w.made, w.index, w.known = key, e.request, false
		w.context = i.context(key.minute, int(e.request), &w.published.minute(i, key.minute).requests[e.request])
	}
	return &w.context
}

// accessSource is a stage's access log, while it goes to the group.
type accessSource struct {
	info  *stageInfo
	group string
}

// addAccessLogs adds the stage's access log to each group that it goes to at some time.
func (i *stageInfo) addAccessLogs(add func(string, time.Time, logSource)) {
	seen := map[string]bool{}
	for _, v := range i.log().versions {
		if v.group == "" || seen[v.group] {
			continue
		}
		seen[v.group] = true
		since := i.stage.since(i.api)
		if v.from > math.MinInt64 {
			since = later(since, time.UnixMilli(v.from).UTC())
		}
		add(v.group, since, &accessSource{i, v.group})
		if i.kind == TypeHTTP && !since.IsZero() {
			add(v.group, since, validationLine(i, since))
		}
	}
}

// validationLine is the line that the set-up of a log delivery leaves in the groups of HTTP APIs.
func validationLine(i *stageInfo, at time.Time) logSource {
	return &literalSource{i.key, []LogLine{{
		At: at, Stream: "log_stream_created_by_aws_to_validate_log_delivery_subscriptions",
		Message: "Permissions are set correctly to allow AWS CloudWatch Logs to write into your logs while creating a subscription.",
	}}}
}

func (a *accessSource) key() uint64 { return a.info.key }

func (a *accessSource) entries(p *published, minute int64, to []logEntry) []logEntry {
	if !a.info.active(minute) {
		return to
	}
	logs := a.info.log()
	requests := p.minute(a.info, minute).requests
	for i := range requests {
		if offset := requests[i].offset; logs.version(minute*60_000+int64(offset)).group == a.group {
			to = append(to, logEntry{offset: uint32(offset), request: int32(i)})
		}
	}
	return to
}

func (a *accessSource) message(w *lineWriter, b []byte, minute int64, e *logEntry) []byte {
	c := w.request(a.info, minute, e)
	return appendLine(b, c.version.format, c)
}

func (a *accessSource) stream(w *lineWriter, minute int64, e *logEntry) string {
	return streamName(a.info.key, w.request(a.info, minute, e).draw(drawStream))
}

func (a *accessSource) streams() []string { return streamNames(a.info.key) }

// streamsPerSource is how many log streams a stage writes into.
const streamsPerSource = 4

// streamName is that of one of API Gateway's log streams: 32 hexadecimal digits.
func streamName(key, which uint64) string {
	n := mix(key + which%streamsPerSource)
	return string(appendHex(appendHex(nil, n, 16), mix(n), 16))
}

func streamNames(key uint64) []string {
	var names []string
	for which := range uint64(streamsPerSource) {
		names = append(names, streamName(key, which))
	}
	return names
}

// literalSource are lines that a literal holds.
type literalSource struct {
	seed  uint64
	lines []LogLine
}

func (l *literalSource) key() uint64 { return mix(l.seed ^ 0x11e) }

func (l *literalSource) entries(_ *published, minute int64, to []logEntry) []logEntry {
	for i, line := range l.lines {
		if ms := line.At.UnixMilli(); floorDiv(ms, 60_000) == minute {
			to = append(to, logEntry{offset: uint32(ms - minute*60_000), request: int32(i), delay: int32(line.Late.Milliseconds())})
		}
	}
	return to
}

func (l *literalSource) message(_ *lineWriter, b []byte, _ int64, e *logEntry) []byte {
	return append(b, l.lines[e.request].Message...)
}

func (l *literalSource) stream(_ *lineWriter, _ int64, e *logEntry) string {
	if name := l.lines[e.request].Stream; name != "" {
		return name
	}
	return streamName(l.seed, 0)
}

func (l *literalSource) streams() []string {
	var names []string
	for i := range l.lines {
		names = append(names, l.stream(nil, 0, &logEntry{request: int32(i)}))
	}
	return names
}

// foreignSource are the lines of another service.
type foreignSource struct {
	seed  uint64
	group *LogGroup
}

var foreignLines = []string{
	"START RequestId: %s Version: $LATEST",
	"END RequestId: %s",
	"REPORT RequestId: %s\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB",
	`{"level":"info","msg":"order stored","requestId":"%s","status":"200"}`,
	"2026-11-21T12:00:00Z [ERROR] %s \"GET /orders\" failed: connection reset",
	"a line of another service (%s)",
	"[]",
}

func (f *foreignSource) key() uint64 { return mix(f.seed ^ 0xf0e) }

func (f *foreignSource) entries(_ *published, minute int64, to []logEntry) []logEntry {
	rng := stream(mix(f.seed ^ mix(uint64(minute))))
	for i := range poisson(&rng, f.group.ForeignPerMinute) {
		to = append(to, logEntry{offset: uint32(rng.next() % 60_000), request: int32(i)})
	}
	return to
}

func (f *foreignSource) message(_ *lineWriter, b []byte, minute int64, e *logEntry) []byte {
	n := mix(f.seed ^ mix(uint64(minute))*3 + uint64(e.request))
	template := foreignLines[n%uint64(len(foreignLines))]
	for i := 0; i < len(template); i++ {
		if template[i] == '%' {
			b, i = appendUUID(b, n, mix(n)), i+1
			continue
		}
		b = append(b, template[i])
	}
	return b
}

func (f *foreignSource) stream(*lineWriter, int64, *logEntry) string { return "another/service" }
func (f *foreignSource) streams() []string                           { return []string{"another/service"} }
