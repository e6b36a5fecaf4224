package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// The embedded AWS takes any credentials; nothing of the machine's own configuration may take part.
func init() {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
	} {
		if err := os.Setenv(k, v); err != nil {
			panic(err)
		}
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// embedded starts an embedded AWS and names it in the environment, as configs do.
func embedded(t *testing.T) *awssim.Server {
	t.Helper()
	sim := awssim.New(awssim.Config{World: awssim.DemoWorld(time.Now().Add(-time.Hour))})
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	t.Setenv("EMBEDDED_AWS", server.URL)
	return sim
}

// file writes a config. The receivers' settings are at an indent of four.
func file(t *testing.T, config string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(name, []byte(config), 0o600))
	return name
}

func preflight(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs)
	return status, out.String(), errs.String()
}

const one = `
receivers:
  awsapigateway:
    endpoint: ${env:EMBEDDED_AWS}
    regions: [us-east-1]
    inventory: {requests_per_second: 10}
exporters: {nop: {}}
service:
  pipelines:
    metrics/all: {receivers: [awsapigateway], exporters: [nop]}
`

// A config that can work is told so, with the signals that it asks for; what is in the file and in the environment is resolved as the collector does.
func TestConfigThatWorks(t *testing.T) {
	sim := embedded(t)
	status, out, errs := preflight("--config", file(t, one))
	assert.Equal(t, works, status)
	assert.Empty(t, errs)
	assert.True(t, strings.HasPrefix(out, "awsapigateway: metrics\n"), out)
	assert.Contains(t, out, "awsapigateway can work.")
	assert.Zero(t, sim.Count("FilterLogEvents"), "no logs pipeline")
}

// What a signal lacks is told, and the exit status says that there is something.
func TestConfigThatLacksSomething(t *testing.T) {
	sim := embedded(t)
	sim.SetFaults(awssim.Faults{Deny: map[string]awssim.DenyKind{"ListMetrics": awssim.IdentityPolicy}})
	status, out, _ := preflight("--config", file(t, one))
	assert.Equal(t, lacking, status)
	assert.Contains(t, out, "ListMetrics is denied (identity policy)")
	assert.Contains(t, out, `"cloudwatch:ListMetrics"`)
}

// Each receiver of a config is looked at, with the signals of all its pipelines, as JSON too.
func TestEachReceiverIsLookedAt(t *testing.T) {
	embedded(t)
	config := file(t, one) // and merged into it:
	second := file(t, `
receivers:
  awsapigateway/partners:
    endpoint: ${EMBEDDED_AWS}
    regions: [eu-west-1]
    inventory: {requests_per_second: 10}
  otlp: {protocols: {grpc: }}
service:
  pipelines:
    metrics/all: {receivers: [otlp, awsapigateway, awsapigateway/partners]}
    logs: {receivers: [awsapigateway/partners], exporters: [nop]}
    traces: {receivers: [otlp], exporters: [nop]}
`)
	status, out, errs := preflight("--json", "--config", config, "--config", "file:"+second)
	assert.Equal(t, works, status, errs)
	var got struct {
		Receivers map[string]struct {
			Signals []string
			Works   bool
			Targets []struct {
				Region     string
				Operations []struct{ Operation, Action, Result string }
			}
			Month struct {
				Low float64 `json:"usd_low"`
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Len(t, got.Receivers, 2)
	assert.Equal(t, []string{"metrics"}, got.Receivers["awsapigateway"].Signals)
	partners := got.Receivers["awsapigateway/partners"]
	assert.Equal(t, []string{"metrics", "logs"}, partners.Signals)
	assert.True(t, partners.Works)
	assert.Positive(t, partners.Month.Low)
	assert.Equal(t, "eu-west-1", partners.Targets[0].Region)
	assert.Equal(t, "allowed", partners.Targets[0].Operations[0].Result)
}

// With --verify each question is said before it is asked.
func TestVerificationIsAnnounced(t *testing.T) {
	racetest.Skip(t)
	embedded(t)
	config := strings.Replace(one, "us-east-1", "eu-west-1", 1)
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second) // the look at late points takes a minute
	defer cancel()
	var out, errs bytes.Buffer
	run(ctx, []string{"--verify", "--config", file(t, config)}, &out, &errs)
	assert.Regexp(t, `(?m)^verify: default/eu-west-1: How late do datapoints come, and do they grow\?: GetMetricData .*; at most 0\.0004 USD$`, errs.String())
}

// Everything that is wrong with a config is told, each with its key, and nothing is called.
func TestWrongConfigs(t *testing.T) {
	sim := embedded(t)
	for name, set := range map[string]struct {
		config string
		want   []string
	}{
		"wrong values": {
			config: strings.Replace(one, "[us-east-1]", "[us-east-1, us_east_2]\n    metrics: {levels: [api], quantiles: [99]}", 1),
			want: []string{
				`receivers::awsapigateway::regions[1]: "us_east_2" is not a region name`, `receivers::awsapigateway::metrics::levels[0]: "api"`,
				"receivers::awsapigateway::metrics::quantiles[0]: 99",
			},
		},
		"unknown key": {config: strings.Replace(one, "regions:", "region:", 1), want: []string{"receivers::awsapigateway", "region"}},
		"no pipeline": {config: strings.Replace(one, "receivers: [awsapigateway]", "receivers: [otlp]", 1), want: []string{"receivers::awsapigateway: is in no pipeline"}},
		"no receiver": {config: "receivers: {otlp: {}}\nservice: {pipelines: {metrics: {receivers: [otlp]}}}", want: []string{"there is no awsapigateway"}},
		"no region":   {config: strings.Replace(one, "    regions: [us-east-1]\n", "", 1), want: []string{"receivers::awsapigateway", "regions: is not set"}},
		"storage that is not defined": {
			config: stored("filestorage", "file_storage"),
			want:   []string{`receivers::awsapigateway::storage: there is no extension "filestorage": extensions has file_storage, health_check`},
		},
		"storage that is not started": {
			config: stored("file_storage", "health_check"),
			want:   []string{`receivers::awsapigateway::storage: the extension "file_storage" is not started: list it in service::extensions`},
		},
		"storage without extensions": {
			config: strings.Replace(one, "inventory:", "storage: file_storage\n    inventory:", 1),
			want:   []string{`receivers::awsapigateway::storage: there is no extension "file_storage": define it under extensions, and list it in service::extensions`},
		},
		"extensions that are no list": {config: stored("file_storage", "a: b"), want: []string{"service::extensions"}},
		"no YAML":                     {config: "receivers: [", want: []string{"cannot resolve the config"}},
		"defaults alone": {
			config: "receivers: {awsapigateway: }\nservice: {pipelines: {metrics: {receivers: [awsapigateway]}}}", want: []string{"regions: is not set"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := preflight("--config", file(t, set.config))
			assert.Equal(t, wrong, status)
			assert.Empty(t, out)
			for _, want := range set.want {
				assert.Contains(t, errs, want)
			}
			assert.Zero(t, sim.Count(""))
		})
	}
}

// stored is a config whose receiver names a storage, and whose collector starts some of two extensions.
func stored(storage, started string) string {
	config := strings.Replace(one, "inventory:", "storage: "+storage+"\n    inventory:", 1)
	config = strings.Replace(config, "service:", "service:\n  extensions: ["+started+"]", 1)
	return config + "extensions: {file_storage: {directory: .}, health_check: }\n"
}

// A storage that the collector starts is one to work with; it is not opened.
func TestStorageThatIsThere(t *testing.T) {
	embedded(t)
	status, _, errs := preflight("--config", file(t, stored("file_storage", "health_check, file_storage")))
	assert.Equal(t, works, status, errs)
	assert.Empty(t, errs)
}

func TestCommandLine(t *testing.T) {
	for name, set := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no config":            {nil, wrong, "--config is missing"},
		"an argument":          {[]string{"--config", "x.yaml", "y"}, wrong, `unexpected argument "y"`},
		"unknown flag":         {[]string{"--nope"}, wrong, "flag provided but not defined"},
		"help":                 {[]string{"-h"}, works, "the exit status is"},
		"help of verification": {[]string{"-h"}, works, "the lines of execution logs only with\n    \tlogs::execution::enabled"},
		"no such file":         {[]string{"--config", "/nowhere.yaml"}, wrong, "/nowhere.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, errs := preflight(set.args...)
			assert.Equal(t, set.status, status)
			assert.Contains(t, errs, set.says)
		})
	}
}

// Variables of the environment without a value are named, each once, also where nothing else is wrong; those that have one, or a default, are not.
func TestVariablesWithoutValueAreNamed(t *testing.T) {
	embedded(t)
	t.Setenv("EMPTY_TOKEN", "")
	t.Setenv("SOME_TOKEN", "x")
	config := one + `
extensions:
  nop: {a: "${env:UNSET_REALM}.${env:UNSET_REALM}", b: "${env:EMPTY_TOKEN}", c: "${env:SOME_TOKEN}", d: "${env:UNSET_HOST:-127.0.0.1}"}
`
	status, out, errs := preflight("--config", file(t, config))
	assert.Equal(t, works, status)
	assert.Contains(t, out, "awsapigateway can work.")
	assert.Equal(t, "apigateway-preflight: EMPTY_TOKEN is empty in this environment, and the config takes it from there\n"+
		"apigateway-preflight: UNSET_REALM is not set in this environment, and the config takes it from there\n", errs)

	status, _, errs = preflight("--config", file(t, strings.Replace(config, "[us-east-1]", "[x]", 1)))
	assert.Equal(t, wrong, status)
	assert.Contains(t, errs, "UNSET_REALM is not set", "beside what is wrong")
}

// Each config that is shipped is one that can be looked at, and what it takes from the environment is named where it is missing.
func TestShippedConfigsAreUnderstood(t *testing.T) {
	names, err := filepath.Glob("../../exporterconfig/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	looked, missed := 0, 0
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		variables := regexp.MustCompile(`(?m)^[^#\n]*\$\{env:(\w+)`).FindAllStringSubmatch(string(content), -1)
		for _, variable := range variables {
			t.Setenv(variable[1], "") // whatever the machine has
		}
		warned := map[string]bool{}
		found, err := load(context.Background(), []string{name}, func(text string) { warned[text] = true })
		for _, variable := range variables {
			missed++
			assert.Contains(t, warned, variable[1]+" is empty in this environment, and the config takes it from there", name)
		}
		if err != nil && strings.Contains(err.Error(), "there is no awsapigateway") {
			continue // the second half of a pair
		}
		if assert.NoError(t, err, name) {
			looked += len(found)
		}
	}
	assert.Greater(t, looked, 2)
	assert.Greater(t, missed, 20)
}
