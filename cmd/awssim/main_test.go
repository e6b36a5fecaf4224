package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output is a buffer that one goroutine writes and another reads.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// freeAddress returns an address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestServesUntilItIsStopped(t *testing.T) {
	listen, admin := freeAddress(t), freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	var out output
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-listen", listen, "-admin", admin}, &out, io.Discard) }()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	status := func(url string) int {
		for range 50 {
			answer, err := client.Get(url)
			if err == nil {
				_ = answer.Body.Close()
				return answer.StatusCode
			}
			time.Sleep(20 * time.Millisecond)
		}
		return 0
	}
	if got := status("http://" + admin + "/healthz"); got != http.StatusOK {
		t.Errorf("the status of /healthz is %d", got)
	}
	if got := status("http://" + listen + "/restapis"); got != http.StatusForbidden {
		t.Errorf("the status of a call without credentials is %d, want 403", got)
	}
	if text := out.String(); !strings.Contains(text, "http://"+listen) || !strings.Contains(text, "http://"+admin) || strings.Count(text, "\n") != 3 {
		t.Errorf("it says %q", text)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBusyPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy := l.Addr().String()
	for _, args := range [][]string{{"-listen", busy, "-admin", ""}, {"-listen", freeAddress(t), "-admin", busy}} {
		err := run(context.Background(), args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), busy) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is %v, want one line that names %s", err, busy)
		}
	}
}

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-throttle", "0.3", "-only", "GetMetricData, ListMetrics", "-deny", "*=identity-policy", "-hang", "111122223333/eu-west-1", "-latency", "40ms", "-bulk", "20,50000,500,200", "-ingestion-late", "0.1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	f := o.config.Faults
	if f.Throttle != 0.3 || len(f.Only) != 2 || f.Deny["*"] != "identity-policy" || len(f.Hang) != 1 || o.config.Latency != 40*time.Millisecond ||
		o.bulk != (bulk{20, 50_000, 500, 200}) || o.config.Ingestion.Late != 0.1 {
		t.Errorf("the options are %+v", o)
	}
	for _, args := range [][]string{{"-throttle", "1.5"}, {"-deny", "x"}, {"-deny", "x=y"}, {"extra"}, {"-nope"}, {"-bulk", "1,2"}, {"-empty-pages", "2"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
