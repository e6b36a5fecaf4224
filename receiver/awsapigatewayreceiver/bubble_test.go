package awsapigatewayreceiver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs a test beside others on a clock of its own, which stands still while anything is at work (testing/synctest): hours pass in moments,
// and how busy the machine is changes nothing of what comes out. Rigs made in it talk HTTP over pipes in memory. Processes can't take part.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bubbles.Store(t, true)
		defer bubbles.Delete(t)
		time.Sleep(time.Until(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))) // from 2000, where bubbles begin
		test(t)
	})
}

// bubbles are the tests that run in one.
var bubbles sync.Map

// serve gives a rig an AWS at an address of its own.
func (r *rig) serve(aws http.Handler) {
	if _, bubbled := bubbles.Load(r.t); !bubbled {
		server := httptest.NewServer(aws)
		r.t.Cleanup(server.Close)
		r.url = server.URL
		return
	}
	network := newPipes()
	server := &httptest.Server{Listener: network, Config: &http.Server{Handler: aws}}
	server.Start()
	r.t.Cleanup(server.Close)
	r.url, r.dial = server.URL, network.dial
}

// pipes is a network in memory with one server.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
	port   int
}

// ports makes the address of each network another, as limits are kept by address.
var ports atomic.Int32

func newPipes() *pipes {
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{}), port: int(ports.Add(1))}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	return p
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close()
	return nil
}

// Addr is an address that the receiver takes for one on loopback.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.port} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
