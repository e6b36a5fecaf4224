package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/entity"
)

// Names of the events that log records are.
const (
	accessEvent    = prefix + "access"
	executionEvent = prefix + "execution"
	lostEvent      = prefix + "logs_lost"
)

// record is what a consumer sees of a log record.
type record struct {
	Event      string
	Attributes map[string]any // less the event's id
	Resource   map[string]any
	Body       string
	Severity   string
	TraceID    string
	At         time.Time
}

// recordSink is a consumer of records that checks their form, and keeps them by the ids of their events.
type recordSink struct {
	entities *entitySink // takes the entity events, where it is set

	mu       sync.Mutex
	refuse   func() error
	byUID    map[string]record
	repeated int      // records that had come before, all the same
	lost     []record // those that say that something is lost
	errs     []string
	last     time.Time // of the newest batch, by the machine's clock
}

func newRecordSink() *recordSink { return &recordSink{byUID: map[string]record{}} }

func (*recordSink) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (s *recordSink) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	if entityEvents(ld) {
		if s.entities != nil {
			return s.entities.ConsumeLogs(ctx, ld)
		}
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			ld.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true }) // a refusal may spoil the data
			return err
		}
	}
	s.last = time.Now()
	s.take(ld)
	return nil
}

// entityEvents says whether logs are of the inventory.
func entityEvents(ld plog.Logs) bool {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				return r.EventName() != accessEvent && r.EventName() != executionEvent && r.EventName() != lostEvent
			}
		}
	}
	return true
}

// maxRecords is how many records a batch has at most.
const maxRecords = 2048

func (s *recordSink) take(ld plog.Logs) {
	if n := ld.LogRecordCount(); n == 0 || n > maxRecords {
		s.errorf("a batch has %d records", n)
	}
	var resources []map[string]any
	for _, rl := range ld.ResourceLogs().All() {
		resource := rl.Resource().Attributes().AsRaw()
		if slices.ContainsFunc(resources, func(o map[string]any) bool { return reflect.DeepEqual(o, resource) }) {
			s.errorf("a batch has a resource twice: %v", resource)
		}
		resources = append(resources, resource)
		if groups, _ := resource["aws.log.group.names"].([]any); len(groups) != 1 {
			s.errorf("a resource names the log groups %v", groups)
		}
		s.checkRefs(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			if sl.Scope().Name() == "" || sl.LogRecords().Len() == 0 {
				s.errorf("the scope %q has %d records", sl.Scope().Name(), sl.LogRecords().Len())
			}
			for _, r := range sl.LogRecords().All() {
				s.add(r, resource)
			}
		}
	}
}

// checkRefs holds the entities that a resource refers to: the API, and the stage, where it says which.
func (s *recordSink) checkRefs(res pcommon.Resource) {
	var want, got []string
	for _, ref := range [][2]string{{"api_id", "api"}, {"stage", "stage"}} {
		if str(res, prefix+ref[0]) != "" {
			want = append(want, prefix+ref[1])
		}
	}
	for _, ref := range entity.ResourceEntityRefs(res).All() {
		got = append(got, ref.Type())
		for _, key := range ref.IdKeys().AsRaw() {
			if str(res, key) == "" {
				s.errorf("the reference to %s has the key %s, which the resource lacks", ref.Type(), key)
			}
		}
	}
	if !slices.Equal(want, got) {
		s.errorf("a resource refers to %v, not %v", got, want)
	}
}

func (s *recordSink) add(r plog.LogRecord, resource map[string]any) {
	rec := record{
		Event: r.EventName(), Attributes: r.Attributes().AsRaw(), Resource: resource, Body: r.Body().AsString(), Severity: r.SeverityText(), At: r.Timestamp().AsTime(),
	}
	if !r.TraceID().IsEmpty() {
		rec.TraceID = r.TraceID().String()
	}
	if r.SeverityNumber().String() != map[string]string{"INFO": "Info", "WARN": "Warn", "ERROR": "Error"}[rec.Severity] || r.ObservedTimestamp() == 0 {
		s.errorf("the severity is %v, its text %q, the record was observed at %v", r.SeverityNumber(), rec.Severity, r.ObservedTimestamp())
	}
	for k, v := range rec.Attributes {
		if v == "" || v == nil {
			s.errorf("%s is empty", k)
		}
	}
	if rec.Event == lostEvent {
		s.lost = append(s.lost, rec)
		return
	}
	uid, _ := rec.Attributes["log.record.uid"].(string)
	if uid == "" {
		s.errorf("a record has no id: %v", rec)
	}
	delete(rec.Attributes, "log.record.uid")
	if before, ok := s.byUID[uid]; ok {
		s.repeated++
		if !reflect.DeepEqual(before, rec) {
			s.errorf("the repeat of %s is another record: %v, the first was %v", uid, rec, before)
		}
		return
	}
	s.byUID[uid] = rec
}

func (s *recordSink) errorf(format string, args ...any) {
	if len(s.errs) < 20 {
		s.errs = append(s.errs, fmt.Sprintf(format, args...))
	}
}

func (s *recordSink) setRefuse(refuse func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// taken returns the records by the ids of their events.
func (s *recordSink) taken() map[string]record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.byUID)
}

// has says whether all of some events came.
func (s *recordSink) has(uids []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(uids, func(uid string) bool {
		_, ok := s.byUID[uid]
		return !ok
	})
}
