package main

import (
	"errors"
	"fmt"
)

// outputs are what the collector has written so far.
type outputs struct {
	metrics *output
	logs    *logOutput
	traces  *traceOutput
}

func newOutputs() *outputs { return &outputs{newOutput(), newLogOutput(), newTraceOutput()} }

// read takes in what was added. It returns the changes that this tells of.
func (o *outputs) read() ([]*change, error) {
	if err := o.metrics.read(demoOutput); err != nil {
		return nil, err
	}
	if err := o.traces.read(demoTraces); err != nil {
		return nil, err
	}
	return o.logs.read(demoLogs)
}

// delivered says what came out. It is an error that there are no metrics, no entities, no access logs, or no traces.
func (o *outputs) delivered() error {
	got, logs, traces := o.metrics, o.logs, o.traces
	var errs []error
	if got.requestPoints == 0 {
		errs = append(errs, fmt.Errorf("no data came out: %s has no points of %s", demoOutput, requests))
	}
	for _, kind := range []string{"api", "stage", "route"} {
		if logs.inventory.count(kind) == 0 {
			errs = append(errs, fmt.Errorf("no inventory came out: %s has no entity of type %s%s", demoLogs, prefix, kind))
		}
	}
	if logs.requests.total.requests == 0 {
		errs = append(errs, fmt.Errorf("no access logs came out: %s has no record of %saccess", demoLogs, prefix))
	}
	if traces.beyond == 0 {
		errs = append(errs, fmt.Errorf("no traces of X-Ray came out: %s has none that goes on behind API Gateway", demoTraces))
	}
	if traces.logged == 0 {
		errs = append(errs, fmt.Errorf("no spans of access logs came out: %s has none", demoTraces))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	fmt.Printf("%d points of %d stages came out, %d of them of %s; %d entities; %d changes; %d access records of %d stages; %d lines of execution logs; "+
		"%d spans of %d traces, %d of which go on behind API Gateway and %d come from access logs\n",
		got.points, len(got.each()), got.requestPoints, requests, logs.inventory.count(""), logs.inventory.changes,
		logs.requests.total.requests, len(logs.requests.stages), logs.requests.total.lines, traces.spans, traces.seen, traces.beyond, traces.logged)
	return nil
}
