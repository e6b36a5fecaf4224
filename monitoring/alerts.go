package main

import (
	"fmt"
	"slices"
	"strings"
)

// alert is one alert rule. Where is the template of the place that it is about.
type alert struct {
	name, expr, hold string // hold: how long the expression holds before it fires; "": at once
	severity         string
	summary, text    string
}

const (
	stagePlace   = `{{ $labels.aws_api_gateway_api_name }}/{{ $labels.aws_api_gateway_stage }} in {{ $labels.cloud_account_id }}/{{ $labels.cloud_region }}`
	accountPlace = `{{ $labels.cloud_account_id }}/{{ $labels.cloud_region }}`
	percent      = `{{ $value | humanizePercentage }}`
	seconds      = `{{ $value | humanizeDuration }}`

	documentation = "https://github.com/otelcol-apigateway/awsapigateway/blob/main/docs/monitoring.md#"
)

func (a *alert) rule() object {
	out := object{{"alert", a.name}, {"expr", block(a.expr)}}
	if a.hold != "" {
		out = append(out, field{"for", a.hold})
	}
	return append(
		out,
		field{"labels", object{{"severity", a.severity}}},
		field{"annotations", object{{"summary", a.summary}, {"description", a.text}, {"runbook_url", documentation + strings.ToLower(a.name)}}},
	)
}

func alertRules(alerts []alert) list {
	var out list
	for i := range alerts {
		out = append(out, alerts[i].rule())
	}
	return out
}

// alerts are those about APIs: AWS's recommended set, objectives, limits, what expires, and what CloudWatch's own alarms say.
func (p profile) alerts() list {
	return alertRules(slices.Concat(p.recommendedAlerts(), p.burnAlerts(), p.limitAlerts(), alarmAlerts()))
}

// recommendedAlerts are AWS's recommended alarms, which look at single minutes. The rules look at the share of a window, or at half of its minutes.
func (p profile) recommendedAlerts() []alert {
	slow := func(metric, more string, ms int) string {
		busy := fmt.Sprintf("and on (%s)\n  %s >= %d", canaryLabels, p.requests(), minRequests)
		return fmt.Sprintf("max by (%s) (quantile_over_time(0.5, %s{quantile=\"0.9\"%s}[%s] offset %s)) >= %g\n%s",
			canaryLabels, metric, more, defaults.window(), defaults.offset(), float64(ms)/1000, busy)
	}
	return []alert{
		{
			"APIGatewayServerErrors", fmt.Sprintf(`%s{error_type=~"5xx|execution"} > %g`, p.ratio(), errorRate), "", "critical",
			percent + " of the requests fail at " + stagePlace,
			"More than 5 % of the requests, or of a WebSocket API's messages, ended in a server error.",
		},
		{
			"APIGatewayClientErrors", fmt.Sprintf(`%s{error_type=~"4xx|client"} > %g`, p.ratio(), errorRate), "5m", "warning",
			percent + " of the requests are refused at " + stagePlace,
			"More than 5 % of the requests, or of a WebSocket API's messages, ended in a client error. Throttled requests are among them.",
		},
		{
			"APIGatewayLatencyHigh", slow(durationQuantile, "", latencyMS), "", "warning",
			"One request in ten takes " + seconds + " or longer at " + stagePlace,
			"The 90th percentile of the request duration was 2.5 seconds or more in half of the minutes.",
		},
		{
			"APIGatewayIntegrationLatencyHigh", slow(integrationQuantile, `, aws_api_gateway_api_type=~"HTTP|WEBSOCKET"`, integrationLatencyMS), "",
			"warning",
			"One integration in ten takes " + seconds + " or longer at " + stagePlace,
			"The 90th percentile of the integration duration was two seconds or more in half of the minutes.",
		},
		{
			"APIGatewayTrafficDropped", p.dropped(), "10m", "warning",
			"Traffic is gone from " + stagePlace,
			"Less than a fifth of the requests of this time yesterday and a week ago, when there were {{ $value | humanize }} in half an hour.",
		},
	}
}

// dropped is true of stages that still exist, by an inventory that is read whether or not there are requests: without any, there are no points to
// compare. It keeps still where the collector itself is behind.
func (p profile) dropped() string {
	return fmt.Sprintf(`(%[1]s >= 100)
unless %[2]s >= 0.2 * %[1]s
and on (%[3]s)
  last_over_time(%[4]s{source="access_logs"}[%[5]s])
unless on ()
  max(%[6]slag{signal="metrics"}) > 1200`, usualTraffic, traffic, onStage, stageTelemetry, lookback, own)
}

func (p profile) burnAlerts() []alert {
	out := make([]alert, 0, len(burns))
	for _, b := range burns {
		short := b.short
		if short == "" {
			short = p.window()
		}
		limit := fmt.Sprintf("%g * scalar(%s)", b.factor, errorBudget)
		out = append(out, alert{
			"APIGatewayErrorBudgetBurn" + strings.ToUpper(b.long),
			fmt.Sprintf("%s > %s\nand\n%s > %s", sloRatio(b.long), limit, sloRatio(short), limit), "", b.severity,
			percent + " of the requests of " + b.long + " failed at " + stagePlace,
			fmt.Sprintf("Failures use the error budget of 30 days at least %g times as fast as it may be used, in %s and in %s.", b.factor, b.long, short),
		})
	}
	return out
}

// limitAlerts are about throttles, quotas and certificates.
func (p profile) limitAlerts() []alert {
	rate := func(by string) string {
		return fmt.Sprintf("sum by (%s) (%s) / %d", by, p.requests(), p.windowSeconds())
	}
	limit := func(on, scope string) string {
		return fmt.Sprintf("/ on (%s) group_left ()\n  max by (%[1]s) (last_over_time(%s{aws_api_gateway_throttle_scope=%q}[%s]))", on, rateLimit,
			scope, lookback)
	}
	remaining := fmt.Sprintf("last_over_time(%s[1h])\n/ on (%s, aws_api_gateway_usage_plan_id) group_left (aws_api_gateway_quota_period)\n  last_over_time(%s[1h])",
		quotaRemaining, onAccount, quotaLimit)
	expiry := func(days int) string {
		return fmt.Sprintf("last_over_time(%s[1h]) < %d * 86400", certificateExpiry, days)
	}
	certificate := "{{ $labels.aws_api_gateway_client_certificate_id }} of " + accountPlace + " expires in " + seconds
	return []alert{
		{
			"APIGatewayStageThrottleNear", rate(stageLabels) + "\n" + limit(onStage, "stage") + "\n> 0.7", "", "warning",
			stagePlace + " runs at " + percent + " of its rate limit",
			"The mean of a window is near the stage's rate limit. Bursts within it are higher, and are throttled with status 429.",
		},
		{
			"APIGatewayAccountThrottleNear", rate(accountLabels) + "\n" + limit(onAccount, "account") + "\n> 0.7", "", "warning",
			accountPlace + " runs at " + percent + " of its account's rate limit",
			"All APIs of an account and region share this limit. Ask AWS to raise it, or throttle stages that may wait.",
		},
		{
			"APIGatewayQuotaNearlyUsed", remaining + "\n< 0.1", "", "warning",
			percent + " of the quota of usage plan {{ $labels.aws_api_gateway_usage_plan_id }} is left in " + accountPlace,
			"When nothing is left, requests with the key are refused with status 429 until the period ends. Needs " + needsUsage + ".",
		},
		{
			"APIGatewayClientCertificateExpires", expiry(30), "1h", "warning", "Client certificate " + certificate,
			"Make a new certificate, let backends trust it, and give it to the stages that use this one. Certificates of domain names are ACM's.",
		},
		{
			"APIGatewayClientCertificateExpiresSoon", expiry(7), "1h", "critical", "Client certificate " + certificate,
			"Backends that check the certificate refuse API Gateway's requests once it has expired.",
		},
	}
}
