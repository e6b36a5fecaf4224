package model

import "time"

// Types of alarms, as CloudWatch spells them.
const (
	MetricAlarm    = "MetricAlarm"
	CompositeAlarm = "CompositeAlarm"
	LogAlarm       = "LogAlarm"
)

// States of alarms, as CloudWatch spells them.
const (
	AlarmOK     = "OK"
	AlarmRaised = "ALARM"
	AlarmNoData = "INSUFFICIENT_DATA"
)

// Alarm is an alarm of CloudWatch, of any type, as DescribeAlarms says.
type Alarm struct {
	Name, ARN, Type, State string
	// Metrics are those that a metric alarm names.
	Metrics []AlarmMetric
	// Expressions are a metric alarm's: metric math, SEARCH, Metrics Insights or PromQL.
	Expressions []string
	// Rule is a composite alarm's: it names other alarms.
	Rule string
	// LogGroups are a log alarm's, by name or ARN.
	LogGroups []string
}

// AlarmMetric is a metric that an alarm watches.
type AlarmMetric struct {
	Namespace  string
	Dimensions []Dimension
}

// Transition is an alarm's change of state, as DescribeAlarmHistory says.
type Transition struct {
	Alarm, Type string
	At          time.Time
	// Summary is CloudWatch's sentence, "Alarm updated from OK to ALARM", and Data a JSON document with both states and their reasons.
	Summary, Data string
}
