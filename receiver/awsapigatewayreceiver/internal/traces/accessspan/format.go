package accessspan

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Format is a format of access logs with where its lines have what spans are made of. It never changes, and can be used by several goroutines at once.
type Format struct {
	*accesslog.Format
	bound *accesslog.Bound

	total, integration, authorizer       accesslog.Ref // latencies
	status, backendStatus, serviceStatus accesslog.Ref
	authorizerStatus                     accesslog.Ref
	integrationError, authorizerError    accesslog.Ref
	extendedID, requestID, epoch         accesslog.Ref
	method, route, routeKey              accesslog.Ref
	// contexts are the variables that may have a trace id; the first xray of them are xrayTraceId.
	contexts accesslog.Ref
	xray     int
	// webSocket says that only lines of WebSocket APIs have this format.
	webSocket bool
	// left are the attributes of ours that the user does not want.
	left map[string]bool
}

// Bind works out where a format has what spans are made of, once for all of its lines. What becomes of attributes is as in log records: b is of f.
func Bind(f *accesslog.Format, b *accesslog.Bound) *Format {
	s := &Format{
		Format: f, bound: b,
		total: f.Ref("responseLatency"), integration: f.Ref("integration.latency", "integrationLatency"),
		authorizer: f.Ref("authorizer.latency", "authorizer.integrationLatency"), status: f.Ref("status"),
		backendStatus: f.Ref("integration.status"), serviceStatus: f.Ref("integration.integrationStatus", "integrationStatus"),
		integrationError: f.Ref("integration.error", "integrationErrorMessage"),
		authorizerStatus: f.Ref("authorizer.status", "authorizer.integrationStatus"), authorizerError: f.Ref("authorizer.error"),
		extendedID: f.Ref("extendedRequestId"), requestID: f.Ref("requestId"), epoch: f.Ref("requestTimeEpoch"),
		method: f.Ref("httpMethod"), route: f.Ref("resourcePath"), routeKey: f.Ref("routeKey"),
		contexts: f.Ref("xrayTraceId"), webSocket: len(f.Ref("connectionId", "eventType")) > 0,
	}
	s.xray = len(s.contexts)
	for _, name := range f.Variables() {
		switch strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]) {
		case "traceparent", "x-amzn-trace-id":
			s.contexts = append(s.contexts, f.Ref(name)...)
		}
	}
	for _, attribute := range written {
		if !b.Keeps(attribute) {
			if s.left == nil {
				s.left = map[string]bool{}
			}
			s.left[attribute] = true
		}
	}
	return s
}

// written are the attributes that spans have beside those of log records.
var written = []string{
	attr.HTTPRequestMethod, attr.StatusCode, attr.ErrorType, attr.RequestID, attr.ServerAddress,
	attr.MethodOriginal, attr.URLScheme, attr.URLFull, attr.URLTemplate, attr.ServerPort, attr.RPCSystem, attr.RPCService, attr.RPCMethod, attr.FaaSInvokedName, attr.FaaSProvider, attr.FaaSRegion,
}

// Line is a line that was just decoded.
type Line struct {
	Text   string
	Values *accesslog.Values
	Event  *model.LogEvent
	// API is whose line it is, nil where that can't be told; Known is what the resource of its spans says already.
	API   *model.API
	Known accesslog.Identity
	// Targets are what the API's routes call, nil where that is not known.
	Targets Targets
}

// overWebSocket says whether a line is of a WebSocket API.
func (f *Format) overWebSocket(l *Line) bool {
	if l.API == nil {
		return f.webSocket
	}
	return l.API.Type == model.WebSocket
}

func (f *Format) text(l *Line, r accesslog.Ref) string { return f.Text(l.Text, l.Values, r) }

func (f *Format) number(l *Line, r accesslog.Ref) (int64, bool) { return f.Number(l.Text, l.Values, r) }
