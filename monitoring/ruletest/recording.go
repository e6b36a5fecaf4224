package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/prompb"
)

// sample is one value of a series. Times are milliseconds since the epoch; arrived is when it came to Prometheus.
type sample struct {
	arrived, at int64
	labels      labels.Labels
	value       float64
}

// recorded is one line of a recording: a request of remote write, or a page that was scraped. A page's samples have the time of the scrape.
type recorded struct {
	Arrived int64  `json:"arrived"`
	Write   []byte `json:"write"` // protocol 1.0, as it was sent
	Page    string `json:"page"`  // of the text format
}

// maxLine bounds a line of a recording.
const maxLine = 64 << 20

// readRecording reads samples in the order of their arrival.
func readRecording(name string) ([]sample, error) {
	f, err := os.Open(name) //nolint:gosec // it reads the file that it is told to
	if err != nil {
		return nil, err
	}
	out, err := decodeRecording(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("cannot read the recording %s: %w", name, err)
	}
	slices.SortStableFunc(out, func(a, b sample) int { return cmp.Compare(a.arrived, b.arrived) })
	return out, nil
}

func decodeRecording(r io.Reader) ([]sample, error) {
	var out []sample
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var line recorded
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		written, err := decodeWrite(line.Write, line.Arrived)
		if err != nil {
			return nil, err
		}
		scraped, err := decodePage(line.Page, line.Arrived)
		if err != nil {
			return nil, err
		}
		out = append(append(out, written...), scraped...)
	}
	return out, lines.Err()
}

func decodeWrite(body []byte, arrived int64) ([]sample, error) {
	if len(body) == 0 {
		return nil, nil
	}
	raw, err := snappy.Decode(nil, body)
	if err != nil {
		return nil, err
	}
	var request prompb.WriteRequest
	if err := request.Unmarshal(raw); err != nil {
		return nil, err
	}
	var out []sample
	builder := labels.NewScratchBuilder(0)
	for i := range request.Timeseries {
		series := &request.Timeseries[i]
		l := series.ToLabels(&builder, nil)
		for _, s := range series.Samples {
			out = append(out, sample{arrived, s.Timestamp, l, s.Value})
		}
	}
	return out, nil
}

func decodePage(page string, arrived int64) ([]sample, error) {
	var out []sample
	p := textparse.NewPromParser([]byte(page), labels.NewSymbolTable(), false)
	for page != "" {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var l labels.Labels
		p.Labels(&l)
		_, at, value := p.Series()
		if at == nil {
			at = &arrived
		}
		out = append(out, sample{arrived, *at, l, value})
	}
	return out, nil
}
