package awssim

import "time"

// RouteDef is a method of a REST API or a route of an HTTP or WebSocket API.
type RouteDef struct {
	Method, Path      string            // REST and HTTP. A REST route without a method is a resource without methods
	RouteKey          string            // HTTP and WebSocket; "" means "{Method} {Path}"
	ID                string            // HTTP and WebSocket; "" makes one up
	Created, Deleted  time.Time         // zero: with the API
	Authorization     string            // NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS or JWT; "" means NONE
	AuthorizerID      string            // one of the API's Authorizers
	Scopes            []string          // authorizationScopes
	APIKeyRequired    bool              // apiKeyRequired
	OperationName     string            // operationName
	RequestModels     map[string]string // by content type
	Parameters        map[string]bool   // requestParameters, and whether they are required
	ValidatorID       string            // REST: requestValidatorId
	ModelSelection    string            // WebSocket: modelSelectionExpression
	ResponseSelection string            // WebSocket: routeResponseSelectionExpression
	Managed           bool              // HTTP: apiGatewayManaged

	Integration   *Integration // nil: none. HTTP and WebSocket: routes that share one hold the same pointer, or its id:
	IntegrationID string       // HTTP and WebSocket: one of the API's Integrations
	Changes       []Change[RouteDef]
}

// Integration is what a route calls. Members that only one version of API Gateway has are marked.
type Integration struct {
	ID                   string    // HTTP and WebSocket; "" makes one up
	Created, Deleted     time.Time // of an API's Integrations; zero: with the API
	Type                 string    // MOCK, HTTP, HTTP_PROXY, AWS or AWS_PROXY; "" means MOCK, in an HTTP API HTTP_PROXY
	Subtype              string    // HTTP: a first-class integration, as SQS-SendMessage
	Method               string    // httpMethod, integrationMethod
	URI                  string
	ConnectionType       string // "" means INTERNET, or VPC_LINK where there is a ConnectionID
	ConnectionID         string // the VPC link's id
	Target               string // REST: integrationTarget, the ARN of a load balancer or listener
	Credentials          string // ARN of a role
	TimeoutMS            int    // 0 means 29000, in an HTTP API 30000
	PayloadFormatVersion string // HTTP and WebSocket; "" means 1.0
	Passthrough          string // passthroughBehavior; "" means WHEN_NO_MATCH, in an HTTP API none
	ContentHandling      string
	Description          string // HTTP and WebSocket
	TemplateSelection    string // WebSocket: templateSelectionExpression
	TransferMode         string // REST: responseTransferMode; "" means BUFFERED
	CacheNamespace       string // REST; "" means the resource's id
	CacheKeys            []string
	RequestParameters    map[string]string
	RequestTemplates     map[string]string
	ResponseTemplates    map[string]string            // REST: of status 200
	ResponseParameters   map[string]map[string]string // HTTP: by status
	InsecureTLS          bool                         // REST: tlsConfig.insecureSkipVerification
	ServerName           string                       // HTTP: tlsConfig.serverNameToVerify
	Managed              bool                         // HTTP: apiGatewayManaged
	Changes              []Change[Integration]
}

// Authorizer decides who may call.
type Authorizer struct {
	ID, Name             string    // an ID of "" is made up
	Type                 string    // REST: TOKEN, REQUEST or COGNITO_USER_POOLS; HTTP and WebSocket: REQUEST or JWT
	Created, Deleted     time.Time // zero: with the API
	URI                  string    // the Lambda function's
	Credentials          string    // ARN of a role
	ProviderARNs         []string  // REST: the user pools
	IdentitySource       []string  // REST joins them with commas
	Validation           string    // identityValidationExpression
	AuthType             string    // REST: what an import said
	TTL                  int       // seconds; 0 means 300, negative: no caching
	PayloadFormatVersion string    // HTTP; "" means 2.0 for REQUEST
	SimpleResponses      bool      // HTTP
	Issuer               string    // HTTP: JWT
	Audience             []string  // HTTP: JWT
	Changes              []Change[Authorizer]
}

// Deployment is a snapshot of an API. Stages name it by its id.
type Deployment struct {
	ID               string
	Created, Deleted time.Time // zero: with the API
	Description      string
	// Summary is what was deployed (REST), by path and method; nil: the API's routes as they were when it was created.
	Summary               map[string]map[string]MethodSnapshot
	Auto                  bool   // HTTP and WebSocket: autoDeployed
	Status, StatusMessage string // HTTP and WebSocket; "" means DEPLOYED
}

// MethodSnapshot is a deployed method.
type MethodSnapshot struct {
	Authorization  string // "" means NONE
	APIKeyRequired bool
}

// Model is the schema of a body.
type Model struct {
	ID               string // "": made up
	Name             string
	Created, Deleted time.Time // zero: with the API
	ContentType      string    // "" means application/json
	Description      string
	Schema           string // JSON
}

// RequestValidator says what of a request is validated.
type RequestValidator struct {
	ID               string // "": made up
	Name             string
	Created, Deleted time.Time // zero: with the API
	Body, Parameters bool
}

// CORS is the configuration of an HTTP API.
type CORS struct {
	AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders []string
	AllowCredentials                                        bool
	MaxAge                                                  int // seconds
}

// Throttle limits requests. A zero limit lets nothing pass.
type Throttle struct {
	Rate  float64 // requests a second
	Burst int
}

// MethodSettings are a stage's settings of a method or route.
type MethodSettings struct {
	Metrics        bool   // detailed metrics
	LoggingLevel   string // OFF, ERROR or INFO; "" means OFF. HTTP APIs have none
	DataTrace      bool
	Throttle       *Throttle // nil: REST says 10,000 a second with a burst of 5,000, the others say nothing
	Caching        bool      // REST, as all that follows
	CacheTTL       int       // seconds; 0 means 300, negative: 0
	CacheEncrypted bool
	// OpenCacheControl lets every client invalidate the cache: requireAuthorizationForCacheControl is false.
	OpenCacheControl bool
	// UnauthorizedCacheControl is unauthorizedCacheControlHeaderStrategy; "" means SUCCEED_WITH_RESPONSE_HEADER.
	UnauthorizedCacheControl string
}

// Canary is a stage's canary, beside its CanaryPercent.
type Canary struct {
	DeploymentID string            // "": one of its own, as old as the stage
	Variables    map[string]string // stageVariableOverrides
	StageCache   bool
}

// AccessLog is where a stage's access log goes, and what its entries are made of.
type AccessLog struct{ DestinationARN, Format string }
