package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Metrics and attributes that the table shows.
const (
	requests = prefix + "requests"
	messages = prefix + "websocket.messages"
	failures = prefix + "errors"
	duration = prefix + "request.duration"

	accountName = "aws.account.name"
	region      = "cloud.region"
	apiName     = prefix + "api_name"
	apiType     = prefix + "api_type"
	stageName   = prefix + "stage"
	instanceID  = "service.instance.id"
)

// output is what the file exporter has written of metrics so far.
type output struct {
	offset                int64 // read up to here
	points, requestPoints int
	stages                map[string]*stage
}

// stage sums up what came out of one resource.
type stage struct {
	account, region, api, kind, name string
	instance                         string // service.instance.id
	together                         int    // the APIs of one name whose stages CloudWatch does not tell apart; 0 where it is none
	requests, errors                 int64
	seconds                          float64
	timed                            uint64

	minutes   minutes
	telemetry map[string]string // its state by its source
	deployed  time.Time
	alarms    map[string]bool // by name, whether they are in ALARM
}

// request is a line of the file: OTLP in JSON, as far as the table needs it.
type request struct {
	ResourceMetrics []struct {
		Resource     struct{ Attributes attributes }
		ScopeMetrics []struct {
			Metrics []struct {
				Name                  string
				Sum, Histogram, Gauge struct{ DataPoints []point }
			}
		}
	}
}

type point struct {
	TimeUnixNano int64   `json:",string"`
	AsInt        int64   `json:",string"`
	AsDouble     float64 `json:"asDouble"`
	Count        uint64  `json:",string"`
	Sum          float64 `json:"sum"`
	Attributes   attributes
}

func newOutput() *output { return &output{stages: map[string]*stage{}} }

// read takes in what was added to the file; one that is not there yet is empty.
func (o *output) read(path string) error { return readLines(path, &o.offset, o.add) }

func (o *output) add(line []byte) error {
	var data request
	if err := json.Unmarshal(line, &data); err != nil {
		return err
	}
	for i := range data.ResourceMetrics {
		resource := &data.ResourceMetrics[i]
		s := newStage(nil) // of the account or an API, which the table does not show
		if resource.Resource.Attributes.text(stageName) != "" {
			s = o.stage(resource.Resource.Attributes)
		}
		for _, scope := range resource.ScopeMetrics {
			for _, metric := range scope.Metrics {
				points := slices.Concat(metric.Sum.DataPoints, metric.Histogram.DataPoints, metric.Gauge.DataPoints)
				o.points += len(points)
				if metric.Name == requests {
					o.requestPoints += len(points)
				}
				for k := range points {
					s.add(metric.Name, &points[k])
				}
			}
		}
	}
	return nil
}

func (o *output) stage(resource attributes) *stage {
	s := newStage(resource)
	if known := o.stages[s.key()]; known != nil {
		return known
	}
	o.stages[s.key()] = s
	return s
}

func newStage(resource attributes) *stage {
	return &stage{
		account: resource.text(accountName), region: resource.text(region), api: resource.text(apiName), kind: resource.text(apiType),
		name: resource.text(stageName), instance: resource.text(instanceID),
		minutes: minutes{}, telemetry: map[string]string{}, alarms: map[string]bool{},
	}
}

// key tells stages apart.
func (s *stage) key() string { return strings.Join([]string{s.account, s.region, s.instance}, "/") }

func (s *stage) add(metric string, p *point) {
	switch metric {
	case requests, messages:
		s.requests += p.AsInt
	case failures:
		s.errors += p.AsInt
	case duration:
		s.seconds += p.Sum
		s.timed += p.Count
	}
	s.follow(metric, p)
}

// table shows the busiest stages.
func (o *output) table(rows int) string {
	stages := o.each()
	slices.SortFunc(stages, func(a, b *stage) int {
		return cmp.Or(cmp.Compare(b.requests, a.requests), cmp.Compare(a.api, b.api), cmp.Compare(a.name, b.name), cmp.Compare(a.region, b.region),
			cmp.Compare(a.instance, b.instance))
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  account\tregion\tAPI\ttype\tstage\trequests\terrors\tmean duration")
	for _, s := range stages[:min(rows, len(stages))] {
		mean := "-"
		if s.timed > 0 {
			mean = fmt.Sprintf("%.0f ms", 1000*s.seconds/float64(s.timed))
		}
		api := escaped(s.api)
		if s.together > 0 {
			api += fmt.Sprintf(" (%d APIs)", s.together)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", escaped(s.account), escaped(s.region), api, escaped(s.kind), escaped(s.name), s.requests, s.errors, mean)
	}
	_ = w.Flush() // to memory
	if more := len(stages) - rows; more > 0 {
		fmt.Fprintf(&b, "  … and %d stages more\n", more)
	}
	return b.String()
}
