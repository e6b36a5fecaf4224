package awssim

import (
	"sync"
	"time"
)

// Published quotas, per account and region, in the simulator's clock.
const (
	quotaListMetrics   = 25  // ListMetrics: requests a second (CloudWatch User Guide, service quotas)
	quotaGetMetricData = 500 // GetMetricData: requests a second (same)
	quotaAlarms        = 9   // DescribeAlarms: requests a second (same)
	quotaAlarmHistory  = 20  // DescribeAlarmHistory: requests a second (same)
	// GetMetricData: datapoints a second where StartTime is at most recentDatapoints ago, and where it is older (same).
	quotaRecentDatapoints = 180_000
	quotaOldDatapoints    = 396_000
	recentDatapoints      = 3 * time.Hour

	quotaControlPlane      = 10 // all of API Gateway's operations together: requests a second (API Gateway quotas)
	quotaControlPlaneBurst = 40 // their burst
	// GetResources: 5 requests every 2 seconds, beside the quota of all operations (API Gateway quotas).
	quotaResources, quotaResourcesBurst = 2.5, 5
)

// X-Ray publishes no quotas of its reads. These are assumptions, in requests a second.
const (
	quotaTraceSummaries = 10 // GetTraceSummaries
	quotaTraces         = 20 // BatchGetTraces
)

// quotaLogs is an operation's quota in a region, in requests a second (CloudWatch Logs User Guide, service quotas).
func quotaLogs(operation, region string) float64 {
	switch operation {
	case "FilterLogEvents":
		switch region {
		case "us-east-1":
			return 25
		case "ap-northeast-3", "ap-southeast-3", "ca-west-1", "eu-central-1", "il-central-1":
			return 5
		}
		return 10
	case "GetLogEvents":
		switch region {
		case "us-west-2", "eu-central-1", "eu-west-1", "ap-northeast-3":
			return 10
		case "eu-west-3":
			return 30
		}
		return 25
	case "DescribeLogStreams":
		return 25
	default:
		return 10
	}
}

// quotas are the token buckets of all accounts and regions.
type quotas struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes n tokens from a bucket that refills at rate up to burst, and reports whether it had any: like AWS it lets a request that begins above
// zero pass whole.
func (q *quotas) take(name string, now time.Time, n, rate, burst float64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, ok := q.buckets[name]
	if !ok {
		if q.buckets == nil {
			q.buckets = map[string]*bucket{}
		}
		b = &bucket{tokens: burst, at: now}
		q.buckets[name] = b
	}
	if elapsed := now.Sub(b.at); elapsed > 0 {
		b.tokens, b.at = min(b.tokens+elapsed.Seconds()*rate, burst), now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens -= n
	return true
}

// allow reports whether a call is within its quota.
func (q *quotas) allow(op *operation, c caller, now time.Time) bool {
	where := "@" + c.account.ID + "/" + c.region
	switch {
	case op.name == "GetResources" && !q.take(op.name+where, now, 1, quotaResources, quotaResourcesBurst):
		return false
	case op.service == serviceAPIGateway:
		return q.take("control"+where, now, 1, quotaControlPlane, quotaControlPlaneBurst)
	case op.name == "ListMetrics":
		return q.take(op.name+where, now, 1, quotaListMetrics, quotaListMetrics)
	case op.name == "GetMetricData":
		return q.take(op.name+where, now, 1, quotaGetMetricData, quotaGetMetricData)
	case op.name == "DescribeAlarms":
		return q.take(op.name+where, now, 1, quotaAlarms, quotaAlarms)
	case op.name == "DescribeAlarmHistory":
		return q.take(op.name+where, now, 1, quotaAlarmHistory, quotaAlarmHistory)
	case op.name == "GetTraceSummaries":
		return q.take(op.name+where, now, 1, quotaTraceSummaries, quotaTraceSummaries)
	case op.name == "BatchGetTraces":
		return q.take(op.name+where, now, 1, quotaTraces, quotaTraces)
	case op.service == serviceLogs:
		rate := quotaLogs(op.name, c.region)
		return q.take(op.name+where, now, 1, rate, rate)
	default:
		return true
	}
}

// allowDatapoints reports whether an answer with that many datapoints is within its quota.
func (q *quotas) allowDatapoints(c caller, now, start time.Time, n int) bool {
	name, rate := "recent@", float64(quotaRecentDatapoints)
	if now.Sub(start) > recentDatapoints {
		name, rate = "old@", quotaOldDatapoints
	}
	return q.take(name+c.account.ID+"/"+c.region, now, float64(n), rate, rate)
}
