package awsapigatewayreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// After an outage traces are read from as far back as max_backfill says; what is older is said to be lost, once.
func TestOutageIsLongerThanTheBackfillOfTraces(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRigAt(t, speed/2, func(epoch time.Time) *awssim.World {
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
		begun := r.epoch.Add(10 * time.Minute) // of the outage, at the earliest
		early := r.spanTruth(from, begun, nil)
		require.Eventually(t, func() bool { return r.spans.has(early) }, patience, 20*time.Millisecond)
		r.until(begun.Add(settled)) // they are read for the last time
		stop()
		stopped := r.now()
		r.leap(to.Add(-30 * time.Minute))
		restarted := r.now()
		stop = r.start()
		r.until(restarted.Add(10 * time.Minute))
		warned := r.logs.FilterMessageSnippet("too old to be read").Len()
		stop()
		stop = r.start() // nor is it said again
		defer stop()
		r.until(to)
		want := r.spanTruth(restarted.Add(5*time.Minute-backfill), to, nil)
		maps.Copy(want, early)
		r.awaitSpans(want, to)
		stop()
		got := r.spans.taken()
		assert.Less(t, len(got), len(r.spanTruth(from, to, nil))*2/3, "most of the outage is lost")
		traces := map[string]bool{}
		for id := range want {
			traces[id.trace] = true
		}
		maps.DeleteFunc(got, func(id spanID, _ *gotSpan) bool { return !traces[id.trace] })
		compareSpans(t, got, want)
		repeated, _ := r.spans.repeats()
		assert.Zero(t, repeated)
		oldest, lost := restarted.Add(-backfill), r.count("lost_seconds", "signal", "traces")
		assert.Less(t, lost, oldest.Sub(begun).Seconds()+60)
		assert.Greater(t, lost, oldest.Sub(stopped).Seconds()-60)
		assert.Equal(t, 1, warned)
		assert.Zero(t, r.logs.FilterMessageSnippet("too old to be read").Len())
	})
}

// What the pipeline refuses for good is counted, span by span, and the rest goes on.
func TestSpansThatAreRefusedForGoodAreCounted(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
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
		got, all := r.spans.taken(), len(want)
		maps.DeleteFunc(want, func(id spanID, _ spanData) bool { return got[id] == nil })
		require.Less(t, len(want), all)
		assert.InDelta(t, float64(all-len(want)), r.count("refused_spans"), 0)
		compareSpans(t, got, want)
		assert.Equal(t, 1, r.logs.FilterMessage("The pipeline refused data for good; it is dropped").Len())
	})
}
