package metrics

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// setClock is a target whose machine's clock somebody set forward. Its first answer tells the right time.
type setClock struct {
	Reader
	ahead atomic.Int64 // nanoseconds
}

func (s *setClock) Now() time.Time { return noon.Add(time.Duration(s.ahead.Load())) }

func (s *setClock) MetricData(_ context.Context, queries []model.Query, _ time.Duration, _ model.Window) ([]model.Series, error) {
	s.ahead.Store(0)
	out := make([]model.Series, len(queries))
	for i := range out {
		out[i] = model.Series{Complete: true}
	}
	return out, nil
}

// What was asked for up to a time to come is asked for again: no period is settled before it is over.
func TestClockThatWasSetForward(t *testing.T) {
	for ahead, failed := range map[time.Duration]bool{0: false, 3 * time.Second: false, time.Minute: true, 48 * time.Hour: true, -48 * time.Hour: false} {
		t.Run(ahead.String(), func(t *testing.T) {
			r := newRestart(t, &checkpoint.Store{}, defaults(nil), nil)
			reader := &setClock{}
			reader.ahead.Store(int64(ahead))
			r.Reader, r.Recorder.Billed, r.Recorder.LatePoints = reader, func(context.Context, int64, int64) {}, func(context.Context, int64) {}
			s := seriesFor(t, defaults(nil), "Count", "ApiName=orders Stage=prod")
			s.ledger.Settled = at(90)
			now := reader.Now()
			run := &round{c: r.Collector, ctx: context.Background(), now: now, end: now.Add(-r.Config.Delay).Unix()}
			run.fetch(request{groups: []group{{series: s, from: at(90)}}, window: model.Window{Start: at(90), End: run.end}, queries: 1})
			assert.Equal(t, failed, s.failed)
			assert.LessOrEqual(t, s.ledger.Settled, at(100))
			if failed {
				require.ErrorIs(t, run.errs[0], errClock)
				assert.Equal(t, at(90), s.ledger.Settled)
			}
			reader.ahead.Store(0)
			r.Recorder.Listed = func(context.Context, int64) {}
			if failed {
				assert.ErrorIs(t, (&discovery{c: r.Collector, run: run}).page(context.Background(), nil, true), errClock)
			}
		})
	}
}

// timeless is a target that answers, at first with failures, and never tells the time.
type timeless struct {
	Reader
	calls, failures int
}

func (t *timeless) ClockKnown() bool { return false }

func (t *timeless) FirstMetrics(context.Context, string) ([]model.Metric, error) {
	if t.calls++; t.calls <= t.failures {
		return nil, errors.New("cannot reach it")
	}
	return nil, nil
}

// Metrics wait for an answer that tells the time, but not for ever where none does.
func TestAnswerWithoutATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRestart(t, &checkpoint.Store{}, defaults(nil), nil)
		reader, reports := &timeless{failures: 2}, 0
		r.Reader, r.Clock = reader, poll.System{}
		assert.NoError(t, r.learnTime(t.Context(), &poll.Backoff{Min: time.Second, Max: time.Minute}, func(error) { reports++ }))
		assert.Equal(t, 3, reader.calls)
		assert.Equal(t, 2, reports)
	})
}
