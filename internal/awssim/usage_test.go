package awssim

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// TestUsage: what each key used and had left on each day, by the keys' ids or values, in pages.
func TestUsage(t *testing.T) {
	used := map[string]int{"2026-11-18": 40, "2026-11-19": 30, "2026-11-20": 20, "2026-11-21": 5, "2026-11-22": 99}
	plan := func(id string, q *Quota, byValue bool) *UsagePlan {
		return &UsagePlan{
			ID: id, Name: id, Quota: q, UsageByValue: byValue,
			Keys: []*PlanKey{{KeyID: "keyone0000", Used: used}, {KeyID: "keytwo0000", PerDay: 1000}},
		}
	}
	world := oneRegion(&Region{
		APIKeys: []*APIKey{{ID: "keyone0000", Value: "secret-one"}, {ID: "keytwo0000", Value: "secret-two"}},
		UsagePlans: []*UsagePlan{
			plan("daily0", &Quota{Limit: 50, Period: "DAY"}, false), plan("month0", &Quota{Limit: 100, Period: "MONTH"}, true),
			plan("noquot", nil, false),
		},
	})
	h := start(t, Config{World: world, MaxPage: 1}) // at noon of 2026-11-21
	read := func(id, from, to, key string) map[string][][]int64 {
		t.Helper()
		in := &apigateway.GetUsageInput{UsagePlanId: &id, StartDate: &from, EndDate: &to}
		if key != "" {
			in.KeyId = &key
		}
		all := map[string][][]int64{}
		pages := apigateway.NewGetUsagePaginator(h.apiGateway(), in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(background)
			if err != nil {
				t.Fatal(err)
			}
			if *page.UsagePlanId != id || *page.StartDate != from || *page.EndDate != to {
				t.Errorf("the page is %+v", page)
			}
			for name, days := range page.Items {
				all[name] = append(all[name], days...)
			}
		}
		return all
	}
	equal := func(what string, got [][]int64, want ...[]int64) {
		t.Helper()
		if !slices.EqualFunc(got, want, slices.Equal[[]int64]) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	daily := read("daily0", "2026-11-19", "2026-11-22", "")
	equal("the daily usage", daily["keyone0000"], []int64{30, 20}, []int64{20, 30}, []int64{5, 45}, []int64{0, 50}) // nothing is known of tomorrow
	equal("the monthly usage", read("month0", "2026-11-19", "2026-11-21", "keyone0000")["secret-one"], []int64{30, 30}, []int64{20, 10}, []int64{5, 5})
	equal("the usage without a quota", read("noquot", "2026-11-20", "2026-11-20", "keyone0000")["keyone0000"], []int64{20, 0})
	two := daily["keytwo0000"]
	if len(daily) != 2 || two[0][0] < 800 || two[0][0] > 1200 || two[0][1] != 0 || two[2][0] < 400 || two[2][0] > 600 || two[3][0] != 0 {
		t.Errorf("the second key's usage is %v", two)
	}
	if month := read("month0", "2026-11-20", "2026-11-20", ""); len(month) != 2 || month["secret-two"] == nil {
		t.Errorf("the usage by values is %v", month)
	}
	if other := read("daily0", "2026-11-19", "2026-11-22", "keyother00"); len(other) != 0 {
		t.Errorf("the usage of another key is %v", other)
	}
	for _, dates := range [][2]string{{"2026-11-20", "2026-11-19"}, {"20.11.2026", "2026-11-21"}} {
		_, err := h.apiGateway().GetUsage(background, &apigateway.GetUsageInput{UsagePlanId: aws.String("daily0"), StartDate: &dates[0], EndDate: &dates[1]})
		wantCode(t, err, "BadRequestException")
	}
}

// TestUsageGrows: the same day has more requests later, and never fewer.
func TestUsageGrows(t *testing.T) {
	v := &view{account: &Account{}, region: &Region{}}
	key := &PlanKey{KeyID: "keyone0000", PerDay: 500}
	day, last := noon.Truncate(24*time.Hour), 0
	for hour := range 30 {
		v.now = day.Add(time.Duration(hour) * time.Hour)
		got := v.usedOn(key, day)
		if got < last || hour > 0 && hour <= 24 && got == last || hour > 24 && got != last {
			t.Errorf("after %d hours the day has %d requests, before %d", hour, got, last)
		}
		last = got
	}
}
