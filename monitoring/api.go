package main

func apiDashboard() dashboard {
	filter := ofAPI
	byStage := "aws_api_gateway_api_name, aws_api_gateway_stage, aws_api_gateway_canary, cloud_region"
	legend := "{{aws_api_gateway_api_name}}/{{aws_api_gateway_stage}} {{which}} {{cloud_region}}"
	line := func(title, text, unit, expr string) panel {
		return graph(title, text, unit, query{expr: marked(expr, ""), legend: legend})
	}
	return dashboard{
		uid: "apigateway-api", title: "API Gateway: API", text: "The stages of one or several APIs side by side. A canary's requests are not in its stage's: canary is true on its own series.",
		variables:   []variable{sourceVariable, accountVariable, regionVariable, apiVariable(true), windowVariable},
		annotations: []annotation{deployments(filter)},
		rows: []row{
			{"Requests", []panel{
				line("Requests", "Per second, by stage.", "reqps", rate(byStage, requests, filter)).stack(),
				line("Server errors", "Share of requests and messages that failed at API Gateway or behind it.", "percentunit",
					errorShare(byStage, filter, serverErrors)),
				line("Client errors", "Share of requests and messages that were refused.", "percentunit", errorShare(byStage, filter, clientErrors)),
				line("Duration, p90", "The highest of the window's minutes.", "s", quantile(byStage, durationQuantile, filter, "0.9")),
				line("Duration, p99", "The highest of the window's minutes.", "s", quantile(byStage, durationQuantile, filter, "0.99")),
				line("Mean duration", "Of all requests.", "s", mean(byStage, duration, filter)),
				alarmTimeline("aws_api_gateway_api_name, aws_api_gateway_stage, cloud_region", filter, alarmLegend),
			}},
			{"Behind the API", []panel{
				line("Integration, p90", "Of the requests that reached one.", "s", quantile(byStage, integrationQuantile, filter, "0.9")),
				line("Integration, p99", "Of the requests that reached one.", "s", quantile(byStage, integrationQuantile, filter, "0.99")),
				line("Overhead of API Gateway", "Time per request outside the integration: the durations' sum less the integrations', by all requests.", "s",
					overhead(byStage, filter)),
				line("Cache hit rate", "Of REST stages with a cache.", "percentunit",
					increase(byStage, cacheRequests, filter+`, aws_api_gateway_cache_result="hit"`)+"\n/\n"+increase(byStage, cacheRequests, filter)).or(ofCaches),
				line("Data processed", "Of HTTP APIs.", "Bps", rate(byStage, dataProcessed, filter)).or(ofHTTP),
				line("Errors by kind", "Per second, of all stages.", "reqps", rate("error_type", failures, filter)).named("{{error_type}}"),
			}},
			{"WebSocket", []panel{
				line("Connections", "Opened per second.", "short", rate(byStage, connections, filter)).or(ofWebSocket).wide(12),
				line("Messages", "From and to clients, per second.", "short", rate(byStage, messages, filter)).or(ofWebSocket).wide(12),
			}},
			{"What there is", []panel{
				table("Age of deployments", "Of what the stages run.", "s", query{
					expr: "max by (aws_api_gateway_api_name, aws_api_gateway_stage, cloud_region) (" + newest(deploymentAge, filter) + ")", legend: "Age",
				}),
				table("Resources", "Of the APIs, by kind.", "short", query{expr: "sum by (aws_api_gateway_api_name, kind) (" + newest(resources, filter) +
					") > 0", legend: "Number"}),
			}},
		},
	}
}

// named sets the legend of a panel's only query.
func (p panel) named(legend string) panel {
	p.queries[0].legend = legend
	return p
}

// deployments marks when a stage started to run another deployment: its age fell, or, at a return to an older one, grew faster than time.
func deployments(filter string) annotation {
	age := deploymentAge + "{" + filter + "}"
	return annotation{
		name: "Deployments", expr: "resets(" + age + "[10m]) > 0\nor abs(" + age + " - " + age + " offset 10m - 600) > 420",
		titleFormat: "{{aws_api_gateway_api_name}}/{{aws_api_gateway_stage}} runs another deployment", color: "blue",
	}
}
