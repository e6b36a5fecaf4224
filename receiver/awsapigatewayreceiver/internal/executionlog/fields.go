package executionlog

import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"

// Attributes that only execution logs have.
const (
	executionSize      = attr.Prefix + "execution.size"
	executionTruncated = attr.Prefix + "execution.truncated"
	throttleRate       = attr.Prefix + "throttle.rate_limit"
	throttleBurst      = attr.Prefix + "throttle.burst_limit"
	resourceIDName     = attr.Prefix + "resource_id"
	connectionIDName   = attr.Prefix + "connection_id"
	closeCodeName      = attr.Prefix + "websocket.close_code"
	closeReasonName    = attr.Prefix + "websocket.close_reason"
)

// field is what a part of a line is.
type field uint8

const (
	ignored field = iota // what the resource says, and texts that need no attribute
	secret               // a key or a token, always masked
	content              // a body or parameters: only the size, unless bodies are on
	message              // content that most lines of its form do not have
	result               // of an authorizer: only the size
	uri                  // of the integration, without query string and user info
	phase                // of the execution, which the form of the line tells
	size
	cut // whether the line is truncated
	requestID
	extendedID
	method
	path
	routeKey
	status
	backendStatus
	serviceStatus
	latency
	traceID
	apiKeyID
	backendRequestID
	errorType
	errorMessage
	validation
	rateLimit
	burstLimit
	resourceID
	authorizerID
	userID
	connectionID
	clientAddress
	userAgent
	closeCode
	closeReason
	fields
)

// sized reports whether the size of a field becomes an attribute.
func (f field) sized() bool { return f == content || f == result }

// kind is how a text becomes the value of an attribute.
type kind uint8

const (
	text kind = iota
	boolean
	integer // an int
	decimal // a double
	seconds // a double, from milliseconds
	trace   // 1-8-24, which is the record's trace id, too
)

// attribute is what becomes of a field. hole is how the forms of lines name it.
type attribute struct {
	hole, name string
	as         kind
	// off says that the attribute is left out unless the user asks for it.
	off bool
}

// attributes are those of the fields. A hole that has no attribute is masked, measured or left alone.
var attributes = [fields]attribute{
	secret:           {hole: "secret"},
	content:          {hole: "content"},
	message:          {hole: "message"},
	result:           {hole: "result"},
	uri:              {hole: "uri"},
	phase:            {name: attr.Phase},
	size:             {name: executionSize, as: integer},
	cut:              {name: executionTruncated, as: boolean},
	requestID:        {hole: "request", name: attr.RequestID},
	extendedID:       {hole: "extended", name: attr.ExtendedID},
	method:           {hole: "method", name: attr.HTTPRequestMethod},
	path:             {hole: "path", name: attr.URLPath}, // that of the request, without the stage, not the route
	routeKey:         {hole: "route key", name: attr.RouteKey},
	status:           {hole: "status", name: attr.StatusCode, as: integer},
	backendStatus:    {hole: "backend status", name: attr.BackendStatus, as: integer},
	serviceStatus:    {hole: "service status", name: attr.ServiceStatus, as: integer},
	latency:          {hole: "latency", name: attr.Latency, as: seconds},
	traceID:          {hole: "trace", name: attr.XRayTraceID, as: trace},
	apiKeyID:         {hole: "key id", name: attr.APIKeyID},
	backendRequestID: {hole: "backend request", name: attr.BackendRequestID},
	errorType:        {hole: "error type", name: attr.ErrorType},
	errorMessage:     {name: attr.ErrorMessage},
	validation:       {hole: "validation", name: attr.ErrorValidation},
	rateLimit:        {hole: "rate", name: throttleRate, as: decimal},
	burstLimit:       {hole: "burst", name: throttleBurst, as: integer},
	resourceID:       {hole: "resource", name: resourceIDName},
	authorizerID:     {hole: "authorizer", name: attr.AuthorizerID},
	userID:           {hole: "user", name: attr.UserID, off: true},
	connectionID:     {hole: "connection", name: connectionIDName},
	clientAddress:    {hole: "client", name: attr.ClientAddress},
	userAgent:        {hole: "user agent", name: attr.UserAgent},
	closeCode:        {hole: "close code", name: closeCodeName, as: integer},
	closeReason:      {hole: "close reason", name: closeReasonName},
}
