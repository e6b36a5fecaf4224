package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// maxMalformed is how often in a row a page is asked for again whose events lie outside of what was asked for, or lack what an event must have.
// Then it is taken without them.
const maxMalformed = 5

// check says whether a page is an answer to what the chain asked for.
func (c *chain) check(page *model.LogPage) error {
	outside := func(e model.LogEvent) bool { return e.Timestamp < c.from || e.Timestamp > c.to }
	bad := page.Unusable
	for i := range page.Events {
		if outside(page.Events[i]) {
			bad++
		}
	}
	if bad == 0 {
		c.malformed = 0
		return nil
	}
	if c.malformed++; c.malformed <= maxMalformed {
		return fmt.Errorf("cannot use a page of FilterLogEvents: %d of its events lie outside of the interval, or have no id, time or text", bad)
	}
	c.malformed = 0
	page.Events = slices.DeleteFunc(page.Events, outside)
	return nil
}

// reportAfter is after how many failures in a row a group counts as one that can't be read; AWS fails now and then.
const reportAfter = 4

// failed decides what happens after a call that failed.
func (r *Reader) failed(ctx context.Context, g *group, c *chain, err error) {
	if ctx.Err() != nil {
		return
	}
	class, now := aws.ClassOf(err), r.now()
	t := &task{group: g, class: classPoll, chain: c}
	if c.sweep {
		t.class = classSweep
	}
	g.mu.Lock()
	g.failures++
	g.answered = true
	if g.failures >= reportAfter || class == aws.Denied || class == aws.ExplicitDeny || class == aws.Boundary {
		g.err = err
	}
	wait := g.retry.Next()
	switch {
	case reasonOf(err) != "":
		// It is tried again from time to time, unless DescribeLogGroups says more.
		before := g.unreadable
		g.unreadable, g.probing = reasonOf(err), true
		if before != g.unreadable && !g.absent() {
			defer r.say(g.name, g.unreadable, err)
		}
		t.chain, wait = nil, r.Config.MaxPollInterval
		if c.sweep {
			g.sweepActive = false
			g.mu.Unlock()
			return
		}
	case aws.LogTokenInvalid(err):
		// The chain begins anew at the position.
		t.chain = nil
		if c.sweep {
			g.sweepActive = false
			g.mu.Unlock()
			return
		}
	case class == aws.Throttled:
		wait = 0 // the limiter waits for all
	}
	t.at = now.Add(wait).UnixMilli()
	if t.class == classPoll && t.chain != nil && wait == 0 {
		t.class, t.at = classDrain, g.pos.newest
	}
	g.mu.Unlock()
	r.queue.add(t)
	r.reportHealth()
}

// reasonOf says why FilterLogEvents can't read a group at all, "" where it is none of these.
func reasonOf(err error) string {
	switch {
	case aws.LogGroupNotFound(err):
		return darkMissing
	case aws.LogClassUnreadable(err):
		return darkInfrequent
	case aws.LogKeyUnusable(err):
		return darkKMS
	default:
		return ""
	}
}

// succeeded notes a call that worked.
func (r *Reader) succeeded(g *group) {
	g.mu.Lock()
	had, dark := g.err != nil, ""
	g.failures, g.err, g.answered = 0, nil, true
	g.retry.Reset()
	if g.probing {
		dark, g.unreadable, g.probing = g.unreadable, "", false
	}
	g.mu.Unlock()
	r.light(g.name, dark)
	r.mu.Lock()
	first := r.lastSuccess.IsZero()
	r.lastSuccess = r.now()
	r.mu.Unlock()
	if had || first {
		r.reportHealth()
	}
}

// reportHealth says whether groups can't be read.
func (r *Reader) reportHealth() {
	var errs []error
	groups, readable := r.groups.all(), 0
	for _, g := range groups {
		g.mu.Lock()
		if g.unreadable == "" && g.answered {
			readable++
			if g.err != nil {
				errs = append(errs, fmt.Errorf("log group %q: %w", g.name, g.err))
			}
		}
		g.mu.Unlock()
	}
	slices.SortFunc(errs, func(a, b error) int { return compareText(a.Error(), b.Error()) })
	n := len(errs)
	if n > maxErrors {
		errs = append(errs[:maxErrors:maxErrors], fmt.Errorf("and %d more", n-maxErrors))
	}
	if n > 0 && n == readable {
		r.report(errors.Join(errs...), nil)
		return
	}
	r.report(nil, errors.Join(errs...))
}

// maxErrors is how many groups a status names.
const maxErrors = 3

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// say says once why something can't be read.
func (r *Reader) say(what, reason string, err error) {
	r.mu.Lock()
	key := reason + " " + what
	said := r.said[key] || len(r.said) >= maxSaid
	r.said[key] = true
	r.mu.Unlock()
	if said {
		return
	}
	r.Logger.Warn("A log group can't be read", zap.String("log_group", what), zap.String("reason", reason), zap.String("remedy", remedies[reason]), zap.Error(err))
}

// light says that a group can be read which could not be for a reason.
func (r *Reader) light(name, dark string) {
	if dark == "" {
		return
	}
	r.Logger.Info("A log group can be read again", zap.String("log_group", name))
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.said, dark+" "+name)
}

// maxSaid bounds what is remembered of what was said.
const maxSaid = 10_000

// sayDark notes the destinations that are no log group of the target.
func (r *Reader) sayDark(dark map[string]string) {
	r.mu.Lock()
	r.dark = dark
	r.mu.Unlock()
	for destination, reason := range dark {
		r.say(destination, reason, nil)
	}
}

// describeAll reads class, retention and key of the groups, every describeInterval and when there are new ones, and starts to read those that can
// be read.
func (r *Reader) describeAll(ctx context.Context) {
	for {
		var names []string
		now := r.now()
		for _, g := range r.groups.all() {
			g.mu.Lock()
			if now.Sub(g.describedAt) >= describeInterval || g.unreadable == darkMissing && now.Sub(g.describedAt) >= r.Config.MaxPollInterval {
				names = append(names, g.name)
			}
			g.mu.Unlock()
		}
		if len(names) > 0 {
			slices.Sort(names)
			r.describe(ctx, names)
		}
		waiting, cancel := context.WithCancel(ctx)
		go func() {
			select {
			case <-r.describeNow:
				cancel()
			case <-waiting.Done():
			}
		}()
		_ = r.Clock.Sleep(waiting, describePause) // ctx says what ended it
		cancel()
		if ctx.Err() != nil {
			return
		}
	}
}

// absent says that the group does not exist, and need not.
func (g *group) absent() bool { return g.unreadable == darkMissing && g.routes.Load().optional() }

// describePause is how often it is looked whether a group is to be described.
const describePause = 10 * time.Second

func (r *Reader) describe(ctx context.Context, names []string) {
	found, err := r.Client.DescribeLogGroups(ctx, names)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		// Reading may be allowed all the same.
		r.mu.Lock()
		said := r.said["describe"]
		r.said["describe"] = true
		r.mu.Unlock()
		if !said {
			r.Logger.Warn("The class, retention and key of log groups are not known; they are read all the same", zap.Error(err))
		}
	}
	byName := map[string]*model.LogGroup{}
	for i := range found {
		byName[found[i].Name] = &found[i]
	}
	for _, name := range names {
		if g := r.groups.get(name); g != nil {
			r.described(g, byName[name], err)
		}
	}
}

// described takes up what DescribeLogGroups says of a group; nothing where it failed.
func (r *Reader) described(g *group, d *model.LogGroup, failed error) {
	now := r.now()
	reason := ""
	switch {
	case failed != nil:
	case d == nil:
		reason = darkMissing
	case d.Class == classInfrequent:
		reason = darkInfrequent
	case d.Class == classDelivery:
		reason = darkDelivery
	}
	g.mu.Lock()
	g.describedAt = now
	before := g.unreadable
	if d != nil {
		if old := g.described.Created; !old.IsZero() && d.Created.After(old) && g.begun {
			g.recreated = d.Created.UnixMilli()
		}
		g.described = *d
	}
	if g.probing && reason == "" {
		reason = before // reading it tells
	} else {
		g.unreadable, g.probing = reason, false
	}
	start := reason == "" && !g.headActive
	if start {
		g.headActive = true
	}
	g.mu.Unlock()
	switch {
	case reason != "" && before != reason && !g.absent():
		r.say(g.name, reason, nil)
	case reason == "":
		r.light(g.name, before)
	}
	if start {
		r.queue.add(&task{group: g, class: classPoll, at: now.UnixMilli()})
	}
}

// Classes of log groups that FilterLogEvents can't read.
const (
	classInfrequent = "INFREQUENT_ACCESS"
	classDelivery   = "DELIVERY"
)

// Reasons of a loss.
const (
	lostRetention = "retention"
	lostBackfill  = "max_backfill"
	lostDeleted   = "deleted"
)

// clamp moves the position to what can and should be read at a time. It returns what is lost by that, and why.
func (g *group) clamp(now time.Time, maxBackfill time.Duration) (lost span, reason string) {
	oldest, why := int64(0), ""
	raise := func(to int64, reason string) {
		if to > oldest {
			oldest, why = to, reason
		}
	}
	if days := g.described.RetentionDays; days > 0 {
		raise(now.Add(-time.Duration(days)*24*time.Hour).UnixMilli(), lostRetention)
	}
	if g.restored && !g.pos.open {
		raise(now.Add(-maxBackfill).UnixMilli(), lostBackfill)
	}
	if g.recreated != 0 {
		raise(g.recreated, lostDeleted)
		g.recreated = 0
	}
	if created := g.described.Created; !g.begun && !created.IsZero() {
		raise(created.Add(-maxAge).UnixMilli(), "") // before, there is nothing
	}
	g.restored = false
	if oldest == 0 {
		return span{}, ""
	}
	lost, ok := g.pos.clamp(oldest)
	g.seen.forget(g.pos.settled)
	if !ok || !g.begun {
		return span{}, ""
	}
	return lost, why
}

// lost says in one record, one warning and a counter what can't be read any more.
func (r *Reader) lost(ctx context.Context, g *group, s span, reason string) error {
	from, to := time.UnixMilli(s.from).UTC(), time.UnixMilli(s.to).UTC()
	r.Logger.Warn("Log events can't be read any more", zap.String("log_group", g.name), zap.String("reason", reason), zap.Time("from", from), zap.Time("to", to))
	r.Recorder.LostSeconds(ctx, to.Sub(from).Seconds())
	_, err := r.Emitter.Emit(ctx, func() plog.Logs {
		logs := plog.NewLogs()
		rl := logs.ResourceLogs().AppendEmpty()
		if routes := g.routes.Load(); len(routes.sources) == 1 {
			routes.sources[0].resource.CopyTo(rl.Resource()) // nobody else writes there
		} else {
			routes.foreign.CopyTo(rl.Resource())
		}
		record := r.scope(rl).LogRecords().AppendEmpty()
		record.SetEventName(eventLost)
		record.SetTimestamp(pcommon.NewTimestampFromTime(to))
		record.SetObservedTimestamp(pcommon.NewTimestampFromTime(r.now()))
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.SetSeverityText("WARN")
		record.Body().SetStr(fmt.Sprintf("Log events of %s from %s to %s can't be read any more: %s", g.name, from.Format(time.RFC3339), to.Format(time.RFC3339), reason))
		a := record.Attributes()
		a.PutStr(attrLostReason, reason)
		a.PutStr(attrLostFrom, from.Format(time.RFC3339Nano))
		a.PutStr(attrLostTo, to.Format(time.RFC3339Nano))
		return logs
	})
	if err == nil {
		r.save(ctx, g, nil, r.now())
	}
	return err
}

// The event that says what was lost, and its attributes.
const (
	eventLost      = attr.Prefix + "logs_lost"
	attrLostReason = attr.Prefix + "lost.reason"
	attrLostFrom   = attr.Prefix + "lost.from"
	attrLostTo     = attr.Prefix + "lost.to"
)

// bound keeps what is remembered of a target below maxRemembered: the groups with most forget their oldest minute, in which late events are then
// not looked for any more.
func (r *Reader) bound(g *group) {
	groups, total := r.groups.all(), 0
	for _, o := range groups {
		total += int(o.remembered.Load())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for total > maxRemembered && g.seen.count > maxRemembered/len(groups) {
		oldest, ok := g.seen.oldest()
		end := (oldest + 1) * minuteMS
		if !ok || end > g.pos.newest {
			break
		}
		before := g.seen.count
		g.pos.settled = max(g.pos.settled, end)
		g.seen.forget(g.pos.settled)
		total -= before - g.seen.count
		r.sayBound()
	}
	g.remembered.Store(int64(g.seen.count))
}

func (r *Reader) sayBound() {
	r.mu.Lock()
	said := r.saidBound
	r.saidBound = true
	r.mu.Unlock()
	if !said {
		r.Logger.Warn("So many events a minute are read that late ones are looked for in less than logs::late_window", zap.Int("max_remembered", maxRemembered))
	}
}

// ask is when the stages of an API may be read anew because of a line that could not be decoded.
type ask struct {
	next time.Time
	wait time.Duration
}

// Waits until the stages of an API are read anew for another line that can't be decoded, where the last one changed nothing.
const (
	minAsk = 10 * time.Second
	maxAsk = 5 * time.Minute
)

// refresh reads the stages of APIs anew, unless it has been in vain of late, and takes up what they say. It says whether anything was read.
func (r *Reader) refresh(ctx context.Context, apis []string) bool {
	asked := false
	for _, api := range apis {
		r.mu.Lock()
		a := r.asks[api]
		if a == nil {
			a = &ask{}
			if len(r.asks) < maxKnown {
				r.asks[api] = a
			}
		}
		wait := r.now().Before(a.next)
		r.mu.Unlock()
		if wait {
			continue
		}
		before := r.Inventory.Current()
		if err := r.Inventory.RefreshStages(ctx, api); err != nil {
			r.Logger.Debug("The stages of an API can't be read anew", zap.String("api", api), zap.Error(err))
		}
		changed := r.Inventory.Current() != before
		r.mu.Lock()
		a.wait = min(max(2*a.wait, minAsk), maxAsk)
		if changed {
			a.wait = 0
		}
		a.next = r.now().Add(a.wait)
		r.mu.Unlock()
		asked = true
	}
	if asked && ctx.Err() == nil {
		r.discover(ctx, r.Inventory.Current())
	}
	return asked
}
