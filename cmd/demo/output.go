package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Metrics and attributes that the table shows.
const (
	requests = "aws.api_gateway.requests"
	messages = "aws.api_gateway.websocket.messages"
	failures = "aws.api_gateway.errors"
	duration = "aws.api_gateway.request.duration"

	accountName = "aws.account.name"
	region      = "cloud.region"
	apiName     = "aws.api_gateway.api_name"
	apiType     = "aws.api_gateway.api_type"
	stageName   = "aws.api_gateway.stage"
)

// output is what the file exporter has written so far.
type output struct {
	points, requestPoints int
	stages                map[string]*stage
}

// stage sums up what came out of one resource.
type stage struct {
	account, region, api, kind, name string
	requests, errors                 int64
	seconds                          float64
	timed                            uint64
}

// request is a line of the file: OTLP in JSON, as far as the table needs it.
type request struct {
	ResourceMetrics []struct {
		Resource struct {
			Attributes []struct {
				Key   string
				Value struct{ StringValue string }
			}
		}
		ScopeMetrics []struct {
			Metrics []struct {
				Name                  string
				Sum, Histogram, Gauge struct{ DataPoints []point }
			}
		}
	}
}

type point struct {
	AsInt int64   `json:",string"`
	Count uint64  `json:",string"`
	Sum   float64 `json:"sum"`
}

// readOutput sums up the file; one that is not there yet is empty.
func readOutput(path string) (*output, error) {
	o, offset := &output{stages: map[string]*stage{}}, int64(0)
	if err := readLines(path, &offset, o.add); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *output) add(line []byte) error {
	var data request
	if err := json.Unmarshal(line, &data); err != nil {
		return err
	}
	for i := range data.ResourceMetrics {
		resource := &data.ResourceMetrics[i]
		attributes := map[string]string{}
		for _, a := range resource.Resource.Attributes {
			attributes[a.Key] = a.Value.StringValue
		}
		s := &stage{} // of the account or an API, which the table does not show
		if attributes[stageName] != "" {
			s = o.stage(attributes)
		}
		for _, scope := range resource.ScopeMetrics {
			for _, metric := range scope.Metrics {
				points := slices.Concat(metric.Sum.DataPoints, metric.Histogram.DataPoints, metric.Gauge.DataPoints)
				o.points += len(points)
				if metric.Name == requests {
					o.requestPoints += len(points)
				}
				for _, p := range points {
					s.add(metric.Name, p)
				}
			}
		}
	}
	return nil
}

func (o *output) stage(attributes map[string]string) *stage {
	key := strings.Join([]string{attributes[accountName], attributes[region], attributes["service.instance.id"]}, "/")
	s, ok := o.stages[key]
	if !ok {
		s = &stage{account: attributes[accountName], region: attributes[region], api: attributes[apiName], kind: attributes[apiType], name: attributes[stageName]}
		o.stages[key] = s
	}
	return s
}

func (s *stage) add(metric string, p point) {
	switch metric {
	case requests, messages:
		s.requests += p.AsInt
	case failures:
		s.errors += p.AsInt
	case duration:
		s.seconds += p.Sum
		s.timed += p.Count
	}
}

// table shows the busiest stages.
func (o *output) table(rows int) string {
	stages := make([]*stage, 0, len(o.stages))
	for _, s := range o.stages {
		stages = append(stages, s)
	}
	slices.SortFunc(stages, func(a, b *stage) int {
		return cmp.Or(cmp.Compare(b.requests, a.requests), cmp.Compare(a.api, b.api), cmp.Compare(a.name, b.name), cmp.Compare(a.region, b.region))
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  account\tregion\tAPI\ttype\tstage\trequests\terrors\tmean duration")
	for _, s := range stages[:min(rows, len(stages))] {
		mean := "-"
		if s.timed > 0 {
			mean = fmt.Sprintf("%.0f ms", 1000*s.seconds/float64(s.timed))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", s.account, s.region, s.api, s.kind, s.name, s.requests, s.errors, mean)
	}
	_ = w.Flush() // to memory
	if more := len(stages) - rows; more > 0 {
		fmt.Fprintf(&b, "  … and %d stages more\n", more)
	}
	return b.String()
}
