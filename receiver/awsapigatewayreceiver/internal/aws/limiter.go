package aws

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// limiter keeps one operation of one target below its quota, and backs off as a whole when AWS throttles: it halves its rate at each throttle,
// down to a tenth, and gains a twentieth of its maximum back with each success.
type limiter struct {
	mu  sync.Mutex
	lim *rate.Limiter
	max rate.Limit
	// yield is how long nothing is sent after a throttle, until is when that ends.
	yield time.Duration
	until time.Time
}

func newLimiter(perSecond float64, burst int) *limiter {
	return &limiter{lim: rate.NewLimiter(rate.Limit(perSecond), burst), max: rate.Limit(perSecond)}
}

// wait takes n from the budget, or all of the burst where n is larger.
func (l *limiter) wait(ctx context.Context, clock poll.Clock, n int) error {
	now := clock.Now()
	taken := l.lim.ReserveN(now, min(n, l.lim.Burst()))
	d := taken.DelayFrom(now)
	l.mu.Lock()
	d = max(d, l.until.Sub(now))
	l.mu.Unlock()
	err := clock.Sleep(ctx, d)
	if err != nil {
		taken.CancelAt(clock.Now()) // for others, who share the account
	}
	return err
}

func (l *limiter) setMax(perSecond float64, burst int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.max != rate.Limit(perSecond) {
		l.max = rate.Limit(perSecond)
		l.lim.SetLimit(l.max)
		l.lim.SetBurst(burst)
	}
}

// most is the rate while AWS does not throttle.
func (l *limiter) most() rate.Limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.max
}

func (l *limiter) throttled(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lim.SetLimitAt(now, max(l.lim.Limit()/2, l.max/10))
	l.until = now.Add(l.yield)
}

func (l *limiter) succeeded(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lim.Limit() >= l.max {
		return
	}
	l.lim.SetLimitAt(now, min(l.lim.Limit()+l.max/20, l.max))
}

// limits are the limiters of one target.
type limits struct {
	metricData, datapoints, listMetrics, controlPlane, getResources, logEvents, logGroups, sts *limiter

	alarms, alarmHistory *limiter

	traceSummaries, traces, traceRetrieval *limiter
}

// The quotas belong to the account and region, so limiters belong to the process, not to a receiver.
var sharedLimits = struct {
	sync.Mutex
	byTarget map[limitsKey]*limits
}{byTarget: map[limitsKey]*limits{}}

type limitsKey struct{ endpoint, account, region string }

// limitsFor returns the limiters of a target. The rates of the control plane and of FilterLogEvents are settings: the newest ones hold.
func limitsFor(k limitsKey, controlPlanePerSecond, logsPerSecond float64) *limits {
	logsPerSecond = logEventsRate(k.region, logsPerSecond)
	sharedLimits.Lock()
	defer sharedLimits.Unlock()
	l, ok := sharedLimits.byTarget[k]
	if !ok {
		l = &limits{
			metricData:   newLimiter(getMetricDataPerSecond, getMetricDataPerSecond),
			datapoints:   newLimiter(metricDatapointsPerSecond, metricDatapointsBurst),
			listMetrics:  newLimiter(listMetricsPerSecond, listMetricsBurst),
			controlPlane: newLimiter(controlPlanePerSecond, controlPlaneBurst),
			getResources: newLimiter(getResourcesPerSecond, getResourcesBurst),
			logEvents:    newLimiter(logsPerSecond, logEventsBurst(logsPerSecond)),
			logGroups:    newLimiter(describeLogGroupsPerSecond, describeLogGroupsBurst),
			sts:          newLimiter(stsPerSecond, stsPerSecond),

			alarms:       newLimiter(describeAlarmsPerSecond, describeAlarmsPerSecond),
			alarmHistory: newLimiter(describeAlarmHistoryPerSecond, describeAlarmHistoryPerSecond),

			traceSummaries: newLimiter(traceSummariesPerSecond, traceSummariesPerSecond),
			traces:         newLimiter(tracesPerSecond, tracesPerSecond),
			traceRetrieval: newLimiter(traceRetrievalPerSecond, traceRetrievalPerSecond),
		}
		l.controlPlane.yield = controlPlaneYield
		sharedLimits.byTarget[k] = l
	}
	l.controlPlane.setMax(controlPlanePerSecond, controlPlaneBurst)
	l.logEvents.setMax(logsPerSecond, logEventsBurst(logsPerSecond))
	return l
}
