package logs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Reasons of a loss.
const (
	lostRetention = "retention"
	lostBackfill  = "max_backfill"
	lostDeleted   = "deleted"
)

// loss is what can't be read any more of a group. It stands in the stored position until it has been said.
type loss struct {
	span
	reason string
	saying bool
}

// maxLosses bounds the losses of a group that have not been said. Further ones are said as one with the last of them.
const maxLosses = 16

// lose notes a loss.
func (g *group) lose(lost span, reason string) {
	g.dirty = true
	if n := len(g.losses) - 1; n+1 >= maxLosses {
		lost.from, g.losses = g.losses[n].from, g.losses[:n]
	}
	g.losses = append(g.losses, &loss{span: lost, reason: reason})
}

// unsaid is the next loss that nobody says yet, nil where there is none.
func (g *group) unsaid() *loss {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.losses {
		if !l.saying {
			l.saying = true
			return l
		}
	}
	return nil
}

// sayLosses says what a group has lost. The error is that of ctx, which has ended: then the next start says it.
func (r *Reader) sayLosses(ctx context.Context, g *group) error {
	for l := g.unsaid(); l != nil; l = g.unsaid() {
		if err := r.sayLoss(ctx, g, l); err != nil {
			return err
		}
		g.mu.Lock()
		g.losses = slices.DeleteFunc(g.losses, func(o *loss) bool { return o == l })
		g.mu.Unlock()
		r.save(ctx, g, nil, r.now())
	}
	return nil
}

// clamp moves the position to what can and should be read at a time. It returns what is lost by that, and why. interval is the time between polls.
func (g *group) clamp(now time.Time, maxBackfill, interval time.Duration) (lost span, reason string) {
	if g.unread {
		g.pos.readTo = max(g.pos.readTo, unixMS(g.described.Created)) // before, there is nothing to lose
	}
	oldest, why := int64(0), ""
	raise := func(to int64, reason string) {
		if to > oldest {
			oldest, why = to, reason
		}
	}
	if days := g.described.RetentionDays; days > 0 {
		raise(now.Add(-time.Duration(days)*24*time.Hour).UnixMilli(), lostRetention)
	}
	if g.restored && now.Sub(g.savedAt) > maxBackfill {
		raise(now.Add(-maxBackfill).UnixMilli(), lostBackfill)
	}
	if created := g.recreated; created != 0 {
		g.recreated = 0
		if g.readTo() >= created {
			// Between two polls it was deleted and made again: what was written between them may be lost.
			return span{created - interval.Milliseconds(), created}, lostDeleted
		}
		raise(created, lostDeleted)
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

// loseBacklog notes what a group that is left took along as it was deleted: nothing where it was read until just before; or what could not be read of it.
// interval is the longest time between polls.
func (g *group) loseBacklog(interval time.Duration) {
	if until := g.until.UnixMilli(); g.unreadable == "" {
		if g.readTo() >= until {
			return
		}
		if lost, ok := g.pos.clamp(until); ok && g.begun {
			g.lose(lost, lostBackfill)
		}
		return
	}
	if g.unreadable != darkMissing || !g.begun || g.unread && g.described.Created.IsZero() {
		return
	}
	if g.missingAt-max(g.pos.newest+1, g.pos.readTo) <= max(interval, describeInterval).Milliseconds() {
		return
	}
	if lost, ok := g.pos.clamp(g.missingAt); ok {
		g.lose(lost, lostDeleted)
	}
}

// sayLoss says in one record, where records are wanted, one warning and a counter what can't be read any more.
func (r *Reader) sayLoss(ctx context.Context, g *group, l *loss) error {
	from, to := time.UnixMilli(l.from).UTC(), time.UnixMilli(l.to).UTC()
	if r.Emitter != nil {
		if err := r.emitLoss(ctx, g, from, to, l.reason); err != nil {
			return err
		}
	}
	r.Logger.Warn("Log events can't be read any more", zap.String("log_group", g.name), zap.String("reason", l.reason), zap.Time("from", from), zap.Time("to", to))
	r.Recorder.LostSeconds(ctx, to.Sub(from).Seconds())
	return nil
}

func (r *Reader) emitLoss(ctx context.Context, g *group, from, to time.Time, reason string) error {
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
	return err
}

// The event that says what was lost, and its attributes.
const (
	eventLost      = attr.Prefix + "logs_lost"
	attrLostReason = attr.Prefix + "lost.reason"
	attrLostFrom   = attr.Prefix + "lost.from"
	attrLostTo     = attr.Prefix + "lost.to"
)
