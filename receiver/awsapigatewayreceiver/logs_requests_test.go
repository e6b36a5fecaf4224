package awsapigatewayreceiver

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// onTime is how late log events are where nothing is said of it.
var onTime = awssim.Lateness{Base: 5 * time.Second}

// manyLate has events that come late, within the default late window. Its last minutes are left: on a busy machine, what takes 100 ms takes a minute of
// the fast clock, and so may the clocks of the receiver and of AWS differ.
var manyLate = awssim.Lateness{Base: 10 * time.Second, Max: 6 * time.Minute, Late: 0.2}

// checkRequests waits for all requests of [from, to), stops the receiver and holds the records to them.
func (r *rig) checkRequests(stop func(), from, to time.Time) {
	r.t.Helper()
	r.until(to)
	want := r.accessTruth(from, to, nil)
	r.await(want)
	stop()
	compareRecords(r.t, r.records, want)
	assert.Zero(r.t, r.records.repeated, "records that came twice")
	assert.Empty(r.t, r.records.lost)
}

// Each request of each stage is one record, whatever its access-log format is, with each attribute right.
func TestEachRequestIsOneAccessRecord(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-30*time.Minute), epoch.Add(30*time.Minute)
			return formatWorld(restFormats, httpFormats, webSocketFormats, from, to, 10)
		}, func(c *awssim.Config) { c.Ingestion = manyLate })
		stop := r.start()
		defer stop()
		r.checkRequests(stop, from, to)
	})
}

// No request is missing and none comes twice, whatever goes wrong with reading them.
func TestEachRequestIsOneAccessRecordUnderFaults(t *testing.T) {
	reads := []string{"FilterLogEvents", "DescribeLogGroups"}
	for name, set := range racetest.Fewer(map[string]struct {
		sim    func(*awssim.Config)
		edit   func(*Config)
		refuse bool
		length time.Duration // from the start on; 0: 40 minutes
	}{
		"late events":   {sim: func(c *awssim.Config) { c.Ingestion = manyLate }},
		"empty pages":   {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{EmptyPages: 0.5} }},
		"small pages":   {sim: func(c *awssim.Config) { c.MaxPage = 7 }},
		"throttling":    {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Throttle: 0.3, Only: reads} }},
		"server errors": {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{ServerError: 0.3, Only: reads} }},
		"dropped":       {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Drop: 0.2, Only: reads} }},
		"truncated":     {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Truncate: 0.2, Only: reads} }},
		"malformed":     {sim: func(c *awssim.Config) { c.Faults = awssim.Faults{Malformed: 0.2, Only: reads} }},
		"at the quota": {
			sim: func(c *awssim.Config) { c.EnforceQuotas, c.MaxPage = true, 3 },
			// More than AWS allows.
			length: 5 * time.Minute,
			edit:   func(c *Config) { c.Logs.MaxRequestsPerSecond, c.Logs.PollInterval = 10_000, time.Second },
		},
		"a consumer that refuses": {refuse: true},
		"everything": {sim: func(c *awssim.Config) {
			c.Ingestion, c.MaxPage = manyLate, 50
			c.Faults = awssim.Faults{EmptyPages: 0.2, Throttle: 0.1, ServerError: 0.1, Drop: 0.05, Truncate: 0.05, Malformed: 0.05, Only: reads}
		}, refuse: true},
	}, "everything") {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-30*time.Minute), epoch.Add(cmp.Or(set.length, 40*time.Minute))
					return fewFormatsWorld(from, to, 10)
				}, func(c *awssim.Config) {
					c.Ingestion = onTime
					if set.sim != nil {
						set.sim(c)
					}
				})
				r.edit = func(c *Config) {
					readLogs(c)
					if set.edit != nil {
						set.edit(c)
					}
				}
				if set.refuse {
					r.records.refuse = func() error {
						if at := r.now(); at.After(from.Add(35*time.Minute)) && at.Before(from.Add(55*time.Minute)) {
							return errRefused
						}
						return nil
					}
				}
				stop := r.start()
				defer stop()
				r.checkRequests(stop, from, to)
			})
		})
	}
}
