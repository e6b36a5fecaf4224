package inventorymetrics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func newUsage(t *testing.T, store *checkpoint.Store, edits ...func(*inventory.Config)) *usageRig {
	r := newRig(t, store, edits...)
	u := &usageRig{rig: r, plans: []model.UsagePlan{{ID: "p1", Quota: &model.Quota{Limit: 100, Period: "DAY"}}}}
	u.restart()
	return u
}

// usageRig reads usage round by round.
type usageRig struct {
	*rig
	usage *usage
	plans []model.UsagePlan
}

// restart starts with what is stored.
func (r *usageRig) restart() {
	r.usage = r.newUsage(context.Background())
}

// used answers with what keys used and have left, yesterday and today.
func (r *usageRig) used(keys ...string) {
	r.account.answers[model.GetUsage] = []string{`{"usagePlanId": "p1", "startDate": "x", "endDate": "y", "values": {` + strings.Join(keys, ",") + `}}`}
}

func key(name string, days ...float64) string {
	var out []string
	for i := 0; i+1 < len(days); i += 2 {
		out = append(out, fmt.Sprintf("[%g, %g]", days[i], days[i+1]))
	}
	return fmt.Sprintf("%q: [%s]", name, strings.Join(out, ","))
}

func (r *usageRig) round() ([]string, error) {
	err := r.usage.round(context.Background(), r.plans)
	return r.measured(), err
}

func byKey(c *inventory.Config) { c.Usage.By = inventory.UsageByKey }

const key1, key2 = "abcdefghi1", "abcdefghi2"

// A plan's usage is that of all its keys; what is left, of the one that has least. Yesterday is told once, when it is settled.
func TestUsageByPlan(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil)
	r.used(key(key1, 10, 90, 3, 97), key(key2, 5, 95, 40, 60))
	got, err := r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"usage_plan.quota.remaining{usage_plan_id=p1} 60 @ /account",
		"usage_plan.requests{usage_plan_id=p1} 15 19T00:00-20T00:00 @ /account",
		"usage_plan.requests{usage_plan_id=p1} 43 20T00:00-20T12:00 @ /account",
	}, got)
	assert.Equal(t, []model.ReadOf{{UsagePlan: "p1", From: "2026-11-19", To: "2026-11-20"}}, r.account.asked)
	r.account.set(hour(12.25))
	r.used(key(key1, 10, 90, 4, 96), key(key2, 5, 95, 40, 60))
	got, err = r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{"usage_plan.quota.remaining{usage_plan_id=p1} 60 @ /account", "usage_plan.requests{usage_plan_id=p1} 44 20T00:00-20T12:15 @ /account"}, got)
}

// By key, each has a series; what is left only where there is a quota.
func TestUsageByKey(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey)
	r.used(key(key1, 10, 90, 3, 97), key(key2, 5, 95, 40, 60))
	got, err := r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"usage_plan.quota.remaining{api_key_id=abcdefghi1,usage_plan_id=p1} 97 @ /account", "usage_plan.quota.remaining{api_key_id=abcdefghi2,usage_plan_id=p1} 60 @ /account",
		"usage_plan.requests{api_key_id=abcdefghi1,usage_plan_id=p1} 10 19T00:00-20T00:00 @ /account", "usage_plan.requests{api_key_id=abcdefghi1,usage_plan_id=p1} 3 20T00:00-20T12:00 @ /account",
		"usage_plan.requests{api_key_id=abcdefghi2,usage_plan_id=p1} 40 20T00:00-20T12:00 @ /account", "usage_plan.requests{api_key_id=abcdefghi2,usage_plan_id=p1} 5 19T00:00-20T00:00 @ /account",
	}, got)
	r.plans[0].Quota = nil
	got, err = r.round()
	require.NoError(t, err)
	assert.NotContains(t, strings.Join(got, "\n"), "remaining")
}

// The documented name of the member, and pages, are read, too.
func TestUsageForms(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey)
	r.account.answers[model.GetUsage] = []string{`{"items": {"` + key1 + `": [[1, 9], [2, 8]]}}`, `{"values": {"` + key2 + `": [[3, 7], [4, 6]]}, "position": "x"}`, `{}`}
	got, err := r.round()
	require.NoError(t, err)
	assert.Len(t, got, 6)
	assert.Zero(t, r.account.malformed)
}

// What does not look like a key's id may be its value: it is hashed, the same each time.
func TestKeyValuesAreHashed(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey)
	for _, name := range []string{"SECRETsecretSECRETsecret", "ABCDEFGHIJ", "abcdefghij1", "abc", "", "abcdefghi\n"} {
		r.restart()
		r.used(key(name, 1, 9, 2, 8))
		got, err := r.round()
		require.NoError(t, err)
		require.Len(t, got, 3, name)
		for _, p := range got {
			assert.Regexp(t, `api_key_id=sha256:[0-9a-f]{16},`, p)
			assert.NotContains(t, p, "SECRET")
		}
	}
	assert.Zero(t, r.logs.Len())
}

// Keys beyond max_keys have no series, which is said once; by plan they count.
func TestMaxKeys(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey, func(c *inventory.Config) { c.Usage.MaxKeys = 2 })
	r.used(key("aaaaaaaaa1", 1, 9, 1, 9), key("aaaaaaaaa2", 1, 9, 1, 9), key("aaaaaaaaa3", 1, 9, 1, 9))
	for range 2 {
		got, err := r.round()
		require.NoError(t, err)
		assert.NotContains(t, strings.Join(got, "\n"), "aaaaaaaaa3")
		assert.Contains(t, strings.Join(got, "\n"), "aaaaaaaaa2")
	}
	assert.Equal(t, 1, r.logs.FilterMessageSnippet("inventory::usage::max_keys").Len())
	r.used(key("aaaaaaaaa0", 1, 9, 1, 9), key("aaaaaaaaa1", 1, 9, 1, 9), key("aaaaaaaaa2", 1, 9, 1, 9))
	got, err := r.round()
	require.NoError(t, err)
	assert.NotContains(t, strings.Join(got, "\n"), "aaaaaaaaa0", "the first that were seen keep their series")

	byPlan := newUsage(t, nil, func(c *inventory.Config) { c.Usage.MaxKeys = 2 })
	byPlan.used(key("aaaaaaaaa1", 1, 9, 1, 9), key("aaaaaaaaa2", 1, 9, 1, 9), key("aaaaaaaaa3", 1, 9, 1, 9))
	got, err = byPlan.round()
	require.NoError(t, err)
	assert.Contains(t, got, "usage_plan.requests{usage_plan_id=p1} 3 20T00:00-20T12:00 @ /account")
}

// After midnight yesterday is read until it no longer changes, and told before today is: the points of a series are in order, and each total is the
// last.
func TestYesterdaySettles(t *testing.T) {
	t.Parallel()
	const yesterday, today = "usage_plan.requests{usage_plan_id=p1} %d 19T00:00-20T00:00 @ /account", "usage_plan.requests{usage_plan_id=p1} %d 20T00:00-%s @ /account"
	for name, rounds := range map[string][]struct {
		at        float64
		was, is   float64
		wantWas   int // 0: not told
		wantToday string
		restart   bool
	}{
		"it changes twice": {
			{at: 0.25, was: 10, is: 1}, {at: 0.5, was: 12, is: 2}, {at: 0.75, was: 13, is: 3}, {at: 1, was: 13, is: 4, wantWas: 13, wantToday: "20T01:00"}, {at: 1.25, was: 13, is: 5, wantToday: "20T01:15"},
		},
		"it does not change":   {{at: 0.25, was: 10, is: 1}, {at: 0.5, was: 10, is: 2, wantWas: 10, wantToday: "20T00:30"}},
		"it does not settle":   {{at: 0.25, was: 10, is: 1}, {at: 1.75, was: 11, is: 1}, {at: 2, was: 12, is: 2, wantWas: 12, wantToday: "20T02:00"}, {at: 2.25, was: 99, is: 3, wantToday: "20T02:15"}},
		"the first is late":    {{at: 12, was: 10, is: 1, wantWas: 10, wantToday: "20T12:00"}},
		"a restart meanwhile":  {{at: 0.25, was: 10, is: 1}, {at: 0.5, was: 10, is: 2, restart: true}, {at: 0.75, was: 10, is: 3, wantWas: 10, wantToday: "20T00:45"}},
		"a restart after that": {{at: 0.25, was: 10, is: 1}, {at: 0.5, was: 10, is: 2, wantWas: 10, wantToday: "20T00:30"}, {at: 0.75, was: 10, is: 3, wantToday: "20T00:45", restart: true}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newUsage(t, checkpointtest.Open(t, t.TempDir()))
			r.plans[0].Quota = nil
			for _, round := range rounds {
				if round.restart {
					r.restart()
				}
				r.account.set(hour(round.at))
				r.used(key(key1, round.was, 0, round.is, 0))
				got, err := r.round()
				require.NoError(t, err)
				var want []string
				if round.wantWas != 0 {
					want = append(want, fmt.Sprintf(yesterday, round.wantWas))
				}
				if round.wantToday != "" {
					want = append(want, fmt.Sprintf(today, int(round.is), round.wantToday))
				}
				assert.ElementsMatch(t, want, got, "at %v", round.at)
			}
			assert.Zero(t, r.failed)
		})
	}
}

// Over days, each day is told once, and every point of a series is later than the one before.
func TestUsageOverDays(t *testing.T) {
	t.Parallel()
	r := newUsage(t, checkpointtest.Open(t, t.TempDir()))
	r.plans[0].Quota = nil
	var last time.Time
	totals := map[string]int64{}
	for step := range 4 * 96 {
		now := hour(0.1 + float64(step)*0.25)
		r.account.set(now)
		usedBy := func(t time.Time) float64 { return float64(int(t.Sub(t.Truncate(24*time.Hour)) / time.Minute)) } // one a minute
		delayed := now.Add(-20 * time.Minute)                                                                      // AWS updates usage late
		was, is := 1440.0, usedBy(delayed)
		if !delayed.Truncate(24 * time.Hour).Equal(now.Truncate(24 * time.Hour)) {
			was, is = usedBy(delayed), 0
		}
		r.used(key(key1, was, 0, is, 0))
		if step%37 == 0 {
			r.restart()
		}
		require.NoError(t, r.usage.round(context.Background(), r.plans))
		for _, md := range r.sink.batches {
			for _, p := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().All() {
				require.True(t, p.Timestamp().AsTime().After(last), "in order: %v", p.Timestamp().AsTime())
				last = p.Timestamp().AsTime()
				if last.Equal(last.Truncate(24 * time.Hour)) {
					totals[p.StartTimestamp().AsTime().Format("02")] += p.IntValue()
				}
			}
		}
		r.sink.batches = nil
	}
	assert.Equal(t, map[string]int64{"19": 1440, "20": 1440, "21": 1440, "22": 1440}, totals, "each day once, and whole")
}

// What can't be understood is counted and not taken for no usage: yesterday is not settled by it.
func TestMalformedUsage(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"no object": `[]`, "text": `"x"`, "values of another kind": `{"values": {"` + key1 + `": 7}}`, "a list of texts": `{"values": {"` + key1 + `": [["a", "b"]]}}`, "values that are a list": `{"values": []}`,
		"beyond all numbers": `{"values": {"` + key1 + `": [[1e999, 1]]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newUsage(t, checkpointtest.Open(t, t.TempDir()))
			r.plans[0].Quota = nil
			r.account.answers[model.GetUsage] = []string{answer}
			for i := range 3 {
				r.account.set(hour(0.25 * float64(i+1)))
				got, err := r.round()
				require.Error(t, err)
				assert.Equal(t, aws.Malformed, aws.ClassOf(err))
				assert.Empty(t, got)
			}
			assert.Equal(t, 3, r.account.malformed)
			r.used(key(key1, 10, 0, 1, 0))
			_, err := r.round()
			require.NoError(t, err)
			got, err := r.round()
			require.NoError(t, err)
			assert.Contains(t, got, "usage_plan.requests{usage_plan_id=p1} 10 19T00:00-20T00:00 @ /account")
		})
	}
}

// A key whose days are odd costs itself alone.
func TestOddDays(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey)
	r.plans[0].Quota = nil
	r.account.answers[model.GetUsage] = []string{`{"values": {"aaaaaaaaa1": [[1, 9], [2]], "aaaaaaaaa2": [[1, 9], [2, 8], [3, 7]], "aaaaaaaaa3": [], "aaaaaaaaa4": null, "aaaaaaaaa5": [null, [5, 5]], "aaaaaaaaa6": [[1, 9], [6, 4]], "aaaaaaaaa7": [[-1, 9], [1e300, 4]]}}`}
	got, err := r.round()
	require.NoError(t, err)
	assert.Contains(t, got, "usage_plan.requests{api_key_id=aaaaaaaaa6,usage_plan_id=p1} 6 20T00:00-20T12:00 @ /account")
	assert.Contains(t, got, "usage_plan.requests{api_key_id=aaaaaaaaa2,usage_plan_id=p1} 2 20T00:00-20T12:00 @ /account")
	assert.Contains(t, got, "usage_plan.requests{api_key_id=aaaaaaaaa5,usage_plan_id=p1} 5 20T00:00-20T12:00 @ /account")
	assert.Equal(t, 5, r.account.malformed)
	assert.NotContains(t, strings.Join(got, ""), "aaaaaaaaa7")
}

// A plan that can't be read leaves the others alone; the error names the first.
func TestUsageThatFails(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil)
	r.plans = []model.UsagePlan{{ID: "p1"}, {ID: "p2"}}
	r.account.errs[model.GetUsage] = errors.New("down")
	got, err := r.round()
	assert.Empty(t, got)
	require.ErrorContains(t, err, `usage plan "p1": down`)
	assert.NotContains(t, err.Error(), "p2")
	clear(r.account.errs)
	r.used(key(key1, 1, 0, 2, 0))
	got, err = r.round()
	require.NoError(t, err)
	assert.Len(t, got, 4)
}

// What is known of a plan that is gone is forgotten.
func TestPlansThatAreGone(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey, func(c *inventory.Config) { c.Usage.MaxKeys = 1 })
	r.used(key("aaaaaaaaa1", 1, 0, 2, 0), key("aaaaaaaaa2", 1, 0, 2, 0))
	r.account.set(hour(0.1))
	_, err := r.round()
	require.NoError(t, err)
	r.plans = nil
	_, err = r.round()
	require.NoError(t, err)
	assert.Empty(t, r.usage.settled)
	assert.Empty(t, r.usage.plans)
}

// Usage is read each interval once the plans are known, sooner before; a stored state that is damaged is counted and started anew.
func TestRunUsage(t *testing.T) {
	t.Parallel()
	store := checkpointtest.Open(t, t.TempDir())
	require.NoError(t, store.Apply(context.Background(), map[string][]byte{"usage/x": []byte("{")}))
	r := newRig(t, store)
	r.account.answers[model.GetUsagePlans] = []string{`{"id": "p1"}`}
	r.account.answers[model.GetUsage] = []string{`{"values": {"` + key1 + `": [[1, 9], [2, 8]]}}`}
	r.crawl()
	r.account.onSleep = func(context.Context, time.Duration) error {
		if len(r.account.slept) == 3 {
			return context.Canceled
		}
		return nil
	}
	var outcomes []error
	r.RunUsage(context.Background(), func(err error) { outcomes = append(outcomes, err) })
	assert.Equal(t, []error{nil, nil, nil}, outcomes)
	assert.Equal(t, []time.Duration{15 * time.Minute, 15 * time.Minute, 15 * time.Minute}, r.account.slept)
	assert.Equal(t, 1, r.failed)
	assert.Len(t, r.measured(), 4)
}

// FuzzUsage: whatever AWS answers, decoding ends without a panic, and no key's value comes out.
func FuzzUsage(f *testing.F) {
	f.Add([]byte(`{"values": {"abcdefghi1": [[1, 2], [3, 4]]}}`), "SECRETsecretSECRETsecret")
	f.Add([]byte(`{"items": {"x": [[1e308, -1], []]}, "values": null}`), "x")
	f.Add([]byte(`[]`), "")
	f.Fuzz(func(t *testing.T, answer []byte, name string) {
		r := newUsage(t, nil, byKey)
		r.account.answers[model.GetUsage] = []string{string(answer), "{" + `"values": {` + key(name, 1, 2, 3, 4) + "}}"}
		_, _ = r.round()
		got, _ := r.round()
		if !keyID.MatchString(name) && len(name) > 16 {
			assert.NotContains(t, strings.Join(got, ""), name)
		}
	})
}
