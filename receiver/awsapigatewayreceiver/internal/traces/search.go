package traces

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

const (
	// askInterval is how often it is asked where segments go, askAgain how soon where traces are missing.
	askInterval = time.Hour
	askAgain    = time.Minute
	// Waits for a retrieval, which AWS makes on its own time.
	minRetrievalWait = 500 * time.Millisecond
	maxRetrieval     = 5 * time.Minute
	// maxRetrievalPages and maxRetrievedBytes bound what one retrieval brings: a hundred traces of 500 KB, X-Ray's most, are 50 MB.
	maxRetrievalPages = 10_000
	maxRetrievedBytes = 64 << 20
)

// search is where an account's traces are: in X-Ray, or with Transaction Search in CloudWatch Logs, where BatchGetTraces finds none.
type search struct {
	asked time.Time
	known bool
	on    bool
	// off says that Transaction Search can't be used, since an operation of it is denied or unknown.
	off bool
}

// moved says whether segments go elsewhere by now, which makes those missing that are there.
func (r *Reader) moved(ctx context.Context) (bool, error) {
	before := r.search.on
	err := r.findOut(ctx, askAgain)
	return r.search.on != before, err
}

// findOut asks where segments go, unless that was asked within an interval.
func (r *Reader) findOut(ctx context.Context, interval time.Duration) error {
	now := r.Client.Now()
	if r.search.off || r.search.known && now.Sub(r.search.asked) < interval {
		return nil
	}
	on, err := r.Client.TransactionSearch(ctx)
	switch {
	case unusable(err):
		r.turnOff("GetTraceSegmentDestination", err)
		return nil
	case err != nil && r.search.known:
		return nil // it is asked again with the next window
	case err != nil:
		return err
	}
	if !r.search.known || r.search.on != on {
		from := "X-Ray"
		if on {
			from = "CloudWatch Logs, as Transaction Search is on: only those that X-Ray indexes can be found"
		}
		r.Logger.Info("Traces are retrieved from "+from, zap.Bool("transaction_search", on))
	}
	r.search = search{asked: now, known: true, on: on}
	return nil
}

// turnOff gives Transaction Search up.
func (r *Reader) turnOff(operation string, err error) {
	r.search = search{known: true, off: true}
	r.Logger.Warn("Transaction Search can't be used; traces are retrieved from X-Ray's own store", zap.String("operation", operation), zap.Error(err))
}

// unusable says that a region does not know an operation, or that the caller may not use it.
func unusable(err error) bool {
	switch aws.ClassOf(err) {
	case aws.Denied, aws.ExplicitDeny, aws.Boundary:
		return true
	}
	return aws.UnknownOperation(err)
}

// source is what retrieves traces, and how many at once.
func (r *Reader) source(w *window) (fetch func(context.Context, []string) ([]model.Trace, []string, error), size int) {
	if r.search.on {
		return func(ctx context.Context, ids []string) ([]model.Trace, []string, error) {
			return r.fromLogs(ctx, w.Window, ids)
		}, aws.MaxRetrievalIDs
	}
	return r.Client.Traces, aws.MaxTraceIDs
}

// errSearchOff ends a round whose source can't be used.
var errSearchOff = errors.New("transaction search can't be used")

// fromLogs retrieves traces that are in CloudWatch Logs.
func (r *Reader) fromLogs(ctx context.Context, w model.Window, ids []string) (traces []model.Trace, unprocessed []string, err error) {
	w.End = max(w.End, r.Client.Now().Unix()) // a trace may last
	retrieval, err := r.Client.StartRetrieval(ctx, ids, w)
	if err == nil {
		traces, err = r.await(ctx, retrieval)
	}
	if unusable(err) {
		return nil, nil, fmt.Errorf("%w: %w", errSearchOff, err)
	}
	if errors.Is(err, errRetrieval) {
		return nil, ids, nil
	}
	return traces, nil, err
}

var errRetrieval = errors.New("the retrieval came to nothing")

// await waits for a retrieval to be complete, and then reads all of it.
func (r *Reader) await(ctx context.Context, retrieval string) ([]model.Trace, error) {
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
		if err := r.Clock.Sleep(ctx, minRetrievalWait); err != nil {
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
