package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Bounds of what the page is told. Texts come from AWS and may be of any length.
const (
	stagesShown     = 100
	linesDrawn      = 6 // APIs with a line of their own in the charts
	changesShown    = 50
	failuresShown   = 10
	spansShown      = 60
	operationsShown = 40
	alarmsShown     = 5
	textShown       = 160  // characters of a name, or of what changed
	lineShown       = 2000 // characters of a log's line
)

// view is what the page is told: JSON, times in Unix milliseconds, durations in milliseconds.
type view struct {
	Now      int64          `json:"now"`
	Began    int64          `json:"began"` // the collector's start
	Ready    bool           `json:"ready"` // the inventory is complete
	Minute   int64          `json:"minute"`
	Totals   totalsView     `json:"totals"`
	Stages   []*stageView   `json:"stages"`
	Traffic  trafficView    `json:"traffic"`
	Changes  []*changeView  `json:"changes"` // the newest first
	Failures []*failureView `json:"failures"`
	Usage    *usageView     `json:"usage"` // nil before the collector's first answer
}

// totalsView are numbers since the start.
type totalsView struct {
	Points   int `json:"points"`
	Requests int `json:"requests"` // in access logs
	Failed   int `json:"failed"`
	Lines    int `json:"lines"` // of execution logs
	Spans    int `json:"spans"`
	Entities int `json:"entities"`
	APIs     int `json:"apis"`
	Stages   int `json:"stages"`

	// Of the newest minute.
	MinuteRequests int64 `json:"minute_requests"`
	MinuteErrors   int64 `json:"minute_errors"`
}

// stageView is a stage, and what it did in the newest minute of which CloudWatch has points.
type stageView struct {
	Account    string   `json:"account"`
	Region     string   `json:"region"`
	API        string   `json:"api"`
	Type       string   `json:"type"`
	Name       string   `json:"name"`
	ID         string   `json:"id"`       // the API's
	Together   int      `json:"together"` // the APIs of one name that CloudWatch does not tell apart: numbers are of all of them; 0 where it is none
	Requests   int64    `json:"requests"`
	Errors     int64    `json:"errors"`
	P90        float64  `json:"p90"`        // 0 where it is not known
	Trend      []int64  `json:"trend"`      // requests of the last minutes
	Deployment string   `json:"deployment"` // id
	Deployed   int64    `json:"deployed"`   // 0 where it is not known
	Dark       []string `json:"dark"`       // what it does not tell
	Alarms     []string `json:"alarms"`     // that are in ALARM
	Gone       bool     `json:"gone"`

	total int64
}

// changeView is a change of the inventory, or of an alarm. Kind is what it is marked as in the charts, "" where it is not.
type changeView struct {
	At    int64  `json:"at"`
	Where string `json:"where"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
}

// trendMinutes is how far back a stage's trend goes.
const trendMinutes = 20

func newStageView(s *stage, v *inventory, first, newest int64) *stageView {
	out := &stageView{
		Account: clip(s.account), Region: clip(s.region), API: clip(s.api), Type: clip(s.kind), Name: clip(s.name),
		ID: clip(strings.Join(s.apis(), ",")), Together: s.together, Dark: s.dark(), Alarms: s.ringing(), Trend: []int64{}, total: s.requests,
	}
	for at := max(first, newest-trendMinutes+1); at <= newest; at++ {
		n := int64(0)
		if m := s.minutes[at]; m != nil {
			n = m.requests
		}
		out.Trend = append(out.Trend, n)
	}
	m := s.lately(newest)
	out.Requests, out.Errors, out.P90 = m.requests, m.errors, 1000*m.p90
	if e := v.stages[s.instance]; e != nil {
		out.Deployment, out.Gone = clip(e.deployment), e.gone
	}
	if !s.deployed.IsZero() {
		out.Deployed = s.deployed.UnixMilli()
	}
	return out
}

// lately is what the stage did in the newest minute. A series may be a minute behind the others.
func (s *stage) lately(newest int64) minute {
	if at, m := s.minutes.newest(); m != nil && at >= newest-1 {
		return *m
	}
	return minute{}
}

// dark is what the stage does not tell, by its own settings. Only REST APIs can have X-Ray.
func (s *stage) dark() []string {
	out := []string{}
	switch s.telemetry["access_logs"] {
	case "off":
		out = append(out, "no access log")
	case "unreadable":
		out = append(out, "unreadable access log")
	}
	if s.telemetry["xray"] == "off" && s.kind == "REST" {
		out = append(out, "no X-Ray")
	}
	return out
}

// ringing are the stage's alarms that are in ALARM.
func (s *stage) ringing() []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.alarms)) {
		if s.alarms[name] && len(out) < alarmsShown {
			out = append(out, clip(name))
		}
	}
	return out
}

// stages are all stages: accounts and regions by their traffic, stages by theirs.
func (o *outputs) stages(first, newest int64) []*stageView {
	out, busy := []*stageView{}, map[string]int64{}
	for _, s := range o.metrics.each() {
		v := newStageView(s, o.logs.inventory, first, newest)
		out = append(out, v)
		busy[v.Account+" "+v.Region] += v.total
	}
	slices.SortFunc(out, func(a, b *stageView) int {
		inA, inB := a.Account+" "+a.Region, b.Account+" "+b.Region
		return cmp.Or(cmp.Compare(busy[inB], busy[inA]), cmp.Compare(inA, inB), cmp.Compare(b.total, a.total), cmp.Compare(a.API, b.API),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), stagesShown)]
}

// view is what the page is told of what has come so far.
func (o *outputs) view(now, began time.Time, ready bool, changes []*change) *view {
	first, newest := o.metrics.known()
	counted, known := o.logs.requests.total, o.logs.inventory
	v := &view{
		Now: now.UnixMilli(), Began: began.UnixMilli(), Ready: ready, Minute: newest * time.Minute.Milliseconds(),
		Totals: totalsView{
			Points: o.metrics.points, Requests: counted.requests, Failed: counted.failed, Lines: counted.lines, Spans: o.traces.spans,
			Entities: known.count(""), APIs: known.count("api"), Stages: known.count("stage"),
		},
		Stages: o.stages(first, newest), Traffic: o.metrics.traffic(first, newest), Changes: []*changeView{}, Failures: o.failures(),
	}
	for _, s := range o.metrics.stages {
		if e := known.stages[s.instance]; e == nil || !e.gone {
			m := s.lately(newest)
			v.Totals.MinuteRequests += m.requests
			v.Totals.MinuteErrors += m.errors
		}
	}
	for _, c := range slices.SortedStableFunc(slices.Values(changes), func(a, b *change) int { return b.at.Compare(a.at) }) {
		v.Changes = append(v.Changes, &changeView{At: c.at.UnixMilli(), Where: clip(c.where), Kind: clip(c.kind), Text: clip(c.text)})
	}
	return v
}

// known are the first and the newest minute that any stage has points of, of the newest minutesKept. Without points, the newest is before the first.
func (o *output) known() (first, newest int64) {
	first = math.MaxInt64
	for _, s := range o.stages {
		for at := range s.minutes {
			first, newest = min(first, at), max(newest, at)
		}
	}
	return max(first, newest-minutesKept+1), newest
}

func clip(text string) string { return clipTo(text, textShown) }

// clipTo cuts a text that is longer than so many characters.
func clipTo(text string, characters int) string {
	for at := range text {
		if characters == 0 {
			return text[:at] + "…"
		}
		characters--
	}
	return text
}
