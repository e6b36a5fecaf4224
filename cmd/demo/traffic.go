package main

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	// An incident is a time in which server errors are at least this share of a stage's requests in each minute, and so many.
	incidentShare  = 0.05
	incidentErrors = 5
	// incidentsShown is how many are, the newest.
	incidentsShown = 10
)

// trafficView is what the charts draw: for each time, a value of each line.
type trafficView struct {
	Times     []int64         `json:"times"` // beginnings of minutes
	Lines     []*lineView     `json:"lines"` // the busiest first, then all others together
	Incidents []*incidentView `json:"incidents"`
}

// lineView is an API. What is nil is not known.
type lineView struct {
	Account  string     `json:"account"`
	Region   string     `json:"region"`
	API      string     `json:"api"`  // "" are all others together
	APIs     int        `json:"apis"` // how many that are
	Requests []*int64   `json:"requests"`
	Errors   []*float64 `json:"errors"` // percent of the requests
	P90      []*float64 `json:"p90"`    // of the API's busiest stage
}

// incidentView is a time in which a stage failed.
type incidentView struct {
	Account string  `json:"account"`
	Region  string  `json:"region"`
	API     string  `json:"api"`
	Stage   string  `json:"stage"`
	From    int64   `json:"from"`
	Until   int64   `json:"until"`
	Percent float64 `json:"percent"` // of the worst minute
	Over    bool    `json:"over"`
}

// traffic is what the stages did, by API, from the first minute to the newest.
func (o *output) traffic(first, newest int64) trafficView {
	out := trafficView{Times: []int64{}, Lines: []*lineView{}, Incidents: []*incidentView{}}
	type place struct{ account, region, api string }
	stages, totals := map[place][]*stage{}, map[place]int64{}
	for _, s := range o.stages {
		p := place{s.account, s.region, s.api}
		if len(s.minutes) == 0 {
			continue
		}
		stages[p] = append(stages[p], s)
		for at, m := range s.minutes {
			if at >= first {
				totals[p] += m.requests
			}
		}
		out.Incidents = append(out.Incidents, s.incidents(first, newest)...)
	}
	busiest := slices.SortedFunc(maps.Keys(stages), func(a, b place) int {
		return cmp.Or(cmp.Compare(totals[b], totals[a]), cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region), cmp.Compare(a.api, b.api))
	})
	for at := first; at <= newest; at++ {
		out.Times = append(out.Times, at*time.Minute.Milliseconds())
	}
	drawn := busiest[:min(len(busiest), linesDrawn)]
	for _, p := range drawn {
		line := newLine(stages[p], first, newest, true)
		line.Account, line.Region, line.API, line.APIs = clip(p.account), clip(p.region), clip(p.api), 1
		out.Lines = append(out.Lines, line)
	}
	if others := busiest[len(drawn):]; len(others) > 0 {
		var all []*stage
		for _, p := range others {
			all = append(all, stages[p]...)
		}
		line := newLine(all, first, newest, false)
		line.APIs = len(others)
		out.Lines = append(out.Lines, line)
	}
	slices.SortFunc(out.Incidents, func(a, b *incidentView) int { return cmp.Or(cmp.Compare(b.From, a.From), cmp.Compare(a.API, b.API)) })
	out.Incidents = out.Incidents[:min(len(out.Incidents), incidentsShown)]
	return out
}

// newLine sums stages up. The latency of several APIs is none's.
func newLine(stages []*stage, first, newest int64, latency bool) *lineView {
	line := &lineView{}
	for at := first; at <= newest; at++ {
		var sum, busiest minute
		known := false
		for _, s := range stages {
			m := s.minutes[at]
			if m == nil {
				continue
			}
			known = true
			sum.requests += m.requests
			sum.errors += m.errors
			if m.requests >= busiest.requests {
				busiest = *m
			}
		}
		line.Requests = append(line.Requests, optional(sum.requests, known))
		line.Errors = append(line.Errors, optional(percent(sum.errors, sum.requests), sum.requests > 0))
		line.P90 = append(line.P90, optional(1000*busiest.p90, latency && busiest.p90 > 0))
	}
	return line
}

func optional[T any](value T, known bool) *T {
	if !known {
		return nil
	}
	return &value
}

func percent(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

// incidents are the times in which the stage failed.
func (s *stage) incidents(first, newest int64) []*incidentView {
	var out []*incidentView
	var last *incidentView
	for at := first; at <= newest; at++ {
		m := s.minutes[at]
		if m == nil || m.failed < incidentErrors || float64(m.failed) < incidentShare*float64(m.requests) {
			last = nil
			continue
		}
		if last == nil {
			last = &incidentView{Account: clip(s.account), Region: clip(s.region), API: clip(s.api), Stage: clip(s.name), From: at * time.Minute.Milliseconds()}
			out = append(out, last)
		}
		last.Until = (at + 1) * time.Minute.Milliseconds()
		last.Percent = max(last.Percent, percent(m.failed, m.requests))
		last.Over = at < newest
	}
	return out
}
