// Package attr spells the names that several signals share: of entity types, and of attributes that identify. Semantic conventions v1.40.0 come
// first; our own live under aws.api_gateway, as the attributes do that AWS puts on spans converted from X-Ray.
package attr

// Prefix is what our own attributes begin with.
const Prefix = "aws.api_gateway."

// Types of entities.
const (
	TypeAccount           = Prefix + "account"
	TypeAPI               = Prefix + "api"
	TypeStage             = Prefix + "stage"
	TypeDeployment        = Prefix + "deployment"
	TypeRoute             = Prefix + "route"
	TypeIntegration       = Prefix + "integration"
	TypeAuthorizer        = Prefix + "authorizer"
	TypeDomainName        = Prefix + "domain_name"
	TypeVPCLink           = Prefix + "vpc_link"
	TypeUsagePlan         = Prefix + "usage_plan"
	TypeAPIKey            = Prefix + "api_key"
	TypeClientCertificate = Prefix + "client_certificate"

	// Entities outside API Gateway that its own relate to: whatever has an ARN, an HTTP host, and an AWS service without an ARN.
	TypeResource = "aws.resource"
	TypeServer   = "server"
	TypeService  = "aws.service"
)

// Attributes that identify entities.
const (
	CloudAccountID      = "cloud.account.id"
	CloudRegion         = "cloud.region"
	CloudResourceID     = "cloud.resource_id"
	APIID               = Prefix + "api_id"
	Stage               = Prefix + "stage"
	DeploymentID        = Prefix + "deployment_id"
	RouteKey            = Prefix + "route_key"
	IntegrationID       = Prefix + "integration_id"
	AuthorizerID        = Prefix + "authorizer_id"
	DomainName          = Prefix + "domain_name"
	DomainNameID        = Prefix + "domain_name_id"
	VPCLinkID           = Prefix + "vpc_link_id"
	UsagePlanID         = Prefix + "usage_plan_id"
	APIKeyID            = Prefix + "api_key_id"
	ClientCertificateID = Prefix + "client_certificate_id"
	ServerAddress       = "server.address"
	RPCService          = "rpc.service"
)

// Attributes that resources and entities share.
const (
	CloudProvider   = "cloud.provider"
	CloudPlatform   = "cloud.platform"
	AccountName     = "aws.account.name"
	RestAPIID       = Prefix + "rest_api_id"
	APIIDs          = Prefix + "api_ids"
	APIName         = Prefix + "api_name"
	APIType         = Prefix + "api_type"
	EndpointType    = Prefix + "endpoint_type"
	TagPrefix       = Prefix + "tag."
	ServiceName     = "service.name"
	ServiceInstance = "service.instance.id"
	Environment     = "deployment.environment.name"

	HTTPRequestMethod = "http.request.method"
	HTTPRoute         = "http.route"
	Canary            = Prefix + "canary"
)

// Attributes of requests, in records of access and execution logs.
const (
	LogGroupNames    = "aws.log.group.names"
	LogStreamName    = "aws.log.stream.name"
	LogRecordUID     = "log.record.uid"
	RequestID        = "aws.request_id"
	ExtendedID       = Prefix + "extended_request_id"
	URLPath          = "url.path"
	ProtocolVersion  = "network.protocol.version"
	StatusCode       = "http.response.status_code"
	ResponseSize     = "http.response.body.size"
	ResponseLatency  = Prefix + "response.latency"
	Latency          = Prefix + "integration.latency"
	BackendStatus    = Prefix + "integration.status_code"
	ServiceStatus    = Prefix + "integration.service_status_code"
	IntegrationError = Prefix + "integration.error"
	BackendRequestID = Prefix + "integration.request_id"
	ClientAddress    = "client.address"
	UserAgent        = "user_agent.original"
	UserID           = "user.id"
	XRayTraceID      = "aws.xray.trace_id"
	ErrorType        = "error.type"
	ErrorMessage     = Prefix + "error.message"
	ErrorValidation  = Prefix + "error.validation_message"
	TLSVersion       = "tls.protocol.version"
	TLSCipher        = "tls.cipher"
	TLSSubject       = "tls.client.subject"
	TLSIssuer        = "tls.client.issuer"
	ParseError       = Prefix + "parse.error"
	Phase            = Prefix + "execution.phase"
)
