package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// Credentials of another account begin anew: what is stored of the account before says nothing of theirs, where APIs may have the same names.
func TestCredentialsOfAnotherAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		const other = "222233334444"
		var from, to time.Time
		start := func(account, id string) (*rig, func()) {
			r := newRig(t, func(epoch time.Time) *awssim.World {
				from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
				w := region(rest(id, "orders", from.Add(-time.Hour), stage("prod", from, to)))
				w.Accounts[0].ID = account
				return w
			}, func(c *awssim.Config) {
				c.Lateness = awssim.Lateness{Base: time.Minute, Max: 5 * time.Minute, Late: 0.5}
			})
			r.dir, r.entities = dir, &entitySink{}
			r.edit = func(c *Config) { c.Inventory.Interval = 30 * time.Minute }
			return r, r.start()
		}
		first, stop := start(testAccount, "rest000001")
		first.until(first.epoch.Add(9 * time.Minute))
		stop()
		require.NotZero(t, first.entities.len())

		second, stop := start(other, "rest000002")
		second.until(second.epoch.Add(40 * time.Minute))
		stop()
		second.compareAll(from, to)
		for k := range second.sink.streams {
			assert.Equal(t, "rest000002", k.API, "%v", k)
		}
		require.NotZero(t, second.entities.len())
		for _, e := range second.entities.taken(0) {
			assert.NotEqual(t, "entity.delete", e.Event, "%v", e)
			assert.NotContains(t, e.String(), "rest000001")
		}
	})
}
