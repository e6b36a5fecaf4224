package awsapigatewayreceiver

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

const deniedAccount = "222233334444"

// twoAccounts is tracedWorld twice: in the test's account, and in one of which the role may not read X-Ray.
func twoAccounts(from, to time.Time) *awssim.World {
	w := tracedWorld(from, to, 5)
	other := tracedWorld(from, to, 5).Accounts[0]
	other.ID, other.Roles = deniedAccount, []awssim.Role{{Name: "reader"}}
	for _, api := range other.Regions[0].APIs {
		for i, route := range api.Routes {
			own, integration := *route, *route.Integration
			integration.URI = strings.ReplaceAll(integration.URI, testAccount, deniedAccount)
			own.Integration = &integration
			api.Routes[i] = &own
		}
	}
	w.Accounts = append(w.Accounts, other)
	return w
}

// Of two accounts one denies X-Ray: the other one's traces come, and which may not be read is said once, with what to allow; it is in the status and in
// target_up. Once it is allowed, all traces since come.
func TestXRayIsDeniedInOneAccount(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		denied := awssim.Faults{Deny: map[string]awssim.DenyKind{"GetTraceSummaries@" + deniedAccount + "/" + testRegion: awssim.IdentityPolicy}}
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-15*time.Minute), epoch.Add(25*time.Minute)
			return twoAccounts(from, to)
		}, func(c *awssim.Config) { c.Tracing, c.Faults = inPieces, denied })
		r.edit = func(c *Config) {
			readTraces(c)
			c.Accounts = []aws.Account{{Name: "own"}, {Name: "other", RoleARN: "arn:aws:iam::" + deniedAccount + ":role/reader"}}
		}
		r.measured()
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.accountTruth(0, "own", from, to)
		assert.Eventually(t, func() bool { return r.spans.has(want) }, patience, 20*time.Millisecond, "not everything of the other account came out")
		for _, g := range r.spans.taken() {
			require.NotEqual(t, deniedAccount, g.Resource["cloud.account.id"])
		}
		assert.InDelta(t, 1, r.count("target_up", "target", "own/"+testRegion), 0)
		assert.InDelta(t, 0, r.count("target_up", "target", "other/"+testRegion), 0)
		said := r.logs.FilterMessage("Target cannot be read; it is tried again").All()
		require.Len(t, said, 1)
		m := said[0].ContextMap()
		assert.Equal(t, "other/"+testRegion, m["target"])
		assert.Equal(t, "traces", m["source"])
		assert.Contains(t, m["error"], "allow xray:GetTraceSummaries on * in the identity's policy")
		events := r.host.statuses()
		require.NotEmpty(t, events)
		last := events[len(events)-1]
		assert.Equal(t, componentstatus.StatusRecoverableError, last.Status())
		require.Error(t, last.Err())
		assert.Contains(t, last.Err().Error(), "other/"+testRegion)
		assert.NotContains(t, last.Err().Error(), "own/"+testRegion)

		r.sim.SetFaults(awssim.Faults{})
		maps.Copy(want, r.accountTruth(1, "other", from, to))
		r.awaitSpans(want, to)
		assert.Eventually(t, func() bool { return r.count("target_up", "target", "other/"+testRegion) == 1 }, 10*time.Second, 20*time.Millisecond)
		stop()
		compareSpans(t, r.spans.taken(), want)
		repeated, _ := r.spans.repeats()
		assert.Zero(t, repeated)
		assert.Len(t, r.logs.FilterMessage("Target can be read again").All(), 1)
		events = r.host.statuses()
		assert.Equal(t, componentstatus.StatusOK, events[len(events)-1].Status())
	})
}

// accountTruth is what should come out for the traces of an account that has a name.
func (r *rig) accountTruth(n int, name string, from, to time.Time) map[spanID]spanData {
	account, want := r.world.Accounts[n], map[spanID]spanData{}
	for s := range tracedRequests(r.world, account, from, to, nil) {
		s.spans(want)
	}
	for _, w := range want {
		w.Resource["cloud.account.id"], w.Resource["aws.account.name"] = account.ID, name
		if api := w.Resource[prefix+"api_id"]; api != nil {
			w.Resource["service.instance.id"] = fmt.Sprint(account.ID, "/", testRegion, "/", api, "/", w.Resource[prefix+"stage"])
		}
	}
	return want
}

// While X-Ray is denied, metrics and logs of the same target come.
func TestXRayIsDeniedAndTheOtherSignalsAreNot(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
			return tracedWorld(from, to, 5)
		}, func(c *awssim.Config) {
			c.Ingestion = onTime
			c.Faults.Deny = map[string]awssim.DenyKind{"GetTraceSummaries": awssim.ExplicitDeny, "BatchGetTraces": awssim.ExplicitDeny}
		})
		r.sink, r.records = newSink(), newRecordSink()
		r.edit = readAllSpans
		stop := r.start()
		defer stop()
		r.until(to)
		r.await(r.accessTruth(from, to, nil))
		r.awaitSpans(r.accessSpanTruth(from, to), to)
		r.drain()
		stop()
		r.sink.check(t)
		here := r.world.Accounts[0].Regions[0]
		for _, api := range here.APIs {
			for _, stage := range api.Stages {
				assert.NotZero(t, r.compare(api.ID, api, stage, false, from, to))
			}
		}
		compareRecords(t, r.records, r.accessTruth(from, to, nil))
		said := r.logs.FilterMessage("Target cannot be read; it is tried again").All()
		require.Len(t, said, 1)
		assert.Contains(t, said[0].ContextMap()["error"], "explicit deny of xray:GetTraceSummaries on *")
	})
}
