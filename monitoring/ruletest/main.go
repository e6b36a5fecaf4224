// Command ruletest evaluates the generated rules and dashboards with Prometheus's own engine, for tests. It is a module of its own, so that nothing
// else depends on Prometheus.
//
//	ruletest selectors FILE...                                 what rules and dashboards select: metrics, labels and their values
//	ruletest replay -recording FILE -from T -to T RULES...       which alerts fire when, minute by minute, by what had arrived by then
//	ruletest query -recording FILE -at T -set NAME=VALUE DASHBOARD...   how many series each query of a dashboard returns
//
// Times are milliseconds since the epoch. It prints JSON.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("ruletest: want selectors, replay or query")
	}
	out, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		log.Fatalf("ruletest: %v", err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatalf("ruletest: %v", err)
	}
}

func run(command string, args []string) (any, error) {
	var file string
	var from, to, at int64
	variables := map[string]string{}
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.StringVar(&file, "recording", "", "requests of remote write and scraped pages, one JSON object a line")
	flags.Int64Var(&from, "from", 0, "first evaluation")
	flags.Int64Var(&to, "to", 0, "last evaluation")
	flags.Int64Var(&at, "at", 0, "when to query")
	flags.Func("set", "a dashboard's variable", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want NAME=VALUE")
		}
		variables[name] = value
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if command == "selectors" {
		return selectors(flags.Args())
	}
	samples, err := readRecording(file)
	if err != nil {
		return nil, err
	}
	switch command {
	case "replay":
		return replay(samples, time.UnixMilli(from), time.UnixMilli(to), flags.Args())
	case "query":
		return query(samples, time.UnixMilli(at), variables, flags.Args())
	default:
		return nil, fmt.Errorf("unknown command %q", command)
	}
}
