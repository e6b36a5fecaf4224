package awsapigatewayreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// After an outage traces are read from as far back as max_backfill says; what is older is said to be lost, once.
func TestOutageIsLongerThanTheBackfillOfTraces(t *testing.T) {
	t.Parallel()
	var from, to time.Time
	r := newSpanRig(t, func(epoch time.Time) *awssim.World {
		from, to = epoch.Add(-10*time.Minute), epoch.Add(9*time.Hour)
		return tracedWorld(from, to, 0.5)
	}, func(c *awssim.Config) { c.Tracing = inPieces })
	r.measured()
	r.dir = t.TempDir()
	const backfill = 2 * time.Hour
	r.edit = func(c *Config) {
		readTraces(c)
		c.Traces.MaxBackfill = backfill
	}
	stop := r.start()
	r.until(r.epoch.Add(20 * time.Minute))
	stop()
	stopped := r.now()
	r.jump(to.Add(-30 * time.Minute))
	restarted := r.now()
	stop = r.start()
	r.until(restarted.Add(10 * time.Minute))
	warned := r.logs.FilterMessageSnippet("too old to be read").Len()
	stop()
	stop = r.start() // nor is it said again
	defer stop()
	r.until(to)
	// The clock is fast: between what was read last and the end of the first run there may be minutes.
	lost := func(at time.Time) bool {
		return !at.Before(stopped.Add(-15*time.Minute)) && at.Before(restarted.Add(5*time.Minute-backfill))
	}
	want := r.spanTruth(from, to, nil)
	unlost := func() {
		kept := map[string]bool{} // traces, by when they began
		for s := range tracedRequests(r.world, r.world.Accounts[0], from, to, nil) {
			kept[w3c(s.trace.TraceID)] = !lost(s.trace.At)
		}
		maps.DeleteFunc(want, func(id spanID, _ spanData) bool { return !kept[id.trace] })
	}
	unlost()
	r.awaitSpans(want, to)
	stop()
	got := r.spans.taken()
	assert.Less(t, len(got), len(r.spanTruth(from, to, nil))*2/3, "most of the outage is lost")
	came := map[string]bool{}
	for id := range want {
		came[id.trace] = true
	}
	maps.DeleteFunc(got, func(id spanID, _ *gotSpan) bool { return !came[id.trace] })
	compareSpans(t, got, want)
	repeated, _ := r.spans.repeats()
	assert.Zero(t, repeated)
	seconds := r.count("lost_seconds", "signal", "traces")
	assert.InDelta(t, restarted.Add(-backfill).Sub(stopped).Seconds(), seconds, (15 * time.Minute).Seconds())
	assert.Equal(t, 1, warned)
	assert.Zero(t, r.logs.FilterMessageSnippet("too old to be read").Len())
}

// What the pipeline refuses for good is counted, span by span, and the rest goes on.
func TestSpansThatAreRefusedForGoodAreCounted(t *testing.T) {
	t.Parallel()
	var from, to time.Time
	r := newSpanRig(t, func(epoch time.Time) *awssim.World {
		from, to = epoch.Add(-10*time.Minute), epoch.Add(15*time.Minute)
		return tracedWorld(from, to, 8)
	}, nil)
	r.measured()
	refusals := 0
	r.spans.refuse = func() error {
		if refusals++; refusals == 3 {
			return consumererror.NewPermanent(errRefused)
		}
		return nil
	}
	stop := r.start()
	defer stop()
	r.untilRead(to)
	want := r.spanTruth(from, to, nil)
	stop()
	missing := r.spans.missing(want)
	require.NotZero(t, missing)
	assert.InDelta(t, float64(missing), r.count("refused_spans"), 0)
	got := r.spans.taken()
	maps.DeleteFunc(want, func(id spanID, _ spanData) bool { return got[id] == nil })
	compareSpans(t, got, want)
	assert.Equal(t, 1, r.logs.FilterMessage("The pipeline refused data for good; it is dropped").Len())
}
