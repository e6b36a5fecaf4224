package awsapigatewayreceiver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// FuzzConfig: whatever the YAML is, it is refused with words, or a receiver can be made of it.
func FuzzConfig(f *testing.F) {
	known, err := os.ReadFile(filepath.Join("testdata", "config.yaml"))
	require.NoError(f, err)
	for _, sample := range strings.Split(string(known), "\n\n") {
		_, section, _ := strings.Cut(sample, "\n")
		f.Add(section)
	}
	f.Add("endpoint: [http://127.0.0.1]\naccounts: {}\nregions: us-east-1")
	f.Add("metrics: {period: 9223372036854775807ns, quantiles: [.nan, .inf, -.inf], histogram_buckets: [.nan]}")
	f.Add("accounts: [null]\napis: {include: [{name: '[', tags: {'': ''}}]}\nstorage: a/b/c")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
		if err != nil {
			return
		}
		conf, err := retrieved.AsConf()
		if err != nil {
			return
		}
		c := createDefaultConfig().(*Config)
		if conf.Unmarshal(c) != nil {
			return
		}
		if err := confmap.Validate(c); err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				assert.NotEmpty(t, line)
			}
			return
		}
		assert.Positive(t, c.Metrics.Period)
		assert.Positive(t, c.Metrics.CollectionInterval)
		assert.Positive(t, c.Inventory.Interval)
		assert.Positive(t, c.Logs.PollInterval)
		assert.Positive(t, c.Traces.PollInterval)
		assert.Positive(t, c.Inventory.RequestsPerSecond)
	})
}
