package aws

import "time"

// Quotas that AWS publishes, each per account and region, and the share that we take of them. People's consoles, alarms and deployments
// draw on the same quotas.
const (
	// GetMetricData: 500 transactions a second now, 50 in accounts that never got the increase ("CloudWatch service quotas").
	getMetricDataPerSecond = 40
	// GetMetricData: 180,000 datapoints a second where StartTime is at most 3 hours ago, 396,000 where it is older.
	metricDatapointsPerSecond = 90_000
	metricDatapointsBurst     = 180_000
	// ListMetrics: 25 transactions a second.
	listMetricsPerSecond = 12
	listMetricsBurst     = 20
	// DescribeAlarms: 9 transactions a second, DescribeAlarmHistory: 20 (same page).
	describeAlarmsPerSecond       = 2
	describeAlarmHistoryPerSecond = 5
	// API Gateway's control plane: 10 requests a second, burst 40, all operations together; not adjustable and shared with deployments
	// ("Amazon API Gateway quotas"). The steady rate is inventory.requests_per_second.
	controlPlaneBurst = 20
	// GetResources: 5 requests in 2 seconds per account (same page).
	getResourcesPerSecond = 1.25
	getResourcesBurst     = 2
	// controlPlaneYield is how long the inventory keeps still when the control plane throttles: somebody deploys.
	controlPlaneYield = 5 * time.Second
	// FilterLogEvents: half of 10 requests a second (filterLogEventsQuotas has the regions with others), not adjustable ("CloudWatch Logs quotas").
	filterLogEventsQuota = 10
	logEventsShare       = 0.5
	// DescribeLogGroups: 10 requests a second (same page).
	describeLogGroupsPerSecond = 2
	describeLogGroupsBurst     = 10
	// STS publishes no figure.
	stsPerSecond = 5

	// X-Ray publishes no figure for what reads traces ("AWS X-Ray endpoints and quotas"). These are assumptions, and a throttle halves them.
	// 10 BatchGetTraces a second are 3,000 traces a minute, ten times what is read by default.
	traceSummariesPerSecond = 5
	tracesPerSecond         = 10
	// traceRetrievalPerSecond is for GetTraceSegmentDestination, StartTraceRetrieval and ListRetrievedTraces together.
	traceRetrievalPerSecond = 5

	// MaxTraceIDs is how many traces one BatchGetTraces reads ("API_BatchGetTraces").
	MaxTraceIDs = 5
	// MaxRetrievalIDs is how many traces one StartTraceRetrieval takes ("API_StartTraceRetrieval").
	MaxRetrievalIDs = 100
	// maxTraceBytes bounds the documents of one Traces call. X-Ray keeps 500 KB of a trace at most ("AWS X-Ray endpoints and quotas").
	maxTraceBytes = 32 << 20

	// alarmPageSize is the largest MaxRecords of DescribeAlarms and DescribeAlarmHistory.
	alarmPageSize = 100
	// MaxQueries is the number of MetricDataQuery structures of one GetMetricData request.
	MaxQueries = 500
	// MaxDatapoints is the number of datapoints that one GetMetricData request may ask for.
	MaxDatapoints = 100_800

	// logPageEvents is the largest `limit` of FilterLogEvents; a page is also at most 1 MB.
	logPageEvents = 10_000
	// maxLogGroupIdentifiers is how many logGroupIdentifiers one DescribeLogGroups takes.
	maxLogGroupIdentifiers = 50

	// restPageSize is the largest `limit` of GetRestApis, v2PageSize the largest maxResults that v2 operations take.
	restPageSize = 500
	v2PageSize   = "100"
	// routingRulePageSize is the largest maxResults of ListRoutingRules.
	routingRulePageSize = 100

	// sessionDuration is the longest session of a chained role.
	sessionDuration = time.Hour

	// maxPages bounds a listing: 10,000 pages of ListMetrics are 5 million metrics.
	maxPages = 10_000
	// maxAnswerBytes bounds a decompressed answer. 100,800 datapoints are below 3 MB.
	maxAnswerBytes = 64 << 20
	// maxErrorBytes bounds the answer of a call that failed: a code, and a sentence or two.
	maxErrorBytes = 256 << 10
	// maxAnswerValues bounds the values of an answer that the SDK decodes, at up to a kilobyte of memory each. 100,800 datapoints are 302,400 items
	// of CBOR.
	maxAnswerValues = 512 << 10
	// maxItemValues bounds those of a page of the control plane, whose items stay bytes: 500 resources with all their methods have some 100,000.
	maxItemValues = 2 << 20
	// maxListBytes bounds all pages of a list of the control plane together, of which 10,000 API keys are 5 MB.
	maxListBytes = 64 << 20
)

// filterLogEventsQuotas are the regions where FilterLogEvents has another quota than filterLogEventsQuota ("CloudWatch Logs quotas").
var filterLogEventsQuotas = map[string]float64{
	"us-east-1": 25, "ap-northeast-3": 5, "ap-southeast-3": 5, "ca-west-1": 5, "eu-central-1": 5, "il-central-1": 5,
}

// logEventsRate is how many FilterLogEvents a second a target may make: the setting, else half of the region's quota.
func logEventsRate(region string, setting float64) float64 {
	if setting > 0 {
		return setting
	}
	quota, ok := filterLogEventsQuotas[region]
	if !ok {
		quota = filterLogEventsQuota
	}
	return quota * logEventsShare
}

// logEventsBurst is a fifth of a second's worth: sleeps have a grain of a millisecond or more, and a high rate must be reachable all the same.
func logEventsBurst(perSecond float64) int { return max(1, int(perSecond/5)) }

// Attempts of one call, and the waits between them.
const (
	maxAttempts    = 6
	minRetryWait   = 200 * time.Millisecond
	maxRetryWait   = 5 * time.Second
	attemptTimeout = 20 * time.Second
	// maxTimeouts of a call end it: a region that does not answer should be known as such within a minute.
	maxTimeouts = 2
)
