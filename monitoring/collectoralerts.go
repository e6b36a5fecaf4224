package main

import "fmt"

const target = "{{ $labels.target }}"

// grew is true of a counter that grew, or that appeared: the first value of a counter is no increase to Prometheus.
func grew(by, counter, window string) string {
	return fmt.Sprintf("sum by (%[1]s) (increase(%[2]s[%[3]s])) > 0\nor (sum by (%[1]s) (%[2]s) > 0 unless sum by (%[1]s) (%[2]s offset %[3]s))",
		by, counter, window)
}

// refusals are the outcomes of calls that trying again does not mend.
const refusals = "denied|boundary|explicit_deny|role_refused|region_disabled|no_credentials|partition|signature"

// collectorAlerts are about the collector itself. Its own metrics are scraped, and are not late.
func collectorAlerts() list {
	return alertRules([]alert{
		{
			"APIGatewayPermissionMissing", grew("target, operation, outcome", own+`aws_calls{outcome=~"`+refusals+`"}`, "1h"), "", "warning",
			"AWS refuses {{ $labels.operation }} to the collector at " + target + " ({{ $labels.outcome }})",
			"What the operation reads is missing. The collector's log says which action on which resource, and who can allow it.",
		},
		{
			"APIGatewayTargetDown", own + "target_up == 0", "15m", "critical",
			"Nothing, or nothing of a signal, is read from " + target,
			"The account and region, or one of their signals, can't be read: credentials, role, rights, network or region. The collector's log says why.",
		},
		{
			"APIGatewayCollectorAbsent", "absent(" + own + "target_up)", "15m", "critical",
			"No collector reports on API Gateway",
			"The collector is down, or its own metrics are not scraped. Alerts about APIs say nothing meanwhile.",
		},
		{
			"APIGatewayCollectorLag", own + "lag > 1200", "10m", "warning",
			"The {{ $labels.signal }} of " + target + " are {{ $value | humanizeDuration }} behind",
			"AWS throttles or fails, or what takes the data is slow or refuses it. Nothing is lost as long as AWS keeps it.",
		},
		{
			"APIGatewayDataLost", grew("target, signal", own+"lost_seconds", "1h"), "", "warning",
			"Some {{ $labels.signal }} of " + target + " can't be read any more",
			"They are older than the signal's max_backfill or what AWS keeps. The collector's log says which.",
		},
		{
			"APIGatewayCollectorThrottled",
			fmt.Sprintf("sum by (target, operation) (increase(%[1]saws_throttles[30m]))\n/ sum by (target, operation) (increase(%[1]saws_calls[30m])) > 0.05", own),
			"15m", "warning",
			"AWS throttles {{ $value | humanizePercentage }} of the calls of {{ $labels.operation }} at " + target,
			"Something else uses the same quota: consoles, deployments, or a second collector for the same account.",
		},
		{
			"APIGatewayCostAboveBudget",
			fmt.Sprintf("sum(increase(%sestimated_cost{reading=\"high\"}[6h])) * 120\n> scalar(%s)", own, monthlyBudget), "1h", "warning",
			"Reading API Gateway costs {{ $value | humanize }} USD a month at this rate",
			"By list prices and the higher reading of AWS's rule for five statistics. Longer intervals, fewer levels and statistics cost less.",
		},
		{
			"APIGatewayClockOff", "abs(" + own + "clock_offset) > 30", "15m", "warning",
			"The collector's clock is {{ $value | humanizeDuration }} off AWS's at " + target,
			"AWS refuses requests of a clock that is five minutes off.",
		},
		{
			"APIGatewayLogGroupUnreadable", own + "unreadable_log_groups > 0", "1h", "info",
			"{{ $value }} log groups of " + target + " can't be read ({{ $labels.reason }})",
			"Requests to their stages leave no record here. The collector's log names the groups and what can be done.",
		},
	})
}
