package model

// Read is a kind of control-plane read.
type Read string

// The reads of an inventory, in AWS's names; those that both versions of the control plane have carry (v2) in the second.
const (
	GetRestAPIs                     Read = "GetRestApis"
	GetRestStages                   Read = "GetStages"
	GetRestDeployments              Read = "GetDeployments"
	GetRestDeployment               Read = "GetDeployment"
	GetResources                    Read = "GetResources"
	GetRestAuthorizers              Read = "GetAuthorizers"
	GetRestModels                   Read = "GetModels"
	GetRequestValidators            Read = "GetRequestValidators"
	GetAPIs                         Read = "GetApis"
	GetStages                       Read = "GetStages (v2)"
	GetDeployments                  Read = "GetDeployments (v2)"
	GetRoutes                       Read = "GetRoutes"
	GetIntegrations                 Read = "GetIntegrations"
	GetAuthorizers                  Read = "GetAuthorizers (v2)"
	GetModels                       Read = "GetModels (v2)"
	GetAccount                      Read = "GetAccount"
	GetRestDomainNames              Read = "GetDomainNames"
	GetDomainNames                  Read = "GetDomainNames (v2)"
	GetDomainNameAccessAssociations Read = "GetDomainNameAccessAssociations"
	GetBasePathMappings             Read = "GetBasePathMappings"
	GetAPIMappings                  Read = "GetApiMappings"
	ListRoutingRules                Read = "ListRoutingRules"
	GetRestVPCLinks                 Read = "GetVpcLinks"
	GetVPCLinks                     Read = "GetVpcLinks (v2)"
	GetUsagePlans                   Read = "GetUsagePlans"
	GetUsagePlanKeys                Read = "GetUsagePlanKeys"
	GetUsage                        Read = "GetUsage"
	GetAPIKeys                      Read = "GetApiKeys"
	GetClientCertificates           Read = "GetClientCertificates"
)

// ReadOf says what a read is about; each kind needs the fields that its path has.
type ReadOf struct {
	API, Deployment      string
	DomainName, DomainID string
	UsagePlan            string
	From, To             string // GetUsage: dates as 2006-01-02, both included
}
