package logs

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

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

// absent says that the group does not exist, and need not. g.mu is held.
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
		if r.once("describe") {
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
	if reason == "" && before != "" {
		reason, g.probing = before, true // reading it tells
	} else {
		g.cannot(reason, now)
		g.probing = false
	}
	start, absent := (reason == "" || g.probing) && !g.headActive, g.absent()
	if start {
		g.headActive = true
	}
	g.mu.Unlock()
	if reason != "" && before != reason && !absent {
		r.say(g.name, reason, nil)
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
