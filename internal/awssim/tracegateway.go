package awssim

import (
	"cmp"
	"net/url"
	"strings"
)

// traceBuilder makes the trace of a request.
type traceBuilder struct {
	c   *logContext
	t   *trace
	ids uint64
	// thrown is the exception that the request failed with; 0: none.
	thrown uint64
}

// buildTrace makes the whole trace of a request, as X-Ray has it when all has arrived.
func buildTrace(c *logContext) *trace {
	b := traceBuilder{c: c, t: &trace{
		id: string(c.traceID(nil)), account: c.info.account, region: c.info.region.Name, at: c.at, key: c.key, scientific: c.draw(drawTracing)&3 == 0,
	}}
	b.gateway()
	return b.t
}

// id makes the next id of a segment.
func (b *traceBuilder) id() uint64 {
	b.ids++
	return max(b.c.draw(drawSegments+b.ids), 1)
}

// gateway adds the segment of API Gateway's stage, and all that follows from it.
func (b *traceBuilder) gateway() {
	c := b.c
	api, stage := c.info.api, c.info.stage.Name
	requestID, extended := string(c.requestID(nil)), string(appendShortID(nil, c.draw(drawExtended), c.key))
	ip := string(c.sourceIP(nil))
	start := c.at * 1000
	root := &node{
		id: b.id(), name: api.Name + "/" + stage, origin: originStage, start: start, end: start + int64(c.request.latency)*1000,
		arn:    "arn:" + partitionOf(c.info.region.Name) + ":apigateway:" + c.info.region.Name + "::/restapis/" + api.ID + "/stages/" + stage,
		ending: endingOf(c.outcome.status),
		http: &nodeHTTP{
			method: c.method, url: c.url(), agent: c.userAgent(), clientIP: ip, forwarded: true,
			status: c.outcome.status, length: int64(c.request.bytes),
		},
		aws: object{
			{"api_gateway", object{{"account_id", c.info.account}, {"rest_api_id", api.ID}, {"stage", stage}, {"request_id", requestID}}},
			{"xray", object{{"sampling_rule_name", "Default"}}},
		},
		annotations: object{{"aws:api_id", api.ID}, {"aws:api_stage", stage}},
		metadata:    object{{"default", object{{"extended_request_id", extended}, {"request_id", requestID}}}},
	}
	b.t.add(partGateway, -1, root)
	if c.integrated() {
		b.integration(root)
	}
}

// originStage is that of API Gateway's segments.
const originStage = "AWS::ApiGateway::Stage"

// url is what the client asked for.
func (c *logContext) url() string {
	b := c.path(append(c.host(append(make([]byte, 0, 160), "https://"...)), ""...))
	n := c.draw(drawQuery)
	if n&1 == 0 {
		return string(b)
	}
	b = append(b, '?')
	switch own := c.info.stage.Traffic.Query; {
	case own != "":
		b = append(b, own...)
	case n>>1&3 == 0:
		b = appendHex(append(b, "token="...), n, 16)
	case n>>1&3 == 1:
		b = append(appendHex(append(b, "X-Amz-Signature="...), n, 16), "&expires=300"...)
	case n>>1&3 == 2:
		b = append(b, "q=%22caf%C3%A9%22&empty=&flag"...)
	default:
		b = append(b, "page=2&size=50"...)
	}
	return string(b)
}

// integration adds what API Gateway called: a subsegment within its own segment, and the segments of what it called.
func (b *traceBuilder) integration(root *node) {
	i := b.c.route.integration
	if i == nil {
		return
	}
	length := min(int64(b.c.request.integration)*1000, root.end-root.start)
	before := (root.end - root.start - length) / 4 * 3
	sub := &node{id: b.id(), start: root.start + before, end: root.start + before + length}
	switch i.Type {
	case "AWS", "AWS_PROXY":
		service, action, _ := strings.Cut(strings.TrimPrefix(stripARN(i.URI), ":"), ":")
		if service == "lambda" {
			b.invoke(sub, b.variables(action))
		} else {
			b.awsAction(sub, service, b.variables(action))
		}
	case "HTTP", "HTTP_PROXY":
		b.backend(sub, b.variables(i.URI), i.Method)
	default:
		return
	}
	root.children = []*node{sub}
	if b.thrown != 0 {
		root.cause = hexID(b.thrown)
	}
}

// stripARN returns what follows the region of an integration's ARN: "arn:aws:apigateway:us-east-1:sqs:path/…" → "sqs:path/…".
func stripARN(uri string) string {
	parts := strings.SplitN(uri, ":", 5)
	return parts[len(parts)-1]
}

// variables puts the stage's variables and values of path parameters into an integration's URI.
func (b *traceBuilder) variables(uri string) string {
	for {
		before, rest, ok := strings.Cut(uri, "${stageVariables.")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return string(fillPath(nil, uri, b.c.draw(drawParameter)))
		}
		uri = before + cmp.Or(b.c.version.stage.Variables[name], "undefined") + after
	}
}

// answered gives a subsegment the answer of what it called, or the error that there was none.
func (b *traceBuilder) answered(sub *node, status int64) {
	if b.c.outcome.backend == 0 {
		sub.ending = endingFlags{fault: true}
		b.thrown = b.id()
		sub.cause = b.exception(b.thrown, "IntegrationException", b.c.outcome.cause, true)
		return
	}
	sub.http.status, sub.http.length = int(status), int64(b.c.request.bytes)
	sub.ending = endingOf(int(status))
}

// backend is an HTTP integration: X-Ray names it by the path of its URL.
func (b *traceBuilder) backend(sub *node, uri, method string) {
	if method == "" || method == "ANY" {
		method = b.c.method
	}
	sub.name, sub.namespace = uri, "remote"
	if u, err := url.Parse(uri); err == nil {
		sub.name = cmp.Or(u.Path, "/")
	}
	sub.http = &nodeHTTP{method: method, url: uri, length: -1}
	b.answered(sub, b.c.serviceStatus())
	b.t.infer(b.id(), 0, sub, "", "")
}

// awsServices are how X-Ray names AWS services and their resources, by their names in API Gateway's integrations.
var awsServices = map[string]struct{ name, origin string }{
	"sqs": {"SQS", "AWS::SQS::Queue"}, "states": {"SFN", "AWS::StepFunctions::StateMachine"}, "dynamodb": {"DynamoDB", "AWS::DynamoDB::Table"},
	"s3": {"S3", "AWS::S3::Bucket"}, "sns": {"SNS", "AWS::SNS::Topic"}, "kinesis": {"Kinesis", "AWS::Kinesis::Stream"}, "events": {"Events", "AWS::Events::EventBus"},
}

// awsAction is an integration with an AWS service other than Lambda.
func (b *traceBuilder) awsAction(sub *node, service, action string) {
	c := b.c
	known, ok := awsServices[service]
	if !ok {
		known.name, known.origin = strings.ToUpper(service), "AWS::"+strings.ToUpper(service)
	}
	kind, what, _ := strings.Cut(action, "/")
	sub.name, sub.namespace = known.name, "aws"
	operation := what
	if kind == "path" {
		operation = map[string]string{"sqs": "SendMessage", "sns": "Publish", "s3": "GetObject"}[service]
	}
	sub.aws = object{
		{"operation", cmp.Or(operation, c.method)},
		{"region", c.info.region.Name},
		{"request_id", string(appendUUID(nil, c.draw(drawEndpoint), c.draw(drawEndpoint2)))},
	}
	_, last, _ := strings.Cut(what, "/")
	host := service + "." + c.info.region.Name + "." + dnsSuffix(partitionOf(c.info.region.Name))
	switch service {
	case "sqs":
		sub.aws = append(sub.aws, member{"queue_url", "https://" + host + "/" + what}, member{"resource_names", list{last}})
	case "s3":
		bucket, key, _ := strings.Cut(what, "/")
		sub.aws = append(sub.aws, member{"bucket_name", bucket}, member{"key", key}, member{"resource_names", list{bucket}})
	case "dynamodb":
		sub.aws = append(sub.aws, member{"table_name", c.info.api.Name}, member{"resource_names", list{c.info.api.Name}})
	}
	sub.http = &nodeHTTP{method: "POST", url: "https://" + host + "/", length: -1}
	b.answered(sub, c.serviceStatus())
	b.t.infer(b.id(), 0, sub, "", known.origin)
}
