package exporterconfig

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// read is a config as it is written: variables of the environment stay what they are.
func read(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	retrieved, err := confmap.NewRetrievedFromYAML(text)
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf.ToStringMap()
}

// section is a mapping within a config, or nil.
func section(config map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		config, _ = config[key].(map[string]any)
	}
	return config
}

// runnable is the path of a config that this collector runs. It has no Kafka receiver: an OTLP receiver that listens nowhere else takes its place, so that
// the rest is checked. TestKafkaKeepsWhatNobodyTakes runs the whole.
func runnable(t *testing.T, file string) string {
	t.Helper()
	config := read(t, file)
	if _, ok := section(config, "receivers")["kafka"]; !ok {
		path, err := filepath.Abs(file)
		require.NoError(t, err)
		return path
	}
	config["receivers"] = map[string]any{"otlp/kafka": map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": "127.0.0.1:0"}}}}
	for name, pipeline := range section(config, "service", "pipelines") {
		assert.Equal(t, []any{"kafka"}, pipeline.(map[string]any)["receivers"], name)
		pipeline.(map[string]any)["receivers"] = []any{"otlp/kafka"}
	}
	text, err := json.Marshal(config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), file)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// TestConfigsLoseNothing asserts that what the receiver handed over survives a backend that is away, a full queue and a restart.
func TestConfigsLoseNothing(t *testing.T) {
	for _, file := range configs(t) {
		t.Run(file, func(t *testing.T) {
			config := read(t, file)
			assert.Contains(t, section(config, "service")["extensions"], "file_storage")
			assert.NotEmpty(t, section(config, "extensions", "file_storage")["directory"])
			if receiver := section(config, "receivers", "awsapigateway"); receiver != nil {
				assert.Equal(t, "file_storage", receiver["storage"], "positions")
			}
			for id := range section(config, "processors") {
				assert.NotRegexp(t, "^batch(/|$)", id, "it takes everything at once")
			}
			exporters := section(config, "exporters")
			require.NotEmpty(t, exporters)
			for id := range exporters {
				exporter := section(exporters, id)
				switch kind, _, _ := strings.Cut(id, "/"); kind {
				case "otlp_grpc", "otlp_http", "kafka":
					queue := section(exporter, "sending_queue")
					assert.Equal(t, "file_storage", queue["storage"], id)
					assert.Equal(t, true, queue["block_on_overflow"], id)
					assert.Contains(t, queue, "batch", id)
					assert.Equal(t, 0, section(exporter, "retry_on_failure")["max_elapsed_time"], id)
				case "prometheus_remote_write": // its queue can't be stored
					assert.Equal(t, false, section(exporter, "remote_write_queue")["enabled"], id)
					assert.Equal(t, 0, section(exporter, "retry_on_failure")["max_elapsed_time"], id)
				case "debug", "file", "prometheus": // they keep, show or write at once
					assert.NotContains(t, exporter, "sending_queue", id)
				default:
					t.Errorf("does %s lose nothing?", id)
				}
			}
		})
	}
}

// TestConfigsHaveNoSecrets asserts that whatever proves who sends comes from the environment.
func TestConfigsHaveNoSecrets(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(authorization|password|token|secret|api-key|x-honeycomb-team)$`)
	seen := 0
	var look func(t *testing.T, key string, value any)
	look = func(t *testing.T, key string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for k, inner := range v {
				look(t, k, inner)
			}
		case string:
			if secret.MatchString(key) {
				seen++
				assert.Regexp(t, `\$\{env:\w+\}$`, v, key)
			}
		}
	}
	for _, file := range configs(t) {
		t.Run(file, func(t *testing.T) { look(t, "", read(t, file)) })
	}
	assert.Greater(t, seen, 10)
}

// TestKafkaConfigsMeet asserts that one half reads what the other one writes, and moves on only after it is kept.
func TestKafkaConfigsMeet(t *testing.T) {
	exporter, receiver := section(read(t, "kafka.yaml"), "exporters", "kafka"), section(read(t, "kafkaconsumer.yaml"), "receivers", "kafka")
	for _, signal := range []string{"metrics", "logs", "traces"} {
		to, from := section(exporter, signal), section(receiver, signal)
		assert.Equal(t, []any{to["topic"]}, from["topics"], signal)
		assert.Equal(t, to["encoding"], from["encoding"], signal)
	}
	assert.Equal(t, exporter["auth"], receiver["auth"])
	assert.Equal(t, true, section(receiver, "message_marking")["after"])
	assert.Equal(t, "earliest", receiver["initial_offset"])
	assert.Equal(t, 0, section(receiver, "error_backoff")["max_elapsed_time"])
}

// TestEachConfigIsInTheTable asserts that docs/backends.md tells of each config, and of none that is not there.
func TestEachConfigIsInTheTable(t *testing.T) {
	text, err := os.ReadFile("../docs/backends.md")
	require.NoError(t, err)
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`\]\(\.\./exporterconfig/([\w.]+)\)`).FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = true
	}
	assert.Equal(t, configs(t), slices.Sorted(maps.Keys(found)))
}

// TestBackendsNameWhatThereIs asserts that the document and the configs name metrics and settings of the receiver.
func TestBackendsNameWhatThereIs(t *testing.T) {
	text := func(file string) string {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(b)
	}
	var metrics []string
	for _, m := range regexp.MustCompile("(?m)^## `(.*)`$").FindAllStringSubmatch(text("../receiver/awsapigatewayreceiver/metrics.md"), -1) {
		metrics = append(metrics, m[1])
	}
	settings := text("../receiver/awsapigatewayreceiver/README.md")
	metric := regexp.MustCompile(`aws\.api_gateway\.[a-z_.]*[a-z]`)
	setting := regexp.MustCompile("[`(]((?:metrics|inventory|logs|traces)\\.[a-z_.]+)[`)]")
	seen := 0
	for _, file := range append(configs(t), "../docs/backends.md") {
		for _, name := range metric.FindAllString(text(file), -1) {
			seen++
			assert.Contains(t, metrics, name, file)
		}
		for _, m := range setting.FindAllStringSubmatch(text(file), -1) {
			seen++
			assert.True(t, strings.Contains(settings, "`"+m[1]+"`") || strings.Contains(settings, "`"+m[1]+"."), "%s in %s", m[1], file)
		}
	}
	assert.Greater(t, seen, 5)
}
