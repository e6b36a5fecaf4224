package aws

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Namespace is API Gateway's namespace in CloudWatch.
const Namespace = "AWS/ApiGateway"

// ListMetrics yields the namespace's metrics page by page, at most 500 a page. With recentlyActive only those that had data in the last three
// hours (AWS: up to 50 minutes more), else in the last two weeks. A nil error means that every page was read.
func (c *Client) ListMetrics(ctx context.Context, recentlyActive bool, yield func([]model.Metric) error) error {
	in := &cloudwatch.ListMetricsInput{Namespace: awssdk.String(Namespace)}
	if recentlyActive {
		in.RecentlyActive = types.RecentlyActivePt3h
	}
	return pages(c, opListMetrics, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := call(ctx, c, opListMetrics, c.listMetrics, in, 0)
		if err != nil {
			return nil, err
		}
		metrics, err := c.metricsOf(out)
		if err != nil {
			return nil, err
		}
		return out.NextToken, yield(metrics)
	})
}

// FirstMetrics returns the first page of the recently active series of one metric, at most 500.
func (c *Client) FirstMetrics(ctx context.Context, metric string) ([]model.Metric, error) {
	out, err := call(ctx, c, opListMetrics, c.listMetrics, &cloudwatch.ListMetricsInput{
		Namespace: awssdk.String(Namespace), MetricName: &metric, RecentlyActive: types.RecentlyActivePt3h,
		Dimensions: []types.DimensionFilter{{Name: awssdk.String("Stage")}}, // not the sums over the stages
	}, 0)
	if err != nil {
		return nil, err
	}
	return c.metricsOf(out)
}

func (c *Client) metricsOf(out *cloudwatch.ListMetricsOutput) ([]model.Metric, error) {
	metrics := make([]model.Metric, len(out.Metrics))
	for i := range out.Metrics {
		listed := &out.Metrics[i]
		metrics[i] = model.Metric{Name: awssdk.ToString(listed.MetricName), Dimensions: make([]model.Dimension, len(listed.Dimensions))}
		for j, d := range listed.Dimensions {
			metrics[i].Dimensions[j] = model.Dimension{Name: awssdk.ToString(d.Name), Value: awssdk.ToString(d.Value)}
		}
		if metrics[i].Name == "" {
			return nil, c.malformed(opListMetrics, "a metric without a name")
		}
	}
	return metrics, nil
}

// pages follows tokens until there is none, and gives up on a listing that never ends. A circle of tokens is found within four rounds: one of its
// tokens is remembered for twice as long as the one before.
func pages(c *Client, op operation, next func(token *string) (*string, error)) error {
	var token, remembered *string
	for n := range maxPages {
		following, err := next(token)
		if err != nil {
			return err
		}
		if awssdk.ToString(following) == "" {
			return nil
		}
		if awssdk.ToString(remembered) == *following {
			return c.malformed(op, "the page's token leads to a page before it")
		}
		if n&(n+1) == 0 { // after 1, 2, 4, 8 pages
			remembered = following
		}
		token = following
	}
	return c.malformed(op, fmt.Sprintf("more than %d pages", maxPages))
}

// MetricData reads the queries over the window, all pages of it. The answers stand in the order of the queries, each complete or marked as
// incomplete; an error comes with whatever was complete before it. At most MaxQueries queries and MaxDatapoints datapoints.
func (c *Client) MetricData(ctx context.Context, queries []model.Query, period time.Duration, w model.Window) ([]model.Series, error) {
	in := &cloudwatch.GetMetricDataInput{
		StartTime:         awssdk.Time(time.Unix(w.Start, 0)),
		EndTime:           awssdk.Time(time.Unix(w.End, 0)),
		ScanBy:            types.ScanByTimestampAscending,
		MetricDataQueries: buildQueries(queries, int32(period/time.Second)), //nolint:gosec // a period of the settings
	}
	periods := int((w.End - w.Start) / int64(period/time.Second))
	r := &dataReader{client: c, window: w, period: int64(period / time.Second), series: make([]model.Series, len(queries)), points: len(queries) * periods}
	left := r.points
	err := pages(c, opGetMetricData, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := call(ctx, c, opGetMetricData, c.getMetricData, in, max(left, 1))
		if err != nil {
			return nil, err
		}
		before := r.read
		r.page(ctx, out)
		left -= r.read - before
		if r.empty > maxEmptyPages {
			return nil, c.malformed(opGetMetricData, "pages without data do not end")
		}
		return out.NextToken, nil
	})
	for i := range r.series {
		if !r.finish(&r.series[i]) {
			c.countMalformed(ctx, opGetMetricData)
		}
	}
	return r.series, err
}

// maxEmptyPages bounds pages that bring nothing new but a token.
const maxEmptyPages = 100

func buildQueries(queries []model.Query, period int32) []types.MetricDataQuery {
	out := make([]types.MetricDataQuery, len(queries))
	stats := make([]types.MetricStat, len(queries))
	metrics := make([]types.Metric, len(queries))
	namespace := awssdk.String(Namespace)
	for i := range queries {
		q := &queries[i]
		if i > 0 && q.Metric == queries[i-1].Metric && slices.Equal(q.Dims, queries[i-1].Dims) {
			metrics[i] = metrics[i-1]
		} else {
			dims := make([]types.Dimension, len(q.Dims))
			for j := range q.Dims {
				dims[j] = types.Dimension{Name: &q.Dims[j].Name, Value: &q.Dims[j].Value}
			}
			metrics[i] = types.Metric{Namespace: namespace, MetricName: &q.Metric, Dimensions: dims}
		}
		stats[i] = types.MetricStat{Metric: &metrics[i], Period: &period, Stat: &q.Statistic}
		out[i] = types.MetricDataQuery{Id: &queryIDs[i], MetricStat: &stats[i]}
	}
	return out
}

// queryIDs are q0 to q499; GetMetricData wants ^[a-z][a-zA-Z0-9_]*.
var queryIDs = func() (ids [MaxQueries]string) {
	for i := range ids {
		ids[i] = "q" + strconv.Itoa(i)
	}
	return ids
}()

// queryIndex is the index of an id of queryIDs, -1 for any other string.
func queryIndex(id string, n int) int {
	if len(id) < 2 || len(id) > 4 || id[0] != 'q' {
		return -1
	}
	i, err := strconv.Atoi(id[1:])
	if err != nil || i < 0 || i >= n || queryIDs[i] != id {
		return -1
	}
	return i
}

// dataReader merges the pages of one GetMetricData request.
type dataReader struct {
	client *Client
	window model.Window
	period int64
	series []model.Series
	points int // at most this many are expected
	read   int
	empty  int
}

func (r *dataReader) page(ctx context.Context, out *cloudwatch.GetMetricDataOutput) {
	before := r.read
	for i := range out.MetricDataResults {
		if reason := r.result(&out.MetricDataResults[i]); reason != "" {
			r.client.countMalformed(ctx, opGetMetricData)
			r.client.logger.Debug("Unusable part of a GetMetricData answer", zap.String("reason", reason))
		}
	}
	if r.read == before {
		r.empty++
	}
	for _, m := range out.Messages {
		r.client.logger.Debug("GetMetricData says", zap.String("code", awssdk.ToString(m.Code)), zap.String("message", awssdk.ToString(m.Value)))
	}
}

// result takes one result of a page in, and returns why it is unusable, "" if it is fine.
func (r *dataReader) result(res *types.MetricDataResult) string {
	i := queryIndex(awssdk.ToString(res.Id), len(r.series))
	if i < 0 {
		return fmt.Sprintf("unknown id %q", awssdk.ToString(res.Id))
	}
	s := &r.series[i]
	if s.Reason == reasonMalformed {
		return ""
	}
	if len(res.Timestamps) != len(res.Values) {
		s.Reason = reasonMalformed
		return fmt.Sprintf("%d timestamps for %d values", len(res.Timestamps), len(res.Values))
	}
	if len(s.Times)+len(res.Values) > int((r.window.End-r.window.Start)/r.period) {
		s.Reason = reasonMalformed
		return "more points than periods"
	}
	for j, t := range res.Timestamps {
		v, ts := res.Values[j], t.Unix()
		if ts < r.window.Start || ts >= r.window.End || (ts-r.window.Start)%r.period != 0 {
			s.Reason = reasonMalformed
			return fmt.Sprintf("timestamp %s outside the window or its periods", t.UTC().Format(time.RFC3339Nano))
		}
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v > maxValue {
			s.Reason = reasonMalformed
			return fmt.Sprintf("value %v", v)
		}
	}
	s.Times = slices.Grow(s.Times, len(res.Timestamps))
	for _, t := range res.Timestamps {
		s.Times = append(s.Times, t.Unix())
	}
	if s.Values == nil {
		s.Values = res.Values
	} else {
		s.Values = append(s.Values, res.Values...)
	}
	r.read += len(res.Values)
	if s.Reason == string(types.StatusCodeInternalError) {
		return ""
	}
	// The last page about a query decides: PartialData on one page is made good by the next, an internal error is not.
	s.Complete, s.Reason = res.StatusCode == types.StatusCodeComplete, ""
	if !s.Complete {
		s.Reason = string(res.StatusCode)
	}
	return ""
}

// maxValue bounds what a metric of API Gateway can be: beyond it, integers of a float64 are no longer exact.
const maxValue = 1 << 53

const reasonMalformed = "malformed"

// finish puts the points in order. Two values for one period are malformed: then it returns false.
func (r *dataReader) finish(s *model.Series) bool {
	if s.Reason == reasonMalformed {
		*s = model.Series{Reason: reasonMalformed} // counted where it was found
		return true
	}
	if !slices.IsSorted(s.Times) {
		order := make([]int, len(s.Times))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return int(s.Times[a] - s.Times[b]) })
		times, values := make([]int64, len(order)), make([]float64, len(order))
		for i, o := range order {
			times[i], values[i] = s.Times[o], s.Values[o]
		}
		s.Times, s.Values = times, values
	}
	for i := 1; i < len(s.Times); i++ {
		if s.Times[i] == s.Times[i-1] {
			*s = model.Series{Reason: reasonMalformed}
			return false
		}
	}
	return true
}
