package deploy

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConfigIsValid as a file, and from the environment, as ECS gives it.
func TestConfigIsValid(t *testing.T) {
	for name, from := range map[string]string{"file": "file:" + absolute(t, "config.yaml"), "environment": "env:COLLECTOR_CONFIG"} {
		c := command(t, "validate", "--config="+from)
		c.Env = append(c.Env, "COLLECTOR_CONFIG="+read(t, "config.yaml"))
		out, err := c.CombinedOutput()
		assert.NoError(t, err, "%s: %s", name, out)
	}
}

// TestConfigServesHealthAlone: the config starts without warnings, answers the probes, and refuses a second process on its folder.
func TestConfigServesHealthAlone(t *testing.T) {
	storage, health, metrics := t.TempDir(), freePort(t), freePort(t)
	// start runs it with an AWS that does not answer, and returns its log.
	start := func(health, metrics string) (*exec.Cmd, *logBuffer) {
		_, port, _ := strings.Cut(metrics, ":")
		c := command(t, "--config", "file:"+absolute(t, "config.yaml"), "--config", "yaml:extensions::file_storage::directory: "+storage,
			"--config", "yaml:receivers::awsapigateway::endpoint: http://127.0.0.1:1", "--config", "yaml:extensions::health_check::endpoint: "+health,
			"--config", `yaml:service::telemetry::metrics::readers: [{pull: {exporter: {prometheus: {host: "${env:LISTEN_HOST:-127.0.0.1}", port: `+port+`}}}}]`)
		log := new(logBuffer)
		c.Stderr = log
		require.NoError(t, c.Start())
		return c, log
	}
	first, log := start(health, metrics)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	status := func(url string) int {
		resp, err := client.Get(url)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	assert.Eventually(t, func() bool { return status("http://"+health) == http.StatusOK }, time.Minute, 50*time.Millisecond)
	assert.Equal(t, http.StatusOK, status("http://"+metrics+"/metrics"))
	for line := range strings.Lines(log.String()) {
		assert.NotRegexp(t, "(?i)deprecat|alias|\twarn\t.*legacy|\terror\t", line)
	}

	second, log := start(freePort(t), freePort(t))
	assert.Error(t, second.Wait(), "the folder is the first one's")
	assert.Contains(t, log.String(), "timeout")

	require.NoError(t, first.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, first.Wait())
}

// logBuffer keeps a log that is read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestUnitIsValid by systemd's own judgement, where it is installed.
func TestUnitIsValid(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit := t.TempDir() + "/otelcol-apigateway.service"
	text := strings.ReplaceAll(read(t, "systemd/otelcol-apigateway.service"), "/usr/local/bin/otelcol-apigateway", collector(t))
	require.NoError(t, os.WriteFile(unit, []byte(text), 0o600))
	out, err := exec.Command("systemd-analyze", "verify", unit).CombinedOutput()
	assert.NoError(t, err, string(out))
	assert.Empty(t, string(out))
}

// TestLint runs the checks of the module in lint, which has the parsers and types of Kubernetes, Terraform, ECS and GitHub.
func TestLint(t *testing.T) {
	c := exec.Command("go", "test", "./...")
	c.Dir = "lint"
	out, err := c.CombinedOutput()
	assert.NoError(t, err, string(out))
}

// TestDeploymentIsDocumented: docs/deployment.md names no file that is not there, and each variable of the config.
func TestDeploymentIsDocumented(t *testing.T) {
	text := read(t, "../docs/deployment.md")
	for _, m := range regexp.MustCompile(`(?:file://|\(\.\./|-f |--values |--template-file )(deploy/[\w./-]+)`).FindAllStringSubmatch(text, -1) {
		assert.FileExists(t, "../"+m[1])
	}
	for _, m := range regexp.MustCompile(`\$\{env:(\w+)`).FindAllStringSubmatch(read(t, "config.yaml"), -1) {
		assert.Contains(t, text, "`"+m[1]+"`")
	}
	assert.Contains(t, text, "otelcol-apigateway:"+version(t))

	secret, apply := strings.Index(text, "create secret"), strings.Index(text, "kubectl apply -f")
	assert.Positive(t, secret)
	assert.Less(t, secret, apply, "a pod reads a secret when it starts")

	templates, err := filepath.Glob("cloudformation/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, templates)
	for _, template := range templates {
		m := regexp.MustCompile(`aws cloudformation deploy [^\n]*--template-file deploy/` + regexp.QuoteMeta(template) + `.*`).FindString(text)
		require.NotEmpty(t, m, template)
		switch made := read(t, template); {
		case strings.Contains(made, "RoleName:"):
			assert.Contains(t, m, "CAPABILITY_NAMED_IAM")
		case strings.Contains(made, "AWS::IAM::"):
			assert.Contains(t, m, "CAPABILITY_IAM")
		default:
			assert.NotContains(t, m, "CAPABILITY")
		}
	}
}

// version is the manifest's.
func version(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^  version: (\S+)$`).FindStringSubmatch(read(t, "../builder-config.yaml"))
	require.NotNil(t, m)
	return m[1]
}
