package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// written is what the file exporter writes: a line for each batch, the last of them not yet whole.
const written = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"cloud.region","value":{"stringValue":"us-east-1"}},{"key":"aws.account.name","value":{"stringValue":"shop"}},{"key":"aws.api_gateway.api_name","value":{"stringValue":"orders"}},{"key":"aws.api_gateway.api_type","value":{"stringValue":"REST"}},{"key":"aws.api_gateway.stage","value":{"stringValue":"prod"}},{"key":"service.instance.id","value":{"stringValue":"1/us-east-1/a/prod"}}]},"scopeMetrics":[{"metrics":[{"name":"aws.api_gateway.requests","sum":{"dataPoints":[{"asInt":"200"},{"asInt":"50"}]}},{"name":"aws.api_gateway.errors","sum":{"dataPoints":[{"asInt":"4"}]}},{"name":"aws.api_gateway.request.duration","histogram":{"dataPoints":[{"count":"250","sum":5}]}},{"name":"aws.api_gateway.request.duration_quantile","gauge":{"dataPoints":[{"asDouble":0.1}]}}]}]}]}
{"resourceMetrics":[{"resource":{"attributes":[{"key":"cloud.region","value":{"stringValue":"eu-west-1"}},{"key":"aws.api_gateway.api_name","value":{"stringValue":"chat"}},{"key":"aws.api_gateway.stage","value":{"stringValue":"prod"}},{"key":"service.instance.id","value":{"stringValue":"1/eu-west-1/b/prod"}}]},"scopeMetrics":[{"metrics":[{"name":"aws.api_gateway.websocket.messages","sum":{"dataPoints":[{"asInt":"7"}]}}]}]}]}
{"resourceMetrics":[{"resource":{"attributes":[{"key":"cloud.region","value":{"stringValue":"us-east-1"}}]},"scopeMetrics":[{"metrics":[{"name":"aws.api_gateway.resources","gauge":{"dataPoints":[{"asInt":"3"}]}}]}]}]}
{"resourceMetrics":[{"resou`

func TestOutputIsSummedUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	got := newOutput()
	require.NoError(t, got.read(path))
	assert.Zero(t, got.points, "without a file")

	require.NoError(t, os.WriteFile(path, []byte(written), 0o600))
	require.NoError(t, got.read(path))
	assert.Equal(t, 7, got.points)
	assert.Equal(t, 2, got.requestPoints)
	assert.Equal(t, `  account  region     API     type  stage  requests  errors  mean duration
  shop     us-east-1  orders  REST  prod   250       4       20 ms
  … and 1 stages more
`, got.table(1))
}

func TestBusyPortsAreNamed(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	before := ports
	defer func() { ports = before }()
	ports = []port{{busy.Addr().String(), "the prometheus exporter"}, {"127.0.0.1:0", "zpages"}}
	assert.EqualError(t, checkPorts(), "cannot use "+busy.Addr().String()+", which the prometheus exporter needs: another program listens there; end that one first")
}

func TestPortsAreThoseOfTheConfig(t *testing.T) {
	config, err := os.ReadFile(filepath.Join("..", "..", demoConfig))
	require.NoError(t, err)
	for _, p := range ports {
		if p.address != adminAddress && p.address != internalMetrics && p.address != pageAddress {
			assert.Contains(t, string(config), p.address, p.use)
		}
	}
}

func TestDemoSeesNoCredentialsOfTheUser(t *testing.T) {
	got := demoEnvironment([]string{"PATH=/bin", "AWS_PROFILE=prod", "AWS_SESSION_TOKEN=secret"})
	assert.Contains(t, got, "PATH=/bin")
	assert.NotContains(t, got, "AWS_PROFILE=prod")
	assert.NotContains(t, got, "AWS_SESSION_TOKEN=secret")
}

func TestProcessesEnd(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep")
	}
	p, err := start(exec.Command(sleep, "60"), os.Stdout)
	require.NoError(t, err)
	assert.NoError(t, p.stop(), "it dies of the signal, which is what we wanted")
	assert.NoError(t, p.stop(), "once is enough")

	p, err = start(exec.Command(sleep, "0"), os.Stdout)
	require.NoError(t, err)
	<-p.ended
	assert.EqualError(t, p.failure(t.Context()), "sleep ended by itself")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	p, err = start(exec.Command(sleep, "0"), os.Stdout)
	require.NoError(t, err)
	<-p.ended
	assert.NoError(t, p.failure(ended), "Ctrl-C is no failure")

	_, err = start(exec.Command(filepath.Join(t.TempDir(), "missing")), os.Stdout)
	assert.ErrorContains(t, err, "run make build")
}
