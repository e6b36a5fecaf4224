package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	smithy "github.com/aws/smithy-go"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// operation is one AWS operation: its name, what IAM calls it, and the limiter that it draws on.
type operation struct {
	name, action string
	// resource is the resource pattern of the permission; %P, %R and %A stand for partition, region and account.
	resource string
	limiter  func(*limits) *limiter
	// also is a second limiter that the operation draws on, nil for most.
	also func(*limits) *limiter
}

// limiters are those that a call of the operation has to pass.
func (o *operation) limiters(l *limits) []*limiter {
	if o.also == nil {
		return []*limiter{o.limiter(l)}
	}
	return []*limiter{o.also(l), o.limiter(l)}
}

func controlPlane(l *limits) *limiter { return l.controlPlane }
func stsLimiter(l *limits) *limiter   { return l.sts }

func traceRetrieval(l *limits) *limiter { return l.traceRetrieval }

var (
	opGetCallerIdentity = operation{"GetCallerIdentity", "sts:GetCallerIdentity", "*", stsLimiter, nil}
	opAssumeRole        = operation{"AssumeRole", "sts:AssumeRole", "the role", stsLimiter, nil}
	opListMetrics       = operation{"ListMetrics", "cloudwatch:ListMetrics", "*", func(l *limits) *limiter { return l.listMetrics }, nil}
	opGetMetricData     = operation{"GetMetricData", "cloudwatch:GetMetricData", "*", func(l *limits) *limiter { return l.metricData }, nil}
	opFilterLogEvents   = operation{"FilterLogEvents", "logs:FilterLogEvents", logGroupPattern, func(l *limits) *limiter { return l.logEvents }, nil}
	opDescribeLogGroups = operation{"DescribeLogGroups", "logs:DescribeLogGroups", logGroupPattern, func(l *limits) *limiter { return l.logGroups }, nil}

	opDescribeAlarms       = operation{"DescribeAlarms", "cloudwatch:DescribeAlarms", "*", func(l *limits) *limiter { return l.alarms }, nil}
	opDescribeAlarmHistory = operation{"DescribeAlarmHistory", "cloudwatch:DescribeAlarmHistory", "*", func(l *limits) *limiter { return l.alarmHistory }, nil}

	opGetTraceSummaries = operation{"GetTraceSummaries", "xray:GetTraceSummaries", "*", func(l *limits) *limiter { return l.traceSummaries }, nil}
	opBatchGetTraces    = operation{"BatchGetTraces", "xray:BatchGetTraces", "*", func(l *limits) *limiter { return l.traces }, nil}
	opGetDestination    = operation{"GetTraceSegmentDestination", "xray:GetTraceSegmentDestination", "*", traceRetrieval, nil}
	opStartRetrieval    = operation{"StartTraceRetrieval", "xray:StartTraceRetrieval", "*", traceRetrieval, nil}
	opListRetrieved     = operation{"ListRetrievedTraces", "xray:ListRetrievedTraces", "*", traceRetrieval, nil}
)

const logGroupPattern = "arn:%P:logs:%R:%A:log-group:*"

// call makes one call: it waits for the operation's limiter, tries it, and tries again what can be tried again.
// datapoints is what a GetMetricData call asks for, 0 for the others.
func call[I, O, F any](ctx context.Context, c *Client, op operation, f func(context.Context, *I, ...F) (*O, error), in *I, datapoints int) (*O, error) {
	wait := poll.Backoff{Min: minRetryWait, Max: maxRetryWait}
	var last *Error
	timeouts := 0
	for try := range maxAttempts {
		if try > 0 {
			c.telemetry.ReceiverAwsapigatewayAwsRetries.Add(ctx, 1, c.operationAttributes(op))
			if err := c.clock.Sleep(ctx, wait.Next()); err != nil {
				return nil, last
			}
		}
		limiters := op.limiters(c.limits.Load())
		for _, limiter := range limiters {
			if err := limiter.wait(ctx, c.clock, 1); err != nil {
				return nil, c.fail(op, Canceled, err)
			}
		}
		if op.name == opGetMetricData.name {
			if err := c.limits.Load().datapoints.wait(ctx, c.clock, datapoints); err != nil {
				return nil, c.fail(op, Canceled, err)
			}
		}
		out, failed := attempt(ctx, c, op, limiters, f, in)
		if failed == nil {
			return out, nil
		}
		last = failed
		if errors.Is(failed, context.DeadlineExceeded) {
			timeouts++
		}
		if errors.As(failed, new(*assumeRoleError)) {
			return nil, failed // its own call was tried again already
		}
		if !failed.Class.retryable() && !skewed(failed) || timeouts >= maxTimeouts {
			return nil, failed
		}
	}
	return nil, last
}

// skewed says whether a signature was refused for a time that is not AWS's. The SDK knows it from then on, of the service.
func skewed(e *Error) bool {
	again := interface{ RetryableError() bool }(nil)
	return e.Class == Signature && errors.As(e.Err, &again) && again.RetryableError()
}

// attempt makes one attempt of a call, counts it, and tells the limiters how it went.
func attempt[I, O, F any](ctx context.Context, c *Client, op operation, limiters []*limiter, f func(context.Context, *I, ...F) (*O, error), in *I) (*O, *Error) {
	start := time.Now()
	out, err := sendOnce(ctx, c, f, in)
	c.telemetry.ReceiverAwsapigatewayAwsCallDuration.Record(ctx, time.Since(start).Seconds(), c.operationAttributes(op))
	class := Class("ok")
	if err != nil {
		class = classify(ctx, err)
		if class == NoCredentials && c.credentials != nil && errors.Is(err, context.DeadlineExceeded) {
			class = Network // the role is still being assumed
		}
	}
	c.telemetry.ReceiverAwsapigatewayAwsCalls.Add(ctx, 1, c.operationAttributes(op, attribute.String("outcome", string(class))))
	if err == nil {
		for _, limiter := range limiters {
			limiter.succeeded(c.clock.Now())
		}
		return out, nil
	}
	switch class {
	case Throttled:
		for _, limiter := range limiters {
			limiter.throttled(c.clock.Now())
		}
		c.telemetry.ReceiverAwsapigatewayAwsThrottles.Add(ctx, 1, c.operationAttributes(op))
	case Malformed:
		c.countMalformed(ctx, op)
	case Expired, RegionDisabled:
		c.invalidate(op, class)
	}
	return nil, c.fail(op, class, err)
}

// invalidate has the credentials of a call asked for again. Keys that AWS does not know may have been replaced; a role's session knows when it ends, and
// all regions share it, of which one that is not enabled takes no key.
func (c *Client) invalidate(op operation, class Class) {
	credentials := c.cfg.Credentials
	switch {
	case op.name == opAssumeRole.name:
		credentials = c.base
	case class == RegionDisabled && c.credentials != nil:
		return
	}
	if cache, ok := credentials.(*awssdk.CredentialsCache); ok {
		cache.Invalidate()
	}
}

// sendOnce sends one request and decodes its answer. A panic while hostile bytes are decoded is an error like any other.
func sendOnce[I, O, F any](ctx context.Context, c *Client, f func(context.Context, *I, ...F) (*O, error), in *I) (out *O, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.AttemptTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("%w: cannot decode it: %v", errMalformed, r)
		}
	}()
	out, err = f(ctx, in)
	if err == nil && out == nil {
		return nil, errMalformed
	}
	return out, err
}

// malformed is the error of an answer that decodes but makes no sense.
func (c *Client) malformed(op operation, what string) *Error {
	c.countMalformed(context.Background(), op)
	return c.fail(op, Malformed, fmt.Errorf("%w: %s", errMalformed, what))
}

func (c *Client) countMalformed(ctx context.Context, op operation) {
	c.telemetry.ReceiverAwsapigatewayMalformedResults.Add(ctx, 1, c.operationAttributes(op))
}

func (c *Client) fail(op operation, class Class, err error) *Error {
	resource := c.expand(op.resource)
	code := ""
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var inner *Error
	if errors.As(err, &inner) && inner.Operation != op.name {
		// The role's credentials failed inside this call: that call's class says more.
		if inner.Class != Denied || class == RoleRefused {
			return &Error{Operation: op.name, Class: class, Code: code, Action: inner.Action, Resource: inner.Resource, Err: err}
		}
	}
	return &Error{Operation: op.name, Class: class, Code: code, Action: op.action, Resource: resource, Err: err}
}

func partitionOfARN(s string) string {
	arn, err := awsarn.Parse(s)
	if err != nil {
		return ""
	}
	return arn.Partition
}
