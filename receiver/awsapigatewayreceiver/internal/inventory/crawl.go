package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// crawl is one pass over everything of a target.
type crawl struct {
	inv   *Inventory
	began time.Time
	d     *describer

	failures map[model.Read]int
	classes  map[model.Read]string // of the newest failure
	errs     []error               // the first of each read
	gaveUp   string                // the first API of the pass of which a read was left out
}

func (inv *Inventory) newCrawl() *crawl {
	return &crawl{inv: inv, began: inv.reader.Now(), d: &describer{at: inv.target}, failures: map[model.Read]int{}, classes: map[model.Read]string{}}
}

// maxFailures of one kind of read in a row end it for this crawl: what is denied for three APIs is likely denied for all. The next crawl begins
// where this one gave up, so that a few that can't be read keep nobody else back.
const maxFailures = 3

// malformed is the error of an answer that decodes but makes no sense.
func malformed(what model.Read, err error) error {
	return &aws.Error{Operation: string(what), Class: aws.Malformed, Err: err}
}

// read makes a read unless it failed too often. The class is that of its failure, or of the one that ended it, "" where it succeeded.
func (c *crawl) read(ctx context.Context, what model.Read, of model.ReadOf) (items []json.RawMessage, class string) {
	if c.failures[what] >= maxFailures {
		c.gaveUp = cmp.Or(c.gaveUp, of.API)
		return nil, c.classes[what]
	}
	items, err := c.inv.reader.Read(ctx, what, of)
	if err != nil {
		return nil, c.failed(what, of, err)
	}
	c.failures[what] = 0
	return items, ""
}

// failed notes a failure and returns its class.
func (c *crawl) failed(what model.Read, of model.ReadOf, err error) string {
	class := cmp.Or(string(aws.ClassOf(err)), "other")
	c.failures[what]++
	c.classes[what] = class
	if c.failures[what] == 1 {
		switch subject := cmp.Or(of.API, of.DomainName, of.UsagePlan); {
		case subject == "":
			c.errs = append(c.errs, err)
		case of.API != "":
			c.errs = append(c.errs, fmt.Errorf("API %q: %w", subject, err))
		default:
			c.errs = append(c.errs, fmt.Errorf("%q: %w", subject, err))
		}
	}
	return class
}

// objects decodes the items of a read; one that can't be fails the read.
func (c *crawl) objects(ctx context.Context, what model.Read, of model.ReadOf, items []json.RawMessage) ([]object, string) {
	out := make([]object, 0, len(items))
	for _, item := range items {
		o, err := decodeObject(item)
		if err != nil {
			return nil, c.broken(ctx, what, of, err)
		}
		out = append(out, o)
	}
	return out, ""
}

func (c *crawl) broken(ctx context.Context, what model.Read, of model.ReadOf, err error) string {
	c.inv.reader.Malformed(ctx, what)
	return c.failed(what, of, malformed(what, err))
}

// entities turns the items of a read into a part.
func (c *crawl) entities(ctx context.Context, what model.Read, of model.ReadOf, items []json.RawMessage, describe func(o object) ([]model.Entity, error)) (*Part, string) {
	objects, class := c.objects(ctx, what, of, items)
	if class != "" {
		return nil, class
	}
	var all []model.Entity
	for _, o := range objects {
		found, err := describe(o)
		if err != nil {
			return nil, c.broken(ctx, what, of, err)
		}
		all = append(all, found...)
	}
	c.inv.countBad(ctx, c.d, what)
	p, err := newPart(c.began, all)
	if err != nil {
		return nil, c.broken(ctx, what, of, err)
	}
	p.Raw = hashItems(items)
	return p, ""
}

// addNew appends an item unless one of its id is there: a list that shifts while its pages are read has an item twice.
func addNew[T any](to []T, item T, id func(T) string) []T {
	if slices.ContainsFunc(to, func(have T) bool { return id(have) == id(item) }) {
		return to
	}
	return append(to, item)
}

// one adapts a describer of a single entity.
func one(describe func(o object) (model.Entity, error)) func(o object) ([]model.Entity, error) {
	return func(o object) ([]model.Entity, error) {
		e, err := describe(o)
		return []model.Entity{e}, err
	}
}

// lasting says that a failure is not likely to be another one in the next crawl: somebody has to change a policy.
func lasting(class string) bool {
	switch aws.Class(class) {
	case aws.Denied, aws.Boundary, aws.ExplicitDeny, aws.RoleRefused, aws.RegionDisabled, aws.Invalid:
		return true
	}
	return false
}

// crawl reads the lists, then what belongs to no API, the stages of each API, and the rest of those that changed. It says whether any list of APIs
// could be read, and tells apart the failures of these and of all other reads.
func (inv *Inventory) crawl(ctx context.Context) (known bool, lists, rest error) {
	c := inv.newCrawl()
	inv.begin(ctx, c.began)
	known, lists = inv.list(ctx, c.began.Add(-time.Second))
	if ctx.Err() != nil || inv.current.Load() == nil {
		return known, lists, nil
	}
	rest = inv.StagesOfNamesakes(ctx, false)
	for _, pass := range []func(context.Context){c.shared, c.allStages, c.allDetails} {
		if ctx.Err() == nil {
			pass(ctx)
		}
	}
	return known, lists, errors.Join(append([]error{rest}, c.errs...)...)
}

// begin stores that a crawl begins, so that a restart waits for its turn. One that never listed any APIs does not wait.
func (inv *Inventory) begin(ctx context.Context, at time.Time) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.began = at
	if s := inv.current.Load(); s != nil {
		inv.save(ctx, s, nil)
	}
}

// each calls f with each API that is collected: those with recent traffic first, or first the one that the last crawl gave up at.
func (c *crawl) each(ctx context.Context, pass string, f func(context.Context, *model.API)) {
	s := c.inv.current.Load()
	apis := make([]*model.API, 0, len(s.APIs))
	for i := range s.APIs {
		if c.inv.filter.API(&s.APIs[i]) {
			apis = append(apis, &s.APIs[i])
		}
	}
	order := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(apis, func(a, b *model.API) int { return cmp.Compare(order[c.inv.isActive(a)], order[c.inv.isActive(b)]) })
	if i := slices.IndexFunc(apis, func(a *model.API) bool { return a.ID == c.inv.resume[pass] }); i > 0 {
		apis = slices.Concat(apis[i:], apis[:i])
	}
	c.gaveUp = ""
	for _, a := range apis {
		if ctx.Err() != nil {
			return
		}
		f(ctx, a)
	}
	c.inv.resume[pass] = c.gaveUp
}

// allStages reads the stages of all APIs but those that share their name, which were read before.
func (c *crawl) allStages(ctx context.Context) {
	namesakes := c.inv.current.Load().namesakes()
	var seen []string
	c.each(ctx, partStages, func(ctx context.Context, a *model.API) {
		if namesakes[a.ID] != nil {
			return
		}
		if changed, ok := c.stages(ctx, a); ok && !changed {
			seen = append(seen, a.ID)
		}
	})
	c.inv.seen(seen...)
}

// seen notes that what is under these ids was read, and is as it was restored: what changes from now on is not late.
func (inv *Inventory) seen(ids ...string) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	s := inv.current.Load()
	if len(s.restored) == 0 {
		return
	}
	next := *s
	next.restored = maps.Clone(s.restored)
	for _, id := range ids {
		delete(next.restored, id)
	}
	inv.current.Store(&next)
}

// StagesOfNamesakes reads the stages of live REST APIs that share their name in CloudWatch with another: only the stages tell their series apart.
// With missing, only of those whose stages were never read.
func (inv *Inventory) StagesOfNamesakes(ctx context.Context, missing bool) error {
	inv.inStages.Lock()
	defer inv.inStages.Unlock()
	c := inv.newCrawl()
	s := inv.current.Load()
	var seen []string
	for id, api := range s.namesakes() {
		if _, known := s.Stages[id]; known && missing {
			continue
		}
		if changed, ok := c.stages(ctx, api); ok && !changed {
			seen = append(seen, id)
		}
	}
	inv.seen(seen...)
	return errors.Join(c.errs...)
}

// RefreshStages reads the stages of an API anew, and the list of APIs before where it has not got it: a line of a log shows that something has
// changed there.
func (inv *Inventory) RefreshStages(ctx context.Context, api string) error {
	if _, known := inv.current.Load().API(api); !known {
		if err := inv.List(ctx, inv.reader.Now()); err != nil {
			return err
		}
	}
	inv.inStages.Lock()
	defer inv.inStages.Unlock()
	s := inv.current.Load()
	a, known := s.API(api)
	if !known || !s.live(api) || !inv.filter.API(a) {
		return nil
	}
	c := inv.newCrawl()
	if changed, ok := c.stages(ctx, a); ok && !changed {
		inv.seen(api)
	}
	return errors.Join(c.errs...)
}
