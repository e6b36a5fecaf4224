package traces

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

const (
	// askInterval is how often it is asked where segments go, askAgain how soon where traces are missing.
	askInterval = time.Hour
	askAgain    = time.Minute
	// Waits for a retrieval, which AWS makes on its own time.
	minRetrievalWait = 500 * time.Millisecond
	maxRetrievalWait = 4 * time.Second
	maxRetrieval     = 5 * time.Minute
	// retrievers is how many retrievals are under way at once: what one brings is in memory until it is complete. Where that has more bytes than
	// maxRetrievedBytes, fewer traces are asked for at once. X-Ray keeps 500 KB of a trace at most.
	retrievers        = 2
	maxRetrievalPages = 1_000
	maxRetrievedBytes = 16 << 20
)

// search is where an account's traces are: in X-Ray, or with Transaction Search in CloudWatch Logs, where BatchGetTraces finds none.
type search struct {
	asked time.Time
	known bool
	on    bool
	// refused says that it is on and can't be used: then it is not asked sooner because traces are missing.
	refused bool
	// said is what the log has of it.
	said string
	// failures is how often it could not be asked, in a row.
	failures int
}

// maxAskFailures is after how many failures traces are retrieved from X-Ray although it is not known that they are there.
const maxAskFailures = 3

// findOut asks where segments go, unless that was asked within an interval.
func (r *Reader) findOut(ctx context.Context, interval time.Duration) error {
	s, now := &r.search, r.Client.Now()
	if s.refused {
		interval = askInterval
	}
	if s.known && now.Sub(s.asked) < interval {
		return nil
	}
	on, err := r.Client.TransactionSearch(ctx)
	if s.failures++; err == nil || unusable(err) {
		s.failures = 0
	}
	if unusable(err) {
		r.turnOff("GetTraceSegmentDestination", err)
		return nil
	}
	if err != nil {
		if s.known || s.failures >= maxAskFailures && spoiled(err) {
			s.known, s.asked, err = true, now.Add(askAgain-askInterval), nil // as it was, and soon again
		}
		return err
	}
	s.asked, s.known, s.on, s.refused = now, true, on, false
	if !on {
		r.retrievesFrom("X-Ray")
	}
	return nil
}

// retrievesFrom says where traces come from, when that changes.
func (r *Reader) retrievesFrom(source string) {
	if r.search.said != source {
		r.search.said = source
		r.Logger.Info("Traces are retrieved from "+source, zap.Bool("transaction_search", r.search.on))
	}
}

// fromSearch is where traces come from with Transaction Search.
const fromSearch = "CloudWatch Logs, as Transaction Search is on: only those that X-Ray indexes can be found"

// turnOff does without Transaction Search, until it is asked for again.
func (r *Reader) turnOff(operation string, err error) {
	r.search.asked, r.search.known, r.search.on, r.search.refused = r.Client.Now(), true, false, true
	r.once(operation, func() {
		r.Logger.Warn("Transaction Search can't be used; traces are retrieved from X-Ray's own store", zap.String("operation", operation), zap.Error(err))
	})
}

// unusable says that a region does not know an operation, or that the caller may not use it.
func unusable(err error) bool {
	switch aws.ClassOf(err) {
	case aws.Denied, aws.ExplicitDeny, aws.Boundary:
		return true
	}
	return aws.UnknownOperation(err)
}

// source is what retrieves traces, how many at once, and in how many calls at once.
func (r *Reader) source(w *window) (fetch func(context.Context, []string) ([]model.Trace, []string, error), size, calls int) {
	if r.search.on {
		return func(ctx context.Context, ids []string) ([]model.Trace, []string, error) {
			return r.fromLogs(ctx, w.Window, ids)
		}, aws.MaxRetrievalIDs, retrievers
	}
	return r.Client.Traces, aws.MaxTraceIDs, workers
}

// errSearchOff ends a round whose source can't be used.
var errSearchOff = errors.New("transaction search can't be used")

// fromLogs retrieves traces that are in CloudWatch Logs.
func (r *Reader) fromLogs(ctx context.Context, w model.Window, ids []string) (traces []model.Trace, unprocessed []string, err error) {
	w.End = max(w.End, min(r.Client.Now().Unix(), w.End+int64(maxSettle/time.Second))) // a trace may last
	retrieval, err := r.Client.StartRetrieval(ctx, ids, w)
	if err == nil {
		traces, err = r.await(ctx, retrieval)
	}
	if unusable(err) {
		return nil, nil, fmt.Errorf("%w: %w", errSearchOff, err)
	}
	return traces, nil, err
}

var errRetrieval = errors.New("the retrieval came to nothing")

// await waits for a retrieval to be complete, and then reads all of it.
func (r *Reader) await(ctx context.Context, retrieval string) ([]model.Trace, error) {
	wait := poll.Backoff{Min: 2 * minRetrievalWait, Max: maxRetrievalWait} // each has jitter of a half
	for began := r.Clock.Now(); ; {
		page, err := r.Client.Retrieved(ctx, retrieval, "")
		switch {
		case err != nil:
			return nil, err
		case page.Done:
			return r.rest(ctx, retrieval, page)
		case page.Failed, r.Clock.Now().Sub(began) > maxRetrieval:
			r.once("retrieval", func() {
				r.Logger.Warn("A retrieval of traces failed; it is made again, and further ones are without a word", zap.String("status", page.Status))
			})
			return nil, errRetrieval
		}
		if err := r.Clock.Sleep(ctx, wait.Next()); err != nil {
			return nil, err
		}
	}
}

// rest reads the pages after the first one.
func (r *Reader) rest(ctx context.Context, retrieval string, page model.Retrieval) ([]model.Trace, error) {
	byID := map[string]int{}
	var traces []model.Trace
	bytes := 0
	for range maxRetrievalPages {
		for _, t := range page.Traces {
			for _, d := range t.Documents {
				bytes += len(d.Text)
			}
			// A trace may go on on the next page.
			if i, ok := byID[t.ID]; ok {
				traces[i].Documents = append(traces[i].Documents, t.Documents...)
				continue
			}
			byID[t.ID] = len(traces)
			traces = append(traces, t)
		}
		if page.Token == "" {
			return traces, nil
		}
		token := page.Token
		var err error
		if page, err = r.Client.Retrieved(ctx, retrieval, token); err != nil {
			return nil, err
		}
		if page.Token == token || page.Failed || bytes > maxRetrievedBytes {
			break
		}
	}
	return nil, errRetrieval
}
