package main

import (
	"bytes"
	"encoding/json"
	"io"
	"sync/atomic"
)

const (
	// forecastLine is in the line that the receiver logs once it has read its targets for the first time.
	forecastLine = "Collecting from API Gateway"
	// forecastBytes is how long a line of the log may be to be looked at.
	forecastBytes = 16 << 10
)

// monthlyCost is what the receiver estimates that its reading costs in a month, by both readings of the five-statistics rule.
type monthlyCost struct {
	Low  float64 `json:"usd_per_month_low"`
	High float64 `json:"usd_per_month_high"`
}

// forecast passes on what the collector logs, and keeps what the receiver says of its cost in a month.
type forecast struct {
	out  io.Writer
	line []byte // the beginning of one that is not whole yet
	cost atomic.Pointer[monthlyCost]
}

func (f *forecast) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		f.line = append(f.line, line[:min(len(line), forecastBytes-len(f.line))]...)
		if whole {
			f.read(f.line)
			f.line = f.line[:0]
		}
		rest = after
	}
	return f.out.Write(p)
}

// read takes in a line of the log: its fields are JSON at its end.
func (f *forecast) read(line []byte) {
	at := bytes.IndexByte(line, '{')
	if at < 0 || !bytes.Contains(line[:at], []byte(forecastLine)) {
		return
	}
	var cost monthlyCost
	if err := json.Unmarshal(line[at:], &cost); err == nil && cost.High > 0 {
		f.cost.Store(&cost)
	}
}
