package awsapigatewayreceiver

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// manyTargets has one account that works, and accounts and regions that fail in each way.
func manyTargets(from, to time.Time) *awssim.World {
	old := from.Add(-time.Hour)
	api := func(id string) []*awssim.API {
		return []*awssim.API{rest(id, "pets-"+id, old, stage("prod", from, to))}
	}
	account := func(id string, role awssim.Role, regions ...*awssim.Region) *awssim.Account {
		return &awssim.Account{ID: id, Roles: []awssim.Role{role}, Regions: regions}
	}
	return &awssim.World{Seed: 3, Accounts: []*awssim.Account{
		account(testAccount, awssim.Role{},
			&awssim.Region{Name: "us-east-1", APIs: api("ok00000001")},
			&awssim.Region{Name: "eu-west-1", APIs: api("hang000001")},
			&awssim.Region{Name: "eu-central-1", APIs: api("deny000001")},
			&awssim.Region{Name: "ap-east-1", Disabled: true, APIs: api("off0000001")}),
		account("222233334444", awssim.Role{Name: "reader", ExternalID: "right"}, &awssim.Region{Name: "us-east-1", APIs: api("role000001")}),
		account("333344445555", awssim.Role{Name: "reader", ExternalID: "right"}, &awssim.Region{Name: "us-east-1", APIs: api("wrong00001")}),
		account("444455556666", awssim.Role{Name: "reader", Deny: true}, &awssim.Region{Name: "us-east-1", APIs: api("trust00001")}),
	}}
}

func TestTargetsFailAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
			return manyTargets(from, to)
		}, func(c *awssim.Config) {
			c.Faults = awssim.Faults{
				Hang: []string{testAccount + "/eu-west-1"},
				Deny: map[string]awssim.DenyKind{
					"GetMetricData@" + testAccount + "/eu-central-1": awssim.IdentityPolicy,
					"GetRestApis@" + testAccount + "/eu-central-1":   awssim.ServiceControlPolicy,
				},
			}
		})
		r.attemptTimeout = time.Second
		r.edit = func(c *Config) {
			c.Accounts = []aws.Account{
				{Name: "own", Regions: []string{"us-east-1", "eu-west-1", "eu-central-1", "ap-east-1"}},
				{Name: "china", Regions: []string{"cn-north-1"}},
				{Name: "role", RoleARN: "arn:aws:iam::222233334444:role/reader", ExternalID: "right"},
				{Name: "wrong", RoleARN: "arn:aws:iam::333344445555:role/reader", ExternalID: "wrong"},
				{Name: "trust", RoleARN: "arn:aws:iam::444455556666:role/reader"},
			}
		}
		stop := r.start()
		defer stop()
		r.until(to.Add(15 * time.Minute))
		r.drain()
		stop()
		r.sink.check(t)

		// The others' data is complete.
		assert.NotZero(t, r.compare("ok00000001", r.world.API(testAccount, "us-east-1", "ok00000001"), r.world.API(testAccount, "us-east-1", "ok00000001").Stages[0], false, from, to))
		assert.NotZero(t, r.compare("role000001", r.world.API("222233334444", "us-east-1", "role000001"), r.world.API("222233334444", "us-east-1", "role000001").Stages[0], false, from, to))
		for k := range r.sink.streams {
			assert.Contains(t, []string{"ok00000001", "role000001"}, k.API)
		}

		// The log says which failed and why, once.
		said := map[string][]string{}
		for _, e := range r.logs.FilterMessage("Target cannot be read; it is tried again").All() {
			m := e.ContextMap()
			said[fmt.Sprint(m["target"], " ", m["class"])] = append(said[fmt.Sprint(m["target"], " ", m["class"])], fmt.Sprint(m["error"]))
		}
		for what, part := range map[string]string{
			"own/eu-west-1 network":            "cannot call GetCallerIdentity",
			"own/eu-central-1 explicit_deny":   "explicit deny of apigateway:GET on arn:aws:apigateway:eu-central-1::/restapis",
			"own/ap-east-1 region_disabled":    "region is not enabled",
			"china/cn-north-1 region_disabled": "region is not enabled in this account, or the access key is not valid there",
			"wrong/us-east-1 role_refused":     "external_id",
			"trust/us-east-1 role_refused":     "trust policy",
		} {
			if assert.Len(t, said[what], 1, "%s in %v", what, said) {
				assert.Contains(t, said[what][0], part)
			}
		}
		assert.Empty(t, said["own/us-east-1 network"])

		// The status says which, too.
		events := r.host.statuses()
		require.NotEmpty(t, events)
		last := events[len(events)-1]
		assert.Equal(t, componentstatus.StatusRecoverableError, last.Status())
		for _, target := range []string{"own/eu-west-1", "own/eu-central-1", "own/ap-east-1", "wrong/us-east-1", "trust/us-east-1"} {
			assert.Contains(t, last.Err().Error(), target)
		}
		assert.NotContains(t, last.Err().Error(), "own/us-east-1")
	})
}

// One account under two names would come out twice: the second is left out, and said.
func TestOneAccountIsReadOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(10*time.Minute)
			return threeKinds(from, to)
		}, nil)
		r.edit = func(c *Config) {
			c.Accounts = []aws.Account{{Name: "one"}, {Name: "two"}}
			c.ResourceAttributes = resource.Config{"aws.account.name": {Enabled: new(bool)}}
		}
		stop := r.start()
		defer stop()
		r.until(to.Add(15 * time.Minute))
		r.drain()
		stop()
		r.compareAll(from, to)
		said := r.logs.FilterMessage("Target cannot be read; it is tried again").All()
		require.Len(t, said, 1)
		assert.Contains(t, said[0].ContextMap()["error"], "which target")
	})
}

// A pipeline that refuses is in the component's status until it takes data again.
func TestRefusalIsInTheStatus(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(epoch time.Time) *awssim.World {
			return threeKinds(epoch.Add(-5*time.Minute), epoch.Add(time.Hour))
		}, nil)
		r.sink.refuse = func() error {
			if r.now().Before(r.epoch.Add(10 * time.Minute)) {
				return errRefused
			}
			return nil
		}
		stop := r.start()
		r.until(r.epoch.Add(20 * time.Minute))
		events := r.host.statuses()
		stop()
		require.GreaterOrEqual(t, len(events), 2)
		refused := events[len(events)-2]
		assert.Equal(t, componentstatus.StatusRecoverableError, refused.Status())
		assert.ErrorContains(t, refused.Err(), "the pipeline refuses metrics: refused for now")
		assert.Equal(t, componentstatus.StatusOK, events[len(events)-1].Status())
	})
}

// A denial ends: data, log, status and target_up say so.
func TestTargetRecovers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(15*time.Minute)
			return threeKinds(from, to)
		}, func(c *awssim.Config) {
			c.Faults.Deny = map[string]awssim.DenyKind{"GetMetricData": awssim.IdentityPolicy}
		})
		r.telemetry = componenttest.NewTelemetry()
		up := func() int64 {
			m, err := r.telemetry.GetMetric("otelcol_receiver_awsapigateway_target_up")
			if err != nil {
				return -1
			}
			return m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value
		}
		stop := r.start()
		defer stop()
		r.until(r.epoch.Add(10 * time.Minute))
		assert.Equal(t, int64(0), up())
		denied := r.logs.FilterMessage("Target cannot be read; it is tried again").All()
		require.Len(t, denied, 1)
		assert.Contains(t, denied[0].ContextMap()["error"], "allow cloudwatch:GetMetricData on * in the identity's policy")
		r.sim.SetFaults(awssim.Faults{})
		r.until(to.Add(20 * time.Minute))
		assert.Equal(t, int64(1), up())
		stop()
		r.compareAll(from, to)
		assert.Len(t, r.logs.FilterMessage("Target can be read again").All(), 1)
		events := r.host.statuses()
		assert.Equal(t, componentstatus.StatusOK, events[len(events)-1].Status())
		require.NoError(t, r.telemetry.Shutdown(context.Background()))
	})
}

func TestSteadyState(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(4*time.Hour)
			w := awssim.LargeWorld(40, 2, 10, true)
			for i, a := range w.Accounts[0].Regions[0].APIs {
				a.Created = from.Add(-time.Hour)
				for _, st := range a.Stages {
					st.Traffic = busy(from, to, 10)
				}
				if i == 0 {
					a.Stages[0].Traffic = busy(from, epoch, 10) // idle from then on
				}
			}
			return w
		}, nil)
		r.attemptTimeout = 20 * time.Second // none is tried again, however busy the machine
		stop := r.start()
		defer stop()
		r.until(r.epoch.Add(30 * time.Minute))
		r.sim.ResetCalls()
		r.until(r.epoch.Add(90 * time.Minute))
		calls := r.sim.Calls()
		r.sim.ResetCalls()

		// 80 stages × 7 metrics: 5 × 1 + 2 × 5 queries each. An hour has at most 13 cycles.
		const queries = 80 * 15
		const perCycle = (queries + 495) / 496
		data, starts, details := 0, map[time.Time]int{}, map[string]int{}
		for _, c := range calls {
			switch c.Operation {
			case "GetMetricData":
				data++
				starts[c.MaxEnd]++
			case "ListMetrics", "GetRestApis", "GetApis", "GetStages", "DescribeAlarms":
			// What belongs to no API is listed with each crawl.
			case "GetAccount", "GetDomainNames", "GetDomainNamesV2", "GetVpcLinks", "GetVpcLinksV2", "GetUsagePlans", "GetClientCertificates":
			// The first crawl's detail comes after the first minutes: GetResources has a quota of its own. None is asked for twice.
			case "GetDeployments", "GetDeployment", "GetResources", "GetAuthorizers", "GetModels", "GetRequestValidators":
				details[c.Operation]++
			default:
				assert.Fail(t, "unexpected call", c.Operation)
			}
		}
		for operation, n := range details {
			assert.LessOrEqual(t, n, 40*2, operation) // a call for each API, and for each stage's deployment
		}
		for end, n := range starts {
			assert.LessOrEqual(t, n, perCycle, "requests of the cycle that ends at %v", end)
		}
		assert.LessOrEqual(t, data, 13*perCycle)
		assert.GreaterOrEqual(t, data, 4*perCycle) // a busy machine may be behind the fast clock
		stop()
	})
}

// A series that CloudWatch no longer lists as active is not asked for, and its state goes.
func TestIdleSeriesAreNotAskedFor(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRigAt(t, 3000, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(12*time.Hour)
			old := from.Add(-time.Hour)
			return region(
				rest("busy000001", "busy", old, stage("prod", from, to)),
				rest("idle000001", "idle", old, stage("prod", from, epoch.Add(5*time.Minute))),
			)
		}, nil)
		stop := r.start()
		defer stop()
		r.until(r.epoch.Add(5 * time.Hour))
		r.sim.ResetCalls()
		r.until(r.epoch.Add(6 * time.Hour))
		for _, c := range r.sim.Calls() {
			if c.Operation == "GetMetricData" {
				assert.Equal(t, 13, c.Queries, "five metrics of one stage")
			}
		}
		stop()
	})
}

func TestStartUpLineTellsTheCost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(10*time.Minute)
			return threeKinds(from, to)
		}, nil)
		r.edit = func(c *Config) { c.Metrics.MaxMonthlyCost = 0.5 }
		stop := r.start()
		defer stop()
		r.until(r.epoch.Add(12 * time.Minute))
		stop()
		lines := r.logs.FilterMessageSnippet("Collecting from API Gateway").All()
		require.Len(t, lines, 1)
		m := lines[0].ContextMap()
		assert.EqualValues(t, 1, m["targets"])
		assert.EqualValues(t, 3, m["apis"])
		// REST with a cache 7 metrics, without 5; HTTP 6; WebSocket 6, of which one is a latency.
		assert.EqualValues(t, 7+5+6+6, m["series"])
		low, high := m["usd_per_month_low"].(float64), m["usd_per_month_high"].(float64)
		const cycles = 30 * 24 * 12
		assert.InDelta(t, 24*cycles*0.01/1000, low, 0.2)
		assert.InDelta(t, (15+13+14+10)*cycles*0.01/1000, high, 0.2)
		assert.Equal(t, "warn", lines[0].Level.String())
		assert.Contains(t, m["savings"], "metrics::collection_interval: 15m saves")
	})
}
