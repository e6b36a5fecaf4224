package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// An API that was deleted while the collector was down, and one that was made anew under its name, get what is theirs, however long that was.
func TestDeletedAndRecreatedDuringAnOutage(t *testing.T) {
	for name, outage := range map[string]time.Duration{"of an hour": time.Hour, "of a moment": 13 * time.Minute, "of a morning": 9 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to, created time.Time
				r := newRig(t, func(epoch time.Time) *awssim.World {
					from, to, created = epoch.Add(-5*time.Minute), epoch.Add(40*time.Minute), epoch.Add(25*time.Minute)
					first := rest("aaaaaaaaa1", "pets", from.Add(-time.Hour), stage("prod", from, to))
					first.Deleted = epoch.Add(24 * time.Minute)
					return region(first, rest("aaaaaaaaa2", "pets", created, stage("prod", created, to)))
				}, nil)
				r.dir = t.TempDir()
				stop := r.start()
				r.until(r.epoch.Add(20 * time.Minute))
				stop()
				r.jump(r.epoch.Add(20*time.Minute + outage))
				stop = r.start()
				defer stop()
				r.until(r.now().Add(30 * time.Minute))
				r.drain()
				stop()
				r.sink.check(t)
				apis := r.world.Accounts[0].Regions[0].APIs
				assert.Equal(t, r.truth(apis[0], 0, from, to), r.requests("api_id=aaaaaaaaa1"), "until it was deleted")
				assert.Equal(t, r.truth(apis[1], 0, from, to), r.requests("api_id=aaaaaaaaa2"), "from its creation on")
				require.NotZero(t, r.truth(apis[1], 0, from, to))
			})
		})
	}
}

// What CloudWatch has under an API's old name is still read where it was renamed during an outage, or just before a restart.
func TestRenamedAroundARestart(t *testing.T) {
	for name, set := range map[string]struct{ renamed, stopped, started time.Duration }{
		"during an outage":      {25 * time.Minute, 20 * time.Minute, 80 * time.Minute},
		"just before a restart": {20*time.Minute + 10*time.Second, 21 * time.Minute, 22 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-5*time.Minute), epoch.Add(set.renamed).Truncate(time.Minute)
					api := rest("aaaaaaaaa1", "pets", from.Add(-time.Hour), stage("prod", from, to))
					api.Changes = []awssim.Change[awssim.API]{{At: epoch.Add(set.renamed), Set: func(a *awssim.API) { a.Name = "animals" }}}
					return region(api)
				}, nil)
				r.dir = t.TempDir()
				r.edit = func(c *Config) { c.Inventory.Interval = time.Minute }
				stop := r.start()
				r.until(r.epoch.Add(set.stopped))
				stop()
				r.jump(r.epoch.Add(set.started))
				stop = r.start()
				defer stop()
				r.until(r.now().Add(time.Hour))
				stop()
				r.sink.check(t)
				api := r.world.Accounts[0].Regions[0].APIs[0]
				assert.Equal(t, r.truth(api, 0, from, to), r.requests("api_id=aaaaaaaaa1"))
			})
		})
	}
}
