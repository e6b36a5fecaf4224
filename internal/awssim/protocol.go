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
	serviceXRay       = "xray"
)

// protocol is a wire protocol.
type protocol int

const (
	protocolREST  protocol = iota // rest-json: API Gateway, X-Ray
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

	"DescribeAlarms":       (*Server).describeAlarms,
	"DescribeAlarmHistory": (*Server).describeAlarmHistory,
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
	if scope, ok := parseScope(r); xrayOperations[r.URL.Path].name != "" || ok && scope.service == serviceXRay {
		return xrayOperation(r)
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

// xrayOperations are those of X-Ray by their paths. All are POST.
var xrayOperations = map[string]struct {
	name   string
	handle handler
}{
	"/TraceSummaries":             {"GetTraceSummaries", (*Server).getTraceSummaries},
	"/Traces":                     {"BatchGetTraces", (*Server).batchGetTraces},
	"/GetTraceSegmentDestination": {"GetTraceSegmentDestination", (*Server).getTraceSegmentDestination},
	"/StartTraceRetrieval":        {"StartTraceRetrieval", (*Server).startTraceRetrieval},
	"/ListRetrievedTraces":        {"ListRetrievedTraces", (*Server).listRetrievedTraces},
}

func xrayOperation(r *http.Request) (operation, *wireError) {
	found, ok := xrayOperations[r.URL.Path]
	op := operation{name: found.name, service: serviceXRay, action: "xray:" + found.name, protocol: protocolREST, handle: found.handle}
	if !ok || r.Method != http.MethodPost {
		return op, unknownPath()
	}
	return op, nil
}

// unknownPath is the answer of a rest-json service to what it does not serve, or does not serve in that region.
func unknownPath() *wireError {
	return &wireError{status: http.StatusNotFound, code: "UnknownOperationException", message: "The requested operation is not known."}
}

func unknownOperation(name string) *wireError {
	return &wireError{
		status: http.StatusBadRequest, code: "UnknownOperationException", query: "InvalidAction",
		message: "The action " + name + " is not valid for this endpoint.",
	}
}
