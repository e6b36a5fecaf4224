package awsapigatewayreceiver

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// newRecordRig is a rig whose receiver stands in a logs pipeline only, and reads what happened up to two hours before it started. Its groups are asked
// once a minute: the clock is fast.
func newRecordRig(t *testing.T, world func(epoch time.Time) *awssim.World, config func(*awssim.Config)) *rig {
	r := newRig(t, world, config)
	r.sink, r.records = nil, newRecordSink()
	r.edit = readLogs
	r.attemptTimeout = 20 * time.Second
	return r
}

func readLogs(c *Config) {
	c.Inventory.RequestsPerSecond = 10
	c.Logs.PollInterval, c.Logs.MaxPollInterval = time.Minute, 2*time.Minute
	c.Logs.StartAt = "2h"
}

// groupARN is the destination of an access log that goes to a log group of the test's account and region.
func groupARN(group string) string {
	return "arn:aws:logs:" + testRegion + ":" + testAccount + ":log-group:" + group
}

// logged is a stage with traffic in [from, to) and an access log.
func logged(name, group, format string, from, to time.Time, perMinute float64) *awssim.Stage {
	s := &awssim.Stage{Name: name, Traffic: busy(from, to, perMinute), AccessLog: awssim.AccessLog{DestinationARN: groupARN(group), Format: format}}
	s.Traffic.Error4xx = 0.25
	return s
}

// stagesOf is a stage for each format, each with a log group of its own.
func stagesOf(api string, formats map[string]string, routes []awssim.Route, from, to time.Time, perMinute float64) []*awssim.Stage {
	var out []*awssim.Stage
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		s := logged(name, "/access/"+api+"/"+name, formats[name], from, to, perMinute)
		s.Routes = routes
		out = append(out, s)
	}
	return out
}

// formatWorld has a stage for each of some formats of each type of API, with requests that fail in all phases.
func formatWorld(rest, http, webSocket map[string]string, from, to time.Time, perMinute float64) *awssim.World {
	old := from.Add(-100 * time.Hour)
	restRoutes := []awssim.Route{{Method: "GET", Path: "/orders/{id}"}, {Method: "POST", Path: "/orders"}, {Method: "DELETE", Path: "/orders/{id}"}, {Method: "GET", Path: "/"}}
	w := region(
		&awssim.API{
			ID: "rest000001", Name: "orders", Created: old, Stages: stagesOf("rest", rest, restRoutes, from, to, perMinute),
			Authorizers: []*awssim.Authorizer{{ID: "custom", Name: "tenants", Type: "TOKEN"}, {ID: "pool00", Name: "customers", Type: "COGNITO_USER_POOLS"}},
			Routes: []*awssim.RouteDef{
				{Method: "GET", Path: "/orders/{id}", Authorization: "CUSTOM", AuthorizerID: "custom", APIKeyRequired: true, Integration: &awssim.Integration{Type: "AWS_PROXY"}},
				{Method: "POST", Path: "/orders", Authorization: "AWS_IAM", Integration: &awssim.Integration{Type: "AWS_PROXY"}},
				{Method: "DELETE", Path: "/orders/{id}", Authorization: "COGNITO_USER_POOLS", AuthorizerID: "pool00", Integration: &awssim.Integration{Type: "HTTP"}},
				{Method: "GET", Path: "/", Integration: &awssim.Integration{}},
			},
		},
		&awssim.API{
			ID: "http000001", Name: "catalog", Type: awssim.TypeHTTP, Created: old,
			Stages:      stagesOf("http", http, []awssim.Route{{Method: "GET", Path: "/items/{id}"}, {RouteKey: "$default"}}, from, to, perMinute),
			Authorizers: []*awssim.Authorizer{{ID: "jwt000", Name: "tokens", Type: "JWT"}},
			Routes: []*awssim.RouteDef{
				{Method: "GET", Path: "/items/{id}", Authorization: "JWT", AuthorizerID: "jwt000", Integration: &awssim.Integration{}},
				{RouteKey: "$default", Integration: &awssim.Integration{}},
			},
		},
		&awssim.API{
			ID: "sock000001", Name: "chat", Type: awssim.TypeWebSocket, Created: old,
			Stages:      stagesOf("socket", webSocket, []awssim.Route{{RouteKey: "$connect"}, {RouteKey: "send"}, {RouteKey: "$default"}}, from, to, perMinute),
			Authorizers: []*awssim.Authorizer{{ID: "custom", Name: "members", Type: "REQUEST"}},
			Routes: []*awssim.RouteDef{
				{RouteKey: "$connect", Authorization: "CUSTOM", AuthorizerID: "custom"}, {RouteKey: "send", APIKeyRequired: true}, {RouteKey: "$default"},
			},
		},
	)
	for _, s := range w.Accounts[0].Regions[0].APIs[0].Stages {
		s.Tracing = s.Name == "pairs"
		if s.Name == "everything" {
			s.CanaryPercent, s.WebACL = 20, "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/1"
		}
	}
	here := w.Accounts[0].Regions[0]
	here.APIKeys = []*awssim.APIKey{{ID: "key0000001", Name: "partner", Created: old, Value: secretKey}}
	here.DomainNames = []*awssim.DomainName{{
		Name: "api.example.com", Created: old, MutualTLS: &awssim.MutualTLS{TruststoreURI: "s3://trust/store.pem"},
		Mappings: []*awssim.Mapping{{Key: "shop", API: "rest000001", Stage: "everything"}},
	}}
	return w
}

// secretKey is the value of the world's API key.
const secretKey = "Zq83kfMs02PxLw7vTn5yBcRe61"

// fewFormats are some of the documented ones.
func fewFormats(formats map[string]string) map[string]string {
	return map[string]string{"json": formats["json"], "clf": formats["clf"]}
}

// fewFormatsWorld is a small world, for tests that look at how events are read.
func fewFormatsWorld(from, to time.Time, perMinute float64) *awssim.World {
	return formatWorld(fewFormats(restFormats), fewFormats(httpFormats), fewFormats(webSocketFormats), from, to, perMinute)
}
