package inventory

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// arn is a parsed resource name: arn:partition:service:region:account:resource. The account of most of API Gateway's own is empty.
type arn struct{ partition, service, region, account, resource string }

func parseARN(s string) (arn, bool) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] == "" || p[2] == "" || p[5] == "" {
		return arn{}, false
	}
	return arn{p[1], p[2], p[3], p[4], p[5]}, true
}

// isARN is the conversion of a value that should be a resource name.
func isARN(v any) (any, bool) {
	s, ok := v.(string)
	if ok && s == "" {
		return nil, true
	}
	if ok {
		_, ok = parseARN(s)
	}
	return s, ok
}

func isResource(s string) bool {
	_, ok := parseARN(s)
	return ok
}

// dependsOn relates to something outside API Gateway.
func dependsOn(kind string, id model.ID) model.Relation {
	return model.Relation{Kind: relationDependsOn, Type: kind, ID: id}
}

func onARN(s string) model.Relation {
	return dependsOn(attr.TypeResource, model.ID{attr.CloudResourceID: s})
}

func onServer(host string) model.Relation {
	return dependsOn(attr.TypeServer, model.ID{attr.ServerAddress: host})
}

func onService(name string) model.Relation {
	return dependsOn(attr.TypeService, model.ID{attr.RPCService: name})
}

// variable marks what a stage variable or a path parameter fills in: its value is not known here.
func variable(s string) bool { return strings.Contains(s, "${") || strings.Contains(s, "{") }

var stateMachine = regexp.MustCompile(`arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[A-Za-z0-9_.-]+`)

// target tells what an integration's or authorizer's URI calls: nil where that depends on the request or a stage variable, false where the URI is
// none that API Gateway documents. templates are searched for the state machine that a Step Functions action starts.
//
//	arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:…:function:orders/invocations
//	arn:aws:apigateway:eu-west-1:sqs:path/111122223333/orders     arn:aws:apigateway:eu-west-1:states:action/StartExecution
//	arn:aws:lambda:…   arn:aws:elasticloadbalancing:…   arn:aws:servicediscovery:…     https://example.com/orders
func (d *describer) target(uri string, templates map[string]any) (*model.Relation, bool) {
	found := func(r model.Relation) (*model.Relation, bool) { return &r, true }
	if uri == "" {
		return nil, true
	}
	if !strings.HasPrefix(uri, "arn:") {
		if strings.HasPrefix(uri, "${") {
			return nil, true
		}
		authority, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(uri, "https://"), "http://"), "/")
		if variable(authority) {
			return nil, true
		}
		scheme, _, _ := strings.Cut(uri, "://")
		u, err := url.Parse(scheme + "://" + authority)
		if err != nil || u.Hostname() == "" || scheme != "http" && scheme != "https" || path == uri {
			return nil, false
		}
		return found(onServer(strings.ToLower(u.Hostname())))
	}
	uri = withoutSecrets(uri) // Cloud Map services are picked by a query, SQS and others take their parameters in it
	a, ok := parseARN(uri)
	if !ok {
		return nil, false
	}
	if a.service != "apigateway" {
		if variable(uri) {
			return nil, true
		}
		return found(onARN(uri))
	}
	// The account field of such a URI names the service, with the subdomain before it where the service has one.
	service := a.account[strings.LastIndexByte(a.account, '.')+1:]
	kind, rest, ok := strings.Cut(a.resource, "/")
	if !ok || service == "" || kind != "path" && kind != "action" {
		return nil, false
	}
	switch {
	case service == "lambda" && kind == "path":
		_, function, ok := strings.Cut(rest, "/functions/")
		function, invoked := strings.CutSuffix(function, "/invocations")
		if !ok || !invoked {
			return found(onService(service))
		}
		if variable(function) {
			return nil, true
		}
		if _, ok := parseARN(function); !ok {
			return nil, false
		}
		return found(onARN(function))
	case service == "sqs" && kind == "path" && !variable(rest):
		if account, queue, ok := strings.Cut(strings.Trim(rest, "/"), "/"); ok && queue != "" {
			return found(onARN("arn:" + a.partition + ":sqs:" + a.region + ":" + account + ":" + queue))
		}
	case service == "states":
		for _, name := range slices.Sorted(maps.Keys(templates)) {
			if s, ok := templates[name].(string); ok {
				if machine := stateMachine.FindString(s); machine != "" {
					return found(onARN(machine))
				}
			}
		}
	}
	return found(onService(service))
}

// action tells what an HTTP API's first-class integration calls, as "SQS-SendMessage": the resource where a static parameter names it, else the
// service.
func (d *describer) action(subtype string, parameters map[string]any) model.Relation {
	service, _, _ := strings.Cut(subtype, "-")
	for _, name := range []string{"StateMachineArn", "FunctionArn", "EventBusName", "QueueUrl"} {
		v, _ := parameters[name].(string)
		v = strings.Trim(v, "'")
		if v == "" || strings.ContainsAny(v, "${") {
			continue
		}
		if name == "QueueUrl" {
			if u, err := url.Parse(v); err == nil {
				// https://sqs.eu-west-1.amazonaws.com/111122223333/orders
				host, path := strings.Split(u.Hostname(), "."), strings.Split(strings.Trim(u.Path, "/"), "/")
				if len(host) > 2 && host[0] == "sqs" && len(path) == 2 {
					return onARN("arn:" + d.at.Partition + ":sqs:" + host[1] + ":" + path[0] + ":" + path[1])
				}
			}
		} else if _, ok := parseARN(v); ok {
			return onARN(v)
		}
	}
	return onService(strings.ToLower(service))
}

// userPool is the ARN of the user pool that issues JWTs, "" where another issuer does: https://cognito-idp.<region>.<suffix>/<pool id>. A pool of
// another account can't be told from one of this.
func (d *describer) userPool(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil || !strings.HasPrefix(u.Hostname(), "cognito-idp.") {
		return ""
	}
	region, _, _ := strings.Cut(strings.TrimPrefix(u.Hostname(), "cognito-idp."), ".")
	pool := strings.Trim(u.Path, "/")
	if region == "" || pool == "" || strings.Contains(pool, "/") {
		return ""
	}
	return "arn:" + d.at.Partition + ":cognito-idp:" + region + ":" + d.at.AccountID + ":userpool/" + pool
}

// address is the conversion of an integration's URI: without a user and without a query, either of which may hold a secret.
func address(v any) (any, bool) {
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	if s == "" {
		return nil, true
	}
	return withoutSecrets(s), true
}

func withoutSecrets(uri string) string {
	whole := uri
	if i := strings.IndexAny(uri, "?#"); i >= 0 {
		uri = uri[:i]
	}
	if strings.HasPrefix(uri, "arn:") {
		uri, _, _ = strings.Cut(uri, "&")
		return uri
	}
	start := 0
	if i := strings.Index(uri, "://"); i >= 0 {
		start = i + len("://")
	}
	authority, path, slash := strings.Cut(uri[start:], "/")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if _, port, ok := strings.Cut(authority, ":"); ok && !strings.HasPrefix(authority, "[") && !isPort(port) {
		// No port: the rest of a password that is not escaped.
		i := strings.LastIndexByte(whole, '@')
		if i < 0 {
			return uri[:start]
		}
		return uri[:start] + withoutSecrets(whole[i+1:])
	}
	out := uri[:start] + authority
	if slash {
		out += "/" + path
	}
	return out
}

var valueFilledIn = regexp.MustCompile(`\$?\{[\w.+-]+\}`)

// isPort says whether what follows a host's colon is a port, none, or a variable's.
func isPort(s string) bool {
	s = valueFilledIn.ReplaceAllString(s, "")
	return len(s) <= len("65535") && strings.Trim(s, "0123456789") == ""
}

// dnsSuffix is what a partition's host names end with.
func dnsSuffix(partition string) string {
	switch partition {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	case "aws-iso":
		return "c2s.ic.gov"
	case "aws-iso-b":
		return "sc2s.sgov.gov"
	case "aws-iso-e":
		return "cloud.adc-e.uk"
	case "aws-iso-f":
		return "csp.hci.ic.gov"
	default:
		return "amazonaws.com"
	}
}
