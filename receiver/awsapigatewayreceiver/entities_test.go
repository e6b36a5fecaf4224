package awsapigatewayreceiver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// inventorySpeed is the clock of tests that look at the inventory alone: an hour is 3 s.
const inventorySpeed = 1200

// settle waits until the newest states are of what the world has: however busy the machine, the crawl is done then.
func (r *rig) settle(targets ...[2]string) {
	r.t.Helper()
	if len(targets) == 0 {
		targets = [][2]string{{testAccount, testRegion}}
	}
	require.Eventually(r.t, func() bool {
		n, got := 0, r.entities.states()
		for _, at := range targets {
			want := worldEntities(r.world, at[0], at[1], r.now())
			n += len(want)
			for key := range want {
				if _, ok := got[key]; !ok {
					return false
				}
			}
		}
		return len(got) == n
	}, time.Minute, 50*time.Millisecond, "not everything came out")
	r.until(r.now().Add(5 * time.Minute)) // and what changed after it was read first
}

// newInventoryRig is a rig whose receiver stands in a logs pipeline only.
func newInventoryRig(t *testing.T, factor float64, world func(epoch time.Time) *awssim.World, config func(*awssim.Config)) *rig {
	r := newRigAt(t, factor, world, config)
	r.sink, r.entities = nil, &entitySink{}
	r.edit = func(c *Config) {
		c.Inventory.Interval, c.Inventory.FullInterval = 10*time.Minute, 20*time.Minute
		c.Inventory.RequestsPerSecond = 10
		c.Inventory.APIKeys.Enabled = true
	}
	r.attemptTimeout = 20 * time.Second
	return r
}

// Everything in the world comes out, with each of its values and relations, and follows the world as it changes; and each entity is reported
// exactly once in its interval.
func TestEntitiesEqualTheWorld(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, inventorySpeed, awssim.DemoWorld, nil)
		stop := r.start()
		defer stop()
		r.until(r.epoch.Add(time.Hour)) // the world's last change is over
		r.settle()
		r.until(r.now().Add(time.Hour))
		compareEntities(t, r.entities, r.world, testAccount, testRegion, r.now())

		before := r.entities.len()
		from := r.now()
		const hours = 5
		r.until(from.Add((hours + 2) * time.Hour))
		stop()
		reports := map[string]int{}
		for _, rec := range r.entities.taken(before) {
			assert.Equal(t, "entity.state", rec.Event, "nothing changes any more")
			if !rec.At.Before(from.Add(time.Hour)) && rec.At.Before(from.Add((hours+1)*time.Hour)) {
				reports[rec.key()]++
			}
		}
		for key, rec := range r.entities.states() {
			// A busy machine may move one over the edge of the time that is looked at.
			if interval := rec.Attributes["entity.report.interval"]; interval == int64(86400) {
				assert.LessOrEqual(t, reports[key], 1, "daily reports of %q in some hours", key)
			} else {
				assert.Equal(t, int64(3600), interval)
				assert.InDelta(t, hours, reports[key], 1, "reports of %q", key)
			}
		}
		compareEntities(t, r.entities, r.world, testAccount, testRegion, r.now())
		assert.Empty(t, r.entities.errs)
		assert.LessOrEqual(t, r.entities.largest, 1000)
	})
}

// deletions are the entity.delete records since the nth record, by key.
func deletions(s *entitySink, from int) map[string]int {
	out := map[string]int{}
	for _, r := range s.taken(from) {
		if r.Event == "entity.delete" {
			out[r.key()]++
		}
	}
	return out
}

// goneWorld is the demonstration's, of which API a2catalog0 and with it everything below it goes away at a time.
func goneWorld(gone time.Duration) func(epoch time.Time) *awssim.World {
	return func(epoch time.Time) *awssim.World {
		w := awssim.DemoWorld(epoch.Add(-time.Hour)) // its own changes are over
		for _, a := range w.Accounts[0].Regions[0].APIs {
			if a.ID == "a2catalog0" {
				a.Deleted = epoch.Add(gone)
			}
		}
		return w
	}
}

// What is deleted is reported so once, with all that was part of it, whether the collector was there to see it or not.
func TestDeletedEntitiesAreReportedOnce(t *testing.T) {
	racetest.Skip(t)
	for name, down := range map[string]bool{"while it runs": false, "while it is down": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newInventoryRig(t, inventorySpeed, goneWorld(3*time.Hour/2), nil)
				r.dir = t.TempDir()
				stop := r.start()
				r.settle()
				require.True(t, r.now().Before(r.epoch.Add(80*time.Minute)), "the machine is too slow for this test")
				before := worldEntities(r.world, testAccount, testRegion, r.now())
				first := r.entities.len()
				if down {
					stop()
					r.jump(r.epoch.Add(2 * time.Hour))
					stop = r.start()
				}
				r.until(r.epoch.Add(2 * time.Hour))
				r.settle()
				stop()
				stop = r.start() // nor is it said again after a restart
				r.until(r.now().Add(time.Hour))
				stop()
				after := worldEntities(r.world, testAccount, testRegion, r.now())
				want := map[string]int{}
				for key := range before {
					if _, ok := after[key]; !ok {
						want[key] = 1
					}
				}
				assert.GreaterOrEqual(t, len(want), 8, "an API with stages, deployments, routes and integrations")
				assert.Equal(t, want, deletions(r.entities, first))
				compareEntities(t, r.entities, r.world, testAccount, testRegion, r.now())
				assert.Empty(t, r.entities.errs)
			})
		})
	}
}

// inventoryOperations are all reads of a crawl but GetDeployment, which is made once for each deployment that runs.
var inventoryOperations = []string{
	"GetRestApis", "GetStages", "GetDeployments", "GetResources", "GetAuthorizers", "GetModels", "GetRequestValidators",
	"GetApis", "GetStagesV2", "GetDeploymentsV2", "GetRoutes", "GetIntegrations", "GetAuthorizersV2", "GetModelsV2",
	"GetAccount", "GetDomainNames", "GetDomainNamesV2", "GetDomainNameAccessAssociations", "GetBasePathMappings", "GetApiMappings", "ListRoutingRules",
	"GetVpcLinks", "GetVpcLinksV2", "GetUsagePlans", "GetUsagePlanKeys", "GetApiKeys", "GetClientCertificates",
}

// A crawl of which any part is denied, fails or makes no sense deletes nothing and takes nothing back, and says what is missing.
func TestPartialCrawlsDeleteNothing(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, 6000, goneWorld(10000*time.Hour), nil)
		r.edit = func(c *Config) {
			c.Inventory.Interval, c.Inventory.FullInterval = time.Minute, time.Minute // everything is read each time
			c.Inventory.RequestsPerSecond = 10
			c.Inventory.APIKeys.Enabled = true
			c.APIs.Include = []inventory.FilterItem{{ID: "a1orders00"}, {ID: "a3payments"}} // each operation is called for these
		}
		stop := r.start()
		defer stop()
		require.Eventually(t, func() bool { return r.sim.Count("GetModelsV2") > 2 && r.sim.Count("GetRequestValidators") > 2 }, time.Minute, 10*time.Millisecond)
		before := slices.Sorted(maps.Keys(r.entities.states()))
		assert.Greater(t, len(before), 60)
		crawled := func(operation string) {
			r.sim.ResetCalls()
			for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
				if r.sim.Count(operation) > 0 && r.sim.Count("GetRestApis") > 1 {
					return
				}
			}
			t.Errorf("%s was not called in a crawl", operation)
		}
		for _, operation := range inventoryOperations {
			for name, faults := range map[string]awssim.Faults{
				"denied":  {Deny: map[string]awssim.DenyKind{operation: awssim.IdentityPolicy}},
				"failing": {ServerError: 1, Only: []string{operation}},
				"missing": {Malformed: 1, MalformedKinds: []string{awssim.MalformedMissing}, Only: []string{operation}},
				"garbage": {Malformed: 1, MalformedKinds: []string{awssim.MalformedGarbage}, Only: []string{operation}},
			} {
				if name == "missing" && withoutID[operation] {
					continue // an answer that is empty, or without an optional member, is a good answer
				}
				from := r.entities.len()
				r.sim.SetFaults(faults)
				crawled(operation)
				r.sim.SetFaults(awssim.Faults{})
				assert.Empty(t, deletions(r.entities, from), "%s %s", operation, name)
			}
		}
		crawled("GetStages")
		stop()
		assert.Equal(t, before, slices.Sorted(maps.Keys(r.entities.states())), "nothing came or went")
	})
}

// withoutID are reads whose items need no id: what is missing in them can't be told from what is not there.
var withoutID = map[string]bool{
	"GetAccount": true, "GetModels": true, "GetModelsV2": true, "GetRequestValidators": true,
	"GetDomainNameAccessAssociations": true, "GetBasePathMappings": true, "GetApiMappings": true, "ListRoutingRules": true, "GetUsagePlanKeys": true,
}

// A denial says which action on which resource, and whether a policy can mend it; the rest of the inventory comes all the same.
func TestDeniedReadsSayWhatIsMissing(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		r := newInventoryRig(t, inventorySpeed, goneWorld(10000*time.Hour), func(c *awssim.Config) {
			c.Faults.Deny = map[string]awssim.DenyKind{
				"GetRoutes": awssim.IdentityPolicy, "ListRoutingRules": awssim.IdentityPolicy, "GetUsagePlans": awssim.ServiceControlPolicy, "GetDeployment": awssim.IdentityPolicy,
			}
		})
		stop := r.start()
		require.Eventually(t, func() bool {
			return r.sim.Count("GetAuthorizersV2") > 3 && r.logs.FilterMessageSnippet("annot be read").Len() > 0
		}, time.Minute, 10*time.Millisecond)
		r.until(r.now().Add(time.Hour))
		said := ""
		for _, e := range r.logs.FilterMessageSnippet("annot be read").All() {
			said += fmt.Sprint(e.ContextMap()["error"])
		}
		status := r.host.statuses()[0].Err().Error()
		for _, want := range []string{
			"cannot call GetRoutes: ", "(allow apigateway:GET on arn:aws:apigateway:us-east-1::/apis/*/routes in the identity's policy)",
			"(allow apigateway:ListRoutingRules on arn:aws:apigateway:us-east-1:111122223333:/domainnames/*/routingrules/* in the identity's policy)",
			"an explicit deny of apigateway:GET on arn:aws:apigateway:us-east-1::/usageplans",
		} {
			assert.Contains(t, said, want)
			assert.Contains(t, status, want)
		}
		assert.Equal(t, 1, r.logs.FilterMessageSnippet("annot be read").Len(), "once, not per crawl")
		missing := map[string]bool{"aws.api_gateway.usage_plan": true, "aws.api_gateway.route": true}
		got := r.entities.states()
		for key := range worldEntities(r.world, testAccount, testRegion, r.now()) {
			if kind, _, _ := strings.Cut(key, "\x00"); !missing[kind] {
				assert.Contains(t, got, key)
			}
		}
		from := r.entities.len()
		r.sim.SetFaults(awssim.Faults{})
		r.settle()
		r.until(r.now().Add(time.Hour))
		stop()
		compareEntities(t, r.entities, r.world, testAccount, testRegion, r.now())
		assert.Empty(t, deletions(r.entities, from))
	})
}
