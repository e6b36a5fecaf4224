package awssim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// TestFilterExpressions lists what X-Ray's filter expressions find.
func TestFilterExpressions(t *testing.T) {
	racetest.Skip(t)
	world := tracedShop()
	world.Accounts[0].Regions[0].ForeignTraces = 10
	h := start(t, Config{World: world})
	from, to := noon.Add(-2*time.Minute), noon.Add(-time.Minute)
	truth := traceTruth(world, from, to)
	all := func(TraceRecord) bool { return true }
	calls := func(origin, name string) func(TraceRecord) bool {
		return func(r TraceRecord) bool {
			for _, s := range r.Segments {
				if s.Document == s.ID && matches(origin, s.Origin) && matches(name, s.Name) {
					return true
				}
			}
			return false
		}
	}
	for expression, want := range map[string]func(TraceRecord) bool{
		gatewayTraces: all,
		`service(id(name: "orders/prod", type: "AWS::ApiGateway::Stage"))`: all,
		`service(id(name: "orders/prod", account.id: "111122223333"))`:     all,
		`service(id(name: "other/prod", type: "AWS::ApiGateway::Stage"))`:  nil,
		`service("orders/prod")`:                           all,
		`service("orders-list")`:                           calls("", "orders-list"),
		`service(id(type: "AWS::SQS::Queue"))`:             calls("AWS::SQS::Queue", ""),
		`annotation[aws:api_id] = "orders0001"`:            all,
		`annotation["aws:api_stage"] = "prod" and ! fault`: func(r TraceRecord) bool { return !r.Fault },
		`annotation[aws:api_id] = "other"`:                 nil,
		gatewayTraces + ` AND (annotation[aws:api_id] = "x" OR annotation[aws:api_id] = "orders0001")`: all,
		`annotation.job = "settle" and service("orders/prod")`:                                         nil,
		`annotation.level >= 0`: calls(originFunction, ""),
		`annotation.cold_start = true or annotation.cold_start = false`: calls(originFunction, ""),
		`annotation.tenant CONTAINS "" and annotation.tenant`:           calls(originFunction, ""),
		gatewayTraces + " AND fault":                                    func(r TraceRecord) bool { return r.Fault },
		gatewayTraces + " AND fault = false":                            func(r TraceRecord) bool { return !r.Fault },
		"error":                                                         func(r TraceRecord) bool { return r.Error },
		"throttle":                                                      func(r TraceRecord) bool { return r.Throttle },
		gatewayTraces + " && ok":                                        func(r TraceRecord) bool { return r.Status < 400 },
		gatewayTraces + " AND NOT (error || fault)":                     func(r TraceRecord) bool { return r.Status < 400 },
		gatewayTraces + " AND partial":                                  nil,
		gatewayTraces + " AND responsetime > 0.1":                       func(r TraceRecord) bool { return r.Latency > 100*time.Millisecond },
		gatewayTraces + " AND responsetime <= 0.1":                      func(r TraceRecord) bool { return r.Latency <= 100*time.Millisecond },
		gatewayTraces + " AND duration < 1000":                          all,
		"http.status = 502":                                             func(r TraceRecord) bool { return r.Status == 502 },
		`http.status != 200 AND http.method = "POST"`:                   func(r TraceRecord) bool { return r.Status != 200 && r.Segments[0].Method == "POST" },
		`http.url ENDSWITH "planted-secret"`: func(r TraceRecord) bool {
			return len(r.Segments[0].URL) > 14 && r.Segments[0].URL[len(r.Segments[0].URL)-14:] == "planted-secret"
		},
		`resource.arn = "arn:aws:apigateway:us-east-1::/restapis/orders0001/stages/prod"`: all,
		`user BEGINSWITH "user"`: calls(originFunction, ""),
	} {
		t.Run(expression, func(t *testing.T) {
			found := map[string]bool{}
			summaries, _, _ := h.summaries(t, during(from, to, expression))
			for _, s := range summaries {
				found[*s.Id] = true
				assert.NotEmpty(t, truth[*s.Id].TraceID, "a trace without API Gateway")
			}
			for id, record := range truth {
				assert.Equal(t, want != nil && want(record), found[id], "%+v", record.Segments[0])
			}
		})
	}
}

// TestFilterExpressionsThatAreRefused are not X-Ray's, or not imitated.
func TestFilterExpressionsThatAreRefused(t *testing.T) {
	for _, expression := range []string{
		"nonsense", "fault AND", "AND fault", "(fault", "fault)", "fault fault", `service(`, `service("x"`, "service(x)", "service()", `service(id(type: x))`, `service(id(colour: "x"))`,
		`service(id("x"))`, "http.status", "http.status = ", `http.status = "x"`, `http.url = 5`, `http.url > "x"`, "fault > true", "fault = 1", `annotation[x = "y"`, "annotation.", "annotation[]",
		`edge("a", "b")`, `group.name = "x"`, `"fault`, `service("x") { fault }`, "annotation.x = ", "annotation.x < true", "responsetime 5", "!", "NOT", "()",
	} {
		_, err := parseFilter(expression)
		assert.Error(t, err, expression)
	}
	f, err := parseFilter("  ")
	require.NoError(t, err)
	assert.Nil(t, f)
}

func FuzzFilterExpressions(f *testing.F) {
	for _, seed := range []string{gatewayTraces, `annotation[aws:api_id] = "x" AND !(fault OR http.status >= 500)`, `service("a\"b")`, "((((", "!!!!", `annotation[`} {
		f.Add(seed)
	}
	world := tracedShop()
	store := newTraceStore(world, newPublished(world.Seed, Lateness{}), Arrival{})
	region := store.region(world.Accounts[0], "us-east-1")
	m := store.minute(region, minuteOf(noon))
	one, _ := store.build(region, minuteOf(noon), &m.entries[0]).show(noon.Add(time.Hour).UnixMilli())
	f.Fuzz(func(_ *testing.T, expression string) {
		if filter, err := parseFilter(expression); err == nil && filter != nil {
			filter(&one)
		}
	})
}
