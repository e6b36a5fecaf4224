package awssim

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// TestSegmentsArriveInPieces follows the traces of a minute until all is there: what was seen stays, what is in progress is completed under its id, and each
// change is a new revision.
func TestSegmentsArriveInPieces(t *testing.T) {
	racetest.Skip(t)
	world := tracedShop()
	now := noon
	h := start(t, Config{
		World: world, Now: func() time.Time { return now },
		Tracing: Arrival{Base: 4 * time.Second, Max: 2 * time.Minute, Late: 0.2, Pieces: 0.4},
	})
	from, to := noon.Add(-8*time.Second), noon
	want := traceTruth(world, from, to)
	revisions, before := map[string]int32{}, map[string]map[string]segmentDocument{}
	sawProgress, sawPartial, sawWithoutGateway, grew := false, false, false, 0
	fewer := map[string]int{} // subsegments of what was seen in progress
	for range 50 {
		summaries, _, _ := h.summaries(t, during(from, to, ""))
		got := h.traces(t, ids(summaries)...)
		for _, s := range summaries {
			id, documents := *s.Id, map[string]segmentDocument{}
			progress := false
			for _, d := range got[id] {
				documents[d.ID] = d
				progress = progress || d.InProgress
				sawWithoutGateway = sawWithoutGateway || d.Origin == originFunction && got[id][0].Origin != originStage
				if d.InProgress {
					fewer[d.ID] = len(d.Subsegments)
					assert.Zero(t, d.End)
					assert.Zero(t, d.HTTP.Response.Status)
				}
			}
			sawProgress, sawPartial = sawProgress || progress, sawPartial || *s.IsPartial
			assert.Equal(t, progress, *s.IsPartial, "a trace is partial while a segment is in progress")
			changed := false
			for key, d := range documents {
				old, known := before[id][key]
				changed = changed || !known || old.InProgress != d.InProgress
				assert.False(t, known && !old.InProgress && d.InProgress, "what is complete stays so")
				assert.GreaterOrEqual(t, len(d.Subsegments), len(old.Subsegments))
			}
			assert.GreaterOrEqual(t, len(documents), len(before[id]))
			if before[id] != nil && changed {
				grew++
			}
			assert.Equal(t, changed, s.Revision > revisions[id], "a new revision is a visible change")
			revisions[id], before[id] = s.Revision, documents
		}
		now = now.Add(5 * time.Second)
	}
	assert.True(t, sawProgress && sawPartial && sawWithoutGateway)
	assert.Greater(t, grew, len(want)/2)
	require.Len(t, before, len(want))
	for id, record := range want {
		segments := 0
		for _, s := range record.Segments {
			if s.Document == s.ID {
				segments++
				final := before[id][s.ID]
				assert.False(t, final.InProgress)
				if n, seen := fewer[s.ID]; seen && len(final.Subsegments) > 0 {
					assert.Less(t, n, len(final.Subsegments))
				}
			}
		}
		assert.Len(t, before[id], segments)
	}
}

func ids(summaries []types.TraceSummary) (out []string) {
	for _, s := range summaries {
		out = append(out, *s.Id)
	}
	return out
}

// TestByDefaultSegmentsComeWhenTheyEnd: a simulator that is told nothing shows a request's trace when its latency is over.
func TestByDefaultSegmentsComeWhenTheyEnd(t *testing.T) {
	world := tracedShop()
	now := noon
	h := start(t, Config{World: world, Now: func() time.Time { return now }})
	for id, record := range traceTruth(world, noon, noon.Add(2*time.Second)) {
		now = record.At.Add(record.Latency - time.Millisecond)
		gateway := func() (n int) {
			for _, d := range h.traces(t, id)[id] {
				if d.Origin == originStage {
					n++
				}
			}
			return n
		}
		assert.Zero(t, gateway())
		now = record.At.Add(record.Latency)
		assert.Equal(t, 1, gateway())
	}
}

// TestTracingIsTenSecondsAtMost: with the delays of the command line and none late, everything is there ten seconds after a request's end.
func TestTracingIsTenSecondsAtMost(t *testing.T) {
	world := tracedShop()
	for record := range world.Traces(theAPI(world), theAPI(world).Stages[0], noon, noon.Add(time.Minute)) {
		h := newTraceStore(world, newPublished(world.Seed, Lateness{}), Arrival{Base: 4 * time.Second, Pieces: 0.5})
		seconds, id, ok := parseTraceID(record.TraceID)
		require.True(t, ok)
		trace := h.find(h.region(world.Accounts[0], "us-east-1"), seconds, id)
		for _, p := range trace.parts {
			assert.LessOrEqual(t, p.final, record.At.Add(record.Latency+10*time.Second).UnixMilli())
			assert.LessOrEqual(t, p.first, p.final)
		}
	}
}

// TestTimeRangesTellTraces: by a trace's start each trace lies in one window; by events and ends of segments those are listed that changed or ended in it.
func TestTimeRangesTellTraces(t *testing.T) {
	world := tracedShop()
	h := start(t, Config{World: world, Now: func() time.Time { return noon.Add(time.Hour) }, Tracing: Arrival{Base: 40 * time.Second, Pieces: 0.5}})
	want := traceTruth(world, noon, noon.Add(time.Minute))
	seen := map[string]int{}
	for k := range 6 {
		from := noon.Add(time.Duration(k) * 10 * time.Second)
		summaries, _, _ := h.summaries(t, during(from, from.Add(10*time.Second), gatewayTraces))
		for _, s := range summaries {
			seen[*s.Id]++
			assert.False(t, want[*s.Id].At.Before(from) || !want[*s.Id].At.Before(from.Add(10*time.Second)))
			assert.Nil(t, s.MatchedEventTime)
		}
	}
	assert.Len(t, seen, len(want))
	for id, n := range seen {
		assert.Equal(t, 1, n, id)
	}

	in := during(noon.Add(20*time.Second), noon.Add(2*time.Minute), "")
	in.TimeRangeType = types.TimeRangeTypeEvent
	events, _, _ := h.summaries(t, in)
	found := map[string]bool{}
	for _, s := range events {
		require.NotNil(t, s.MatchedEventTime)
		assert.False(t, s.MatchedEventTime.Before(*in.StartTime) || !s.MatchedEventTime.Before(*in.EndTime))
		found[*s.Id] = true
	}
	for id := range want {
		assert.True(t, found[id], "segments arrive 20 to 50 seconds after their end")
	}

	in = during(noon.Add(30*time.Second), noon.Add(31*time.Second), "")
	in.TimeRangeType = types.TimeRangeTypeService
	ended, _, _ := h.summaries(t, in)
	found = map[string]bool{}
	for _, s := range ended {
		found[*s.Id] = true
	}
	for id, record := range traceTruth(world, noon.Add(20*time.Second), noon.Add(40*time.Second)) {
		is := false
		for _, s := range record.Segments {
			is = is || s.Document == s.ID && !s.End.Before(*in.StartTime) && s.End.Before(*in.EndTime)
		}
		assert.Equal(t, is, found[id])
	}
}

// TestWhatHasNotArrivedMatchesNoTime: events and ends of segments that are still to come list no trace.
func TestWhatHasNotArrivedMatchesNoTime(t *testing.T) {
	world := tracedShop()
	now := noon.Add(30 * time.Second)
	h := start(t, Config{World: world, Now: func() time.Time { return now }, Tracing: Arrival{Base: 40 * time.Second, Pieces: 0.5}})
	want := traceTruth(world, noon, noon.Add(10*time.Second))
	for _, kind := range []types.TimeRangeType{types.TimeRangeTypeEvent, types.TimeRangeTypeService} {
		in := during(noon, noon.Add(time.Hour), "")
		in.TimeRangeType = kind
		summaries, _, _ := h.summaries(t, in)
		got := h.traces(t, ids(summaries)...)
		for _, s := range summaries {
			if kind == types.TimeRangeTypeEvent {
				assert.False(t, s.MatchedEventTime.After(now))
				continue
			}
			complete := false
			for _, d := range got[*s.Id] {
				complete = complete || !d.InProgress
			}
			assert.True(t, complete, "a segment in progress has no end")
		}
		assert.NotEmpty(t, summaries)
	}
	assert.NotEmpty(t, want)
}

// TestTracesEndWithTheirRetention: X-Ray keeps traces for thirty days.
func TestTracesEndWithTheirRetention(t *testing.T) {
	world := tracedShop()
	h := start(t, Config{World: world})
	old := noon.Add(-traceRetention)
	summaries, _, _ := h.summaries(t, during(old.Add(-time.Minute), old.Add(10*time.Second), ""))
	assert.Len(t, summaries, len(traceTruth(world, old, old.Add(10*time.Second))))
	for id := range traceTruth(world, old.Add(-2*time.Second), old) {
		out, err := h.xray().BatchGetTraces(background, &xray.BatchGetTracesInput{TraceIds: []string{id}})
		require.NoError(t, err)
		assert.Empty(t, out.Traces)
	}
}
