package aws

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/time/rate"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// stepClock stands still but for Sleep, which it remembers.
type stepClock struct {
	now   time.Time
	slept time.Duration
}

func (c *stepClock) Now() time.Time { return c.now }

func (c *stepClock) Sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		c.now = c.now.Add(d)
		c.slept += d
	}
	return ctx.Err()
}

func TestLimiterHalvesAndRecovers(t *testing.T) {
	l := newLimiter(20, 20)
	now := time.Unix(1_700_000_000, 0)
	for _, want := range []rate.Limit{10, 5, 2.5, 2, 2} { // down to a tenth
		l.throttled(now)
		assert.InDelta(t, float64(want), float64(l.lim.Limit()), 1e-9)
	}
	for i := range 18 { // a twentieth of the maximum with each success
		assert.InDelta(t, 2+float64(i), float64(l.lim.Limit()), 1e-9)
		l.succeeded(now)
	}
	l.succeeded(now)
	assert.InDelta(t, 20, float64(l.lim.Limit()), 1e-9, "no further than its maximum")
}

func TestLimiterKeepsItsRate(t *testing.T) {
	clock := &stepClock{now: time.Unix(1_700_000_000, 0)}
	l := newLimiter(10, 5)
	for range 105 {
		assert.NoError(t, l.wait(context.Background(), clock, 1))
	}
	assert.InDelta(t, 10, clock.slept.Seconds(), 0.2, "a burst of 5, then 10 a second")

	clock.slept = 0
	assert.NoError(t, l.wait(context.Background(), clock, 1_000_000))
	assert.LessOrEqual(t, clock.slept, time.Second, "what is more than the burst takes all of the burst")
}

// Who stops waiting gives back what was not sent: a reload does not wait for the calls of the receiver before it.
func TestLimiterTakesBackWhatWasNotSent(t *testing.T) {
	l := newLimiter(1, 1)
	clock := &stepClock{now: time.Unix(1_700_000_000, 0)}
	assert.NoError(t, l.wait(context.Background(), clock, 1))
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for range 10 {
		assert.Error(t, l.wait(canceled, poll.Scaled{Origin: time.Now(), Epoch: clock.now, Factor: 1}, 1))
	}
	clock.slept = 0
	assert.NoError(t, l.wait(context.Background(), clock, 1))
	assert.LessOrEqual(t, clock.slept, 1100*time.Millisecond)
}

// The quotas are the account's and region's, so receivers in one process share them; the newest control-plane rate holds.
func TestLimitersAreSharedByAccountAndRegion(t *testing.T) {
	k := limitsKey{endpoint: t.Name(), account: testAccount, region: testRegion}
	first := limitsFor(k, 2, 0)
	assert.Same(t, first, limitsFor(k, 4, 0))
	assert.InDelta(t, 4, float64(first.controlPlane.lim.Limit()), 0)
	k.region = "eu-west-1"
	assert.NotSame(t, first, limitsFor(k, 2, 0))
	k.region, k.account = testRegion, otherAccount
	assert.NotSame(t, first, limitsFor(k, 2, 0))
}

// Two receivers with different rates may share an account: a change of the rate does not race with calls.
func TestLimiterChangesItsRateUnderCalls(t *testing.T) {
	l := newLimiter(10, 5)
	var both sync.WaitGroup
	both.Go(func() {
		for i := range 100 {
			l.setMax(float64(5+i%2), 5)
		}
	})
	both.Go(func() {
		for range 100 {
			l.succeeded(time.Now())
		}
	})
	both.Wait()
}

// The limits that we take stay below those that AWS publishes.
func TestLimitsAreBelowTheQuotas(t *testing.T) {
	l := limitsFor(limitsKey{endpoint: t.Name()}, 2, 0)
	for name, q := range map[string]struct {
		l     *limiter
		quota float64
	}{"GetMetricData": {l.metricData, 50}, "datapoints": {l.datapoints, 180_000}, "ListMetrics": {l.listMetrics, 25}, "control plane": {l.controlPlane, 10}, "DescribeLogGroups": {l.logGroups, 10}} {
		assert.Less(t, float64(q.l.max), q.quota, name)
	}
	assert.LessOrEqual(t, l.controlPlane.lim.Burst(), 40/2)
}
