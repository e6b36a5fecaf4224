package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// WaitLogEvents waits for the target's turn to call FilterLogEvents. The reader decides only then which log group gets it.
func (c *Client) WaitLogEvents(ctx context.Context) error {
	if err := opFilterLogEvents.limiter(c.limits.Load()).wait(ctx, c.clock, 1); err != nil {
		return c.fail(opFilterLogEvents, Canceled, err)
	}
	return nil
}

// LogEventsPerSecond is the rate of FilterLogEvents that the target takes at most.
func (c *Client) LogEventsPerSecond() float64 {
	return float64(opFilterLogEvents.limiter(c.limits.Load()).most())
}

// FilterLogEvents reads one page of a log group's events whose timestamps lie in [from, to], Unix milliseconds; token is that of the page before,
// "" for the first. It makes one attempt, after WaitLogEvents: when to try again is the reader's to decide, who has other groups to read as well.
// The page's memory for events is used again; after an error it has none. Events without an id, a timestamp or a message are left out and counted.
func (c *Client) FilterLogEvents(ctx context.Context, group string, from, to int64, token string, page *model.LogPage) error {
	clear(page.Events) // the memory of their texts is free while we wait
	*page = model.LogPage{Events: page.Events[:0]}
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, StartTime: &from, EndTime: &to, Limit: awssdk.Int32(logPageEvents)}
	if token != "" {
		in.NextToken = &token
	}
	op, answer := opFilterLogEvents, &logAnswer{page: page}
	_, failed := attempt(context.WithValue(ctx, logAnswerKey{}, answer), c, op, op.limiters(c.limits.Load()), c.filterLogEvents, in)
	if failed != nil {
		*page = model.LogPage{Events: page.Events[:0]}
		return failed
	}
	page.Unusable = answer.incomplete
	if answer.incomplete > 0 {
		c.telemetry.ReceiverAwsapigatewayMalformedResults.Add(ctx, int64(answer.incomplete), c.operationAttributes(op))
	}
	return nil
}
