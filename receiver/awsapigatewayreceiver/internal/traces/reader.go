// Package traces reads the traces that X-Ray has of API Gateway: window by window it lists them, retrieves their segments and hands them over as
// spans. Each window is scanned twice, since segments come late and AWS bills every scan.
package traces

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/segment"
)

// Waits after a failure.
const (
	minRetry = time.Second
	maxRetry = 2 * time.Minute
)

// Reader reads the traces of one target.
type Reader struct {
	Settings
	translator *segment.Translator
	routes     routes

	// windows are those that are not settled, next is where the first one begins that was never scanned, in Unix seconds.
	windows []*window
	next    int64
	began   time.Time
	current *window // that is being read
	search  search
	// achieved says that something was read since the last failure.
	achieved bool
	// unkept says that the position could not be kept, which was said.
	unkept bool

	mu     sync.Mutex
	said   map[string]bool
	status Status
	tally  tally
}

// New makes the reader of a target whose account is known.
func New(s Settings) *Reader {
	r := &Reader{Settings: s, said: map[string]bool{}}
	r.translator = segment.New(segment.Settings{
		Rules: s.Rules, Resources: s.Resources, Version: s.Version, Route: r.route,
		API: func(id string) (*model.API, bool) { return s.Inventory.Current().API(id) },
	})
	return r
}

// Run reads until ctx ends. report is told the outcome of each reading of a window.
func (r *Reader) Run(ctx context.Context, report func(error)) {
	started := r.Clock.Now()
	if _, err := r.Inventory.Wait(ctx); err != nil {
		return
	}
	wait := poll.Backoff{Min: minRetry, Max: maxRetry}
	if r.learnTime(ctx, &wait, report) != nil {
		return
	}
	r.began = r.Client.Now().Add(started.Sub(r.Clock.Now())) // by AWS's clock
	r.restore(ctx)
	wait.Reset()
	for {
		pause, err := r.step(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			r.succeeded()
		}
		report(err)
		if err == nil || r.achieved {
			wait.Reset()
		}
		if r.achieved = false; err != nil {
			pause = wait.Next()
		}
		if r.Clock.Sleep(ctx, pause) != nil {
			return
		}
	}
}

// learnTime asks until an answer has told AWS's time, which the position is held against: a denial does, too. An answer without one, which only others than
// AWS give, is no reason to wait.
func (r *Reader) learnTime(ctx context.Context, wait *poll.Backoff, report func(error)) error {
	for !r.Client.ClockKnown() {
		_, err := r.Client.TransactionSearch(ctx)
		if err == nil || r.Client.ClockKnown() {
			break
		}
		report(err)
		if err := r.Clock.Sleep(ctx, wait.Next()); err != nil {
			return err
		}
	}
	return nil
}

// step reads the window that is due, if one is, and says how long it is until one will be.
func (r *Reader) step(ctx context.Context) (time.Duration, error) {
	if r.current == nil {
		w, pause := r.due(r.Client.Now())
		if w == nil {
			return poll.Jitter(pause), nil
		}
		w.now = r.begin(w, r.Client.Now())
		r.current = w
	}
	if err := r.read(ctx, r.current); err != nil {
		return 0, err
	}
	r.current = nil
	return 0, nil
}

// read makes, or goes on with, one reading of a window.
func (r *Reader) read(ctx context.Context, w *window) error {
	if !w.now.scanned {
		if err := r.scan(ctx, w); err != nil {
			return err
		}
	}
	if err := r.retrieve(ctx, w); err != nil {
		return err
	}
	if !w.read {
		r.count(func(t *tally) { t.seconds += w.End - w.Start })
	}
	if w.now.final {
		r.Recorder.LeftOut(ctx, int64(max(0, w.now.found-len(w.traces))))
		r.windows = slices.DeleteFunc(r.windows, func(o *window) bool { return o == w })
		r.forget(ctx, w)
	} else {
		w.read = true
		r.save(ctx, nil)
	}
	w.now = nil
	r.progressed()
	return nil
}

// once does what is to be done once.
func (r *Reader) once(what string, do func()) {
	r.mu.Lock()
	said := r.said[what]
	r.said[what] = true
	r.mu.Unlock()
	if !said {
		do()
	}
}

func (r *Reader) count(change func(*tally)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.tally)
}

// progressed notes how far reading has come.
func (r *Reader) progressed() {
	readTo := r.next
	for _, w := range r.windows {
		if !w.read {
			readTo = min(readTo, w.Start)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.ReadTo = time.Unix(readTo, 0)
}

func (r *Reader) succeeded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.LastSuccess = r.Client.Now()
	r.status.First = r.tally.seconds > 0 && !r.status.ReadTo.Before(r.began.Add(-r.Config.Delay-r.Config.PollInterval))
}

// Status is how the reader is doing.
func (r *Reader) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.USDPerMonth, s.CallsPerHour = r.tally.estimate()
	return s
}
