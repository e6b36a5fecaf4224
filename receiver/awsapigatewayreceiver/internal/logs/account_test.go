package logs

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// as makes the reader one of another account, whose credentials the target has under the same name.
func (b *bench) as(account string) {
	b.Target.AccountID = account
	b.Resources = resource.NewWriter(b.Target, nil, nil)
}

// Credentials of another account begin anew: a log group there may have the name of one that was read, and nothing else in common with it.
func TestLogGroupsOfAnotherAccount(t *testing.T) {
	for name, c := range map[string]struct {
		from  string
		since time.Duration // what is to come of the other account
	}{
		"from the beginning": {StartBeginning, 5 * time.Hour}, "from a while ago": {"90m", 90 * time.Minute}, "from now on": {StartEnd, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, began := &checkpointtest.Disk{}, time.Now()
				start := func() *bench {
					b := newBench(t, oneGroup.snapshot(t), func(config *Config) { config.StartAt = c.from })
					b.Store = disk.Open(t)
					return b
				}
				first := start()
				first.client.describe = func(names []string) ([]model.LogGroup, error) {
					return []model.LogGroup{{Name: names[0], Created: began.Add(-48 * time.Hour)}}, nil
				}
				first.client.filter = paged(wrote(began, time.Hour, time.Second, quick), 1000)
				stop := first.run(t.Context())
				time.Sleep(time.Hour)
				stop()
				require.NotEmpty(t, first.came())
				time.Sleep(3 * time.Hour)

				second := start()
				second.as("222233334444")
				second.inv.snapshot.Stages["r1"][0].AccessLog.Destination = "arn:aws:logs:us-east-1:222233334444:log-group:orders"
				now := time.Now()
				second.client.describe = func(names []string) ([]model.LogGroup, error) {
					return []model.LogGroup{{Name: names[0], Created: began.Add(-time.Hour)}}, nil
				}
				others := wrote(now.Add(-5*time.Hour), 6*time.Hour, 10*time.Second, quick)
				second.client.filter = paged(others, 1000)
				stop = second.run(t.Context())
				time.Sleep(2 * time.Hour)
				stop()
				var wanted []written
				for _, e := range others {
					if e.at >= now.Add(-c.since).UnixMilli() {
						wanted = append(wanted, e)
					}
				}
				assertOnce(t, second, wanted)
				assert.Zero(t, second.lostSecs)
				assert.Zero(t, second.counted("checkpoint"))
				assert.NotEqual(t, first.index.First, second.index.First)
			})
		})
	}
}
