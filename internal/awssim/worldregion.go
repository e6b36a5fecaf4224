package awssim

import "time"

// AccountSettings are what API Gateway has for an account in a region.
type AccountSettings struct {
	CloudWatchRoleARN string
	Throttle          *Throttle // nil: 10,000 a second, with a burst of 5,000
	Features          []string  // nil: UsagePlans
	APIKeyVersion     string    // "" means 4
	Changes           []Change[AccountSettings]
}

// DomainName is a custom domain name of any kind. Both versions list it, but only v1 lists private ones.
type DomainName struct {
	Name             string
	ID               string // private ones: domainNameId; "" makes one up
	EndpointType     string // EDGE, REGIONAL or PRIVATE; "" means REGIONAL
	Created, Deleted time.Time
	Tags             map[string]string
	// Owner is the account that shares a private domain name with this one, where it is not this one's own; "": its own.
	Owner               string
	IPAddressType       string // "" means ipv4, dualstack for private ones
	CertificateARN      string
	CertificateName     string
	CertificateUploaded time.Time // zero: when the domain name was created
	OwnershipARN        string    // ownershipVerificationCertificateArn
	SecurityPolicy      string    // "" means TLS_1_2
	AccessMode          string    // endpointAccessMode; "" means none
	Status              string    // "" means AVAILABLE
	StatusMessage       string
	RoutingMode         string // "" means API_MAPPING_ONLY
	MutualTLS           *MutualTLS
	Policy              string // private ones, JSON
	ManagementPolicy    string // private ones, JSON
	Mappings            []*Mapping
	RoutingRules        []*RoutingRule
	// AccessAssociations are of VPC endpoints of this account with the (private) domain name.
	AccessAssociations []*AccessAssociation
	Changes            []Change[DomainName]
}

// MutualTLS is how a domain name knows its clients.
type MutualTLS struct {
	TruststoreURI, TruststoreVersion string
	Warnings                         []string
}

// Mapping maps a path below a domain name to a stage. v1 calls it a base path mapping, v2 an API mapping. v1 shows those of REST APIs whose key
// has one level at most, v2 those of all but private domain names.
type Mapping struct {
	ID               string // v2; "" makes one up
	Key              string // "": everything
	API, Stage       string
	Created, Deleted time.Time // zero: with the domain name
	Changes          []Change[Mapping]
}

// RoutingRule sends requests to a stage by their base path and headers.
type RoutingRule struct {
	ID               string // "": made up
	Priority         int
	BasePaths        []string
	Headers          []HeaderMatch
	API, Stage       string
	StripBasePath    bool
	Created, Deleted time.Time // zero: with the domain name
	Changes          []Change[RoutingRule]
}

// HeaderMatch is a condition of a routing rule.
type HeaderMatch struct{ Header, Glob string }

// AccessAssociation lets a VPC endpoint reach a private domain name.
type AccessAssociation struct {
	VPCEndpoint      string
	Owner            string // the account of the VPC endpoint; "": this one
	Tags             map[string]string
	Created, Deleted time.Time // zero: with the domain name
}

// VPCLink is a link of either version.
type VPCLink struct {
	ID, Name         string
	Version          int // 1 or 2; 0 means 1
	Created, Deleted time.Time
	Tags             map[string]string
	Status           string // "" means AVAILABLE
	StatusMessage    string
	Description      string   // version 1
	TargetARNs       []string // version 1: a network load balancer
	Subnets          []string // version 2
	SecurityGroups   []string // version 2
	Changes          []Change[VPCLink]
}

// UsagePlan limits what API keys may do.
type UsagePlan struct {
	ID, Name         string
	Created, Deleted time.Time
	Description      string
	ProductCode      string
	Tags             map[string]string
	Throttle         *Throttle
	Quota            *Quota
	Stages           []PlanStage
	Keys             []*PlanKey
	// UsageByValue makes GetUsage name keys by their values, as AWS documents it, instead of their ids.
	UsageByValue bool
	Changes      []Change[UsagePlan]
}

// Quota is the number of requests a key has in a period.
type Quota struct {
	Limit, Offset int
	Period        string // DAY, WEEK or MONTH
}

// PlanStage is a stage that a usage plan opens; Methods are throttles by "/{path}/{METHOD}".
type PlanStage struct {
	API, Stage string
	Methods    map[string]Throttle
}

// PlanKey is an API key in a usage plan, and how much it is used.
type PlanKey struct {
	KeyID            string
	Created, Deleted time.Time // zero: with the plan
	PerDay           float64   // mean requests a day
	// Used are the requests of single days, by yyyy-mm-dd, where they are not what PerDay makes of them.
	Used map[string]int
}

// APIKey is an API key.
type APIKey struct {
	ID, Name         string
	Value            string // "" makes one up
	Created, Deleted time.Time
	Description      string
	CustomerID       string
	Disabled         bool
	StageKeys        []string // "{api}/{stage}"
	Tags             map[string]string
	Changes          []Change[APIKey]
}

// ClientCertificate is what API Gateway shows to backends.
type ClientCertificate struct {
	ID               string
	Created, Deleted time.Time
	Expires          time.Time // zero: a year after its creation
	Description      string
	PEM              string // "" makes one up
	Tags             map[string]string
}
