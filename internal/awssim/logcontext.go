package awssim

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// stageLogs is what a stage's log lines are made of, beside its requests.
type stageLogs struct {
	versions []stageVersion // ascending by from; the first is the literal's
	routes   []loggedRoute  // by the index of the stage's routes
	domains  []loggedDomain // custom domain names that lead to the stage
	keys     []*APIKey      // of the region
}

// stageVersion is a stage as it was from a time on.
type stageVersion struct {
	from   int64 // Unix milliseconds
	stage  *Stage
	group  string // the log group of its access log; "": none
	format []formatPart
	more   []formatPart // moreVariables
}

// loggedRoute is a route as the literal of its API says.
type loggedRoute struct {
	method, path, key string // key: "GET /orders" or the route key of a WebSocket API
	auth              string // NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS or JWT
	authorizer        string // its id
	apiKey            bool
	integration       *Integration // nil: none is known
	resourceID        string
}

// loggedDomain is a custom domain name that leads to a stage.
type loggedDomain struct {
	name           string
	basePath, rule string // one of them is what led to the stage
	mutualTLS      bool
}

// log returns what the stage's log lines are made of.
func (i *stageInfo) log() *stageLogs {
	i.logging.Do(func() { i.logs = newStageLogs(i) })
	return i.logs
}

func newStageLogs(i *stageInfo) *stageLogs {
	logs := &stageLogs{}
	add := func(from int64, stage *Stage) {
		format := compileFormat(i.kind, stage.AccessLog.Format)
		logs.versions = append(logs.versions, stageVersion{
			from: from, stage: stage, group: i.destination(stage.AccessLog), format: format, more: moreVariables(i.kind, format),
		})
	}
	add(math.MinInt64, i.stage)
	for _, change := range i.stage.Changes {
		stage, _ := asOf(i.stage, i.stage.Changes, change.At)
		add(change.At.UnixMilli(), stage)
	}
	for _, r := range i.routes {
		logs.routes = append(logs.routes, i.loggedRoute(r))
	}
	for _, d := range i.region.DomainNames {
		for _, m := range d.Mappings {
			if m.API == i.api.ID && m.Stage == i.stage.Name {
				logs.domains = append(logs.domains, loggedDomain{name: d.Name, basePath: m.basePath(), mutualTLS: d.MutualTLS != nil})
			}
		}
		for _, r := range d.RoutingRules {
			if r.API == i.api.ID && r.Stage == i.stage.Name {
				logs.domains = append(logs.domains, loggedDomain{name: d.Name, rule: r.id(d), mutualTLS: d.MutualTLS != nil})
			}
		}
	}
	for _, k := range i.region.APIKeys {
		if !k.Disabled {
			logs.keys = append(logs.keys, k)
		}
	}
	return logs
}

// apiKey is the key of the request: one of the region's that are there, or of a customer whom the world does not know.
func (c *logContext) apiKey() *APIKey {
	n := c.draw(drawKey)
	for i := range c.logs.keys {
		if k := c.logs.keys[(n+uint64(i))%uint64(len(c.logs.keys))]; lives(k.Created, k.Deleted, c.time()) {
			return k
		}
	}
	return &APIKey{ID: madeUpID(10, c.info.api.ID, "key")}
}

// connection is that of a WebSocket message: one of forty that began up to five minutes before each ten minutes, or a new one.
func (c *logContext) connection() (id uint64, since int64) {
	if c.route.key == "$connect" {
		return c.draw(drawConnection), c.at
	}
	const window = 600_000
	began := floorDiv(c.at, window) * window
	id = mix(c.info.key ^ mix(uint64(began)) + c.draw(drawConnection)%40)
	return id, began - int64(id%(window/2))
}

// destination is the log group of the stage's own account and region that an access log goes to; "" where it goes elsewhere.
func (i *stageInfo) destination(log AccessLog) string {
	parts := strings.SplitN(log.DestinationARN, ":", 7)
	if len(parts) != 7 || parts[2] != "logs" || parts[3] != i.region.Name || parts[4] != i.account || parts[5] != "log-group" || log.Format == "" {
		return ""
	}
	return strings.TrimSuffix(parts[6], ":*")
}

// loggedRoute finds the definition of one of the stage's routes.
func (i *stageInfo) loggedRoute(r Route) loggedRoute {
	def := RouteDef{Method: r.Method, Path: r.Path, RouteKey: r.RouteKey}
	out := loggedRoute{method: r.Method, path: r.Path, key: def.key(), auth: "NONE"}
	if i.kind == TypeREST {
		out.resourceID = resourceID(i.api, r.Path)
	}
	at := slices.IndexFunc(i.api.Routes, func(d *RouteDef) bool {
		return d.key() == out.key || d.Path == r.Path && d.Method == "ANY" && r.Path != ""
	})
	if at < 0 {
		function := functionName(i.api.ID, out.key)
		out.integration = &Integration{Type: "AWS_PROXY", Method: "POST", URI: lambdaURI(partitionOf(i.region.Name), i.region.Name, i.account, function)}
		return out
	}
	found := i.api.Routes[at]
	out.auth, out.authorizer, out.apiKey, out.integration = cmp.Or(found.Authorization, "NONE"), found.AuthorizerID, found.APIKeyRequired, found.Integration
	return out
}

// version returns the stage as it was at a time.
func (l *stageLogs) version(ms int64) *stageVersion {
	at := len(l.versions) - 1
	for at > 0 && l.versions[at].from > ms {
		at--
	}
	return &l.versions[at]
}

// logContext is a request with what API Gateway's $context says about it. Values are made when they are asked for, from the request and random
// numbers that belong to it.
type logContext struct {
	info    *stageInfo
	logs    *stageLogs
	version *stageVersion
	request *request
	route   *loggedRoute
	at      int64 // Unix milliseconds
	key     uint64
	outcome outcome
	domain  *loggedDomain // nil: the API's own
	method  string
}

// context makes the context of the request with that index in its minute.
func (i *stageInfo) context(minute int64, index int, r *request) logContext {
	logs := i.log()
	c := logContext{
		info: i, logs: logs, request: r, route: &logs.routes[r.route], at: minute*60_000 + int64(r.offset),
		key: i.requestKey(minute, index),
	}
	c.version = logs.version(c.at)
	c.method = c.route.method
	if c.method == "ANY" || c.method == "" && i.kind != TypeWebSocket {
		c.method = []string{"GET", "GET", "POST", "PUT", "DELETE"}[c.draw(drawMethod)%5]
	}
	if n := uint64(len(logs.domains)); n > 0 && c.draw(drawDomain)&1 == 0 {
		c.domain = &logs.domains[c.draw(drawDomain)>>8%n]
	}
	c.outcome = c.decide()
	return c
}

// What random numbers of a request are for.
const (
	drawMethod = iota + 1
	drawDomain
	drawOutcome
	drawID
	drawID2
	drawExtended
	drawIP
	drawAgent
	drawCaller
	drawParameter
	drawEndpoint
	drawEndpoint2
	drawAuthorizer
	drawAuthorizer2
	drawKey
	drawTrace
	drawTrace2
	drawConnection
	drawMessage
	drawPhase
	drawDelay
	drawStream
	drawWording
	drawSampled
	drawQuery
	drawTracing
	drawSegments // and all after it: ids of segments
)

// requestKey is what the random numbers of a minute's request are drawn from.
func (i *stageInfo) requestKey(minute int64, index int) uint64 {
	return mix(i.key ^ mix(uint64(minute)) ^ mix(uint64(index)+0x10c))
}

// draw returns a random number of the request.
func (c *logContext) draw(what uint64) uint64 { return drawn(c.key, what) }

func drawn(key, what uint64) uint64 { return mix(key + what*0x9e3779b97f4a7c15) }

func (c *logContext) time() time.Time { return time.UnixMilli(c.at).UTC() }

// reached reports whether the request got to a phase.
func (c *logContext) reached(p phase) bool { return c.outcome.phase >= p }

// integrated reports whether an integration was called.
func (c *logContext) integrated() bool { return c.request.integration >= 0 }

// authorized reports whether an authorizer of that kind let the request pass.
func (c *logContext) authorized(kinds ...string) bool {
	return c.outcome.phase > phaseAuthorizer && slices.Contains(kinds, c.route.auth)
}

// host is the domain name that the client used.
func (c *logContext) host(b []byte) []byte {
	if c.domain != nil {
		return append(b, c.domain.name...)
	}
	b = append(append(b, c.info.api.ID...), ".execute-api."...)
	b = append(append(b, c.info.region.Name...), '.')
	return append(b, dnsSuffix(partitionOf(c.info.region.Name))...)
}

// path is that of the request: the route's with its parameters, below the stage or the base path of a custom domain name.
func (c *logContext) path(b []byte) []byte {
	if c.domain != nil {
		if c.domain.basePath != "(none)" && c.domain.basePath != "" {
			b = append(append(b, '/'), c.domain.basePath...)
		}
	} else if c.info.stage.Name != "$default" {
		b = append(append(b, '/'), c.info.stage.Name...)
	}
	return c.resource(b)
}

// resource is the route's path with values for its parameters.
func (c *logContext) resource(b []byte) []byte {
	return fillPath(b, cmp.Or(c.route.path, "/"), c.draw(drawParameter))
}

// fillPath writes a path with values, drawn from a number, for its parameters.
func fillPath(b []byte, template string, n uint64) []byte {
	for {
		open, end := strings.IndexByte(template, '{'), strings.IndexByte(template, '}')
		if open < 0 || end < open {
			return append(b, template...)
		}
		b = append(b, template[:open]...)
		if n&31 == 0 {
			b = append(b, "%22a%2Cb%22;c='d'"...) // as clients write it who try what an API takes
		} else {
			b = appendHex(b, n, 4+int(n>>5&7))
		}
		template, n = template[end+1:], mix(n)
	}
}

// appendHex writes the lowest digits of a number in hexadecimal.
//
//go:norace
func appendHex(b []byte, v uint64, digits int) []byte {
	const letters = "0123456789abcdef"
	for i := digits - 1; i >= 0; i-- {
		b = append(b, letters[v>>(4*min(i, 15))&0xf])
	}
	return b
}

// appendUUID writes a random UUID.
//
//go:norace
func appendUUID(b []byte, x, y uint64) []byte {
	b = append(appendHex(b, x, 8), '-')
	b = append(appendHex(b, x>>32, 4), '-', '4')
	b = append(appendHex(b, x>>48, 3), '-', "89ab"[y>>60&3])
	b = append(appendHex(b, y>>48, 3), '-')
	return appendHex(b, y, 12)
}

// appendShortID writes an id as API Gateway's extended ones: 16 characters of URL-safe base64, the last of them padding.
//
//go:norace
func appendShortID(b []byte, x, y uint64) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for range 10 {
		b, x = append(b, letters[x&63]), x>>6
	}
	for range 5 {
		b, y = append(b, letters[y&63]), y>>6
	}
	return append(b, '=')
}
