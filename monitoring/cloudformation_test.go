package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// template reads a template as YAML.
func template(t *testing.T, name string) map[string]any {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML(files()[name])
	require.NoError(t, err)
	raw, err := retrieved.AsRaw()
	require.NoError(t, err)
	return raw.(map[string]any)
}

// section is one of a template; an absent one is empty.
func section(t map[string]any, name string) map[string]any {
	s, _ := t[name].(map[string]any)
	return s
}

// walk calls see with each function of CloudFormation and its argument.
func walk(v any, see func(name string, argument any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			see(k, inner)
			walk(inner, see)
		}
	case []any:
		for _, inner := range v {
			walk(inner, see)
		}
	}
}

func TestTemplatesReferToWhatTheyHave(t *testing.T) {
	for _, name := range []string{"cloudformation/alarms.yaml", "cloudformation/dashboard.yaml"} {
		d := template(t, name)
		parameters, conditions, used := section(d, "Parameters"), section(d, "Conditions"), map[string]bool{}
		refer := func(target string) {
			used[target] = true
			assert.True(t, parameters[target] != nil || strings.HasPrefix(target, "AWS::"), "%s: %s", name, target)
		}
		walk(d, func(function string, argument any) {
			switch function {
			case "Ref":
				refer(argument.(string))
			case "Fn::Sub":
				for _, m := range regexp.MustCompile(`\$\{([^}]*)\}`).FindAllStringSubmatch(argument.(string), -1) {
					refer(m[1])
				}
			case "Fn::If":
				assert.Contains(t, conditions, argument.([]any)[0], name)
			case "Condition":
				assert.Contains(t, conditions, argument, name)
			}
		})
		for p := range parameters {
			assert.True(t, used[p], "%s: nothing uses %s", name, p)
		}
		assert.NotEmpty(t, section(d, "Resources"))
		assert.LessOrEqual(t, len(files()[name]), 51_200, "CloudFormation's limit of a template's body")
	}
}

// sources are CloudWatch's metrics by type of API, as the receiver's catalogue has them.
func sources(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([A-Z, ]+) \\|").FindAllStringSubmatch(document(t,
		"../receiver/awsapigatewayreceiver/metrics.md"), -1) {
		for api := range strings.SplitSeq(m[2], ", ") {
			out[api+" "+m[1]] = true
		}
	}
	require.NotEmpty(t, out)
	return out
}

func TestAlarmsAreThoseThatAWSRecommends(t *testing.T) {
	known := sources(t)
	alarms := section(template(t, "cloudformation/alarms.yaml"), "Resources")
	require.Len(t, alarms, len(recommended))
	var got []string
	for _, r := range recommended {
		a := alarms[title(r.api)+r.name].(map[string]any)
		assert.Equal(t, "AWS::CloudWatch::Alarm", a["Type"])
		p := section(a, "Properties")
		assert.True(t, known[r.api+" "+r.metric], "%s has no %s", r.api, r.metric)
		statistic := p["Statistic"]
		if statistic == nil {
			statistic = p["ExtendedStatistic"]
		}
		threshold := p["Threshold"]
		if _, ok := threshold.(map[string]any); ok {
			threshold = "own"
		}
		dimension := p["Dimensions"].([]any)[0].(map[string]any)["Name"]
		got = append(got, fmt.Sprint(dimension, " ", p["MetricName"], " ", statistic, " ", p["ComparisonOperator"], " ", threshold, " ",
			p["DatapointsToAlarm"], "/", p["EvaluationPeriods"], " ", p["Period"]))
	}
	assert.ElementsMatch(t, []string{
		"ApiName 4XXError Average GreaterThanThreshold 0.05 5/5 60",
		"ApiName 5XXError Average GreaterThanThreshold 0.05 3/3 60",
		"ApiName Latency p90 GreaterThanOrEqualToThreshold 2500 5/5 60",
		"ApiName Count SampleCount LessThanThreshold own 10/10 60",
		"ApiId 4xx Average GreaterThanThreshold 0.05 5/5 60",
		"ApiId 5xx Average GreaterThanThreshold 0.05 3/3 60",
		"ApiId Latency p90 GreaterThanOrEqualToThreshold 2500 5/5 60",
		"ApiId IntegrationLatency p90 GreaterThanOrEqualToThreshold 2000 5/5 60",
		"ApiId Count SampleCount LessThanThreshold own 10/10 60",
		"ApiId ClientError Average GreaterThanThreshold 0.05 5/5 60",
		"ApiId ExecutionError Average GreaterThanThreshold 0.05 3/3 60",
		"ApiId IntegrationLatency p90 GreaterThanOrEqualToThreshold 2000 5/5 60",
		"ApiId MessageCount SampleCount LessThanThreshold own 10/10 60",
	}, got)
}

func TestCloudWatchDashboardIsValid(t *testing.T) {
	d := section(section(template(t, "cloudformation/dashboard.yaml"), "Resources"), "Dashboard")
	assert.Equal(t, "AWS::CloudWatch::Dashboard", d["Type"])
	text := section(section(d, "Properties"), "DashboardBody")["Fn::Sub"].(string)
	var body struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height int
			Properties          struct {
				Markdown, Title, Region string
				Metrics                 [][]struct{ Expression string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &body))
	known, seen := sources(t), 0
	cells := map[[2]int]bool{}
	for _, w := range body.Widgets {
		assert.LessOrEqual(t, w.X+w.Width, 24)
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				assert.False(t, cells[[2]int{x, y}], "%s lies on another", w.Properties.Title)
				cells[[2]int{x, y}] = true
			}
		}
		if w.Type == "text" {
			assert.NotEmpty(t, w.Properties.Markdown)
			continue
		}
		m := regexp.MustCompile(`^SEARCH\('\{AWS/ApiGateway,(ApiName|ApiId),Stage\} MetricName="(\w+)"', '(\w+)', 60\)$`).FindStringSubmatch(w.Properties.Metrics[0][0].Expression)
		require.NotNil(t, m, w.Properties.Metrics)
		seen++
		if m[1] == "ApiName" {
			assert.True(t, known["REST "+m[2]], m[2])
		} else {
			assert.True(t, known["HTTP "+m[2]] || known["WEBSOCKET "+m[2]], m[2])
		}
	}
	assert.Greater(t, seen, 15)
}
