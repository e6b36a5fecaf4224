package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

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
	if g.removed {
		g.rest(t.class)
		g.mu.Unlock()
		return
	}
	g.failures++
	g.answered = true
	if g.failures >= reportAfter || denied(err) {
		g.err = err
	}
	wait := g.retry.Next()
	switch {
	case c.sweep && (reasonOf(err) != "" || aws.LogTokenInvalid(err)):
		// The next poll meets the same, or the next sweep reads the same.
		g.sweepActive = false
		g.mu.Unlock()
		return
	case reasonOf(err) == darkMissing:
		// DescribeLogGroups says when it is there again, and since when.
		g.rest(t.class)
		said := g.unreadable == darkMissing || g.routes.Load().optional()
		g.cannot(darkMissing, now)
		g.probing = false
		if now.Sub(g.describedAt) >= describePause {
			g.describedAt = time.Time{} // at once
		}
		g.mu.Unlock()
		if !said {
			r.say(g.name, darkMissing, err)
		}
		r.wakeDescribe()
		return
	case reasonOf(err) != "":
		// It is tried again from time to time, unless DescribeLogGroups says more.
		reason := reasonOf(err)
		if g.unreadable != reason {
			defer r.say(g.name, reason, err)
		}
		g.unreadable, g.probing = reason, true
		t.chain, wait = nil, r.Config.MaxPollInterval
	case aws.LogTokenInvalid(err), len(g.losses) > 0:
		t.chain = nil // begins anew at the position, once what was lost is said
	case class == aws.Throttled:
		wait = 0 // the limiter waits for all
	}
	t.at = now.Add(wait).UnixMilli()
	if wait == 0 && c.token != "" && !c.sweep {
		t.class, t.at = classDrain, g.pos.newest
	}
	g.mu.Unlock()
	r.queue.add(t)
	r.reportHealth()
}

// denied says whether a policy does not allow what failed.
func denied(err error) bool {
	class := aws.ClassOf(err)
	return class == aws.Denied || class == aws.ExplicitDeny || class == aws.Boundary
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
	g.failures, g.err, g.answered, g.missingAt = 0, nil, true, 0
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
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
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

func (r *Reader) checkpointFailed(ctx context.Context, err error) {
	r.Recorder.CheckpointError(ctx)
	if r.once("checkpoint") {
		r.Logger.Error("Positions of log groups can't be stored or taken up; a restart may repeat or miss events", zap.Error(err))
	}
}

// once says whether something is to be said: the first time.
func (r *Reader) once(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said[what] || len(r.said) >= maxSaid {
		return false
	}
	r.said[what] = true
	return true
}

// say says once why something can't be read.
func (r *Reader) say(what, reason string, err error) {
	if r.once(reason + " " + what) {
		r.Logger.Warn("A log group can't be read", zap.String("log_group", what), zap.String("reason", reason), zap.String("remedy", remedies[reason]), zap.Error(err))
	}
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
