package traces

import (
	"encoding/hex"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// window is a slice of time. The traces that began in it are read twice: soon after its end, and when they have settled.
type window struct {
	model.Window
	// traces are those that were read, by id.
	traces map[pcommon.TraceID]*memo
	// read says that the first reading is over.
	read bool
	// now is the reading that is under way, nil between readings.
	now *reading
	// chunks is how many values with memos are stored.
	chunks int
	// mixed is in how many rounds of retrievals some succeeded and others failed. That may be so once because AWS began to fail just then, not twice.
	mixed int
}

// memo is what is remembered of a trace that was read.
type memo struct {
	revision int32
	// again says that it has to be read once more: segments were missing, in progress, or held back.
	again bool
	// segments are the hashes of the documents that were handed over.
	segments []uint64
}

// reading is one scan of a window, and the retrieval of what it found. What fails is tried again from where it failed, so that nothing is scanned more
// often than it must be.
type reading struct {
	selection
	// final says that nothing comes after it.
	final   bool
	scanned bool
	token   string
	pages   int
	found   int // traces that are wanted
	list    shortlist
	// pending are the traces that are to be retrieved.
	pending []candidate
	// began is when it began, by AWS's clock.
	began time.Time
	// on says that they are retrieved from CloudWatch Logs.
	on bool
	// missing are those that AWS listed and does not have.
	missing []candidate
	rounds  int // in a row without any progress
	// failed is why a retrieval did not succeed in the newest round, failures in how many rounds in a row one did not.
	failed   error
	failures int
	// restarts is how often the scan began anew.
	restarts int
}

func newWindow(w model.Window) *window {
	return &window{Window: w, traces: map[pcommon.TraceID]*memo{}}
}

// nextWindow is the one that begins at a time: up to the next multiple of the interval.
func nextWindow(start int64, interval time.Duration) model.Window {
	seconds := int64(interval / time.Second)
	return model.Window{Start: start, End: start - start%seconds + seconds}
}

// due is the window that is to be read at a time, and nil with how long it is until there is one.
func (r *Reader) due(now time.Time) (*window, time.Duration) {
	next := newWindow(nextWindow(r.next, r.Config.PollInterval))
	w, at := next, r.dueAt(next)
	for _, open := range r.windows {
		if t := r.dueAt(open); t.Before(at) {
			w, at = open, t
		}
	}
	if at.After(now) {
		return nil, at.Sub(now)
	}
	if w == next {
		r.windows = append(r.windows, w)
		r.next = w.End
	}
	return w, 0
}

// dueAt is when a window is to be read next.
func (r *Reader) dueAt(w *window) time.Time {
	if w.read {
		return time.Unix(w.End, 0).Add(r.Config.Settle)
	}
	return time.Unix(w.End, 0).Add(r.Config.Delay)
}

// begin begins a reading.
func (r *Reader) begin(w *window, now time.Time) *reading {
	final := w.read || !now.Before(time.Unix(w.End, 0).Add(r.Config.Settle))
	list := shortlist{n: max(r.Config.cap(w.Window)-len(w.traces), 0)}
	if !final {
		list.late = list.n / lateShare
	}
	return &reading{final: final, list: list, began: now}
}

// xrayID is a trace id as X-Ray writes it.
func xrayID(id pcommon.TraceID) string {
	var b [35]byte
	b[0], b[1], b[10] = '1', '-', '-'
	hex.Encode(b[2:10], id[:4])
	hex.Encode(b[11:], id[4:])
	return string(b[:])
}
