package deploy

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// What each signal's file has once that signal works.
var signs = map[string][]string{
	"metrics": {`"aws.api_gateway.requests"`, `"aws.api_gateway.request.duration"`, `"aws.api_gateway.throttle.rate_limit"`},
	"logs":    {`"aws.api_gateway.access"`, `"entity.state"`},
	"traces":  {`"aws.request_id"`},
}

// demoWorld is the demonstration's, of which one account's traces are in Transaction Search.
func demoWorld() *awssim.World {
	world := awssim.DemoWorld(time.Now())
	world.Accounts[1].Regions[0].TransactionSearch = true
	return world
}

// TestPoliciesSuffice runs the collector with each signal alone and with all of them, where all that the policies do not allow is denied.
func TestPoliciesSuffice(t *testing.T) {
	for name, test := range map[string]struct {
		policies, signals []string
		settings          string
		complete          bool // every grant is needed
	}{
		"metrics":          {policies: []string{"metrics", "inventory"}, signals: []string{"metrics"}, settings: "inventory: {usage: {enabled: true}}"},
		"logs":             {policies: []string{"logs", "inventory"}, signals: []string{"logs"}, settings: "alarms: {enabled: false}, logs: {start_at: 1m, execution: {enabled: true}}"},
		"traces":           {policies: []string{"traces", "inventory"}, signals: []string{"traces"}},
		"traces and spans": {policies: []string{"traces", "logs", "inventory"}, signals: []string{"traces"}, settings: "traces: {access_logs: {enabled: true}}"},
		"all":              {policies: []string{"reader"}, signals: []string{"metrics", "logs", "traces"}},
		"all, with API keys": {
			policies: []string{"reader", "api-keys"}, signals: []string{"metrics", "logs", "traces"},
			settings: "inventory: {api_keys: {enabled: true}, usage: {enabled: true}}", complete: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			role := policyOf(t, test.policies...)
			p := newPermit(t, demoWorld(), policyOf(t, append([]string{"assume-roles"}, test.policies...)...), role)
			c := collect(t, p, test.signals, test.settings, func(dir string) bool {
				return has(dir, test.signals) && (!test.complete || len(p.unused(role)) == 0)
			})
			assert.Empty(t, p.denials())
			assert.NotContains(t, c, "\terror\t")
			if test.complete {
				assert.Empty(t, p.unused(role), "granted and not needed")
			}
		})
	}
}

// TestDenialsAreSaid: what a signal lacks leaves the others alone, and the log says once what mends it, as docs/permissions.md shows it.
func TestDenialsAreSaid(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	held := policyOf(t, "metrics", "inventory")
	p := newPermit(t, demoWorld(), policyOf(t, "metrics", "inventory", "assume-roles"), held)
	said := []string{
		"allow logs:FilterLogEvents on arn:aws:logs:us-east-1:111122223333:log-group:* in the identity's policy",
		"allow xray:GetTraceSummaries on * in the identity's policy",
	}
	text := collect(t, p, []string{"metrics", "logs", "traces"}, "", func(dir string) bool {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return has(dir, []string{"metrics"}) && strings.Contains(string(log), said[0]) && strings.Contains(string(log), said[1])
	})
	documented := read(t, "../docs/permissions.md")
	for _, s := range said {
		assert.Contains(t, text, s)
		assert.Contains(t, documented, s)
	}
	for _, d := range p.denials() {
		assert.Regexp(t, "^(logs|xray):", d)
	}
}

// has reports whether the signals' files in dir have what shows that they work.
func has(dir string, signals []string) bool {
	for _, signal := range signals {
		b, _ := os.ReadFile(filepath.Join(dir, signal))
		for _, sign := range signs[signal] {
			if !strings.Contains(string(b), sign) {
				return false
			}
		}
	}
	return true
}

// collect runs the collector until done says so, with a file for each signal and one for the log in the folder that done gets, and returns the log.
func collect(t *testing.T, p *permit, signals []string, settings string, done func(dir string) bool) string {
	server := httptest.NewServer(p)
	defer server.Close()
	args := []string{"--config", "yaml:" + strings.ReplaceAll(`
receivers:
  awsapigateway:
    endpoint: ENDPOINT
    regions: [us-east-1, eu-west-1]
    accounts: [{name: shop}, {name: partners, role_arn: "arn:aws:iam::444455556666:role/apigateway-reader", external_id: awssim-demo}]
    inventory: {requests_per_second: 10}
    logs: {start_at: 1m}
    traces: {poll_interval: 10s, delay: 1s, initial_lookback: 2m}
service: {telemetry: {metrics: {level: none}}}
`, "ENDPOINT", server.URL), "--config", "yaml:receivers: {awsapigateway: {" + settings + "}}"}
	for _, signal := range signals {
		args = append(args, "--config", strings.ReplaceAll(`yaml:
exporters: {file/SIGNAL: {path: SIGNAL}}
service: {pipelines: {SIGNAL: {receivers: [awsapigateway], exporters: [file/SIGNAL]}}}
`, "SIGNAL", signal))
	}
	c := command(t, args...)
	log, err := os.Create(filepath.Join(c.Dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	c.Stderr = log
	require.NoError(t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	assert.Eventually(t, func() bool { return done(c.Dir) || len(ended) > 0 }, time.Minute, 100*time.Millisecond)
	_ = c.Process.Signal(syscall.SIGTERM) // fails where it has ended, as the next line says
	assert.NoError(t, <-ended)
	text := read(t, log.Name())
	if t.Failed() {
		t.Log(text)
	}
	return text
}
