package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

const (
	// maxAlarmRecords is the largest MaxRecords of DescribeAlarms and DescribeAlarmHistory, and what a page has without it.
	maxAlarmRecords = 100
	// maxAlarmNames is how many names DescribeAlarms takes.
	maxAlarmNames = 100
)

// moment is a timestamp beside others in a message: tag 1 with a double in CBOR, epoch seconds in JSON.
type moment struct{ time.Time }

// MarshalCBOR writes tag 1.
func (m moment) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(cbor.Tag{Number: 1, Content: m.seconds()})
}

// MarshalJSON writes epoch seconds.
func (m moment) MarshalJSON() ([]byte, error) { return json.Marshal(m.seconds()) }

func (m moment) seconds() float64 { return float64(m.UnixMilli()) / 1000 }

// UnmarshalCBOR reads tag 1.
func (m *moment) UnmarshalCBOR(data []byte) error {
	var tag cbor.Tag
	if err := cborDecoding.Unmarshal(data, &tag); err != nil {
		return err
	}
	var seconds float64
	switch v := tag.Content.(type) {
	case float64:
		seconds = v
	case uint64:
		seconds = float64(v)
	case int64:
		seconds = float64(v)
	default:
		return fmt.Errorf("timestamp %v is no number", tag.Content)
	}
	if tag.Number != 1 || math.IsNaN(seconds) || math.Abs(seconds) > maxEpoch {
		return fmt.Errorf("timestamp %v with tag %d is out of range", seconds, tag.Number)
	}
	m.Time = epochTime(seconds).Time
	return nil
}

// UnmarshalJSON reads epoch seconds or an RFC 3339 string.
func (m *moment) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*instant)(m)) }

// alarmToken is where a listing goes on.
type alarmToken struct {
	At     int64 // Unix nanoseconds
	Offset int
	Filter uint64
}

// describeAlarmsInput is a DescribeAlarms request.
type describeAlarmsInput struct {
	AlarmNames      []string
	AlarmNamePrefix string
	AlarmTypes      []string
	StateValue      string
	MaxRecords      int
	NextToken       string
}

// describeAlarmsOutput is its answer.
type describeAlarmsOutput struct {
	MetricAlarms    []alarmOutput
	CompositeAlarms []alarmOutput
	LogAlarms       []alarmOutput
	NextToken       string `json:",omitempty" cbor:",omitempty"`
}

// alarmOutput has the members of alarms of all types.
type alarmOutput struct {
	AlarmName, AlarmArn, StateValue, StateReason string
	ActionsEnabled                               bool
	StateUpdatedTimestamp                        moment
	StateTransitionedTimestamp                   moment
	Namespace                                    string            `json:",omitempty" cbor:",omitempty"`
	MetricName                                   string            `json:",omitempty" cbor:",omitempty"`
	Dimensions                                   []dimension       `json:",omitempty" cbor:",omitempty"`
	Metrics                                      []alarmQuery      `json:",omitempty" cbor:",omitempty"`
	EvaluationCriteria                           *promQLCriteria   `json:",omitempty" cbor:",omitempty"`
	AlarmRule                                    string            `json:",omitempty" cbor:",omitempty"`
	ScheduledQueryConfiguration                  *alarmQueryConfig `json:",omitempty" cbor:",omitempty"`
}

type alarmQuery struct {
	Id         string     //nolint:revive // AWS's own spelling
	MetricStat *alarmStat `json:",omitempty" cbor:",omitempty"`
	Expression string     `json:",omitempty" cbor:",omitempty"`
	ReturnData bool
}

type alarmStat struct {
	Metric metricID
	Period int
	Stat   string
}

type promQLCriteria struct {
	PromQLCriteria struct{ Query string }
}

type alarmQueryConfig struct {
	AggregationExpression, QueryString, ScheduledQueryRoleARN string
	LogGroupIdentifiers                                       []string
	ScheduleConfiguration                                     struct{}
}

// alarmKinds are the types that a request asks for. Only metric alarms are listed where it names none.
func alarmKinds(asked []string) ([]string, error) {
	for _, kind := range asked {
		if kind != MetricAlarm && kind != CompositeAlarm && kind != LogAlarm {
			return nil, validation("1 validation error detected: Value '%s' at 'alarmTypes' failed to satisfy constraint: Member must satisfy enum value set: [CompositeAlarm, MetricAlarm, LogAlarm]", kind)
		}
	}
	if len(asked) == 0 {
		return []string{MetricAlarm}, nil
	}
	return asked, nil
}

func (s *Server) alarmPage(records int) (int, error) {
	if records < 0 || records > maxAlarmRecords {
		return 0, validation("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to %d", records, maxAlarmRecords)
	}
	return s.page(cmp.Or(records, maxAlarmRecords)), nil
}

// goOn decodes a request's token, if it has one.
func (t *alarmToken) goOn(x *exchange, token string) error {
	if token == "" {
		return nil
	}
	x.call.FollowUp = true
	filter := t.Filter
	if token != endlessToken && !decodeToken(token, t) || t.Filter != filter || t.Offset < 0 {
		return invalidToken(x.op.service)
	}
	return nil
}

func (s *Server) describeAlarms(x *exchange) (any, error) {
	var in describeAlarmsInput
	if err := decodeInput(x.op.protocol, x.body, &in); err != nil {
		return nil, err
	}
	kinds, err := alarmKinds(in.AlarmTypes)
	if err != nil {
		return nil, err
	}
	if len(in.AlarmNames) > maxAlarmNames || len(in.AlarmNames) > 0 && in.AlarmNamePrefix != "" {
		return nil, validation("AlarmNames has at most %d names, and does not go with AlarmNamePrefix", maxAlarmNames)
	}
	size, err := s.alarmPage(in.MaxRecords)
	if err != nil {
		return nil, err
	}
	token := alarmToken{At: x.now.UnixNano(), Filter: hashStrings(1, slices.Concat(in.AlarmTypes, in.AlarmNames, []string{in.AlarmNamePrefix, in.StateValue})...)}
	if err := token.goOn(x, in.NextToken); err != nil {
		return nil, err
	}
	at := time.Unix(0, token.At)
	var all []*Alarm
	for _, a := range x.caller.account.region(x.caller.region).Alarms {
		if lives(a.Created, a.Deleted, at) && slices.Contains(kinds, a.kind()) && strings.HasPrefix(a.Name, in.AlarmNamePrefix) &&
			(len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.Name)) && (in.StateValue == "" || in.StateValue == a.State(at)) {
			all = append(all, a)
		}
	}
	out := &describeAlarmsOutput{MetricAlarms: []alarmOutput{}, CompositeAlarms: []alarmOutput{}, LogAlarms: []alarmOutput{}}
	end := min(token.Offset+size, len(all))
	for _, a := range all[min(token.Offset, len(all)):end] {
		list := map[string]*[]alarmOutput{MetricAlarm: &out.MetricAlarms, CompositeAlarm: &out.CompositeAlarms, LogAlarm: &out.LogAlarms}[a.kind()]
		*list = append(*list, a.output(x, at))
	}
	if end < len(all) {
		out.NextToken = encodeToken(alarmToken{At: token.At, Offset: end, Filter: token.Filter})
	}
	return out, nil
}

// output is the alarm as DescribeAlarms has it.
func (a *Alarm) output(x *exchange, at time.Time) alarmOutput {
	updated, state := moment{a.updated(at)}, a.State(at)
	o := alarmOutput{
		AlarmName: a.Name, StateValue: state, StateReason: reason(state), ActionsEnabled: true,
		AlarmArn:              fmt.Sprintf("arn:%s:cloudwatch:%s:%s:alarm:%s", x.caller.account.partition(), x.caller.region, x.caller.account.ID, a.Name),
		StateUpdatedTimestamp: updated, StateTransitionedTimestamp: updated, AlarmRule: a.Rule,
	}
	if a.kind() == LogAlarm {
		o.ScheduledQueryConfiguration = &alarmQueryConfig{
			AggregationExpression: "count(*)", QueryString: "filter status >= 500", LogGroupIdentifiers: a.LogGroups,
			ScheduledQueryRoleARN: fmt.Sprintf("arn:%s:iam::%s:role/alarms", x.caller.account.partition(), x.caller.account.ID),
		}
	}
	if a.Metric != "" && len(a.Math) == 0 {
		o.Namespace, o.MetricName, o.Dimensions = a.namespace(), a.Metric, alarmDimensions(a.Dimensions)
	}
	for i, pairs := range a.Math {
		o.Metrics = append(o.Metrics, alarmQuery{
			Id: fmt.Sprintf("m%d", i+1), MetricStat: &alarmStat{Metric: metricID{a.namespace(), a.Metric, alarmDimensions(pairs)}, Period: 60, Stat: "Sum"},
		})
	}
	if a.Expression != "" {
		o.Metrics = append(o.Metrics, alarmQuery{Id: "e1", Expression: a.Expression, ReturnData: true})
	}
	if a.PromQL != "" {
		o.EvaluationCriteria = &promQLCriteria{}
		o.EvaluationCriteria.PromQLCriteria.Query = a.PromQL
	}
	return o
}

func alarmDimensions(pairs []string) []dimension {
	var out []dimension
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, dimension{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

// describeAlarmHistoryInput is a DescribeAlarmHistory request.
type describeAlarmHistoryInput struct {
	AlarmName          string
	AlarmTypes         []string
	HistoryItemType    string
	ScanBy             string
	StartDate, EndDate moment
	MaxRecords         int
	NextToken          string
}

// describeAlarmHistoryOutput is its answer.
type describeAlarmHistoryOutput struct {
	AlarmHistoryItems []alarmHistoryItem
	NextToken         string `json:",omitempty" cbor:",omitempty"`
}

type alarmHistoryItem struct {
	AlarmName, AlarmType, HistoryItemType, HistorySummary, HistoryData string
	Timestamp                                                          moment
}

func (s *Server) describeAlarmHistory(x *exchange) (any, error) {
	var in describeAlarmHistoryInput
	if err := decodeInput(x.op.protocol, x.body, &in); err != nil {
		return nil, err
	}
	kinds, err := alarmKinds(in.AlarmTypes)
	if err != nil {
		return nil, err
	}
	size, err := s.alarmPage(in.MaxRecords)
	if err != nil {
		return nil, err
	}
	token := alarmToken{At: x.now.UnixNano(), Filter: hashStrings(2, slices.Concat(in.AlarmTypes, []string{
		in.AlarmName, in.HistoryItemType, in.ScanBy, in.StartDate.String(), in.EndDate.String(),
	})...)}
	if err := token.goOn(x, in.NextToken); err != nil {
		return nil, err
	}
	all := in.items(x.caller.account.region(x.caller.region).Alarms, kinds, time.Unix(0, token.At))
	end := min(token.Offset+size, len(all))
	out := &describeAlarmHistoryOutput{AlarmHistoryItems: append([]alarmHistoryItem{}, all[min(token.Offset, len(all)):end]...)}
	if end < len(all) {
		out.NextToken = encodeToken(alarmToken{At: token.At, Offset: end, Filter: token.Filter})
	}
	return out, nil
}

// items are those of the history that are visible at a time, the newest first unless the oldest are asked for. There are only changes of state.
func (in *describeAlarmHistoryInput) items(alarms []*Alarm, kinds []string, at time.Time) []alarmHistoryItem {
	all := []alarmHistoryItem{}
	if in.HistoryItemType != "" && in.HistoryItemType != "StateUpdate" {
		return all
	}
	from, to := at.Add(-alarmRetention), at
	if in.StartDate.After(from) {
		from = in.StartDate.Time
	}
	if !in.EndDate.IsZero() && in.EndDate.Before(to) {
		to = in.EndDate.Time
	}
	for _, a := range alarms {
		if in.AlarmName != "" && in.AlarmName != a.Name || !slices.Contains(kinds, a.kind()) {
			continue
		}
		for _, t := range a.Transitions(from, to) {
			if t.At.Add(a.HistoryLag).After(at) {
				continue
			}
			all = append(all, alarmHistoryItem{
				AlarmName: a.Name, AlarmType: a.kind(), HistoryItemType: "StateUpdate", HistorySummary: t.summary(), HistoryData: t.data(), Timestamp: moment{t.At},
			})
		}
	}
	slices.SortStableFunc(all, func(a, b alarmHistoryItem) int { return a.Timestamp.Compare(b.Timestamp.Time) })
	if in.ScanBy != "TimestampAscending" {
		slices.Reverse(all)
	}
	return all
}
