package aws

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// xrayCalls are the operations of X-Ray that we call.
type xrayCalls struct {
	summaries   func(context.Context, *xray.GetTraceSummariesInput, ...func(*xray.Options)) (*xray.GetTraceSummariesOutput, error)
	traces      func(context.Context, *xray.BatchGetTracesInput, ...func(*xray.Options)) (*xray.BatchGetTracesOutput, error)
	destination func(context.Context, *xray.GetTraceSegmentDestinationInput, ...func(*xray.Options)) (*xray.GetTraceSegmentDestinationOutput, error)
	start       func(context.Context, *xray.StartTraceRetrievalInput, ...func(*xray.Options)) (*xray.StartTraceRetrievalOutput, error)
	retrieved   func(context.Context, *xray.ListRetrievedTracesInput, ...func(*xray.Options)) (*xray.ListRetrievedTracesOutput, error)

	// spoiled says of summaries, traces and retrievals that no answer was whole lately.
	spoiled *[3]atomic.Bool
}

func xrayCallsOf(c *xray.Client) xrayCalls {
	return xrayCalls{c.GetTraceSummaries, c.BatchGetTraces, c.GetTraceSegmentDestination, c.StartTraceRetrieval, c.ListRetrievedTraces, new([3]atomic.Bool)}
}

// The annotations that API Gateway writes into its segments ("Understand AWS X-Ray traces for Amazon API Gateway APIs").
const (
	annotationAPI   = "aws:api_id"
	annotationStage = "aws:api_stage"
)

// maxSpoiled is how often an answer is asked for of which a part is unusable, before the rest of it is taken for all that there is.
const maxSpoiled = 4

// untilWhole reads until nothing of the answer is unusable. Where that never came about, the next answers are taken as they are, until one is whole:
// AWS may write what we can't read, and bills each attempt.
func untilWhole[T any](hopeless *atomic.Bool, read func() (answer T, unusable int, err error)) (T, error) {
	for try := 1; ; try++ {
		answer, unusable, err := read()
		switch {
		case err != nil:
			return answer, err
		case unusable == 0:
			hopeless.Store(false)
			return answer, nil
		case try == maxSpoiled || hopeless.Load():
			hopeless.Store(true)
			return answer, nil
		}
	}
}

// TraceSummaries reads one page of the traces that began in the window; filter is a filter expression or "", token that of the page before or "".
// AWS does not say whether the end of the time frame belongs to it. It is sent as it is: where it does, a trace that begins at that very moment is
// listed in two windows, while a frame cut shorter could list it in none. Summaries without a usable id are left out and counted.
func (c *Client) TraceSummaries(ctx context.Context, w model.Window, filter, token string) (model.TracePage, error) {
	in := &xray.GetTraceSummariesInput{
		StartTime: awssdk.Time(time.Unix(w.Start, 0)), EndTime: awssdk.Time(time.Unix(w.End, 0)), TimeRangeType: types.TimeRangeTypeTraceId,
		FilterExpression: stringOrNil(filter), NextToken: stringOrNil(token),
	}
	scanned := int64(0) // of all attempts: AWS bills each
	return untilWhole(&c.xray.spoiled[0], func() (model.TracePage, int, error) {
		out, err := call(ctx, c, opGetTraceSummaries, c.xray.summaries, in, 0)
		if err != nil {
			return model.TracePage{Scanned: scanned}, 0, err
		}
		page := c.tracePage(ctx, out)
		scanned += page.Scanned
		page.Scanned = scanned
		return page, page.Unusable, nil
	})
}

// tracePage takes TracesProcessedCount as that of the page ("to get this set of summaries"), which is not documented any more.
func (c *Client) tracePage(ctx context.Context, out *xray.GetTraceSummariesOutput) model.TracePage {
	page := model.TracePage{Token: awssdk.ToString(out.NextToken), Scanned: max(awssdk.ToInt64(out.TracesProcessedCount), 0)}
	for i := range out.TraceSummaries {
		summary := &out.TraceSummaries[i]
		if !traceID(awssdk.ToString(summary.Id)) {
			page.Unusable++
			continue
		}
		page.Summaries = append(page.Summaries, traceSummary(summary))
	}
	c.countUnusable(ctx, opGetTraceSummaries, page.Unusable)
	return page
}

func traceSummary(s *types.TraceSummary) model.TraceSummary {
	duration := s.Duration
	if duration == nil {
		duration = s.ResponseTime
	}
	return model.TraceSummary{
		ID: *s.Id, Duration: seconds(duration),
		Fault: awssdk.ToBool(s.HasFault), Error: awssdk.ToBool(s.HasError), Throttle: awssdk.ToBool(s.HasThrottle),
		Partial: awssdk.ToBool(s.IsPartial), Revision: int(s.Revision),
		APIs: texts(s.Annotations[annotationAPI]), Stages: texts(s.Annotations[annotationStage]),
	}
}

// seconds is a duration, 0 where there is none or it can't be one.
func seconds(v *float64) float64 {
	if d := awssdk.ToFloat64(v); d > 0 && !math.IsInf(d, 1) {
		return d
	}
	return 0
}

// texts are the values of an annotation that are texts.
func texts(values []types.ValueWithServiceIds) (out []string) {
	for _, v := range values {
		if text, ok := v.AnnotationValue.(*types.AnnotationValueMemberStringValue); ok && text.Value != "" {
			out = append(out, text.Value)
		}
	}
	return out
}

// Traces reads at most MaxTraceIDs traces with all their pages. unprocessed are those that AWS wants to be asked for again; a trace that is in
// neither does not exist, or not yet. What was not asked for, and documents without a text, are left out and counted.
func (c *Client) Traces(ctx context.Context, ids []string) (traces []model.Trace, unprocessed []string, err error) {
	if err := c.checkIDs(opBatchGetTraces, len(ids), MaxTraceIDs); err != nil {
		return nil, nil, err
	}
	r, err := untilWhole(&c.xray.spoiled[1], func() (*traceReader, int, error) {
		r := &traceReader{client: c, ids: ids}
		in := &xray.BatchGetTracesInput{TraceIds: ids}
		err := pages(c, opBatchGetTraces, func(token *string) (*string, error) {
			in.NextToken = token
			out, err := call(ctx, c, opBatchGetTraces, c.xray.traces, in, 0)
			if err != nil {
				return nil, err
			}
			return out.NextToken, r.page(ctx, out)
		})
		return r, r.unusable, err
	})
	if err != nil {
		return nil, nil, err
	}
	// Of a trace that has to be asked for again, whatever came is a part.
	whole := slices.DeleteFunc(r.traces, func(t model.Trace) bool { return slices.Contains(r.unprocessed, t.ID) })
	return whole, r.unprocessed, nil
}

// traceReader merges the pages of one BatchGetTraces request.
type traceReader struct {
	client      *Client
	ids         []string
	traces      []model.Trace
	unprocessed []string
	bytes       int
	unusable    int
}

func (r *traceReader) page(ctx context.Context, out *xray.BatchGetTracesOutput) error {
	unusable := 0
	for i := range out.Traces {
		trace := &out.Traces[i]
		id := awssdk.ToString(trace.Id)
		if !slices.Contains(r.ids, id) {
			unusable++
			continue
		}
		t := r.trace(id)
		t.Limited = t.Limited || awssdk.ToBool(trace.LimitExceeded)
		for _, s := range trace.Segments {
			if !appendDocument(t, s.Id, s.Document) {
				unusable++
			}
			r.bytes += len(awssdk.ToString(s.Document))
		}
	}
	for _, id := range out.UnprocessedTraceIds {
		switch {
		case !slices.Contains(r.ids, id):
			unusable++
		case !slices.Contains(r.unprocessed, id):
			r.unprocessed = append(r.unprocessed, id)
		}
	}
	r.unusable += unusable
	r.client.countUnusable(ctx, opBatchGetTraces, unusable)
	if r.bytes > maxTraceBytes {
		return r.client.malformed(opBatchGetTraces, fmt.Sprintf("traces of more than %d bytes", maxTraceBytes))
	}
	return nil
}

// trace is the trace of an id; its documents may lie on several pages.
func (r *traceReader) trace(id string) *model.Trace {
	for i := range r.traces {
		if r.traces[i].ID == id {
			return &r.traces[i]
		}
	}
	r.traces = append(r.traces, model.Trace{ID: id})
	return &r.traces[len(r.traces)-1]
}

// appendDocument adds a document to its trace, and reports whether it has a text.
func appendDocument(t *model.Trace, id, text *string) bool {
	if awssdk.ToString(text) == "" {
		return false
	}
	t.Documents = append(t.Documents, model.TraceDocument{ID: awssdk.ToString(id), Text: *text})
	return true
}

// traceID reports whether s is a trace's id as X-Ray writes it: 1-58406520-a006649127e371903a2de979.
func traceID(s string) bool {
	return len(s) == 35 && s[:2] == "1-" && s[10] == '-' && hexadecimal(s[2:10]) && hexadecimal(s[11:])
}

func hexadecimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// checkIDs is the error of a request with fewer or more trace ids than AWS takes. It is not sent.
func (c *Client) checkIDs(op operation, n, limit int) error {
	if n >= 1 && n <= limit {
		return nil
	}
	return c.fail(op, Invalid, fmt.Errorf("%d trace ids, one call takes 1 to %d", n, limit))
}

// countUnusable counts the members of an answer that were left out.
func (c *Client) countUnusable(ctx context.Context, op operation, n int) {
	if n > 0 {
		c.telemetry.ReceiverAwsapigatewayMalformedResults.Add(ctx, int64(n), c.operationAttributes(op))
	}
}

func stringOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
