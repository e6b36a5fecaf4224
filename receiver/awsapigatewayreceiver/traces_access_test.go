package awsapigatewayreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// accessWorld has APIs of all three types that log in the formats which give all spans; X-Ray traces one of the two REST stages.
func accessWorld(from, to time.Time, perMinute float64) *awssim.World {
	w := formatWorld(
		map[string]string{"traced": accessspan.RESTFormat, "plain": accessspan.RESTFormat}, map[string]string{"live": accessspan.HTTPFormat},
		map[string]string{"live": accessspan.WebSocketFormat}, from, to, perMinute,
	)
	apis := w.Accounts[0].Regions[0].APIs
	for _, s := range apis[0].Stages {
		s.Tracing, s.Sampling, s.Traffic.Error5xx = s.Name == "traced", 1, 0.1
	}
	apis[0].Routes[0].Integration, apis[0].Routes[1].Integration = function("orders-get"), action("sqs:path/"+testAccount+"/order-events")
	apis[0].Routes[2].Integration = &awssim.Integration{Type: "HTTP", Method: "GET", URI: "http://legacy.example.com:8080/orders/{id}"}
	apis[1].Routes[0].Integration = &awssim.Integration{Type: "HTTP_PROXY", Method: "ANY", URI: "https://items.example.com/items/{id}"}
	apis[1].Routes[1].Integration = &awssim.Integration{Type: "AWS_PROXY", Subtype: "SQS-SendMessage", Credentials: "arn:aws:iam::" + testAccount + ":role/gateway"}
	for i := range apis[2].Routes {
		apis[2].Routes[i].Integration = function("chat")
	}
	return w
}

// newAccessRig is a rig for traces of X-Ray and of access logs, with storage. Nothing happens in its first hours.
func newAccessRig(t *testing.T, config func(*awssim.Config)) (r *rig, from, to time.Time) {
	r = newSpanRigAt(t, speed*2/3, func(epoch time.Time) *awssim.World {
		from, to = epoch.Add(4*time.Hour), epoch.Add(4*time.Hour+25*time.Minute)
		return accessWorld(from, to, 12)
	}, func(c *awssim.Config) {
		c.Tracing, c.Ingestion = inPieces, manyLate
		if config != nil {
			config(c)
		}
	})
	r.edit, r.dir = readAllSpans, t.TempDir()
	return r, from, to
}

// learn lets a first run read the inventory, where it stands what routes call, and goes on to the time when something happens.
func (r *rig) learn(from time.Time) {
	r.t.Helper()
	stop := r.start()
	rest, others := 0, 0
	for _, api := range r.world.Accounts[0].Regions[0].APIs {
		if api.Type == "" {
			rest++
		} else {
			others++
		}
	}
	require.Eventually(r.t, func() bool { return r.sim.Count("GetResources") >= rest && r.sim.Count("GetIntegrations") >= others }, patience, 10*time.Millisecond)
	r.until(r.now().Add(5 * time.Minute))
	stop()
	if before := from.Add(-2 * time.Minute); before.After(r.now()) {
		r.leap(before)
	}
}

// checkAccessSpans waits for the spans of [from, to) of X-Ray and of access logs, stops the receiver, and holds each to what happened.
func (r *rig) checkAccessSpans(stop func(), from, to time.Time) {
	r.t.Helper()
	r.until(to)
	pulled, want := r.spanTruth(from, to, nil), r.accessSpanTruth(from, to)
	maps.Copy(want, pulled)
	r.awaitSpans(want, to)
	r.until(to.Add(lateAndSwept))
	stop()
	got := r.spans.taken()
	r.compareAccessSpans(got, from, to)
	compareSpans(r.t, got, pulled)
	repeated, _ := r.spans.repeats()
	assert.Zero(r.t, repeated, "spans that came twice")
	assert.Empty(r.t, r.spans.errs)
}

// HTTP and WebSocket APIs, and REST stages that X-Ray does not trace, have the spans of their access logs; a stage that X-Ray traces has its segments
// alone.
func TestAccessLogsGiveTheSpansThatXRayDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, from, to := newAccessRig(t, nil)
		r.measured()
		r.learn(from)
		stop := r.start()
		defer stop()
		r.checkAccessSpans(stop, from, to)
		kinds := map[string]map[string]int{}
		for _, g := range r.spans.taken() {
			if id, _ := g.Resource[prefix+"api_type"].(string); id != "" {
				if kinds[id] == nil {
					kinds[id] = map[string]int{}
				}
				kinds[id][g.Kind]++
			}
		}
		for _, kind := range []string{awssim.TypeREST, awssim.TypeHTTP, awssim.TypeWebSocket} {
			assert.NotZero(t, kinds[kind]["Server"], kind)
			assert.NotZero(t, kinds[kind]["Client"], kind)
		}
		for _, kind := range []string{awssim.TypeREST, awssim.TypeWebSocket} {
			assert.NotZero(t, kinds[kind]["Internal"], kind)
		}
		assert.InDelta(t, len(r.accessSpanTruth(from, to)), r.count("access_log_spans"), 0)
	})
}

// One read of a log group serves records and spans: with both, AWS is asked no more often and for no more events than for records alone.
func TestOneReadServesRecordsAndSpans(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		calls, events := map[bool]float64{}, map[bool]float64{}
		for _, spans := range []bool{false, true} {
			r, from, to := newAccessRig(t, nil)
			r.records = newRecordSink()
			r.edit = func(c *Config) {
				readAllSpans(c)
				c.Traces.AccessLogs.Enabled = spans
			}
			r.learn(from)
			stop := r.start()
			r.until(to)
			r.await(r.accessTruth(from, to, nil))
			if spans {
				r.awaitSpans(r.accessSpanTruth(from, to), to)
			}
			r.until(to.Add(lateAndSwept))
			stop()
			compareRecords(t, r.records, r.accessTruth(from, to, nil))
			assert.Zero(t, r.records.repeated)
			for _, c := range r.sim.Calls() {
				if c.Operation == "FilterLogEvents" && c.At.Before(to.Add(lateAndSwept)) {
					calls[spans]++
					events[spans] += float64(c.Events)
				}
			}
		}
		t.Logf("FilterLogEvents for records alone: %.0f calls, %.0f events; with spans: %.0f calls, %.0f events", calls[false], events[false], calls[true], events[true])
		assert.LessOrEqual(t, calls[true], 1.3*calls[false])
		assert.LessOrEqual(t, events[true], 1.3*events[false])
	})
}

// While one of the two consumers refuses, the other gets its data; then the one that refused gets all that it has missed, and nobody anything twice.
func TestOneOfTwoConsumersRefuses(t *testing.T) {
	for _, who := range []string{"records", "spans"} {
		t.Run(who, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r, from, to := newAccessRig(t, nil)
				r.records = newRecordSink()
				during := func() error {
					if at := r.now(); at.After(from.Add(5*time.Minute)) && at.Before(from.Add(20*time.Minute)) {
						return errRefused
					}
					return nil
				}
				if who == "records" {
					r.records.refuse = during
				} else {
					r.spans.refuse = during
				}
				r.learn(from)
				stop := r.start()
				defer stop()
				r.checkAccessSpans(stop, from, to)
				compareRecords(t, r.records, r.accessTruth(from, to, nil))
				assert.Zero(t, r.records.repeated)
			})
		})
	}
}
