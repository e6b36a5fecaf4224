package aws

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Client makes the calls of one target. The operations are held as func fields, filled with method values: a field of a service client's type
// would keep every method of it in the binary (11 MB).
type Client struct {
	target      model.Target
	settings    Settings
	cfg         awssdk.Config
	credentials awssdk.CredentialsProvider // of the target; nil: those of cfg
	base        awssdk.CredentialsProvider // before the role is assumed
	limits      atomic.Pointer[limits]
	clock       poll.Clock
	telemetry   *metadata.TelemetryBuilder
	logger      *zap.Logger

	offset atomic.Int64 // AWS's clock less ours, nanoseconds
	told   atomic.Bool  // an answer had AWS's time
	// noLogAlarms says that the region does not know log alarms.
	noLogAlarms atomic.Bool

	assumeRole        func(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
	getCallerIdentity func(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
	listMetrics       func(context.Context, *cloudwatch.ListMetricsInput, ...func(*cloudwatch.Options)) (*cloudwatch.ListMetricsOutput, error)
	getMetricData     func(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
	filterLogEvents   func(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
	describeLogGroups func(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	alarms            alarmCalls
	xray              xrayCalls
	controlPlane      map[model.Read]read
}

func newClient(set Settings, pool *httpPool, cfg awssdk.Config, target model.Target) *Client {
	c := &Client{
		target:    target,
		settings:  set,
		cfg:       cfg.Copy(),
		clock:     set.Clock,
		telemetry: set.Telemetry,
		logger:    set.Logger.With(zap.String("target", target.Label)),
	}
	c.cfg.Region = target.Region
	c.base = cfg.Credentials
	shared := pool.client(cfg.HTTPClient.(*awshttp.BuildableClient).GetTransport())
	c.cfg.HTTPClient = &transport{client: shared, insecure: set.InsecureEndpoint, observe: c.observeClock, now: c.clock.Now}
	c.setLimits(target.AccountID)
	base := sts.NewFromConfig(c.cfg)
	c.assumeRole = base.AssumeRole
	return c
}

// connect builds the service clients, once the credentials are known.
func (c *Client) connect() {
	if c.credentials != nil {
		c.cfg.Credentials = c.credentials
	}
	c.getCallerIdentity = sts.NewFromConfig(c.cfg).GetCallerIdentity
	plain := c.cfg.HTTPClient.(*transport)
	cbor := counted{plain, cborValues, maxAnswerValues}
	json := counted{plain, jsonValues, maxAnswerValues}
	items := counted{plain, jsonValues, maxItemValues}
	cw := cloudwatch.NewFromConfig(c.cfg, func(o *cloudwatch.Options) { o.HTTPClient = cbor })
	c.listMetrics, c.getMetricData = cw.ListMetrics, cw.GetMetricData
	c.alarms = alarmCalls{cw.DescribeAlarms, cw.DescribeAlarmHistory}
	c.filterLogEvents = cloudwatchlogs.NewFromConfig(c.cfg, decodeLogEvents).FilterLogEvents
	c.describeLogGroups = cloudwatchlogs.NewFromConfig(c.cfg, func(o *cloudwatchlogs.Options) { o.HTTPClient = json }).DescribeLogGroups
	c.xray = xrayCallsOf(xray.NewFromConfig(c.cfg, func(o *xray.Options) { o.HTTPClient = json }))
	c.controlPlane = c.reads(
		apigateway.NewFromConfig(c.cfg, func(o *apigateway.Options) { o.APIOptions, o.HTTPClient = append(o.APIOptions, takeRaw), items }),
		apigatewayv2.NewFromConfig(c.cfg, func(o *apigatewayv2.Options) { o.APIOptions, o.HTTPClient = append(o.APIOptions, takeRaw), items }),
	)
}

func (c *Client) setLimits(account string) {
	if account == "" {
		account = c.target.Label
	}
	k := limitsKey{endpoint: c.settings.Endpoint, account: account, region: c.target.Region}
	c.limits.Store(limitsFor(k, c.settings.ControlPlanePerSecond, c.settings.LogRequestsPerSecond))
}

// Target returns the target, with its account once Identify has succeeded.
func (c *Client) Target() model.Target { return c.target }

// Identify finds out the target's account, if the configuration does not say it. It must have returned nil before the other calls are made.
func (c *Client) Identify(ctx context.Context) error {
	if c.target.AccountID != "" {
		return nil
	}
	out, err := call(ctx, c, opGetCallerIdentity, c.getCallerIdentity, &sts.GetCallerIdentityInput{}, 1)
	if err != nil {
		return err
	}
	arn, account := awssdk.ToString(out.Arn), awssdk.ToString(out.Account)
	if !accountIDPattern.MatchString(account) {
		return c.malformed(opGetCallerIdentity, fmt.Sprintf("account %q", account))
	}
	if p := partitionOfARN(arn); p != "" && p != c.target.Partition {
		return &Error{Operation: opGetCallerIdentity.name, Class: Partition, Err: fmt.Errorf("the credentials are of partition %s, region %s is in %s", p, c.target.Region, c.target.Partition)}
	}
	c.target.AccountID = account
	c.setLimits(account)
	return nil
}

// Now is AWS's time: the local time plus the offset that AWS's answers showed.
func (c *Client) Now() time.Time { return c.clock.Now().Add(c.ClockOffset()) }

// ClockOffset is AWS's clock less the local one.
func (c *Client) ClockOffset() time.Duration { return time.Duration(c.offset.Load()) }

// ClockKnown says whether an answer has told AWS's time; until then Now is the local one.
func (c *Client) ClockKnown() bool { return c.told.Load() }

// clockTolerance is the offset that is none.
const clockTolerance = time.Second

// clockWarning is the offset above which the user should know.
const clockWarning = 30 * time.Second

func (c *Client) observeClock(aws, sent, received time.Time) {
	defer c.told.Store(true) // with the offset
	// AWS's date has whole seconds, cut off, and was written at some time between the two of ours.
	least, most := aws.Sub(received), aws.Add(time.Second).Sub(sent)
	old := c.ClockOffset()
	if least-clockTolerance/2 <= old && old <= most+clockTolerance/2 {
		return
	}
	seen := (least + most) / 2
	if seen.Abs() <= clockTolerance {
		seen = 0
	}
	c.offset.Store(int64(seen))
	if seen.Abs() > clockWarning && old.Abs() <= clockWarning {
		c.logger.Warn("The local clock differs from AWS's; windows follow AWS's", zap.Duration("offset", seen))
	}
}

// operationAttributes are shared by the metrics of one operation.
func (c *Client) operationAttributes(op operation, more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(append(more, attribute.String("operation", op.name), attribute.String("target", c.target.Label))...))
}
