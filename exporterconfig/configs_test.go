// Package exporterconfig holds configs for users to copy. Its tests run them.
package exporterconfig

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// collector is the binary that make build makes.
func collector(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OTELCOL_APIGATEWAY")
	if path == "" {
		path = filepath.Join("..", "_build", "otelcol-apigateway")
	}
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	require.FileExists(t, path, "run make build first")
	return path
}

func configs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// accessKey and secretKey are credentials that nobody takes.
const accessKey, secretKey = "AKIAEXAMPLE", "example"

// command runs the binary in an empty folder, with such credentials, and what configs take from the environment.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(collector(t), args...)
	c.Dir = t.TempDir()
	c.Env = append(placeholders(t), os.Environ()...) // the last one of a name counts
	c.Env = append(c.Env, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey, "AWS_EC2_METADATA_DISABLED=true", "LOG_HASH_KEY=0123456789abcdef")
	return c
}

// placeholders are values of the variables that configs take from the environment: nothing answers at their addresses.
func placeholders(t *testing.T) []string {
	t.Helper()
	var env []string
	for _, file := range configs(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`\$\{env:(\w+)\}`).FindAllStringSubmatch(string(text), -1) {
			switch name := m[1]; {
			case name == "AWS_REGION":
				env = append(env, name+"=us-east-1")
			case name == "KAFKA_BROKER":
				env = append(env, name+"=127.0.0.1:1")
			case strings.HasSuffix(name, "_ENDPOINT"), strings.HasSuffix(name, "_URL"):
				env = append(env, name+"=http://127.0.0.1:1")
			default:
				env = append(env, name+"=placeholder")
			}
		}
	}
	return env
}

func TestConfigsAreValid(t *testing.T) {
	for _, file := range configs(t) {
		t.Run(file, func(t *testing.T) {
			out, err := command(t, "validate", "--config", runnable(t, file)).CombinedOutput()
			require.NoError(t, err, string(out))
		})
	}
}

// TestConfigsStartWithoutWarnings starts each config, with an AWS that does not answer and ports of the system's choice.
func TestConfigsStartWithoutWarnings(t *testing.T) {
	ports := regexp.MustCompile(`("?endpoint"?): ?"?(127\.0\.0\.1|0\.0\.0\.0):\d+"?`)
	for _, file := range configs(t) {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(runnable(t, file))
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), file)
			require.NoError(t, os.WriteFile(path, ports.ReplaceAll(text, []byte(`$1: "127.0.0.1:0"`)), 0o600))

			c := command(t, "--config", path, "--config", "yaml:receivers::awsapigateway::endpoint: http://127.0.0.1:1",
				"--config", "yaml:service::telemetry::metrics::level: none")
			log := &logBuffer{ready: make(chan struct{})}
			c.Stderr = log
			require.NoError(t, c.Start())
			select {
			case <-log.ready:
			case <-time.After(time.Minute):
				t.Error("the collector did not start")
			}
			require.NoError(t, c.Process.Kill())
			_ = c.Wait() // it was killed
			for line := range strings.Lines(log.text.String()) {
				assert.NotRegexp(t, "(?i)deprecat|alias|\twarn\t.*legacy|\terror\t", line)
			}
		})
	}
}

// logBuffer keeps a log, and says when the collector is ready.
type logBuffer struct {
	text  bytes.Buffer
	ready chan struct{}
	said  bool
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.text.Write(p)
	if !b.said && bytes.Contains(b.text.Bytes(), []byte("Everything is ready")) {
		b.said = true
		close(b.ready)
	}
	return len(p), nil
}

// TestDocumentedConfigsAreValid validates what the documents show: whole configs as they are, parts in a whole one.
func TestDocumentedConfigsAreValid(t *testing.T) {
	const rest = `
exporters: {nop: {}}
extensions: {file_storage: {directory: storage, create_directory: true}}
service: {extensions: [file_storage], pipelines: {metrics: {receivers: [awsapigateway], exporters: [nop]}, logs: {receivers: [awsapigateway], exporters: [nop]},
  traces: {receivers: [awsapigateway], exporters: [nop]}}}
`
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	for _, file := range []string{"../README.md", "../receiver/awsapigatewayreceiver/README.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := block.FindAllSubmatch(text, -1)
		require.NotEmpty(t, found)
		for _, m := range found {
			config := string(m[1])
			if !strings.Contains(config, "\nservice:") {
				config += rest
			}
			path := filepath.Join(t.TempDir(), "config.yaml")
			require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
			out, err := command(t, "validate", "--config", path).CombinedOutput()
			assert.NoError(t, err, "%s in %s: %s", config, file, out)
		}
	}
}
