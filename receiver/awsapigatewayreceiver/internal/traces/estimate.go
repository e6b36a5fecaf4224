package traces

import (
	"context"
	"fmt"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Sample is what one scan of a window found.
type Sample struct {
	// Traced says that there are APIs that X-Ray may trace. Without them nothing is scanned.
	Traced bool
	// Seconds is the length of the window.
	Seconds int64
	// Scanned are the traces that AWS looked at, Wanted those of APIs that are collected, Retrieved those of them that the cap leaves.
	Scanned, Wanted, Retrieved int64
	Calls                      int
}

// Summaries reads one page of the traces that began in a window. *aws.Client has it as TraceSummaries.
type Summaries func(ctx context.Context, w model.Window, filter, token string) (model.TracePage, error)

// maxSamplePages bounds a sample.
const maxSamplePages = 1000

// TakeSample scans a window as a reader does. It costs the traces that are scanned. Where nothing is traced it scans one second all the same, with the
// expression for any stage, since whether it may is to be known before there is something.
func TakeSample(ctx context.Context, read Summaries, config *Config, snapshot *inventory.Snapshot, w model.Window) (Sample, error) {
	sel := newSelection(snapshot)
	s := Sample{Traced: sel.expression != ""}
	if !s.Traced {
		sel.expression, w.Start = stageFilter, w.End-1
	}
	s.Seconds = w.End - w.Start
	token := ""
	for range maxSamplePages {
		page, err := read(ctx, w, sel.expression, token)
		if err != nil {
			return s, err
		}
		s.Calls++
		s.Scanned += page.Scanned
		for i := range page.Summaries {
			if sel.wants(&page.Summaries[i]) {
				s.Wanted++
			}
		}
		s.Retrieved = min(s.Wanted, int64(config.cap(w)))
		if page.Token == "" {
			return s, nil
		}
		token = page.Token
	}
	return s, fmt.Errorf("the list of traces of %d seconds does not end", s.Seconds)
}

// Cost is the sample in a month: USD of scans and of retrievals, and calls of GetTraceSummaries an hour.
func (s *Sample) Cost() (scans, retrievals, callsPerHour float64) {
	if !s.Traced {
		return 0, 0, 0
	}
	scans, _ = (&tally{seconds: s.Seconds, scanned: s.Scanned}).estimate()
	retrievals, _ = (&tally{seconds: s.Seconds, retrieved: s.Retrieved}).estimate()
	_, callsPerHour = (&tally{seconds: s.Seconds, called: 2 * int64(s.Calls)}).estimate()
	return scans, retrievals, callsPerHour
}
