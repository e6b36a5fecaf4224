package main

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"
)

// usageView is what the receiver has asked of AWS since the start, and what that costs by its own estimate, in USD by both readings of the
// five-statistics rule.
type usageView struct {
	Operations []*operationView `json:"operations"` // those that are called most first
	Calls      float64          `json:"calls"`
	Failed     float64          `json:"failed"`
	Throttled  float64          `json:"throttled"`
	Minute     float64          `json:"minute"` // calls in the last minute

	BilledLow  float64      `json:"billed_low"` // metrics
	BilledHigh float64      `json:"billed_high"`
	Scanned    float64      `json:"scanned"` // traces
	Retrieved  float64      `json:"retrieved"`
	Low        float64      `json:"low"`
	High       float64      `json:"high"`
	Month      *monthlyCost `json:"month"` // nil before the receiver has said it
}

type operationView struct {
	Name   string  `json:"name"`
	Calls  float64 `json:"calls"`
	Failed float64 `json:"failed"`
	Minute float64 `json:"minute"`
}

// ask asks for the receiver's internal metrics until the context ends. Before the collector listens there are none.
func (p *page) ask(ctx context.Context, url string) {
	client := &http.Client{}
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(showEvery)
	defer ticker.Stop()
	var asked []*usage // in the last minute, the oldest first
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			u, err := askUsage(ctx, client, url)
			if err != nil {
				continue
			}
			asked = append(asked, u)
			asked = asked[max(0, len(asked)-asksKept):]
			before := &usage{} // the start is less than that ago
			if len(asked) == asksKept {
				before = asked[0]
			}
			p.usage.Store(u.since(before, p.forecast.cost.Load()))
		}
	}
}

// since shows the usage, and what of it came after an earlier one.
func (u *usage) since(before *usage, month *monthlyCost) *usageView {
	v := &usageView{
		Operations: []*operationView{}, Throttled: u.throttled, BilledLow: u.billedLow, BilledHigh: u.billedHigh,
		Scanned: u.scanned, Retrieved: u.retrieved, Low: u.usdLow, High: u.usdHigh, Month: month,
	}
	for _, name := range slices.Sorted(maps.Keys(u.operations)) {
		o := u.operations[name]
		shown := &operationView{Name: clip(name), Calls: o.calls, Failed: o.failed, Minute: o.calls}
		if earlier := before.operations[name]; earlier != nil {
			shown.Minute -= earlier.calls
		}
		v.Calls += shown.Calls
		v.Failed += shown.Failed
		v.Minute += shown.Minute
		v.Operations = append(v.Operations, shown)
	}
	slices.SortStableFunc(v.Operations, func(a, b *operationView) int { return cmp.Compare(b.Calls, a.Calls) })
	v.Operations = v.Operations[:min(len(v.Operations), operationsShown)]
	return v
}
