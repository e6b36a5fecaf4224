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
