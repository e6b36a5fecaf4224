package inventory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Config is the receiver's inventory section.
type Config struct {
	// Interval is the time from the end of one crawl to the start of the next.
	Interval time.Duration `mapstructure:"interval"`
	// RequestsPerSecond is the steady rate of control-plane reads, of the 10 that everybody in the account and region shares.
	RequestsPerSecond float64 `mapstructure:"requests_per_second"`
}

// maxRequestsPerSecond is API Gateway's quota for all control-plane operations of an account and region together.
const maxRequestsPerSecond = 10

// Check returns every error of the section; the keys are below inventory.
func (c *Config) Check() error {
	var errs []error
	if c.Interval < time.Minute {
		errs = append(errs, fmt.Errorf("interval: %v is too short: at least 1m, since the control plane is shared with deployments", c.Interval))
	}
	if c.RequestsPerSecond <= 0 || c.RequestsPerSecond > maxRequestsPerSecond {
		errs = append(errs, fmt.Errorf("requests_per_second: %v: more than 0 and at most %d, the account's whole quota", c.RequestsPerSecond, maxRequestsPerSecond))
	}
	return errors.Join(errs...)
}

// Reader are the control-plane reads that a crawl makes. *aws.Client has them.
type Reader interface {
	Now() time.Time
	RestAPIs(context.Context) ([]model.API, error)
	RestStages(ctx context.Context, apiID string) ([]model.Stage, error)
	APIs(context.Context) ([]model.API, error)
	Stages(ctx context.Context, apiID string) ([]model.Stage, error)
}

// Inventory keeps the newest snapshot of one target.
type Inventory struct {
	reader Reader
	config Config
	filter *Filter
	clock  poll.Clock
	store  *checkpoint.Store
	key    string
	logger *zap.Logger

	current  atomic.Pointer[Snapshot]
	ready    chan struct{} // closed with the first snapshot
	interval atomic.Int64  // effective, ns

	mu       sync.Mutex // one list or crawl at a time
	listed   time.Time  // when the newest complete list began
	inStages sync.Mutex
}

// New makes the inventory of a target. key is where its snapshot is stored.
func New(reader Reader, config Config, filter *Filter, clock poll.Clock, store *checkpoint.Store, key string, logger *zap.Logger) *Inventory {
	return &Inventory{reader: reader, config: config, filter: filter, clock: clock, store: store, key: key, logger: logger, ready: make(chan struct{})}
}

// Restore starts from the stored snapshot, if there is one.
func (inv *Inventory) Restore(ctx context.Context) error {
	b, err := inv.store.Get(ctx, inv.key)
	if err != nil || b == nil {
		return err
	}
	s, err := Decode(b)
	if err != nil {
		return err
	}
	inv.publish(s)
	return nil
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

func (inv *Inventory) publish(s *Snapshot) {
	if inv.current.Swap(s) == nil {
		close(inv.ready)
	}
}

// Run crawls until ctx ends. report is told the outcome of each crawl.
func (inv *Inventory) Run(ctx context.Context, report func(error)) {
	retry := poll.Backoff{Min: 5 * time.Second, Max: inv.config.Interval}
	stretched := time.Duration(0)
	for {
		began := inv.clock.Now()
		err := inv.crawl(ctx)
		if ctx.Err() != nil {
			return
		}
		report(err)
		took := inv.clock.Now().Sub(began)
		inv.interval.Store(int64(inv.config.Interval + took))
		if took > inv.config.Interval && (took > stretched*3/2 || took < stretched/2) {
			inv.logger.Info("The inventory takes longer than its interval at inventory::requests_per_second",
				zap.Duration("crawl", took), zap.Duration("effective_interval", inv.Interval()))
			stretched = took
		}
		wait := poll.Jitter(inv.config.Interval)
		if err != nil {
			wait = retry.Next()
		} else {
			retry.Reset()
		}
		if inv.clock.Sleep(ctx, wait) != nil {
			return
		}
	}
}

// List reads the API lists anew, unless another caller did so since the given time. Metrics call it when a series names an API that is not known.
func (inv *Inventory) List(ctx context.Context, since time.Time) error {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.listed.After(since) {
		return nil
	}
	began := inv.reader.Now()
	var rest, v2 []model.API
	var restErr, v2Err error
	var both sync.WaitGroup
	both.Go(func() { rest, restErr = inv.reader.RestAPIs(ctx) })
	both.Go(func() { v2, v2Err = inv.reader.APIs(ctx) })
	both.Wait()
	err := errors.Join(restErr, v2Err)
	if restErr != nil && v2Err != nil {
		return err
	}
	// A partial list never replaces a complete one: a kind of API whose list failed keeps what it had.
	if restErr != nil {
		rest = nil
	} else if rest == nil {
		rest = []model.API{}
	}
	if v2Err != nil {
		v2 = nil
	} else if v2 == nil {
		v2 = []model.API{}
	}
	old := inv.current.Load()
	if old == nil {
		old = &Snapshot{Stages: map[string][]model.Stage{}}
	}
	next := old.next(began, rest, v2)
	if err == nil {
		inv.listed = began
	} else {
		next.Taken = old.Taken
	}
	for _, g := range next.Gone {
		if g.Since.Equal(began) {
			inv.logger.Debug("API is gone", zap.String("id", g.API.ID), zap.String("name", g.API.Name))
		}
	}
	inv.publish(next)
	return err
}

// crawl reads the lists, then the stages of each API that is collected. APIs that share a name come first: their series wait for it.
func (inv *Inventory) crawl(ctx context.Context) error {
	errs := []error{inv.List(ctx, inv.reader.Now().Add(-time.Second))}
	s := inv.current.Load()
	if s == nil {
		return errors.Join(errs...)
	}
	errs = append(errs, inv.StagesOfNamesakes(ctx, false))
	namesakes := s.namesakes()
	crawled := map[string][]model.Stage{}
	for i := range s.APIs {
		a := &s.APIs[i]
		if !inv.filter.API(a) || namesakes[a.ID] != nil {
			continue
		}
		stages, err := inv.stages(ctx, a)
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot list the stages of API %q: %w", a.ID, err))
			if len(errs) > maxStageErrors {
				break
			}
			continue
		}
		crawled[a.ID] = stages
	}
	inv.mu.Lock()
	next := inv.current.Load().withStages(crawled)
	inv.publish(next)
	inv.mu.Unlock()
	return errors.Join(append(errs, inv.save(ctx, next))...)
}

// maxStageErrors ends a crawl that fails for many APIs: the next one comes soon enough.
const maxStageErrors = 10

func (inv *Inventory) stages(ctx context.Context, a *model.API) ([]model.Stage, error) {
	if a.Type == model.REST {
		return inv.reader.RestStages(ctx, a.ID)
	}
	return inv.reader.Stages(ctx, a.ID)
}

// StagesOfNamesakes reads the stages of live REST APIs that share their name in CloudWatch with another: only the stages tell their series apart.
// With missing, only of those whose stages were never read.
func (inv *Inventory) StagesOfNamesakes(ctx context.Context, missing bool) error {
	inv.inStages.Lock()
	defer inv.inStages.Unlock()
	s := inv.current.Load()
	crawled := map[string][]model.Stage{}
	var errs []error
	for id, api := range s.namesakes() {
		if _, known := s.Stages[id]; known && missing {
			continue
		}
		stages, err := inv.stages(ctx, api)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot list the stages of API %q: %w", id, err))
			continue
		}
		crawled[id] = stages
	}
	if len(crawled) > 0 {
		inv.mu.Lock()
		inv.publish(inv.current.Load().withStages(crawled))
		inv.mu.Unlock()
	}
	return errors.Join(errs...)
}

func (inv *Inventory) save(ctx context.Context, s *Snapshot) error {
	if !inv.store.Durable() {
		return nil
	}
	b, err := s.Encode()
	if err != nil {
		return err
	}
	return inv.store.Apply(ctx, map[string][]byte{inv.key: b})
}
