package awsapigatewayreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// entityRecord is one log record of the inventory.
type entityRecord struct {
	Event      string
	Type       string
	ID         map[string]any
	Attributes map[string]any
	Resource   map[string]any
	At         time.Time
}

func (r *entityRecord) key() string {
	id := model.ID{}
	for k, v := range r.ID {
		id[k] = fmt.Sprint(v)
	}
	return model.Key(r.Type, id)
}

// entitySink is a consumer of entity events that checks their form, and remembers them.
type entitySink struct {
	mu      sync.Mutex
	records []entityRecord
	keep    bool // everything as JSON, in
	raw     strings.Builder
	refuse  func() error
	errs    []string
	batches int
	largest int
}

func (*entitySink) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (s *entitySink) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	if ofAlarms(ld) {
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
	s.batches++
	s.largest = max(s.largest, ld.LogRecordCount())
	if s.keep {
		b, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
		if err != nil {
			s.errs = append(s.errs, err.Error())
		}
		s.raw.Write(b)
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			_, entityEvents := sl.Scope().Attributes().Get("otel.entity.event_as_log")
			for _, r := range sl.LogRecords().All() {
				rec := entityRecord{Event: r.EventName(), Attributes: r.Attributes().AsRaw(), Resource: rl.Resource().Attributes().AsRaw(), At: r.Timestamp().AsTime()}
				if entityEvents {
					rec.Type, _ = rec.Attributes["entity.type"].(string)
					rec.ID, _ = rec.Attributes["entity.id"].(map[string]any)
					if len(rec.ID) == 0 || r.Body().AsString() != "" {
						s.errs = append(s.errs, fmt.Sprintf("no entity event: %v", rec))
					}
				}
				s.records = append(s.records, rec)
			}
		}
	}
	return nil
}

// ofAlarms is true of a batch of transitions of alarms, which come beside the inventory's and have batches of their own.
func ofAlarms(ld plog.Logs) bool {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			if sl.LogRecords().Len() > 0 {
				return sl.LogRecords().At(0).EventName() == alarms.Event
			}
		}
	}
	return false
}

// taken returns what came since the nth record.
func (s *entitySink) taken(from int) []entityRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]entityRecord(nil), s.records[from:]...)
}

func (s *entitySink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

// states are the newest states of what is not deleted, by key.
func (s *entitySink) states() map[string]entityRecord {
	out := map[string]entityRecord{}
	for _, r := range s.taken(0) {
		switch r.Event {
		case "entity.state":
			out[r.key()] = r
		case "entity.delete":
			delete(out, r.key())
		}
	}
	return out
}

func (s *entitySink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// description is a value of an entity's description.
func (r *entityRecord) description(name string) any {
	d, _ := r.Attributes["entity.description"].(map[string]any)
	return d[name]
}

func (r *entityRecord) String() string {
	b, _ := json.Marshal(r.Attributes)
	return r.Event + " " + string(b)
}
