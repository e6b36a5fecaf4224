package traces

import (
	"context"
	"fmt"
	"slices"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

// Sample is what one scan of a window found.
type Sample struct {
	// Traced says that there are APIs that X-Ray may trace. Without them nothing is scanned.
	Traced bool
	// Seconds is the length of the window.
	Seconds int64
	// Scanned are the traces that AWS looked at, Wanted those of APIs that are collected, Retrieved those of them that the cap leaves.
	Scanned, Wanted, Retrieved int64
	// Again are those that would be retrieved once more, by what Look saw.
	Again int64
	Calls int

	first  int64    // would be retrieved by the first reading
	chosen []string // ids of some of these
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
	list := shortlist{n: config.cap(w)}
	list.late = list.n / lateShare
	token := ""
	for range maxSamplePages {
		page, err := read(ctx, w, sel.expression, token)
		if err != nil {
			return s, err
		}
		s.Calls++
		s.Scanned += page.Scanned
		for i := range page.Summaries {
			if id, ok := segment.TraceID(page.Summaries[i].ID); ok && sel.wants(&page.Summaries[i]) {
				s.Wanted++
				list.add(newCandidate(id, &page.Summaries[i]))
			}
		}
		if page.Token == "" {
			s.Retrieved = min(s.Wanted, int64(list.n))
			s.choose(list.choose())
			return s, nil
		}
		token = page.Token
	}
	return s, fmt.Errorf("the list of traces of %d seconds does not end", s.Seconds)
}

// maxLooked bounds the traces that are retrieved for a sample.
const maxLooked = 300

// choose notes what the first reading would retrieve, and some of it to look at, of all ranks.
func (s *Sample) choose(first []candidate) {
	s.first = int64(len(first))
	step := (len(first) + maxLooked - 1) / maxLooked
	for i := 0; i < len(first); i += step {
		s.chosen = append(s.chosen, xrayID(first[i].id))
	}
}

// Look retrieves some of the traces that a reader would retrieve, which costs them, and sees which would be retrieved once more since services in them
// may still send segments of their own. fetch is *aws.Client's Traces. Without any trace it does nothing.
func (s *Sample) Look(ctx context.Context, fetch func(context.Context, []string) ([]model.Trace, []string, error)) error {
	looked, again := int64(0), int64(0)
	for ids := range slices.Chunk(s.chosen, aws.MaxTraceIDs) {
		found, _, err := fetch(ctx, ids)
		if err != nil {
			return err
		}
		for i := range found {
			looked++
			if tentative(&found[i]) {
				again++
			}
		}
	}
	if looked > 0 {
		s.Again = s.first * again / looked
	}
	return nil
}

// Empty says that there is no trace to look at.
func (s *Sample) Empty() bool { return len(s.chosen) == 0 }

// tentative says whether a document of a trace would be held back until the last reading.
func tentative(t *model.Trace) bool {
	return slices.ContainsFunc(t.Documents, func(d model.TraceDocument) bool {
		decoded, err := segment.Decode(d.Text)
		return err == nil && decoded.Tentative()
	})
}

// Cost is the sample in a month: USD of scans and of retrievals, and calls of GetTraceSummaries an hour.
func (s *Sample) Cost() (scans, retrievals, callsPerHour float64) {
	if !s.Traced {
		return 0, 0, 0
	}
	scans, _ = (&tally{seconds: s.Seconds, scanned: s.Scanned}).estimate()
	retrievals, _ = (&tally{seconds: s.Seconds, retrieved: s.Retrieved + s.Again}).estimate()
	_, callsPerHour = (&tally{seconds: s.Seconds, called: 2 * int64(s.Calls)}).estimate()
	return scans, retrievals, callsPerHour
}
