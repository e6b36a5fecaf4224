// Command awssim runs the embedded AWS of internal/awssim with a demonstration world: a development tool, never part of the receiver.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "awssim: %v\n", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	listen, admin string
	config        awssim.Config
	seed          uint64
	apis          int
	bulk          bulk
}

// bulk is a world of large log groups.
type bulk struct{ groups, events, size, quiet int }

// parse reads the command line.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only, hang, unknown string
	flags := flag.NewFlagSet("awssim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:4599", "address of the AWS endpoints")
	flags.StringVar(&o.admin, "admin", "127.0.0.1:4598", "address of the admin API; empty: none")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the world's traffic and of the faults")
	flags.IntVar(&o.apis, "apis", 0, "serve a large world of that many REST APIs with two stages each instead of the demonstration's")
	flags.DurationVar(&o.config.Latency, "latency", 20*time.Millisecond, "how long an answer takes, at least 2ms")
	flags.DurationVar(&o.config.Lateness.Base, "lateness", 60*time.Second, "how long after its end a minute's points appear")
	flags.DurationVar(&o.config.Lateness.Max, "late-max", 3*time.Minute, "how much later the late requests count")
	flags.Float64Var(&o.config.Lateness.Late, "late", 0.02, "fraction of the requests that count late")
	flags.Float64Var(&o.config.Lateness.WholePoints, "late-points", 0, "fraction of the points that appear late as a whole")
	flags.DurationVar(&o.config.Ingestion.Base, "ingestion", 5*time.Second, "how long after its time a log event appears, and up to a quarter more")
	flags.DurationVar(&o.config.Ingestion.Max, "ingestion-late-max", 3*time.Minute, "how much later the late log events appear")
	flags.Float64Var(&o.config.Ingestion.Late, "ingestion-late", 0.02, "fraction of the log events that appear late")
	flags.DurationVar(&o.config.Tracing.Base, "tracing", 4*time.Second, "how long after its end the segment of a function appears, and up to a quarter more; others earlier")
	flags.DurationVar(&o.config.Tracing.Max, "tracing-late-max", 2*time.Minute, "how much later the late segments appear")
	flags.Float64Var(&o.config.Tracing.Late, "tracing-late", 0.01, "fraction of the segments that appear late")
	flags.Float64Var(&o.config.Tracing.Pieces, "tracing-pieces", 0.05, "fraction of the segments that appear in progress first")
	flags.Func("bulk", "groups,events,size,quiet: serve a world of log groups with that many events of that many bytes each, and quiet groups, instead of the demonstration's", func(s string) error {
		b := &o.bulk
		if n, err := fmt.Sscanf(s, "%d,%d,%d,%d", &b.groups, &b.events, &b.size, &b.quiet); n != 4 || b.groups < 1 || b.events < 1 {
			return errors.Join(errors.New("want four numbers, as 20,50000,500,200"), err)
		}
		return nil
	})
	flags.DurationVar(&o.config.ListLag, "list-lag", 2*time.Minute, "how long after its first data ListMetrics shows a series; AWS: up to 15m")
	flags.BoolVar(&o.config.EnforceQuotas, "quotas", true, "throttle calls above AWS's published quotas")
	flags.IntVar(&o.config.MaxPage, "max-page", 0, "entries and datapoints a page at most, to force pagination; 0: AWS's own")
	f := &o.config.Faults
	for _, rate := range []struct {
		name  string
		value *float64
		usage string
	}{
		{"throttle", &f.Throttle, "are throttled"},
		{"server-error", &f.ServerError, "fail with 500 or 503"},
		{"drop", &f.Drop, "end in a closed connection"},
		{"slow", &f.Slow, "take -slow-by longer"},
		{"partial-data", &f.PartialData, "give some results in two pages (GetMetricData)"},
		{"internal-error", &f.InternalError, "have results with StatusCode InternalError (GetMetricData)"},
		{"truncate", &f.Truncate, "end in the middle of the answer"},
		{"empty-pages", &f.EmptyPages, "give a page without events, with a token (FilterLogEvents, GetTraceSummaries)"},
		{"unprocessed", &f.Unprocessed, "leave a trace unprocessed, each for itself (BatchGetTraces)"},
		{"malformed", &f.Malformed, "have an answer that makes no sense"},
	} {
		flags.Float64Var(rate.value, rate.name, 0, "fraction of the calls that "+rate.usage)
	}
	flags.DurationVar(&f.SlowBy, "slow-by", 10*time.Second, "how much longer slow answers take")
	flags.BoolVar(&f.ExpiredCredentials, "expired-credentials", false, "answer that the credentials are expired")
	flags.StringVar(&only, "only", "", "operations that the fractions apply to, separated by commas; empty: all")
	flags.StringVar(&unknown, "unknown-operations", "", "operations that are answered as unknown, separated by commas")
	flags.StringVar(&hang, "hang", "", "account/region list whose calls are never answered")
	flags.Func("deny", "operation[@account/region]=kind: refuse it; kinds are identity-policy, explicit-deny, service-control-policy, permissions-boundary, forbidden (repeatable)", func(s string) error {
		operation, kind, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want operation=kind")
		}
		if f.Deny == nil {
			f.Deny = map[string]awssim.DenyKind{}
		}
		f.Deny[operation] = awssim.DenyKind(kind)
		return awssim.DenyKind(kind).Validate()
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	f.Only, f.Hang, f.UnknownOperations = split(only), split(hang), split(unknown)
	return o, f.Validate()
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// run serves until the context ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	o.config.World = awssim.DemoWorld(time.Now())
	if o.apis > 0 {
		o.config.World = awssim.LargeWorld(o.apis, 2, 30, true)
	}
	if b := o.bulk; b.groups > 0 {
		o.config.World = awssim.BulkWorld(time.Now(), b.groups, b.events, b.size, b.quiet, "")
	}
	o.config.World.Seed = o.seed
	server := awssim.New(o.config)
	defer server.Close()

	var running []*http.Server
	failed := make(chan error, 2)
	serve := func(address string, handler http.Handler) error {
		listener, err := net.Listen("tcp", address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("cannot listen on %s: the address is in use; choose others with -listen and -admin", address)
		}
		if err != nil {
			return fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		running = append(running, web)
		go func() { failed <- web.Serve(listener) }()
		return nil
	}
	if err = serve(o.listen, server); err == nil && o.admin != "" {
		err = serve(o.admin, server.Admin())
	}
	if err == nil {
		announce(stdout, &o)
		select {
		case <-ctx.Done():
		case err = <-failed:
			err = fmt.Errorf("cannot serve: %w", err)
		}
	}
	server.Close()
	for _, web := range running {
		timeout, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		_ = web.Shutdown(timeout) // what is still open then ends with the process
		_ = web.Close()
		cancel()
	}
	return err
}

// announce says what runs where.
func announce(w io.Writer, o *options) {
	apis := 0
	for _, a := range o.config.World.Accounts {
		for _, r := range a.Regions {
			apis += len(r.APIs)
		}
	}
	fmt.Fprintf(w, "awssim: an embedded AWS for development and demonstrations, with %d APIs in %d accounts, at http://%s\n", apis, len(o.config.World.Accounts), o.listen)
	fmt.Fprintf(w, "awssim: try  AWS_ACCESS_KEY_ID=AKIASIM%s AWS_SECRET_ACCESS_KEY=x aws --region us-east-1 --endpoint-url http://%s apigateway get-rest-apis\n", o.config.World.Accounts[0].ID, o.listen)
	if o.admin != "" {
		fmt.Fprintf(w, "awssim: what really happened: http://%s/world, requests: /world/requests, traces: /world/traces, calls: /calls, faults: /faults\n", o.admin)
	}
}
