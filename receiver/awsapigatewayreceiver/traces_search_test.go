package awsapigatewayreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// searchWorld is tracedWorld where Transaction Search is on.
func searchWorld(from, to time.Time, perMinute float64) *awssim.World {
	w := tracedWorld(from, to, perMinute)
	here := w.Accounts[0].Regions[0]
	here.TransactionSearch, here.APIs[1].Name = true, `Größe "XL"`
	return w
}

// retrievedTruth is what CloudWatch Logs has of the traces: all but what X-Ray infers, with AWS's own names and attributes.
func (r *rig) retrievedTruth(from, to time.Time) map[spanID]spanData {
	want := map[spanID]spanData{}
	for s := range tracedRequests(r.world, r.world.Accounts[0], from, to, nil) {
		documents := map[string]*awssim.SegmentRecord{}
		for i := range s.trace.Segments {
			seg := &s.trace.Segments[i]
			if seg.ID == seg.Document {
				documents[seg.ID] = seg
			}
			document := documents[seg.Document]
			if document.Inferred {
				continue
			}
			d := spanData{Parent: seg.ParentID, Name: seg.Name, Kind: spanKind(seg), Status: "Unset", Start: seg.Start, End: seg.End, Resource: s.resource(document)}
			switch {
			case seg.ID == seg.Document:
				d.Kind = "Server" // what AWS calls functions, too
			}
			switch {
			case seg.Fault, seg.Error && d.Kind == "Client":
				d.Status = "Error"
			case seg.Status > 0 && seg.Status < 400:
				d.Status = "Ok"
			}
			d.Attributes = map[string]any{"http.request.method": text(seg.Method), "http.response.status_code": number(seg.Status), "url.query": nil}
			if seg.Origin == stageOrigin {
				d.Attributes["aws.request_id"] = s.trace.RequestID
			}
			want[spanID{w3c(s.trace.TraceID), seg.ID}] = d
		}
	}
	require.NotEmpty(r.t, want)
	return want
}

func (r *rig) checkRetrieved(stop func(), from, to time.Time) {
	r.t.Helper()
	r.until(to)
	want := r.retrievedTruth(from, to)
	r.awaitSpans(want, to)
	stop()
	compareSpans(r.t, r.spans.taken(), want)
	repeated, _ := r.spans.repeats()
	assert.Zero(r.t, repeated, "spans that came twice")
	assert.Empty(r.t, r.spans.errs)
}

// Where Transaction Search is on, BatchGetTraces finds nothing: traces are retrieved from CloudWatch Logs, and which way is said once.
func TestTransactionSearchRetrievesTraces(t *testing.T) {
	racetest.Skip(t)
	for name, set := range map[string]func(*awssim.Config){
		"plain": func(*awssim.Config) {},
		"late":  func(c *awssim.Config) { c.Tracing = inPieces },
		"faulty": func(c *awssim.Config) {
			c.Tracing, c.MaxPage = inPieces, 7
			c.Faults = awssim.Faults{
				Throttle: 0.1, ServerError: 0.1, Drop: 0.05, Truncate: 0.05, Malformed: 0.05,
				Only: []string{"GetTraceSummaries", "StartTraceRetrieval", "ListRetrievedTraces", "GetTraceSegmentDestination"},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-20*time.Minute), epoch.Add(30*time.Minute)
					return searchWorld(from, to, 6)
				}, set)
				stop := r.start()
				defer stop()
				r.checkRetrieved(stop, from, to)
				assert.Zero(t, r.sim.Count("BatchGetTraces"))
				assert.Equal(t, 1, r.logs.FilterMessageSnippet("Traces are retrieved from CloudWatch Logs").Len())
			})
		})
	}
}

// A region that does not know where segments go, or an identity that may not ask or retrieve, has X-Ray's own store read: said once, with the operation.
func TestTransactionSearchCannotBeUsed(t *testing.T) {
	racetest.Skip(t)
	for operation, faults := range map[string]awssim.Faults{
		"GetTraceSegmentDestination":         {UnknownOperations: []string{"GetTraceSegmentDestination"}},
		"GetTraceSegmentDestination, denied": {Deny: map[string]awssim.DenyKind{"GetTraceSegmentDestination": awssim.IdentityPolicy}},
	} {
		t.Run(operation, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newSpanRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-20*time.Minute), epoch.Add(30*time.Minute)
					return tracedWorld(from, to, 4)
				}, func(c *awssim.Config) { c.Tracing, c.Faults = inPieces, faults })
				stop := r.start()
				defer stop()
				r.checkTraces(stop, from, to)
				assert.LessOrEqual(t, r.sim.Count("GetTraceSegmentDestination"), 1+int(r.now().Sub(r.epoch)/time.Hour), "asked once an hour")
				r.checkSearchOff("GetTraceSegmentDestination")
			})
		})
	}
}

// checkSearchOff holds that it was said once that Transaction Search can't be used.
func (r *rig) checkSearchOff(operation string) {
	r.t.Helper()
	said := r.logs.FilterMessageSnippet("Transaction Search can't be used").All()
	require.Len(r.t, said, 1)
	assert.Equal(r.t, operation, said[0].ContextMap()["operation"])
	assert.Equal(r.t, "warn", said[0].Level.String())
}

// Transaction Search that was turned on a while ago, where StartTraceRetrieval is denied: what X-Ray has of before comes, and it is said once.
func TestRetrievalIsDenied(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, since, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, since, to = epoch.Add(-30*time.Minute), epoch.Add(-10*time.Minute), epoch.Add(20*time.Minute)
			w := searchWorld(from, to, 6)
			w.Accounts[0].Regions[0].TransactionSearchSince = since
			return w
		}, func(c *awssim.Config) {
			c.Faults = awssim.Faults{Deny: map[string]awssim.DenyKind{"StartTraceRetrieval": awssim.IdentityPolicy}}
		})
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.spanTruth(from, since, nil)
		r.awaitSpans(want, to)
		stop()
		compareSpans(t, r.spans.taken(), want)
		r.checkSearchOff("StartTraceRetrieval")
		assert.LessOrEqual(t, r.sim.Count("StartTraceRetrieval"), 1+int(r.now().Sub(r.epoch)/time.Hour), "asked once an hour")
		said := r.logs.FilterMessageSnippet("Transaction Search can't be used").All()
		assert.Contains(t, said[0].ContextMap()["error"], "xray:StartTraceRetrieval on *")
	})
}

// Transaction Search that is turned on while the receiver runs is noticed by the traces that X-Ray does not have any more: none is lost.
func TestTransactionSearchIsTurnedOn(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, since, to time.Time
		r := newSpanRigAt(t, speed/2, func(epoch time.Time) *awssim.World {
			from, since, to = epoch.Add(30*time.Minute), epoch.Add(50*time.Minute), epoch.Add(75*time.Minute)
			w := searchWorld(from, to, 4)
			w.Accounts[0].Regions[0].TransactionSearchSince = since
			return w
		}, nil)
		stop := r.start()
		defer stop()
		r.until(since)
		if r.logs.FilterMessageSnippet("Traces are retrieved from X-Ray").Len() == 0 {
			t.Skip("the machine is too busy to read anything before Transaction Search is turned on")
		}
		r.until(to)
		want := r.spanTruth(from, since, nil)
		// What was held back of the last traces before it is in X-Ray, which is not asked any more: Transaction Search has no inferred segments.
		held := map[spanID]spanData{}
		for id, w := range want {
			if w.Attributes["aws.xray.inferred"] == true && w.Start.After(since.Add(-10*time.Minute)) {
				held[id] = w
				delete(want, id)
			}
		}
		maps.Copy(want, r.retrievedTruth(since, to))
		r.awaitSpans(want, to)
		stop()
		taken := r.spans.taken()
		for id, w := range held {
			if _, ok := taken[id]; ok {
				want[id] = w
			}
		}
		compareSpans(t, taken, want)
		repeated, _ := r.spans.repeats()
		assert.Zero(t, repeated)
		assert.Equal(t, 1, r.logs.FilterMessageSnippet("Traces are retrieved from X-Ray").Len())
		assert.Equal(t, 1, r.logs.FilterMessageSnippet("Traces are retrieved from CloudWatch Logs").Len())
	})
}
