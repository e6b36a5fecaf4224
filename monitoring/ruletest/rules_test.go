package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	both = []string{"../prometheus/rules.yaml", "../prometheus/rules-1m.yaml"}
	// epoch is when series begin: a sample a minute.
	epoch = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
)

const (
	account   = `cloud_account_id="111122223333",cloud_region="us-east-1"`
	rest      = account + `,aws_api_gateway_api_id="abc",aws_api_gateway_api_name="orders",aws_api_gateway_api_type="REST",aws_api_gateway_stage="prod"`
	http      = account + `,aws_api_gateway_api_id="def",aws_api_gateway_api_name="payments",aws_api_gateway_api_type="HTTP",aws_api_gateway_stage="$default"`
	socket    = account + `,aws_api_gateway_api_id="ghi",aws_api_gateway_api_name="chat",aws_api_gateway_api_type="WEBSOCKET",aws_api_gateway_stage="prod"`
	collector = "otelcol_receiver_awsapigateway_"
	busy      = "aws_api_gateway_requests_total{" + rest + "} 0+100x90"
	perStage  = "stage:aws_api_gateway_requests:increase30m{" + rest + "}"
	telemetry = "aws_api_gateway_stage_telemetry_ratio{" + rest + `,source="access_logs",state="on"}`
	alarm     = "aws_cloudwatch_alarm_state_ratio"
	ofAlarm   = `,aws_cloudwatch_alarm_name="errors",aws_cloudwatch_alarm_type="MetricAlarm"`
	// up keeps the alert about an absent collector still.
	up = collector + `target_up{target="shop/us-east-1"} 1x11000`
)

// burns are the alerts of an error budget.
var burns = []string{"APIGatewayErrorBudgetBurn1H", "APIGatewayErrorBudgetBurn6H", "APIGatewayErrorBudgetBurn1D", "APIGatewayErrorBudgetBurn3D"}

// cases say which alerts fire at minute 90, of series as promtool writes them. A day is 1440 minutes, a week is 10080.
var cases = []struct {
	name   string
	series []string
	at     int // 0: 90
	fires  []string
}{
	{"all is well", []string{busy, "aws_api_gateway_errors_total{" + rest + `,error_type="5xx"} 0x90`, "aws_api_gateway_errors_total{" + rest +
		`,error_type="4xx"} 0+4x90`}, 0, nil},
	{
		"server errors",
		[]string{busy, "aws_api_gateway_errors_total{" + rest + `,error_type="5xx"} 0+6x90`},
		0,
		append([]string{"APIGatewayServerErrors"}, burns...),
	},
	{"server errors within the budget's hour", []string{busy, "aws_api_gateway_errors_total{" + rest + `,error_type="5xx"} 0+1x90`}, 0, burns[1:]},
	{"server errors that are over", []string{busy, "aws_api_gateway_errors_total{" + rest + `,error_type="5xx"} 0+40x40 1600x50`}, 0, burns[2:]},
	{
		"a canary's server errors",
		[]string{
			busy, "aws_api_gateway_requests_total{" + rest + `,aws_api_gateway_canary="true"} 0+5x90`,
			"aws_api_gateway_errors_total{" + rest + `,aws_api_gateway_canary="true",error_type="5xx"} 0+1x90`,
		},
		0,
		append([]string{"APIGatewayServerErrors"}, burns[1:]...),
	},
	{"too few requests to tell", []string{"aws_api_gateway_requests_total{" + rest + "} 0+1x15 15x75", "aws_api_gateway_errors_total{" + rest +
		`,error_type="5xx"} 0+1x15 15x75`}, 0, nil},
	{"client errors", []string{busy, "aws_api_gateway_errors_total{" + rest + `,error_type="4xx"} 0+6x90`}, 0, []string{"APIGatewayClientErrors"}},
	{"client errors of messages", []string{"aws_api_gateway_websocket_messages_total{" + socket + "} 0+100x90", "aws_api_gateway_errors_total{" +
		socket + `,error_type="client"} 0+6x90`}, 0, []string{"APIGatewayClientErrors"}},
	{"execution errors of messages", []string{"aws_api_gateway_websocket_messages_total{" + socket + "} 0+100x90", "aws_api_gateway_errors_total{" +
		socket + `,error_type="execution"} 0+6x90`}, 0, append([]string{"APIGatewayServerErrors"}, burns...)},
	{"integration errors of messages", []string{
		"aws_api_gateway_websocket_messages_total{" + socket + "} 0+100x90",
		"aws_api_gateway_errors_total{" + socket + `,error_type="integration"} 0+6x90`,
	}, 0, burns},
	{"slow", []string{busy, "aws_api_gateway_request_duration_quantile_seconds{" + rest + `,quantile="0.9"} 2.5x90`}, 0, []string{"APIGatewayLatencyHigh"}},
	{"slow at times", []string{busy, "aws_api_gateway_request_duration_quantile_seconds{" + rest + `,quantile="0.9"} 1x78 9x4 1x8`}, 0, nil},
	{"not slow", []string{
		busy, "aws_api_gateway_request_duration_quantile_seconds{" + rest + `,quantile="0.9"} 2.4x90`,
		"aws_api_gateway_request_duration_quantile_seconds{" + rest + `,quantile="0.99"} 9x90`,
	}, 0, nil},
	{"slow integrations", []string{
		"aws_api_gateway_requests_total{" + http + "} 0+100x90",
		"aws_api_gateway_integration_duration_quantile_seconds{" + http + `,quantile="0.9"} 2x90`,
	}, 0, []string{"APIGatewayIntegrationLatencyHigh"}},
	{"REST's integrations have no alarm of AWS's", []string{busy, "aws_api_gateway_integration_duration_quantile_seconds{" + rest +
		`,quantile="0.9"} 9x90`}, 0, nil},

	{"traffic is gone", []string{perStage + " 500x10110 _x90", telemetry + " 1x10200"}, 10200, []string{"APIGatewayTrafficDropped"}},
	{"traffic dropped", []string{perStage + " 500x10110 90x90", telemetry + " 1x10200"}, 10200, []string{"APIGatewayTrafficDropped"}},
	{"traffic is lower", []string{perStage + " 500x10110 110x90", telemetry + " 1x10200"}, 10200, nil},
	{"traffic was low yesterday too", []string{perStage + " 500x8000 90x2200", telemetry + " 1x10200"}, 10200, nil},
	{"a stage is gone", []string{perStage + " 500x10110 _x90", telemetry + " 1x10110"}, 10200, nil},
	{"traffic is not known", []string{perStage + " 500x10110 _x90", telemetry + " 1x10200", collector +
		`lag{signal="metrics",target="shop/us-east-1"} 5000x10200`}, 10200, []string{"APIGatewayCollectorLag"}},

	{"near the stage's limit", []string{"aws_api_gateway_requests_total{" + rest + "} 0+450x90", "aws_api_gateway_throttle_rate_limit_per_second{" +
		rest + `,aws_api_gateway_throttle_scope="stage"} 10x90`}, 0, []string{"APIGatewayStageThrottleNear"}},
	{
		"not near the stage's limit",
		[]string{
			"aws_api_gateway_requests_total{" + rest + "} 0+400x90",
			"aws_api_gateway_throttle_rate_limit_per_second{" + rest + `,aws_api_gateway_throttle_scope="stage"} 10x90`,
			"aws_api_gateway_throttle_rate_limit_per_second{" + rest + `,aws_api_gateway_throttle_scope="route",aws_api_gateway_route_key="GET /"} 1x90`,
		},
		0, nil,
	},
	{
		"near the account's limit",
		[]string{"aws_api_gateway_requests_total{" + rest + "} 0+300x90", "aws_api_gateway_websocket_messages_total{" +
			socket + "} 0+150x90", "aws_api_gateway_throttle_rate_limit_per_second{" + account + `,aws_api_gateway_throttle_scope="account"} 10x90`},
		0,
		[]string{"APIGatewayAccountThrottleNear"},
	},
	{
		"little is left of a quota",
		[]string{
			"aws_api_gateway_usage_plan_quota_remaining{" + account + `,aws_api_gateway_usage_plan_id="gold"} 9x90`,
			"aws_api_gateway_usage_plan_quota_limit{" + account + `,aws_api_gateway_usage_plan_id="gold",aws_api_gateway_quota_period="DAY"} 100x90`,
		},
		0,
		[]string{"APIGatewayQuotaNearlyUsed"},
	},
	{"enough is left of a quota", []string{
		"aws_api_gateway_usage_plan_quota_remaining{" + account + `,aws_api_gateway_usage_plan_id="gold"} 11x90`,
		"aws_api_gateway_usage_plan_quota_limit{" + account + `,aws_api_gateway_usage_plan_id="gold",aws_api_gateway_quota_period="DAY"} 100x90`,
	}, 0, nil},
	{"a certificate expires in 20 days", []string{"aws_api_gateway_client_certificate_expiry_seconds{" + account +
		`,aws_api_gateway_client_certificate_id="c"} 1728000x90`}, 0, []string{"APIGatewayClientCertificateExpires"}},
	{
		"a certificate expires in 5 days",
		[]string{"aws_api_gateway_client_certificate_expiry_seconds{" + account +
			`,aws_api_gateway_client_certificate_id="c"} 432000x90`},
		0,
		[]string{"APIGatewayClientCertificateExpires", "APIGatewayClientCertificateExpiresSoon"},
	},
	{"a certificate expires in 40 days", []string{"aws_api_gateway_client_certificate_expiry_seconds{" + account +
		`,aws_api_gateway_client_certificate_id="c"} 3456000x90`}, 0, nil},

	{"an alarm of a stage is raised", []string{alarm + "{" + rest + ofAlarm + `,state="ALARM"} 0x60 1x30`, alarm + "{" + rest + ofAlarm +
		`,state="OK"} 1x60 0x30`}, 0, []string{"APIGatewayCloudWatchAlarm"}},
	{"an alarm of an account is raised", []string{alarm + "{" + account + ofAlarm + `,state="ALARM"} 1x90`}, 0, []string{"APIGatewayCloudWatchAlarm"}},
	{"an alarm is well again", []string{alarm + "{" + rest + ofAlarm + `,state="ALARM"} 1x80 0x10`}, 0, nil},
	{"an alarm has no data", []string{alarm + "{" + rest + ofAlarm + `,state="INSUFFICIENT_DATA"} 1x90`}, 0, nil},
	{"an alarm was deleted", []string{alarm + "{" + rest + ofAlarm + `,state="ALARM"} 1x70 _x20`}, 0, nil},

	{
		"a permission is missing once",
		[]string{collector + `aws_calls{target="shop/us-east-1",operation="GetStages",outcome="denied"} _x60 1x30`},
		0,
		[]string{"APIGatewayPermissionMissing"},
	},
	{"a permission is missing again and again", []string{collector +
		`aws_calls{target="shop/us-east-1",operation="GetStages",outcome="explicit_deny"} 0+0.2x90`}, 0, []string{"APIGatewayPermissionMissing"}},
	{"a permission was missing", []string{collector + `aws_calls{target="shop/us-east-1",operation="GetStages",outcome="denied"} 7x90`}, 0, nil},
	{"calls fail otherwise", []string{collector + `aws_calls{target="shop/us-east-1",operation="GetStages",outcome="server"} 0+1x90`}, 0, nil},
	{"a target fails", []string{collector + `target_up{target="shop/eu-west-1"} 1x60 0x30`}, 0, []string{"APIGatewayTargetDown"}},
	{"a collector is behind", []string{collector + `lag{target="shop/us-east-1",signal="logs"} 1300x90`}, 0, []string{"APIGatewayCollectorLag"}},
	{"a collector is as late as usual", []string{collector + `lag{target="shop/us-east-1",signal="metrics"} 700x90`}, 0, nil},
	{"data are lost", []string{collector + `lost_seconds{target="shop/us-east-1",signal="logs"} _x60 300x30`}, 0, []string{"APIGatewayDataLost"}},
	{"calls are throttled", []string{collector + `aws_throttles{target="shop/us-east-1",operation="GetStages"} 0+1x90`, collector +
		`aws_calls{target="shop/us-east-1",operation="GetStages",outcome="ok"} 0+10x90`}, 0, []string{"APIGatewayCollectorThrottled"}},
	{
		"the cost is above the budget",
		[]string{collector + `estimated_cost{target="shop/us-east-1",reading="high"} 0+0.03x1440`},
		1440,
		[]string{"APIGatewayCostAboveBudget"},
	},
	{"the cost is below the budget", []string{collector + `estimated_cost{target="shop/us-east-1",reading="high"} 0+0.02x1440`, collector +
		`estimated_cost{target="shop/us-east-1",reading="low"} 0+0.01x1440`}, 1440, nil},
	{"a clock is off", []string{collector + `clock_offset{target="shop/us-east-1"} -31x90`}, 0, []string{"APIGatewayClockOff"}},
	{
		"log groups can't be read",
		[]string{collector + `unreadable_log_groups{target="shop/us-east-1",reason="kms"} 2x90`},
		0,
		[]string{"APIGatewayLogGroupUnreadable"},
	},
}

// slow are the series whose alerts hold for an hour.
var slow = regexp.MustCompile("certificate|cost|unreadable")

func TestAlerts(t *testing.T) {
	for _, file := range both {
		for _, c := range cases {
			if file != both[0] && strings.HasPrefix(c.series[0], collector) {
				continue // these rules are the same in both
			}
			t.Run(file+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				at := c.at
				if at == 0 {
					at = 90
				}
				assert.ElementsMatch(t, c.fires, alertsAt(t, file, append(c.series, up), at))
			})
		}
	}
}

// A scraped page shows the newest value of each collection: counters stand still for five minutes, and rise at once.
func TestRatesOfScrapedPages(t *testing.T) {
	stairs := func(perMinute int) string {
		var b strings.Builder
		for minute := 0; minute < 90; minute += 5 {
			fmt.Fprintf(&b, " %dx4", minute*perMinute)
		}
		return b.String()
	}
	for errors, want := range map[int][]string{4: nil, 6: {"APIGatewayClientErrors"}} {
		for at := 80; at < 85; at++ { // at each moment of a collection's cycle
			got := alertsAt(t, both[0], []string{
				"aws_api_gateway_requests_total{" + rest + "}" + stairs(100), "aws_api_gateway_errors_total{" + rest + `,error_type="4xx"}` + stairs(errors), up,
			}, at)
			assert.Equal(t, want, got, "%d %% at %d", errors, at)
		}
	}
}

func TestFilesHaveTheSameRulesForCollectors(t *testing.T) {
	var parts []string
	for _, file := range both {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		_, part, ok := strings.Cut(string(text), "- name: awsapigateway-collector")
		require.True(t, ok)
		parts = append(parts, part)
	}
	assert.Equal(t, parts[0], parts[1])
}

func TestAnAbsentCollectorIsSaid(t *testing.T) {
	assert.Equal(t, []string{"APIGatewayCollectorAbsent"}, alertsAt(t, both[0], []string{busy}, 90))
}

// Each alert has a case in which it fires.
func TestEachAlertHasACase(t *testing.T) {
	for _, file := range both {
		groups, err := ruleGroups(file)
		require.NoError(t, err)
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				fires := func(i int) bool { return slices.Contains(cases[i].fires, r.Alert) }
				found := r.Alert == "" || r.Alert == "APIGatewayCollectorAbsent"
				for i := range cases {
					found = found || fires(i)
				}
				assert.True(t, found, r.Alert)
			}
		}
	}
}

// alertsAt are the alerts that fire at a minute. Rules are evaluated for a while before it, longer where alerts of the series hold for an hour first.
func alertsAt(t *testing.T, file string, series []string, at int) []string {
	t.Helper()
	since := 20 * time.Minute
	if slices.ContainsFunc(series, slow.MatchString) {
		since = 65 * time.Minute
	}
	var samples []sample
	for _, s := range series {
		l, values, err := language.ParseSeriesDesc(s)
		require.NoError(t, err, s)
		for i, v := range values {
			ms := epoch.Add(time.Duration(i) * time.Minute).UnixMilli()
			if !v.Omitted {
				samples = append(samples, sample{ms, ms, l, v.Value})
			}
		}
	}
	slices.SortStableFunc(samples, func(a, b sample) int { return int(a.at - b.at) })
	end := epoch.Add(time.Duration(at) * time.Minute)
	fired, err := replay(samples, end.Add(-since), end, []string{file})
	require.NoError(t, err)
	var out []string
	for _, f := range fired {
		if f.At == end.UnixMilli() && !slices.Contains(out, f.Alert) {
			out = append(out, f.Alert)
			assert.NotContains(t, f.Text, "<no value>")
		}
	}
	return out
}
