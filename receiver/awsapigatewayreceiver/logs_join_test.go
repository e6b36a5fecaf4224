package awsapigatewayreceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// minute is a minute of a stage.
type minute struct {
	api, stage string
	at         int64 // Unix seconds
}

// Access records, metrics and entities of a stage have the same identity, and there are as many access records in each minute as requests.
func TestSignalsJoin(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		const format = `{"id":"$context.requestId","status":"$context.status","time":$context.requestTimeEpoch}`
		var from, to time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(40*time.Minute)
			w := threeKinds(from, to)
			for _, api := range w.Accounts[0].Regions[0].APIs {
				for _, s := range api.Stages {
					s.AccessLog = awssim.AccessLog{DestinationARN: groupARN("/access/" + api.ID + "/" + s.Name), Format: format}
					if s.Name == "test" {
						s.CanaryPercent = 30
					}
				}
			}
			return w
		}, func(c *awssim.Config) { c.Ingestion, c.Lateness = onTime, awssim.Lateness{Base: time.Minute} })
		r.sink, r.entities = newSink(), &entitySink{}
		r.edit = func(c *Config) {
			readLogs(c)
			c.Tags = []string{"team"}
		}
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.accessTruth(from, to, nil)
		r.await(want)
		r.drain()
		stop()
		r.sink.check(t)
		assert.Len(t, r.records.taken(), len(want))

		logged, counted, resources := map[minute]int{}, map[minute]int{}, map[string]string{}
		for _, rec := range r.records.taken() {
			res := maps.Clone(rec.Resource)
			delete(res, "aws.log.group.names")
			api, stage := res[prefix+"api_id"].(string), res[prefix+"stage"].(string)
			resources[api+"/"+stage] = rawString(res)
			if api != "sock000001" { // whose metrics count messages, not requests
				logged[minute{api, stage, rec.At.Truncate(time.Minute).Unix()}]++
			}
		}
		require.Len(t, resources, 4)
		metered := map[string]bool{}
		for k, st := range r.sink.streams {
			metered[k.API+"/"+k.Stage] = true
			assert.Equal(t, resources[k.API+"/"+k.Stage], k.Resource)
			if k.Metric != "aws.api_gateway.requests" {
				continue
			}
			for i, in := range st.Intervals {
				if st.Values[i] != 0 {
					assert.Equal(t, int64(60), in[1]-in[0])
					counted[minute{k.API, k.Stage, in[0]}] += int(st.Values[i])
				}
			}
		}
		assert.Len(t, metered, 4)
		assert.Greater(t, len(logged), 100/thinned)
		assert.Equal(t, counted, logged)

		states := r.entities.states()
		for stage := range resources {
			key := entityKey(testAccount, testRegion, "stage", "api_id", stage[:10], "stage", stage[11:])
			assert.Contains(t, states, key, "the entity of %s", stage)
		}
	})
}

// rawString is what attributeString makes of a map.
func rawString(attributes map[string]any) string {
	m := pcommon.NewMap()
	if err := m.FromRaw(attributes); err != nil {
		return err.Error()
	}
	return attributeString(m)
}
