package awssim

import (
	"net/url"
	"strconv"
	"strings"
)

// appendSpan writes a segment or subsegment as CloudWatch's log group aws/spans has it: in OpenTelemetry's form, with attributes as flat objects.
func (t *trace) appendSpan(b []byte, segment, n *node, parent uint64) []byte {
	b = appendMember(append(b, '{'), member{"resource", object{{"attributes", t.resource(segment)}}})
	b = appendMember(append(b, ','), member{"scope", object{{"name", "aws.xray"}, {"version", "1.0"}}})
	b = append(append(append(b, `,"traceId":"`...), t.id[2:10]...), t.id[11:]...)
	b = appendHex(append(b, `","spanId":"`...), n.id, 16)
	if parent != 0 {
		b = appendHex(append(b, `","parentSpanId":"`...), parent, 16)
	}
	b = append(b, `","flags":1`...)
	kind := n.spanKind(segment)
	b = appendText(b, "name", n.name)
	b = appendText(b, "kind", kind)
	b = strconv.AppendInt(append(b, `,"startTimeUnixNano":`...), n.start*1000, 10)
	b = strconv.AppendInt(append(b, `,"endTimeUnixNano":`...), n.end*1000, 10)
	b = strconv.AppendInt(append(b, `,"durationNano":`...), (n.end-n.start)*1000, 10)
	b = appendMember(append(b, ','), member{"attributes", t.spanAttributes(segment, n, kind)})
	b = appendMember(append(b, ','), member{"events", n.events()})
	b = appendMember(append(b, ','), member{"links", n.spanLinks()})
	code := "UNSET"
	switch {
	case n.ending.fault, n.ending.err && kind == "CLIENT":
		code = "ERROR"
	case n.http != nil && n.http.status > 0 && n.http.status < 400:
		code = "OK"
	}
	return append(appendMember(append(b, ','), member{"status", object{{"code", code}}}), '}')
}

func (n *node) spanKind(segment *node) string {
	switch {
	case n == segment:
		return "SERVER"
	case n.namespace != "":
		return "CLIENT"
	default:
		return "INTERNAL"
	}
}

// resource are the attributes of a segment's service.
func (t *trace) resource(segment *node) object {
	out := object{{"cloud.provider", "aws"}, {"cloud.account.id", t.account}, {"cloud.region", t.region}}
	if segment.arn != "" {
		out = append(out, member{"cloud.resource_id", segment.arn})
	}
	switch segment.origin {
	case originStage:
		stage := segment.annotations.text("aws:api_stage")
		return append(out, member{"cloud.platform", "aws_api_gateway"}, member{"service.name", strings.TrimSuffix(segment.name, "/"+stage)}, member{"aws.api_gateway.stage", stage},
			member{"aws.api_gateway.rest_api_id", segment.annotations.text("aws:api_id")})
	case originLambda, originFunction:
		return append(out, member{"cloud.platform", "aws_lambda"}, member{"service.name", segment.name}, member{"faas.name", segment.name})
	}
	return append(out, member{"service.name", segment.name})
}

// spanAttributes are those of a span: HTTP and RPC by the semantic conventions, what CloudWatch adds for its map, and annotations by their own names.
func (t *trace) spanAttributes(segment, n *node, kind string) object {
	out := object{{"aws.region", t.region}, {"aws.local.service", segment.name}}
	if h := n.http; h != nil {
		if h.url != "" {
			out = append(out, member{"http.request.method", h.method}, member{"url.full", h.url})
			if u, err := url.Parse(h.url); err == nil && kind == "SERVER" {
				out = append(out, member{"aws.local.operation", h.method + " " + u.Path})
			}
		}
		if h.agent != "" {
			out = append(out, member{"user_agent.original", h.agent}, member{"client.address", h.clientIP})
		}
		if h.status != 0 {
			out = append(out, member{"http.response.status_code", h.status})
		}
	}
	if segment.origin == originStage {
		out = append(out, member{"aws.local.environment", "api-gateway:" + segment.annotations.text("aws:api_stage")})
	}
	if operation := n.aws.text("operation"); operation != "" {
		out = append(out, member{"rpc.system", "aws-api"}, member{"rpc.service", n.name}, member{"rpc.method", operation},
			member{"aws.remote.service", "AWS::" + n.name}, member{"aws.remote.operation", operation})
	}
	if id := n.requestID(); id != "" {
		out = append(out, member{"aws.request_id", id})
	}
	if query := n.sql.text("sanitized_query"); query != "" {
		out = append(out, member{"db.query.text", query}, member{"db.system.name", strings.ToLower(n.sql.text("database_type"))})
	}
	out = append(out, n.annotations...)
	return append(out, member{"aws.span.kind", kind})
}

// requestID is that of the call, of API Gateway's or of what was called.
func (n *node) requestID() string {
	for _, m := range n.aws {
		if gateway, ok := m.value.(object); ok && m.name == "api_gateway" {
			return gateway.text("request_id")
		}
	}
	return n.aws.text("request_id")
}

// events are the exceptions of a node.
func (n *node) events() list {
	out := list{}
	cause, _ := n.cause.(object)
	for _, m := range cause {
		exceptions, _ := m.value.(list)
		if m.name != "exceptions" {
			continue
		}
		for _, e := range exceptions {
			exception := e.(object)
			out = append(out, object{{"name", "exception"}, {"timeUnixNano", n.end * 1000}, {"attributes", object{
				{"exception.type", exception.text("type")}, {"exception.message", exception.text("message")},
			}}})
		}
	}
	return out
}

// spanLinks are the links of a node, with ids as OpenTelemetry writes them.
func (n *node) spanLinks() list {
	out := list{}
	for _, m := range n.more {
		links, _ := m.value.(list)
		if m.name != "links" {
			continue
		}
		for _, l := range links {
			link := l.(object)
			out = append(out, object{
				{"traceId", strings.ReplaceAll(strings.TrimPrefix(link.text("trace_id"), "1-"), "-", "")},
				{"spanId", link.text("id")},
				{"attributes", link[len(link)-1].value},
			})
		}
	}
	return out
}
