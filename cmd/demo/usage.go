package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Internal metrics of the receiver, as the collector's page of them has them.
const (
	own              = "otelcol_receiver_awsapigateway_"
	awsCalls         = own + "aws_calls"
	awsThrottles     = own + "aws_throttles"
	billedMetricsLow = own + "billed_metrics_low"
	billedMetrics    = own + "billed_metrics_high"
	estimatedCost    = own + "estimated_cost"
	scannedTraces    = own + "scanned_traces"
	retrievedTraces  = own + "retrieved_traces"
)

const (
	// askWithin and answerBytes bound what the collector's internal metrics may take.
	askWithin   = time.Second
	answerBytes = 4 << 20
	// rateOver is the time over which calls are counted, asksKept how many answers that takes.
	rateOver = time.Minute
	asksKept = int(rateOver/showEvery) + 1
	// operationsKept is how many operations are told apart. The receiver calls less than that.
	operationsKept = 100
)

// usage is what the receiver has asked of AWS so far.
type usage struct {
	at         time.Time
	operations map[string]*operation
	throttled  float64

	billedLow, billedHigh float64 // metrics
	scanned, retrieved    float64 // traces
	usdLow, usdHigh       float64
}

type operation struct{ calls, failed float64 }

// askUsage reads the collector's internal metrics.
func askUsage(ctx context.Context, client *http.Client, url string) (*usage, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("cannot read %s: %s", url, response.Status)
	}
	return readUsage(io.LimitReader(response.Body, answerBytes))
}

// sample is a line of Prometheus's text format: name, labels, value. Names of operations and outcomes have no quotes.
var sample = regexp.MustCompile(`^(\w+)(?:\{(.*)\})? (\S+)`)

// readUsage takes in Prometheus's text format.
func readUsage(r io.Reader) (*usage, error) {
	u := &usage{at: time.Now(), operations: map[string]*operation{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		found := sample.FindStringSubmatch(lines.Text())
		if found == nil {
			continue
		}
		name, labels := strings.TrimSuffix(found[1], "_total"), found[2]
		value, err := strconv.ParseFloat(found[3], 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) || !strings.HasPrefix(name, own) {
			continue
		}
		u.add(name, labels, value)
	}
	return u, lines.Err()
}

func (u *usage) add(name, labels string, value float64) {
	switch name {
	case awsCalls:
		called := label(labels, "operation")
		o := u.operations[called]
		if o == nil {
			if len(u.operations) == operationsKept {
				return
			}
			o = &operation{}
			u.operations[called] = o
		}
		o.calls += value
		if label(labels, "outcome") != "ok" {
			o.failed += value
		}
	case awsThrottles:
		u.throttled += value
	case billedMetricsLow:
		u.billedLow += value
	case billedMetrics:
		u.billedHigh += value
	case scannedTraces:
		u.scanned += value
	case retrievedTraces:
		u.retrieved += value
	case estimatedCost:
		if label(labels, "reading") == "low" {
			u.usdLow += value
		} else {
			u.usdHigh += value
		}
	}
}

// label is the value of a label, "" where there is none.
func label(labels, name string) string {
	_, after, found := strings.Cut(","+labels, ","+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(after, `"`)
	return value
}
