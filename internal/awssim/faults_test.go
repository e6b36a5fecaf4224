package awssim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// calls are one call of each service.
func (h *harness) callAll() (metrics, apis, who error) {
	_, metrics = h.cloudWatch().ListMetrics(background, &cloudwatch.ListMetricsInput{})
	_, apis = h.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
	_, who = h.sts().GetCallerIdentity(background, &sts.GetCallerIdentityInput{})
	return metrics, apis, who
}

func TestErrorsHaveAWSShapes(t *testing.T) {
	h := start(t, Config{World: shop()})
	for name, c := range map[string]struct {
		faults              Faults
		metrics, apis, who  string
		metricsHTTP, apiTTP int
	}{
		"throttle": {Faults{Throttle: 1}, "Throttling", "TooManyRequestsException", "Throttling", 400, 429},
		"expired":  {Faults{ExpiredCredentials: true}, "ExpiredToken", "ExpiredTokenException", "ExpiredToken", 403, 403},
	} {
		h.SetFaults(c.faults)
		metrics, apis, who := h.callAll()
		wantCode(t, metrics, c.metrics)
		wantCode(t, apis, c.apis)
		wantCode(t, who, c.who)
		for err, status := range map[error]int{metrics: c.metricsHTTP, apis: c.apiTTP} {
			var answer *smithyhttp.ResponseError
			if !errors.As(err, &answer) || answer.HTTPStatusCode() != status {
				t.Errorf("%s: the status is not %d: %v", name, status, err)
			}
		}
	}
	h.SetFaults(Faults{ServerError: 1})
	metrics, apis, who := h.callAll()
	for _, err := range []error{metrics, apis, who} {
		var answer *smithyhttp.ResponseError
		if !errors.As(err, &answer) || answer.HTTPStatusCode() < 500 {
			t.Errorf("the error is no server error: %v", err)
		}
	}
	h.SetFaults(Faults{ServerError: 1, Only: []string{"GetRestApis"}})
	if metrics, apis, who = h.callAll(); metrics != nil || apis == nil || who != nil {
		t.Errorf("only GetRestApis should fail: %v, %v, %v", metrics, apis, who)
	}
}

func TestDenials(t *testing.T) {
	h := start(t, Config{World: shop()})
	user := "User: arn:aws:iam::111122223333:user/awssim is not authorized to perform: "
	for kind, want := range map[DenyKind]string{
		IdentityPolicy:       user + "apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis because no identity-based policy allows the apigateway:GET action",
		ServiceControlPolicy: user + "apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis with an explicit deny in a service control policy",
	} {
		h.SetFaults(Faults{Deny: map[string]DenyKind{"*@111122223333/us-east-1": kind}})
		metrics, apis, who := h.callAll()
		if got := wantCode(t, apis, "AccessDeniedException"); got != want {
			t.Errorf("the text is %q, want %q", got, want)
		}
		if got := wantCode(t, metrics, "AccessDenied"); !strings.HasPrefix(got, user+"cloudwatch:ListMetrics ") {
			t.Errorf("the text is %q", got)
		}
		if who != nil {
			t.Errorf("GetCallerIdentity can't be denied: %v", who)
		}
		if _, apis, _ = h.as("111122223333", "eu-west-1").callAll(); apis != nil {
			t.Errorf("another region is denied: %v", apis)
		}
	}
}

func TestBrokenConnections(t *testing.T) {
	h := start(t, Config{World: shop()})
	for name, f := range map[string]Faults{"drop": {Drop: 1}, "truncate": {Truncate: 1}, "garbage": {Malformed: 1, MalformedKinds: []string{MalformedGarbage}}} {
		h.SetFaults(f)
		metrics, apis, who := h.callAll()
		if metrics == nil || apis == nil || who == nil {
			t.Errorf("%s: a call succeeded: %v, %v, %v", name, metrics, apis, who)
		}
		h.SetFaults(Faults{})
		if metrics, apis, who = h.callAll(); metrics != nil || apis != nil || who != nil {
			t.Errorf("after %s: a call failed: %v, %v, %v", name, metrics, apis, who)
		}
	}
}

func TestHangAndSlow(t *testing.T) {
	h := start(t, Config{World: shop(), Faults: Faults{Hang: []string{"111122223333/us-east-1"}}})
	ctx, cancel := context.WithTimeout(background, 100*time.Millisecond)
	defer cancel()
	if _, err := h.cloudWatch().ListMetrics(ctx, &cloudwatch.ListMetricsInput{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call did not hang: %v", err)
	}
	if _, apis, _ := h.as("111122223333", "eu-west-1").callAll(); apis != nil {
		t.Errorf("another region hangs: %v", apis)
	}
	h.SetFaults(Faults{Slow: 1, SlowBy: 60 * time.Millisecond})
	begin := time.Now()
	if _, err := h.cloudWatch().ListMetrics(background, &cloudwatch.ListMetricsInput{}); err != nil || time.Since(begin) < 60*time.Millisecond {
		t.Errorf("the call took %s (%v)", time.Since(begin), err)
	}
}

// TestPartialDataComesOnTheNextPage: results in two pages, pages of a few datapoints, and both, give what one page gives.
func TestPartialDataComesOnTheNextPage(t *testing.T) {
	world := shop()
	var queries []types.MetricDataQuery
	for i, stat := range []string{"SampleCount", "Sum", "p90", "Maximum", "Average"} {
		queries = append(queries, ask(fmt.Sprintf("q%d", i), "Latency", stat, 60, "ApiName", "orders", "Stage", "prod"))
	}
	in := window(noon.Add(-10*time.Minute), noon, queries...)
	whole := start(t, Config{World: world}).data(t, in)
	for name, c := range map[string]Config{
		"partial": {Faults: Faults{PartialData: 1}},
		"pages":   {MaxPage: 3},
		"both":    {Faults: Faults{PartialData: 1}, MaxPage: 7},
	} {
		for _, order := range []types.ScanBy{types.ScanByTimestampAscending, types.ScanByTimestampDescending} {
			c.World = world
			h, in := start(t, c), in
			in.ScanBy = order
			got := h.data(t, in)
			for id, want := range whole {
				if fmt.Sprint(got[id]) != fmt.Sprint(want) {
					t.Errorf("%s, %s: %s is %v, want %v", name, order, id, got[id], want)
				}
			}
			if h.Count("GetMetricData") < 2 {
				t.Errorf("%s: there was one page only", name)
			}
		}
	}
}

func TestInternalErrorAndForbidden(t *testing.T) {
	h := start(t, Config{World: shop(), Faults: Faults{InternalError: 1}})
	var queries []types.MetricDataQuery
	for i := range 60 {
		queries = append(queries, ask(fmt.Sprintf("q%d", i), "Count", "Sum", 60, "ApiName", "orders"))
	}
	in := window(noon.Add(-5*time.Minute), noon, queries...)
	count := func() map[types.StatusCode]int {
		out, err := h.cloudWatch().GetMetricData(background, &in)
		if err != nil {
			t.Fatal(err)
		}
		codes := map[types.StatusCode]int{}
		for _, r := range out.MetricDataResults {
			codes[r.StatusCode]++
			if r.StatusCode != types.StatusCodeComplete && len(r.Values) > 0 {
				t.Errorf("%s is %s and has values", *r.Id, r.StatusCode)
			}
		}
		return codes
	}
	if codes := count(); codes[types.StatusCodeInternalError] == 0 || codes[types.StatusCodeComplete] == 0 {
		t.Errorf("the status codes are %v", codes)
	}
	h.SetFaults(Faults{Deny: map[string]DenyKind{"GetMetricData": Forbidden}})
	if codes := count(); codes[types.StatusCodeForbidden] != 60 {
		t.Errorf("the status codes are %v", codes)
	}
}

// TestMalformedAnswersDecode: what is malformed beyond the encoding reaches the caller.
func TestMalformedAnswersDecode(t *testing.T) {
	h := start(t, Config{World: shop()})
	for kind, bad := range map[string]func(*cloudwatch.GetMetricDataOutput, types.MetricDataResult) bool{
		MalformedMissing: func(_ *cloudwatch.GetMetricDataOutput, r types.MetricDataResult) bool { return r.Id == nil },
		MalformedNaN: func(_ *cloudwatch.GetMetricDataOutput, r types.MetricDataResult) bool {
			return r.Values[0] != r.Values[0]
		},
		MalformedLengths: func(_ *cloudwatch.GetMetricDataOutput, r types.MetricDataResult) bool {
			return len(r.Values) < len(r.Timestamps)
		},
		MalformedOutside: func(_ *cloudwatch.GetMetricDataOutput, r types.MetricDataResult) bool {
			return r.Timestamps[0].Before(noon.Add(-time.Hour))
		},
		MalformedNextToken: func(out *cloudwatch.GetMetricDataOutput, _ types.MetricDataResult) bool { return out.NextToken != nil },
	} {
		h.SetFaults(Faults{Malformed: 1, MalformedKinds: []string{kind}})
		in := window(noon.Add(-5*time.Minute), noon, ask("a", "Count", "Sum", 60, "ApiName", "orders"))
		out, err := h.cloudWatch().GetMetricData(background, &in)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if !bad(out, out.MetricDataResults[0]) {
			t.Errorf("%s: the answer is fine: %+v", kind, out.MetricDataResults[0])
		}
		if kind == MalformedNextToken { // and again, for ever
			in.NextToken = out.NextToken
			if out, err = h.cloudWatch().GetMetricData(background, &in); err != nil || out.NextToken == nil {
				t.Errorf("the endless token ends: %v", err)
			}
		}
	}
}

func TestQuotas(t *testing.T) {
	c := newClock(noon)
	h := start(t, Config{World: shop(), EnforceQuotas: true, Now: c.now})
	throttled := func(n int) (count int) {
		for range n {
			if _, err := h.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{}); err != nil {
				wantCode(t, err, "TooManyRequestsException")
				count++
			}
		}
		return count
	}
	if got := throttled(45); got != 5 {
		t.Errorf("%d of 45 calls at once are throttled, want 5: the burst is 40", got)
	}
	c.set(noon.Add(time.Second))
	if got := throttled(12); got != 2 {
		t.Errorf("%d of 12 calls a second later are throttled, want 2: the rate is 10", got)
	}
	if _, apis, _ := h.as("111122223333", "eu-west-1").callAll(); apis != nil {
		t.Errorf("another region has no quota left: %v", apis)
	}
	failed := 0
	for range 30 {
		if _, err := h.cloudWatch().ListMetrics(background, &cloudwatch.ListMetricsInput{}); err != nil {
			failed++
		}
	}
	if failed != 5 {
		t.Errorf("%d of 30 ListMetrics calls are throttled, want 5: the quota is 25", failed)
	}
}

// TestCredentialScope: what is not signed for the service in the path is refused as AWS does.
func TestCredentialScope(t *testing.T) {
	h := start(t, Config{World: shop()})
	for header, code := range map[string]string{
		"": "MissingAuthenticationTokenException",
		"AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0":            "InvalidSignatureException",
		"AWS4-HMAC-SHA256 Credential=AKIASIM999999999999/20261121/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0": "UnrecognizedClientException",
	} {
		r, err := http.NewRequestWithContext(background, http.MethodGet, h.url+"/restapis", nil)
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		answer, err := h.config.HTTPClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := answer.Header.Get("X-Amzn-ErrorType"); got != code || answer.StatusCode != http.StatusForbidden {
			t.Errorf("the answer to %q is %d %s, want 403 %s", header, answer.StatusCode, got, code)
		}
		if answer.Header.Get("Server") != "awssim" || answer.Header.Get("Date") != noon.Format(http.TimeFormat) || answer.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("the headers are %v", answer.Header)
		}
	}
}

func TestCallsAreCounted(t *testing.T) {
	h := start(t, Config{World: shop()})
	in := window(noon.Add(-5*time.Minute), noon, ask("a", "Count", "Sum", 60, "ApiName", "orders"), ask("b", "Count", "SampleCount", 60, "ApiName", "orders"))
	h.data(t, in)
	calls := h.Calls()
	if len(calls) != 1 {
		t.Fatalf("there are %d calls, want 1", len(calls))
	}
	c := calls[0]
	if c.Operation != "GetMetricData" || c.Account != "111122223333" || c.Region != "us-east-1" || c.Status != 200 || c.Queries != 2 || c.DistinctMetrics != 1 || c.Datapoints != 10 ||
		!c.At.Equal(noon) || !c.MinStart.Equal(noon.Add(-5*time.Minute)) || !c.MaxEnd.Equal(noon) {
		t.Errorf("the call is %+v", c)
	}
	if h.ResetCalls(); h.Count("") != 0 || len(h.Calls()) != 0 {
		t.Error("the calls are still there")
	}
}
