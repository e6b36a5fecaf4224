package awsapigatewayreceiver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// Whoever misspells a key reads which one is meant, beside everything else that is wrong.
func TestMisspeltKeysAreTold(t *testing.T) {
	for text, want := range map[string][]string{
		"region: [us-east-1]":                             {"invalid keys: region", "region: is no setting: is regions meant?"},
		"regoins: [us-east-1]":                            {"regoins: is no setting: is regions meant?"},
		"metric: {}\nlog: {}":                             {"invalid keys: log, metric", "log: is no setting: is logs meant?", "metric: is no setting: is metrics meant?"},
		"storag: file_storage\nregions: {}":               {"storag: is no setting: is storage meant?", "'regions'"},
		"accounts: [{}, {role: x, acount_id: '1'}]":       {"accounts[1]::role: is no setting: is role_arn meant?", "accounts[1]::acount_id: is no setting: is account_id meant?"},
		"logs: {execution: {enable: true}}":               {"logs::execution::enable: is no setting: is enabled meant?"},
		"metrics: {level: [stage], period: soon}":         {"metrics::level: is no setting: is levels meant?", "period"},
		"apis: {include: [{names: x}]}":                   {"apis::include[0]::names: is no setting: is name meant?"},
		"traces: {xray: {max_trace_per_minute: 1}}":       {"traces::xray::max_trace_per_minute: is no setting: is max_traces_per_minute meant?"},
		"inventory: {usages: {enabled: true}, x: 1}":      {"inventory::usages: is no setting: is usage meant?", "invalid keys: usages, x"},
		"regions: [us-east-1]\naccounts: [null, {x: []}]": {"invalid keys: x"},
	} {
		t.Run(text, func(t *testing.T) {
			err := unmarshalled(t, text, &Config{})
			require.Error(t, err)
			for _, w := range want {
				assert.ErrorContains(t, err, w)
			}
			said := 0
			for _, w := range want {
				said += strings.Count(w, "is no setting")
			}
			assert.Equal(t, said, strings.Count(err.Error(), "is no setting"), err.Error())
		})
	}
}

// What is no misspelling of a setting is told as it is, and a config without one has none of it.
func TestOtherKeysHaveNoSuggestion(t *testing.T) {
	for _, text := range []string{"colour: red", "a: 1", "re: [us-east-1]", "metrics: {aws.api_gateway.requests: {colour: red}}"} {
		err := unmarshalled(t, text, createDefaultConfig().(*Config))
		assert.ErrorContains(t, err, "invalid keys")
		assert.NotContains(t, err.Error(), "is no setting")
	}
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
