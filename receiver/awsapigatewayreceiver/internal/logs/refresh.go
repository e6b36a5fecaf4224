package logs

import (
	"context"
	"math"
	"time"

	"go.uber.org/zap"
)

// ask is what is known of how new the settings of an API's stages are.
type ask struct {
	last time.Time // when they were asked for because of a line
	// confirmed: lines that were ingested before are in a format that is known, as far as AWS tells; Unix milliseconds.
	confirmed int64
}

// A line in no known format asks for the settings of the stages that write to its group: of each API at most every minAsk, and of all APIs of a target
// so many times a second, a quarter of what the inventory takes of the control plane.
const (
	minAsk        = 5 * time.Second
	asksPerSecond = 0.5
	askBurst      = 5
	// maxCrawlWait is how long after the start pages wait for the first crawl.
	maxCrawlWait = 2 * time.Minute
	// askTimeout bounds, in real time, how long a page waits for the settings.
	askTimeout = 30 * time.Second
)

// confirmed is up to when the lines of a group were ingested that must be in a format which is known, if they are their stages' at all: Unix
// milliseconds.
func (r *Reader) confirmed(apis []string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	least := int64(math.MaxInt64)
	for _, api := range apis {
		if a := r.asks[api]; a != nil {
			least = min(least, a.confirmed)
		} else {
			least = 0
		}
	}
	return least
}

// refresh reads the stages of APIs anew, as far as that may be done now, and takes up what they say. It says whether anything was read.
func (r *Reader) refresh(ctx context.Context, apis []string) bool {
	asked := r.awaitCrawl(ctx)
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for _, api := range apis {
		now := r.now()
		if !r.mayAsk(api, now) {
			continue
		}
		asked = true
		if err := r.Inventory.RefreshStages(ctx, api); err != nil {
			r.Logger.Debug("The stages of an API can't be read anew", zap.String("api", api), zap.Error(err))
			continue
		}
		if set := r.now(); set.Before(now) {
			now = set // the answer has set the clock back
		}
		r.mu.Lock()
		r.asks[api].confirmed, r.asks[api].last = now.UnixMilli(), now
		r.mu.Unlock()
	}
	if asked && ctx.Err() == nil {
		r.discover(ctx)
	}
	return asked
}

// awaitCrawl waits until the stages of all APIs have been read once, if the reader has begun just now: a line in no known format may be one of theirs. It
// says whether it had to.
func (r *Reader) awaitCrawl(ctx context.Context) (waited bool) {
	for r.firstCrawl() {
		if _, wanted := unknownStages(r.Inventory.Current()); !wanted {
			break
		}
		waited = true
		if r.Clock.Sleep(ctx, discoverInterval) != nil {
			break
		}
	}
	return waited
}

// firstCrawl says whether the first crawl may still be under way.
func (r *Reader) firstCrawl() bool { return r.now().Sub(r.began) < maxCrawlWait }

// mayAsk takes a turn to ask for the stages of an API.
func (r *Reader) mayAsk(api string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.asks[api]
	if a == nil {
		if len(r.asks) >= maxKnown {
			return false
		}
		a = &ask{}
		r.asks[api] = a
	}
	if now.Sub(a.last).Abs() < minAsk || !r.askLimit.AllowN(now, 1) {
		return false
	}
	a.last = now
	return true
}
