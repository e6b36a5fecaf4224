package inventory

import (
	"maps"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Memory is how long a deleted API is remembered: as long as ListMetrics may list its series (RecentlyActive PT3H, "up to 50 minutes more").
const Memory = 4 * time.Hour

// Gone is an API that a complete list no longer had.
type Gone struct {
	API model.API `json:"api"`
	// Since is when the list began that missed it first.
	Since time.Time `json:"since"`
}

// Left is a stage that its API no longer has, or, where it moved, one as it was. Its last points, log events and traces are still to come.
type Left struct {
	Stage model.Stage `json:"stage"`
	// Since is when the crawl began that missed it first.
	Since time.Time `json:"since"`
	// Moved: the stage was there still, and no longer wrote into a log group that it had written into.
	Moved bool `json:"moved,omitempty"`
}

// renamed are the REST APIs that CloudWatch had another name for in the snapshot before, and those that are still remembered of it.
func (s *Snapshot) renamed(before *Snapshot, at time.Time) (renamed []Gone) {
	for _, r := range before.Renamed {
		if at.Sub(r.Since) < Memory {
			renamed = append(renamed, r)
		}
	}
	for i := range s.APIs {
		now := &s.APIs[i]
		if was, ok := before.API(now.ID); ok && now.Type == model.REST && was.MetricName() != now.MetricName() {
			renamed = append(renamed, Gone{API: *was, Since: at})
		}
	}
	return renamed
}

// leave remembers the stages of an API that are not among those that were crawled from a time on, or that log no longer where they did.
func (s *Snapshot) leave(api string, crawled []model.Stage, at time.Time) *Snapshot {
	var left []Left
	for _, l := range s.Left[api] {
		now := stageNamed(crawled, l.Stage.Name)
		if back := now != nil && !(l.Moved && movesLogs(&l.Stage, now)); !back && at.Sub(l.Since) < Memory {
			left = append(left, l)
		}
	}
	for _, st := range s.Stages[api] {
		if now := stageNamed(crawled, st.Name); now == nil || movesLogs(&st, now) {
			left = append(left, Left{Stage: st, Since: at, Moved: now != nil})
		}
	}
	if len(left) == 0 && len(s.Left[api]) == 0 {
		return s
	}
	n := *s
	n.Left = maps.Clone(s.Left)
	if n.Left == nil {
		n.Left = map[string][]Left{}
	}
	if n.Left[api] = left; left == nil {
		delete(n.Left, api)
	}
	return &n
}

func stageNamed(stages []model.Stage, name string) *model.Stage {
	for i := range stages {
		if stages[i].Name == name {
			return &stages[i]
		}
	}
	return nil
}

// movesLogs says whether a stage no longer writes into a log group that it wrote into as it was before.
func movesLogs(before, now *model.Stage) bool {
	return before.AccessLog.Destination != "" && before.AccessLog.Destination != now.AccessLog.Destination ||
		before.ExecutionLogs && (!now.ExecutionLogs || before.Canary != nil && now.Canary == nil)
}
