package entity

import (
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// interval is how often the entities of a part are reported although they did not change: routes, integrations, deployments and keys, of which
// there are many, daily.
func (r *Reporter) interval(part string) time.Duration {
	if inventory.Daily(part) {
		return max(r.Config.ReportInterval, 24*time.Hour)
	}
	return r.Config.ReportInterval
}

// schedule makes pending what is due since it was served last. A part is due at a time of its own in each interval, a hash of its name, so that
// reports are spread, and the same after a restart. What a collector that was down missed is due once.
func (r *Reporter) schedule() {
	now := r.Now()
	if r.Config.EntityEvents == inventory.EventsNone {
		return
	}
	s := r.Current()
	r.mu.Lock()
	defer r.mu.Unlock()
	from := r.reported
	if ahead := from.Sub(now); ahead >= 0 && ahead <= r.Config.ReportInterval {
		return
	}
	r.reported = now // though it was far in the future, which a clock that was wrong left behind
	if s == nil {
		return
	}
	for api, parts := range s.Parts {
		for name, p := range parts {
			if p.Len() == 0 || !due(api, name, r.interval(name), from, now) {
				continue
			}
			place := inventory.Place{API: api, Part: name}
			for key := range p.Keys {
				add(r.pending, place, key)
			}
		}
	}
}

// due says whether a part's time lies in (from, to].
func due(api, part string, interval time.Duration, from, to time.Time) bool {
	phase := int64(xxhash.Sum64String(api+"\x00"+part) % uint64(interval)) //nolint:gosec // an interval is positive
	turn := func(t time.Time) int64 { return (t.UnixNano() - phase) / int64(interval) }
	return turn(to) > turn(from)
}
