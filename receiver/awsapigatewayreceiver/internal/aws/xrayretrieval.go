package aws

import (
	"context"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// TransactionSearch reports whether the account's segments go to CloudWatch Logs, where BatchGetTraces does not find them. It is on only once AWS
// has finished turning it on.
func (c *Client) TransactionSearch(ctx context.Context) (bool, error) {
	out, err := call(ctx, c, opGetDestination, c.xray.destination, &xray.GetTraceSegmentDestinationInput{}, 0)
	if err != nil {
		return false, err
	}
	return out.Destination == types.TraceSegmentDestinationCloudWatchLogs && out.Status == types.TraceSegmentDestinationStatusActive, nil
}

// StartRetrieval begins to retrieve at most MaxRetrievalIDs traces of the window, whose end AWS counts in, and returns the token to ask with.
func (c *Client) StartRetrieval(ctx context.Context, ids []string, w model.Window) (string, error) {
	if err := c.checkIDs(opStartRetrieval, len(ids), MaxRetrievalIDs); err != nil {
		return "", err
	}
	out, err := call(ctx, c, opStartRetrieval, c.xray.start, &xray.StartTraceRetrievalInput{
		TraceIds: ids, StartTime: awssdk.Time(time.Unix(w.Start, 0)), EndTime: awssdk.Time(time.Unix(w.End, 0)),
	}, 0)
	if err != nil {
		return "", err
	}
	token := awssdk.ToString(out.RetrievalToken)
	if token == "" {
		return "", c.malformed(opStartRetrieval, "it has no retrieval token")
	}
	return token, nil
}

// Retrieved reads one page of a retrieval; token is that of the page before, "" for the first. The documents are spans in OpenTelemetry's form.
// Traces without a usable id and documents without a text are left out and counted.
func (c *Client) Retrieved(ctx context.Context, retrieval, token string) (model.Retrieval, error) {
	return untilWhole(&c.xray.spoiled[2], func() (model.Retrieval, int, error) { return c.retrievedPage(ctx, retrieval, token) })
}

func (c *Client) retrievedPage(ctx context.Context, retrieval, token string) (page model.Retrieval, unusable int, err error) {
	out, err := call(ctx, c, opListRetrieved, c.xray.retrieved, &xray.ListRetrievedTracesInput{
		RetrievalToken: &retrieval, NextToken: stringOrNil(token), TraceFormat: types.TraceFormatTypeOtel,
	}, 0)
	if err != nil {
		return page, 0, err
	}
	if out.TraceFormat != "" && out.TraceFormat != types.TraceFormatTypeOtel {
		return page, 0, c.malformed(opListRetrieved, fmt.Sprintf("documents in the format %q", out.TraceFormat))
	}
	page = model.Retrieval{Token: awssdk.ToString(out.NextToken), Status: string(out.RetrievalStatus)}
	switch out.RetrievalStatus {
	case types.RetrievalStatusComplete:
		page.Done = true
	case types.RetrievalStatusFailed, types.RetrievalStatusCancelled, types.RetrievalStatusTimeout:
		page.Failed = true
	}
	page.Traces, unusable = retrievedTraces(out.Traces)
	c.countUnusable(ctx, opListRetrieved, unusable)
	return page, unusable, nil
}

func retrievedTraces(found []types.RetrievedTrace) (traces []model.Trace, unusable int) {
	for i := range found {
		id, ok := xrayTraceID(awssdk.ToString(found[i].Id))
		if !ok {
			unusable++
			continue
		}
		trace := model.Trace{ID: id}
		for _, s := range found[i].Spans {
			if !appendDocument(&trace, s.Id, s.Document) {
				unusable++
			}
		}
		traces = append(traces, trace)
	}
	return traces, unusable
}

// xrayTraceID is a trace's id as X-Ray writes it, of one in that form or in W3C's 32 hexadecimal digits, which OpenTelemetry's form has.
func xrayTraceID(s string) (string, bool) {
	if len(s) == 32 && hexadecimal(s) {
		return "1-" + s[:8] + "-" + s[8:], true
	}
	return s, traceID(s)
}
