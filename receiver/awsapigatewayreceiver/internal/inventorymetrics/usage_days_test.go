package inventorymetrics

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// refusing takes metrics at the second offer.
type refusing struct {
	*sink
	offers int
}

func (r *refusing) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	if r.offers++; r.offers == 1 {
		return errors.New("later")
	}
	return r.sink.ConsumeMetrics(ctx, md)
}

// A point is of the time at which it was read, however late the pipeline takes it: the next day does not get this day's usage.
func TestUsageThatIsTakenLate(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil)
	r.plans[0].Quota = nil
	set := receivertest.NewNopSettings(component.MustNewType("awsapigateway"))
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	r.Emitter = emit.NewMetrics(emit.Settings{Hold: context.Background(), Obs: obs, Clock: r.account, Logger: zap.NewNop(), Refused: func(error) {}, Format: "apigateway"}, &refusing{sink: r.sink})
	r.account.onSleep = func(context.Context, time.Duration) error {
		r.account.set(hour(30)) // the pipeline refuses until the next day
		return nil
	}
	r.used(key(key1, 10, 0, 3, 0))
	got, err := r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{"usage_plan.requests{usage_plan_id=p1} 10 19T00:00-20T00:00 @ /account", "usage_plan.requests{usage_plan_id=p1} 3 20T00:00-20T12:00 @ /account"}, got)
}

// slow answers an hour after it was asked.
type slow struct{ *account }

func (s slow) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	items, err := s.account.Read(ctx, what, of)
	s.set(s.Now().Add(time.Hour))
	return items, err
}

// A read that ends after midnight is still of the day that it asked for.
func TestUsageThatIsReadAcrossMidnight(t *testing.T) {
	t.Parallel()
	for at, want := range map[float64]string{22.5: "23:30", 23.5: "23:59"} {
		r := newUsage(t, nil)
		r.plans[0].Quota = nil
		r.Reader = slow{r.account}
		r.account.set(hour(at))
		r.used(key(key1, 10, 0, 3, 0))
		got, err := r.round()
		require.NoError(t, err)
		require.Len(t, got, 2)
		assert.Regexp(t, `3 20T00:00-2[01]T`+want, got[1])
	}
}

// A key that is gone makes room for another under max_keys; one that has a series keeps it.
func TestKeysThatAreGoneMakeRoom(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil, byKey, func(c *inventory.Config) { c.Usage.MaxKeys = 2 })
	r.plans[0].Quota = nil
	for _, set := range []struct{ keys, want string }{{"bc", "bc"}, {"abc", "bc"}, {"acd", "ac"}, {"abcd", "ac"}, {"bd", "bd"}} {
		var used []string
		for _, k := range set.keys {
			used = append(used, key("aaaaaaaaa"+string(k), 1, 0, 1, 0))
		}
		r.used(used...)
		got, err := r.round()
		require.NoError(t, err)
		for _, k := range "abcd" {
			assert.Equal(t, strings.ContainsRune(set.want, k), strings.Contains(strings.Join(got, "\n"), "api_key_id=aaaaaaaaa"+string(k)), "%c of %s", k, set.keys)
		}
	}
}

// The first pair of an answer is of its start date; days that nobody asked for are no usage of others, and counted.
func TestTheStartDateSaysWhichDays(t *testing.T) {
	t.Parallel()
	const yesterday, today = "usage_plan.requests{usage_plan_id=p1} %s 19T00:00-20T00:00 @ /account", "usage_plan.requests{usage_plan_id=p1} %s 20T00:00-20T12:00 @ /account"
	for name, set := range map[string]struct {
		start, days, yesterday, today string
		odd                           int
	}{
		"as asked for":         {"2026-11-19", "[[1, 9], [2, 8]]", "1", "2", 0},
		"today":                {"2026-11-20", "[[2, 8]]", "", "2", 0},
		"the day before":       {"2026-11-18", "[[7, 9], [1, 9], [2, 8]]", "1", "2", 1},
		"long ago":             {"0001-01-01", "[[7, 9], [1, 9]]", "", "", 2},
		"tomorrow":             {"2026-11-21", "[[7, 9]]", "", "", 1},
		"what can't be a date": {"x", "[[1, 9], [2, 8]]", "1", "2", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newUsage(t, nil)
			r.plans[0].Quota = nil
			r.account.answers[model.GetUsage] = []string{`{"startDate": "` + set.start + `", "values": {"` + key1 + `": ` + set.days + `}}`}
			got, err := r.round()
			require.NoError(t, err)
			var want []string
			if set.yesterday != "" {
				want = append(want, strings.ReplaceAll(yesterday, "%s", set.yesterday))
			}
			if set.today != "" {
				want = append(want, strings.ReplaceAll(today, "%s", set.today))
			}
			assert.Equal(t, want, got)
			assert.Equal(t, set.odd, r.account.malformed)
		})
	}
}

// ahead is an account whose clock is ahead by days until it has answered.
type ahead struct{ *account }

func (a ahead) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	items, err := a.account.Read(ctx, what, of)
	a.set(hour(12))
	return items, err
}

// Days that are still to come by AWS's clock are not told, nor taken for told.
func TestUsageOfDaysToCome(t *testing.T) {
	t.Parallel()
	r := newUsage(t, nil)
	r.plans[0].Quota = nil
	r.Reader = ahead{r.account}
	r.used(key(key1, 10, 0, 3, 0))
	r.account.set(hour(60))
	got, err := r.round()
	assert.ErrorIs(t, err, errAhead)
	assert.Empty(t, got)
	assert.Empty(t, r.usage.settled)
	got, err = r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{"usage_plan.requests{usage_plan_id=p1} 10 19T00:00-20T00:00 @ /account", "usage_plan.requests{usage_plan_id=p1} 3 20T00:00-20T12:00 @ /account"}, got)
}

// Days that ended while the collector was off, or could not read or hand over, are told with yesterday, each once; a day that was told is not again.
func TestUsageOfDaysThatWereMissed(t *testing.T) {
	t.Parallel()
	const of = "usage_plan.requests{usage_plan_id=p1} "
	r := newUsage(t, checkpointtest.Open(t, t.TempDir()))
	r.plans[0].Quota = nil
	r.used(key(key1, 10, 0, 3, 0))
	_, err := r.round()
	require.NoError(t, err)

	r.account.set(hour(72.25)) // the 23rd, just after midnight
	r.restart()
	r.used(key(key1, 20, 0, 21, 0, 22, 0, 1, 0))
	got, err := r.round()
	require.NoError(t, err)
	assert.Empty(t, got, "yesterday may still change")
	assert.Equal(t, model.ReadOf{UsagePlan: "p1", From: "2026-11-20", To: "2026-11-23"}, r.account.asked[1])
	r.account.set(hour(72.5))
	got, err = r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{
		of + "1 23T00:00-23T00:30 @ /account", of + "20 20T00:00-21T00:00 @ /account", of + "21 21T00:00-22T00:00 @ /account", of + "22 22T00:00-23T00:00 @ /account",
	}, got)
	r.used(key(key1, 22, 0, 2, 0))
	got, err = r.round()
	require.NoError(t, err)
	assert.Equal(t, []string{of + "2 23T00:00-23T00:30 @ /account"}, got)
	assert.Equal(t, model.ReadOf{UsagePlan: "p1", From: "2026-11-22", To: "2026-11-23"}, r.account.asked[3])

	r.account.set(hour(100*24 + 12))
	r.restart()
	_, err = r.round()
	require.NoError(t, err)
	assert.Equal(t, model.ReadOf{UsagePlan: "p1", From: "2027-02-13", To: "2027-02-28"}, r.account.asked[4], "15 days at most")
}
