package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFilesAreCurrent(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: run make generate", name)
	}
	for _, dir := range []string{"grafana", "prometheus", "cloudformation"} {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			assert.Contains(t, files(), dir+"/"+e.Name(), "nothing makes it")
		}
	}
}

// The rules' own tests are in a module of their own, since they need Prometheus.
func TestRulesUnderPrometheus(t *testing.T) {
	t.Parallel()
	out, err := ruletest("test", "./...").CombinedOutput()
	assert.NoError(t, err, string(out))
}

// ruletest runs a go command in the module that has Prometheus.
func ruletest(args ...string) *exec.Cmd {
	c := exec.Command("go", args...)
	c.Dir = "ruletest"
	return c
}

// Each alert has its section, which its runbook_url names, and the document names no other.
func TestAlertsAreDocumented(t *testing.T) {
	text := document(t, "../docs/monitoring.md")
	named := regexp.MustCompile(`(?m)^#+ (APIGateway\w+)$`).FindAllStringSubmatch(text, -1)
	var sections []string
	for _, m := range named {
		sections = append(sections, m[1])
	}
	var alerts []string
	for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(files()["prometheus/rules.yaml"]), -1) {
		alerts = append(alerts, m[1])
		assert.Contains(t, string(files()["prometheus/rules.yaml"]), documentation+strings.ToLower(m[1]))
	}
	assert.Equal(t, alerts, sections)
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
