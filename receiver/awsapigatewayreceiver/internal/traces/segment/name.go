package segment

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// name names the span: a request of a stage by its method and route where the route is known, a call of AWS by its service and operation, as the
// conventions for those want it. Calls over HTTP, and the segments that X-Ray infers of them, are named by their method: X-Ray calls them by the host or,
// those of HTTP integrations, by the path of the backend's URL, of which there may be as many as there are requests. Whatever name X-Ray has for the span
// instead is an attribute. All others have X-Ray's name. Nothing is in a name that the rules leave out as an attribute.
func (b *Batch) name(w *writer, span ptrace.Span, d *Document, s *segment) {
	name := first(s.name, "unknown")
	span.SetName(name)
	switch {
	case s == d.segment && d.API != "":
		if route := b.route(d, s); route != "" {
			w.str(attr.HTTPRoute, route)
			if w.shows(attr.HTTPRoute) {
				span.SetName(w.requestName(s, route))
			}
		}
	case s.below && s.namespace == "aws":
		if s.aws != nil && s.aws.operation != "" && w.shows(attr.RPCMethod) {
			span.SetName(nameOf(s.serviceCalled() + "." + s.aws.operation))
		}
	case s.isRemote():
		span.SetName(w.requestName(s, ""))
	}
	if isLocation(name) && !(w.shows(attr.URLFull) && w.shows(attr.URLPath)) {
		return
	}
	w.unless(span.Name(), attr.XRayName, name)
}

// nameOfSpan is the name that a span in OpenTelemetry's form has, without a path or URL that the rules leave out. That of a route is none.
func (w *writer) nameOfSpan(s *span) string {
	name := nameOf(s.name)
	if w.shows(attr.URLPath) && w.shows(attr.URLFull) {
		return name
	}
	location := name[strings.LastIndexByte(name, ' ')+1:]
	if !isLocation(location) || location == find(s.attributes, attr.HTTPRoute) && w.shows(attr.HTTPRoute) {
		return name
	}
	if method, same := attr.Method(strings.TrimSuffix(name, " "+location)); same && w.shows(attr.HTTPRequestMethod) {
		return method
	}
	return "HTTP"
}

// shows says whether an attribute comes out as it is.
func (w *writer) shows(name string) bool { return w.rules.Of(name, false) == redact.Keep }

// requestName is the name of a request by its method, and its route where that is known.
func (w *writer) requestName(s *segment, route string) string {
	switch {
	case w.shows(attr.HTTPRequestMethod) && route != "":
		return methodName(s.http.method) + " " + route
	case w.shows(attr.HTTPRequestMethod):
		return methodName(s.http.method)
	}
	return first(route, "HTTP")
}

func (b *Batch) route(d *Document, s *segment) string {
	if b.Route == nil || s.http.method == "" {
		return ""
	}
	l, ok := parseURL(s.http.url)
	if !ok {
		return ""
	}
	return b.Route(d.API, d.Stage, s.http.method, l.host, l.path)
}

// serviceCalled is the AWS service of a call, without the operation that some SDKs write behind it.
func (s *segment) serviceCalled() string {
	return first(strings.TrimSuffix(s.name, "."+s.aws.operation), "unknown")
}

// isRemote says whether a segment is a call over HTTP, or the service that was called as X-Ray infers it.
func (s *segment) isRemote() bool {
	call := s.http.method != "" || isLocation(s.name)
	switch {
	case s.below:
		return s.namespace == "remote" && call
	case s.origin != "" && s.origin != "remote":
		return false
	}
	return isLocation(s.name) || s.inferred && call
}

// isLocation says whether a name is a path or a URL.
func isLocation(name string) bool {
	return strings.HasPrefix(name, "/") || strings.Contains(name, "://")
}

// serviceName is the name of the segment's service. One that X-Ray calls by a path or a URL, and so by another name with each request, is its host.
func (s *segment) serviceName() string {
	if !s.isRemote() || !isLocation(s.name) {
		return first(s.name, unknownService)
	}
	for _, url := range [...]string{s.http.url, s.name} {
		if l, ok := parseURL(url); ok && l.host != "" {
			return l.host
		}
	}
	return unknownService
}
