package awssim

import (
	"slices"
	"time"
)

// getUsage answers how many requests each key of a usage plan made on each day, and how many it had left in the quota's period.
func (s *Server) getUsage(x *exchange) (any, error) {
	v, plan, err := x.usagePlan()
	if err != nil {
		return nil, err
	}
	first, last, err := x.days()
	if err != nil {
		return nil, err
	}
	wanted := x.request.URL.Query().Get("keyId")
	byID := map[string]*PlanKey{}
	var keys []string
	for _, k := range v.planKeys(plan) {
		if wanted == "" || wanted == k.KeyID {
			byID[k.KeyID], keys = k, append(keys, k.KeyID)
		}
	}
	slices.Sort(keys)
	from, to, next, err := paged(s, x, namesV1.limit, namesV1.token, keys)
	if err != nil {
		return nil, err
	}
	values := members{}
	for _, id := range keys[from:to] {
		name := id
		if plan.UsageByValue {
			name = v.key(id).value()
		}
		values[name] = v.usage(plan, byID[id], first, last)
	}
	// The member that the SDK calls Items is values on the wire.
	out := members{
		"usagePlanId": plan.ID, "startDate": first.Format(time.DateOnly), "endDate": last.Format(time.DateOnly), "values": values,
	}
	out.text(namesV1.token, next)
	return out, nil
}

// usage returns what a key used and had left on each day.
func (v *view) usage(plan *UsagePlan, key *PlanKey, first, last time.Time) [][2]int {
	days := [][2]int{}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		used, left := v.usedOn(key, day), 0
		if plan.Quota != nil {
			left = plan.Quota.Limit
			for d := plan.Quota.periodStart(day); !d.After(day); d = d.AddDate(0, 0, 1) {
				left -= v.usedOn(key, d)
			}
		}
		days = append(days, [2]int{used, max(left, 0)})
	}
	return days
}

// usedOn is how many requests a key made on a day, up to now.
func (v *view) usedOn(key *PlanKey, day time.Time) int {
	if !day.Before(v.now) || !v.alive(key.Created, time.Time{}) {
		return 0
	}
	if used, ok := key.Used[day.Format(time.DateOnly)]; ok {
		return used
	}
	from := later(day, key.Created)
	to := day.AddDate(0, 0, 1)
	if v.now.Before(to) {
		to = v.now
	}
	if !from.Before(to) {
		return 0
	}
	// Days differ by up to a fifth from the mean; within a day requests come evenly.
	factor := 0.8 + 0.4*float64(hashStrings(0, key.KeyID, day.Format(time.DateOnly))%1000)/1000
	return int(key.PerDay * factor * to.Sub(from).Hours() / 24)
}

// periodStart is the first day of the period that a day is in: weeks begin on Sundays.
func (q *Quota) periodStart(day time.Time) time.Time {
	switch q.Period {
	case "WEEK":
		return day.AddDate(0, 0, -int(day.Weekday()))
	case "MONTH":
		return day.AddDate(0, 0, 1-day.Day())
	default:
		return day
	}
}
