package traces

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// maxRoutes bounds the routes that are kept to look paths up; an API has 300 resources at most (API Gateway quotas).
const maxRoutes = 100_000

// routes are the methods of REST APIs, by API id: segments have the path of a request, and no route.
type routes struct {
	byAPI map[string]*methods
	count int
}

// methods are those of one API.
type methods struct {
	of   *inventory.Part // what they were read from
	root element
	n    int
}

// element is a part of a path: its resource's methods, and the parts below it.
type element struct {
	path     string // of the resource, "" where there is none
	methods  map[string]bool
	below    map[string]*element // by literal text
	variable *element            // {id}
	greedy   *element            // {proxy+}
}

// route finds the resource path that a request of a stage was routed by, "" where it can't be told.
func (r *Reader) route(api, stage, method, host, path string) string {
	part := r.Inventory.Current().Methods(api)
	if part == nil {
		return ""
	}
	m := r.routes.of(api, part)
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 1 && parts[0] == "" {
		parts = nil
	}
	if strings.Contains(host, ".execute-api.") {
		if len(parts) == 0 || parts[0] != stage {
			return ""
		}
		return m.root.find(method, parts[1:])
	}
	// A custom domain name may have a base path in front of the resource's. Where several readings make sense, none is told.
	found := ""
	for skip := range min(len(parts), maxBasePath) + 1 {
		switch p := m.root.find(method, parts[skip:]); {
		case p == "":
		case found != "" && found != p:
			return ""
		default:
			found = p
		}
	}
	return found
}

// maxBasePath is how many parts of a base path are looked for. AWS allows 200 characters.
const maxBasePath = 4

func (r *routes) of(api string, part *inventory.Part) *methods {
	m := r.byAPI[api]
	if m != nil && m.of == part {
		return m
	}
	if r.byAPI == nil || r.count > maxRoutes {
		r.byAPI, r.count = map[string]*methods{}, 0
	}
	m = &methods{of: part}
	// What can't be read has no routes; the inventory says why.
	_ = part.Routes(func(key string) {
		if method, path, ok := strings.Cut(key, " "); ok {
			m.root.add(method, path)
			m.n++
		}
	})
	r.byAPI[api] = m
	r.count += m.n
	return m
}

func (e *element) add(method, path string) {
	for _, p := range strings.Split(strings.Trim(path, "/"), "/") {
		var next **element
		switch {
		case p == "":
			continue
		case strings.HasPrefix(p, "{") && strings.HasSuffix(p, "+}"):
			next = &e.greedy
		case strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}"):
			next = &e.variable
		default:
			if e.below == nil {
				e.below = map[string]*element{}
			}
			if e.below[p] == nil {
				e.below[p] = &element{}
			}
			e = e.below[p]
			continue
		}
		if *next == nil {
			*next = &element{}
		}
		e = *next
	}
	if e.methods == nil {
		e.methods = map[string]bool{}
	}
	e.path, e.methods[method] = path, true
}

// find returns the path of the resource that serves a method below an element. API Gateway prefers literal text to variables, and those to greedy ones.
func (e *element) find(method string, parts []string) string {
	if len(parts) == 0 {
		return e.serves(method)
	}
	if below := e.below[parts[0]]; below != nil {
		if p := below.find(method, parts[1:]); p != "" {
			return p
		}
	}
	if e.variable != nil {
		if p := e.variable.find(method, parts[1:]); p != "" {
			return p
		}
	}
	if e.greedy != nil {
		return e.greedy.serves(method)
	}
	return ""
}

func (e *element) serves(method string) string {
	if e.methods[method] || e.methods["ANY"] {
		return e.path
	}
	return ""
}
