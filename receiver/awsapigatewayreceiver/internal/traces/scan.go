package traces

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

// errUnlisted leaves a window to later: there may be APIs with traces that no list has said yet.
var errUnlisted = errors.New("cannot choose traces: the REST APIs could not be listed yet")

// maxPages bounds a scan. The size of a page is not published.
const maxPages = 100_000

// scan reads the list of a window's traces, and chooses what to retrieve. After an error it goes on with the page that failed.
func (r *Reader) scan(ctx context.Context, w *window) error {
	now := w.now
	if now.token == "" {
		snapshot := r.Inventory.Current()
		now.selection = newSelection(snapshot) // a token belongs to its expression
		if now.expression == "" && !now.narrowed && !snapshot.ListedREST {
			return errUnlisted
		}
	}
	for now.expression != "" {
		page, err := r.Client.TraceSummaries(ctx, w.Window, now.expression, now.token)
		r.Recorder.Scanned(ctx, page.Scanned)
		if err != nil {
			if r.goesOn(w, err) {
				return err
			}
			r.cutShort(ctx, w, err)
			break
		}
		r.achieved = true
		r.count(func(t *tally) {
			t.called++
			if !w.read {
				t.scanned += page.Scanned
			}
		})
		for i := range page.Summaries {
			t := &page.Summaries[i]
			id, ok := segment.TraceID(t.ID)
			if !ok || beyond(id, w.End) || !now.wants(t) {
				continue
			}
			now.found++
			c := newCandidate(id, t)
			switch m := w.traces[id]; {
			case m == nil:
				now.list.add(c)
			case m.again || m.revision != c.revision:
				now.pending = append(now.pending, c)
			}
		}
		if page.Token == "" {
			break
		}
		if now.pages++; now.pages >= maxPages || page.Token == now.token {
			err := fmt.Errorf("the list of traces of %d seconds does not end", w.End-w.Start)
			if now.restarts < maxEndless {
				r.anew(w)
				return err
			}
			r.cutShort(ctx, w, err)
			break
		}
		now.token = page.Token
	}
	now.pending = append(distinct(now.pending), now.list.choose()...)
	now.list.list, now.scanned = nil, true
	return nil
}

// goesOn says whether a scan is tried again after an error. Tokens don't live for ever: where AWS refuses one, the scan begins anew. But a page that
// never comes, for whatever it is in it, must not end all reading: then the scan has to do with the pages before it.
func (r *Reader) goesOn(w *window, err error) bool {
	now := w.now
	switch class := aws.ClassOf(err); {
	case now.token == "", !spoiled(err):
		return true
	case class == aws.Invalid && now.restarts < maxRestarts:
		r.anew(w)
		return true
	case class == aws.Malformed && r.Client.Now().Sub(now.began) < patience, class == aws.Server && r.Client.Now().Sub(now.began) < outage:
		return true
	}
	return false
}

// cutShort has a scan do with the pages that it read. The last reading loses by that what may be listed after them.
func (r *Reader) cutShort(ctx context.Context, w *window, err error) {
	r.Logger.Warn("The list of a window's traces can't be read to its end; what it had until then is retrieved",
		zap.Time("from", time.Unix(w.Start, 0).UTC()), zap.Int("traces", w.now.found), zap.Error(err))
	if w.now.final {
		r.Recorder.LostSeconds(ctx, float64(w.End-w.Start))
	}
}

const (
	// maxRestarts is how often a scan begins anew since AWS refuses a page; maxEndless how often since its pages lead nowhere, over half an hour.
	maxRestarts = 5
	maxEndless  = 20
	// patience is how long AWS may fail before that is laid to what was asked for; outage how long it may where it says itself that it fails.
	patience = 30 * time.Minute
	outage   = 6 * time.Hour
)

// spoiled says that an error may be due to the very thing that was asked for, and not to a state that passes.
func spoiled(err error) bool {
	switch {
	case errors.Is(err, errSearchOff):
		return false
	case errors.Is(err, errRetrieval):
		return true
	}
	switch aws.ClassOf(err) {
	case aws.Invalid, aws.Malformed, aws.Server:
		return true
	}
	return false
}

// anew gives up what was read of a scan.
func (r *Reader) anew(w *window) {
	restarts := w.now.restarts
	*w.now, r.achieved = *r.begin(w, r.Client.Now()), false
	w.now.restarts = restarts + 1
}

// beyond says that a trace began when the window ended: whether AWS counts the end of a time frame in is not documented. The first four bytes of an id
// are the second that the trace began in, where X-Ray made it.
func beyond(id pcommon.TraceID, end int64) bool { return int64(binary.BigEndian.Uint32(id[:4])) == end }
