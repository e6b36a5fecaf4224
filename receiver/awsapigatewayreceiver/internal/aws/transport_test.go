package aws

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

const noAPIs = `{"item": []}`

func zipped(t *testing.T, r io.Reader) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := io.Copy(z, r)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

// endless is spaces, of which JSON takes any number.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// once is a clock that waits for no second attempt.
type once struct{ poll.System }

func (once) Sleep(_ context.Context, d time.Duration) error {
	if d > 0 {
		return context.Canceled
	}
	return nil
}

// An answer ends with an error after 64 MiB, compressed or not.
func TestAnswersAreBounded(t *testing.T) {
	racetest.Skip(t)
	bomb := bytes.Repeat(zipped(t, io.LimitReader(endless{}, 1<<20)), maxAnswerBytes>>20+1) // gzip's members may follow each other
	require.Less(t, len(bomb), 1<<20)
	for name, h := range map[string]http.HandlerFunc{
		"plain": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(endless{}, maxAnswerBytes+1<<20))
		},
		"gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
				h(w, r)
			}), func(s *Settings) { s.Clock, s.AttemptTimeout = once{}, time.Minute })
			_, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
			require.ErrorIs(t, err, errAnswerTooLarge)
			assert.Equal(t, Malformed, ClassOf(err))
			assert.EqualValues(t, 1, f.malformed())
		})
	}
}

func TestBoundedBody(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]struct {
		size int64
		err  error
	}{"below": {maxAnswerBytes - 1, nil}, "above": {maxAnswerBytes + 1, errAnswerTooLarge}} {
		resp := &http.Response{Header: http.Header{}, Body: io.NopCloser(io.LimitReader(endless{}, set.size))}
		require.NoError(t, boundBody(resp))
		n, err := io.Copy(io.Discard, resp.Body)
		assert.Equal(t, set.err, err, name)
		assert.LessOrEqual(t, n, int64(maxAnswerBytes), name)
	}
	resp := &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(strings.NewReader("not gzip"))}
	assert.Error(t, boundBody(resp))
}

// An answer that AWS compressed is read like any other.
func TestCompressedAnswer(t *testing.T) {
	body := zipped(t, strings.NewReader(`{"item": [{"id": "a", "name": "orders"}]}`))
	f := openHandler(t, &answering{body: body, headers: map[string]string{"Content-Encoding": "gzip"}}, nil)
	apis, err := f.client().restAPIs(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []model.API{{ID: "a", Name: "orders", Type: model.REST}}, apis)
}

// caBundle writes the certificate of a TLS server to a file.
func caBundle(t *testing.T, s *httptest.Server) string {
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	return file
}

// quietTLS is a TLS server that keeps refused handshakes to itself.
func quietTLS(t *testing.T, h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = nopLog()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestCABundleIsHonoured(t *testing.T) {
	server := quietTLS(t, &answering{body: []byte(noAPIs)})
	open := func() *fixture { return openSession(t, server.URL, func(s *Settings) { s.Clock = fast(20_000) }) }

	stranger := open()
	_, err := stranger.client().restAPIs(context.Background())
	assert.Equal(t, Network, ClassOf(err))
	assert.ErrorContains(t, err, "certificate signed by unknown authority")

	t.Setenv("AWS_CA_BUNDLE", caBundle(t, server))
	trusting := open() // beside the other: each keeps its own roots
	_, err = trusting.client().restAPIs(context.Background())
	assert.NoError(t, err)
	_, err = stranger.client().restAPIs(context.Background())
	assert.Error(t, err)
}

// A profile's ca_bundle counts for its account alone, and AWS_CA_BUNDLE that can't be read is said at the start.
func TestCABundleOfAProfile(t *testing.T) {
	server := quietTLS(t, &answering{body: []byte(noAPIs)})
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("[profile inside]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\nca_bundle = "+caBundle(t, server)+"\n"), 0o600))
	t.Setenv("AWS_CONFIG_FILE", file)
	f := openSession(t, server.URL, func(s *Settings) {
		s.Clock = fast(20_000)
		s.Accounts = []Account{{Profile: "inside", AccountID: testAccount}, {AccountID: otherAccount}}
	})
	_, err := f.session.Clients[0].restAPIs(context.Background())
	assert.NoError(t, err)
	_, err = f.session.Clients[1].restAPIs(context.Background())
	assert.ErrorContains(t, err, "certificate")

	t.Setenv("AWS_CA_BUNDLE", filepath.Join(t.TempDir(), "none.pem"))
	_, err = Open(context.Background(), f.settings)
	assert.ErrorContains(t, err, "none.pem")
}

// proxy forwards everything to one server, whatever host is asked for, and remembers the hosts.
type proxy struct {
	to    string
	mu    sync.Mutex
	hosts []string
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.hosts = append(p.hosts, r.Method+" "+r.Host)
	p.mu.Unlock()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	in, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = out.Close()
		return
	}
	if r.Method == http.MethodConnect {
		_, _ = in.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	} else {
		r.Header.Set("Connection", "close")
		_ = r.Write(out)
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(out, buffered); _ = out.Close() })
	both.Go(func() { _, _ = io.Copy(in, out); _ = in.Close() })
	both.Wait()
}

// Go reads the proxy's variables once per process, so the session is opened in one of its own.
func TestProxyIsHonoured(t *testing.T) {
	if endpoint := os.Getenv(proxiedEndpoint); endpoint != "" {
		f := openSession(t, endpoint, func(s *Settings) { s.InsecureEndpoint = true })
		_, err := f.client().restAPIs(context.Background())
		require.NoError(t, err)
		return
	}
	secure, plain := quietTLS(t, &answering{body: []byte(noAPIs)}), httptest.NewServer(&answering{body: []byte(noAPIs)})
	defer plain.Close()
	for _, set := range []struct {
		endpoint, variable string
		server             *httptest.Server
		seen               string
	}{
		{"https://example.com", "HTTPS_PROXY", secure, "CONNECT example.com:443"},
		{"http://example.com", "HTTP_PROXY", plain, "GET example.com"},
	} {
		t.Run(set.variable, func(t *testing.T) {
			p := &proxy{to: set.server.Listener.Addr().String()}
			server := httptest.NewServer(p)
			defer server.Close()
			child := exec.Command(os.Args[0], "-test.run=^TestProxyIsHonoured$", "-test.count=1")
			child.Env = append(os.Environ(), proxiedEndpoint+"="+set.endpoint, set.variable+"="+server.URL, "AWS_CA_BUNDLE="+caBundle(t, secure),
				"NO_PROXY=", "no_proxy=", strings.ToLower(set.variable)+"=", "GORACE=atexit_sleep_ms=0")
			out, err := child.CombinedOutput()
			require.NoError(t, err, "%s", out)
			p.mu.Lock()
			defer p.mu.Unlock()
			assert.Equal(t, []string{set.seen}, p.hosts)
		})
	}
}

// Nothing stays open after Close, with the same connections reused before it.
func TestConnectionsCloseWithTheSession(t *testing.T) {
	before := goleak.IgnoreCurrent()
	conns := &connections{}
	sim := awssim.New(awssim.Config{World: roles(awssim.Role{})})
	server := httptest.NewUnstartedServer(sim)
	conns.watch(server)
	server.Start()
	f := openSession(t, server.URL, withRole(Account{}, "us-east-1", "eu-west-1"))
	second := openSession(t, server.URL, nil)
	for range 5 {
		for _, c := range f.session.Clients {
			require.NoError(t, c.Identify(context.Background()))
			_, err := c.restAPIs(context.Background())
			require.NoError(t, err)
		}
	}
	opened, open := conns.counts()
	assert.Equal(t, 1, opened, "calls one after another share a connection, STS and all targets included")
	assert.Equal(t, 1, open)

	f.session.Close()
	f.session.Close()
	_, err := second.client().restAPIs(context.Background())
	require.NoError(t, err, "another receiver goes on")
	opened, _ = conns.counts()
	assert.Equal(t, 1, opened)
	second.session.Close()
	assert.Eventually(t, func() bool { _, open := conns.counts(); return open == 0 }, 10*time.Second, time.Millisecond)
	sim.Close()
	server.Close()
	goleak.VerifyNone(t, before)
}

// The SDK closes a request's body as soon as it has the answer, while net/http may still read it, which would break the connection in the middle
// of the answer (aws-sdk-go-v2 #2737). It shows where the server is fast and answers before it has read the request.
func TestFastAnswersBreakNoConnection(t *testing.T) {
	racetest.Skip(t)
	page := []byte(`{"item": [` + strings.Repeat(`{"id": "a", "name": "`+strings.Repeat("x", 1000)+`"},`, 200) + `{"id": "b"}]}`)
	empty := append([]byte{0xa1}, append([]byte("\x71MetricDataResults"), 0x80)...)
	conns := &connections{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write(page)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		_, _ = w.Write(empty)
	}))
	conns.watch(server)
	server.Start()
	defer server.Close()
	f := openSession(t, server.URL, func(s *Settings) { s.Clock = fast(1000) })
	defer f.session.Close()
	queries := make([]model.Query, MaxQueries)
	for i := range queries {
		queries[i] = model.Query{Metric: "Count", Statistic: "Sum", Dims: []model.Dimension{{Name: "ApiName", Value: fmt.Sprint("api-", i)}, {Name: "Stage", Value: "prod"}}}
	}
	for i := range 200 {
		if i%2 == 0 {
			_, err := f.client().restAPIs(context.Background())
			require.NoError(t, err)
			continue
		}
		_, err := f.client().MetricData(context.Background(), queries, time.Minute, model.Window{Start: 0, End: 60})
		require.NoError(t, err)
	}
	opened, _ := conns.counts()
	assert.Equal(t, 1, opened)
	assert.Zero(t, f.counted("aws_retries"))
}

// A redirect is not followed: signed requests go where the SDK resolved them to.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := &answering{body: []byte(noAPIs)}
	other := httptest.NewServer(elsewhere)
	defer other.Close()
	f := openHandler(t, http.RedirectHandler(other.URL, http.StatusTemporaryRedirect), nil)
	_, err := f.client().restAPIs(context.Background())
	assert.Error(t, err)
	assert.Zero(t, elsewhere.calls.Load())
}
