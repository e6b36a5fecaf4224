package main

const serverErrors, clientErrors = "5xx|execution|integration", "4xx|client"

func estateDashboard() dashboard {
	all := inAccounts
	return dashboard{
		uid: "apigateway-estate", title: "API Gateway: estate", text: "All APIs of all accounts and regions.",
		variables: []variable{sourceVariable, accountVariable, regionVariable, windowVariable},
		rows: []row{
			{"Now", []panel{
				number("Requests per second", "Of REST and HTTP APIs.", "reqps", "sum(rate("+requests+"{"+all+"}[$window]))"),
				number("Server errors", "Share of requests and messages that failed at API Gateway or behind it.", "percentunit",
					total(failures, all+`, error_type=~"`+serverErrors+`"`)+"\n/\n"+total("", loads+", "+all)),
				number("APIs", "All that exist, also those that are not collected.", "short", "sum("+newest(resources, all+`, kind="api"`)+")"),
				number("Stages", "Of the APIs that are collected.", "short",
					"count(count by (cloud_account_id, cloud_region, aws_api_gateway_api_id, aws_api_gateway_stage) ("+newest(stageTelemetry, all)+"))"),
				number("Stages without access logs", "Or with access logs that can't be read back.", "short",
					"count("+newest(stageTelemetry, all+`, source="access_logs", state!="on"`)+") or vector(0)"),
				number("Targets that fail", "Accounts and regions that the collector can't read.", "short", "count("+own+"target_up == 0) or vector(0)"),
				table("Alarms of CloudWatch", "Those that watch API Gateway and are in ALARM.", "short",
					query{expr: raised(alarmLabels, all+", "+inAlarm)}).drill().or(noAlarm).wide(16),
				alarmCounts(all),
			}},
			{"Traffic", []panel{
				graph("Requests", "Requests per second, by API.", "reqps",
					query{expr: rate("aws_api_gateway_api_name, cloud_region", requests, all), legend: apiLegend}).stack().wide(12),
				graph("Server errors", "Share of requests that failed at API Gateway or behind it, by API.", "percentunit",
					query{expr: errorShare("aws_api_gateway_api_name, cloud_region", all, serverErrors), legend: apiLegend}).wide(12),
				graph("Client errors", "Share of requests that were refused, by API.", "percentunit",
					query{expr: errorShare("aws_api_gateway_api_name, cloud_region", all, clientErrors), legend: apiLegend}),
				graph("Slowest stages, p99", "The highest 99th percentile of the window's minutes.", "s",
					query{expr: "topk(10, " + quantile(stageLabels, durationQuantile, all, "0.99") + ")", legend: stageLegend}),
				graph("WebSocket", "Connections opened and messages per second.", "short",
					query{expr: rate("aws_api_gateway_api_name", connections, all), legend: "connections {{aws_api_gateway_api_name}}"},
					query{expr: rate("aws_api_gateway_api_name", messages, all), legend: "messages {{aws_api_gateway_api_name}}"}).or(ofWebSocket),
				table("Stages", "Requests and messages of the window, and the share of them that failed.", "short",
					query{expr: increase(stageLabels, "", loads+", "+all), legend: "Requests"},
					query{expr: errorShare(stageLabels, all, serverErrors), legend: "Server errors", unit: "percentunit"},
					query{expr: errorShare(stageLabels, all, clientErrors), legend: "Client errors", unit: "percentunit"}).drill().wide(24),
			}},
			{"Limits", []panel{
				graph("Use of the accounts' rate limits", "Requests and messages per second by the limit that all APIs of an account and region share.",
					"percentunit",
					query{expr: rate(onAccount, "", loads+", "+all) + "\n/ on (" + onAccount + ")\n  max by (" + onAccount + ") (" +
						newest(rateLimit, all+`, aws_api_gateway_throttle_scope="account"`) + ")", legend: "{{cloud_account_id}} {{cloud_region}}"}),
				table("Throttles", "Rate limits that are set: of accounts, stages, routes and usage plans.", "reqps",
					query{expr: "max by (" + onStage + ", aws_api_gateway_api_name, aws_api_gateway_throttle_scope, aws_api_gateway_route_key, aws_api_gateway_usage_plan_id) (" +
						newest(rateLimit, all) + ")", legend: "Requests per second"},
					query{expr: "max by (" + onStage + ", aws_api_gateway_api_name, aws_api_gateway_throttle_scope, aws_api_gateway_route_key, aws_api_gateway_usage_plan_id) (" +
						newest(burstLimit, all) + ")", legend: "Burst", unit: "short"}).wide(16),
				graph("Quotas that are left", "Of the usage plan's key that has least.", "percentunit",
					query{
						expr: "min by (" + onAccount + ", aws_api_gateway_usage_plan_id) (" + newestUsage(quotaRemaining, all) + ")\n/ on (" + onAccount +
							", aws_api_gateway_usage_plan_id)\n  max by (" + onAccount + ", aws_api_gateway_usage_plan_id) (" + newestUsage(quotaLimit, all) + ")",
						legend: "{{aws_api_gateway_usage_plan_id}}",
					}).only(needsUsage),
				graph("Requests of usage plans", "Since midnight UTC.", "short",
					query{
						expr:   "sum by (aws_api_gateway_usage_plan_id) (" + newestUsage(planRequests, all) + ")",
						legend: "{{aws_api_gateway_usage_plan_id}}",
					}).only(needsUsage),
				table("Client certificates", "The time until they expire. Certificates of domain names are ACM's.", "s",
					query{
						expr:   "min by (" + onAccount + ", aws_api_gateway_client_certificate_id) (" + newest(certificateExpiry, all) + ")",
						legend: "Expires in",
					}).wide(8),
			}},
			{"What is there, and what is dark", []panel{
				table("Telemetry of stages", "on, off, or unreadable: access logs that go to Firehose can't be read back.", "short",
					query{
						expr: "max by (" + onStage + ", aws_api_gateway_api_name, source, state) (" + newest(stageTelemetry, all) + `) == 1`,
					}).wide(16),
				graph("Resources", "Of the inventory, by kind.", "short",
					query{expr: "sum by (kind) (" + newest(resources, all) + ")", legend: "{{kind}}"}),
			}},
		},
	}
}
