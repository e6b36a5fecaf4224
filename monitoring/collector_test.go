package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// pages are what Prometheus scrapes from the built collector: of a receiver with its defaults, of one with everything on, and of the collector itself.
type pages struct{ defaults, all, internal series }

const bothConfig = `
receivers:
  awsapigateway: {endpoint: %[1]q, regions: [us-east-1], inventory: {requests_per_second: 8}} # sooner, and nothing else
  awsapigateway/all:
    endpoint: %[1]q
    accounts: [{name: shop, regions: [us-east-1]}]
    inventory: {requests_per_second: 8, api_keys: {enabled: true}, usage: {enabled: true, interval: 1m}}
    metrics: {levels: [stage, route], histogram_buckets: [0.1, 1]}
exporters:
  prometheus: {endpoint: %[2]q, resource_to_telemetry_conversion: {enabled: true}}
  prometheus/all: {endpoint: %[3]q, resource_to_telemetry_conversion: {enabled: true}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %[4]s, without_scope_info: true,
	without_type_suffix: true, without_units: true}}}}]}}
  pipelines:
    metrics: {receivers: [awsapigateway], exporters: [prometheus]}
    metrics/all: {receivers: [awsapigateway/all], exporters: [prometheus/all]}
`

// scrape runs the built collector against the embedded AWS's demonstration, until all of it has come.
func scrape(t *testing.T) *pages {
	t.Helper()
	config := awssim.Config{World: awssim.DemoWorld(time.Now().Add(-time.Hour))}
	config.Faults.Deny = map[string]awssim.DenyKind{"GetVpcLinks": awssim.IdentityPolicy}
	sim := awssim.New(config)
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	ports := []string{freePort(t), freePort(t), freePort(t)}
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(bothConfig, server.URL, "127.0.0.1:"+ports[0], "127.0.0.1:"+ports[1], ports[2])
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

	c := exec.Command(collectorBinary(t), "--config", file)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true")
	require.NoError(t, c.Start())
	defer func() {
		assert.NoError(t, c.Process.Kill())
		_ = c.Wait() // it was killed
	}()
	var p pages
	complete := func() bool {
		p = pages{readPage(ports[0]), readPage(ports[1]), readPage(ports[2])}
		return p.defaults[requests] != nil && p.defaults[cacheRequests] != nil && p.defaults[certificateExpiry] != nil && p.defaults[deploymentAge] != nil &&
			p.defaults[alarmState] != nil &&
			p.all[routeMessages] != nil && p.all[quotaRemaining] != nil && p.all[planRequests] != nil && p.all[connections] != nil &&
			p.internal[own+"aws_calls"]["outcome"]["denied"]
	}
	require.Eventually(t, complete, 3*time.Minute, 300*time.Millisecond, "not everything came")
	return &p
}

// collectorBinary is what make build makes.
func collectorBinary(t *testing.T) string {
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

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

var label = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)

// readPage reads a page of Prometheus's text format; nothing where there is none yet.
func readPage(port string) series {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://127.0.0.1:" + port + "/metrics")
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil
	}
	out := series{}
	for line := range strings.Lines(string(text)) {
		name := strings.FieldsFunc(line, func(r rune) bool { return r == '{' || r == ' ' || r == '\n' })
		if strings.HasPrefix(line, "#") || len(name) == 0 {
			continue
		}
		out.add(name[0], "", "")
		for _, m := range label.FindAllStringSubmatch(line, -1) {
			out.add(name[0], m[1], m[2])
		}
	}
	return out
}
