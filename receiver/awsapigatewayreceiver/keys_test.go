package awsapigatewayreceiver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// An unknown key is told by the keys of its section alone, beside everything else that is wrong, and whoever misspells one reads which is meant.
func TestUnknownKeysAreTold(t *testing.T) {
	for text, want := range map[string][]string{
		"colour: red":                {"has invalid keys: colour"},
		"a: 1":                       {"has invalid keys: a"},
		"re: [us-east-1]":            {"has invalid keys: re"},
		"region: [us-east-1]":        {"has invalid keys: region", "region: is no setting: is regions meant?"},
		"regoins: [us-east-1]":       {"has invalid keys: regoins", "regoins: is no setting: is regions meant?"},
		"metric: {}\nlog: {}":        {"has invalid keys: log, metric", "log: is no setting: is logs meant?", "metric: is no setting: is metrics meant?"},
		"metrics: {colour: red}":     {"metrics: has invalid keys: colour"},
		"metrics: {extra: [{x: 1}]}": {"metrics::extra[0]: has invalid keys: x"},
		"accounts: [{}, {role: x, acount_id: '1'}]": {
			"accounts[1]: has invalid keys: acount_id, role", "accounts[1]::acount_id: is no setting: is account_id meant?",
			"accounts[1]::role: is no setting: is role_arn meant?",
		},
		"logs: {execution: {enable: true}}":               {"logs::execution: has invalid keys: enable", "logs::execution::enable: is no setting: is enabled meant?"},
		"apis: {include: [{names: x}]}":                   {"apis::include[0]: has invalid keys: names", "apis::include[0]::names: is no setting: is name meant?"},
		"regions: [us-east-1]\naccounts: [null, {x: []}]": {"accounts[1]: has invalid keys: x"},
		"traces: {xray: {max_trace_per_minute: 1}}": {
			"traces::xray: has invalid keys: max_trace_per_minute", "traces::xray::max_trace_per_minute: is no setting: is max_traces_per_minute meant?",
		},
		"inventory: {usages: {enabled: true}, x: 1}": {"inventory: has invalid keys: usages, x", "inventory::usages: is no setting: is usage meant?"},
		"metrics: {aws.api_gateway.requests: {enable: false}, x: 1}": {
			"metrics::aws.api_gateway.requests: has invalid keys: enable", "metrics::aws.api_gateway.requests::enable: is no setting: is enabled meant?",
			"metrics: has invalid keys: x",
		},
		"resource_attributes: {service.name: {colour: red}}": {"resource_attributes::service.name: has invalid keys: colour"},
	} {
		t.Run(text, func(t *testing.T) {
			err := unmarshalled(t, text, createDefaultConfig().(*Config))
			require.Error(t, err)
			lines := strings.Split(strings.TrimPrefix(err.Error(), "decoding failed due to the following error(s):\n\n'' "), "\n")
			assert.Equal(t, want, lines)
		})
	}
}

// Values of a wrong type are told beside the unknown keys, and their sections keep their names.
func TestWrongValuesAreToldBesideUnknownKeys(t *testing.T) {
	for text, want := range map[string][]string{
		"storag: file_storage\nregions: {}":         {"has invalid keys: storag", "storag: is no setting: is storage meant?", "'regions' source data"},
		"metrics: {level: [stage], period: soon}":   {"metrics: has invalid keys: level", "metrics::level: is no setting: is levels meant?", "'period'"},
		"metrics: {colour: red}\nlogs: {access: 1}": {"metrics: has invalid keys: colour", "'logs.access' expected a map"},
	} {
		err := unmarshalled(t, text, createDefaultConfig().(*Config))
		for _, w := range want {
			assert.ErrorContains(t, err, w)
		}
		assert.Equal(t, 1, strings.Count(err.Error(), "invalid keys"), err.Error())
		assert.NotRegexp(t, `[a-z]\.(Config|section|MetricConfig)`, err.Error())
	}
}

// A config without unknown keys is read as it is.
func TestKnownKeysAreRead(t *testing.T) {
	c := createDefaultConfig().(*Config)
	require.NoError(t, unmarshalled(t, "regions: [us-east-1]\naccounts: [{}, {name: a, role_arn: r}]\nmetrics: {aws.api_gateway.requests: {enabled: false}}", c))
	assert.Equal(t, []string{"us-east-1"}, c.Regions)
	assert.Equal(t, "a", c.Accounts[1].Name)
	assert.Equal(t, createDefaultConfig().(*Config).Traces, c.Traces, "what is not set keeps its default")
}

func unmarshalled(t *testing.T, text string, c *Config) error {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf.Unmarshal(c)
}
