package logs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// spanFormat has what a SERVER and a CLIENT span need.
const spanFormat = "$context.apiId $context.stage $context.requestId $context.requestTimeEpoch $context.responseLatency $context.integrationLatency $context.httpMethod $context.resourcePath"

// tracing is a stage, as JSON, that writes its access log in spanFormat, with X-Ray on.
func tracing(stage, group string) string {
	return strings.Replace(logging(stage, arn(group), spanFormat), "{", `{"tracingEnabled":true,`, 1)
}

// oneTraced is an account with a stage that writes lines with spans into the group "orders".
var oneTraced = account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + logging("prod", arn("orders"), spanFormat) + "]"}

// requests are the log events of a request every so often, of the stage r1/prod, as far as they lie in [from, to] and have been written.
func requests(began time.Time, from, to int64, every time.Duration) (page model.LogPage) {
	for i := 0; ; i++ {
		at := began.Add(time.Duration(i) * every).UnixMilli()
		if at > to || at > time.Now().UnixMilli() {
			return page
		}
		if at >= from {
			page.Events = append(page.Events, model.LogEvent{
				ID: fmt.Sprint("event-", i), Timestamp: at, Ingested: at, Message: fmt.Sprintf("r1 prod request-%d %d 90 40 GET /orders", i, at),
			})
		}
	}
}

// ids counts the spans, by their own ids and their parents', which are those of the request.
func ids(spans []sentSpan) map[[2]string]int {
	out := map[[2]string]int{}
	for _, s := range spans {
		out[[2]string{s.id, s.parent}]++
	}
	return out
}

func times[K comparable](counts map[K]int) []int {
	return slices.Compact(slices.Sorted(maps.Values(counts)))
}

func TestALineIsARecordAndSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBenchFor(t, oneTraced.snapshot(t), nil, signals{records: true, spans: true})
		b.client.says(began, map[string][]model.LogEvent{"orders": {
			{Message: "r1 prod id-1 1700000000123 90 40 GET /orders"},
			{Message: "r1 prod id-2 1700000000123 - - GET /orders"},
			{Message: "anything"},
			{Message: "CWL CONTROL MESSAGE: Checking health of destination"},
			{Message: "(id-3) Method completed with status: 200"},
		}})
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		records, spans := b.came(), b.cameSpans()
		require.Len(t, records, 4)
		require.Len(t, spans, 2)
		assert.Equal(t, []string{"GET /orders", "integration"}, []string{spans[0].name, spans[1].name})
		assert.Equal(t, []string{"Server", "Client"}, []string{spans[0].kind, spans[1].kind})
		assert.Equal(t, spans[0].id, spans[1].parent)
		assert.Equal(t, time.UnixMilli(1_700_000_000_123).UTC(), spans[0].at)
		for name, value := range records[0].attributes {
			if name != "log.record.uid" {
				assert.Equal(t, value, spans[0].attributes[name], name)
			}
		}
		resource := records[0].resource
		delete(resource, "aws.log.group.names")
		assert.Equal(t, resource, spans[0].resource, "a stage is the same on each signal")
		for name, want := range map[string]int64{"spans": 2, "spanless": 2, "refused spans": 0, "records=access": 3, "records=execution": 1, "parse=none": 1, "skipped": 1} {
			assert.Equal(t, want, b.counted(name), name)
		}
	})
}

// Whoever refuses is offered its own part until it takes it. The other has had its part at once and once, and then the position moves.
func TestWhoRefusesIsOfferedItsPartAlone(t *testing.T) {
	notNow := func(began time.Time, until time.Duration) func() error {
		return func() error {
			if time.Since(began) < until {
				return errors.New("not now")
			}
			return nil
		}
	}
	for name, until := range map[string]struct{ records, spans time.Duration }{
		"neither": {}, "records": {records: 5 * time.Minute}, "spans": {spans: 5 * time.Minute}, "both": {records: 5 * time.Minute, spans: 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				disk := &checkpointtest.Disk{}
				b := newBenchFor(t, oneTraced.snapshot(t), nil, signals{records: true, spans: true})
				b.Store = disk.Open(t)
				b.refuse, b.refuseSpans = notNow(began, until.records), notNow(began, until.spans)
				b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
					return requests(began, from, to, 10*time.Second), nil
				}
				stop := b.run(t.Context())
				time.Sleep(2 * time.Minute)
				assert.Equal(t, until.records == 0, len(b.came()) > 0, "records that are taken do not wait for spans")
				assert.Equal(t, until.spans == 0, len(b.cameSpans()) > 0, "spans that are taken do not wait for records")
				g := b.groups.get("orders")
				g.mu.Lock()
				assert.Equal(t, until.records+until.spans > 0, g.handing, "what is being handed over is not stored")
				g.mu.Unlock()
				time.Sleep(28 * time.Minute)
				stop()
				seen := map[string]int{}
				for _, r := range b.came() {
					seen[r.uid]++
				}
				assert.InDelta(t, 180, len(seen), 2)
				for uid, n := range seen {
					assert.Equal(t, 1, n, uid)
				}
				spans := ids(b.cameSpans())
				assert.Len(t, spans, 2*len(seen))
				assert.Equal(t, []int{1}, times(spans))
				assert.EqualValues(t, len(seen), b.counted("records=access"))
				assert.EqualValues(t, 2*len(seen), b.counted("spans"))
			})
		})
	}
}

// Spans that are refused for good are counted and left, and their records come all the same.
func TestSpansRefusedForGoodAreLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBenchFor(t, oneTraced.snapshot(t), nil, signals{records: true, spans: true})
		b.refuseSpans = func() error { return consumererror.NewPermanent(errors.New("never")) }
		b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
			return requests(began, from, to, 10*time.Second), nil
		}
		stop := b.run(t.Context())
		time.Sleep(10 * time.Minute)
		stop()
		assert.InDelta(t, 60, len(b.came()), 2)
		assert.Empty(t, b.cameSpans())
		assert.Zero(t, b.counted("spans"))
		assert.EqualValues(t, 2*len(b.came()), b.counted("refused spans"))
	})
}

// A collector that stops while one pipeline takes its part lets the other take its own: nothing of either comes twice, nor where there are no spans.
func TestAStopAmidAHandOverRepeatsNothing(t *testing.T) {
	withoutSpans := account{"GetRestApis": oneTraced["GetRestApis"], "GetStagesr1": oneGroup["GetStagesr1"]}
	for name, c := range map[string]struct {
		account account
		spans   int // of a record
		stops   func(b *bench, stop func() error)
	}{
		"records":              {oneTraced, 2, func(b *bench, stop func() error) { b.refuse = stop }},
		"spans":                {oneTraced, 2, func(b *bench, stop func() error) { b.refuseSpans = stop }},
		"records, of no spans": {withoutSpans, 0, func(b *bench, stop func() error) { b.refuse = stop }},
	} {
		for range 20 { // which part begins first is chance
			synctest.Test(t, func(t *testing.T) {
				began, disk := time.Now(), &checkpointtest.Disk{}
				uids, spans := map[string]int{}, map[[2]string]int{}
				for run := range 2 {
					b := newBenchFor(t, c.account.snapshot(t), nil, signals{records: true, spans: true})
					b.Store = disk.Open(t)
					ctx, cancel := context.WithCancel(t.Context())
					if run == 0 {
						c.stops(b, func() error {
							if time.Since(began) > 5*time.Minute {
								cancel()
							}
							return nil
						})
					}
					b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
						return requests(began, from, to, 10*time.Second), nil
					}
					stop := b.run(ctx)
					time.Sleep(10 * time.Minute)
					stop()
					cancel()
					for _, r := range b.came() {
						uids[r.uid]++
					}
					for id, n := range ids(b.cameSpans()) {
						spans[id] += n
					}
				}
				assert.InDelta(t, 120, len(uids), 2, name)
				assert.Equal(t, []int{1}, times(uids), "%s: records", name)
				assert.Len(t, spans, c.spans*len(uids), name)
				if c.spans > 0 {
					assert.Equal(t, []int{1}, times(spans), "%s: spans", name)
				}
			})
		}
	}
}

// The requests of stages with X-Ray on have spans from there, where it is pulled.
func TestRequestsThatXRayHasMakeNoSpans(t *testing.T) {
	accounts := account{
		"GetRestApis": `[{"id":"r1","name":"orders"}]`,
		"GetApis":     `[{"apiId":"h1","name":"web","protocolType":"HTTP"}]`,
		"GetStagesr1": "[" + tracing("traced", "shared") + "," + logging("dark", arn("shared"), spanFormat) + "," + tracing("alone", "alone") + "]",

		"GetStages (v2)h1": "[" + logging("prod", arn("shared"), strings.Replace(spanFormat, "resourcePath", "routeKey", 1)) + "]",
	}
	lines := map[string][]model.LogEvent{
		"shared": {
			{Message: "r1 traced id-1 1700000000123 90 40 GET /traced"},
			{Message: "r1 dark id-2 1700000000123 90 40 GET /dark"},
			{Message: "h1 prod id-3 1700000000123 90 40 GET GET /http"},
			{Message: "- - id-4 1700000000123 90 40 GET /nobody"},
		},
		"alone": {{Message: "r1 alone id-5 1700000000123 90 40 GET /alone"}, {Message: "r1 alone id-6 - - - - -"}},
	}
	for name, tt := range map[string]struct {
		reads    signals
		want     []string
		spanless int64
		groups   []string
	}{
		"X-Ray is pulled":               {signals{records: true, spans: true, xray: true}, []string{"GET /dark", "GET /http"}, 0, []string{"alone", "shared"}},
		"X-Ray is not":                  {signals{records: true, spans: true}, []string{"GET /alone", "GET /dark", "GET /http", "GET /nobody", "GET /traced"}, 1, []string{"alone", "shared"}},
		"X-Ray is pulled, without logs": {signals{spans: true, xray: true}, []string{"GET /dark", "GET /http"}, 0, []string{"shared"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBenchFor(t, accounts.snapshot(t), nil, tt.reads)
				b.client.says(time.Now(), lines)
				stop := b.run(t.Context())
				time.Sleep(20 * time.Minute)
				stop()
				var names []string
				for _, s := range b.cameSpans() {
					if s.kind == "Server" {
						names = append(names, s.name)
					}
				}
				slices.Sort(names)
				assert.Equal(t, tt.want, names)
				assert.Equal(t, tt.spanless, b.counted("spanless"))
				read := map[string]bool{}
				for _, c := range b.client.made() {
					read[c.group] = true
				}
				assert.Equal(t, tt.groups, slices.Sorted(maps.Keys(read)))
				assert.Len(t, b.came(), map[bool]int{true: 6}[tt.reads.records])
			})
		})
	}
}

// So have those of a stage with X-Ray on that was deleted, or moved its log: its last lines make no second spans.
func TestLastRequestsThatXRayHasMakeNoSpans(t *testing.T) {
	for name, stages := range map[string]string{"deleted": "[]", "moved": "[" + tracing("prod", "elsewhere") + "]", "gone with its API": ""} {
		t.Run(name, func(t *testing.T) {
			before := account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + tracing("prod", "orders") + "]"}.snapshot(t)
			today := account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": stages}.snapshot(t)
			left := inventory.Left{Stage: before.Stages["r1"][0], Since: time.Now(), Moved: name == "moved"}
			today.Left = map[string][]inventory.Left{"r1": {left}}
			if stages == "" {
				today = account{}.snapshot(t)
				today.Gone, today.Stages = []inventory.Gone{{API: before.APIs[0], Since: left.Since}}, before.Stages
			}
			b := newBenchFor(t, today, nil, signals{records: true, spans: true, xray: true})
			b.discover(t.Context())
			g := b.groups.get("orders")
			require.NotNil(t, g)
			assert.True(t, g.routes.Load().sources[0].traced)
		})
	}
}

// Spans are made whether records are or not: by the switch of access logs, or without a logs pipeline. Then, execution logs are not read.
func TestSpansNeedNoRecords(t *testing.T) {
	accounts := account{
		"GetRestApis": `[{"id":"r1","name":"orders"}]`,
		"GetStagesr1": "[" + strings.Replace(logging("prod", arn("orders"), spanFormat), "{", `{"methodSettings":{"*/*":{"loggingLevel":"INFO"}},`, 1) + "]",
	}
	lines := map[string][]model.LogEvent{
		"orders": {
			{Message: "r1 prod id-1 1700000000123 90 40 GET /orders"},
			{Message: "nothing that fits"},
			{Message: "(id-2) Method completed with status: 200"},
			{Message: "CWL CONTROL MESSAGE: Checking health of destination"},
		},
		"more":                       {{Message: "r1 prod id-3 1700000000123 90 40 GET /orders"}},
		executionPrefix + "r1/prod":  {{Message: "(id-4) Method completed with status: 200"}},
		executionPrefix + "r1/named": {{Message: "(id-5) Method completed with status: 200"}},
	}
	for name, tt := range map[string]struct {
		edit    func(*Config)
		reads   signals
		records []string
		read    []string
	}{
		"no logs pipeline": {func(c *Config) { c.Execution.Enabled = true }, signals{spans: true}, nil, []string{"more", "orders"}},
		"access logs off": {
			func(c *Config) { c.Access.Enabled = false },
			signals{records: true, spans: true},
			[]string{"access more-a", "execution " + executionPrefix + "r1/named-a"},
			[]string{executionPrefix + "r1/named", "more", "orders"},
		},
		"access logs off, but the group is named": {
			func(c *Config) {
				c.Access.Enabled, c.Groups = false, append(c.Groups, GroupConfig{Name: "orders", API: "r1", Stage: "prod"})
			},
			signals{records: true, spans: true},
			[]string{"access more-a", "access orders-a", "access orders-b", "execution " + executionPrefix + "r1/named-a", "execution orders-c"},
			[]string{executionPrefix + "r1/named", "more", "orders"},
		},
		"only execution logs": {
			func(c *Config) { c.Access.Enabled, c.Execution.Enabled = false, true },
			signals{records: true, spans: true},
			[]string{"access more-a", "execution " + executionPrefix + "r1/named-a", "execution " + executionPrefix + "r1/prod-a"},
			[]string{executionPrefix + "r1/named", executionPrefix + "r1/prod", "more", "orders"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBenchFor(t, accounts.snapshot(t), func(c *Config) {
					c.Groups = []GroupConfig{{Name: "more", API: "r1", Stage: "prod"}, {Name: executionPrefix + "r1/named", API: "r1", Stage: "named"}}
					tt.edit(c)
				}, tt.reads)
				b.client.says(time.Now(), lines)
				stop := b.run(t.Context())
				time.Sleep(20 * time.Minute)
				stop()
				var records []string
				for _, r := range b.came() {
					records = append(records, strings.TrimPrefix(r.event, "aws.api_gateway.")+" "+r.uid)
				}
				slices.Sort(records)
				assert.Equal(t, tt.records, records)
				assert.Len(t, b.cameSpans(), 4, "of id-1 and id-3")
				assert.EqualValues(t, 1, b.counted("spanless"))
				assert.EqualValues(t, 1, b.counted("parse=none"))
				assert.EqualValues(t, 1, b.counted("skipped"))
				read := map[string]bool{}
				for _, c := range b.client.made() {
					read[c.group] = true
				}
				assert.Equal(t, tt.read, slices.Sorted(maps.Keys(read)))
			})
		})
	}
}

// What can't be read any more is one record; without a logs pipeline it is counted and said all the same.
func TestLossesNeedNoRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, snapshot := &checkpointtest.Disk{}, oneTraced.snapshot(t)
		for range 2 {
			b := newBenchFor(t, snapshot, nil, signals{spans: true})
			b.Store = disk.Open(t)
			stop := b.run(t.Context())
			time.Sleep(10 * time.Minute)
			stop()
			time.Sleep(48 * time.Hour)
			if b.lostSecs > 0 {
				assert.InDelta(t, (24 * time.Hour).Seconds(), b.lostSecs, 3600)
				assert.NotZero(t, b.said.FilterMessage("Log events can't be read any more").Len())
				return
			}
		}
		assert.Fail(t, "nothing was lost")
	})
}

// The span of an integration says what it calls, by the inventory.
func TestIntegrationsAreThoseOfTheInventory(t *testing.T) {
	const invoke = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111122223333:function:"
	accounts := account{
		"GetRestApis": `[{"id":"r1","name":"orders"}]`,
		"GetApis":     `[{"apiId":"h1","name":"web","protocolType":"HTTP"}]`,
		"GetStagesr1": "[" + logging("prod", arn("rest"), spanFormat) + "]",
		"GetResourcesr1": `[{"id":"x","path":"/orders","resourceMethods":{"GET":{"methodIntegration":{"type":"AWS_PROXY","uri":"` + invoke + `orders/invocations"}},
			"ANY":{"methodIntegration":{"type":"MOCK"}}}}]`,

		"GetStages (v2)h1": "[" + logging("prod", arn("http"), strings.Replace(spanFormat, "resourcePath", "routeKey", 1)) + "]",
		"GetRoutesh1":      `[{"routeId":"a","routeKey":"GET /pets/{id}","target":"integrations/i1"},{"routeId":"b","routeKey":"$default","target":"integrations/i2"},{"routeId":"c","routeKey":"PUT /x"}]`,
		"GetIntegrationsh1": `[{"integrationId":"i1","integrationType":"HTTP_PROXY","integrationMethod":"ANY","integrationUri":"https://pets.example.com/v1/{id}"},
			{"integrationId":"i2","integrationType":"AWS_PROXY","integrationSubtype":"SQS-SendMessage"}]`,
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBenchFor(t, accounts.snapshot(t), nil, signals{spans: true})
		b.client.says(time.Now(), map[string][]model.LogEvent{
			"rest": {{Message: "r1 prod id-1 1700000000123 90 40 GET /orders"}, {Message: "r1 prod id-2 1700000000123 90 40 PUT /orders"}},
			"http": {
				{Message: "h1 prod id-3 1700000000123 90 40 GET GET /pets/{id}"},
				{Message: "h1 prod id-4 1700000000123 90 40 GET $default"},
				{Message: "h1 prod id-5 1700000000123 90 40 PUT PUT /x"},
			},
		})
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		got := map[string]string{} // by the request
		requests := map[string]string{}
		for _, s := range b.cameSpans() {
			if s.kind == "Server" {
				requests[s.id] = s.attributes["aws.request_id"].(string)
			} else {
				got[requests[s.parent]] = s.name
			}
		}
		assert.Equal(t, map[string]string{"id-1": "Lambda.Invoke", "id-3": "GET /v1/{id}", "id-4": "SQS.SendMessage", "id-5": "integration"}, got, "id-2's is a mock")
	})
}

// What an API's routes call is worked out once for each state of its inventory.
func TestTargetsAreWorkedOutOnce(t *testing.T) {
	accounts := account{
		"GetApis":           `[{"apiId":"h1","name":"web","protocolType":"HTTP"}]`,
		"GetRoutesh1":       `[{"routeId":"a","routeKey":"$default","target":"integrations/i1"}]`,
		"GetIntegrationsh1": `[{"integrationId":"i1","integrationType":"AWS_PROXY","integrationSubtype":"SQS-SendMessage"}]`,
	}
	snapshot, changed := accounts.snapshot(t), accounts.snapshot(t)
	var targets targets
	first := targets.of(snapshot, "h1")
	require.Len(t, first, 1)
	assert.Same(t, first["$default"], targets.of(snapshot, "h1")["$default"])
	assert.NotSame(t, first["$default"], targets.of(changed, "h1")["$default"])
	assert.Empty(t, targets.of(snapshot, "of another"))
	targets.keep(account{}.snapshot(t))
	assert.Empty(t, targets.byAPI)
}

// A destination that can't be read is said where something would be made of what is in it.
func TestDestinationsOfStagesThatXRayHasAreNotMissed(t *testing.T) {
	const firehose = "arn:aws:firehose:us-east-1:111122223333:deliverystream/amazon-apigateway-x"
	accounts := account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + strings.Replace(logging("prod", firehose, spanFormat), "{", `{"tracingEnabled":true,`, 1) + "]"}
	for reads, want := range map[signals]int{{spans: true, xray: true}: 0, {spans: true}: 1, {records: true, spans: true, xray: true}: 1} {
		b := newBenchFor(t, accounts.snapshot(t), nil, reads)
		b.see(t.Context(), b.inv.Current())
		assert.Equal(t, want, b.Status().Unreadable[darkFirehose], "%+v", reads)
	}
}
