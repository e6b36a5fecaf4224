// Command apigateway-preflight tries what the awsapigateway receiver of a collector's config would do: which AWS operations it may call and who can mend
// what it may not, how much there is, what is dark and how to light it, and what a month costs. It collects nothing.
//
// The exit status is 0 where the config can work, 1 where something is missing that a signal needs, and 2 where the config is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"
)

// The exit statuses.
const (
	works   = 0
	lacking = 1
	wrong   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the command line's.
type options struct {
	configs      []string
	json, verify bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("apigateway-preflight", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "apigateway-preflight tries what the awsapigateway receiver of a collector's config would do, and collects nothing;")
		fmt.Fprintln(stderr, "the exit status is 0 where it can work, 1 where a signal lacks something, 2 where the config is wrong.")
		flags.PrintDefaults()
	}
	flags.Func("config", "the collector's config: a file, or a URI of the schemes file, env and yaml (repeatable)", func(s string) error {
		o.configs = append(o.configs, s)
		return nil
	})
	flags.BoolVar(&o.json, "json", false, "write JSON")
	flags.BoolVar(&o.verify, "verify", false, "also check what AWS's pages leave open, by reading what the config asks for: the lines of execution logs only with\n"+
		"logs::execution::enabled, where a stage writes them; each question and its cost are said before it is asked")
	err := flags.Parse(args)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case len(o.configs) == 0:
		err = errors.New("--config is missing: the collector's config")
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stderr, "apigateway-preflight:", err)
	}
	return o, err
}

// run does it all and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return works
	}
	if err != nil {
		return wrong
	}
	instances, err := load(ctx, o.configs, func(text string) { fmt.Fprintln(stderr, "apigateway-preflight:", text) })
	if err != nil {
		for _, e := range flat(err) {
			fmt.Fprintln(stderr, "apigateway-preflight:", e)
		}
		return wrong
	}
	var announce func(string)
	if o.verify {
		announce = func(text string) { fmt.Fprintln(stderr, "verify:", text) }
	}
	status := works
	reports := map[string]any{}
	for i, in := range instances {
		report, err := awsapigatewayreceiver.Preflight(ctx, in.config, in.signals, announce)
		if err != nil {
			fmt.Fprintf(stderr, "apigateway-preflight: receivers::%s: %v\n", in.id, err)
			if ctx.Err() != nil {
				return lacking // it was interrupted: nothing is known to work
			}
			return wrong
		}
		if !report.Works {
			status = lacking
		}
		reports[in.id] = report
		if o.json {
			continue
		}
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if err := report.Write(stdout, in.id); err != nil {
			fmt.Fprintln(stderr, "apigateway-preflight: cannot write the report:", err)
			return wrong
		}
	}
	if o.json {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]any{"receivers": reports}); err != nil {
			fmt.Fprintln(stderr, "apigateway-preflight: cannot write the report:", err)
			return wrong
		}
	}
	return status
}
