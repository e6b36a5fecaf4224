package main

import (
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// alarmStates writes the metric of alarms.
func alarmStates(w func(format string, args ...any)) {
	w("# Metrics from alarms\n")
	w("They come each `alarms::interval`, of CloudWatch's alarms that watch API Gateway; AWS lists no price for reading them. `alarms: {enabled: false}` switches them off.\n")
	w("| metric | unit | type | on | attributes | stability |")
	w("| --- | --- | --- | --- | --- | --- |")
	w("| [`%s`](#%s) | `%s` | gauge (int) | stage, API, account | %s | development |", alarms.Metric, anchor(alarms.Metric), alarms.Unit, code([]string{attr.AlarmName, attr.AlarmType, alarms.AttrState}))
	w("\n## `%s`\n", alarms.Metric)
	w("%s", alarms.Description)
	w("`%s` is %s; `%s` is `MetricAlarm`, `CompositeAlarm` or `LogAlarm`.\n", alarms.AttrState, code(alarms.States), attr.AlarmType)
}

// alarmTransitions writes the records of alarms.
func alarmTransitions(w func(format string, args ...any)) {
	w("\n# Transitions of alarms\n")
	w("A record with the EventName `%s` is a change of state of an alarm that watches API Gateway. Its Timestamp is that of the change, its severity ERROR where the", alarms.Event)
	w("new state is `ALARM`, WARN where it is `INSUFFICIENT_DATA`, else INFO. It stands on the resource of the stage, the API, or account and region, as the alarm's")
	w("[metric](metrics.md#metrics-from-alarms) does, without `%s`.\n", attr.LogGroupNames)
	w("| attribute | value |")
	w("| --- | --- |")
	w("| `%s`, `%s`, `%s` | the alarm |", attr.AlarmName, attr.AlarmType, attr.AlarmARN)
	w("| `%s`, `%s` | the new state, and the one before |", attr.AlarmState, attr.AlarmPreviousState)
	w("| `%s` | CloudWatch's reason for the new state |", attr.AlarmReason)
	w("| `%s` | made of the change itself: a record that comes twice has it twice |", attr.LogRecordUID)
}
