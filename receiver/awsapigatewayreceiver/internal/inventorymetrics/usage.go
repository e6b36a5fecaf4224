package inventorymetrics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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

// maxMissed is how long ago the days lie at most that are told later, since they ended while they could not be.
const maxMissed = 15 * 24 * time.Hour

// maxCount is the largest number that a JSON number counts exactly.
const maxCount = 1 << 53

// used is what one series of a usage plan used on a day, and what it has left.
type used struct{ used, left float64 }

// usage keeps what is known of the usage plans.
type usage struct {
	*Collector
	// settled is, by plan, the day whose usage was reported for good; it is stored.
	settled map[string]string
	plans   map[string]*planUsage
}

// planUsage is what is known of a plan since the start.
type planUsage struct {
	before yesterday       // as it was read last
	keys   map[string]bool // those that have a series of their own: the first max_keys that were seen
	capped bool            // it was said that there are more
}

type yesterday struct {
	day    string
	series map[string]used
}

// newUsage starts from what is stored.
func (c *Collector) newUsage(ctx context.Context) *usage {
	u := &usage{Collector: c, settled: map[string]string{}, plans: map[string]*planUsage{}}
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
	maps.DeleteFunc(u.settled, func(id, _ string) bool { return !alive[id] })
	maps.DeleteFunc(u.plans, func(id string, _ *planUsage) bool { return !alive[id] })
	return first
}

const day = "2006-01-02"

// errAhead has days asked for again that had not begun by AWS's clock.
var errAhead = errors.New("the local clock was ahead of AWS's until the answer told the time")

// plan reads yesterday and today of a plan, and the days before that were not told. AWS updates usage with a delay: today is not reported before yesterday
// is settled, so that a series' points are in order.
func (u *usage) plan(ctx context.Context, p *model.UsagePlan) error {
	now := u.Now().UTC()
	midnight := now.Truncate(24 * time.Hour)
	was := midnight.Add(-24 * time.Hour)
	from := u.firstDay(p.ID, was)
	items, err := u.Reader.Read(ctx, model.GetUsage, model.ReadOf{UsagePlan: p.ID, From: from.Format(day), To: midnight.Format(day)})
	if u.Now().Before(midnight) {
		return errors.Join(err, errAhead)
	}
	if err != nil {
		return err
	}
	known, ok := u.plans[p.ID]
	if !ok {
		known = &planUsage{keys: map[string]bool{}}
		u.plans[p.ID] = known
	}
	// What was read is of this day, however late it is handed over.
	read := u.Now().UTC()
	if last := midnight.Add(24*time.Hour - time.Nanosecond); read.After(last) {
		read = last // the day's final point has its end
	}
	days, err := u.decode(ctx, p.ID, known, from, midnight, items)
	if err != nil {
		return err
	}
	before, today := days[:len(days)-1], days[len(days)-1]
	settling := u.settled[p.ID] != was.Format(day)
	final := false
	if settling {
		again := yesterday{was.Format(day), before[len(before)-1]}
		final = known.before.day == again.day && maps.Equal(known.before.series, again.series) || now.Sub(midnight) >= maxSettle
		known.before = again
	}
	if _, err := u.Emitter.Emit(ctx, func() pmetric.Metrics {
		b := u.newBatch()
		b.at = read
		g := b.on(u.Resources.Account)
		for i := range before {
			if start := from.AddDate(0, 0, i); final {
				u.requests(g, p.ID, before[i], start, start.AddDate(0, 0, 1))
			}
		}
		if !settling || final {
			u.requests(g, p.ID, today, midnight, b.at)
		}
		if p.Quota != nil {
			for _, key := range slices.Sorted(maps.Keys(today)) {
				g.integer(quotaRemaining, int64(today[key].left), attr.UsagePlanID, p.ID, attr.APIKeyID, key)
			}
		}
		return b.md
	}); err != nil {
		return err // the end
	}
	if final {
		known.before = yesterday{}
		u.settled[p.ID] = was.Format(day)
		if b, err := json.Marshal(u.settled); err != nil || u.Store.Apply(context.WithoutCancel(ctx), map[string][]byte{u.Key: b}) != nil {
			u.CheckpointError(ctx)
		}
	}
	return nil
}

// firstDay is the first day that is read of a plan: the one after the last that was told, but no later than yesterday.
func (u *usage) firstDay(plan string, was time.Time) time.Time {
	told, err := time.Parse(day, u.settled[plan])
	if err != nil {
		return was
	}
	first := told.AddDate(0, 0, 1)
	if oldest := was.AddDate(0, 0, 1).Add(-maxMissed); first.Before(oldest) {
		first = oldest
	}
	if first.After(was) {
		return was
	}
	return first
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

// decode reads the answers of GetUsage: for each key a list of days from startDate on, each with what was used and what is left. It returns
// the days from one to another by key, or by "" for the whole plan. An answer that can't be understood is an error: it does not say that there was no usage.
func (u *usage) decode(ctx context.Context, plan string, known *planUsage, from, to time.Time, items []json.RawMessage) ([]map[string]used, error) {
	out := make([]map[string]used, to.Sub(from)/(24*time.Hour)+1)
	for i := range out {
		out[i] = map[string]used{}
	}
	type usageAnswer struct {
		StartDate string                 `json:"startDate"`
		Values    map[string][][]float64 `json:"values"` // the wire's name of items
		Items     map[string][][]float64 `json:"items"`
	}
	var answers []usageAnswer
	present := map[string]bool{}
	for _, item := range items {
		var answer usageAnswer
		if err := json.Unmarshal(item, &answer); err != nil {
			u.Reader.Malformed(ctx, model.GetUsage)
			return out, &aws.Error{Operation: string(model.GetUsage), Class: aws.Malformed, Err: err}
		}
		answers = append(answers, answer)
		for _, values := range []map[string][][]float64{answer.Values, answer.Items} {
			for name := range values {
				present[u.keyName(name)] = true
			}
		}
	}
	maps.DeleteFunc(known.keys, func(name string, _ bool) bool { return !present[name] }) // a key that is gone makes room
	for _, answer := range answers {
		first := 0 // the day of the first pair: 0 is the first one that was asked for
		if start, err := time.Parse(day, answer.StartDate); err == nil {
			first = int(start.Sub(from) / (24 * time.Hour))
		}
		for _, values := range []map[string][][]float64{answer.Values, answer.Items} {
			for _, name := range slices.Sorted(maps.Keys(values)) {
				key, ok := u.series(plan, known, name)
				if !ok {
					continue
				}
				for i, v := range values[name] {
					if i += first; i >= 0 && i < len(out) && len(v) == 2 && v[0] >= 0 && v[0] <= maxCount && math.Abs(v[1]) <= maxCount {
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

// keyName is what a key is called: what does not look like a key's id may be its value and is hashed.
func (u *usage) keyName(name string) string {
	if keyID.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "sha256:" + hex.EncodeToString(sum[:8])
}

// series is what a key is counted under: "" for the whole plan.
func (u *usage) series(plan string, known *planUsage, name string) (string, bool) {
	if u.Config.Usage.By == inventory.UsageByPlan {
		return "", true
	}
	name = u.keyName(name)
	if !known.keys[name] {
		if len(known.keys) >= u.Config.Usage.MaxKeys {
			if !known.capped {
				known.capped = true
				u.Logger.Warn("A usage plan has more keys than inventory::usage::max_keys: the usage of the others is not reported", zap.String("usage_plan", strings.ToValidUTF8(plan, "")))
			}
			return "", false
		}
		known.keys[name] = true
	}
	return name, true
}
