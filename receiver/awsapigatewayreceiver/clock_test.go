package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// A machine whose clock is wrong by hours loses nothing and sends nothing twice, be it at the first start or after another one, and whether or not a
// call was made before the metrics are asked for, whose answer tells the right time.
func TestMachineWhoseClockIsWrong(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"ahead": 2 * time.Hour, "a little ahead": 4 * time.Minute, "behind": -2 * time.Hour} {
		for account, id := range map[string]string{"an account that is asked for": "", "an account that is known": testAccount} {
			t.Run(name+", with "+account, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					var from, to time.Time
					r := newRig(t, func(epoch time.Time) *awssim.World {
						from, to = epoch.Add(-ahead).Add(-5*time.Minute), epoch.Add(-ahead).Add(70*time.Minute)
						return threeKinds(from, to)
					}, func(c *awssim.Config) {
						local := c.Now
						c.Now = func() time.Time { return local().Add(-ahead) }
						c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.2}
					})
					r.dir = t.TempDir()
					r.edit = func(c *Config) { c.Accounts = []aws.Account{{AccountID: id}} }
					for _, after := range []time.Duration{20 * time.Minute, 35 * time.Minute, 120 * time.Minute} {
						stop := r.start()
						r.until(r.epoch.Add(after))
						stop()
					}
					r.compareAll(from, to)
				})
			})
		}
	}
}
