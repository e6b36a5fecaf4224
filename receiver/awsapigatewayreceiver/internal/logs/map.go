package logs

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Names of the events that records are.
const (
	eventAccess    = attr.Prefix + "access"
	eventExecution = attr.Prefix + "execution"
)

// Kinds of records, the values of an attribute of the receiver's own metrics.
const (
	KindAccess    = "access"
	KindExecution = "execution"
)

// What AWS itself writes into log groups: the stream and text of a check, and those of the delivery of logs.
const (
	validationStream = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions"
	controlMessage   = "CWL CONTROL MESSAGE: "
)

// Readings of a line of an access log that is not in its stage's format, the values of an attribute of the receiver's own metrics.
const (
	ReadStock = "stock"
	ReadJSON  = "json"
	ReadNone  = "none"
)

// Bounds of a timestamp that is plausible: CloudWatch Logs takes events of up to 14 days ago and 2 hours ahead, and a request's line is written at
// its end, 29 seconds after its beginning at most unless it streams.
const (
	maxAge   = 14 * 24 * time.Hour
	maxAhead = 2 * time.Hour
	maxDrift = time.Hour
)

// builder makes the records and the spans of a batch of events of one page, each line being decoded once.
type builder struct {
	reader   *Reader
	group    *group
	page     *model.LogPage
	events   []int32
	observed pcommon.Timestamp

	// makesRecords and makesSpans are what is wanted of the batch.
	makesRecords, makesSpans bool

	routes *routes
	logs   plog.Logs
	dests  []dest
	traces ptrace.Traces
	spots  []spot
	values accesslog.Values

	// What the newest build met.
	confirmed                                            int64 // up to when lines were ingested whose formats are surely known
	records, accesses, executions, unknown, skipped, odd int
	spans, spanless                                      int
	parse                                                map[string]int
	ask                                                  []string // APIs of which a line could not be decoded
}

// dest is where the records of a source go; nil is the source of lines that are nobody's.
type dest struct {
	source  *source
	records plog.LogRecordSlice
}

// build makes the records and spans anew.
func (b *builder) build() {
	b.routes = b.group.routes.Load()
	b.logs, b.dests = plog.NewLogs(), b.dests[:0]
	b.traces, b.spots = ptrace.NewTraces(), b.spots[:0]
	b.records, b.accesses, b.executions, b.unknown, b.skipped, b.odd, b.ask = 0, 0, 0, 0, 0, 0, nil
	b.spans, b.spanless = 0, 0
	clear(b.parse)
	b.confirmed = b.reader.confirmed(b.routes.apis)
	for _, i := range b.events {
		e := &b.page.Events[i]
		if e.Stream == validationStream || strings.HasPrefix(e.Message, controlMessage) {
			b.skipped++
			continue
		}
		if x := b.routes.execution; x != nil && (len(b.routes.tries) == 0 || executed(e.Message)) {
			b.execution(e, x)
		} else {
			b.access(e)
		}
	}
	if b.spanless > 0 {
		b.traces.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool { return rs.ScopeSpans().At(0).Spans().Len() == 0 })
	}
}

// record begins the record of an event of a source.
func (b *builder) record(e *model.LogEvent, s *source, event string) plog.LogRecord {
	var list *plog.LogRecordSlice
	for i := range b.dests {
		if b.dests[i].source == s {
			list = &b.dests[i].records
			break
		}
	}
	if list == nil {
		list = b.dest(s)
	}
	b.records++
	record := list.AppendEmpty()
	record.SetTimestamp(pcommon.Timestamp(e.Timestamp) * pcommon.Timestamp(time.Millisecond)) //nolint:gosec // in the window that was asked for
	record.SetObservedTimestamp(b.observed)
	record.SetEventName(event)
	return record
}

// dest makes the place of a source's records.
func (b *builder) dest(s *source) *plog.LogRecordSlice {
	rl := b.logs.ResourceLogs().AppendEmpty()
	if s == nil {
		b.routes.foreign.CopyTo(rl.Resource())
	} else {
		s.resource.CopyTo(rl.Resource())
		if s.bare {
			b.reader.Resources.LogGroup(rl.Resource(), b.group.name)
		}
	}
	records := b.reader.scope(rl).LogRecords()
	if len(b.dests) == 0 {
		records.EnsureCapacity(len(b.events))
	}
	b.dests = append(b.dests, dest{s, records})
	return &b.dests[len(b.dests)-1].records
}

// scope makes the scope of records.
func (r *Reader) scope(rl plog.ResourceLogs) plog.ScopeLogs {
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(metadata.ScopeName)
	sl.Scope().SetVersion(r.Version)
	return sl
}

// execution makes the record of a line of an execution log.
func (b *builder) execution(e *model.LogEvent, s *source) {
	if s != nil && s.excluded || !b.makesRecords || s == nil && !b.routes.records {
		return
	}
	record := b.record(e, s, eventExecution)
	b.executions++
	if !b.reader.execution.Write(record, e.Message) {
		b.unknown++
	}
	if s != nil && s.canary {
		record.Attributes().PutBool(attr.Canary, true)
	}
	b.finish(e, record)
}

// access makes the record of a line of an access log: in a format of its stages, of today or earlier; else in a documented one; else as JSON by its
// keys; else whole.
func (b *builder) access(e *model.LogEvent) {
	if executed(e.Message) && !b.routes.bracketed {
		// It would fit formats with text in them, with its secrets; the decoder of execution logs knows what to mask.
		b.execution(e, b.routes.execution)
		return
	}
	if t := b.decode(e.Message); t != nil {
		b.write(e, t.format, t.owners, "")
		return
	}
	if e.Ingested > b.confirmed || b.routes.known.uncrawled && b.reader.firstCrawl() {
		b.ask = b.routes.apis
	}
	for _, f := range b.reader.stock {
		if f.Decode(e.Message, &b.values) {
			b.write(e, f, b.routes.formless, ReadStock)
			return
		}
	}
	if f, ok := accesslog.DecodeJSON(e.Message, &b.values); ok {
		b.write(e, b.reader.book.bind(f), b.routes.formless, ReadJSON)
		return
	}
	if b.routes.execution != nil || executed(e.Message) {
		b.execution(e, b.routes.execution)
		return
	}
	s, drop := b.owner(accesslog.Identity{}, b.routes.formless)
	if drop {
		return
	}
	b.read(ReadNone)
	if b.makesSpans && !b.traced(s) {
		b.spanless++
	}
	if b.makesAccess() {
		record := b.record(e, s, eventAccess)
		b.reader.writer.WriteUnmatched(record, e.Message, b.secret(e))
		b.accesses++
		b.finish(e, record)
	}
}

// makesAccess says whether records are made of lines of access logs.
func (b *builder) makesAccess() bool { return b.makesRecords && b.routes.records }

// decode finds the format of the group that a line has, nil where it has none of them.
func (b *builder) decode(line string) *try {
	tries := b.routes.tries
	for i := range tries {
		if tries[i].DecodeStrict(line, &b.values) {
			return &tries[i]
		}
	}
	for i := range tries {
		if tries[i].Decode(line, &b.values) {
			return &tries[i]
		}
	}
	return nil
}

// executed says whether a line begins as those of execution logs: with the id of a request in brackets.
func executed(line string) bool {
	const longest = 64
	if line == "" || line[0] != '(' {
		return false
	}
	end := strings.Index(line[:min(len(line), longest)], ") ")
	return end > 1 && !strings.Contains(line[:end], " ")
}

// write makes the record and the spans of a decoded line.
func (b *builder) write(e *model.LogEvent, f *format, owners []*source, reading string) {
	s, drop := b.owner(f.Identity(e.Message, &b.values), owners)
	if drop {
		return
	}
	b.read(reading)
	if b.makesSpans {
		b.span(e, f, s)
	}
	if !b.makesAccess() {
		return
	}
	record := b.record(e, s, eventAccess)
	f.bound.Write(record, e.Message, &b.values, s.known())
	if reading == ReadJSON && b.secret(e) {
		b.reader.writer.Withhold(record, e.Message) // a secret may stand under any key
	}
	b.accesses++
	b.finish(e, record)
}

// secret says that a line in no known format may have been written in one with values that are not to be seen.
func (b *builder) secret(e *model.LogEvent) bool {
	return b.routes.secret || b.routes.known.incomplete || e.Ingested > b.confirmed
}

// known is what a source's resource says of itself.
func (s *source) known() accesslog.Identity {
	if s == nil {
		return accesslog.Identity{}
	}
	return s.identity
}

// owner is whose a line is, nil where that can't be told, and whether the user does not want it.
func (b *builder) owner(id accesslog.Identity, owners []*source) (s *source, drop bool) {
	s, unwanted := b.routes.owner(id, owners)
	return s, unwanted || s != nil && s.excluded
}

// read notes in which way a line was read that is not in its stage's format.
func (b *builder) read(reading string) {
	if reading == "" {
		return
	}
	if b.parse == nil {
		b.parse = map[string]int{}
	}
	b.parse[reading]++
}

// finish adds what each record has of its event. A time that can't be is counted, and kept as it is.
func (b *builder) finish(e *model.LogEvent, record plog.LogRecord) {
	a := record.Attributes()
	a.PutStr(attr.LogRecordUID, e.ID)
	if b.reader.Config.LogStream && e.Stream != "" {
		a.PutStr(attr.LogStreamName, e.Stream)
	}
	age := time.Duration(e.Ingested-e.Timestamp) * time.Millisecond
	drift := record.Timestamp().AsTime().Sub(time.UnixMilli(e.Timestamp))
	if age > maxAge || age < -maxAhead || drift.Abs() > maxDrift {
		b.odd++
	}
}

// count counts what was handed over, and what was met on the way.
func (b *builder) count(ctx context.Context) {
	rec := &b.reader.Recorder
	for _, c := range []struct {
		n   int
		add func(context.Context, int64)
	}{
		{b.accesses, func(ctx context.Context, n int64) { rec.Records(ctx, KindAccess, n) }},
		{b.executions, func(ctx context.Context, n int64) { rec.Records(ctx, KindExecution, n) }},
		{b.unknown, rec.UnknownLines},
		{b.skipped, rec.Skipped},
		{b.odd, rec.OddTimestamps},
	} {
		if c.n > 0 {
			c.add(ctx, int64(c.n))
		}
	}
	for reading, n := range b.parse {
		if n > 0 {
			rec.ParseErrors(ctx, reading, int64(n))
		}
	}
}
