package awssim

import (
	"strings"
)

// The origins of Lambda's segments: the service's and the function's.
const (
	originLambda   = "AWS::Lambda"
	originFunction = "AWS::Lambda::Function"
)

// invoke is an integration with a Lambda function. action is as path/2015-03-31/functions/{arn}/invocations.
func (b *traceBuilder) invoke(sub *node, action string) {
	c := b.c
	_, arn, _ := strings.Cut(action, "/functions/")
	arn = strings.TrimSuffix(arn, "/invocations")
	_, name, _ := strings.Cut(arn, ":function:")
	name, qualifier, _ := strings.Cut(name, ":")
	region := c.info.region.Name
	requestID := string(appendUUID(nil, c.draw(drawEndpoint), c.draw(drawEndpoint2)))
	sub.name, sub.namespace = "Lambda", "aws"
	sub.aws = object{{"function_name", name}, {"operation", "Invoke"}, {"region", region}, {"resource_names", list{name}}, {"request_id", requestID}}
	if qualifier != "" {
		sub.aws = append(sub.aws, member{"qualifier", qualifier})
	}
	sub.http = &nodeHTTP{
		method: "POST", url: "https://lambda." + region + "." + dnsSuffix(partitionOf(region)) + strings.TrimPrefix(action, "path"), length: -1,
	}
	b.answered(sub, c.serviceStatus())

	share := (sub.end - sub.start) / 16
	service := &node{
		id: b.id(), parent: sub.id, name: name, origin: originLambda, arn: arn, start: sub.start + share, end: sub.end - share,
		http: &nodeHTTP{status: 200, length: -1}, aws: object{{"request_id", requestID}},
	}
	function := &node{
		id: b.id(), parent: service.id, name: name, origin: originFunction, arn: arn, start: service.start + share, end: service.end - share/4,
		aws: object{{"account_id", c.info.account}, {"function_arn", arn}, {"request_id", requestID}, {"resource_names", list{name}}},
	}
	b.t.add(partService, -1, service)
	at := b.t.add(partFunction, -1, function)
	b.run(function, arn, at)
	if c.outcome.status >= 500 {
		b.fails(service, function)
	}
}

// run adds the subsegments of a function: its initialization where it starts cold, which ends before the function begins, its invocation, and its overhead.
func (b *traceBuilder) run(function *node, arn string, at int) {
	n := b.c.draw(drawTracing)
	about := object{{"function_arn", arn}}
	cold := n>>4&15 == 0
	if cold {
		began := function.start
		function.start += (function.end - function.start) / 2
		function.children = append(function.children, &node{id: b.id(), name: "Initialization", start: began, end: function.start, aws: about})
	}
	overhead := (function.end - function.start) / 32
	invocation := &node{id: b.id(), name: "Invocation", start: function.start, end: function.end - overhead, aws: about}
	function.children = append(function.children, invocation, &node{id: b.id(), name: "Overhead", start: invocation.end, end: function.end, aws: about})
	b.annotate(function, n, cold)
	b.calls(invocation, n, at)
}

// annotatedTenants are not those of authorizers: an annotation is there to be seen, what an authorizer says of its caller is not.
var annotatedTenants = []string{"north", "south", `East & "West"`, "Übersee"}

// annotate gives a function's segment what its code and its SDK say about it: values of all types of JSON.
func (b *traceBuilder) annotate(function *node, n uint64, cold bool) {
	c := b.c
	function.user = string(appendHex([]byte("user"), c.draw(drawCaller), 4))
	function.aws = append(function.aws, member{"xray", object{{"sdk", "X-Ray for Go"}, {"sdk_version", "1.8.5"}, {"auto_instrumentation", false}}})
	function.annotations = object{
		{"tenant", annotatedTenants[n>>8%uint64(len(annotatedTenants))]}, {"level", int(n >> 16 & 15)}, {"load", float64(n>>20&1023) / 1024}, {"cold_start", cold},
	}
	function.metadata = object{
		{"default", object{{"attempt", 1}, {"ratio", 0.125}, {"cached", n>>30&1 == 0}, {"nothing", nil}}},
		{"checkout", object{
			{"basket", object{{"items", list{object{{"sku", "A-1"}, {"count", 2}}, object{{"sku", "Ü \"2\""}, {"count", 1}}}}, {"total", 41.5}}},
			{"path", list{"validate", "price", "store"}},
			{"api_key", "metadata-secret-" + function.user},
		}},
	}
	function.more = object{{"service", object{{"version", "2.3.1"}, {"runtime", "provided.al2023"}}}}
	if n>>32&7 == 0 {
		linked := string(appendHex(append(appendHex([]byte("1-"), uint64(c.at/1000-60), 8), '-'), mix(n), 24))
		function.more = append(function.more, member{"links", list{object{
			{"trace_id", linked}, {"id", hexID(mix(n + 1))}, {"attributes", object{{"aws.xray.link.type", "queued"}, {"position", 1}}},
		}}})
	}
	if n>>35&15 == 0 {
		function.more = append(function.more, member{"x_future", object{{"kind", "unknown"}, {"weights", list{1, 2.5, true}}}})
	}
}

// fails marks a function whose request ended with a server error. Its exception is told where it was thrown; elsewhere its id refers to it.
func (b *traceBuilder) fails(service, function *node) {
	c := b.c
	invocation := function.children[len(function.children)-2]
	b.thrown = b.id()
	message := c.outcome.cause
	if message == "" {
		message = `cannot read property "id" of undefined`
	}
	invocation.ending, function.ending, service.ending = endingFlags{fault: true}, endingFlags{fault: true}, endingFlags{fault: true}
	invocation.cause = b.exception(b.thrown, "TypeError", message, false)
	function.cause, service.cause = hexID(b.thrown), hexID(b.thrown)
}

// exception is the cause of a node: an exception that another one led to.
func (b *traceBuilder) exception(id uint64, kind, message string, remote bool) object {
	why := b.id()
	return object{
		{"working_directory", "/var/task"},
		{"paths", list{"/var/task", "/opt/nodejs/node_modules"}},
		{"exceptions", list{
			object{
				{"id", hexID(id)},
				{"type", kind},
				{"message", message},
				{"remote", remote},
				{"truncated", 3},
				{"skipped", 1},
				{"cause", hexID(why)},
				{"stack", list{
					object{{"path", "/var/task/index.js"}, {"line", 42}, {"label", "handler"}},
					object{{"path", "/var/task/lib/store.js"}, {"line", 7}, {"label", "Store.get"}},
				}},
			},
			object{{"id", hexID(why)}, {"type", "Error"}, {"message", "connect ECONNREFUSED 10.0.0.7:5432"}, {"stack", list{
				object{{"path", "net.js"}, {"line", 1141}, {"label", "TCPConnectWrap.afterConnect"}},
			}}},
		}},
	}
}

// hexID writes an id as X-Ray does.
func hexID(id uint64) string { return string(appendHex(nil, id, 16)) }
