package inventorymetrics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// maxSettle is how long after midnight yesterday's usage may change before it is reported as it is.
const maxSettle = 2 * time.Hour

// maxCount is the largest number that a JSON number counts exactly.
const maxCount = 1 << 53

// used is what one series of a usage plan used on a day, and what it has left.
type used struct{ used, left float64 }

// usage keeps what is known of the usage plans.
type usage struct {
	*Collector
	// settled is, by plan, the day whose usage was reported for good; it is stored.
	settled map[string]string
	// before is, by plan, yesterday as it was read last.
	before map[string]yesterday
	// keys are, by plan, those that have a series of their own; the first max_keys that were seen.
	keys   map[string]map[string]bool
	capped map[string]bool
}

type yesterday struct {
	day    string
	series map[string]used
}

// newUsage starts from what is stored.
func (c *Collector) newUsage(ctx context.Context) *usage {
	u := &usage{Collector: c, settled: map[string]string{}, before: map[string]yesterday{}, keys: map[string]map[string]bool{}, capped: map[string]bool{}}
	if b, err := c.Store.Get(ctx, c.Key); err != nil || b != nil && json.Unmarshal(b, &u.settled) != nil || u.settled == nil {
		c.CheckpointError(ctx)
		u.settled = map[string]string{}
	}
	return u
}

// RunUsage reads the usage of each plan until ctx ends. report is told the outcome of each round.
func (c *Collector) RunUsage(ctx context.Context, report func(error)) {
	u := c.newUsage(ctx)
	for {
		s, err := c.Inventory.Wait(ctx)
		if err != nil {
			return
		}
		if s.Limits != nil {
			report(u.round(ctx, s.Limits.Plans))
		}
		wait := c.Config.Usage.Interval
		if s.Limits == nil {
			wait = firstReport // the plans are not listed yet
		}
		if c.Clock.Sleep(ctx, wait) != nil {
			return
		}
	}
}

func (u *usage) round(ctx context.Context, plans []model.UsagePlan) error {
	var first error
	alive := map[string]bool{}
	for i := range plans {
		alive[plans[i].ID] = true
		if err := u.plan(ctx, &plans[i]); err != nil && first == nil {
			first = fmt.Errorf("usage plan %q: %w", plans[i].ID, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, m := range []func(func(string) bool){
		func(dead func(string) bool) { maps.DeleteFunc(u.settled, func(k, _ string) bool { return dead(k) }) },
		func(dead func(string) bool) {
			maps.DeleteFunc(u.before, func(k string, _ yesterday) bool { return dead(k) })
		},
		func(dead func(string) bool) {
			maps.DeleteFunc(u.keys, func(k string, _ map[string]bool) bool { return dead(k) })
		},
		func(dead func(string) bool) {
			maps.DeleteFunc(u.capped, func(k string, _ bool) bool { return dead(k) })
		},
	} {
		m(func(id string) bool { return !alive[id] })
	}
	return first
}

const day = "2006-01-02"

// plan reads yesterday and today of a plan. AWS updates usage with a delay: today is not reported before yesterday is settled, so that a series'
// points are in order.
func (u *usage) plan(ctx context.Context, p *model.UsagePlan) error {
	now := u.Now().UTC()
	midnight := now.Truncate(24 * time.Hour)
	was := midnight.Add(-24 * time.Hour)
	items, err := u.Reader.Read(ctx, model.GetUsage, model.ReadOf{UsagePlan: p.ID, From: was.Format(day), To: midnight.Format(day)})
	if err != nil {
		return err
	}
	days, err := u.decode(ctx, p, items)
	if err != nil {
		return err
	}
	settling := u.settled[p.ID] != was.Format(day)
	final := false
	if settling {
		before, seen := u.before[p.ID]
		final = seen && before.day == was.Format(day) && maps.Equal(before.series, days[0]) || now.Sub(midnight) >= maxSettle
		u.before[p.ID] = yesterday{was.Format(day), days[0]}
	}
	if _, err := u.Emitter.Emit(ctx, func() pmetric.Metrics {
		b := u.newBatch()
		g := b.on(u.Resources.Account)
		if final {
			u.requests(g, p.ID, days[0], was, midnight)
		}
		if !settling || final {
			u.requests(g, p.ID, days[1], midnight, b.at)
		}
		if p.Quota != nil {
			for _, key := range slices.Sorted(maps.Keys(days[1])) {
				g.integer(quotaRemaining, int64(days[1][key].left), attr.UsagePlanID, p.ID, attr.APIKeyID, key)
			}
		}
		return b.md
	}); err != nil {
		return err // the end
	}
	if final {
		delete(u.before, p.ID)
		u.settled[p.ID] = was.Format(day)
		if b, err := json.Marshal(u.settled); err != nil || u.Store.Apply(context.WithoutCancel(ctx), map[string][]byte{u.Key: b}) != nil {
			u.CheckpointError(ctx)
		}
	}
	return nil
}

func (u *usage) requests(g *group, plan string, series map[string]used, from, to time.Time) {
	for _, key := range slices.Sorted(maps.Keys(series)) {
		if p, ok := g.point(usagePlanRequests, attr.UsagePlanID, plan, attr.APIKeyID, key); ok {
			p.SetStartTimestamp(pcommon.NewTimestampFromTime(from))
			p.SetTimestamp(pcommon.NewTimestampFromTime(to))
			p.SetIntValue(int64(series[key].used))
		}
	}
}

// decode reads the answers of GetUsage: for each key a list of days, each with what was used and what is left. It returns yesterday and today by
// key, or by "" for the whole plan. An answer that can't be understood is an error: it does not say that there was no usage.
func (u *usage) decode(ctx context.Context, p *model.UsagePlan, items []json.RawMessage) ([2]map[string]used, error) {
	out := [2]map[string]used{{}, {}}
	for _, item := range items {
		var answer struct {
			Values map[string][][]float64 `json:"values"` // the wire's name of items
			Items  map[string][][]float64 `json:"items"`
		}
		if err := json.Unmarshal(item, &answer); err != nil {
			u.Reader.Malformed(ctx, model.GetUsage)
			return out, &aws.Error{Operation: string(model.GetUsage), Class: aws.Malformed, Err: err}
		}
		for _, values := range []map[string][][]float64{answer.Values, answer.Items} {
			for _, name := range slices.Sorted(maps.Keys(values)) {
				key, ok := u.series(p.ID, name)
				if !ok {
					continue
				}
				for i, v := range values[name] {
					if i < 2 && len(v) == 2 && v[0] >= 0 && v[0] <= maxCount && math.Abs(v[1]) <= maxCount {
						add(out[i], key, used{v[0], v[1]})
					} else {
						u.Reader.Malformed(ctx, model.GetUsage)
					}
				}
			}
		}
	}
	return out, nil
}

// add adds a key to a series: a plan used what its keys used, and has left what the key has that has least.
func add(to map[string]used, key string, v used) {
	if have, ok := to[key]; ok {
		v = used{have.used + v.used, min(have.left, v.left)}
	}
	to[key] = v
}

// keyID is how API Gateway's ids look. A key's value has at least 20 characters.
var keyID = regexp.MustCompile(`^[a-z0-9]{10}$`)

// series is what a key is counted under: "" for the whole plan. What does not look like a key's id may be its value and is hashed.
func (u *usage) series(plan, name string) (string, bool) {
	if u.Config.Usage.By == inventory.UsageByPlan {
		return "", true
	}
	if !keyID.MatchString(name) {
		sum := sha256.Sum256([]byte(name))
		name = "sha256:" + hex.EncodeToString(sum[:8])
	}
	if u.keys[plan] == nil {
		u.keys[plan] = map[string]bool{}
	}
	if !u.keys[plan][name] {
		if len(u.keys[plan]) >= u.Config.Usage.MaxKeys {
			if !u.capped[plan] {
				u.capped[plan] = true
				u.Logger.Warn("A usage plan has more keys than inventory::usage::max_keys: the usage of the others is not reported", zap.String("usage_plan", strings.ToValidUTF8(plan, "")))
			}
			return "", false
		}
		u.keys[plan][name] = true
	}
	return name, true
}
