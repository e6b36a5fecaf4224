package metrics

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// maxFirstSeen bounds the APIs whose series wait for the inventory.
const maxFirstSeen = 10_000

// maxNamed bounds the unknown metrics that are named in the log.
const maxNamed = 100

// discovery is one reading of the list of series.
type discovery struct {
	c   *Collector
	run *round

	mu      poll.Turn // one page at a time
	listed  map[*series]bool
	fresh   map[*series]bool // read for the first time
	waiting []*series        // for the inventory
	unknown int
}

// discover lists the series and asks for new ones page by page. Only a complete list takes series away.
func (c *Collector) discover(ctx context.Context, run *round) error {
	began := c.Reader.Now()
	d := &discovery{c: c, run: run, listed: map[*series]bool{}, fresh: map[*series]bool{}}
	// After an outage, what was active during it need not be any more: the long list has it.
	recent := began.Sub(time.Unix(c.state.meta.Listed, 0)) < activeWindow-2*listInterval
	pages := 0
	var lists sync.WaitGroup
	if len(c.state.byAPI) == 0 && c.lastList.IsZero() {
		// A cold start: pages come one after another, but the first page of each metric can be had at once.
		for metric := range c.classifier.plans {
			lists.Go(func() {
				page, err := c.Reader.FirstMetrics(ctx, metric)
				if err == nil {
					err = d.page(ctx, page, false)
				}
				if err != nil {
					c.logger.Debug("No head start for the list of series", zap.Error(err)) // the whole list says why
				}
			})
		}
	}
	err := c.Reader.ListMetrics(ctx, recent, func(page []model.Metric) error {
		pages++
		return d.page(ctx, page, true)
	})
	lists.Wait()
	run.packer.flush()
	d.admitWaiting(ctx, began)
	if err != nil {
		return err
	}
	c.lastList, c.pages = run.now, pages
	c.unlist(ctx, d, began)
	c.tellActive()
	c.mu.Lock()
	c.status.Unknown = d.unknown
	c.mu.Unlock()
	return nil
}

// tellActive tells the inventory which APIs have series: it crawls them first.
func (c *Collector) tellActive() {
	c.emitting.Lock()
	active := make(map[inventory.Key]bool, len(c.state.byAPI))
	for key := range c.state.byAPI {
		active[key] = true
	}
	c.emitting.Unlock()
	c.Inventory.SetActive(active)
}

// page takes a page of the list in. Only the whole list counts what is unknown.
func (d *discovery) page(ctx context.Context, page []model.Metric, whole bool) error {
	c := d.c
	c.Recorder.Listed(ctx, 1)
	if c.ahead(d.run.now) {
		return errClock // where new series begin would be in the future
	}
	snapshot, err := c.Inventory.Wait(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var fresh []group
	c.emitting.Lock()
	for i := range page {
		s, v := c.classifier.classify(&page[i])
		if v == unknown && whole {
			d.unknown++
			c.name(&page[i])
		}
		if v != collect {
			continue
		}
		known, adopted := c.state.byAPI[s.key][s.id()]
		if adopted {
			s = known
		}
		d.listed[s] = true
		if (s.owners != nil || c.resolve(s, snapshot)) && (adopted || !s.owners.Unclaimed()) {
			fresh = d.admit(s, fresh)
			continue
		}
		if _, ok := c.firstSeen[s.key]; !ok {
			c.firstSeen[s.key] = c.state.meta.Listed
		}
		if _, orphan := c.orphans[s.key]; orphan && whole {
			d.unknown++
		} else if whole {
			d.waiting = append(d.waiting, s)
		}
	}
	c.emitting.Unlock()
	d.run.add(fresh)
	return nil
}

// admit is called with emitting held. It makes a series that the inventory knows one of the target's, and asks for it if it is new.
func (d *discovery) admit(s *series, fresh []group) []group {
	c, run := d.c, d.run
	if _, ok := c.state.byAPI[s.key][s.id()]; !ok {
		if !s.wanted {
			return fresh
		}
		c.state.adopt(s)
	}
	if !s.listed {
		s.listed = true
		s.readTo = 0
	}
	if s.wanted && s.readTo == 0 && s.cycle != run.cycle {
		s.cycle = run.cycle
		if s.ledger.Settled == 0 {
			// Fixed now: if this read fails, the next one begins at the same period, though the list has moved on.
			s.ledger.Settled = c.from(s, run.now)
			d.fresh[s] = true
		}
		fresh = append(fresh, group{series: s, from: s.ledger.Settled})
	}
	return fresh
}

// admitWaiting asks the inventory for what it did not know when a series named it, once per API and snapshot: an API, or the stages of APIs that
// share a name, which it asks for anew where none of them has the stage of a new series. What remains unknown is counted.
func (d *discovery) admitWaiting(ctx context.Context, began time.Time) {
	c := d.c
	if len(d.waiting) == 0 || ctx.Err() != nil {
		return
	}
	lacks := func(what inventory.Knowledge) bool {
		snapshot := c.Inventory.Current()
		return slices.ContainsFunc(d.waiting, func(s *series) bool { _, k := snapshot.Owners(s.key, s.stage); return k == what })
	}
	// The inventory's own crawl reports its errors.
	if lacks(inventory.Unknown) {
		if err := c.Inventory.List(ctx, began); err != nil {
			c.logger.Debug("Cannot list the APIs for new series", zap.Error(err))
		}
	}
	if lacks(inventory.NoStages) {
		if err := c.Inventory.StagesOfNamesakes(ctx, true); err != nil {
			c.logger.Debug("Cannot list the stages of APIs that share a name", zap.Error(err))
		}
	}
	current := false // what is known of stages is newer than the series
	if slices.ContainsFunc(d.waiting, func(s *series) bool { o, _ := c.Inventory.Current().Owners(s.key, s.stage); return o.Unclaimed() }) {
		err := c.Inventory.StagesOfNamesakes(ctx, false)
		if current = err == nil; !current {
			c.logger.Debug("Cannot list the stages of APIs that share a name anew", zap.Error(err))
		}
	}
	snapshot := c.Inventory.Current()
	var fresh []group
	c.emitting.Lock()
	for _, s := range d.waiting {
		known, adopted := c.state.byAPI[s.key][s.id()]
		if adopted {
			s = known // another page named it meanwhile
		}
		d.listed[s] = true
		if c.resolve(s, snapshot) && (current || adopted || !s.owners.Unclaimed()) {
			fresh = d.admit(s, fresh)
			continue
		}
		if _, k := snapshot.Owners(s.key, s.stage); k == inventory.Unknown {
			c.orphans[s.key] = snapshot
			c.named1("API of a series is in no list of APIs: it was deleted before the first start, or apigateway:GET does not show it", s.key.String())
		}
		d.unknown++
	}
	c.emitting.Unlock()
	d.run.plan(fresh)
}

// stageKey is a stage as CloudWatch names it.
type stageKey struct {
	key   inventory.Key
	stage string
}

// stageOwners is shared by the series of a stage, and so are its strings: each page of a list has its own.
type stageOwners struct {
	stageKey
	owners inventory.Owners
	wanted bool
}

// resolve finds the owners of a series in the snapshot, and whether the filter wants it.
func (c *Collector) resolve(s *series, snapshot *inventory.Snapshot) bool {
	if c.resolvedIn != snapshot {
		c.resolved, c.resolvedIn = map[stageKey]*stageOwners{}, snapshot
	}
	at := stageKey{s.key, s.stage}
	r, ok := c.resolved[at]
	if !ok {
		owners, known := snapshot.Owners(s.key, s.stage)
		if known != inventory.Known {
			return false
		}
		r = &stageOwners{stageKey: at, owners: owners}
		r.wanted = slices.ContainsFunc(owners.APIs(), func(a *model.API) bool { return c.Filter.Stage(a, s.stage) })
		c.resolved[at] = r
	}
	s.key, s.stage, s.owners, s.wanted, s.snapshot = r.key, r.stage, &r.owners, r.wanted, snapshot
	return true
}

// resolveAll follows the inventory: names, tags, and whose a series is may have changed.
func (c *Collector) resolveAll(snapshot *inventory.Snapshot) {
	c.emitting.Lock()
	defer c.emitting.Unlock()
	for _, api := range c.state.byAPI {
		for _, s := range api {
			if s.snapshot != snapshot {
				c.resolve(s, snapshot)
			}
		}
	}
	for key, tried := range c.orphans {
		if tried != snapshot {
			delete(c.orphans, key)
		}
	}
	if len(c.firstSeen) > maxFirstSeen {
		clear(c.firstSeen)
	}
}

// unlist follows a complete list: what it misses is not asked for, and forgotten once it was idle for streamMemory.
func (c *Collector) unlist(ctx context.Context, d *discovery, began time.Time) {
	c.emitting.Lock()
	defer c.emitting.Unlock()
	idle := began.Unix() - streamMemory
	unread := began.Unix() - int64(activeWindow/time.Second)
	touched := map[inventory.Key]bool{}
	for key, api := range c.state.byAPI {
		for _, s := range api {
			if d.listed[s] {
				if d.fresh[s] {
					touched[key] = true // where its first read begins
				}
				continue
			}
			if s.wanted && (s.failed || s.readTo < unread) {
				continue // what was active while it could not be read is still to be read
			}
			s.listed = false
			if max(s.ledger.end(), s.ledger.Settled) <= idle {
				c.state.drop(s)
				touched[key] = true
			}
		}
	}
	for key := range c.firstSeen {
		if c.state.byAPI[key] != nil {
			// Its series have their start now. Kept, it would have a series that was dropped and returns read what was sent before.
			delete(c.firstSeen, key)
		}
	}
	c.state.meta.Listed = began.Unix()
	c.state.reportWrite(ctx, errors.Join(
		c.state.save(ctx, touched, false),
		c.state.forget(ctx, began.Unix()-int64(retention/time.Second)),
		c.state.saveMeta(ctx),
	))
}

// name logs an unknown metric or set of dimensions, once.
func (c *Collector) name(m *model.Metric) {
	dims := make([]string, len(m.Dimensions))
	for i, d := range m.Dimensions {
		dims[i] = d.Name
	}
	slices.Sort(dims)
	c.named1("A metric is not collected, since it or its dimensions are not known; metrics::extra collects metrics that are not in the catalogue",
		m.Name+" {"+strings.Join(dims, ",")+"}")
}

func (c *Collector) named1(message, what string) {
	if c.named[what] || len(c.named) >= maxNamed {
		return
	}
	c.named[what] = true
	c.logger.Info(message, zap.String("series", what))
}
