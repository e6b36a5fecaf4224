package main

// recommendation is one of the alarms that AWS recommends for API Gateway, at stage level. Its periods are of one minute.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
type recommendation struct {
	name      string // of the CloudFormation resource, with the type of API before it
	api       string // REST, HTTP or WEBSOCKET
	metric    string
	statistic string
	operator  string // CloudFormation's
	threshold float64
	periods   int // how many in a row
	text      string
}

// AWS's thresholds. Error rates are shares of 1, latencies are 90th percentiles in milliseconds.
const (
	errorRate            = 0.05
	latencyMS            = 2500
	integrationLatencyMS = 2000
)

const (
	above   = "GreaterThanThreshold"
	atLeast = "GreaterThanOrEqualToThreshold"
	below   = "LessThanThreshold"
)

// recommended are AWS's alarms. The thresholds of those that watch for a drop in traffic are the user's own, and start at none.
var recommended = []recommendation{
	{"ClientErrors", "REST", "4XXError", "Average", above, errorRate, 5, "More than 5 % of the requests fail with a client error."},
	{"ServerErrors", "REST", "5XXError", "Average", above, errorRate, 3, "More than 5 % of the requests fail with a server error."},
	{"Latency", "REST", "Latency", "p90", atLeast, latencyMS, 5, "One request in ten takes 2.5 seconds or longer."},
	{"Traffic", "REST", "Count", "SampleCount", below, 0, 10, "Fewer requests than usual."},
	{"ClientErrors", "HTTP", "4xx", "Average", above, errorRate, 5, "More than 5 % of the requests fail with a client error."},
	{"ServerErrors", "HTTP", "5xx", "Average", above, errorRate, 3, "More than 5 % of the requests fail with a server error."},
	{"Latency", "HTTP", "Latency", "p90", atLeast, latencyMS, 5, "One request in ten takes 2.5 seconds or longer."},
	{"IntegrationLatency", "HTTP", "IntegrationLatency", "p90", atLeast, integrationLatencyMS, 5, "One integration in ten takes two seconds or longer."},
	{"Traffic", "HTTP", "Count", "SampleCount", below, 0, 10, "Fewer requests than usual."},
	{"ClientErrors", "WEBSOCKET", "ClientError", "Average", above, errorRate, 5, "More than 5 % of the messages fail before they reach the integration."},
	{"ExecutionErrors", "WEBSOCKET", "ExecutionError", "Average", above, errorRate, 3, "More than 5 % of the calls of the integration fail."},
	{
		"IntegrationLatency", "WEBSOCKET", "IntegrationLatency", "p90", atLeast, integrationLatencyMS, 5,
		"One integration in ten takes two seconds or longer.",
	},
	{"Traffic", "WEBSOCKET", "MessageCount", "SampleCount", below, 0, 10, "Fewer messages than usual."},
}
