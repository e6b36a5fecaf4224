package main

// inLogs and inTraces are the filters of a stage's log records and spans. Loki writes attributes with underscores.
const (
	inLogs   = "{service_name=\"$api\"} | aws_api_gateway_stage=`$stage`"
	inTraces = `resource.service.name="$api" && resource.aws.api_gateway.stage="$stage"`
)

func stageDashboard() dashboard {
	filter := ofStage
	canary := `aws_api_gateway_canary`
	named := func(expr string) query { return query{expr: marked(expr, "production"), legend: "{{which}}"} }
	quantiles := func(metric, legend string) query {
		return query{expr: "max by (quantile) (max_over_time(" + metric + "{" + filter + `, aws_api_gateway_canary=""}[$window]))`, legend: legend}
	}
	used := func(scope string) string {
		return rate(onStage, "", loads+", "+filter) + "\n/ on (" + onStage + ")\n  max by (" + onStage + ") (" +
			newest(rateLimit, filter+`, aws_api_gateway_throttle_scope="`+scope+`"`) + ")"
	}
	return dashboard{
		uid: "apigateway-stage", title: "API Gateway: stage", text: "One stage: its requests, routes, canary, limits, log records and traces.",
		variables: []variable{
			sourceVariable, logsVariable, tracesVariable, accountVariable, regionVariable, apiVariable(false), stageVariable, windowVariable,
		},
		annotations: []annotation{deployments(filter), transitions()},
		rows: []row{
			{"Requests", []panel{
				graph("Requests", "Requests, or a WebSocket API's messages, per second.", "reqps",
					named(rate(canary, "", loads+", "+filter))).stack(),
				graph("Errors", "Share of requests and messages, by kind.", "percentunit",
					query{expr: increase("error_type", failures, filter) + "\n/ ignoring (error_type) group_left ()\n" +
						total("", loads+", "+filter), legend: "{{error_type}}"}),
				graph("Duration", "Quantiles of requests and of their integrations: the highest of the window's minutes.", "s",
					quantiles(durationQuantile, "request, quantile {{quantile}}"), quantiles(integrationQuantile, "integration, quantile {{quantile}}")),
				graph("Mean duration", "Of requests, of their integrations, and of API Gateway itself: the difference of the sums, by all requests.", "s",
					query{expr: marked(mean(canary, duration, filter), "production"), legend: "request, {{which}}"},
					query{expr: marked(mean(canary, integration, filter), "production"), legend: "integration, {{which}}"},
					query{expr: marked(overhead(canary, filter), "production"), legend: "API Gateway, {{which}}"}),
				{
					title: "Durations", text: "How many requests took how long.", kind: "heatmap", unit: "s", needs: needsBuckets,
					queries: []query{{expr: increase("le", duration+"_bucket", filter), legend: "{{le}}", format: "heatmap"}},
					options: map[string]any{"calculate": false, "yAxis": map[string]any{"unit": "s"}},
				},
				graph("Slow requests", "Share of requests that took longer than each bound.", "percentunit",
					query{expr: "1 - " + increase("le", duration+"_bucket", filter+`, le!="+Inf"`) + "\n/ ignoring (le) group_left ()\n" +
						total(duration+"_count", filter), legend: "over {{le}} s"}).only(needsBuckets),
				alarmTimeline("cloud_region", filter, "{{aws_cloudwatch_alarm_name}}"),
			}},
			{"Canary and deployments", []panel{
				graph("Server errors of canary and production", "Share of requests.", "percentunit",
					named(errorShare(canary, filter, serverErrors))),
				graph("Duration of canary and production, p99", "The highest of the window's minutes.", "s",
					named(quantile(canary, durationQuantile, filter, "0.99"))),
				graph("The canary's share", "Of the stage's requests: as it is set, and as it is.", "percentunit",
					query{expr: "max(" + newest(canaryTraffic, filter) + ")", legend: "set"},
					query{expr: total(requests, filter+`, aws_api_gateway_canary="true"`) + "\n/\n" + total(requests, filter), legend: "is"}),
			}},
			{"Limits and cache", []panel{
				graph("Use of the stage's rate limit", "The mean of a window. Bursts within it are higher.", "percentunit",
					query{expr: used("stage"), legend: "used"}),
				graph("Cache hit rate", "Of a REST stage with a cache.", "percentunit",
					query{expr: total(cacheRequests, filter+`, aws_api_gateway_cache_result="hit"`) + "\n/\n" + total(cacheRequests, filter), legend: "hits"}).or(ofCaches),
				number("Cache", "The size of the cache cluster.", "bytes", "max("+newest(cacheSize, filter)+")").or("No cache").high(),
				number("Deployed", "The age of the deployment that the stage runs.", "s", "max("+newest(deploymentAge, filter)+")").high(),
			}},
			{"Routes", []panel{
				graph("Top routes", "Requests per second.", "reqps", query{expr: "topk(10, " + rate("aws_api_gateway_route_key", routeRequests, filter) +
					")", legend: "{{aws_api_gateway_route_key}}"}).only(needsRoutes),
				graph("Errors of routes", "Per second, those with most.", "reqps",
					query{
						expr:   "topk(10, " + rate("aws_api_gateway_route_key, error_type", routeFailures, filter) + ")",
						legend: "{{aws_api_gateway_route_key}} {{error_type}}",
					}).only(needsRoutes),
				graph("Slowest routes, p99", "The highest of the window's minutes.", "s",
					query{
						expr:   "topk(10, " + quantile("aws_api_gateway_route_key", routeQuantile, filter, "0.99") + ")",
						legend: "{{aws_api_gateway_route_key}}",
					}).only(needsRoutes),
			}},
			{"WebSocket", []panel{
				graph("Connections", "Opened per second.", "short", query{
					expr:   "sum(rate(" + connections + "{" + filter + "}[$window]))",
					legend: "connections",
				}).or(ofWebSocket).wide(12),
				graph("Messages of routes", "Per second.", "short", query{
					expr:   rate("aws_api_gateway_route_key", routeMessages, filter),
					legend: "{{aws_api_gateway_route_key}}",
				}).only(needsRoutes).or(ofWebSocket).wide(12),
			}},
			{"Log records and traces", []panel{
				{
					title: "Failed requests", text: "Records of the access log of requests with a server error. Needs a logs pipeline to Loki.", kind: "logs",
					width: 12, height: 10,
					queries: []query{{expr: inLogs + " | http_response_status_code>=500", source: loki}},
					options: map[string]any{"showTime": true, "enableLogDetails": true, "sortOrder": "Descending"},
				},
				{
					title: "Slow and failed traces", text: "Traces of requests that failed, or took a second or longer. Needs a traces pipeline to Tempo.",
					kind: "table", width: 12, height: 10,
					queries: []query{{expr: "{" + inTraces + " && kind=server && (status=error || duration>1s)}", source: tempo}},
				},
				{
					title: "Overhead of API Gateway, by request", text: "p99 of the response latency less the integration's, of each record of the access log whose format has both.", kind: "timeseries", unit: "s", width: 12,
					queries: []query{{
						expr:   "quantile_over_time(0.99, " + inLogs + " | aws_api_gateway_integration_latency!=\"\" | label_format overhead=`{{ subf .aws_api_gateway_response_latency .aws_api_gateway_integration_latency }}` | unwrap overhead [$window])",
						legend: "p99", source: loki,
					}},
				},
				{
					title: "Top callers", text: "Requests by API key, of the access log.", kind: "timeseries", unit: "short", width: 12,
					queries: []query{{expr: "topk(10, sum by (aws_api_gateway_api_key_id) (count_over_time(" + inLogs +
						" | aws_api_gateway_api_key_id!=\"\" [$window])))", source: loki}},
				},
			}},
		},
	}
}

func (p panel) high() panel { p.height = usualHeight; return p }
