package awsapigatewayreceiver

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// inPieces has segments that come late, within settle, and some of them in progress first. The last minutes before settle are left: on a busy machine,
// what takes 100 ms takes a minute of the fast clock, and so may the clocks of the receiver and of AWS differ.
var inPieces = awssim.Arrival{Base: 10 * time.Second, Max: 5 * time.Minute, Late: 0.2, Pieces: 0.3}

// settled is how long after they began traces are read last in these tests, with the time that this takes.
const settled = 15 * time.Minute

func readTraces(c *Config) {
	c.Inventory.RequestsPerSecond = 10
	c.Traces.PollInterval, c.Traces.Settle, c.Traces.InitialLookback = time.Minute, 10*time.Minute, 2*time.Hour
}

// newSpanRig is a rig whose receiver stands in a traces pipeline only, and reads what happened up to two hours before it started. Its windows are a
// minute long: the clock is fast.
func newSpanRig(t *testing.T, world func(epoch time.Time) *awssim.World, config func(*awssim.Config)) *rig {
	return newSpanRigAt(t, speed, world, config)
}

func newSpanRigAt(t *testing.T, factor float64, world func(epoch time.Time) *awssim.World, config func(*awssim.Config)) *rig {
	r := newRigAt(t, factor, world, config)
	r.sink, r.spans = nil, newSpanSink()
	r.edit = readTraces
	r.attemptTimeout = 20 * time.Second
	return r
}

// A Lambda function, and an action of a service, as integrations name them.
func function(name string) *awssim.Integration {
	return &awssim.Integration{
		Type: "AWS_PROXY", Method: "POST",
		URI: "arn:aws:apigateway:" + testRegion + ":lambda:path/2015-03-31/functions/arn:aws:lambda:" + testRegion + ":" + testAccount + ":function:" + name + "/invocations",
	}
}

func action(uri string) *awssim.Integration {
	return &awssim.Integration{Type: "AWS", Method: "POST", URI: "arn:aws:apigateway:" + testRegion + ":" + uri}
}

// tracedRoutes have integrations of all kinds.
var tracedRoutes = []*awssim.RouteDef{
	{Method: "GET", Path: "/orders/{id}", Authorization: "CUSTOM", AuthorizerID: "custom", Integration: function("orders-get:live")},
	{Method: "POST", Path: "/orders", APIKeyRequired: true, Integration: action("sqs:path/" + testAccount + "/order-events")},
	{Method: "PUT", Path: "/orders/{id}", Integration: action("states:action/StartExecution")},
	{Method: "GET", Path: "/items/{id}", Integration: &awssim.Integration{Type: "HTTP_PROXY", Method: "GET", URI: "https://items.example.com/v1/items/{id}"}},
	{Method: "ANY", Path: "/legacy", Integration: &awssim.Integration{Type: "HTTP", Method: "ANY", URI: "http://legacy.example.com:8080/"}},
	{Method: "OPTIONS", Path: "/orders", Integration: &awssim.Integration{Type: "MOCK"}},
}

// traced is a stage of which X-Ray traces every request.
func traced(api, name string, routes []*awssim.RouteDef, from, to time.Time, perMinute float64) *awssim.Stage {
	s := logged(name, "/access/"+api+"/"+name, accessspan.RESTFormat, from, to, perMinute)
	s.Tracing, s.Sampling = true, 1
	s.Traffic.Error4xx, s.Traffic.Error5xx = 0.1, 0.1
	for _, route := range routes {
		s.Routes = append(s.Routes, awssim.Route{Method: route.Method, Path: route.Path})
	}
	return s
}

// tracedWorld has two REST APIs with all kinds of integrations, one with a custom domain name, the other with a name that no filter expression can
// quote; a stage without X-Ray; and traces of other services.
func tracedWorld(from, to time.Time, perMinute float64) *awssim.World {
	old := from.Add(-100 * time.Hour)
	authorizers := []*awssim.Authorizer{{ID: "custom", Name: "tenants", Type: "TOKEN"}}
	greedy := []*awssim.RouteDef{{Method: "ANY", Path: "/{proxy+}", Integration: function("everything")}, {Method: "GET", Path: "/literal", Integration: function("literal")}}
	plain := traced("rest000001", "plain", tracedRoutes, from, to, perMinute)
	plain.Tracing = false
	w := region(
		&awssim.API{
			ID: "rest000001", Name: "orders", Created: old, Authorizers: authorizers, Routes: slices.Clone(tracedRoutes),
			Stages: []*awssim.Stage{
				traced("rest000001", "prod", tracedRoutes, from, to, 2*perMinute), traced("rest000001", "test", tracedRoutes, from, to, perMinute), plain,
			},
		},
		&awssim.API{
			ID: "rest000002", Name: `Größe "XL" \ \" / $(all)`, Created: old, Routes: greedy,
			Stages: []*awssim.Stage{traced("rest000002", "v1", greedy, from, to, perMinute)},
		},
	)
	here := w.Accounts[0].Regions[0]
	here.ForeignTraces = perMinute
	here.APIKeys = []*awssim.APIKey{{ID: "key0000001", Name: "partner", Created: old, Value: secretKey}}
	here.DomainNames = []*awssim.DomainName{{
		Name: "api.example.com", Created: old, Mappings: []*awssim.Mapping{{Key: "shop", API: "rest000001", Stage: "prod"}},
	}}
	return w
}

// leap sets the clock forward when the embedded AWS is done with the calls that a receiver broke off: these read the clock, and are then counted.
func (r *rig) leap(to time.Time) {
	time.Sleep(100 * time.Millisecond)
	r.sim.Count("")
	r.jump(to)
}

// patience is how long tests wait, in real time, for what will come: on a busy machine the receiver may be far behind the fast clock.
const patience = 2 * time.Minute

// awaitSpans waits until all spans of a truth have come, and until what was before to has been read for the last time.
func (r *rig) awaitSpans(want map[spanID]spanData, to time.Time) {
	r.t.Helper()
	assert.Eventually(r.t, func() bool { return r.spans.has(want) }, patience, 20*time.Millisecond, "not everything came out")
	r.untilRead(to)
}

// untilRead waits until the traces that began before to were read for the last time.
func (r *rig) untilRead(to time.Time) {
	r.t.Helper()
	r.until(to.Add(settled))
	assert.Eventually(r.t, r.readOut, patience, 50*time.Millisecond, "traces are read for ever")
}

// readOut says whether the last lists of each account had no traces, after some that had, or were denied: since readings are made one after the other, in
// the order of their windows, and each window is read twice, everything has been read then. It takes a world in which hardly a minute is without traces
// until they end.
func (r *rig) readOut() bool {
	const lists = 12
	empty := map[string]int{} // since the last one that had traces
	for _, c := range r.sim.Calls() {
		n, begun := empty[c.Account]
		switch denied := c.Error == "AccessDeniedException"; {
		case c.Operation != "GetTraceSummaries":
		case c.Traces > 0:
			empty[c.Account] = 0
		case denied || begun && c.Status == http.StatusOK:
			empty[c.Account] = n + 1
		}
	}
	for _, n := range empty {
		if n < lists {
			return false
		}
	}
	return len(empty) > 0
}
