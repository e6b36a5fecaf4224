package awsapigatewayreceiver

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

func loadConfig(t *testing.T, name string) (*Config, error) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := conf.Sub(component.MustNewIDWithName("awsapigateway", name).String())
	require.NoError(t, err)
	c := createDefaultConfig().(*Config)
	if err := sub.Unmarshal(c); err != nil {
		return nil, err
	}
	return c, confmap.Validate(c)
}

func TestEverySettingIsRead(t *testing.T) {
	c, err := loadConfig(t, "all")
	require.NoError(t, err)
	on, off := true, false
	storage := component.MustNewID("file_storage")
	assert.Equal(t, &Config{
		Regions: []string{"us-east-1", "eu-west-1"},
		Accounts: []aws.Account{
			{},
			{Name: "prod", RoleARN: "arn:aws:iam::111122223333:role/apigateway-reader", ExternalID: "secret", SessionName: "collector", Regions: []string{"us-east-1"}},
			{Name: "china", Profile: "china", AccountID: "222233334444", Regions: []string{"cn-northwest-1"}},
		},
		Endpoint: "http://127.0.0.1:4599", InsecureEndpoint: true,
		APIs: inventory.Filter{
			Include: []inventory.FilterItem{{Name: "orders-*"}, {Tags: map[string]string{"team": "payments"}}, {ID: "a1b2c3d4e5", Type: "REST"}},
			Exclude: []inventory.FilterItem{{Stage: "dev*"}},
		},
		Tags: []string{"team"},
		ResourceAttributes: resource.Config{
			"service.name": {Enabled: &off}, "deployment.environment.name": {Enabled: &on},
		},
		Storage: &storage,
		Inventory: inventory.Config{
			Interval: 10 * time.Minute, FullInterval: 3 * time.Hour, RequestsPerSecond: 1.5, EntityEvents: inventory.EventsLegacy, ReportInterval: 2 * time.Hour,
			APIKeys: inventory.APIKeysConfig{Enabled: true},
			Usage:   inventory.UsageConfig{Enabled: true, Interval: 30 * time.Minute, By: inventory.UsageByKey, MaxKeys: 7},
		},
		Metrics: metrics.Config{
			CollectionInterval: 10 * time.Minute, InitialDelay: 2 * time.Second, InitialLookback: time.Hour, MaxBackfill: 48 * time.Hour,
			Period: 5 * time.Minute, Delay: 3 * time.Minute, Revisit: 10 * time.Minute, Levels: []string{"stage", "route"},
			Quantiles: []float64{0.5, 0.999}, HistogramBuckets: []float64{0.1, 1}, MaxMonthlyCost: 50,
			Extra: []metrics.Extra{{Metric: "NewMetric", Statistics: []string{"Sum", "tm99"}, Unit: "1"}},
			Metrics: map[string]metrics.MetricConfig{
				"aws.api_gateway.errors":          {CollectionInterval: 5 * time.Minute},
				"aws.api_gateway.cache.requests":  {Enabled: &off},
				"aws.api_gateway.stage.telemetry": {Enabled: &off},
			},
		},
		Logs: logs.Config{
			PollInterval: 20 * time.Second, MaxPollInterval: 5 * time.Minute, StartAt: "1h", LateWindow: 20 * time.Minute, MaxBackfill: 48 * time.Hour, MaxRequestsPerSecond: 3,
			Body: logs.BodyNone, Redact: []redact.Rule{{Attribute: "client.address", Action: "hash"}, {Attribute: "aws.api_gateway.identity.*"}},
			HashKey: "sixteen bytes and more", Include: []string{"user.id"}, LogStream: true,
			Groups:    []logs.GroupConfig{{Name: "/shared/apis", API: "orders", Stage: "prod", Format: "$context.requestId $context.status"}},
			Execution: logs.ExecutionConfig{Enabled: true, Bodies: true},
		},
		Alarms: alarms.Config{Interval: 30 * time.Second},
		Traces: traces.Config{
			PollInterval: time.Minute, InitialLookback: time.Hour, Delay: 2 * time.Minute, Settle: 10 * time.Minute, MaxBackfill: 48 * time.Hour,
			XRay: traces.XRayConfig{MaxTracesPerMinute: 1000}, AccessLogs: traces.AccessLogsConfig{Enabled: true},
		},
	}, c)
}

func TestDefaultsAreValid(t *testing.T) {
	c, err := loadConfig(t, "")
	require.NoError(t, err)
	assert.Equal(t, createDefaultConfig(), c)
}

// Every error comes at once, on a line that begins with its YAML key.
func TestEveryConfigErrorIsSaid(t *testing.T) {
	_, err := loadConfig(t, "bad")
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{
		"regions[1]: is empty",
		`regions[2]: "us_east" is not a region name`,
		`regions[3]: "us-east-1" is listed twice`,
		"regions[4]: cn-north-1 is in partition aws-cn, but accounts[0]::role_arn is in aws",
		`accounts[1]::account_id: "123" is not an account id`,
		"accounts[1]::external_id: is set without role_arn",
		"accounts[2]::regions[0]: is empty",
		`accounts[2]::role_arn: "nonsense" is not a role's ARN`,
		`accounts[2]: "a" is listed twice`,
		`accounts[3]::session_name: "!"`,
		`endpoint: "127.0.0.1:80" is not a URL`,
		`apis::include[0]::name: "[a" is not a glob`,
		`apis::include[1]::type: "GRPC" is not a kind of API`,
		"apis::include[2]::name: the item is empty",
		`apis::exclude[0]::stage: "[" is not a glob`,
		"tags[0]: is empty",
		`tags[2]: "a" is listed twice`,
		"resource_attributes::service.nam: is no resource attribute",
		"resource_attributes::aws.api_gateway.tag.team: tags are switched by the tags setting",
		"inventory::interval: 1s is too short",
		"inventory::full_interval: 500ms is shorter than interval",
		"inventory::requests_per_second: 50",
		`inventory::entity_events: "yes please" is no form of entity events`,
		"inventory::report_interval: 1m30.5s",
		"inventory::usage::interval: 1s is too short",
		`inventory::usage::by: "day"`,
		"inventory::usage::max_keys: 0",
		"metrics::period: 1m30s",
		"metrics::collection_interval: 10s",
		"metrics::delay: -1m0s is negative",
		"metrics::revisit: 2h0m0s: at most 1h",
		"metrics::initial_lookback: 5h0m0s: at most 3h50m0s",
		"metrics::max_backfill: 480h0m0s",
		`metrics::levels[0]: "stages" is not a level`,
		"metrics::quantiles[1]: 90: between 0 and 1",
		"metrics::quantiles[2]: 0.9 is listed twice",
		"metrics::histogram_buckets[1]: 0.5 is not above 1",
		"metrics::max_monthly_cost: -1",
		"metrics::aws.api_gateway.foo: is no metric of this receiver",
		"metrics::aws.api_gateway.errors::collection_interval: 1s",
		"metrics::extra[0]::metric: Latency is collected already",
		"metrics::extra[0]::statistics: 0 statistics",
		`metrics::extra[1]::statistics[0]: "p900" is not a statistic`,
		`metrics::extra[1]::statistics[2]: "Sum" is listed twice`,
		"metrics::extra[2]::metric: is missing",
	} {
		found := false
		for _, l := range lines {
			found = found || strings.HasPrefix(l, want)
		}
		assert.True(t, found, "%s\nin\n%s", want, err)
	}
}

// A delay of centuries is longer than any backfill, too.
func TestDelayIsWithinTheBackfill(t *testing.T) {
	c := createDefaultConfig().(*Config)
	c.Metrics.Delay = math.MaxInt64
	require.ErrorContains(t, confmap.Validate(c), "metrics::max_backfill: ")
}

// Plain HTTP to another machine takes a word of the user's.
func TestPlainEndpointHasToBeAskedFor(t *testing.T) {
	c := createDefaultConfig().(*Config)
	c.Endpoint = "http://aws.example:4599"
	require.ErrorContains(t, confmap.Validate(c), "endpoint: \"http://aws.example:4599\" is plain HTTP to another machine")
	c.InsecureEndpoint = true
	assert.NoError(t, confmap.Validate(c))
}

func TestUnknownKeysAreRefused(t *testing.T) {
	for name, want := range map[string]string{
		"unknown":        "has invalid keys: colour",
		"unknown_metric": "has invalid keys: enabld",
		"scalar_metric":  "aws.api_gateway.errors: off is not a section",
	} {
		_, err := loadConfig(t, name)
		assert.ErrorContains(t, err, want)
	}
}
