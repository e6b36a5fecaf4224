package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
)

// store writes a value into the receiver's storage while no receiver runs.
func (r *rig) store(key string, value []byte) {
	r.t.Helper()
	ext := openStorage(r.t, r.dir)
	client, err := ext.(storage.Extension).GetClient(context.Background(), component.KindReceiver, receiverSettings().ID, storeLogs)
	require.NoError(r.t, err)
	before, err := client.Get(context.Background(), key)
	require.NoError(r.t, err)
	require.NotNil(r.t, before, "nothing is stored as %s", key)
	require.NoError(r.t, client.Set(context.Background(), key, value))
	require.NoError(r.t, client.Close(context.Background()))
	require.NoError(r.t, ext.Shutdown(context.Background()))
}

// A stored position that makes no sense is said and counted, and its group is read as on the first start. The other groups go on where they were.
func TestStoredPositionIsGarbage(t *testing.T) {
	racetest.Skip(t)
	for name, value := range map[string]string{
		"no JSON":           "\x00\xff garbage",
		"another version":   `{"v":99,"newest":1,"settled":1,"read_to":1}`,
		"no time":           `{"v":1,"newest":-5000,"settled":9223372036854775807,"read_to":1}`,
		"endless chunks":    `{"v":1,"newest":1,"settled":1,"read_to":1,"chunks":[{"n":7,"m":1}]}`,
		"ids that are none": `{"v":1,"newest":1,"settled":1,"read_to":1,"ids":"/////w=="}`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-20*time.Minute), epoch.Add(30*time.Minute)
					return fewFormatsWorld(from, to, 10)
				}, func(c *awssim.Config) { c.Ingestion = onTime })
				r.measured()
				r.dir = t.TempDir()
				stop := r.start()
				r.until(r.epoch.Add(10 * time.Minute))
				stop()
				const spoilt = "/access/rest/json"
				r.store("logs/default/"+testRegion+"/group/"+spoilt, []byte(value))
				repeats := 0
				for _, rec := range r.records.taken() {
					if rec.Resource["aws.log.group.names"].([]any)[0] == spoilt {
						repeats++
					}
				}
				errors := r.count("checkpoint_errors")
				stop = r.start()
				defer stop()
				r.until(to)
				want := r.accessTruth(from, to, nil)
				r.await(want)
				stop()
				compareRecords(t, r.records, want)
				assert.Equal(t, repeats, r.records.repeated, "the group is read from start_at on, and no other one")
				assert.InDelta(t, errors+1, r.count("checkpoint_errors"), 0)
				said := r.logs.FilterMessageSnippet("Positions of log groups can't be").All()
				require.Len(t, said, 1)
				assert.Contains(t, fmt.Sprint(said[0].ContextMap()["error"]), spoilt)
			})
		})
	}
}

// Lines whose time is years back or to come, events that come after two weeks or before their time, and lines of 1 MB are records as all others; times that
// can't be are counted. What CloudWatch Logs itself writes into a group is none, and counted.
func TestOddEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const format = `{"when":$context.requestTimeEpoch,"id":"$context.requestId","agent":"$context.identity.userAgent"}`
		// An event has 1 MB at most, 26 bytes of which are its own.
		long := strings.Repeat("a long agent, ", (1<<20-200)/14)
		type odd struct {
			line  awssim.LogLine
			when  time.Time // by the line
			agent string
		}
		var odds []odd
		var from, to time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(20*time.Minute)
			odds = []odd{
				{line: awssim.LogLine{At: epoch.Add(time.Minute)}, when: time.Date(2019, 1, 2, 3, 4, 5, 6e6, time.UTC)},
				{line: awssim.LogLine{At: epoch.Add(2 * time.Minute)}, when: time.Date(2100, 1, 2, 3, 4, 5, 6e6, time.UTC)},
				{line: awssim.LogLine{At: epoch.Add(3 * time.Minute)}, when: time.UnixMilli(0).UTC()},
				{line: awssim.LogLine{At: epoch.Add(-20 * 24 * time.Hour), Late: 20 * 24 * time.Hour}, when: epoch.Add(-20 * 24 * time.Hour)},
				{line: awssim.LogLine{At: epoch.Add(50 * time.Minute), Late: -45 * time.Minute}, when: epoch.Add(50 * time.Minute)},
				{line: awssim.LogLine{At: epoch.Add(4 * time.Minute)}, when: epoch.Add(4 * time.Minute), agent: long},
				{line: awssim.LogLine{At: epoch.Add(5 * time.Minute)}, when: epoch.Add(5 * time.Minute), agent: long[:256<<10]},
				{line: awssim.LogLine{At: epoch.Add(5 * time.Minute)}, when: epoch.Add(5 * time.Minute), agent: long[:512<<10]},
			}
			w := oneGroup(from, to, 10, &awssim.LogGroup{Name: "/access/orders", Created: epoch.Add(-30 * 24 * time.Hour)})
			here := w.Accounts[0].Regions[0]
			here.APIs[0].Stages[0].AccessLog.Format = format
			for i := range odds {
				odds[i].line.Message = fmt.Sprintf(`{"when":%d,"id":"odd-%d","agent":"%s"}`, odds[i].when.UnixMilli(), i, odds[i].agent)
				here.LogGroups[0].Lines = append(here.LogGroups[0].Lines, odds[i].line)
			}
			here.LogGroups[0].Lines = append(here.LogGroups[0].Lines,
				awssim.LogLine{At: from, Stream: "log_stream_created_by_aws_to_validate_log_delivery_subscriptions", Message: "Permissions are set correctly"},
				awssim.LogLine{At: from, Message: "CWL CONTROL MESSAGE: Checking health of destination"},
			)
			return w
		}, func(c *awssim.Config) { c.Ingestion = onTime })
		r.measured()
		r.edit = func(c *Config) {
			readLogs(c)
			c.Logs.StartAt = logs.StartBeginning
		}
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.accessTruth(from, to, nil)
		byLine := map[string]*odd{}
		for i := range odds {
			byLine[odds[i].line.Message] = &odds[i]
		}
		found := 0
		for uid, e := range r.events("/access/orders") {
			o := byLine[*e.Message]
			if o == nil {
				continue
			}
			found++
			w := record{
				Event: accessEvent, Severity: "INFO", Body: *e.Message, At: o.when, Attributes: map[string]any{"aws.request_id": (*e.Message)[strings.Index(*e.Message, "odd-"):][:5]},
				Resource: stageResource(r.world.Accounts[0].Regions[0].APIs[0], "prod", "/access/orders"),
			}
			if o.agent != "" {
				w.Attributes["user_agent.original"] = o.agent
			}
			want[uid] = w
		}
		require.Equal(t, len(odds), found)
		r.await(want)
		stop()
		compareRecords(t, r.records, want)
		assert.Zero(t, r.records.repeated)
		assert.InDelta(t, 4, r.count("odd_timestamps"), 0)
		assert.InDelta(t, 2, r.count("skipped_log_events"), 0)
	})
}
