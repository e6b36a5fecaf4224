package awssim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// alarmed is a region with alarms of which one follows an incident of the first ten minutes of each hour.
func alarmed() *World {
	w := shop()
	w.Accounts[0].Regions[0].Alarms = []*Alarm{
		{Name: "errors", Metric: "5XXError", Dimensions: []string{"ApiName", "orders"}, Incident: Incident{Every: time.Hour, For: 10 * time.Minute}, Lag: 2 * time.Minute},
		{Name: "all", Type: CompositeAlarm, Rule: `ALARM("errors")`, NoData: []Span{{From: noon.Add(-time.Hour), To: noon.Add(-time.Minute)}}},
		{Name: "lines", Type: LogAlarm, LogGroups: []string{"/access"}},
		{Name: "late", Metric: "Count", Raised: []Span{{From: noon.Add(-time.Minute), To: noon.Add(time.Hour)}}, HistoryLag: 2 * time.Minute},
		{Name: "gone", Metric: "Count", Deleted: noon.Add(-time.Hour), Raised: []Span{{From: noon.Add(-2 * time.Hour), To: noon.Add(-30 * time.Minute)}}},
	}
	return w
}

// An alarm's transitions are where its state changes, in whatever window they are asked for.
func TestTransitionsAreWhereStatesChange(t *testing.T) {
	from := noon.Add(-26 * time.Hour)
	for _, a := range alarmed().Accounts[0].Regions[0].Alarms {
		changes := a.Transitions(from, noon)
		var pieces []AlarmTransition
		for at := from; at.Before(noon); at = at.Add(13 * time.Minute) {
			pieces = append(pieces, a.Transitions(at, at.Add(13*time.Minute))...)
		}
		assert.Equal(t, changes, pieces, a.Name)
		state := a.State(from.Add(-1))
		for at := from; at.Before(noon); at = at.Add(time.Minute) {
			for len(changes) > 0 && !changes[0].At.After(at) {
				assert.Equal(t, state, changes[0].Old, a.Name)
				state, changes = changes[0].New, changes[1:]
			}
			if lives(a.Created, a.Deleted, at) {
				require.Equal(t, a.State(at), state, "%s at %s", a.Name, at)
			}
		}
	}
}

func names(out *cloudwatch.DescribeAlarmsOutput) (all []string) {
	for _, a := range out.MetricAlarms {
		all = append(all, *a.AlarmName+" "+string(a.StateValue))
	}
	for _, a := range out.CompositeAlarms {
		all = append(all, *a.AlarmName+" "+string(a.StateValue))
	}
	for _, a := range out.LogAlarms {
		all = append(all, *a.AlarmName+" "+string(a.StateValue))
	}
	return all
}

// Only metric alarms are listed unless others are named, those that exist, and with the filters that are asked for.
func TestAlarmsAreDescribed(t *testing.T) {
	h := start(t, Config{World: alarmed(), Now: func() time.Time { return noon.Add(5 * time.Minute) }})
	all := []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm, types.AlarmTypeLogAlarm}
	for _, test := range []struct {
		in   cloudwatch.DescribeAlarmsInput
		want []string
	}{
		{cloudwatch.DescribeAlarmsInput{}, []string{"errors ALARM", "late ALARM"}},
		{cloudwatch.DescribeAlarmsInput{AlarmTypes: all}, []string{"errors ALARM", "late ALARM", "all OK", "lines OK"}},
		{cloudwatch.DescribeAlarmsInput{AlarmTypes: all[1:2]}, []string{"all OK"}},
		{cloudwatch.DescribeAlarmsInput{AlarmTypes: all, AlarmNames: []string{"errors", "gone"}}, []string{"errors ALARM"}},
		{cloudwatch.DescribeAlarmsInput{AlarmTypes: all, AlarmNamePrefix: aws.String("li")}, []string{"lines OK"}},
		{cloudwatch.DescribeAlarmsInput{AlarmTypes: all, StateValue: types.StateValueAlarm}, []string{"errors ALARM", "late ALARM"}},
	} {
		out, err := h.cloudWatch().DescribeAlarms(context.Background(), &test.in)
		require.NoError(t, err)
		assert.Equal(t, test.want, names(out))
	}
	_, err := h.cloudWatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(101)})
	require.ErrorContains(t, err, "maxRecords")
	_, err = h.cloudWatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{"Alarm"}})
	require.ErrorContains(t, err, "alarmTypes")
	_, err = h.cloudWatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{NextToken: aws.String("x")})
	require.ErrorContains(t, err, "InvalidNextToken")
}

// The history pages, the newest first unless asked otherwise, has what its types say, and shows a change as late as the literal says.
func TestHistoryIsDescribed(t *testing.T) {
	now := noon
	h := start(t, Config{World: alarmed(), Now: func() time.Time { return now }, MaxPage: 2})
	read := func(in cloudwatch.DescribeAlarmHistoryInput) (all []string) {
		pages := cloudwatch.NewDescribeAlarmHistoryPaginator(h.cloudWatch(), &in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			require.NoError(t, err)
			assert.LessOrEqual(t, len(page.AlarmHistoryItems), 2)
			for _, i := range page.AlarmHistoryItems {
				all = append(all, *i.AlarmName+" "+i.Timestamp.Format("15:04")+" "+*i.HistorySummary)
			}
		}
		return all
	}
	since := noon.Add(-2 * time.Hour)
	ascending := cloudwatch.DescribeAlarmHistoryInput{StartDate: &since, ScanBy: types.ScanByTimestampAscending, HistoryItemType: types.HistoryItemTypeStateUpdate}
	want := []string{
		"gone 10:00 Alarm updated from OK to ALARM", "errors 10:02 Alarm updated from OK to ALARM", "errors 10:12 Alarm updated from ALARM to OK",
		"errors 11:02 Alarm updated from OK to ALARM", "errors 11:12 Alarm updated from ALARM to OK",
	}
	assert.Equal(t, want, read(ascending))
	now = noon.Add(time.Minute)
	assert.Equal(t, append(want, "late 11:59 Alarm updated from OK to ALARM"), read(ascending))
	now = noon
	assert.Equal(t, []string{want[4], want[3]}, read(cloudwatch.DescribeAlarmHistoryInput{StartDate: aws.Time(noon.Add(-time.Hour)), AlarmName: aws.String("errors")}))
	assert.Equal(t, []string{"all 11:59 Alarm updated from INSUFFICIENT_DATA to OK", "all 11:00 Alarm updated from OK to INSUFFICIENT_DATA"},
		read(cloudwatch.DescribeAlarmHistoryInput{AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}}))
	assert.Empty(t, read(cloudwatch.DescribeAlarmHistoryInput{HistoryItemType: types.HistoryItemTypeAction}))
}

// The AWS CLI and boto3 speak JSON.
func TestAlarmsInJSON(t *testing.T) {
	h := start(t, Config{World: alarmed()})
	for operation, body := range map[string]string{
		"DescribeAlarms":       `{"AlarmTypes": ["LogAlarm"]}`,
		"DescribeAlarmHistory": `{"AlarmTypes": ["CompositeAlarm"], "StartDate": 1795258800, "EndDate": "2026-11-21T11:30:00Z"}`,
	} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.url, bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		r.Header.Set("X-Amz-Target", cloudWatchTarget+"."+operation)
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0")
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, string(answer))
		assert.Contains(t, string(answer), map[string]string{"DescribeAlarms": `"AlarmName":"lines"`, "DescribeAlarmHistory": `"Timestamp":1795258800`}[operation])
	}
	http.DefaultClient.CloseIdleConnections()
}
