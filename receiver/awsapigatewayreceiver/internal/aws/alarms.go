package aws

import (
	"context"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// alarmCalls are the operations of CloudWatch's alarms that we call.
type alarmCalls struct {
	describe func(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	history  func(context.Context, *cloudwatch.DescribeAlarmHistoryInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmHistoryOutput, error)
}

// Types of alarms to ask for. Those that are not named are left out ("API_DescribeAlarms"); log alarms came in 2026, and where they are not known the
// request is invalid.
var (
	alarmTypes    = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm, types.AlarmTypeLogAlarm}
	oldAlarmTypes = alarmTypes[:2]
)

// Alarms yields all alarms of the target page by page, at most 100 a page, whatever they watch: CloudWatch can't filter them by namespace. A nil error means
// that every page was read.
func (c *Client) Alarms(ctx context.Context, yield func([]model.Alarm)) error {
	asked := alarmTypes
	if c.noLogAlarms.Load() {
		asked = oldAlarmTypes
	}
	begun := false
	err := c.describeAlarms(ctx, asked, func(page []model.Alarm) {
		begun = true
		yield(page)
	})
	if ClassOf(err) == Invalid && len(asked) == len(alarmTypes) && !begun {
		if err = c.describeAlarms(ctx, oldAlarmTypes, yield); err == nil {
			c.noLogAlarms.Store(true)
		}
	}
	return err
}

func (c *Client) describeAlarms(ctx context.Context, asked []types.AlarmType, yield func([]model.Alarm)) error {
	in := &cloudwatch.DescribeAlarmsInput{AlarmTypes: asked, MaxRecords: awssdk.Int32(alarmPageSize)}
	return pages(c, opDescribeAlarms, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := call(ctx, c, opDescribeAlarms, c.alarms.describe, in, 0)
		if err != nil {
			return nil, err
		}
		alarms := alarmsOf(out)
		for i := range alarms {
			if alarms[i].Name == "" || alarms[i].State == "" {
				return nil, c.malformed(opDescribeAlarms, "an alarm without a name or state")
			}
		}
		yield(alarms)
		return out.NextToken, nil
	})
}

func alarmsOf(out *cloudwatch.DescribeAlarmsOutput) []model.Alarm {
	alarms := make([]model.Alarm, 0, len(out.MetricAlarms)+len(out.CompositeAlarms)+len(out.LogAlarms))
	for i := range out.MetricAlarms {
		alarms = append(alarms, metricAlarm(&out.MetricAlarms[i]))
	}
	for i := range out.CompositeAlarms {
		a := &out.CompositeAlarms[i]
		alarms = append(alarms, model.Alarm{
			Name: awssdk.ToString(a.AlarmName), ARN: awssdk.ToString(a.AlarmArn), Type: model.CompositeAlarm, State: string(a.StateValue), Rule: awssdk.ToString(a.AlarmRule),
		})
	}
	for i := range out.LogAlarms {
		a := &out.LogAlarms[i]
		alarm := model.Alarm{Name: awssdk.ToString(a.AlarmName), ARN: awssdk.ToString(a.AlarmArn), Type: model.LogAlarm, State: string(a.StateValue)}
		if q := a.ScheduledQueryConfiguration; q != nil {
			alarm.LogGroups = q.LogGroupIdentifiers
		}
		alarms = append(alarms, alarm)
	}
	return alarms
}

func metricAlarm(a *types.MetricAlarm) model.Alarm {
	alarm := model.Alarm{Name: awssdk.ToString(a.AlarmName), ARN: awssdk.ToString(a.AlarmArn), Type: model.MetricAlarm, State: string(a.StateValue)}
	if a.Namespace != nil {
		alarm.Metrics = append(alarm.Metrics, alarmMetric(a.Namespace, a.Dimensions))
	}
	for i := range a.Metrics {
		q := &a.Metrics[i]
		if q.MetricStat != nil && q.MetricStat.Metric != nil {
			alarm.Metrics = append(alarm.Metrics, alarmMetric(q.MetricStat.Metric.Namespace, q.MetricStat.Metric.Dimensions))
		}
		if q.Expression != nil {
			alarm.Expressions = append(alarm.Expressions, *q.Expression)
		}
	}
	if q, ok := a.EvaluationCriteria.(*types.EvaluationCriteriaMemberPromQLCriteria); ok {
		alarm.Expressions = append(alarm.Expressions, awssdk.ToString(q.Value.Query))
	}
	return alarm
}

func alarmMetric(namespace *string, dimensions []types.Dimension) model.AlarmMetric {
	m := model.AlarmMetric{Namespace: awssdk.ToString(namespace), Dimensions: make([]model.Dimension, len(dimensions))}
	for i, d := range dimensions {
		m.Dimensions[i] = model.Dimension{Name: awssdk.ToString(d.Name), Value: awssdk.ToString(d.Value)}
	}
	return m
}

// Transitions yields the changes of state of all alarms of a type from a time on until another, oldest first, page by page, at most 100 a page. An error of
// yield ends it. Items without a name or time are left out and counted.
func (c *Client) Transitions(ctx context.Context, alarmType string, from, to time.Time, yield func([]model.Transition) error) error {
	in := &cloudwatch.DescribeAlarmHistoryInput{
		AlarmTypes: []types.AlarmType{types.AlarmType(alarmType)}, HistoryItemType: types.HistoryItemTypeStateUpdate, ScanBy: types.ScanByTimestampAscending,
		StartDate: &from, EndDate: &to, MaxRecords: awssdk.Int32(alarmPageSize),
	}
	return pages(c, opDescribeAlarmHistory, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := call(ctx, c, opDescribeAlarmHistory, c.alarms.history, in, 0)
		if err != nil {
			return nil, err
		}
		transitions := make([]model.Transition, 0, len(out.AlarmHistoryItems))
		for i := range out.AlarmHistoryItems {
			item := &out.AlarmHistoryItems[i]
			if item.HistoryItemType != types.HistoryItemTypeStateUpdate {
				continue
			}
			if awssdk.ToString(item.AlarmName) == "" || item.Timestamp == nil {
				c.countMalformed(ctx, opDescribeAlarmHistory)
				continue
			}
			transitions = append(transitions, model.Transition{
				Alarm: *item.AlarmName, Type: alarmType, At: *item.Timestamp, Summary: awssdk.ToString(item.HistorySummary), Data: awssdk.ToString(item.HistoryData),
			})
		}
		return out.NextToken, yield(transitions)
	})
}
