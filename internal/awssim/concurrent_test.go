package awssim

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// TestConcurrentUse is for the race detector: everything at once, under a clock that runs 600 times as fast as real time.
func TestConcurrentUse(t *testing.T) {
	begin := time.Now()
	now := func() time.Time { return noon.Add(600 * time.Since(begin)) }
	rates := Faults{Throttle: 0.05, ServerError: 0.05, Drop: 0.05, Slow: 0.05, SlowBy: 5 * time.Millisecond, PartialData: 0.2, InternalError: 0.1, Truncate: 0.05, Malformed: 0.1}
	h := start(t, Config{
		World: DemoWorld(noon), Now: now, ListLag: 5 * time.Minute, EnforceQuotas: true, Faults: rates,
		Lateness: Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.2, WholePoints: 0.1},
	})
	stop := time.Now().Add(400 * time.Millisecond)
	var done sync.WaitGroup
	repeat := func(f func()) {
		done.Go(func() {
			for time.Now().Before(stop) {
				f()
			}
		})
	}
	for range 3 {
		repeat(func() {
			to := now()
			in := window(to.Add(-10*time.Minute), to, ask("n", "Count", "SampleCount", 60, "ApiName", "orders", "Stage", "prod"), ask("p", "Latency", "p99", 300, "ApiName", "orders"))
			_, _ = h.cloudWatch().GetMetricData(background, &in)
		})
		repeat(func() {
			_, _ = h.cloudWatch().ListMetrics(background, &cloudwatch.ListMetricsInput{RecentlyActive: types.RecentlyActivePt3h})
		})
	}
	for _, group := range []string{"/aws/apigateway/orders", "API-Gateway-Execution-Logs_a1orders00/prod"} {
		repeat(func() {
			_, _ = h.filter(between(group, now().Add(-5*time.Minute), now()))
			_, _ = h.logGroups().DescribeLogStreams(background, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: &group})
		})
	}
	repeat(func() {
		in := during(now().Add(-5*time.Minute), now(), gatewayTraces)
		page, err := h.xray().GetTraceSummaries(background, &in)
		if err != nil {
			return
		}
		for _, s := range page.TraceSummaries[:min(len(page.TraceSummaries), 3)] {
			_, _ = h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: []string{aws.ToString(s.Id)}})
		}
	})
	repeat(func() {
		partners := h.as(DemoOtherAccount, "us-east-1").xray()
		id := []string{"1-58406520-a006649127e371903a2de979"}
		started, err := partners.StartTraceRetrieval(background, &xray.StartTraceRetrievalInput{TraceIds: id, StartTime: &noon, EndTime: aws.Time(now())})
		if err == nil {
			_, _ = partners.ListRetrievedTraces(background, &xray.ListRetrievedTracesInput{RetrievalToken: started.RetrievalToken})
		}
	})
	repeat(func() {
		_, _ = h.as(DemoOtherAccount, "eu-west-1").apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
	})
	repeat(func() {
		h.SetFaults(rates)
		h.SetLateness(Lateness{Base: time.Minute, Max: 4 * time.Minute, Late: 0.3})
		h.SetIngestion(Lateness{Base: time.Second, Max: 4 * time.Minute, Late: 0.3})
		h.SetTracing(Arrival{Base: time.Second, Max: time.Minute, Late: 0.3, Pieces: 0.3})
		h.TraceCounts()
		h.admin(t, "GET", "/world/traces?api=a1orders00&limit=10", "", nil)
		h.admin(t, "GET", "/world?api=a1orders00", "", nil)
		h.admin(t, "GET", "/world/requests?api=a1orders00&limit=10", "", nil)
		_, _ = h.Count(""), h.Calls()
		time.Sleep(5 * time.Millisecond)
	})
	done.Wait()
	if h.Count("") == 0 {
		t.Error("there were no calls")
	}
}
