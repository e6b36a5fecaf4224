package main

import "fmt"

// search is a graph of all stages that have a metric. CloudWatch finds the series itself, so that new APIs show.
type search struct {
	title, dimensions, metric, statistic, label string
}

// searches are the graphs of the dashboard, by type of API.
var searches = []struct {
	heading string
	graphs  []search
}{
	{"REST APIs", []search{
		{"Requests a minute", "ApiName,Stage", "Count", "SampleCount", "requests"},
		{"Share of server errors", "ApiName,Stage", "5XXError", "Average", "share"},
		{"Share of client errors", "ApiName,Stage", "4XXError", "Average", "share"},
		{"Latency, p90", "ApiName,Stage", "Latency", "p90", "ms"},
		{"Integration latency, p90", "ApiName,Stage", "IntegrationLatency", "p90", "ms"},
		{"Share of requests that the cache answers", "ApiName,Stage", "CacheHitCount", "Average", "share"},
	}},
	{"HTTP APIs", []search{
		{"Requests a minute", "ApiId,Stage", "Count", "SampleCount", "requests"},
		{"Share of server errors", "ApiId,Stage", "5xx", "Average", "share"},
		{"Share of client errors", "ApiId,Stage", "4xx", "Average", "share"},
		{"Latency, p90", "ApiId,Stage", "Latency", "p90", "ms"},
		{"Integration latency of HTTP and WebSocket APIs, p90", "ApiId,Stage", "IntegrationLatency", "p90", "ms"},
		{"Data processed", "ApiId,Stage", "DataProcessed", "Sum", "bytes"},
	}},
	{"WebSocket APIs", []search{
		{"Connections a minute", "ApiId,Stage", "ConnectCount", "Sum", "connections"},
		{"Messages a minute", "ApiId,Stage", "MessageCount", "SampleCount", "messages"},
		{"Share of client errors", "ApiId,Stage", "ClientError", "Average", "share"},
		{"Share of execution errors", "ApiId,Stage", "ExecutionError", "Average", "share"},
		{"Share of integration errors", "ApiId,Stage", "IntegrationError", "Average", "share"},
	}},
}

// The grid of a CloudWatch dashboard is 24 wide.
const (
	widgetWidth  = 8
	widgetHeight = 6
)

// widget is one of a dashboard's body.
type widget struct {
	Type       string         `json:"type"`
	X          int            `json:"x"`
	Y          int            `json:"y"`
	Width      int            `json:"width"`
	Height     int            `json:"height"`
	Properties map[string]any `json:"properties"`
}

func dashboardTemplate() []byte {
	doc := object{
		{"AWSTemplateFormatVersion", "2010-09-09"},
		{"Description", "A CloudWatch dashboard of all stages of API Gateway in an account and region"},
		{"Parameters", object{{"DashboardName", parameter("String", "The dashboard's name, one for all regions of the account",
			field{"Default", "apigateway"})}}},
		{"Resources", object{{"Dashboard", object{
			{"Type", "AWS::CloudWatch::Dashboard"},
			{"Properties", object{{"DashboardName", ref("DashboardName")}, {"DashboardBody", sub(block(dashboardBody()))}}},
		}}}},
	}
	return append([]byte(templateHeader), encodeYAML(doc)...)
}

func dashboardBody() string {
	var widgets []widget
	y := 0
	for _, s := range searches {
		widgets = append(widgets, widget{"text", 0, y, 24, 1, map[string]any{"markdown": "## " + s.heading}})
		y++
		for i, g := range s.graphs {
			widgets = append(widgets, g.widget(i%3*widgetWidth, y+i/3*widgetHeight))
		}
		y += (len(s.graphs) + 2) / 3 * widgetHeight
	}
	body := encodeJSON(map[string]any{"widgets": widgets}, "  ")
	return string(body[:len(body)-1])
}

func (s *search) widget(x, y int) widget {
	expression := fmt.Sprintf(`SEARCH('{AWS/ApiGateway,%s} MetricName="%s"', '%s', 60)`, s.dimensions, s.metric, s.statistic)
	return widget{"metric", x, y, widgetWidth, widgetHeight, map[string]any{
		"title": s.title, "view": "timeSeries", "region": "${AWS::Region}", "period": 60,
		"metrics": []any{[]any{map[string]any{"expression": expression, "id": "e1", "label": ""}}},
		"yAxis":   map[string]any{"left": map[string]any{"label": s.label, "min": 0, "showUnits": false}},
	}}
}
