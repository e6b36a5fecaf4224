package metrics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// dims are dimensions in short: "ApiName=orders Stage=prod".
func dims(s string) (d []model.Dimension) {
	for f := range strings.FieldsSeq(s) {
		name, value, _ := strings.Cut(f, "=")
		d = append(d, model.Dimension{Name: name, Value: value})
	}
	return d
}

func defaults(edit func(*Config)) *Config {
	c := DefaultConfig()
	if edit != nil {
		edit(&c)
	}
	return &c
}

func classifierOf(c *Config, levels ...string) *classifier {
	cl := &classifier{plans: plans(c)}
	for _, l := range levels {
		cl.stage, cl.route = cl.stage || l == LevelStage, cl.route || l == LevelRoute
	}
	return cl
}

// seriesFor makes a series as the list of CloudWatch would.
func seriesFor(t testing.TB, c *Config, metric, dimensions string) *series {
	t.Helper()
	s, v := classifierOf(c, LevelStage, LevelRoute).classify(&model.Metric{Name: metric, Dimensions: dims(dimensions)})
	require.Equal(t, collect, v, "%s {%s}", metric, dimensions)
	return s
}

// The sets of dimensions that AWS documents, and those it might.
func TestClassify(t *testing.T) {
	const no, name, id = "", "name:orders", "id:a1"
	for _, set := range []struct {
		metric, dimensions string
		// stage and route are the verdicts with one level alone
		stage, route verdict
		key, at      string // the series' key and stage
		routeKey     string
		canary       bool
	}{
		// REST
		{metric: "Count", dimensions: "ApiName=orders", stage: ignored, route: ignored},
		{metric: "Count", dimensions: "ApiName=orders Stage=prod", stage: collect, route: ignored, key: name, at: "prod"},
		{metric: "Latency", dimensions: "Stage=prod ApiName=orders", stage: collect, route: ignored, key: name, at: "prod"},
		{metric: "Latency", dimensions: "ApiName=orders Method=GET Resource=/pets/{id} Stage=prod", stage: ignored, route: collect, key: name, at: "prod", routeKey: "GET /pets/{id}"},
		{metric: "Latency", dimensions: "Stage=prod Resource=/pets Method=ANY ApiName=orders", stage: ignored, route: collect, key: name, at: "prod", routeKey: "ANY /pets"},
		{metric: "5XXError", dimensions: "ApiName=orders Stage=prod/Canary", stage: collect, route: ignored, key: name, at: "prod", canary: true},
		{metric: "5XXError", dimensions: "ApiName=orders Method=GET Resource=/ Stage=prod/Canary", stage: ignored, route: collect, key: name, at: "prod", routeKey: "GET /", canary: true},
		{metric: "CacheHitCount", dimensions: "ApiName=orders Stage=prod", stage: collect, route: ignored, key: name, at: "prod"},
		// HTTP
		{metric: "4xx", dimensions: "ApiId=a1", stage: ignored, route: ignored},
		{metric: "4xx", dimensions: "ApiId=a1 Stage=$default", stage: collect, route: ignored, key: id, at: "$default"},
		{metric: "4xx", dimensions: "ApiId=a1 Method=POST Resource=/pets Stage=$default", stage: ignored, route: collect, key: id, at: "$default", routeKey: "POST /pets"},
		{metric: "4xx", dimensions: "ApiId=a1 Method=$default Resource=$default Stage=$default", stage: ignored, route: collect, key: id, at: "$default", routeKey: "$default"},
		{metric: "DataProcessed", dimensions: "ApiId=a1 Stage=prod Route=$default", stage: ignored, route: collect, key: id, at: "prod", routeKey: "$default"}, // as in 2023's guide
		// WebSocket
		{metric: "MessageCount", dimensions: "ApiId=a1", stage: ignored, route: ignored},
		{metric: "MessageCount", dimensions: "ApiId=a1 Stage=live", stage: collect, route: ignored, key: id, at: "live"},
		{metric: "ConnectCount", dimensions: "ApiId=a1 Stage=live Route=$connect", stage: ignored, route: collect, key: id, at: "live", routeKey: "$connect"},
		{metric: "IntegrationLatency", dimensions: "ApiId=a1 Stage=live Route=$connect", stage: ignored, route: collect, key: id, at: "live", routeKey: "$connect"},
		{metric: "ClientError", dimensions: "ApiId=a1 Method=m Resource=r Stage=live", stage: ignored, route: collect, key: id, at: "live", routeKey: "m r"},
		// Nobody's
		{metric: "Count", dimensions: no, stage: unknown, route: unknown},
		{metric: "Count", dimensions: "Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName= Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Stage=", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders ApiId=a1 Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders ApiName=pets Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Stage=prod Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Method=GET Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Resource=/ Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Method= Resource=/ Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Stage=prod Route=x", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiId=a1 Method=GET Resource=/ Route=x Stage=prod", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Method=GET Resource=/", stage: unknown, route: unknown},
		{metric: "Count", dimensions: "ApiName=orders Stage=prod Tenant=7", stage: unknown, route: unknown},
		{metric: "TimeToFirstByte", dimensions: "ApiName=orders Stage=prod", stage: unknown, route: unknown},
		{metric: "", dimensions: "ApiName=orders Stage=prod", stage: unknown, route: unknown},
		{metric: "count", dimensions: "ApiName=orders Stage=prod", stage: unknown, route: unknown},
	} {
		t.Run(set.metric+" {"+set.dimensions+"}", func(t *testing.T) {
			m := &model.Metric{Name: set.metric, Dimensions: dims(set.dimensions)}
			for level, want := range map[string]verdict{LevelStage: set.stage, LevelRoute: set.route} {
				s, v := classifierOf(defaults(nil), level).classify(m)
				assert.Equal(t, want, v, level)
				assert.Equal(t, want == collect, s != nil)
				if want != collect {
					continue
				}
				assert.Equal(t, set.key, s.key.String())
				assert.Equal(t, set.at, s.stage)
				assert.Equal(t, set.canary, s.canary)
				assert.Equal(t, set.metric, s.plan.metric)
				assert.Equal(t, level == LevelRoute, s.routeLevel())
				if s.routeLevel() {
					assert.Equal(t, set.routeKey, s.routeKey())
				}
				assert.ElementsMatch(t, m.Dimensions, s.dimensions(), "what is asked for is what was listed")
			}
			_, v := classifierOf(defaults(nil), LevelStage, LevelRoute).classify(m)
			assert.Equal(t, min(set.stage, set.route), v, "both levels")
		})
	}
}

// A metric that is switched off is known, and not asked for.
func TestClassifyWhatIsOff(t *testing.T) {
	off := false
	c := defaults(func(c *Config) { c.Metrics = map[string]MetricConfig{"aws.api_gateway.requests": {Enabled: &off}} })
	_, v := classifierOf(c, LevelStage).classify(&model.Metric{Name: "Count", Dimensions: dims("ApiName=orders Stage=prod")})
	assert.Equal(t, ignored, v)
}

// An extra metric may have dimensions of its own, beside an API and a stage.
func TestClassifyExtra(t *testing.T) {
	c := defaults(func(c *Config) { c.Extra = []Extra{{Metric: "TimeToFirstByte", Statistics: []string{"Average"}}} })
	for dimensions, want := range map[string]verdict{
		"ApiName=orders Stage=prod":                          collect,
		"ApiName=orders Stage=prod Tenant=7":                 collect,
		"ApiId=a1 Stage=prod Tenant=7 Zone=b":                collect,
		"ApiId=a1 Stage=prod Method=GET Resource=/ Tenant=7": collect,
		"ApiId=a1 Stage=prod Method=GET Resource=/":          collect,
		"ApiName=orders":                                     ignored,
		"Tenant=7":                                           unknown,
		"ApiName=orders Tenant=7":                            unknown,
		"ApiName=orders Stage=prod Tenant=7 Tenant=8":        unknown,
		"ApiName=orders ApiId=a1 Stage=prod Tenant=7":        unknown,
	} {
		s, v := classifierOf(c, LevelStage, LevelRoute).classify(&model.Metric{Name: "TimeToFirstByte", Dimensions: dims(dimensions)})
		assert.Equal(t, want, v, dimensions)
		if v == collect {
			assert.ElementsMatch(t, dims(dimensions), s.dimensions())
		}
	}
	one := seriesFor(t, c, "TimeToFirstByte", "Zone=b Tenant=7 ApiId=a1 Stage=prod")
	other := seriesFor(t, c, "TimeToFirstByte", "ApiId=a1 Tenant=7 Stage=prod Zone=b")
	assert.Equal(t, one.id(), other.id(), "whatever the order of the dimensions")
}

// Series that differ have ids that differ, and an order.
func TestSeriesIDs(t *testing.T) {
	c := defaults(nil)
	seen := map[string]string{}
	var all []*series
	for _, d := range []string{
		"ApiName=orders Stage=prod", "ApiName=orders Stage=prod/Canary", "ApiName=orders Stage=dev",
		"ApiName=orders Stage=prod Method=GET Resource=/", "ApiName=orders Stage=prod Method=GET Resource=/a", "ApiName=orders Stage=prod Method=POST Resource=/",
		"ApiName=orders Stage=prod/Canary Method=GET Resource=/", "ApiId=orders Stage=prod", "ApiId=orders Stage=prod Route=/", "ApiId=orders Stage=prod Method=GET Resource=/",
	} {
		for _, m := range []string{"Latency", "Count"} {
			s := seriesFor(t, c, m, d)
			full := s.key.String() + " " + s.id()
			assert.Empty(t, seen[full], "%s {%s}", m, d)
			seen[full] = m + " {" + d + "}"
			all = append(all, s)
		}
	}
	for i, a := range all {
		for j, b := range all {
			assert.Equal(t, i == j, a.compare(b) == 0)
			assert.Equal(t, a.compare(b), -b.compare(a))
		}
	}
}

// Whatever is listed is classified without a panic; what is collected is asked for as it was listed, and found again by its stored id.
func FuzzClassify(f *testing.F) {
	f.Add("Latency", "ApiName", "orders", "Stage", "prod", "", "", "", "", "", "", uint8(2))
	f.Add("Count", "ApiName", "orders", "Stage", "prod/Canary", "Method", "GET", "Resource", "/", "", "", uint8(4))
	f.Add("MessageCount", "ApiId", "a1", "Stage", "live", "Route", "$connect", "", "", "", "", uint8(3))
	f.Add("Extra", "ApiId", "a1", "Stage", "live", "Tenant", "7", "Method", "", "Zone", "\x1f", uint8(5))
	f.Add("Extra", "ApiId", "a1", "Stage", "/Canary", "", "", "Method", "GET", "Route", "x", uint8(5))
	f.Add("Latency", "ApiId", "a1", "Stage", "a\x1fb", "Route", "\x1f\x1f", "", "", "", "", uint8(3))
	c := defaults(func(c *Config) { c.Extra = []Extra{{Metric: "Extra", Statistics: []string{"Average"}}} })
	cl := classifierOf(c, LevelStage, LevelRoute)
	f.Fuzz(func(t *testing.T, metric, n1, v1, n2, v2, n3, v3, n4, v4, n5, v5 string, n uint8) {
		m := &model.Metric{Name: metric, Dimensions: []model.Dimension{{Name: n1, Value: v1}, {Name: n2, Value: v2}, {Name: n3, Value: v3}, {Name: n4, Value: v4}, {Name: n5, Value: v5}}[:min(n, 5)]}
		s, v := cl.classify(m)
		if v != collect {
			assert.Nil(t, s)
			return
		}
		key, ok := parseAPIKey(s.key.String())
		assert.True(t, ok)
		assert.Equal(t, s.key, key)
		if strings.Contains(fmt.Sprint(m.Dimensions), "\x1f") {
			return // CloudWatch takes no control characters; see TestIDsWithSeparators
		}
		again := cl.seriesOf(key, s.id())
		if assert.NotNil(t, again, "%q", s.id()) {
			assert.Equal(t, s.id(), again.id())
			assert.Equal(t, s.dimensions(), again.dimensions())
			assert.Same(t, s.plan, again.plan)
			assert.Zero(t, s.compare(again))
		}
		assert.LessOrEqual(t, len(s.dimensions()), len(m.Dimensions))
	})
}

// Stored ids that no series has are no series, and never another one.
func TestSeriesOfRefuses(t *testing.T) {
	cl := classifierOf(defaults(nil), LevelStage)
	for _, id := range []string{
		"", "Latency", "Nobody\x1fprod", "Latency\x1f", "Latency\x1fprod\x1fGET", "Latency\x1fprod\x1fGET\x1f/", "Latency\x1fprod\x1fGET\x1f/\x1f", "Latency\x1fprod\x1f\x1f\x1f\x1fa",
		"Latency\x1fprod\x1f\x1f\x1f\x1fTenant\x1f7", "Latency\x1fprod\x1fGET\x1f/\x1fx",
	} {
		assert.Nil(t, cl.seriesOf(inventory.Key{ByName: true, Value: "orders"}, id), "%q", id)
	}
	assert.Nil(t, cl.seriesOf(inventory.Key{ByName: true}, "Latency\x1fprod"))
	assert.NotNil(t, cl.seriesOf(inventory.Key{ByName: true, Value: "orders"}, "Latency\x1fprod"))
}

// Two series whose dimensions hold the ids' separator are not taken for one.
func TestIDsWithSeparators(t *testing.T) {
	cl := classifierOf(defaults(nil), LevelStage, LevelRoute)
	one, v1 := cl.classify(&model.Metric{Name: "Count", Dimensions: []model.Dimension{{Name: "ApiName", Value: "x"}, {Name: "Stage", Value: "s"}, {Name: "Method", Value: "a\x1fb"}, {Name: "Resource", Value: "c"}}})
	two, v2 := cl.classify(&model.Metric{Name: "Count", Dimensions: []model.Dimension{{Name: "ApiName", Value: "x"}, {Name: "Stage", Value: "s"}, {Name: "Method", Value: "a"}, {Name: "Resource", Value: "b\x1fc"}}})
	if v1 == collect && v2 == collect {
		assert.NotEqual(t, one.id(), two.id())
	}
}
