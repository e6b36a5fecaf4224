package traces

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

// maxPages bounds a scan. The size of a page is not published.
const maxPages = 100_000

// scan reads the list of a window's traces, and chooses what to retrieve. After an error it goes on with the page that failed.
func (r *Reader) scan(ctx context.Context, w *window) error {
	now := w.now
	if now.token == "" {
		now.selection = newSelection(r.Inventory.Current()) // a token belongs to its expression
	}
	for now.expression != "" {
		page, err := r.Client.TraceSummaries(ctx, w.Window, now.expression, now.token)
		if aws.TraceTokenInvalid(err) && now.token != "" {
			r.anew(w) // tokens don't live for ever
		}
		if err != nil {
			return err
		}
		r.achieved = true
		r.Recorder.Scanned(ctx, page.Scanned)
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
			r.anew(w)
			return fmt.Errorf("the list of traces of %d seconds does not end", w.End-w.Start)
		}
		now.token = page.Token
	}
	now.pending = append(distinct(now.pending), now.list.choose()...)
	now.list.list, now.scanned = nil, true
	return nil
}

// anew gives up what was read of a scan.
func (r *Reader) anew(w *window) {
	*w.now, r.achieved = *r.begin(w, r.Client.Now()), false
}

// beyond says that a trace began when the window ended: whether AWS counts the end of a time frame in is not documented. The first four bytes of an id
// are the second that the trace began in, where X-Ray made it.
func beyond(id pcommon.TraceID, end int64) bool { return int64(binary.BigEndian.Uint32(id[:4])) == end }
