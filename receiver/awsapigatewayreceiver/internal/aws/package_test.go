package aws

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Nothing of the machine's own AWS configuration may take part.
func TestMain(m *testing.M) {
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CA_BUNDLE": "", "AWS_PROFILE": "", "AWS_REGION": "",
	} {
		if k == "AWS_CA_BUNDLE" && os.Getenv(proxiedEndpoint) != "" {
			continue
		}
		if err := os.Setenv(k, v); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

const (
	testAccount  = "111122223333"
	otherAccount = "444455556666"
	testRegion   = "us-east-1"
)

// proxiedEndpoint is set where this is the process that TestProxyIsHonoured starts.
const proxiedEndpoint = "TEST_PROXIED_ENDPOINT"

// fixture is what a test of the AWS layer watches.
type fixture struct {
	t         *testing.T
	sim       *awssim.Server // nil where a handler of the test's own answers
	telemetry *componenttest.Telemetry
	logs      *observer.ObservedLogs
	settings  Settings
	session   *Session
}

// openSession opens a session on an endpoint. Everything it holds is given back when the test ends.
func openSession(t *testing.T, endpoint string, edit func(*Settings)) *fixture {
	t.Helper()
	f := &fixture{t: t, telemetry: componenttest.NewTelemetry()}
	builder, err := metadata.NewTelemetryBuilder(f.telemetry.NewTelemetrySettings())
	require.NoError(t, err)
	core, logs := observer.New(zap.InfoLevel)
	f.logs = logs
	f.settings = Settings{
		Regions: []string{testRegion}, Endpoint: endpoint, ControlPlanePerSecond: 10, AttemptTimeout: 5 * time.Second,
		Clock: poll.System{}, Telemetry: builder, Logger: zap.New(core),
	}
	if edit != nil {
		edit(&f.settings)
	}
	f.session, err = Open(context.Background(), f.settings)
	require.NoError(t, err)
	t.Cleanup(func() {
		f.session.Close()
		require.NoError(t, f.telemetry.Shutdown(context.Background()))
	})
	return f
}

// client is the session's only target.
func (f *fixture) client() *Client {
	require.Len(f.t, f.session.Clients, 1)
	return f.session.Clients[0]
}

// counted is the sum of an internal counter over the points that have the attributes.
func (f *fixture) counted(name string, attrs ...attribute.KeyValue) int64 {
	m, err := f.telemetry.GetMetric("otelcol_receiver_awsapigateway_" + name)
	if err != nil {
		return 0 // never counted
	}
	var n int64
points:
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		for _, a := range attrs {
			if v, ok := p.Attributes.Value(a.Key); !ok || v != a.Value {
				continue points
			}
		}
		n += p.Value
	}
	return n
}

func (f *fixture) malformed() int64 { return f.counted("malformed_results") }

// fast is a clock on which retries, limiters and back-off take next to no time.
func fast(factor float64) poll.Scaled {
	return poll.Scaled{Origin: time.Now(), Epoch: time.Now(), Factor: factor}
}

// openSim opens a session on an embedded AWS that shares a fast clock with it.
func openSim(t *testing.T, world *awssim.World, config func(*awssim.Config), edit func(*Settings)) *fixture {
	t.Helper()
	clock := fast(600)
	c := awssim.Config{World: world, Now: clock.Now}
	if config != nil {
		config(&c)
	}
	sim := awssim.New(c)
	server := httptest.NewServer(sim)
	forgetLimits(server.URL)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	f := openSession(t, server.URL, func(s *Settings) {
		s.Clock = clock
		if edit != nil {
			edit(s)
		}
	})
	f.sim = sim
	return f
}

// answering is an AWS that answers every call with the same bytes. It counts the calls.
type answering struct {
	status  int
	headers map[string]string
	body    []byte
	calls   atomic.Int64
}

func (a *answering) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	a.calls.Add(1)
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	for k, v := range a.headers {
		w.Header().Set(k, v)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(a.body)
}

// forgetLimits drops the limits of an earlier test whose server had the same address: they know the time of another clock.
func forgetLimits(endpoint string) {
	sharedLimits.Lock()
	defer sharedLimits.Unlock()
	for k := range sharedLimits.byTarget {
		if k.endpoint == endpoint {
			delete(sharedLimits.byTarget, k)
		}
	}
}

// openHandler opens a session on a handler of the test's own.
func openHandler(t *testing.T, h http.Handler, edit func(*Settings)) *fixture {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	forgetLimits(server.URL)
	return openSession(t, server.URL, func(s *Settings) {
		s.Clock = fast(20_000)
		if edit != nil {
			edit(s)
		}
	})
}

// connections counts a server's connections by their state. It must be set before the server starts.
type connections struct {
	mu     sync.Mutex
	opened int
	open   map[any]bool
}

func (c *connections) watch(s *httptest.Server) {
	c.open = map[any]bool{}
	s.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch state {
		case http.StateNew:
			c.opened++
			c.open[conn] = true
		case http.StateClosed, http.StateHijacked:
			delete(c.open, conn)
		}
	}
}

func (c *connections) counts() (opened, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened, len(c.open)
}

func nopLog() *log.Logger { return log.New(io.Discard, "", 0) }
