package traces

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// routed is a REST API with resources, each given as its path and methods: "/orders GET POST".
func routed(resources ...string) account {
	list := make([]string, len(resources))
	for i, r := range resources {
		fields := strings.Fields(r)
		methods := make([]string, len(fields)-1)
		for k, m := range fields[1:] {
			methods[k] = fmt.Sprintf(`%q:{"httpMethod":%q}`, m, m)
		}
		list[i] = fmt.Sprintf(`{"id":"res%d","path":%q,"resourceMethods":{%s}}`, i, fields[0], strings.Join(methods, ","))
	}
	return account{"GetRestApis": oneAPI["GetRestApis"], "GetStagesr1": oneAPI["GetStagesr1"], "GetResourcesr1": "[" + strings.Join(list, ",") + "]"}
}

const (
	ownHost = "r1.execute-api.us-east-1.amazonaws.com"
	custom  = "api.example.com"
)

// The route of a request is that of the resource that API Gateway would choose for its method and path.
func TestRouteOfARequest(t *testing.T) {
	shop := routed("/ GET", "/orders GET POST", "/orders/{id} GET", "/orders/mine GET", "/orders/{id}/lines/{line} DELETE", "/files/{path+} GET", "/files/index GET", "/any ANY",
		"/any/{proxy+} ANY", "/prod GET", "/carts/{id} GET", "/carts/{proxy+} ANY")
	b := newBench(t, shop.snapshot(t), nil)
	for _, c := range []struct{ name, method, host, path, want string }{
		{"the root", "GET", ownHost, "/prod", "/"},
		{"the root, with a slash", "GET", ownHost, "/prod/", "/"},
		{"literal", "GET", ownHost, "/prod/orders", "/orders"},
		{"a slash at the end", "POST", ownHost, "/prod/orders/", "/orders"},
		{"no such method", "PUT", ownHost, "/prod/orders", ""},
		{"a variable", "GET", ownHost, "/prod/orders/17", "/orders/{id}"},
		{"literal text before variables", "GET", ownHost, "/prod/orders/mine", "/orders/mine"},
		{"below a variable", "DELETE", ownHost, "/prod/orders/17/lines/3", "/orders/{id}/lines/{line}"},
		{"longer than any", "GET", ownHost, "/prod/orders/17/lines/3/x", ""},
		{"greedy", "GET", ownHost, "/prod/files/a/b/c", "/files/{path+}"},
		{"literal text before greedy variables", "GET", ownHost, "/prod/files/index", "/files/index"},
		{"greedy variables need something", "GET", ownHost, "/prod/files", ""},
		{"a variable before a greedy one", "GET", ownHost, "/prod/carts/7", "/carts/{id}"},
		{"a greedy one for what a variable does not take", "GET", ownHost, "/prod/carts/7/items", "/carts/{proxy+}"},
		{"any method", "PATCH", ownHost, "/prod/any", "/any"},
		{"any method, greedy", "PATCH", ownHost, "/prod/any/a/b", "/any/{proxy+}"},
		{"a resource of the stage's name", "GET", ownHost, "/prod/prod", "/prod"},
		{"another stage's path", "GET", ownHost, "/dev/orders", ""},
		{"no stage in the path", "GET", ownHost, "", ""},
		{"an endpoint of a VPC", "GET", "vpce-0a1b.execute-api.us-east-1.vpce.amazonaws.com", "/prod/orders", "/orders"},
	} {
		assert.Equal(t, c.want, b.route("r1", "prod", c.method, c.host, c.path), c.name)
	}
	assert.Empty(t, b.route("unknown", "prod", "GET", ownHost, "/prod/orders"))
	assert.Empty(t, b.route("r1", "dev", "GET", ownHost, "/prod/orders"))
}

// On a custom domain name a base path may stand in front, which segments do not tell: where it could be one or not, no route is told.
func TestRouteOnACustomDomain(t *testing.T) {
	b := newBench(t, routed("/orders GET POST", "/orders/{id} GET", "/v1/orders GET", "/{tenant}/carts GET").snapshot(t), nil)
	root := newBench(t, routed("/ GET", "/orders GET POST").snapshot(t), nil)
	for _, c := range []struct {
		name               string
		b                  *bench
		method, path, want string
	}{
		{"no base path", b, "GET", "/orders/17", "/orders/{id}"},
		{"a base path", b, "POST", "/v1/orders", "/orders"},
		{"a base path of several parts", b, "POST", "/shop/eu/v1/orders", "/orders"},
		{"a base path that is too long", b, "POST", "/a/b/c/d/e/orders", ""},
		{"a base path or a resource", b, "GET", "/v1/orders", ""},
		{"a base path or a variable", b, "GET", "/x/acme/carts", "/{tenant}/carts"},
		{"nothing", b, "PUT", "/v1/nothing", ""},
		{"the root, or a resource", root, "GET", "/orders", ""},
		{"no method of the root", root, "POST", "/orders", "/orders"},
		{"the root", root, "GET", "/", "/"},
		{"the root below a base path", root, "GET", "/v1", "/"},
	} {
		assert.Equal(t, c.want, c.b.route("r1", "prod", c.method, custom, c.path), c.name)
	}
}

// Resources of names as hostile as they get do no harm.
func TestOddResources(t *testing.T) {
	b := newBench(t, routed("//a//b GET", "/{+} GET", "/{} POST", "/"+strings.Repeat("a/", 500)+" GET", "/{x+}/below PUT").snapshot(t), nil)
	assert.Equal(t, "//a//b", b.route("r1", "prod", "GET", ownHost, "/prod/a/b"))
	assert.NotPanics(t, func() {
		for _, path := range []string{"/prod/" + strings.Repeat("a/", 100_000), "prod", "/prod//", "///", strings.Repeat("/", 1000), "/prod/x/below", "/prod/\x00"} {
			b.route("r1", "prod", "GET", ownHost, path)
			b.route("r1", "prod", "PUT", custom, path)
		}
	})
}

// Routes follow the inventory, and are read once per change of it.
func TestRoutesFollowTheInventory(t *testing.T) {
	b := newBench(t, routed("/orders GET").snapshot(t), nil)
	find := func(path string) string { return b.route("r1", "prod", "GET", ownHost, path) }
	assert.Equal(t, "/orders", find("/prod/orders"))
	before := b.routes.byAPI["r1"]
	assert.Empty(t, find("/prod/carts"))
	assert.Same(t, before, b.routes.byAPI["r1"])
	b.inv.see(routed("/carts GET").snapshot(t))
	assert.Equal(t, "/carts", find("/prod/carts"))
	assert.Empty(t, find("/prod/orders"))
	b.inv.see(oneAPI.snapshot(t))
	assert.Empty(t, find("/prod/carts"), "methods were not read")
}

// However many routes there are, those that are kept are bounded.
func TestRoutesAreBounded(t *testing.T) {
	b := newBench(t, routed("/orders GET").snapshot(t), nil)
	require.Equal(t, "/orders", b.route("r1", "prod", "GET", ownHost, "/prod/orders"))
	b.routes.count = maxRoutes + 1
	b.routes.byAPI["deleted"] = &methods{}
	b.inv.see(routed("/carts GET").snapshot(t))
	assert.Equal(t, "/carts", b.route("r1", "prod", "GET", ownHost, "/prod/carts"))
	assert.Len(t, b.routes.byAPI, 1)
	assert.Equal(t, 1, b.routes.count)
}

// An API that hands everything on has one route, whatever base path a request came by.
func TestRouteOfAProxyOnACustomDomain(t *testing.T) {
	b := newBench(t, routed("/{proxy+} ANY").snapshot(t), nil)
	for _, path := range []string{"/orders", "/v1/orders", "/v1/orders/17/lines"} {
		assert.Equal(t, "/{proxy+}", b.route("r1", "prod", "GET", custom, path), path)
	}
}
