package awssim

import (
	"net/http"
	"strings"
)

// The SigV4 names of the services that are served.
const (
	serviceMonitoring = "monitoring" // CloudWatch
	serviceAPIGateway = "apigateway" // v1 and v2
	serviceSTS        = "sts"
	serviceLogs       = "logs" // CloudWatch Logs
)

// protocol is a wire protocol.
type protocol int

const (
	protocolREST  protocol = iota // rest-json: API Gateway
	protocolCBOR                  // smithy rpc-v2-cbor: CloudWatch as the Go SDK speaks it
	protocolJSON                  // awsJson 1.0: CloudWatch as boto3 and the AWS CLI speak it
	protocolQuery                 // form in, XML out: STS
	protocolLogs                  // awsJson 1.1: CloudWatch Logs
)

func (p protocol) contentType() string {
	switch p {
	case protocolCBOR:
		return "application/cbor"
	case protocolJSON:
		return "application/x-amz-json-1.0"
	case protocolQuery:
		return "text/xml"
	case protocolLogs:
		return "application/x-amz-json-1.1"
	default:
		return "application/json"
	}
}

const (
	cloudWatchTarget = "GraniteServiceVersion20100801"
	cloudWatchPrefix = "/service/" + cloudWatchTarget + "/operation/"
	logsTarget       = "Logs_20140328"
)

// operation is a call that the simulator serves.
type operation struct {
	name     string
	service  string
	action   string // the IAM action
	protocol protocol
	handle   func(*Server, *exchange) (any, error)
	path     map[string]string // values in the path of rest-json
}

// cloudWatchOperations are served in both of CloudWatch's protocols.
var cloudWatchOperations = map[string]func(*Server, *exchange) (any, error){
	"ListMetrics":   (*Server).listMetrics,
	"GetMetricData": (*Server).getMetricData,
}

// route finds the operation of a request; its protocol is set even where the operation is unknown, so that the error has the right form.
func route(r *http.Request, body []byte) (operation, *wireError) {
	if name, ok := strings.CutPrefix(r.URL.Path, cloudWatchPrefix); ok {
		return cloudWatchOperation(protocolCBOR, name)
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		if name, ok := strings.CutPrefix(target, cloudWatchTarget+"."); ok {
			return cloudWatchOperation(protocolJSON, name)
		}
		if name, ok := strings.CutPrefix(target, logsTarget+"."); ok {
			return logsOperation(name)
		}
		return operation{protocol: protocolJSON, service: serviceMonitoring}, unknownOperation(target)
	}
	if r.Method == http.MethodPost && r.URL.Path == "/" {
		return stsOperation(body)
	}
	return apiGatewayOperation(r)
}

func cloudWatchOperation(p protocol, name string) (operation, *wireError) {
	op := operation{name: name, service: serviceMonitoring, action: "cloudwatch:" + name, protocol: p, handle: cloudWatchOperations[name]}
	if op.handle == nil {
		return op, unknownOperation(name)
	}
	return op, nil
}

// logsOperations are those of CloudWatch Logs.
var logsOperations = map[string]func(*Server, *exchange) (any, error){
	"DescribeLogGroups":  (*Server).describeLogGroups,
	"DescribeLogStreams": (*Server).describeLogStreams,
	"FilterLogEvents":    (*Server).filterLogEvents,
	"GetLogEvents":       (*Server).getLogEvents,
}

func logsOperation(name string) (operation, *wireError) {
	op := operation{name: name, service: serviceLogs, action: "logs:" + name, protocol: protocolLogs, handle: logsOperations[name]}
	if op.handle == nil {
		return op, unknownOperation(name)
	}
	return op, nil
}

func unknownOperation(name string) *wireError {
	return &wireError{
		status: http.StatusBadRequest, code: "UnknownOperationException", query: "InvalidAction",
		message: "The action " + name + " is not valid for this endpoint.",
	}
}
