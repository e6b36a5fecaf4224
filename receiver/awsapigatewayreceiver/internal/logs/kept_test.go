package logs

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// What is kept of who wrote to a group that was left, and makes no sense, is said, and reads nothing.
func TestWhoWroteToAGroupMakesNoSense(t *testing.T) {
	for kept, failures := range map[string]int64{`{`: 1, `{"v":2}`: 1, `{"v":1}`: 0, `{"v":1,"until":-1,"sources":[{}]}`: 0} {
		disk := &checkpointtest.Disk{}
		b := newBench(t, account{}.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.index.Groups["orders"], b.index.Starts["orders"] = 1, 1
		require.NoError(t, disk.Set(t.Context(), b.leftKey("orders"), []byte(kept)))
		b.discover(t.Context())
		assert.Empty(t, b.found(), kept)
		assert.Equal(t, failures, b.counted("checkpoint"), kept)
	}
}

// Nothing is kept of a group that its stage writes to again at the next start.
func TestNothingIsKeptOfAGroupThatIsBack(t *testing.T) {
	disk, on := &checkpointtest.Disk{}, oneGroup.snapshot(t)
	b := newBench(t, on, nil)
	b.Store = disk.Open(t)
	b.discover(t.Context())
	b.see(t.Context(), notLogging.snapshot(t))
	require.Contains(t, disk.Keys(), b.leftKey("orders"))
	again := newBench(t, on, nil)
	again.Store = b.Store
	require.NoError(t, again.loadIndex(t.Context(), again.now()))
	again.discover(t.Context())
	assert.NotContains(t, disk.Keys(), b.leftKey("orders"))
}

// A group that was left and may not be read is given up after max_backfill, and with it what was not read, which is said once: in the same run, and
// however often the collector starts in between.
func TestDeniedGroupIsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		readFor time.Duration
		run     time.Duration
		starts  int
	}{
		"in one run":                      {10 * time.Minute, 30 * time.Hour, 1},
		"over restarts":                   {10 * time.Minute, 2 * time.Hour, 4},
		"over restarts, and it never was": {0, 2 * time.Hour, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, on, today, began := &checkpointtest.Disk{}, oneGroup.snapshot(t), account{}.snapshot(t), time.Now()
				answer := paged(wrote(began, 30*time.Minute, 10*time.Second, quick), 300)
				lost := 0.0
				var b *bench
				for start := range c.starts {
					b = newBench(t, today, nil)
					b.Store = disk.Open(t)
					b.client.filter = func(group string, from, to int64, token string) (page model.LogPage, err error) {
						if time.Since(began) >= c.readFor {
							return page, failure(aws.Denied, "AccessDeniedException")
						}
						return answer(group, from, to, token)
					}
					if start == 0 {
						b.inv.snapshot = on
					}
					stop := b.run(t.Context())
					if start == 0 {
						b.crawls(on, 30*time.Minute)
					}
					b.crawls(today, c.run)
					stop()
					lost += b.lostSecs
					time.Sleep(10 * time.Hour)
				}
				assert.Empty(t, b.found())
				all, _ := b.healthy()
				assert.NoError(t, all)
				assert.NotContains(t, strings.Join(disk.Keys(), " "), "/left/")
				if c.starts > 1 || c.readFor > 0 {
					assert.InDelta(t, (46*time.Minute - c.readFor).Seconds(), lost, 300)
				}
			})
		})
	}
}

// The backlog of a stage that is forgotten comes also where a stage that is not wanted still writes to its group.
func TestBacklogOfAStageThatSharedItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		filter := &inventory.Filter{Exclude: []inventory.FilterItem{{Stage: "dev"}}}
		dev := logging("dev", arn("orders"), "$context.requestId $context.status")
		both := account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[" + dev + "," + logging("prod", arn("orders"), "$context.requestId $context.status") + "]"}
		other := account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[" + dev + "]"}
		disk, on, today := &checkpointtest.Disk{}, both.filtered(t, filter), other.filtered(t, filter)
		events := wrote(time.Now(), 30*time.Minute, 10*time.Second, quick)
		var came []record
		for run := range 2 {
			b := newBench(t, on, nil)
			b.Store = disk.Open(t)
			b.client.filter = paged(events, 300)
			b.refuse = func() error {
				if run == 0 && len(b.records) >= 60 {
					return errors.New("not now")
				}
				return nil
			}
			if run > 0 {
				b.inv.snapshot = today
			}
			stop := b.run(t.Context())
			if run == 0 {
				b.crawls(on, 30*time.Minute)
			}
			b.crawls(today, 5*time.Hour)
			stop()
			came = append(came, b.came()...)
			time.Sleep(time.Hour)
		}
		assertOnce(t, &bench{records: came}, events)
	})
}
