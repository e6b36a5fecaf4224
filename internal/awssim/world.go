package awssim

import (
	"sync"
	"time"
)

// The kinds of APIs, in API Gateway's own words.
const (
	TypeREST      = "REST"
	TypeHTTP      = "HTTP"
	TypeWebSocket = "WEBSOCKET"
)

// World is everything that exists and happens: plain data that a test writes as a literal. It must not be changed once it is in use; what changes
// in it over time does so as a function of time (Created, Deleted, Changes, DetailedSince, Idle, Incident …).
type World struct {
	Seed     uint64
	Accounts []*Account

	mu    sync.Mutex
	index *worldIndex
}

// Account is one AWS account.
type Account struct {
	ID        string // twelve digits
	Partition string // "" means "aws"; also "aws-cn", "aws-us-gov", "aws-eusc"
	Roles     []Role
	Regions   []*Region
}

// Role is an IAM role of an account that STS AssumeRole can be asked for.
type Role struct {
	Name       string
	ExternalID string // when set, AssumeRole must name it
	Deny       bool   // the trust policy refuses everybody
}

// Region is one region of an account. Regions that an account does not list exist too and are empty.
type Region struct {
	Name               string
	Disabled           bool // not enabled for the account: its credentials are unknown there
	APIs               []*API
	Account            AccountSettings
	DomainNames        []*DomainName
	VPCLinks           []*VPCLink
	UsagePlans         []*UsagePlan
	APIKeys            []*APIKey
	ClientCertificates []*ClientCertificate
	LogGroups          []*LogGroup
	Alarms             []*Alarm
	ForeignTraces      float64 // mean traces a minute of other services, without API Gateway in them
	// TransactionSearch sends segments to CloudWatch Logs, of traces that begin from TransactionSearchSince on; its zero value: ever since.
	TransactionSearch      bool
	TransactionSearchSince time.Time
}

// API is one API of any type. It exists, with its series and traffic, within [Created, Deleted). Its metrics and requests are those of the literal:
// Changes are what reads of the inventory see.
type API struct {
	ID, Name     string
	Type         string // TypeREST, TypeHTTP or TypeWebSocket; "" means REST
	EndpointType string // REST: EDGE, REGIONAL or PRIVATE; "" means REGIONAL
	Tags         map[string]string
	Created      time.Time // zero: always existed
	Deleted      time.Time // zero: never
	Stages       []*Stage

	Description, Version string
	Status               string // REST: apiStatus; "" means AVAILABLE
	StatusMessage        string
	ExecuteAPIDisabled   bool     // disableExecuteApiEndpoint
	IPAddressType        string   // "" means ipv4, dualstack for private APIs
	SecurityPolicy       string   // REST; "" means TLS_1_0
	AccessMode           string   // REST: endpointAccessMode; "" means BASIC
	VPCEndpointIDs       []string // REST
	KeySource            string   // REST: apiKeySource; "" means HEADER
	Policy               string   // REST: the resource policy, JSON
	MinimumCompression   int      // REST: minimumCompressionSize in bytes; 0: none, negative: zero bytes
	BinaryMediaTypes     []string // REST
	Warnings, ImportInfo []string // ImportInfo: HTTP
	CORS                 *CORS    // HTTP
	KeySelection         string   // HTTP and WebSocket: apiKeySelectionExpression
	RouteSelection       string   // HTTP and WebSocket: routeSelectionExpression
	NoSchemaValidation   bool     // WebSocket: disableSchemaValidation
	Managed              bool     // HTTP: apiGatewayManaged

	// Routes are the methods of a REST API and the routes of an HTTP or WebSocket API. nil: those of its stages, each with a Lambda function.
	Routes            []*RouteDef
	Integrations      []*Integration // HTTP and WebSocket: those that no route holds in its Integration
	Authorizers       []*Authorizer
	Deployments       []*Deployment // beside those that its stages have without naming one
	Models            []*Model
	RequestValidators []*RequestValidator // REST
	Changes           []Change[API]
}

// Stage is one stage of an API.
type Stage struct {
	Name          string
	Created       time.Time // zero: the API's
	Deleted       time.Time // zero: the API's
	Tags          map[string]string
	Traffic       Traffic
	DetailedSince time.Time // detailed (route level) metrics are on from then; zero: never
	// CanaryPercent of the requests run on the canary (REST). Their series carry Stage="{stage}/Canary" and are not in the stage's own series.
	CanaryPercent float64
	Cache         bool    // REST: a cache cluster, and with it CacheHitCount and CacheMissCount
	Routes        []Route // empty: one route, the type's usual one

	Description          string
	DeploymentID         string  // "": one of its own, as old as the stage
	Canary               *Canary // REST: what a canary has beside its percentage; there is one where either is set
	CacheSize            string  // REST: GB; "" means 0.5
	CacheStatus          string  // REST; "" means AVAILABLE or NOT_AVAILABLE, as there is a cache
	ClientCertificateID  string
	Variables            map[string]string
	AccessLog            AccessLog
	Tracing              bool    // REST: X-Ray
	Sampling             float64 // REST: fraction of the requests that X-Ray traces; 0: its default rule, the first of each second and 5 % of the others
	WebACL               string  // REST: the ARN
	DocumentationVersion string  // REST

	// Methods are the settings of methods, by "*/*" for all of them, or a path and a method, as "/orders/{id}/GET"; HTTP and WebSocket: of routes,
	// by "*/*" for the default route settings or a route key. The metrics of "*/*" are on when DetailedSince says so, too.
	Methods map[string]MethodSettings
	// PlainMethodKeys makes REST's keys of method settings read "/orders/{id}/GET" instead of "~1orders~1{id}/GET".
	PlainMethodKeys bool

	AutoDeploy           bool            // HTTP and WebSocket; $default has it anyway …
	ManualDeploy         bool            // … unless this is set
	LastDeploymentStatus string          // HTTP and WebSocket: lastDeploymentStatusMessage
	Managed              bool            // HTTP: apiGatewayManaged
	Changes              []Change[Stage] // each moves the date of the last update
}

// Route is a method and resource path (REST, HTTP) or a route key (WebSocket).
type Route struct {
	Method, Path string
	RouteKey     string
	Weight       float64 // share of the stage's requests relative to the other routes; 0 means 1
}

// Traffic says how many requests a stage gets and how they end.
type Traffic struct {
	PerMinute   float64 // mean requests a minute, at most maxRequestsPerMinute; 0: an idle stage without any series
	Idle        []Span  // absolute spans without any request
	IdlePattern Pattern // recurring spans without any request

	// While a burst is on (minutes whose start lies in the first BurstFor of each BurstEvery since the epoch) the mean is multiplied by BurstFactor.
	BurstEvery, BurstFor time.Duration
	BurstFactor          float64

	Error4xx, Error5xx float64  // probability of a client and of a server error
	Query              string   // query string of every second request; "": usual ones, some with a token or a signature. Only X-Ray tells it
	UserAgents         []string // what clients call themselves in logs; nil: the usual ones, and hostile ones among them
	LatencyMS          float64  // median latency in milliseconds; 0 means defaultLatencyMS. The distribution is long-tailed, its samples are whole milliseconds
	Incident           Incident
}

// Span is the half-open interval [From, To).
type Span struct{ From, To time.Time }

// Pattern recurs: it is on for For at the start of each Every, counted from the Unix epoch plus Offset. The zero Pattern is never on.
type Pattern struct{ Every, For, Offset time.Duration }

// On reports whether the pattern is on at t.
func (p Pattern) On(t time.Time) bool {
	if p.Every <= 0 || p.For <= 0 {
		return false
	}
	phase := (t.UnixNano() - int64(p.Offset)) % int64(p.Every)
	if phase < 0 {
		phase += int64(p.Every)
	}
	return phase < int64(p.For)
}

// Incident recurs as a [Pattern] does. While it is on, server errors have at least the probability Error5xx and latencies are multiplied by
// LatencyFactor.
type Incident struct {
	Every, For, Offset time.Duration
	Error5xx           float64
	LatencyFactor      float64 // 0 means 1
}

// On reports whether the incident is on at t.
func (i Incident) On(t time.Time) bool {
	return Pattern{Every: i.Every, For: i.For, Offset: i.Offset}.On(t)
}

// API returns the first API of that id in an account's region, or nil.
func (w *World) API(account, region, id string) *API {
	for _, a := range w.Accounts {
		if a.ID != account {
			continue
		}
		for _, r := range a.Regions {
			if r.Name != region {
				continue
			}
			for _, api := range r.APIs {
				if api.ID == id {
					return api
				}
			}
		}
	}
	return nil
}

// account returns the account of that id, or nil.
func (w *World) account(id string) *Account {
	for _, a := range w.Accounts {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// region returns the account's region of that name; a region that is not listed is empty and enabled.
func (a *Account) region(name string) *Region {
	for _, r := range a.Regions {
		if r.Name == name {
			return r
		}
	}
	return &Region{Name: name}
}

func (a *Account) partition() string {
	if a.Partition == "" {
		return "aws"
	}
	return a.Partition
}

func (a *API) kind() string {
	if a.Type == "" {
		return TypeREST
	}
	return a.Type
}

// exists reports whether the API is there at t.
func (a *API) exists(t time.Time) bool { return lives(a.Created, a.Deleted, t) }

// since returns when the stage began to exist.
func (s *Stage) since(api *API) time.Time {
	if s.Created.After(api.Created) {
		return s.Created
	}
	return api.Created
}

// until returns when the stage ceases to exist; zero: never.
func (s *Stage) until(api *API) time.Time {
	if api.Deleted.IsZero() || !s.Deleted.IsZero() && s.Deleted.Before(api.Deleted) {
		return s.Deleted
	}
	return api.Deleted
}
