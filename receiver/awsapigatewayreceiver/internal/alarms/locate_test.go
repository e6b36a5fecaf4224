package alarms

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

const ownAccount = "111122223333/eu-west-1"

// places are the instances that alarms stand on; "pending" where that is not known yet.
func (r *rig) places(t *testing.T) map[string]string {
	alarms, err := r.list.Read(context.Background())
	require.NoError(t, err)
	out := map[string]string{}
	for _, a := range alarms {
		res := pcommon.NewResource()
		a.place.describe(resource.NewWriter(target, nil, nil), res)
		instance, _ := res.Attributes().Get(attr.ServiceInstance)
		out[a.Name] = instance.Str()
		if a.pending {
			out[a.Name] = "pending"
		}
	}
	return out
}

func composite(name, rule string) model.Alarm {
	return model.Alarm{Name: name, Type: model.CompositeAlarm, State: model.AlarmOK, Rule: rule}
}

func logAlarm(name string, groups ...string) model.Alarm {
	return model.Alarm{Name: name, Type: model.LogAlarm, State: model.AlarmOK, LogGroups: groups}
}

// An alarm stands on the resource of the stage that all it watches is of, else of the API, else of the account; others are left out.
func TestAlarmsStandWhereWhatTheyWatchDoes(t *testing.T) {
	t.Parallel()
	prod := watching("prod", "ApiName", "orders", "Stage", "prod")
	lambda := model.Alarm{Name: "lambda", ARN: "arn:lambda", Type: model.MetricAlarm, State: model.AlarmOK, Metrics: []model.AlarmMetric{{Namespace: "AWS/Lambda"}}}
	expression := func(text string) model.Alarm {
		return model.Alarm{Name: "x", Type: model.MetricAlarm, State: model.AlarmOK, Expressions: []string{text}}
	}
	math := func(metrics ...model.AlarmMetric) model.Alarm {
		return model.Alarm{Name: "x", Type: model.MetricAlarm, State: model.AlarmOK, Metrics: metrics, Expressions: []string{"m1 / m2"}}
	}
	const stage, api = ownAccount + "/rest000001/prod", ownAccount + "/rest000001"
	for name, test := range map[string]struct {
		alarms []model.Alarm
		want   string // of x, "" where it is left out
	}{
		"stage by name":                     {[]model.Alarm{watching("x", "ApiName", "orders", "Stage", "prod")}, stage},
		"stage by id":                       {[]model.Alarm{watching("x", "ApiId", "http000001", "Stage", "$default")}, ownAccount + "/http000001/$default"},
		"method":                            {[]model.Alarm{watching("x", "ApiName", "orders", "Stage", "prod", "Method", "GET", "Resource", "/")}, stage},
		"canary":                            {[]model.Alarm{watching("x", "ApiName", "orders", "Stage", "prod/Canary")}, stage},
		"API":                               {[]model.Alarm{watching("x", "ApiName", "orders")}, api},
		"namespace":                         {[]model.Alarm{watching("x")}, ownAccount},
		"one of two of a name":              {[]model.Alarm{watching("x", "ApiName", "twins", "Stage", "green")}, ownAccount + "/twin000002/green"},
		"either of two":                     {[]model.Alarm{watching("x", "ApiName", "twins", "Stage", "live")}, ownAccount + "/twin000001,twin000002/live"},
		"unknown API":                       {[]model.Alarm{watching("x", "ApiName", "new", "Stage", "prod")}, "pending"},
		"other namespace":                   {[]model.Alarm{{Name: "x", Type: model.MetricAlarm, State: model.AlarmOK, Metrics: []model.AlarmMetric{{Namespace: "AWS/Lambda"}}}}, ""},
		"excluded":                          {[]model.Alarm{watching("x", "ApiName", "orders", "Stage", "dev")}, ""},
		"one stage twice":                   {[]model.Alarm{math(metricOf("ApiName", "orders", "Stage", "prod"), metricOf("ApiName", "orders", "Stage", "prod", "Method", "GET", "Resource", "/"))}, stage},
		"beside another's":                  {[]model.Alarm{math(metricOf("ApiName", "orders", "Stage", "prod"), model.AlarmMetric{Namespace: "AWS/Lambda"})}, stage},
		"stages of an API":                  {[]model.Alarm{math(metricOf("ApiName", "orders", "Stage", "prod"), metricOf("ApiName", "orders", "Stage", "test"))}, api},
		"APIs":                              {[]model.Alarm{math(metricOf("ApiName", "orders", "Stage", "prod"), metricOf("ApiId", "http000001", "Stage", "$default"))}, ownAccount},
		"partly excluded":                   {[]model.Alarm{math(metricOf("ApiName", "orders", "Stage", "dev"), metricOf("ApiName", "orders", "Stage", "prod"))}, stage},
		"search":                            {[]model.Alarm{expression(`SEARCH('{AWS/ApiGateway,ApiName,Stage} 5XXError', 'Sum')`)}, ownAccount},
		"insights":                          {[]model.Alarm{expression(`SELECT SUM("5XXError") FROM "AWS/ApiGateway"`)}, ownAccount},
		"PromQL":                            {[]model.Alarm{expression(`avg({"@instrumentation.@name"="cloudwatch.aws/apigateway"})`)}, ownAccount},
		"another's expression":              {[]model.Alarm{expression(`SELECT SUM(Errors) FROM "AWS/Lambda"`)}, ""},
		"composite":                         {[]model.Alarm{prod, composite("x", `ALARM("prod") OR ALARM(lambda)`), lambda}, stage},
		"composite by ARN":                  {[]model.Alarm{prod, composite("x", `NOT OK(arn:prod)`)}, stage},
		"composite of two":                  {[]model.Alarm{prod, watching("other", "ApiId", "http000001"), composite("x", `ALARM('prod') AND INSUFFICIENT_DATA(other)`)}, ownAccount},
		"composite of another":              {[]model.Alarm{composite("x", `ALARM(between)`), composite("between", `ALARM("prod")`), prod}, stage},
		"composite of others":               {[]model.Alarm{lambda, composite("x", `ALARM("lambda")`)}, ""},
		"composite of itself":               {[]model.Alarm{composite("x", `ALARM("x") OR ALARM("y")`), composite("y", `ALARM("x")`)}, ""},
		"circle":                            {[]model.Alarm{prod, composite("x", `ALARM("y")`), composite("y", `ALARM("x") OR ALARM("prod")`)}, stage},
		"lines of access":                   {[]model.Alarm{logAlarm("x", "/access/rest000001/prod")}, stage},
		"lines by ARN":                      {[]model.Alarm{logAlarm("x", "arn:aws:logs:eu-west-1:111122223333:log-group:/access/rest000001/prod:*")}, stage},
		"lines of execution":                {[]model.Alarm{logAlarm("x", "API-Gateway-Execution-Logs_rest000001/prod")}, stage},
		"lines of others":                   {[]model.Alarm{logAlarm("x", "/aws/lambda/f", "API-Gateway-Execution-Logs_gone000001/prod")}, ""},
		"lines of two stages":               {[]model.Alarm{logAlarm("x", "/access/rest000001/prod", "API-Gateway-Execution-Logs_rest000001/test")}, api},
		"lines of a stage that is excluded": {[]model.Alarm{logAlarm("x", "/access/rest000001/dev")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, &inventory.Filter{Exclude: []inventory.FilterItem{{Stage: "dev"}}}, nil)
			r.alarms = test.alarms
			assert.Equal(t, test.want, r.places(t)["x"])
		})
	}
}

// An alarm of an API that nobody knows stands on the account after ten minutes, no sooner.
func TestUnknownAPIsAreWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, &inventory.Filter{}, nil)
	r.alarms = []model.Alarm{watching("x", "ApiName", "gone", "Stage", "prod")}
	assert.Equal(t, map[string]string{"x": "pending"}, r.places(t))
	r.now = noon.Add(9 * time.Minute)
	assert.Equal(t, map[string]string{"x": "pending"}, r.places(t))
	r.now = noon.Add(10 * time.Minute)
	assert.Equal(t, map[string]string{"x": ownAccount}, r.places(t))
}

// A reading serves whoever asks within half an interval, and a failure nobody.
func TestReadingsAreShared(t *testing.T) {
	t.Parallel()
	r := newRig(t, &inventory.Filter{}, nil)
	r.alarms = []model.Alarm{watching("x")}
	r.places(t)
	r.now = noon.Add(29 * time.Second)
	r.places(t)
	assert.Equal(t, []error{nil}, r.reports)
	r.now, r.err = noon.Add(time.Minute), errDown
	for range 2 {
		_, err := r.list.Read(context.Background())
		require.ErrorIs(t, err, errDown)
	}
	assert.Equal(t, []error{nil, errDown, errDown}, r.reports)
	ended, end := context.WithCancel(context.Background())
	end()
	_, err := r.list.Read(ended)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, r.reports, 3, "a collector that stops says nothing of the target")
}

func TestRulesNameAlarms(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string][]string{
		`ALARM("a b") AND (OK('c') OR NOT INSUFFICIENT_DATA(d))`: {"a b", "c", "d"},
		`ALARM("with (parentheses) and \"quotes\"")`:             {`with (parentheses) and "quotes"`},
		`ALARM(arn:aws:cloudwatch:us-east-1:1:alarm:x)`:          {"arn:aws:cloudwatch:us-east-1:1:alarm:x"},
		"ALARM ( \"spaced\" )\nOR TRUE":                          {"spaced"},
		`FALSE`:                                                  nil,
		`ALARM("open`:                                            nil,
	} {
		assert.Equal(t, want, children(rule), rule)
	}
}

// FuzzRule: whatever a rule is, the names in it are parts of it.
func FuzzRule(f *testing.F) {
	f.Add(`ALARM("a") AND NOT OK(b)`)
	f.Add(`ALARM("\"") OR INSUFFICIENT_DATA('`)
	f.Fuzz(func(t *testing.T, rule string) {
		total := 0
		for _, name := range children(rule) {
			total += len(name)
		}
		assert.LessOrEqual(t, total, len(rule))
	})
}
