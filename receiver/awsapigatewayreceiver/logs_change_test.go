package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// Each line is read in the format that its stage had when it was written: those of a new format before the inventory is read again, those of an old one
// that come late, and whatever was written while the collector was down.
func TestFormatsChange(t *testing.T) {
	racetest.Skip(t)
	const (
		bars  = `$context.requestId|$context.status|$context.responseLatency|$context.identity.userAgent`
		json  = `{"when":$context.requestTimeEpoch,"request":"$context.requestId","status":$context.status,"agent":"$context.identity.userAgent"}`
		pairs = `id=$context.requestId;status=$context.status;path=$context.path;latency=$context.integrationLatency`
		group = "/access/changing"
	)
	log := func(group, format string) awssim.AccessLog {
		return awssim.AccessLog{DestinationARN: groupARN(group), Format: format}
	}
	for name, set := range map[string]struct {
		logs []awssim.AccessLog // one after the other
		// interval is how often the inventory is read; where it is long, only a line that can't be read shows a change.
		interval time.Duration
		down     bool
	}{
		"to another format":              {logs: []awssim.AccessLog{log(group, bars), log(group, json)}, interval: 10 * time.Hour},
		"to a third one":                 {logs: []awssim.AccessLog{log(group, json), log(group, pairs), log(group, bars)}, interval: 10 * time.Hour},
		"there and back":                 {logs: []awssim.AccessLog{log(group, bars), log(group, pairs), log(group, bars)}, interval: 10 * time.Hour},
		"while the collector is down":    {logs: []awssim.AccessLog{log(group, bars), log(group, json)}, interval: 10 * time.Hour, down: true},
		"to another group":               {logs: []awssim.AccessLog{log(group, bars), log("/access/new", json)}, interval: 10 * time.Minute},
		"to another group, while down":   {logs: []awssim.AccessLog{log(group, bars), log("/access/new", bars)}, interval: 10 * time.Minute, down: true},
		"access logs are switched on":    {logs: []awssim.AccessLog{{}, log(group, bars)}, interval: 10 * time.Minute},
		"access logs are switched off":   {logs: []awssim.AccessLog{log(group, bars), {}}, interval: 10 * time.Minute},
		"to a destination with its star": {logs: []awssim.AccessLog{log(group, bars), log(group+":*", json)}, interval: 10 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to, change time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, change, to = epoch.Add(-20*time.Minute), epoch.Add(20*time.Minute), epoch.Add(60*time.Minute)
					stage := logged("prod", group, "", from, to, 30)
					stage.AccessLog = set.logs[0]
					for i, l := range set.logs[1:] {
						stage.Changes = append(stage.Changes, awssim.Change[awssim.Stage]{
							At: change.Add(time.Duration(i) * 20 * time.Minute), Set: func(s *awssim.Stage) { s.AccessLog = l },
						})
					}
					return region(&awssim.API{ID: "rest000001", Name: "orders", Created: from.Add(-100 * time.Hour), Stages: []*awssim.Stage{stage}})
				}, func(c *awssim.Config) { c.Ingestion = manyLate })
				r.measured()
				r.edit = func(c *Config) {
					readLogs(c)
					c.Inventory.Interval, c.Inventory.FullInterval = set.interval, set.interval
				}
				if set.down {
					r.dir = t.TempDir()
					stop := r.start()
					r.until(change.Add(-5 * time.Minute))
					stop()
					r.until(change.Add(5 * time.Minute))
				}
				stop := r.start()
				defer stop()
				r.checkRequests(stop, from, to)
				assert.Zero(t, r.count("parse_errors"), "lines that were read in no format of the stage")
			})
		})
	}
}
