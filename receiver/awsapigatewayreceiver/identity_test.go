package awsapigatewayreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// stage is a REST API's stage with steady traffic.
func stage(name string, from, to time.Time) *awssim.Stage {
	return &awssim.Stage{Name: name, Traffic: busy(from, to, 10)}
}

func rest(id, name string, created time.Time, stages ...*awssim.Stage) *awssim.API {
	return &awssim.API{ID: id, Name: name, Created: created, Stages: stages}
}

// requests adds up the requests of the streams whose resource has all the given parts.
func (r *rig) requests(parts ...string) float64 {
	return r.sink.total(func(k streamKey) bool {
		return k.Metric == "aws.api_gateway.requests" && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(k.Resource+k.Attributes, p) })
	}).Count
}

func (r *rig) truth(api *awssim.API, stage int, from, to time.Time) float64 {
	return r.world.Truth(api, api.Stages[stage], false, from, to)["Count"].SampleCount
}

func TestAPIsOfOneName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(20*time.Minute)
			old := from.Add(-time.Hour)
			return region(
				rest("aaaaaaaaa1", "pets", old, stage("prod", from, to)),
				rest("aaaaaaaaa2", "pets", old, stage("test", from, to)),
				rest("bbbbbbbbb1", "cars", old, stage("prod", from, to)),
				rest("bbbbbbbbb2", "cars", old, stage("prod", from, to), stage("beta", from, to)),
				rest("ccccccccc1", "日本", old, stage("prod", from, to)),
				rest("ccccccccc2", "café", old, stage("prod", from, to)),
			)
		}, nil)
		stop := r.start()
		defer stop()
		r.until(to.Add(15 * time.Minute))
		r.drain()
		stop()
		r.sink.check(t)
		apis := r.world.Accounts[0].Regions[0].APIs

		// Different stages tell APIs of one name apart.
		assert.Equal(t, r.truth(apis[0], 0, from, to), r.requests("api_id=aaaaaaaaa1", "stage=prod"))
		assert.Equal(t, r.truth(apis[1], 0, from, to), r.requests("api_id=aaaaaaaaa2", "stage=test"))
		assert.Equal(t, r.truth(apis[3], 1, from, to), r.requests("api_id=bbbbbbbbb2", "stage=beta"))
		// The same stage does not: the sum of both comes once, with the candidates.
		assert.Equal(t, r.truth(apis[2], 0, from, to)+r.truth(apis[3], 0, from, to), r.requests("api_ids=[bbbbbbbbb1 bbbbbbbbb2]", "api_name=cars", "stage=prod"))
		assert.Zero(t, r.requests("api_id=bbbbbbbbb1"))
		// Names that CloudWatch writes without some or all of their characters.
		assert.Equal(t, r.truth(apis[4], 0, from, to), r.requests("api_id=ccccccccc1", "api_name=日本", "service.name=日本"))
		assert.Equal(t, r.truth(apis[5], 0, from, to), r.requests("api_id=ccccccccc2", "api_name=café"))
	})
}

// A stage that one of several APIs of a name gets between two crawls, or loses, is that API's from its first request to its last.
func TestStagesOfAPIsOfOneNameComeAndGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to, created, deleted time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(50*time.Minute)
			created, deleted = epoch.Add(10*time.Minute), epoch.Add(25*time.Minute)
			blue, green := stage("blue", created, to), stage("green", from, deleted)
			blue.Created, green.Deleted = created, deleted
			old := from.Add(-time.Hour)
			return region(
				rest("aaaaaaaaa1", "pets", old, stage("prod", from, to), blue, green),
				rest("aaaaaaaaa2", "pets", old, stage("test", from, to)),
			)
		}, nil)
		r.edit = func(c *Config) { c.Inventory.Interval, c.Metrics.CollectionInterval = 25*time.Minute, time.Minute }
		stop := r.start()
		defer stop()
		r.until(to.Add(15 * time.Minute))
		r.drain()
		stop()
		r.sink.check(t)
		api := r.world.Accounts[0].Regions[0].APIs[0]
		for i, name := range []string{"prod", "blue", "green"} {
			assert.Equal(t, r.truth(api, i, from, to), r.requests("api_id=aaaaaaaaa1", "stage="+name), name)
		}
		assert.Zero(t, r.requests("api_ids=["))
	})
}

func TestResourceOfAStage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(5*time.Minute)
			api := rest("aaaaaaaaa1", "pets", from.Add(-time.Hour), stage("prod", from, to))
			api.Tags = map[string]string{"team": "zoo", "other": "x"}
			api.EndpointType = "EDGE"
			return region(api, &awssim.API{ID: "hhhhhhhhh1", Name: "shop", Type: awssim.TypeHTTP, Created: from.Add(-time.Hour), Stages: []*awssim.Stage{stage("$default", from, to)}})
		}, nil)
		r.edit = func(c *Config) {
			c.Tags = []string{"team"}
		}
		stop := r.start()
		defer stop()
		r.until(to.Add(10 * time.Minute))
		r.drain()
		stop()
		got := map[string]string{}
		for k := range r.sink.streams {
			got[k.API] = k.Resource
		}
		assert.Equal(t, map[string]string{
			"aaaaaaaaa1": "aws.api_gateway.api_id=aaaaaaaaa1;aws.api_gateway.api_name=pets;aws.api_gateway.api_type=REST;aws.api_gateway.endpoint_type=EDGE;" +
				"aws.api_gateway.rest_api_id=aaaaaaaaa1;aws.api_gateway.stage=prod;aws.api_gateway.tag.team=zoo;cloud.account.id=111122223333;" +
				"cloud.platform=aws_api_gateway;cloud.provider=aws;cloud.region=us-east-1;cloud.resource_id=arn:aws:apigateway:us-east-1::/restapis/aaaaaaaaa1/stages/prod;" +
				"service.instance.id=111122223333/us-east-1/aaaaaaaaa1/prod;service.name=pets;",
			"hhhhhhhhh1": "aws.api_gateway.api_id=hhhhhhhhh1;aws.api_gateway.api_name=shop;aws.api_gateway.api_type=HTTP;" +
				"aws.api_gateway.stage=$default;cloud.account.id=111122223333;" +
				"cloud.platform=aws_api_gateway;cloud.provider=aws;cloud.region=us-east-1;cloud.resource_id=arn:aws:apigateway:us-east-1::/apis/hhhhhhhhh1/stages/$default;" +
				"service.instance.id=111122223333/us-east-1/hhhhhhhhh1/$default;service.name=shop;",
		}, got)
	})
}

func TestDeletedAndRecreated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to, deleted, created time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(60*time.Minute)
			deleted, created = epoch.Add(20*time.Minute), epoch.Add(30*time.Minute)
			first := rest("aaaaaaaaa1", "pets", from.Add(-time.Hour), stage("prod", from, to))
			first.Deleted = deleted
			gone := &awssim.API{ID: "hhhhhhhhh1", Name: "shop", Type: awssim.TypeHTTP, Created: from.Add(-time.Hour), Deleted: deleted, Stages: []*awssim.Stage{stage("$default", from, to)}}
			return region(first, gone,
				rest("aaaaaaaaa2", "pets", created, stage("prod", created, to)),
				rest("fresh00001", "fresh", epoch.Add(15*time.Minute), stage("prod", from, to)),
			)
		}, func(c *awssim.Config) { c.ListLag = 5 * time.Minute })
		r.edit = func(c *Config) { c.Inventory.Interval = time.Minute }
		stop := r.start()
		defer stop()
		r.until(to.Add(25 * time.Minute))
		r.drain()
		stop()
		r.sink.check(t)
		apis := r.world.Accounts[0].Regions[0].APIs
		assert.Equal(t, r.truth(apis[0], 0, from, to), r.requests("api_id=aaaaaaaaa1"), "until it was deleted")
		assert.Equal(t, r.truth(apis[2], 0, from, to), r.requests("api_id=aaaaaaaaa2"), "from its creation on")
		assert.Equal(t, r.truth(apis[1], 0, from, to), r.requests("api_id=hhhhhhhhh1"), "a deleted API's last points")
		assert.Equal(t, r.truth(apis[3], 0, from, to), r.requests("api_id=fresh00001"), "created after the start")
		require.NotZero(t, r.truth(apis[2], 0, from, to))
	})
}

func TestManyAPIs(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		// Big worlds need a slower clock: the embedded AWS makes their traffic while it passes.
		r := newRigAt(t, 120, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-4*time.Minute), epoch.Add(4*time.Minute)
			var apis []*awssim.API
			for i := range 1300 {
				a := rest(fmt.Sprintf("api%07d", i), fmt.Sprintf("service-%04d", i), from.Add(-time.Hour), &awssim.Stage{Name: "prod", Traffic: busy(from, to, 2)})
				if i%4 == 0 {
					a.Type = awssim.TypeHTTP
				}
				apis = append(apis, a)
			}
			return region(apis...)
		}, nil)
		stop := r.start()
		defer stop()
		var want float64
		for _, a := range r.world.Accounts[0].Regions[0].APIs {
			want += r.truth(a, 0, from, to)
		}
		// How long it takes depends on the machine: the clock runs on while the embedded AWS makes the traffic.
		assert.Eventually(t, func() bool { return r.requests() >= want }, 90*time.Second, 100*time.Millisecond)
		stop()
		r.sink.check(t)
		assert.Equal(t, want, r.requests())
		seen := map[string]bool{}
		for k := range r.sink.streams {
			seen[k.API] = true
		}
		assert.Equal(t, 1300, len(seen)) //nolint:testifylint // the failure would print them all
	})
}

func TestCanaryAndRoutes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to, detailed time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(30*time.Minute)
			detailed = epoch.Add(10 * time.Minute)
			old := from.Add(-time.Hour)
			prod := stage("prod", from, to)
			prod.CanaryPercent = 20
			prod.DetailedSince = detailed
			prod.Routes = []awssim.Route{{Method: "GET", Path: "/pets"}, {Method: "POST", Path: "/pets/{id}"}}
			live := stage("live", from, to)
			live.DetailedSince = detailed
			live.Routes = []awssim.Route{{RouteKey: "$connect"}, {RouteKey: "send"}}
			return region(rest("aaaaaaaaa1", "pets", old, prod), &awssim.API{ID: "sock000001", Name: "chat", Type: awssim.TypeWebSocket, Created: old, Stages: []*awssim.Stage{live}})
		}, nil)
		r.edit = func(c *Config) { c.Metrics.Levels = []string{"stage", "route"} }
		stop := r.start()
		defer stop()
		r.until(to.Add(20 * time.Minute))
		r.drain()
		stop()
		r.sink.check(t)
		apis := r.world.Accounts[0].Regions[0].APIs
		assert.NotZero(t, r.compare("aaaaaaaaa1", apis[0], apis[0].Stages[0], false, from, to))
		assert.NotZero(t, r.compare("aaaaaaaaa1", apis[0], apis[0].Stages[0], true, from, to))
		assert.NotZero(t, r.compare("sock000001", apis[1], apis[1].Stages[0], false, from, to))

		routes := map[string]float64{}
		for k, st := range r.sink.streams {
			if k.Metric == "aws.api_gateway.route.requests" && !strings.Contains(k.Attributes, "canary") {
				routes[k.Attributes] = st.Count
			}
		}
		want := func(i int) float64 {
			return r.world.RouteTruth(apis[0], apis[0].Stages[0], i, false, detailed, to)["Count"].SampleCount
		}
		assert.Equal(t, map[string]float64{
			"aws.api_gateway.route_key=GET /pets;http.request.method=GET;http.route=/pets;":             want(0),
			"aws.api_gateway.route_key=POST /pets/{id};http.request.method=POST;http.route=/pets/{id};": want(1),
		}, routes)
		messages := r.sink.total(func(k streamKey) bool {
			return k.Metric == "aws.api_gateway.route.websocket.messages" && k.Attributes == "aws.api_gateway.route_key=send;"
		})
		assert.Equal(t, r.world.RouteTruth(apis[1], apis[1].Stages[0], 1, false, detailed, to)["MessageCount"].SampleCount, messages.Count)
		assert.NotZero(t, messages.Count)
	})
}

func TestFilters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-5*time.Minute), epoch.Add(5*time.Minute)
			old := from.Add(-time.Hour)
			tagged := rest("ttttttttt1", "billing", old, stage("prod", from, to))
			tagged.Tags = map[string]string{"team": "payments"}
			return region(
				rest("aaaaaaaaa1", "orders-eu", old, stage("prod", from, to), stage("dev1", from, to)),
				rest("aaaaaaaaa2", "catalog", old, stage("prod", from, to)), tagged)
		}, nil)
		r.edit = func(c *Config) {
			c.APIs.Include = append(c.APIs.Include, filterItem("name", "orders-*"), filterItem("team", "payments"))
			c.APIs.Exclude = append(c.APIs.Exclude, filterItem("stage", "dev*"))
		}
		stop := r.start()
		defer stop()
		r.until(to.Add(10 * time.Minute))
		r.drain()
		stop()
		seen := map[string]bool{}
		for k := range r.sink.streams {
			seen[k.API+"/"+k.Stage] = true
		}
		assert.Equal(t, map[string]bool{"aaaaaaaaa1/prod": true, "ttttttttt1/prod": true}, seen)
	})
}
