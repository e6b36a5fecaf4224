package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// A restart repeats no span and loses none, of X-Ray or of access logs.
func TestRestartGoesOnWithSpansOfAccessLogs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, from, to := newAccessRig(t, nil)
		r.records = newRecordSink()
		r.learn(from)
		for at := from; at.Before(to); at = at.Add(9 * time.Minute) {
			stop := r.start()
			r.until(at.Add(9 * time.Minute))
			stop()
		}
		stop := r.start()
		defer stop()
		r.checkAccessSpans(stop, from, to)
		compareRecords(t, r.records, r.accessTruth(from, to, nil))
		assert.Zero(t, r.records.repeated)
	})
}

// Without storage a receiver reads again what it has read before: as the same spans, with the same ids. What a request's route calls is not known before the
// inventory has its routes, and those lines are not kept waiting: until then the span of an integration is named so, whatever it is.
func TestLinesThatAreReadAgainAreTheSameSpans(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r, from, to := newAccessRig(t, func(c *awssim.Config) { c.Ingestion, c.Tracing = onTime, awssim.Arrival{Base: 5 * time.Second} })
		r.learn(from)
		stop := r.start()
		r.until(to)
		want := r.accessSpanTruth(from, to)
		r.awaitSpans(want, to)
		stop()
		r.dir = ""
		stop = r.start()
		defer stop()
		again := func() bool {
			for id, g := range r.spans.taken() {
				if _, ours := want[id]; g.times < 2 && (ours || g.Attributes["aws.xray.origin"] != nil) {
					return false
				}
			}
			return true
		}
		assert.Eventually(t, again, patience, 50*time.Millisecond, "not everything came again")
		stop()
		for id, g := range r.spans.taken() {
			w, ours := want[id]
			switch {
			case g.Name != "integration":
				assert.Nil(t, g.before, "%s %s was another span before", g.Kind, g.Name)
				continue
			case !ours: // its route calls nothing, as will be known
				continue
			case w.Name != "integration" && assert.NotNil(t, g.before):
				assert.Equal(t, w.Name, g.before.Name)
			}
			assert.Equal(t, "Client", g.Kind)
			assert.Equal(t, []any{w.Parent, w.Start, w.End}, []any{g.Parent, g.Start, g.End}) // whether 4xx is an error depends on what is called
		}
	})
}

// A collector that ends while one of the two pipelines refuses leaves what the other took to the one that refused alone, at the next start.
func TestWhatOneOfTwoConsumersTookDoesNotComeAgain(t *testing.T) {
	for name, refuses := range map[string]func(r *rig, refuse func() error){
		"spans are refused":   func(r *rig, refuse func() error) { r.spans.setRefuse(refuse) },
		"records are refused": func(r *rig, refuse func() error) { r.records.setRefuse(refuse) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r, from, to := newAccessRig(t, nil)
				r.records = newRecordSink()
				r.learn(from)
				for at := from; at.Before(to); at = at.Add(9 * time.Minute) {
					stop := r.start()
					r.until(at.Add(3 * time.Minute))
					refuses(r, func() error { return errRefused })
					r.until(at.Add(9 * time.Minute))
					stop()
					refuses(r, nil)
				}
				stop := r.start()
				defer stop()
				r.checkAccessSpans(stop, from, to)
				compareRecords(t, r.records, r.accessTruth(from, to, nil))
				assert.Zero(t, r.records.repeated)
			})
		})
	}
}
