package awssim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// noon is the simulator's clock in tests that need none that moves.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// harness is a server behind real HTTP, and the unmodified SDK's clients of it.
type harness struct {
	*Server
	url    string
	config aws.Config
}

func start(t testing.TB, c Config) *harness {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return noon }
	}
	s := New(c)
	web := httptest.NewServer(s)
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.Close()
		web.Close()
	})
	return &harness{Server: s, url: web.URL, config: aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &web.URL,
		HTTPClient:   &http.Client{Transport: ownBodies{transport}},
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}}
}

// ownBodies hands net/http a copy of the request's body: smithy-go closes its own before net/http is done with it.
type ownBodies struct{ next http.RoundTripper }

func (o ownBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return o.next.RoundTrip(r)
}

// as returns the harness with the credentials of an account, in a region.
func (h *harness) as(account, region string) *harness {
	c := *h
	c.config = h.config.Copy()
	c.config.Region = region
	c.config.Credentials = credentials.NewStaticCredentialsProvider(userKeyPrefix+account, "secret", "")
	return &c
}

func (h *harness) cloudWatch() *cloudwatch.Client     { return cloudwatch.NewFromConfig(h.config) }
func (h *harness) apiGateway() *apigateway.Client     { return apigateway.NewFromConfig(h.config) }
func (h *harness) apiGatewayV2() *apigatewayv2.Client { return apigatewayv2.NewFromConfig(h.config) }
func (h *harness) sts() *sts.Client                   { return sts.NewFromConfig(h.config) }

// list returns all pages of ListMetrics.
func (h *harness) list(t testing.TB, in cloudwatch.ListMetricsInput) []types.Metric {
	t.Helper()
	var all []types.Metric
	pages := cloudwatch.NewListMetricsPaginator(h.cloudWatch(), &in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatalf("cannot list metrics: %v", err)
		}
		all = append(all, page.Metrics...)
	}
	return all
}

// points are the values of a series by their timestamps.
type points map[time.Time]float64

// data returns all pages of GetMetricData, merged by id.
func (h *harness) data(t testing.TB, in cloudwatch.GetMetricDataInput) map[string]points {
	t.Helper()
	merged := map[string]points{}
	pages := cloudwatch.NewGetMetricDataPaginator(h.cloudWatch(), &in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatalf("cannot get metric data: %v", err)
		}
		for _, r := range page.MetricDataResults {
			if merged[*r.Id] == nil {
				merged[*r.Id] = points{}
			}
			if len(r.Timestamps) != len(r.Values) {
				t.Fatalf("%s has %d timestamps and %d values", *r.Id, len(r.Timestamps), len(r.Values))
			}
			for i, ts := range r.Timestamps {
				if _, twice := merged[*r.Id][ts.UTC()]; twice {
					t.Errorf("%s has two points at %s", *r.Id, ts)
				}
				merged[*r.Id][ts.UTC()] = r.Values[i]
			}
		}
	}
	return merged
}

// ask makes a query of a metric.
func ask(id, metric, stat string, period int32, dimensions ...string) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String("AWS/ApiGateway"), MetricName: &metric, Dimensions: dims(dimensions...)},
		Period: &period, Stat: &stat,
	}}
}

func dims(pairs ...string) []types.Dimension {
	var out []types.Dimension
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Dimension{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// window is a request over [from, to).
func window(from, to time.Time, queries ...types.MetricDataQuery) cloudwatch.GetMetricDataInput {
	return cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &to, MetricDataQueries: queries}
}

// shop is a world of one REST API with one busy stage.
func shop() *World {
	return &World{Seed: 7, Accounts: []*Account{{ID: "111122223333", Regions: []*Region{{Name: "us-east-1", APIs: []*API{{
		ID: "orders0001", Name: "orders", Stages: []*Stage{{Name: "prod", Cache: true, Traffic: Traffic{PerMinute: 40, Error4xx: 0.1, Error5xx: 0.05}}},
	}}}}}}}
}
