package aws

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// pool is the process's one HTTP client, shared by all targets of all receivers, and closed with the last of them. There is a client more for
// each CA bundle that the SDK's settings (AWS_CA_BUNDLE, ca_bundle of a profile) name.
var pool httpPool

type httpPool struct {
	mu      sync.Mutex
	users   int
	clients []*http.Client
	conns   map[net.Conn]struct{}
	dial    func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the SDK's
}

func (p *httpPool) acquire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users++
}

func (p *httpPool) release() {
	p.mu.Lock()
	p.users--
	if p.users > 0 {
		p.mu.Unlock()
		return
	}
	clients, conns := p.clients, p.conns
	p.clients, p.conns = nil, nil
	p.mu.Unlock()
	for _, c := range clients {
		c.CloseIdleConnections()
	}
	for c := range conns {
		_ = c.Close() // the SDK's own credential providers can't be told to close theirs
	}
}

// buildable is what the SDK insists on for its configuration: it alone takes a CA bundle. The credential providers of the SDK's default chain
// keep it, so its connections are tracked.
func (p *httpPool) buildable() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		dial := t.DialContext
		if p.dial != nil {
			dial = p.dial
		}
		t.MaxIdleConnsPerHost = 32
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return p.track(conn), nil
		}
	})
}

// client returns the shared client with the transport's certificate roots.
func (p *httpPool) client(t *http.Transport) *http.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		if roots(c.Transport.(*http.Transport)).Equal(roots(t)) {
			return c
		}
	}
	c := &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.clients = append(p.clients, c)
	return c
}

func roots(t *http.Transport) *x509.CertPool {
	if t.TLSClientConfig == nil || t.TLSClientConfig.RootCAs == nil {
		return x509.NewCertPool()
	}
	return t.TLSClientConfig.RootCAs
}

type trackedConn struct {
	net.Conn
	pool *httpPool
}

func (p *httpPool) track(c net.Conn) net.Conn {
	t := &trackedConn{Conn: c, pool: p}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		p.conns = map[net.Conn]struct{}{}
	}
	p.conns[t] = struct{}{}
	return t
}

func (c *trackedConn) Close() error {
	c.pool.mu.Lock()
	delete(c.pool.conns, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

// transport is one target's view of the shared client.
type transport struct {
	client *http.Client
	// insecure allows plain HTTP to other machines.
	insecure bool
	// observe is told AWS's clock, in whole seconds, and ours before and after that was written.
	observe func(aws, sent, received time.Time)
	now     func() time.Time
}

// Do sends one request.
//
// The SDK closes the request's body as soon as Do returns, while net/http may still be in its last read of it; that error breaks the connection
// in the middle of the answer (aws-sdk-go-v2 issues 2737 and 1825). Hence net/http gets a reader of its own over the buffered body.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	if err := t.checkPrivate(req); err != nil {
		return nil, err
	}
	if req.Body != nil && req.Body != http.NoBody {
		body, err := readBody(req)
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
	sent := t.now()
	resp, err := t.client.Do(req) //nolint:gosec // the SDK made the request, for the endpoint that the user chose
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil && fromAWS(resp) {
		t.observe(date, sent, t.now())
	}
	if err := boundBody(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	withhold(req, resp)
	return resp, nil
}

// fromAWS says whether AWS itself answered: a proxy that can't reach it, or does not let a request through, answers by its own clock.
func fromAWS(resp *http.Response) bool {
	return resp.StatusCode < http.StatusBadRequest || resp.Header.Get("X-Amzn-Requestid") != ""
}

// readBody reads a request's body into as many bytes as it says it has.
func readBody(req *http.Request) ([]byte, error) {
	if req.ContentLength <= 0 {
		return io.ReadAll(req.Body)
	}
	body := make([]byte, req.ContentLength)
	_, err := io.ReadFull(req.Body, body)
	return body, err
}

// boundBody decompresses the answer and ends it with an error at maxAnswerBytes, or maxErrorBytes.
func boundBody(resp *http.Response) error {
	body := &boundedBody{Reader: resp.Body, Closer: resp.Body, left: maxAnswerBytes}
	if resp.StatusCode >= http.StatusBadRequest {
		body.left = maxErrorBytes
	}
	if resp.StatusCode == http.StatusOK {
		// The SDK takes no bytes for an answer without members, and a list of APIs without any would mean that all of them are gone.
		first := bufio.NewReader(resp.Body)
		if _, err := first.Peek(1); errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it is empty", errMalformed)
		}
		body.Reader = first
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body.Reader)
		if err != nil {
			return err
		}
		body.Reader = z
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
	}
	resp.Body = body
	return nil
}

type boundedBody struct {
	io.Reader
	io.Closer
	left int
}

var errAnswerTooLarge = errors.New("answer is larger than 64 MiB, or than 256 KiB of an error")

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errAnswerTooLarge
	}
	if len(p) > b.left {
		p = p[:b.left]
	}
	n, err := b.Reader.Read(p)
	b.left -= n
	return n, err
}
