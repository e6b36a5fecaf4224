package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// state is the series of a target with their ledgers, and their copy in storage.
type state struct {
	store   *checkpoint.Store
	prefix  string // of the keys
	account string
	logger  *zap.Logger
	// failed counts errors of the storage.
	failed func(context.Context)

	unwritable bool // the newest write failed

	meta  meta
	byAPI map[inventory.Key]map[string]*series // by series.id
	// restored are stored ledgers whose series is not known yet, since no list named it so far.
	restored map[inventory.Key]map[string]ledger
	// storedAPIs are the keys that meta lists.
	storedAPIs map[string]bool
}

func newState(store *checkpoint.Store, prefix string, logger *zap.Logger, failed func(context.Context)) *state {
	return &state{
		store: store, prefix: prefix, logger: logger, failed: failed,
		byAPI: map[inventory.Key]map[string]*series{}, restored: map[inventory.Key]map[string]ledger{}, storedAPIs: map[string]bool{},
	}
}

func (s *state) metaKey() string     { return s.prefix + "/state" }
func (s *state) inflightKey() string { return s.prefix + "/handover" }
func (s *state) apiKey(k inventory.Key) string {
	return s.prefix + "/position/" + k.String()
}

func parseAPIKey(s string) (inventory.Key, bool) {
	kind, value, ok := strings.Cut(s, ":")
	return inventory.Key{ByName: kind == "name", Value: value}, ok && value != "" && (kind == "name" || kind == "id")
}

// report counts an error of the storage and logs it. What can't be read is dropped: the series start anew.
func (s *state) report(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	s.failed(ctx)
	s.logger.Error("Positions", zap.Error(err))
}

// clockSlack is how much earlier than at the last start the clock may be: what was stored then is no later than that.
const clockSlack = time.Hour

var errFuture = errors.New("cannot use a stored position: it lies in the future")

// reportWrite counts an error of writing; only the first of a row is logged.
func (s *state) reportWrite(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		s.unwritable = s.unwritable && err != nil
		return
	}
	s.failed(ctx)
	if !s.unwritable {
		s.unwritable = true
		s.logger.Error("Positions cannot be stored; after a restart, what was handed over meanwhile comes again", zap.Error(err))
	}
}

// restore reads what is stored. Without anything, this is the target's first start.
func (s *state) restore(ctx context.Context, started, now time.Time, period int64) (*inflight, error) {
	s.meta = meta{V: positionsVersion, Account: s.account, First: started.Unix(), Listed: now.Unix(), Period: period}
	b, err := s.store.Get(ctx, s.metaKey())
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, s.saveMeta(ctx)
	}
	m, err := decodeMeta(b)
	if err != nil {
		s.report(ctx, err)
		return nil, s.saveMeta(ctx)
	}
	latest := now.Add(clockSlack).Unix()
	if m.First > latest || m.Listed > latest {
		s.report(ctx, errFuture)
		return nil, s.saveMeta(ctx)
	}
	if m.Account != "" && m.Account != s.account {
		return s.replace(ctx, m.APIs)
	}
	m.Account, m.Listed = s.account, min(m.Listed, now.Unix())
	s.meta = m
	keys := make([]string, len(m.APIs))
	for i, api := range m.APIs {
		keys[i] = s.prefix + "/position/" + api
	}
	values, err := s.store.GetAll(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, api := range m.APIs {
		s.storedAPIs[api] = true
		key, ok := parseAPIKey(api)
		if !ok || values[i] == nil {
			continue
		}
		ledgers, err := decodePosition(values[i])
		if err != nil {
			s.report(ctx, fmt.Errorf("API %q: %w", api, err))
			continue
		}
		for id, l := range ledgers {
			if l.future(latest + m.Period) { // a new period's first start may be still to come
				s.report(ctx, fmt.Errorf("API %q: series %q: %w", api, id, errFuture))
				delete(ledgers, id)
			}
		}
		s.restored[key] = ledgers
	}
	return s.handedOver(ctx)
}

// handedOver is the hand-over that a kill interrupted, nil where there was none.
func (s *state) handedOver(ctx context.Context) (*inflight, error) {
	b, err := s.store.Get(ctx, s.inflightKey())
	if err != nil || b == nil {
		return nil, err
	}
	f, err := decodeInflight(b)
	if err != nil {
		s.report(ctx, err)
		return nil, s.store.Apply(ctx, map[string][]byte{s.inflightKey(): nil})
	}
	return f, nil
}

// replace removes the positions of another account, whose credentials the target had before: its APIs may have the same names. What was being handed
// over still says itself whose it is.
func (s *state) replace(ctx context.Context, apis []string) (*inflight, error) {
	f, err := s.handedOver(ctx)
	if err != nil {
		return nil, err
	}
	changes := make(map[string][]byte, len(apis)+2)
	if f != nil {
		f.Ledgers = nil
		if changes[s.inflightKey()], err = f.encode(); err != nil { // it may take more than one start
			return nil, err
		}
	}
	for _, api := range apis {
		changes[s.prefix+"/position/"+api] = nil
	}
	if changes[s.metaKey()], err = s.encodeMeta(); err != nil {
		return nil, err
	}
	return f, s.store.Apply(ctx, changes)
}

// settle takes over a hand-over that was found at start, after it was handed over again.
func (s *state) settle(ctx context.Context, f *inflight) error {
	changes := map[string][]byte{s.inflightKey(): nil}
	var errs []error
	for api, ledgers := range f.Ledgers {
		key, ok := parseAPIKey(api)
		if !ok {
			continue
		}
		if s.restored[key] == nil {
			s.restored[key] = map[string]ledger{}
		}
		maps.Copy(s.restored[key], ledgers)
		b, err := encodePosition(s.restored[key])
		errs = append(errs, err)
		changes[s.apiKey(key)] = b
		s.noteAPI(key, true)
	}
	meta, err := s.encodeMeta()
	changes[s.metaKey()] = meta
	return errors.Join(append(errs, err, s.store.Apply(ctx, changes))...)
}

// adopt gives a series its stored ledger, if it has one, in the present period.
func (s *state) adopt(sr *series) {
	ledgers := s.restored[sr.key]
	if l, ok := ledgers[sr.id()]; ok {
		sr.ledger = l
		delete(ledgers, sr.id())
		if len(ledgers) == 0 {
			delete(s.restored, sr.key)
		}
	}
	if s.byAPI[sr.key] == nil {
		s.byAPI[sr.key] = map[string]*series{}
	}
	s.byAPI[sr.key][sr.id()] = sr
}

// drop forgets a series, and returns whether its API has none left.
func (s *state) drop(sr *series) {
	delete(s.byAPI[sr.key], sr.id())
	if len(s.byAPI[sr.key]) == 0 {
		delete(s.byAPI, sr.key)
	}
}

// begin stores the hand-over of points.
func (s *state) begin(ctx context.Context, staged []staged, md pmetric.Metrics) error {
	if !s.store.Durable() {
		return nil
	}
	f := &inflight{V: positionsVersion, Ledgers: map[string]map[string]ledger{}}
	for i := range staged {
		key := staged[i].series.key.String()
		if f.Ledgers[key] == nil {
			f.Ledgers[key] = map[string]ledger{}
		}
		f.Ledgers[key][staged[i].series.id()] = staged[i].ledger
	}
	var err error
	if f.payload, err = (&pmetric.ProtoMarshaler{}).MarshalMetrics(md); err != nil {
		return fmt.Errorf("cannot encode a hand-over: %w", err)
	}
	b, err := f.encode()
	if err != nil {
		return fmt.Errorf("cannot encode a hand-over: %w", err)
	}
	return s.store.Apply(ctx, map[string][]byte{s.inflightKey(): b})
}

// commit makes the staged ledgers the series' own, and stores them.
func (s *state) commit(ctx context.Context, staged []staged) error {
	touched := map[inventory.Key]bool{}
	for i := range staged {
		staged[i].series.ledger = staged[i].ledger
		touched[staged[i].series.key] = true
	}
	return s.save(ctx, touched, true)
}

// save stores the positions of APIs, and removes those of APIs that have none.
func (s *state) save(ctx context.Context, apis map[inventory.Key]bool, handedOver bool) error {
	if !s.store.Durable() {
		return nil
	}
	changes := make(map[string][]byte, len(apis)+2)
	if handedOver {
		changes[s.inflightKey()] = nil
	}
	changed := false
	for key := range apis {
		ledgers := make(map[string]ledger, len(s.byAPI[key])+len(s.restored[key]))
		maps.Copy(ledgers, s.restored[key])
		for id, sr := range s.byAPI[key] {
			if sr.ledger.Settled != 0 {
				ledgers[id] = sr.ledger
			}
		}
		var value []byte
		if len(ledgers) > 0 {
			var err error
			if value, err = encodePosition(ledgers); err != nil {
				return fmt.Errorf("cannot encode a position: %w", err)
			}
		}
		changes[s.apiKey(key)] = value
		changed = s.noteAPI(key, value != nil) || changed
	}
	if changed {
		b, err := s.encodeMeta()
		if err != nil {
			return err
		}
		changes[s.metaKey()] = b
	}
	return s.store.Apply(ctx, changes)
}

// noteAPI keeps the list of stored APIs, and says whether it changed.
func (s *state) noteAPI(key inventory.Key, stored bool) bool {
	name := key.String()
	if s.storedAPIs[name] == stored {
		return false
	}
	if stored {
		s.storedAPIs[name] = true
	} else {
		delete(s.storedAPIs, name)
	}
	return true
}

func (s *state) encodeMeta() ([]byte, error) {
	s.meta.APIs = slices.Sorted(maps.Keys(s.storedAPIs))
	return json.Marshal(s.meta)
}

func (s *state) saveMeta(ctx context.Context) error {
	b, err := s.encodeMeta()
	if err != nil {
		return err
	}
	return s.store.Apply(ctx, map[string][]byte{s.metaKey(): b})
}

// forget drops restored ledgers that no list named and that are older than the time given: their series are gone.
func (s *state) forget(ctx context.Context, before int64) error {
	touched := map[inventory.Key]bool{}
	for key, ledgers := range s.restored {
		for id, l := range ledgers {
			if l.Settled < before && l.end() < before {
				delete(ledgers, id)
				touched[key] = true
			}
		}
		if len(ledgers) == 0 {
			delete(s.restored, key)
		}
	}
	return s.save(ctx, touched, false)
}

// staged is a ledger that becomes the series' own once its points are handed over.
type staged struct {
	series *series
	ledger ledger
}

// seriesOf rebuilds a series from its stored id, nil where the settings no longer collect it.
func (c *classifier) seriesOf(key inventory.Key, id string) *series {
	parts := strings.Split(id, idSeparator)
	if len(parts) != 2 && (len(parts) < 5 || len(parts)%2 == 0) {
		return nil
	}
	m := model.Metric{Name: parts[0]}
	dim := dimAPIID
	if key.ByName {
		dim = dimAPIName
	}
	m.Dimensions = append(m.Dimensions, model.Dimension{Name: dim, Value: key.Value}, model.Dimension{Name: dimStage, Value: parts[1]})
	if len(parts) > 2 {
		for i, name := range []string{dimMethod, dimResource, dimRoute} {
			if v := parts[2+i]; v != "" {
				m.Dimensions = append(m.Dimensions, model.Dimension{Name: name, Value: v})
			}
		}
		for i := 5; i < len(parts); i += 2 {
			m.Dimensions = append(m.Dimensions, model.Dimension{Name: parts[i], Value: parts[i+1]})
		}
	}
	s, v := c.classify(&m)
	if v != collect {
		return nil
	}
	return s
}
