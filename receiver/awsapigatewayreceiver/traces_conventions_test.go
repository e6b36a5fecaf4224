package awsapigatewayreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// level is what the semantic conventions ask of an attribute.
type level int

const (
	required    level = iota
	conditional       // where it is known, or where a condition holds that the test knows
	recommended
)

// httpAttributes are the attributes of spans of HTTP servers and clients in version 1.40.0 of the semantic conventions, less those that are opt-in, with
// their types.
var httpAttributes = map[string][]struct {
	key   attribute.Key
	level level
	kind  string
}{
	"Server": {
		{semconv.HTTPRequestMethodKey, required, "string"},
		{semconv.URLPathKey, required, "string"},
		{semconv.URLSchemeKey, required, "string"},
		{semconv.ErrorTypeKey, conditional, "string"},
		{semconv.HTTPRequestMethodOriginalKey, conditional, "string"},
		{semconv.HTTPResponseStatusCodeKey, conditional, "int64"},
		{semconv.HTTPRouteKey, conditional, "string"},
		{semconv.NetworkProtocolNameKey, conditional, "string"},
		{semconv.ServerPortKey, conditional, "int64"},
		{semconv.URLQueryKey, conditional, "string"},
		{semconv.ClientAddressKey, recommended, "string"},
		{semconv.NetworkPeerAddressKey, recommended, "string"},
		{semconv.NetworkPeerPortKey, recommended, "int64"},
		{semconv.NetworkProtocolVersionKey, recommended, "string"},
		{semconv.ServerAddressKey, recommended, "string"},
		{semconv.UserAgentOriginalKey, recommended, "string"},
	},
	"Client": {
		{semconv.HTTPRequestMethodKey, required, "string"},
		{semconv.ServerAddressKey, required, "string"},
		{semconv.ServerPortKey, required, "int64"},
		{semconv.URLFullKey, required, "string"},
		{semconv.ErrorTypeKey, conditional, "string"},
		{semconv.HTTPRequestMethodOriginalKey, conditional, "string"},
		{semconv.HTTPResponseStatusCodeKey, conditional, "int64"},
		{semconv.NetworkProtocolNameKey, conditional, "string"},
		{semconv.HTTPRequestResendCountKey, recommended, "int64"},
		{semconv.NetworkPeerAddressKey, recommended, "string"},
		{semconv.NetworkPeerPortKey, recommended, "int64"},
		{semconv.NetworkProtocolVersionKey, recommended, "string"},
	},
}

// known are the recommended attributes that X-Ray's segments and the formats to copy have. The others are of connections, of which API Gateway tells
// nothing; X-Ray does not tell the version of the protocol.
func known(g *gotSpan) []attribute.Key {
	switch {
	case g.Kind != "Server" || g.Resource[prefix+"api_id"] == nil:
		return nil
	case g.Attributes["aws.xray.origin"] == nil:
		return []attribute.Key{semconv.ClientAddressKey, semconv.ServerAddressKey, semconv.UserAgentOriginalKey, semconv.NetworkProtocolVersionKey}
	}
	return []attribute.Key{semconv.ClientAddressKey, semconv.ServerAddressKey, semconv.UserAgentOriginalKey}
}

// overHTTP says whether a span is of an HTTP server or client: all of REST and HTTP APIs are, and whatever has a method.
func overHTTP(g *gotSpan) bool {
	kind := g.Resource[prefix+"api_type"]
	return g.Attributes["http.request.method"] != nil || g.Kind == "Server" && (kind == awssim.TypeREST || kind == awssim.TypeHTTP)
}

// violations are the rules of the conventions that a span breaks.
func violations(g *gotSpan) (broken []string) {
	rule := func(holds bool, format string, args ...any) {
		if !holds {
			broken = append(broken, fmt.Sprintf(format, args...))
		}
	}
	has := func(key attribute.Key) bool { return g.Attributes[string(key)] != nil }
	for _, a := range httpAttributes[g.Kind] {
		v := g.Attributes[string(a.key)]
		rule(v == nil || fmt.Sprintf("%T", v) == a.kind, "%s is of type %T", a.key, v)
		switch {
		case a.key == semconv.URLFullKey && has("url.template"): // an integration's URI with placeholders: which URL was asked for is not told
		case a.level == required:
			rule(v != nil, "%s is missing", a.key)
		case slices.Contains(known(g), a.key):
			rule(v != nil, "%s, which is recommended and known, is missing", a.key)
		}
	}
	method, _ := g.Attributes["http.request.method"].(string)
	methods := []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE", "_OTHER"}
	rule(slices.Contains(methods, method), "the method is %q", method)
	rule((method == "_OTHER") == has(semconv.HTTPRequestMethodOriginalKey), "the original method is told of %q", method)
	rule(has(semconv.ServerPortKey) == has(semconv.ServerAddressKey), "server.address and server.port are not told together")
	status, _ := g.Attributes["http.response.status_code"].(int64)
	switch failed := status >= 500 || status >= 400 && g.Kind == "Client"; {
	case failed:
		rule(g.Status == "Error", "the status of an answer of %d is %s", status, g.Status)
	case status >= 400:
		rule(g.Status == "Unset", "the status of an answer of %d is %s", status, g.Status)
	}
	rule((g.Status == "Error") == has(semconv.ErrorTypeKey) || g.Kind == "Server" && status >= 400, "error.type is %v, the status %s", g.Attributes["error.type"], g.Status)
	rule(!has(semconv.URLQueryKey) && !strings.ContainsAny(fmt.Sprint(g.Attributes["url.full"], g.Attributes["url.path"]), "?"), "the query is told though it is off")
	rule(g.Status != "Ok", "the status is Ok, which is the application's to say")
	return append(broken, misnamed(g, method)...)
}

// misnamed says what is wrong with a span's name: {method} {route}, {method} {template}, or the method alone. Calls of AWS services are named as such,
// and a segment whose route is not known by X-Ray's name of it.
func misnamed(g *gotSpan, method string) []string {
	target := g.Attributes["http.route"]
	if g.Kind == "Client" {
		target = g.Attributes["url.template"]
	}
	switch {
	case target != nil && g.Name == fmt.Sprint(method, " ", target), target == nil && g.Name == method:
	case g.Attributes["rpc.system"] != nil, g.Attributes["aws.xray.inferred"] == true:
	case g.Attributes[prefix+"route_key"] == g.Name && target == nil: // $default
	default:
		return []string{fmt.Sprintf("the name is %q", g.Name)}
	}
	return nil
}

// Each HTTP span that comes out, of X-Ray or of an access log in one of the formats to copy, is as the semantic conventions 1.40.0 want spans of HTTP
// servers and clients.
func TestSpansFollowTheConventionsForHTTP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, from, to := newAccessRig(t, func(c *awssim.Config) {
			for _, api := range c.World.Accounts[0].Regions[0].APIs {
				for _, stage := range api.Stages {
					stage.Traffic.UserAgents = []string{"curl/8.11.1"} // some clients call themselves "-", which in a line is no value
				}
			}
		})
		r.learn(from)
		stop := r.start()
		defer stop()
		r.checkAccessSpans(stop, from, to)
		checked := map[string]int{}
		broken := map[string]int{}
		for _, g := range r.spans.taken() {
			if !overHTTP(g) || httpAttributes[g.Kind] == nil {
				continue
			}
			source := "access log"
			if g.Attributes["aws.xray.origin"] != nil || g.Attributes["aws.xray.name"] != nil || g.Attributes["aws.xray.inferred"] != nil {
				source = "X-Ray"
			}
			checked[source+" "+g.Kind]++
			for _, v := range violations(g) {
				if broken[v]++; broken[v] == 1 {
					assert.Fail(t, v, "%s, %s span %q: %v", source, g.Kind, g.Name, g.Attributes)
				}
			}
		}
		assert.Empty(t, broken)
		for _, of := range []string{"X-Ray Server", "X-Ray Client", "access log Server", "access log Client"} {
			assert.Greater(t, checked[of], 50/thinned, of)
		}
	})
}

// The conventions for HTTP hold where AWS writes the spans itself, with Transaction Search.
func TestRetrievedSpansFollowTheConventionsForHTTP(t *testing.T) {
	racetest.Skip(t)
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newSpanRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-10*time.Minute), epoch.Add(20*time.Minute)
			return searchWorld(from, to, 10)
		}, nil)
		stop := r.start()
		defer stop()
		r.checkRetrieved(stop, from, to)
		checked := 0
		for _, g := range r.spans.taken() {
			if g.Kind != "Server" || g.Attributes["http.request.method"] == nil {
				continue
			}
			checked++
			for _, a := range httpAttributes["Server"] {
				v := g.Attributes[string(a.key)]
				assert.True(t, v == nil || fmt.Sprintf("%T", v) == a.kind, "%s is of type %T", a.key, v)
				assert.True(t, v != nil || a.level != required, "%s is missing: %v", a.key, g.Attributes)
			}
		}
		assert.Greater(t, checked, 100/thinned)
	})
}
