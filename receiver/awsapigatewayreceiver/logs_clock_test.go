package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// A machine whose clock is wrong by more than max_backfill has each event of an account that it need not ask for come out once, from its first start on.
func TestLogsOfAMachineWhoseClockIsWrong(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"ahead": 26 * time.Hour, "behind": -26 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-ahead).Add(time.Minute), epoch.Add(-ahead).Add(50*time.Minute)
					return fewFormatsWorld(from, to, 20)
				}, func(c *awssim.Config) {
					local := c.Now
					c.Now = func() time.Time { return local().Add(-ahead) }
				})
				r.dir = t.TempDir()
				r.edit = func(c *Config) {
					readLogs(c)
					c.Accounts, c.Logs.StartAt = []aws.Account{{AccountID: testAccount}}, "end"
				}
				for _, after := range []time.Duration{20 * time.Minute, 35 * time.Minute, 90 * time.Minute} {
					stop := r.start()
					r.until(r.epoch.Add(after))
					stop()
				}
				compareRecords(t, r.records, r.accessTruth(from, to, nil))
				assert.Zero(t, r.records.repeated)
			})
		})
	}
}
