package main

import "fmt"

// inAlarm is the state of alarms that are raised.
const inAlarm = `state="ALARM"`

// raised are the alarms of CloudWatch that are in the state of a filter.
func raised(by, filter string) string {
	return fmt.Sprintf("max by (%s) (%s) == 1", by, newest(alarmState, filter))
}

// alarmAlerts repeat CloudWatch's alarms where alerts go, so that they are routed, grouped and silenced with the others.
func alarmAlerts() []alert {
	return []alert{{
		"APIGatewayCloudWatchAlarm", raised(alarmLabels, inAlarm), "", "warning",
		"CloudWatch's alarm {{ $labels.aws_cloudwatch_alarm_name }} is in ALARM in " + accountPlace +
			"{{ with $labels.aws_api_gateway_api_name }}, of {{ . }}{{ end }}{{ with $labels.aws_api_gateway_stage }}/{{ . }}{{ end }}",
		"CloudWatch says so; why is in the newest log record aws.cloudwatch.alarm.transition of the alarm, and in CloudWatch's console.",
	}}
}

// The states of alarms in panels: as numbers, and as series.
var (
	alarmStates = []mapping{{0, "OK", "green"}, {1, "INSUFFICIENT_DATA", "#808080"}, {2, "ALARM", "red"}}
	stateColors = []color{{"OK", "green"}, {"INSUFFICIENT_DATA", "#808080"}, {"ALARM", "red"}}
)

// alarmTimeline shows the states of alarms over time, a line for each.
func alarmTimeline(by, filter, legend string) panel {
	in := func(state string) string { return newest(alarmState, filter+", "+state) }
	return panel{
		title: "CloudWatch's alarms", text: "The state of each alarm.", kind: "state-timeline", width: gridWidth, height: 5, mappings: alarmStates,
		none: noAlarms,
		queries: []query{{
			expr:   fmt.Sprintf("max by (aws_cloudwatch_alarm_name, %s) (\n  2 * %s\n  or %s)", by, in(inAlarm), in(`state="INSUFFICIENT_DATA"`)),
			legend: legend,
		}},
		options: map[string]any{"mergeValues": true, "showValue": "auto", "legend": map[string]any{"showLegend": false}},
	}
}

// alarmCounts shows how many alarms are in which state.
func alarmCounts(filter string) panel {
	p := graph("Alarms of CloudWatch, by state", "Those that watch API Gateway.", "short",
		query{expr: "sum by (state) (" + newest(alarmState, filter) + ")", legend: "{{state}}"})
	p.colors, p.none = stateColors, noAlarms
	return p
}

// transitions marks when an alarm of a stage changed, by the log records of it. Only newer versions of Loki keep a record's event name, so that the
// attributes tell.
func transitions() annotation {
	return annotation{
		name: "CloudWatch's alarms", source: loki, expr: inLogs + ` | aws_cloudwatch_alarm_state!=""`,
		titleFormat: "{{aws_cloudwatch_alarm_name}} is {{aws_cloudwatch_alarm_state}}", textFormat: "{{aws_cloudwatch_alarm_reason}}", color: "red",
	}
}
