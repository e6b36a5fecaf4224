package main

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// pageFiles are the page, which asks for /data every two seconds.
//
//go:embed page
var pageFiles embed.FS

const (
	// showEvery is how often the page is told what is new.
	showEvery = 2 * time.Second
	// pagePolicy keeps the page from reading anything from elsewhere, and from running what AWS's texts may hold.
	pagePolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
	// pageTimeout is what a browser gets for a request.
	pageTimeout = 10 * time.Second
)

// page shows in a browser what the collector does.
type page struct {
	began    time.Time
	forecast forecast
	data     atomic.Pointer[[]byte] // the view as JSON
	usage    atomic.Pointer[usageView]

	shown   time.Time
	changes []*change // the newest changesShown
}

func newPage(began time.Time) *page {
	p := &page{began: began}
	p.forecast.out = os.Stderr
	p.publish(newOutputs(), false)
	return p
}

// serve serves the page, and asks for what the receiver uses, until stop is called.
func (p *page) serve(address string) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: p.handler(), ReadTimeout: pageTimeout, WriteTimeout: pageTimeout, MaxHeaderBytes: 16 << 10}
	ctx, cancel := context.WithCancel(context.Background())
	asked, served := make(chan struct{}), make(chan struct{})
	go func() {
		p.ask(ctx, "http://"+internalMetrics+"/metrics")
		close(asked)
	}()
	go func() {
		_ = server.Serve(listener) // until it is closed
		close(served)
	}()
	return func() {
		cancel()
		_ = server.Close()
		<-asked
		<-served
	}, nil
}

// handler answers this machine's browsers alone: a name that somebody else's DNS resolves to this machine is refused.
func (p *page) handler() http.Handler {
	files, _ := fs.Sub(pageFiles, "page") // the folder is embedded
	mux := http.NewServeMux()
	mux.HandleFunc("GET /data", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(*p.data.Load()) // the browser may be gone
	})
	mux.Handle("GET /", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !loopback(r.Host):
			http.Error(w, "This page is for this machine only: open http://"+pageAddress, http.StatusForbidden)
		case strings.HasSuffix(r.URL.Path, "/") && r.URL.Path != "/":
			http.NotFound(w, r) // folders are not listed
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// loopback says whether a Host header names this machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.IsLoopback()
}

// show tells the page what is new, once in a while. Until the inventory is complete, all that it has is new, and no change.
func (p *page) show(got *outputs, changes []*change, ready bool) {
	for _, c := range changes {
		if ready || c.kind != "" {
			p.changes = append(p.changes, c)
		}
	}
	p.changes = p.changes[max(0, len(p.changes)-changesShown):]
	if now := time.Now(); now.Sub(p.shown) >= showEvery {
		p.shown = now
		p.publish(got, ready)
	}
}

func (p *page) publish(got *outputs, ready bool) {
	v := got.view(time.Now(), p.began, ready, p.changes)
	v.Usage = p.usage.Load()
	data, err := json.Marshal(v)
	if err != nil { // a number that JSON does not have
		return
	}
	p.data.Store(&data)
}
