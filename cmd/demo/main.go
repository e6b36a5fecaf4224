// Command demo is what `make run` starts: the collector with a config of the user's own, or, without one, the embedded AWS and the collector that
// reads it. It runs in the root of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	demoConfig = "exporterconfig/demo.yaml"
	demoFolder = ".run"
	// demoOutput, demoLogs and demoTraces are the file exporters'; demoPoints takes the standard output, which is the debug exporter's.
	demoOutput = demoFolder + "/metrics.jsonl"
	demoLogs   = demoFolder + "/logs.jsonl"
	demoTraces = demoFolder + "/traces.jsonl"
	demoPoints = demoFolder + "/points.txt"
	awssimLog  = demoFolder + "/awssim.log"

	awssimAddress = "127.0.0.1:4599"
	adminAddress  = "127.0.0.1:4598"
	pageAddress   = "127.0.0.1:4597"
	// internalMetrics is the collector's default.
	internalMetrics = "127.0.0.1:8888"

	// dataWithin is how soon after the collector's start data should be there.
	dataWithin = 20 * time.Second
	// lookEvery is how often the output is looked at, quietFor how long nothing is added to it after a collection: the file exporter writes once a second.
	// crawledFor is the same for a crawl, which waits for API Gateway's limits between its calls.
	lookEvery  = 250 * time.Millisecond
	quietFor   = 2 * time.Second
	crawledFor = 4 * time.Second
	// countEvery is how often the requests in logs are counted.
	countEvery = time.Minute
	// readyWithin is how long the embedded AWS may take to listen.
	readyWithin = 10 * time.Second
	// signalWithin is how much later than another process we may see a signal that goes to both.
	signalWithin = 200 * time.Millisecond
	// stopWithin is what a process gets to end: the collector gives a hand-over in flight up to 10 s.
	stopWithin = 20 * time.Second
)

type port struct{ address, use string }

// ports are what the demonstration listens on, as demoConfig and cmd/awssim have them.
var ports = []port{
	{pageAddress, "the page to look at"},
	{awssimAddress, "the embedded AWS"},
	{adminAddress, "the admin API of the embedded AWS"},
	{"127.0.0.1:8889", "the prometheus exporter"},
	{internalMetrics, "the collector's internal metrics"},
	{"127.0.0.1:13133", "the health_check extension"},
	{"127.0.0.1:55679", "the zpages extension"},
}

const welcome = `
Running: the collector, and an embedded AWS that it reads: two accounts, two regions, REST, HTTP and WebSocket APIs with traffic.

  look at                http://` + pageAddress + `

  points, readable       tail -f ` + demoPoints + `
  OTLP as JSON lines     ` + demoOutput + `, logs and entities: ` + demoLogs + `, traces: ` + demoTraces + `
  Prometheus page        http://127.0.0.1:8889/metrics
  embedded AWS           http://` + awssimAddress + `, what really happened: http://` + adminAddress + `/world
  internal metrics       http://127.0.0.1:8888/metrics
  health, zpages         http://127.0.0.1:13133, http://127.0.0.1:55679/debug/pipelinez
  the config             ` + demoConfig + `

The first points come within 20 seconds, then once a minute; the inventory within 30, and what changes in it, minute by minute; requests
from access logs, and traces, come every ten seconds. Ctrl-C ends both.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "run: %s\n", strings.ReplaceAll(err.Error(), "\n", "\nrun: "))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	collector := flags.String("collector", "_build/otelcol-apigateway", "the collector's binary")
	awssim := flags.String("awssim", ".bin/awssim", "the embedded AWS's binary")
	config := flags.String("config", "", "a config of your own, for AWS; empty: the demonstration")
	runFor := flags.String("for", "", "end after so long, such as 30s, and fail where no data came out; empty: run until Ctrl-C")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *runFor != "" {
		limit, err := time.ParseDuration(*runFor)
		if err != nil || limit <= 0 {
			return fmt.Errorf("RUN_FOR: %q is not a duration: write it as 30s or 5m", *runFor)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	if *config != "" {
		return runConfig(ctx, *collector, *config)
	}
	return runDemo(ctx, *collector, *awssim, *runFor != "")
}

// runConfig runs the collector alone, in the user's environment.
func runConfig(ctx context.Context, collector, config string) error {
	if _, err := os.Stat(config); err != nil && !strings.Contains(config, ":") { // with a colon it is a URI, which the collector resolves
		return fmt.Errorf("CONFIG: cannot read %s: no such file", config)
	}
	p, err := start(exec.Command(collector, "--config", config), os.Stdout)
	if err != nil {
		return err
	}
	select {
	case <-p.ended:
		return p.failure(ctx)
	case <-ctx.Done():
		return p.stop()
	}
}

// runDemo runs the embedded AWS and the collector. With mustDeliver it is an error that no data came out.
func runDemo(ctx context.Context, collector, awssim string, mustDeliver bool) error {
	if err := checkPorts(); err != nil {
		return err
	}
	// Each start is a first one: the embedded AWS begins a new world.
	if err := os.RemoveAll(demoFolder); err != nil {
		return err
	}
	if err := os.MkdirAll(demoFolder, 0o755); err != nil {
		return err
	}
	log, err := os.Create(awssimLog)
	if err != nil {
		return err
	}
	defer log.Close()
	aws, err := start(exec.Command(awssim, "-listen", awssimAddress, "-admin", adminAddress), log)
	if err != nil {
		return err
	}
	err = runCollector(ctx, aws, collector, mustDeliver)
	return errors.Join(err, aws.stop())
}

// runCollector runs the collector, and the page that shows what it does.
func runCollector(ctx context.Context, aws *process, collector string, mustDeliver bool) error {
	if err := aws.listens(ctx, awssimAddress, adminAddress); err != nil {
		return err
	}
	points, err := os.Create(demoPoints)
	if err != nil {
		return err
	}
	defer points.Close()
	p := newPage(time.Now())
	stop, err := p.serve(pageAddress)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Print(welcome)
	command := exec.Command(collector, "--config", demoConfig)
	command.Env, command.Stderr = demoEnvironment(os.Environ()), &p.forecast
	otelcol, err := start(command, points)
	if err != nil {
		return err
	}
	got := newOutputs()
	err = watch(ctx, p, got, otelcol, aws)
	if stopped := otelcol.stop(); err == nil {
		err = stopped
	}
	if err != nil || !mustDeliver {
		return err
	}
	if _, err := got.read(); err != nil {
		return err
	}
	return got.delivered()
}

// watch says when the first data is there, what the inventory is, what changes in it, and what is in the logs and traces of requests, shows the same on
// the page, and waits for the end of the context or of a process.
func watch(ctx context.Context, p *page, got *outputs, otelcol, aws *process) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	late := time.After(dataWithin)
	collected, crawled := &arrival{quiet: quietFor}, &arrival{quiet: crawledFor}
	counted := time.NewTicker(countEvery)
	defer counted.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-otelcol.ended:
			return otelcol.failure(ctx)
		case <-aws.ended:
			return aws.failure(ctx)
		case <-late:
			fmt.Printf("\nNo data after %v. What the receiver says of itself is in the log above and at http://%s/metrics\n\n", dataWithin, internalMetrics)
		case <-look.C:
			changes, err := got.read()
			if err != nil {
				return err
			}
			p.show(got, changes, crawled.shown)
			if got.metrics.requestPoints == 0 {
				continue
			}
			late = nil
			if !collected.shown && collected.complete(got.metrics.points) {
				fmt.Printf("\nAPI Gateway metrics, %.1f s after the collector's start:\n\n%s\n", collected.first.Sub(p.began).Seconds(), got.metrics.table(8))
			}
			if crawled.shown {
				for _, c := range changes {
					fmt.Println(c)
				}
				showOne(got.logs.requests, got.traces)
			} else if collected.shown && crawled.complete(got.logs.inventory.count("")) {
				fmt.Printf("\nAPI Gateway inventory, %.1f s after the collector's start:\n\n%s\n", crawled.last.Sub(p.began).Seconds(), got.logs.inventory.table())
				fmt.Printf("Access logs, each in the format of its stage; the first request of each:\n\n%s\n", got.logs.requests.table(8))
				showOne(got.logs.requests, got.traces)
				fmt.Printf("What changes in the inventory, in the first minutes a good deal:\n\n")
			}
		case <-counted.C:
			if crawled.shown {
				fmt.Printf("  %s  %s; %s\n", time.Now().Format(time.TimeOnly), got.logs.requests.more(), got.traces.more())
			}
		}
	}
}

// showOne shows, once each, a request that failed, and a request's trace.
func showOne(l *requestLogs, traces *traceOutput) {
	if failed := l.explain(); failed != "" {
		fmt.Printf("A request that failed, in the access log and, by its id, in the execution log:\n\n%s\n", failed)
	}
	if traced := traces.show(l); traced != "" {
		fmt.Printf("A request in the access log and, by its trace id, in X-Ray; each span with its service, duration and status:\n\n%s\n", traced)
	}
}

// arrival watches data come until no more is added.
type arrival struct {
	quiet       time.Duration
	first, last time.Time // of what came
	seen        int
	shown       bool
}

// complete says once that there is data and no more was added for a while.
func (a *arrival) complete(n int) bool {
	now := time.Now()
	if n > a.seen {
		if a.seen == 0 {
			a.first = now
		}
		a.seen, a.last = n, now
	}
	a.shown = a.seen > 0 && now.Sub(a.last) >= a.quiet
	return a.shown
}

// checkPorts says for each busy port what it is needed for.
func checkPorts() error {
	var errs []error
	for _, p := range ports {
		listener, err := net.Listen("tcp", p.address)
		if err != nil {
			if errors.Is(err, syscall.EADDRINUSE) {
				err = errors.New("another program listens there; end that one first")
			}
			errs = append(errs, fmt.Errorf("cannot use %s, which %s needs: %w", p.address, p.use, err))
			continue
		}
		_ = listener.Close()
	}
	return errors.Join(errs...)
}

// demoEnvironment is the environment without the user's AWS settings, and with credentials that only the embedded AWS takes.
func demoEnvironment(environment []string) []string {
	var clean []string
	for _, e := range environment {
		if !strings.HasPrefix(e, "AWS_") {
			clean = append(clean, e)
		}
	}
	return append(clean,
		"AWS_ACCESS_KEY_ID=AKIASIM111122223333", "AWS_SECRET_ACCESS_KEY=demo", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
}
