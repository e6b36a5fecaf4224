package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Reader makes control-plane reads. *aws.Client does.
type Reader interface {
	Now() time.Time
	// Read returns the items of all pages, as AWS wrote them.
	Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error)
	// Malformed counts a value that AWS does not document; it was passed on as it is.
	Malformed(ctx context.Context, what model.Read)
}

// Inventory keeps the newest snapshot of one target.
type Inventory struct {
	target  model.Target
	reader  Reader
	config  Config
	filter  *Filter
	clock   poll.Clock
	store   *checkpoint.Store
	key     string
	version string
	logger  *zap.Logger
	// listener is told of each new snapshot, before it is stored; the old one is nil at first.
	listener        func(ctx context.Context, old, next *Snapshot)
	checkpointError func(ctx context.Context)

	current  atomic.Pointer[Snapshot]
	ready    chan struct{} // closed with the first snapshot
	interval atomic.Int64  // effective, ns
	active   atomic.Pointer[map[Key]bool]

	mu       poll.Turn // one list or change of the snapshot at a time
	listed   time.Time // when the newest complete list began
	began    time.Time // when the newest crawl began
	lists    map[model.Read]uint64
	absent   [2]int            // lists in a row, of each kind, that had no member of items
	dirty    map[string]bool   // ids that are not stored as they are
	resume   map[string]string // by pass, the API that the last crawl gave up at
	inStages poll.Turn
}

// Settings are what an inventory needs.
type Settings struct {
	Target model.Target
	Reader Reader
	Config Config
	Filter *Filter
	Clock  poll.Clock
	Store  *checkpoint.Store
	// Key is where the snapshot is stored.
	Key    string
	Logger *zap.Logger
	// Version is the collector's: what another one stored is described anew.
	Version string
	// CheckpointError counts failures to store the snapshot; what could not be stored is stored with the next change.
	CheckpointError func(ctx context.Context)
	// Listener is told of each new snapshot before it is stored, one at a time; the old one is nil at first. It must not block.
	Listener func(ctx context.Context, old, next *Snapshot)
}

// New makes the inventory of a target whose account is known.
func New(s Settings) *Inventory {
	return &Inventory{
		target: s.Target, reader: s.Reader, config: s.Config, filter: s.Filter, clock: s.Clock, store: s.Store, key: s.Key, version: s.Version, logger: s.Logger,
		listener: s.Listener, checkpointError: s.CheckpointError, dirty: map[string]bool{}, resume: map[string]string{}, ready: make(chan struct{}), lists: map[model.Read]uint64{},
	}
}

// Wait returns the newest snapshot, and waits for the first one.
func (inv *Inventory) Wait(ctx context.Context) (*Snapshot, error) {
	select {
	case <-inv.ready:
		return inv.current.Load(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Current returns the newest snapshot, nil before the first.
func (inv *Inventory) Current() *Snapshot { return inv.current.Load() }

// Account is the target's.
func (inv *Inventory) Account() string { return inv.target.AccountID }

// Age is the time since the newest complete list began, and false before the first.
func (inv *Inventory) Age() (time.Duration, bool) {
	s := inv.current.Load()
	if s == nil || s.Taken.IsZero() {
		return 0, false
	}
	return inv.reader.Now().Sub(s.Taken), true
}

// Interval is the effective time between the starts of two crawls: the configured interval and what the calls take at their rate.
func (inv *Inventory) Interval() time.Duration { return time.Duration(inv.interval.Load()) }

// SetActive says which APIs have recent traffic, by the keys of their series: they are crawled first.
func (inv *Inventory) SetActive(keys map[Key]bool) { inv.active.Store(&keys) }

func (inv *Inventory) isActive(a *model.API) bool {
	keys := inv.active.Load()
	if keys == nil {
		return false
	}
	return (*keys)[Key{Value: a.ID}] || a.Type == model.REST && (*keys)[Key{ByName: true, Value: a.MetricName()}]
}

// change replaces the snapshot by what f makes of it, tells the listener, and stores what was touched. f must not change the old one; it returns
// nil to leave it.
func (inv *Inventory) change(ctx context.Context, f func(s *Snapshot) (next *Snapshot, touched []string)) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.changeLocked(ctx, f)
}

func (inv *Inventory) changeLocked(ctx context.Context, f func(s *Snapshot) (next *Snapshot, touched []string)) {
	old := inv.current.Load()
	base := old
	if base == nil {
		base = &Snapshot{Stages: map[string][]model.Stage{}, filter: inv.filter}
	}
	next, touched := f(base)
	if next == nil {
		return
	}
	inv.current.Store(next)
	if old == nil {
		close(inv.ready)
	}
	if inv.listener != nil {
		inv.listener(ctx, old, next)
	}
	if len(touched) > 0 {
		inv.save(ctx, next, touched)
	}
}

// Run crawls until ctx ends. report is told the outcome of each crawl: of the lists of APIs, and of everything else. After a restart the first one
// waits until the interval has passed since the last one began: a crash loop makes no more calls than a collector that runs. One that a stop cut off
// before it knew the stages of each API is made up for at once, since whose logs are where is not known until then.
func (inv *Inventory) Run(ctx context.Context, report func(lists, rest error)) {
	retry := poll.Backoff{Min: 5 * time.Second, Max: inv.config.Interval}
	stretched := time.Duration(0)
	if inv.current.Load() != nil && !inv.began.IsZero() {
		if wait := inv.began.Add(inv.config.Interval).Sub(inv.reader.Now()); wait > 0 && wait <= inv.config.Interval {
			report(nil, nil)
			if inv.clock.Sleep(ctx, wait) != nil {
				return
			}
		}
	}
	for {
		began := inv.clock.Now()
		known, lists, rest := inv.crawl(ctx)
		if ctx.Err() != nil {
			if inv.stagesMissing() {
				inv.begin(context.WithoutCancel(ctx), time.Time{})
			}
			return
		}
		report(lists, rest)
		took := inv.clock.Now().Sub(began)
		inv.interval.Store(int64(inv.config.Interval + took))
		if took > inv.config.Interval && (took > stretched*3/2 || took < stretched/2) {
			inv.logger.Info("The inventory takes longer than its interval at inventory::requests_per_second",
				zap.Duration("crawl", took), zap.Duration("effective_interval", inv.Interval()))
			stretched = took
		}
		wait := poll.Jitter(inv.config.Interval)
		if known {
			retry.Reset()
		} else {
			wait = retry.Next()
		}
		if inv.clock.Sleep(ctx, wait) != nil {
			return
		}
	}
}

// stagesMissing says whether the stages of an API that is collected were never read.
func (inv *Inventory) stagesMissing() bool {
	s := inv.current.Load()
	return s != nil && slices.ContainsFunc(s.APIs, func(a model.API) bool {
		_, known := s.Stages[a.ID]
		return !known && inv.filter.API(&a)
	})
}

// hashItems is a hash of an answer as AWS wrote it.
func hashItems(items []json.RawMessage) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, item := range items {
		_, _ = d.Write(item) // never fails
		_, _ = d.Write([]byte{0})
	}
	return d.Sum64()
}

// List reads the API lists anew, unless another caller did so since the given time. Metrics call it when a series names an API that is not known.
func (inv *Inventory) List(ctx context.Context, since time.Time) error {
	_, err := inv.list(ctx, since)
	return err
}

// list says besides whether any of the lists could be read.
func (inv *Inventory) list(ctx context.Context, since time.Time) (known bool, err error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.listed.After(since) {
		return true, nil
	}
	began := inv.reader.Now()
	rest := &apiList{inv: inv, what: model.GetRestAPIs, began: began, describe: (*describer).restAPI, absent: &inv.absent[0]}
	v2 := &apiList{inv: inv, what: model.GetAPIs, began: began, describe: (*describer).api, absent: &inv.absent[1]}
	var both sync.WaitGroup
	both.Go(func() { rest.read(ctx) })
	both.Go(func() { v2.read(ctx) })
	both.Wait()
	err = errors.Join(rest.err, v2.err)
	if rest.err != nil && v2.err != nil || ctx.Err() != nil {
		return false, err
	}
	inv.changeLocked(ctx, func(s *Snapshot) (*Snapshot, []string) {
		expired := len(s.Gone) > 0 && began.Sub(s.Gone[0].Since) >= Memory
		for _, g := range s.Gone {
			expired = expired || began.Sub(g.Since) >= Memory
		}
		taken := s.Taken
		if err == nil {
			taken = began
			inv.listed = began
		}
		if rest.unchanged(s) && v2.unchanged(s) && !expired {
			if taken.Equal(s.Taken) {
				return nil, nil
			}
			next := *s
			next.Taken = taken
			return &next, nil
		}
		// A partial list never replaces a complete one: a kind of API whose list failed keeps what it had.
		next := s.next(began, rest.apis, v2.apis)
		next.Taken, next.ListedREST = taken, s.ListedREST || rest.apis != nil
		var touched []string
		for _, l := range []*apiList{rest, v2} {
			for i := range l.apis {
				a := &l.apis[i]
				p := l.parts[a.ID]
				changed := p != nil && !next.Parts[a.ID][partAPI].same(p)
				if changed {
					next.setParts(a.ID, Parts{partAPI: p})
				}
				if before, ok := s.API(a.ID); changed || !ok || !s.live(a.ID) || !reflect.DeepEqual(before, a) {
					touched = append(touched, a.ID)
				}
				if p == nil {
					delete(next.Parts, a.ID) // it is not collected, or not any more
				}
			}
			if l.apis != nil {
				inv.lists[l.what] = l.raw
			}
		}
		for i := range s.APIs {
			if !next.live(s.APIs[i].ID) {
				touched = append(touched, s.APIs[i].ID)
			}
		}
		if expired && len(touched) == 0 {
			touched = []string{""}
		}
		for _, g := range next.Gone {
			if g.Since.Equal(began) {
				inv.logger.Debug("API is gone", zap.String("id", g.API.ID), zap.String("name", g.API.Name))
			}
		}
		return next, touched
	})
	return true, err
}

// apiList is one kind's list of APIs.
type apiList struct {
	inv      *Inventory
	what     model.Read
	began    time.Time
	describe func(*describer, object) (model.API, model.Entity, error)

	absent *int

	raw   uint64
	same  bool
	apis  []model.API // nil where the list failed, or is the same as before
	parts map[string]*Part
	err   error
}

func (l *apiList) unchanged(s *Snapshot) bool { return l.err != nil || l.same && s.APIs != nil }

// errNoList marks an answer that does not say that there are no items.
var errNoList = errors.New("an answer without a list of APIs, where there were some")

// maxAbsent is how often in a row an answer without a list is not believed: AWS writes an empty list as one, and everything would be deleted.
const maxAbsent = 3

// missing says whether a list that is absent can't be believed: there were APIs of its kind.
func (l *apiList) missing() bool {
	s := l.inv.current.Load()
	if s == nil || !slices.ContainsFunc(s.APIs, func(a model.API) bool { return (a.Type == model.REST) == (l.what == model.GetRestAPIs) }) {
		return false
	}
	*l.absent++
	return *l.absent < maxAbsent
}

func (l *apiList) read(ctx context.Context) {
	items, err := l.inv.reader.Read(ctx, l.what, model.ReadOf{})
	if err != nil {
		l.err = err
		return
	}
	if items == nil && l.missing() {
		l.inv.reader.Malformed(ctx, l.what)
		l.err = malformed(l.what, errNoList)
		return
	}
	*l.absent = 0
	l.raw = hashItems(items)
	if before, ok := l.inv.lists[l.what]; ok && before == l.raw {
		l.same = true
		return
	}
	d := &describer{at: l.inv.target}
	apis, parts := make([]model.API, 0, len(items)), map[string]*Part{}
	for _, item := range items {
		o, err := decodeObject(item)
		if err == nil {
			var a model.API
			var e model.Entity
			if a, e, err = l.describe(d, o); err == nil {
				apis = append(apis, a)
				if l.inv.filter.API(&a) && parts[a.ID] == nil {
					parts[a.ID], err = newPart(l.began, []model.Entity{e})
				}
			}
		}
		if err != nil {
			l.inv.reader.Malformed(ctx, l.what)
			l.err = malformed(l.what, err)
			return
		}
	}
	l.inv.countBad(ctx, d, l.what)
	l.apis, l.parts = apis, parts
}

func (inv *Inventory) countBad(ctx context.Context, d *describer, what model.Read) {
	for range d.bad {
		inv.reader.Malformed(ctx, what)
	}
	d.bad = 0
}
