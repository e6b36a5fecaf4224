package awsapigatewayreceiver

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// loadSink is a consumer of very many access records: it keeps the hash of each one's uid, and when those of quiet APIs came.
type loadSink struct {
	now func() time.Time

	mu    sync.Mutex
	uids  []uint64
	quiet map[string]time.Time // by uid
}

func (*loadSink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *loadSink) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, rl := range ld.ResourceLogs().All() {
		quiet := strings.HasPrefix(str(rl.Resource(), "aws.api_gateway.api_id"), "idle")
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				uid, ok := r.Attributes().Get("log.record.uid")
				if !ok {
					continue // an entity event
				}
				s.uids = append(s.uids, xxhash.Sum64String(uid.Str()))
				if quiet {
					s.quiet[uid.Str()] = now
				}
			}
		}
	}
	return nil
}

func (s *loadSink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uids)
}

// came is when the record of an event of a quiet API came, zero where it has not.
func (s *loadSink) came(uid string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quiet[uid]
}

// repeats is how many records came again.
func (s *loadSink) repeats() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Sorted(slices.Values(s.uids))
	return len(all) - len(slices.Compact(all))
}

// load is a receiver of logs on a rig's clock.
type load struct {
	*rig
	sink      *loadSink
	telemetry *componenttest.Telemetry
}

// startLoad starts it. edit changes the default configuration.
func startLoad(t *testing.T, r *rig, edit func(*Config)) *load {
	t.Helper()
	l := &load{rig: r, sink: &loadSink{now: r.now, quiet: map[string]time.Time{}}, telemetry: componenttest.NewTelemetry()}
	config := r.config()
	config.Inventory.EntityEvents, config.Inventory.RequestsPerSecond = inventory.EventsNone, 10
	config.Logs.Access.Enabled = true
	edit(config)
	require.NoError(t, config.Validate())
	set := receiverSettings()
	set.TelemetrySettings = l.telemetry.NewTelemetrySettings()
	s := newSignal(set, config, r.clock, signalLogs, func(g *gatewayReceiver) { g.logs = l.sink })
	r.connect(s)
	require.NoError(t, s.Start(context.Background(), &testHost{}))
	t.Cleanup(func() {
		assert.NoError(t, s.Shutdown(context.Background()))
		assert.NoError(t, l.telemetry.Shutdown(context.Background()))
	})
	return l
}

// pages are the calls of FilterLogEvents since a time.
func (l *load) pages(since time.Time) []awssim.Call {
	return slices.DeleteFunc(l.sim.Calls(), func(c awssim.Call) bool { return c.Operation != "FilterLogEvents" || c.At.Before(since) })
}

// groupsAsked are the log groups that calls were for, with how many there were.
func groupsAsked(calls []awssim.Call) map[string]int {
	groups := map[string]int{}
	for _, c := range calls {
		groups[c.LogGroup]++
	}
	return groups
}

// One group has ten million events waiting, 200 others have six a minute, and ten calls a second serve them all: each event of the quiet groups comes
// out within three polls, or one and a half times what a round over all groups takes, whichever is longer; and meanwhile the backlog drains.
//
// The clock runs at twelve times the speed of real time only, and the events are long: the backlog's pages have 1 MB whatever is in them, and at up to
// thirty of them a second, in real time, two cores still answer as fast as AWS does. Where they do not, the calls of one and a half rounds take longer,
// and so may the events.
func TestQuietGroupsStayCurrentBesideABacklog(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		const (
			factor    = 12
			waiting   = 10_000_000
			size      = 4000
			groups    = 1 + 200
			perSecond = 10
			inRound   = groups * 3 / 2  // calls of one and a half rounds
			length    = 7 * time.Minute // within it, each group is swept
		)
		r := newRigAt(t, factor, func(epoch time.Time) *awssim.World { return awssim.BulkWorld(epoch, 1, waiting, size, groups-1, "") }, nil)
		var bound time.Duration
		l := startLoad(t, r, func(c *Config) {
			c.Logs.StartAt, c.Logs.MaxRequestsPerSecond = "2h", perSecond
			bound = max(3*c.Logs.PollInterval, inRound*time.Second/perSecond)
		})
		// The groups have to be found first, and what is in the quiet ones already has to be read.
		require.Eventually(t, func() bool { return len(groupsAsked(l.pages(r.epoch))) == groups }, time.Minute, 50*time.Millisecond)
		r.until(r.now().Add(bound))
		from := r.now()
		to := from.Add(length)
		r.until(to.Add(bound + bound/10))
		calls, ended := l.pages(from), r.now()

		// Events of the quiet groups can be read as soon as they are written here.
		var lags []time.Duration
		missing := 0
		for _, api := range r.world.Accounts[0].Regions[0].APIs {
			for request := range r.world.AccessRecords(api, api.Stages[0], from, to) {
				came := l.sink.came(request.EventID)
				if came.IsZero() {
					missing++
					continue
				}
				lag := came.Sub(request.At)
				lags = append(lags, lag)
				if made := callsWithin(calls, request.At, came); made > inRound {
					assert.LessOrEqual(t, lag, bound, "%s at %v, %d calls later", request.Group, request.At.Sub(from), made)
				}
			}
		}
		require.NotEmpty(t, lags)
		slices.Sort(lags)
		drained, made := groupsAsked(calls)["/aws/apigateway/bulk-000000"], float64(len(calls))/ended.Sub(from).Seconds()
		t.Logf("%d events of quiet groups: lag %v in the middle, %v at 99 %%, %v at most, of %v; %d of %d calls, %.2f a second, drain the backlog; %d records",
			len(lags), lags[len(lags)/2], lags[len(lags)*99/100], lags[len(lags)-1], bound, drained, len(calls), made, l.sink.count())
		assert.Zero(t, missing, "events of the quiet groups that did not come out")
		assert.InDelta(t, perSecond, made, 0.05*perSecond, "calls a second")
		assert.GreaterOrEqual(t, float64(drained)/float64(len(calls)), 0.1, "the backlog drains")
		assert.Zero(t, l.sink.repeats())
	})
}

// callsWithin counts the calls in [from, to).
func callsWithin(calls []awssim.Call, from, to time.Time) int {
	at := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(calls, t, func(c awssim.Call, t time.Time) int { return c.At.Compare(t) })
		return i
	}
	return at(to) - at(from)
}
