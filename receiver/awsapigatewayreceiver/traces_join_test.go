package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// The access record of a traced request has its trace's id, and agrees with the SERVER span on the stage, the request, its route, status and latency.
// Requests that X-Ray does not sample have no spans, though their records have a trace id, too.
func TestAccessRecordsJoinTheirTraces(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(30*time.Minute)
			w := tracedWorld(from, to, 8)
			w.Accounts[0].Regions[0].APIs[0].Stages[1].Sampling = 0.2
			return w
		}, func(c *awssim.Config) { c.Tracing, c.Ingestion = inPieces, onTime })
		r.records = newRecordSink()
		r.edit = func(c *Config) {
			readLogs(c)
			readTraces(c)
		}
		stop := r.start()
		defer stop()
		r.until(to)
		r.await(r.accessTruth(from, to, nil))
		r.awaitSpans(r.spanTruth(from, to, nil), to)
		stop()

		records := map[string]record{}
		for _, rec := range r.records.taken() {
			if rec.TraceID != "" {
				require.NotContains(t, records, rec.TraceID)
				records[rec.TraceID] = rec
			}
		}
		joined := 0
		for trace, spans := range r.spans.all() {
			rec, ok := records[trace]
			require.True(t, ok, "no record has the id of trace %s", trace)
			for _, g := range spans {
				if g.Attributes["aws.xray.origin"] != stageOrigin {
					continue
				}
				joined++
				for span, inRecord := range map[string]string{
					"aws.request_id": "aws.request_id", prefix + "extended_request_id": prefix + "extended_request_id", "http.request.method": "http.request.method",
					"http.response.status_code": "http.response.status_code", "http.response.body.size": "http.response.body.size", "url.path": "url.path",
					"client.address": "client.address", "server.address": "server.address", "http.route": "http.route",
				} {
					assert.Equal(t, rec.Attributes[inRecord], g.Attributes[span], "%s of trace %s", span, trace)
				}
				assert.InDelta(t, rec.Attributes[prefix+"response.latency"], g.End.Sub(g.Start).Seconds(), 1e-9, "latency of trace %s", trace)
				assert.Equal(t, rec.At, g.Start)
				resource := stageResource(r.world.API(testAccount, testRegion, g.Resource[prefix+"api_id"].(string)), g.Resource[prefix+"stage"].(string), "")
				delete(resource, "aws.log.group.names")
				assert.Equal(t, resource, g.Resource)
				delete(rec.Resource, "aws.log.group.names")
				assert.Equal(t, rec.Resource, g.Resource)
			}
		}
		assert.Len(t, r.spans.all(), joined, "each trace has one span of API Gateway")
		assert.Greater(t, len(records), joined+100/thinned, "requests that are not sampled have records all the same")
		assert.Greater(t, joined, 500/thinned)
	})
}
