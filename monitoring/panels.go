package main

import "fmt"

// Filters of dashboards, by their variables.
const (
	inAccounts = `cloud_account_id=~"$account", cloud_region=~"$region"`
	ofAPI      = inAccounts + `, aws_api_gateway_api_name=~"$api"`
	ofStage    = inAccounts + `, aws_api_gateway_api_name="$api", aws_api_gateway_stage="$stage"`
)

// apiLegend and stageLegend name series.
const (
	apiLegend   = "{{aws_api_gateway_api_name}} {{cloud_region}}"
	stageLegend = "{{aws_api_gateway_api_name}}/{{aws_api_gateway_stage}} {{cloud_region}}"
	alarmLegend = "{{aws_cloudwatch_alarm_name}} {{aws_api_gateway_api_name}} {{aws_api_gateway_stage}}"
)

var (
	sourceVariable  = variable{name: prometheus, label: "Prometheus", source: "prometheus"}
	logsVariable    = variable{name: loki, label: "Loki", source: "loki"}
	tracesVariable  = variable{name: tempo, label: "Tempo", source: "tempo"}
	accountVariable = variable{name: "account", label: "Account", values: "label_values(" + stageTelemetry + ", cloud_account_id)", multiple: true}
	regionVariable  = variable{
		name: "region", label: "Region", multiple: true,
		values: "label_values(" + stageTelemetry + `{cloud_account_id=~"$account"}, cloud_region)`,
	}
	// windowVariable is the range of rates: with a point every five minutes, Grafana's own intervals would be too short.
	windowVariable = variable{name: "window", label: "Window", values: "10m,30m,1h,6h"}
)

// apiVariable chooses among APIs that have a stage, with traffic or without.
func apiVariable(multiple bool) variable {
	return variable{name: "api", label: "API", multiple: multiple, values: "label_values(" + stageTelemetry + "{" + inAccounts +
		"}, aws_api_gateway_api_name)"}
}

var stageVariable = variable{
	name: "stage", label: "Stage", values: "label_values(" + stageTelemetry + "{" + inAccounts +
		`, aws_api_gateway_api_name="$api"}, aws_api_gateway_stage)`,
}

// rate is a counter's increase per second.
func rate(by, metric, filter string) string {
	return fmt.Sprintf("sum by (%s) (rate(%s{%s}[$window]))", by, metric, filter)
}

// increase is how much a counter grew.
func increase(by, metric, filter string) string {
	return fmt.Sprintf("sum by (%s) (increase(%s{%s}[$window]))", by, metric, filter)
}

// total is how much all series of a counter grew.
func total(metric, filter string) string {
	return fmt.Sprintf("sum(increase(%s{%s}[$window]))", metric, filter)
}

// errorShare is the share of requests, or of a WebSocket API's messages, that failed.
func errorShare(by, filter, kinds string) string {
	return increase(by, failures, fmt.Sprintf("%s, error_type=~%q", filter, kinds)) + "\n/\n" + increase(by, "", loads+", "+filter)
}

// newest is the last value of a gauge of the inventory.
func newest(metric, filter string) string {
	return fmt.Sprintf("last_over_time(%s{%s}[%s])", metric, filter, lookback)
}

// newestUsage is the last value of a gauge of usage plans, which are read less often.
func newestUsage(metric, filter string) string {
	return fmt.Sprintf("last_over_time(%s{%s}[%s])", metric, filter, usageLookback)
}

// mean is a histogram's mean.
func mean(by, histogram, filter string) string {
	return rate(by, histogram+"_sum", filter) + "\n/\n" + rate(by, histogram+"_count", filter)
}

// overhead is what API Gateway itself takes of a request: the time of all requests less the time of their integrations, by the requests.
func overhead(by, filter string) string {
	return fmt.Sprintf("(%s - %s)\n/\n%s", rate(by, duration+"_sum", filter), rate(by, integration+"_sum", filter), rate(by, duration+"_count", filter))
}

// quantile is the highest of the quantiles of the window's minutes, of a stage or of several.
func quantile(by, metric, filter, q string) string {
	return fmt.Sprintf("max by (%s) (max_over_time(%s{%s, quantile=%q}[$window]))", by, metric, filter, q)
}

// marked gives series the label which: canary, or what else there is.
func marked(expr, otherwise string) string {
	expr = fmt.Sprintf("label_replace(\n%s,\n\"which\", \"canary\", \"aws_api_gateway_canary\", \"true\")", expr)
	if otherwise == "" {
		return expr
	}
	return fmt.Sprintf("label_replace(%s, \"which\", %q, \"aws_api_gateway_canary\", \"\")", expr, otherwise)
}

// What panels say that show something of some APIs only, or something that goes wrong.
const (
	ofWebSocket = "Only WebSocket APIs have any"
	ofHTTP      = "Only HTTP APIs have it"
	ofCaches    = "Only REST stages with a cache have it"
	noAlarm     = "No alarm is in ALARM"
	noAlarms    = "CloudWatch has no alarms here"
	nothing     = "None"
)

func graph(title, text, unit string, queries ...query) panel {
	return panel{title: title, text: text, kind: "timeseries", unit: unit, queries: queries}
}

func number(title, text, unit, expr string) panel {
	return panel{title: title, text: text, kind: "stat", unit: unit, width: 4, height: 4, queries: []query{{expr: expr, legend: title}}}
}

func table(title, text, unit string, queries ...query) panel {
	for i := range queries {
		queries[i].format = "table"
	}
	return panel{title: title, text: text, kind: "table", unit: unit, width: 12, queries: queries}
}

// drill makes a table's rows lead to the dashboard of their stage.
func (p panel) drill() panel {
	p.link = "/d/apigateway-stage?${__url_time_range}&var-api=${__data.fields.aws_api_gateway_api_name}&var-stage=${__data.fields.aws_api_gateway_stage}"
	return p
}

// or is what a panel says where there is no data.
func (p panel) or(none string) panel { p.none = none; return p }

func (p panel) only(needs string) panel { p.needs = needs; return p }
func (p panel) wide(width int) panel    { p.width = width; return p }
func (p panel) stack() panel            { p.stacked = true; return p }
