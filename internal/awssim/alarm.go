package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The types and states of CloudWatch's alarms.
const (
	MetricAlarm    = "MetricAlarm"
	CompositeAlarm = "CompositeAlarm"
	LogAlarm       = "LogAlarm"

	StateOK     = "OK"
	StateAlarm  = "ALARM"
	StateNoData = "INSUFFICIENT_DATA"
)

// alarmRetention is how long the history of alarms is kept (DescribeAlarmHistory).
const alarmRetention = 30 * 24 * time.Hour

// Alarm is an alarm of CloudWatch. It does not evaluate anything: its state is what the literal says, a function of time.
type Alarm struct {
	Name             string
	Type             string // MetricAlarm, CompositeAlarm or LogAlarm; "" means MetricAlarm
	Created, Deleted time.Time

	Namespace  string   // a metric alarm's; "" means AWS/ApiGateway, where there is a Metric
	Metric     string   // "": the alarm has Math, Expression or PromQL
	Dimensions []string // of Metric: names and values by turns
	// Math are the dimensions of further metrics of the namespace, for metric math, Expression what is made of them.
	Math       [][]string
	Expression string
	PromQL     string
	Rule       string   // a composite alarm's
	LogGroups  []string // a log alarm's: names or ARNs

	// Raised is when it is in ALARM, NoData when in INSUFFICIENT_DATA; the rest of the time it is OK. While the incident of a stage is on, and until Lag after
	// it, it is in ALARM too.
	Raised, NoData []Span
	Incident       Incident
	// Lag is how long after the incident's begin and end the alarm changes.
	Lag time.Duration
	// HistoryLag is how late the history shows a change.
	HistoryLag time.Duration
}

// AlarmTransition is a change of an alarm's state.
type AlarmTransition struct {
	At       time.Time
	Old, New string
}

func (a *Alarm) kind() string { return cmp.Or(a.Type, MetricAlarm) }

func (a *Alarm) namespace() string { return cmp.Or(a.Namespace, namespace) }

// State returns the alarm's state at t.
func (a *Alarm) State(t time.Time) string {
	in := func(spans []Span) bool {
		return slices.ContainsFunc(spans, func(s Span) bool { return !t.Before(s.From) && t.Before(s.To) })
	}
	switch {
	case in(a.NoData):
		return StateNoData
	case in(a.Raised), a.Incident.On(t.Add(-a.Lag)):
		return StateAlarm
	default:
		return StateOK
	}
}

// Transitions returns the changes of state in [from, to), oldest first.
func (a *Alarm) Transitions(from, to time.Time) []AlarmTransition {
	var edges []time.Time
	for _, s := range slices.Concat(a.Raised, a.NoData) {
		edges = append(edges, s.From, s.To)
	}
	if i := a.Incident; i.Every > 0 && i.For > 0 {
		first := from.Add(-a.Lag - time.Duration((from.Add(-a.Lag).UnixNano()-int64(i.Offset))%int64(i.Every)))
		for begin := first.Add(-i.Every); begin.Before(to); begin = begin.Add(i.Every) {
			edges = append(edges, begin.Add(a.Lag), begin.Add(a.Lag+i.For))
		}
	}
	edges = slices.DeleteFunc(edges, func(t time.Time) bool {
		return t.Before(from) || !t.Before(to) || !lives(a.Created, a.Deleted, t)
	})
	slices.SortFunc(edges, time.Time.Compare)
	var out []AlarmTransition
	for _, t := range slices.CompactFunc(edges, time.Time.Equal) {
		if old, next := a.State(t.Add(-1)), a.State(t); old != next {
			out = append(out, AlarmTransition{At: t, Old: old, New: next})
		}
	}
	return out
}

// updated is when the state at t began, as far back as the history goes.
func (a *Alarm) updated(t time.Time) time.Time {
	for back := time.Hour; ; back *= 2 { // mostly it changed not long ago, and a month of incidents is much to go through
		back = min(back, alarmRetention)
		if changes := a.Transitions(t.Add(-back), t.Add(1)); len(changes) > 0 {
			return changes[len(changes)-1].At
		}
		if back == alarmRetention {
			return t.Add(-back).Truncate(time.Second)
		}
	}
}

func reason(state string) string {
	switch state {
	case StateAlarm:
		return "Threshold Crossed: 1 out of the last 1 datapoints was greater than the threshold (minimum 1 datapoint for OK -> ALARM transition)."
	case StateNoData:
		return "Insufficient Data: 1 datapoint was unknown."
	default:
		return "Threshold Crossed: 1 out of the last 1 datapoints was not greater than the threshold (minimum 1 datapoint for ALARM -> OK transition)."
	}
}

func (t AlarmTransition) summary() string {
	return fmt.Sprintf("Alarm updated from %s to %s", t.Old, t.New)
}

// data is the JSON document of a history item.
func (t AlarmTransition) data() string {
	type state struct {
		Value  string `json:"stateValue"`
		Reason string `json:"stateReason"`
	}
	return string(mustMarshal(json.Marshal(map[string]any{"version": "1.0", "type": "Update", "oldState": state{t.Old, reason(t.Old)}, "newState": state{t.New, reason(t.New)}})))
}
