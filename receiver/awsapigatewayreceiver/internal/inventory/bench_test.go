package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// canned answers each read from a table, and costs nothing itself.
type canned struct {
	answers map[model.Read]map[string][]json.RawMessage // by API
	now     time.Time
}

func (c *canned) Now() time.Time                        { return c.now }
func (c *canned) Malformed(context.Context, model.Read) {}

func (c *canned) Read(_ context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	return c.answers[what][of.API], nil
}

func (c *canned) answer(what model.Read, api string, items ...string) {
	if c.answers[what] == nil {
		c.answers[what] = map[string][]json.RawMessage{}
	}
	for _, s := range items {
		c.answers[what][api] = append(c.answers[what][api], json.RawMessage(s))
	}
}

// large is a control plane of REST APIs, each with a stage, its deployment, and methods that are a route and an integration each.
func large(apis, methods int) *canned {
	c := &canned{answers: map[model.Read]map[string][]json.RawMessage{}, now: hour(12)}
	c.answer(model.GetAccount, "", `{"throttleSettings": {"rateLimit": 10000, "burstLimit": 5000}}`)
	for i := range apis {
		id := fmt.Sprintf("api%07d", i)
		c.answer(model.GetRestAPIs, "", fmt.Sprintf(`{"id": %q, "name": "orders-%d", "createdDate": 1700000000, "endpointConfiguration": {"types": ["REGIONAL"]}, "tags": {"team": "shop", "cost-center": "%d"}}`, id, i, i%7))
		c.answer(model.GetRestStages, id, `{"stageName": "prod", "deploymentId": "dep1", "createdDate": 1700000000, "lastUpdatedDate": 1700000000, "methodSettings": {"*/*": {"metricsEnabled": true, "loggingLevel": "INFO", "throttlingRateLimit": 10000, "throttlingBurstLimit": 5000}}}`)
		c.answer(model.GetRestDeployments, id, `{"id": "dep1", "createdDate": 1700000000}`)
		for k := 0; k < methods; k += 2 {
			method := `{"authorizationType": "CUSTOM", "authorizerId": "auth1", "apiKeyRequired": false, "methodResponses": {"200": {"statusCode": "200"}}, "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:orders-` + fmt.Sprint(k) + `/invocations", "timeoutInMillis": 29000, "passthroughBehavior": "WHEN_NO_MATCH", "cacheNamespace": "res"}}`
			c.answer(model.GetResources, id, fmt.Sprintf(`{"id": "res%d", "path": "/orders/%d", "resourceMethods": {"GET": %s, "POST": %s}}`, k, k, method, method))
		}
	}
	return c
}

func inventoryOf(c *canned, store *checkpoint.Store) *Inventory {
	return New(Settings{Target: target, Reader: c, Config: DefaultConfig(), Filter: &Filter{}, Clock: poll.System{}, Store: store, Key: "inventory/x", Logger: zap.NewNop()})
}

func crawled(tb testing.TB, c *canned, store *checkpoint.Store) *Inventory {
	inv := inventoryOf(c, store)
	err := outcome(inv.crawl(context.Background()))
	require.NoError(tb, err)
	return inv
}

// entitiesIn is the number of entities of a snapshot.
func entitiesIn(s *Snapshot) (n int) {
	for _, parts := range s.Parts {
		for _, p := range parts {
			n += p.Len()
		}
	}
	return n
}

// A first crawl of 10,000 resources: of few APIs with many methods, and of as many APIs as a region has by default.
func BenchmarkFirstCrawl(b *testing.B) {
	for _, set := range []struct{ apis, methods int }{{50, 100}, {600, 8}} {
		b.Run(fmt.Sprintf("apis=%d", set.apis), func(b *testing.B) {
			c := large(set.apis, set.methods)
			b.ReportAllocs()
			var inv *Inventory
			for b.Loop() {
				inv = crawled(b, c, &checkpoint.Store{})
			}
			bytes := 0
			for _, parts := range inv.Current().Parts {
				for _, p := range parts {
					bytes += len(p.Blob) + len(p.Index)
				}
			}
			b.ReportMetric(float64(entitiesIn(inv.Current())), "entities")
			b.ReportMetric(float64(bytes), "bytes-kept")
		})
	}
}

// The same with a storage.
func BenchmarkFirstCrawlStored(b *testing.B) {
	c := large(50, 100)
	store := checkpointtest.Open(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		crawled(b, c, store)
	}
}

// A crawl in which nothing changed.
func BenchmarkUnchangedCrawl(b *testing.B) {
	for _, methods := range []int{10, 100, 600} {
		b.Run(fmt.Sprintf("resources=%d", 50*2*methods), func(b *testing.B) {
			inv := crawled(b, large(50, methods), &checkpoint.Store{})
			b.ReportAllocs()
			for b.Loop() {
				err := outcome(inv.crawl(context.Background()))
				require.NoError(b, err)
			}
		})
	}
}

// A restart with 10,000 resources in the storage.
func BenchmarkRestore(b *testing.B) {
	c, store := large(50, 100), checkpointtest.Open(b, b.TempDir())
	crawled(b, c, store)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, inventoryOf(c, store).Restore(context.Background()))
	}
}

// things are parts of 300 APIs with 100 things each, of which every nth is in another state.
func things(tb testing.TB, every int, state string) *Snapshot {
	parts := map[string][]model.Entity{}
	for i := range 300 {
		place := fmt.Sprintf("api%d/p", i)
		for k := range 100 {
			s := "same"
			if every > 0 && (i*100+k)%every == 0 {
				s = state
			}
			parts[place] = append(parts[place], thing(fmt.Sprintf("%d/%d", i, k), s))
		}
	}
	return snapshotOf(tb, parts)
}

// A difference of 30,000 resources.
func BenchmarkDiff(b *testing.B) {
	old := things(b, 0, "")
	for _, set := range []struct {
		name    string
		next    *Snapshot
		changed int
	}{{"none", things(b, 0, ""), 0}, {"1 percent", things(b, 100, "new"), 300}, {"all", things(b, 1, "new"), 30_000}, {"all gone", snapshotOf(b, nil), 0}} {
		b.Run(set.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for _, keys := range Diff(old, set.next).Changed {
					n += len(keys)
				}
			}
			require.Equal(b, set.changed, n)
		})
	}
}

// What an interval costs in which nothing changed does not grow with what the APIs have, only with their number.
func TestUnchangedCrawlDoesNotGrow(t *testing.T) {
	allocations := func(methods int) float64 {
		inv := crawled(t, large(10, methods), &checkpoint.Store{})
		require.Equal(t, 10*(2*methods+3)+1, entitiesIn(inv.Current()))
		return testing.AllocsPerRun(20, func() { _ = outcome(inv.crawl(context.Background())) })
	}
	small := allocations(50)
	assert.InDelta(t, small, allocations(500), small/20, "1,000 and 10,000 resources")
}
