package accessspan

import (
	"strconv"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Targets are what the routes of an API call, by route key: GET /orders/{id}, ANY /orders, $default, sendMessage.
type Targets map[string]*Target

// Target is what a route calls. It is immutable.
type Target struct {
	mock bool // nothing is called
	http bool // statuses are those of HTTP
	// answers says that integration.status is the status of the call: of HTTP and of AWS services, but not of Lambda, where it is what the function returned.
	answers bool
	// method is that of a call over HTTP, "" for that of the request; operation is the name of the span of another one.
	method, operation string
	texts             []attribute
	port              int64
}

type attribute struct{ name, value string }

// Integration is what the inventory says of an integration.
type Integration struct {
	// Type is MOCK, HTTP, HTTP_PROXY, AWS or AWS_PROXY, Subtype the action of an HTTP API's first-class integration: SQS-SendMessage.
	Type, Subtype string
	// URI is that of the integration, without user and query, Method that of the call, ANY for that of the request.
	URI, Method string
	// Resource is the ARN of what is called, "" where it is not known.
	Resource string
}

// NewTarget tells what an integration calls.
func NewTarget(i Integration) *Target {
	lambda := strings.Contains(i.Resource, ":lambda:") || strings.Contains(i.URI, ":lambda:")
	switch {
	case i.Type == "MOCK":
		return &Target{mock: true}
	case lambda:
		return invocation(i.Resource)
	case i.Subtype != "":
		service, operation, _ := strings.Cut(i.Subtype, "-")
		return action(service, operation)
	case strings.HasPrefix(i.Type, "HTTP"):
		return request(i.Method, i.URI)
	}
	// arn:aws:apigateway:eu-west-1:states:action/StartExecution
	parts := strings.SplitN(i.URI, ":", 6)
	if len(parts) < 6 || parts[2] != "apigateway" {
		return &Target{}
	}
	service := parts[4][strings.LastIndexByte(parts[4], '.')+1:] // the subdomain may stand before it
	operation, _ := strings.CutPrefix(parts[5], "action/")
	if strings.Contains(operation, "/") {
		operation = "" // a path, of which the operation depends on more
	}
	return action(service, operation)
}

// action is a call of an AWS service, named as semantic conventions name those of the AWS SDK.
func action(service, operation string) *Target {
	t := &Target{operation: service, answers: true, texts: []attribute{{attr.RPCSystem, attr.RPCSystemAWS}, {attr.RPCService, service}}}
	if operation != "" {
		t.operation += "." + operation
		t.texts = append(t.texts, attribute{attr.RPCMethod, operation})
	}
	return t
}

// invocation is a call of a Lambda function; arn is "" where the function depends on the request or the stage.
func invocation(arn string) *Target {
	t := action("Lambda", "Invoke")
	t.answers = false
	t.texts = append(t.texts, attribute{attr.FaaSProvider, "aws"})
	// arn:aws:lambda:eu-west-1:111122223333:function:orders:live
	if parts := strings.Split(arn, ":"); len(parts) >= 7 && parts[5] == "function" {
		t.texts = append(t.texts, attribute{attr.FaaSInvokedName, parts[6]}, attribute{attr.FaaSRegion, parts[3]})
	}
	return t
}

// request is a call over HTTP. A URI with placeholders is a template; its path names the span all the same, for it has no values of requests in it.
func request(method, uri string) *Target {
	t := &Target{http: true, answers: true, method: method}
	if method == "ANY" {
		t.method = ""
	}
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return t // by a VPC link, to a load balancer's listener
	}
	authority, path, _ := strings.Cut(rest, "/")
	t.texts = append(t.texts, attribute{attr.URLTemplate, "/" + path})
	if !strings.Contains(uri, "{") {
		t.texts = append(t.texts, attribute{attr.URLFull, uri})
	}
	if strings.Contains(authority, "{") || authority == "" {
		return t
	}
	t.port = httpsPort
	if scheme == "http" {
		t.port = 80
	}
	host := authority
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		if port, err := strconv.ParseUint(authority[i+1:], 10, 16); err == nil {
			host, t.port = authority[:i], int64(port)
		}
	}
	t.texts = append(t.texts, attribute{attr.ServerAddress, strings.ToLower(strings.Trim(host, "[]"))})
	return t
}

// of finds what a line's route calls, nil where that is not known. A REST route has its method and path, another one its key.
func (t Targets) of(f *Format, l *Line) *Target {
	if len(t) == 0 {
		return nil
	}
	if key := f.text(l, f.routeKey); key != "" {
		return t[key]
	}
	path := f.text(l, f.route)
	if target := t[f.text(l, f.method)+" "+path]; target != nil {
		return target
	}
	return t["ANY "+path]
}
