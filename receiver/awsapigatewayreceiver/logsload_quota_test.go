package awsapigatewayreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// A thousand requests a second over fifty log groups, at half of AWS's quota for most regions, for 35 minutes: what is handed over stays a moment behind,
// fewer than three bytes are read for each that is new, the ids that are remembered are those of the late window and the time between sweeps, and each
// event comes out once.
//
// The embedded AWS makes the events of a Bulk at a price that lets two cores serve the whole rate on a clock fifty times as fast, but they are never late.
// Those of traffic cost it ten times as much. Of these a fifth is read, rates and all: ten groups of the same traffic at a fifth of the calls, so that
// each group has as many events and calls as before; one event in 500 is up to eight minutes late.
func TestThousandRequestsASecondAtQuota(t *testing.T) {
	racetest.Skip(t)
	for _, c := range []loadCase{
		{name: "all of them, in time", groups: 50, perSecond: 5},
		{name: "a fifth of them, some late", groups: 10, perSecond: 1, late: awssim.Lateness{Base: 8 * time.Second, Max: 8 * time.Minute, Late: 0.002}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, c.run)
		})
	}
}

// loadCase is a number of groups that are read at so many calls a second.
type loadCase struct {
	name      string
	groups    int
	perSecond float64
	late      awssim.Lateness // zero: the events are a Bulk's
}

const (
	loadRegion = "eu-west-1" // where the quota is 10 calls a second
	loadLength = 35 * time.Minute
	loadRate   = 20 // events a second of each group
)

// world has traffic, or a Bulk, within [from, to).
func (c *loadCase) world(from, to time.Time) *awssim.World {
	late := c.late != awssim.Lateness{}
	events := int(to.Sub(from).Seconds()) * loadRate
	w := awssim.BulkWorld(to, map[bool]int{false: c.groups}[late], events, 500, map[bool]int{true: c.groups}[late], "")
	r := w.Accounts[0].Regions[0]
	r.Name = loadRegion
	for _, api := range r.APIs {
		stage := api.Stages[0]
		stage.AccessLog.DestinationARN = strings.Replace(stage.AccessLog.DestinationARN, testRegion, loadRegion, 1)
		if late {
			stage.Traffic = busy(from, to, 60*loadRate)
		}
	}
	for _, g := range r.LogGroups {
		g.Bulk.From, g.Bulk.To = from, to
	}
	return w
}

// events is how many the world has.
func (c *loadCase) events(w *awssim.World, from, to time.Time) int {
	r := w.Accounts[0].Regions[0]
	n := 0
	for _, g := range r.LogGroups {
		n += g.Bulk.Events
	}
	for _, api := range r.APIs {
		n += int(w.Truth(api, api.Stages[0], false, from, to)["Count"].SampleCount)
	}
	return n
}

func (c *loadCase) run(t *testing.T) {
	const (
		factor = 50
		lead   = 6 * time.Minute // in which the groups are found
	)
	var from, to time.Time
	r := newRigAt(t, factor, func(epoch time.Time) *awssim.World {
		from, to = epoch.Add(lead), epoch.Add(lead+loadLength)
		return c.world(from, to)
	}, func(config *awssim.Config) { config.EnforceQuotas, config.Ingestion = true, c.late })
	want := c.events(r.world, from, to)
	l := startLoad(t, r, func(config *Config) {
		config.Regions = []string{loadRegion}
		if quota := 10.0; c.perSecond != quota/2 {
			config.Logs.MaxRequestsPerSecond = c.perSecond
		}
	})
	require.Eventually(t, func() bool { return len(groupsAsked(l.pages(r.epoch))) == c.groups }, 30*time.Second, 10*time.Millisecond)
	require.True(t, r.now().Before(from.Add(-30*time.Second)), "all groups are read before there is an event")

	// Meanwhile: how far behind the group is that is furthest behind, and what is remembered. What a sleep takes too long a busy machine has lost, for
	// the reader, too.
	var lag, ids, lost float64
	began := r.now()
	for r.now().Before(to) {
		const step = 10 * time.Second
		at := r.now()
		r.until(at.Add(step))
		lost += (r.now().Sub(at) - step).Seconds()
		lag, ids = max(lag, l.gauge("lag")), max(ids, l.gauge("remembered_ids"))
	}
	ended, calls := r.now(), float64(len(l.pages(began)))
	// What comes late is read when the sweeps have come to it.
	const settled = 10*time.Minute + 5*time.Minute
	if !assert.Eventually(t, func() bool { return l.sink.count() >= want }, 2*time.Minute, 50*time.Millisecond) {
		t.Logf("%d of %d events came", l.sink.count(), want)
	}
	r.until(to.Add(settled))

	fresh, again := l.bytes()
	rate := float64(c.groups * loadRate)
	t.Logf("%.0f events a second: lag %.1f s at most, %.2f calls a second (%.0f s lost), %.2f bytes read for each that is new, %.0f ids at most, %.1f minutes' worth",
		rate, lag, calls/ended.Sub(began).Seconds(), lost, (fresh+again)/fresh, ids, ids/rate/60)
	assert.Less(t, lag, 60+lost)
	assert.Less(t, (fresh+again)/fresh, 3.0)
	assert.Less(t, ids, rate*((settled+2*time.Minute).Seconds()+lost), "ids of the late window, the time between sweeps, and a round of them")
	assert.Equal(t, want, l.sink.count())
	assert.Zero(t, l.sink.repeats())
}

// gauge is the value of an internal metric for logs.
func (l *load) gauge(name string) float64 {
	m, err := l.telemetry.GetMetric("otelcol_receiver_awsapigateway_" + name)
	require.NoError(l.t, err)
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		return float64(data.DataPoints[0].Value)
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			if signal, _ := p.Attributes.Value("signal"); signal.AsString() == signalLogs {
				return p.Value
			}
		}
	}
	require.Fail(l.t, "the metric has no value for logs", name)
	return 0
}

// bytes are those that were read, of new events and of others.
func (l *load) bytes() (fresh, again float64) {
	m, err := l.telemetry.GetMetric("otelcol_receiver_awsapigateway_log_bytes")
	require.NoError(l.t, err)
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if read, _ := p.Attributes.Value("read"); read.AsString() == "new" {
			fresh += float64(p.Value)
		} else {
			again += float64(p.Value)
		}
	}
	return fresh, again
}
