package segment

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// addSpan adds a span as it is: its attributes, events, links, status and kind, and the scope that it says it has. A span of a stage gets the resource
// that all signals of the stage have.
func (b *Batch) addSpan(d *Document) {
	s := d.span
	span := b.spansOf(d).AppendEmpty()
	span.SetTraceID(d.TraceID)
	span.SetSpanID(s.id)
	span.SetParentSpanID(s.parent)
	span.TraceState().FromRaw(cut(s.state, maxKey))
	span.SetFlags(s.flags)
	span.SetKind(s.kind)
	span.SetStartTimestamp(s.start)
	span.SetEndTimestamp(s.end)
	span.Status().SetCode(s.status)
	w := writer{rules: b.Rules, attributes: span.Attributes()}
	span.SetName(first(w.nameOfSpan(s), "unknown"))
	if b.Rules.Of(attr.ExceptionMessage, false) == redact.Keep {
		span.Status().SetMessage(bound(w.clean(s.message))) // mostly that of an exception
	}
	w.attributes.EnsureCapacity(len(s.attributes))
	w.stable(s)
	if d.InProgress {
		w.flag(attr.XRayInProgress, true)
	}
	for i := range s.others {
		w.member(attr.XRayPrefix, &s.others[i])
	}
	span.SetDroppedAttributesCount(w.dropped)
	for i := range s.events {
		w.event(span, &s.events[i])
	}
	w.links(span, s.links)
}

func (b *Batch) spansOf(d *Document) ptrace.SpanSlice {
	s := d.span
	if d.API != "" {
		arn := find(s.resource, attr.CloudResourceID)
		account := first(find(s.resource, attr.CloudAccountID), arnPart(arn, 4))
		region := first(find(s.resource, attr.CloudRegion), arnPart(arn, 3))
		return b.stage(stageKey{d.API, d.Stage, find(s.resource, attr.ServiceName), account, region, s.scopeText}).spans
	}
	key := otherKey{s.resourceText, s.scopeText}
	p, ok := b.others[key]
	if !ok {
		p = b.place(func(res pcommon.Resource) {
			if b.writer(res.Attributes()).raw(s.resource); res.Attributes().Len() == 0 {
				b.Resources.Service(res, &resource.Service{Name: unknownService}) // of the target, at least
			}
		}, s.scopeText, "")
		b.others[key] = p
	}
	return p.spans
}

func (b *Batch) writer(m pcommon.Map) *writer { return &writer{rules: b.Rules, attributes: m} }

// scope writes the scope that a span says it has, and is false where that has no name.
func (b *Batch) scope(to pcommon.InstrumentationScope, json string) bool {
	r := reader{text: json}
	var name, version string
	var attributes []member
	if r.peek() != '{' || !r.open('{') {
		return false
	}
	for key := ""; r.member(&key); {
		switch key {
		case "name":
			r.str(&name)
		case "version":
			r.str(&version)
		case "attributes":
			r.members(&attributes)
		default:
			r.skip()
		}
	}
	if name == "" {
		return false
	}
	to.SetName(cut(name, maxKey))
	to.SetVersion(cut(version, maxKey))
	b.writer(to.Attributes()).raw(attributes)
	return true
}

func (w *writer) event(span ptrace.Span, e *event) {
	to := span.Events().AppendEmpty()
	to.SetName(nameOf(e.name))
	to.SetTimestamp(e.time)
	on := writer{rules: w.rules, attributes: to.Attributes()}
	on.raw(e.attributes)
	to.SetDroppedAttributesCount(on.dropped)
}

// raw writes attributes under their own names. Lists stay lists.
func (w *writer) raw(members []member) {
	for i := range members {
		w.own(&members[i])
	}
}

func (w *writer) own(m *member) {
	switch {
	case m.key == attr.URLQuery:
		w.query(m.text)
	case m.key == attr.URLFull:
		w.str(attr.URLFull, w.cleanURL(m.text))
	case withheld[m.key]:
	case m.kind == array && !redact.Secret(m.key) && !isQuery(m.key) && w.keeps(m.key):
		w.array(w.attributes.PutEmptySlice(cut(m.key, maxKey)), m.text)
	default:
		w.member("", m)
	}
}

// withheld are attributes with user names and passwords of databases.
var withheld = map[string]bool{"db.user": true, "db.connection_string": true}

// array writes the elements of a list; those that are lists or objects as JSON.
func (w *writer) array(to pcommon.Slice, json string) {
	r := reader{text: json}
	if !r.open('[') {
		return
	}
	for r.more(']') {
		if v := r.value(); v.kind != null && to.Len() < maxList {
			w.put(to.AppendEmpty(), v)
		}
	}
}

// stableNames are what attributes of HTTP were called before the conventions for it became stable. AWS writes both, or one of them.
var stableNames = map[string]string{
	"http.method": attr.HTTPRequestMethod, "http.status_code": attr.StatusCode, "http.scheme": attr.URLScheme, "http.user_agent": attr.UserAgent,
	"http.client_ip": attr.ClientAddress, "http.request_content_length": attr.RequestSize, "http.flavor": attr.ProtocolVersion, "http.response_content_length": attr.ResponseSize,
	"http.host": attr.ServerAddress, "net.host.name": attr.ServerAddress, "net.peer.name": attr.ServerAddress,
	"net.host.port": attr.ServerPort, "net.peer.port": attr.ServerPort,
	"http.url": attr.URLFull, "http.target": attr.URLPath,
}

// stable writes the attributes of a span, with the stable names of HTTP for older ones. Where a span has both, the stable one counts.
func (w *writer) stable(s *span) {
	for i := range s.attributes {
		if m := &s.attributes[i]; stableNames[m.key] == "" {
			w.own(m)
		}
	}
	for i := range s.attributes {
		m := s.attributes[i]
		name := stableNames[m.key]
		if name == "" {
			continue
		}
		if _, ok := w.attributes.Get(name); ok {
			continue
		}
		switch m.key {
		case "http.target":
			w.target(m.text)
			continue
		case "http.host":
			var l location
			l.authority(m.text)
			m.text = l.host
		}
		m.key = name
		w.own(&m)
	}
	if s.kind == ptrace.SpanKindServer {
		w.parts()
	}
}

// target writes what was the path and the query in one.
func (w *writer) target(s string) {
	if l, ok := parseURL(s); ok {
		w.str(attr.URLPath, l.path)
		w.query(l.query)
	}
}

// parts writes the parts of the URL of a request to a server: the conventions want them there, and AWS writes the URL in one.
func (w *writer) parts() {
	full, ok := w.attributes.Get(attr.URLFull)
	if !ok {
		return
	}
	l, ok := parseURL(full.Str())
	if !ok || l.host == "" {
		return
	}
	for _, part := range [...]struct{ name, value string }{{attr.URLScheme, l.scheme}, {attr.URLPath, l.path}, {attr.ServerAddress, l.host}} {
		if _, ok := w.attributes.Get(part.name); !ok {
			w.str(part.name, part.value)
		}
	}
	if _, ok := w.attributes.Get(attr.ServerPort); !ok && l.port != 0 {
		w.int(attr.ServerPort, l.port)
	}
}
