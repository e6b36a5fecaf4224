package preflight

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

const (
	// sampleTime is the stretch of a group's newest events that a page is read of.
	sampleTime = 10 * time.Minute
	// maxSampled bounds the groups that are read: at a rate of 5 calls a second they take a minute and a half.
	maxSampled = 500
	// maxEmptyPages bounds the pages without events that AWS puts before those with some.
	maxEmptyPages = 10
	// maxTries is how often a call is made that is throttled or meets a failure that passes; FilterLogEvents leaves that to its caller.
	maxTries = 4
	// eventOverhead is what CloudWatch Logs counts for each event beside its text ("API_PutLogEvents").
	eventOverhead = 26
	// noGroup is asked for where there is none.
	noGroup = "API-Gateway-Execution-Logs_" + noAPI + "/preflight"
)

// logGroups finds the log groups that would be read, describes them, and reads a page of each.
func (p *probe) logGroups(ctx context.Context) {
	if p.groupsFor() == "" {
		return
	}
	p.groups = logs.Survey(ctx, p.Logs, p.client, p.client.Target(), p.snapshot, p.records(), p.spans(), p.Traces.XRay.Enabled)
	described := p.describe(ctx)
	p.groups = slices.DeleteFunc(p.groups, func(g logs.Found) bool { return g.Optional && described != nil && described[g.Name] == nil })
	counts := &Groups{}
	for i := range p.groups {
		g := &p.groups[i]
		if g.Reason != "" {
			continue // it is no group of this account and region
		}
		counts.Count++
		if g.Reason, g.Remedy = logs.Unreadable(described[g.Name], nil); g.Reason != "" || counts.Read >= maxSampled {
			continue
		}
		bytes, err := p.sample(ctx, g)
		if err == nil {
			counts.Read++
			counts.DailyBytes += bytes
		}
	}
	if p.outcomes[filterLogEvents] == nil {
		_ = p.filter(ctx, noGroup, 0, 0, "", &model.LogPage{}) // was noted
	}
	if p.inventory.Current() == nil {
		p.unknownPrice(filterLogEvents, listsOfAPIs)
		return
	}
	p.target.Counts.Groups = counts
	p.target.Month.add(Line{Item: filterLogEvents, Detail: fmt.Sprintf("%d log groups; CloudWatch's price list has no item for it", counts.Count)})
}

// describe describes the groups by name; nil where that failed.
func (p *probe) describe(ctx context.Context) map[string]*model.LogGroup {
	var names []string
	for i := range p.groups {
		if p.groups[i].Reason == "" {
			names = append(names, p.groups[i].Name)
		}
	}
	if len(names) == 0 {
		names = []string{noGroup}
	}
	var found []model.LogGroup
	err := p.try(describeLogGroups, func() (err error) {
		found, err = p.client.DescribeLogGroups(ctx, names)
		return err
	})
	if err != nil {
		return nil
	}
	out := map[string]*model.LogGroup{}
	for i := range found {
		out[found[i].Name] = &found[i]
	}
	return out
}

// sample reads a page of a group's newest minutes and returns how many bytes it takes in a day at that pace.
func (p *probe) sample(ctx context.Context, g *logs.Found) (int64, error) {
	to := p.client.Now().Truncate(time.Minute).UnixMilli()
	from := to - sampleTime.Milliseconds()
	var page model.LogPage
	token := ""
	for range maxEmptyPages {
		if err := p.filter(ctx, g.Name, from, to, token, &page); err != nil {
			g.Reason, g.Remedy = logs.Unreadable(nil, err)
			if g.Reason == "" {
				g.Reason, g.Remedy = string(aws.ClassOf(err)), remedy(err)
			}
			return 0, err
		}
		if token = page.Token; token == "" || len(page.Events) > 0 {
			break
		}
	}
	bytes := int64(0)
	for i := range page.Events {
		bytes += int64(len(page.Events[i].Message)) + eventOverhead
	}
	covered := to - from
	if n := len(page.Events); token != "" && n > 0 {
		covered = max(page.Events[n-1].Timestamp-from, 1) // there is more after the page
	}
	return int64(float64(bytes) * float64((24 * time.Hour).Milliseconds()) / float64(covered)), nil
}

// filter makes a call of FilterLogEvents. What is wrong with the group alone is not the operation's.
func (p *probe) filter(ctx context.Context, group string, from, to int64, token string, page *model.LogPage) error {
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	if dead != nil {
		return dead
	}
	var err error
	for range maxTries {
		if err = p.client.WaitLogEvents(ctx); err == nil {
			err = p.client.FilterLogEvents(ctx, group, from, to, token, page)
		}
		switch aws.ClassOf(err) {
		case aws.Throttled, aws.Server, aws.Network, aws.Malformed:
			if p.Clock.Sleep(ctx, time.Second) != nil {
				return err
			}
			continue
		}
		break
	}
	noted := err
	if reason, _ := logs.Unreadable(nil, err); reason != "" {
		noted = nil
	}
	p.note(filterLogEvents, noted)
	return err
}
