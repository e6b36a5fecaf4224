package awssim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	// apiGatewayPage is how many entries a list holds that names no limit (API Gateway v1: 25; v2 documents none).
	apiGatewayPage = 25
	// apiGatewayMaxPage is the largest limit (API Gateway v1: 500; v2 documents none).
	apiGatewayMaxPage = 500
)

// listRoutingRules is the one read that has an IAM action of its own: all others are apigateway:GET.
const listRoutingRules = "ListRoutingRules"

type handler = func(*Server, *exchange) (any, error)

// apiGatewayActions are the reads of both versions by the shape of their path.
var apiGatewayActions = []struct {
	pattern, name string
	handle        handler
}{
	{"/account", "GetAccount", (*Server).getAccount},
	{"/apikeys", "GetApiKeys", (*Server).getAPIKeys},
	{"/clientcertificates", "GetClientCertificates", (*Server).getClientCertificates},
	{"/domainnameaccessassociations", "GetDomainNameAccessAssociations", (*Server).getAccessAssociations},
	{"/domainnames", "GetDomainNames", (*Server).getDomainNames},
	{"/domainnames/{domain}/basepathmappings", "GetBasePathMappings", (*Server).getBasePathMappings},
	{"/restapis", "GetRestApis", (*Server).getRestAPIs},
	{"/restapis/{api}", "GetRestApi", (*Server).getRestAPI},
	{"/restapis/{api}/authorizers", "GetAuthorizers", (*Server).getAuthorizers},
	{"/restapis/{api}/deployments", "GetDeployments", (*Server).getDeployments},
	{"/restapis/{api}/deployments/{deployment}", "GetDeployment", (*Server).getDeployment},
	{"/restapis/{api}/models", "GetModels", (*Server).getModels},
	{"/restapis/{api}/requestvalidators", "GetRequestValidators", (*Server).getRequestValidators},
	{"/restapis/{api}/resources", "GetResources", (*Server).getResources},
	{"/restapis/{api}/stages", "GetStages", (*Server).getStages},
	{"/restapis/{api}/stages/{stage}", "GetStage", (*Server).getStage},
	{"/usageplans", "GetUsagePlans", (*Server).getUsagePlans},
	{"/usageplans/{plan}/keys", "GetUsagePlanKeys", (*Server).getUsagePlanKeys},
	{"/usageplans/{plan}/usage", "GetUsage", (*Server).getUsage},
	{"/vpclinks", "GetVpcLinks", (*Server).getVPCLinks},
	{"/v2/apis", "GetApis", (*Server).getAPIs},
	{"/v2/apis/{api}", "GetApi", (*Server).getAPI},
	{"/v2/apis/{api}/authorizers", "GetAuthorizersV2", (*Server).getAuthorizersV2},
	{"/v2/apis/{api}/deployments", "GetDeploymentsV2", (*Server).getDeploymentsV2},
	{"/v2/apis/{api}/integrations", "GetIntegrations", (*Server).getIntegrations},
	{"/v2/apis/{api}/models", "GetModelsV2", (*Server).getModelsV2},
	{"/v2/apis/{api}/routes", "GetRoutes", (*Server).getRoutes},
	{"/v2/apis/{api}/stages", "GetStagesV2", (*Server).getStagesV2},
	{"/v2/apis/{api}/stages/{stage}", "GetStageV2", (*Server).getStageV2},
	{"/v2/domainnames", "GetDomainNamesV2", (*Server).getDomainNamesV2},
	{"/v2/domainnames/{domain}/apimappings", "GetApiMappings", (*Server).getAPIMappings},
	{"/v2/domainnames/{domain}/routingrules", listRoutingRules, (*Server).listRoutingRules},
	{"/v2/vpclinks", "GetVpcLinksV2", (*Server).getVPCLinksV2},
}

// apiGatewayOperation finds the operation of a rest-json request. Operations that both versions have are told apart by the suffix V2.
func apiGatewayOperation(r *http.Request) (operation, *wireError) {
	op := operation{service: serviceAPIGateway, action: "apigateway:" + r.Method, protocol: protocolREST}
	if r.Method == http.MethodGet {
		have := strings.Split(strings.TrimSuffix(r.URL.EscapedPath(), "/"), "/")
		for _, a := range apiGatewayActions {
			if values, ok := matchPath(a.pattern, have); ok {
				op.name, op.handle, op.path = a.name, a.handle, values
				if op.name == listRoutingRules {
					op.action = "apigateway:" + op.name
				}
				return op, nil
			}
		}
	}
	// API Gateway's way to say that it has no such operation.
	return op, missingAuthentication()
}

// matchPath matches the parts of an escaped path against a pattern and returns the values of its names.
func matchPath(pattern string, have []string) (map[string]string, bool) {
	if strings.Count(pattern, "/") != len(have)-1 {
		return nil, false
	}
	var values map[string]string
	i := -1
	for w := range strings.SplitSeq(pattern, "/") {
		i++
		name, isName := strings.CutPrefix(w, "{")
		if !isName {
			if w != have[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(have[i])
		if err != nil || value == "" {
			return nil, false
		}
		if values == nil {
			values = map[string]string{}
		}
		values[strings.TrimSuffix(name, "}")] = value
	}
	return values, true
}

// resourceARN is the ARN of what a request reads: v2 paths have no version in ARNs. Most have no account; routing rules, access associations and
// private domain names, which requests name by their id, have.
func (x *exchange) resourceARN() string {
	path, account := strings.TrimPrefix(x.request.URL.Path, "/v2"), ""
	if id := x.request.URL.Query().Get("domainNameId"); id != "" {
		account = x.caller.account.ID
		path = strings.Replace(path, x.op.path["domain"], x.op.path["domain"]+"+"+id, 1)
	}
	if x.op.name == listRoutingRules || strings.HasPrefix(path, "/domainnameaccessassociations") {
		account = x.caller.account.ID
	}
	return x.view(formTruth).arn(account, path)
}

// apis returns the caller's APIs of these types that exist, in the order of their ids.
func (x *exchange) apis(types ...string) []*API {
	var found []*API
	for _, api := range x.caller.account.region(x.caller.region).APIs {
		if slices.Contains(types, api.kind()) && api.exists(x.now) {
			found = append(found, api)
		}
	}
	slices.SortStableFunc(found, func(a, b *API) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

// api returns the caller's API that the path names.
func (x *exchange) api(types ...string) (*API, error) {
	id := x.op.path["api"]
	for _, api := range x.caller.account.region(x.caller.region).APIs {
		if api.ID == id && api.exists(x.now) && slices.Contains(types, api.kind()) {
			return api, nil
		}
	}
	return nil, notFound("Invalid API identifier specified %s:%s", x.caller.account.ID, id)
}

// stage returns the stage that the path names.
func (x *exchange) stage(v *view, api *API) (stageNow, error) {
	for _, literal := range api.Stages {
		if literal.Name == x.op.path["stage"] && lives(literal.since(api), literal.until(api), v.now) {
			return v.stage(api, literal), nil
		}
	}
	return stageNow{}, notFound("Invalid stage identifier specified")
}

// paged returns the page of the (ascending) keys that a token and a limit ask for, as [from, to), and the token of the next one. A token is the
// last key that was sent, so that entries that come and go while somebody pages disturb no other.
func paged(s *Server, x *exchange, limitName, tokenName string, keys []string) (from, to int, next string, err error) {
	q := x.request.URL.Query()
	limit := apiGatewayPage
	if v := q.Get(limitName); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 {
			return 0, 0, "", &wireError{status: http.StatusBadRequest, code: "BadRequestException", message: fmt.Sprintf("Invalid value for %s: %q", limitName, v)}
		}
	}
	limit = s.page(min(limit, apiGatewayMaxPage))
	if token := q.Get(tokenName); token != "" {
		x.call.FollowUp = true
		var last string
		if token != endlessToken && !decodeToken(token, &last) {
			return 0, 0, "", invalidToken(serviceAPIGateway)
		}
		for from < len(keys) && keys[from] <= last {
			from++
		}
	}
	to = min(from+limit, len(keys))
	if to < len(keys) {
		next = encodeToken(keys[to-1])
	}
	return from, to, next, nil
}

// pageNames are what a version calls the parts of its pages.
type pageNames struct{ limit, token, list string }

var (
	namesV1 = pageNames{"limit", "position", "item"}
	namesV2 = pageNames{"maxResults", "nextToken", "items"}
)

func (f form) pageNames() pageNames {
	if f == formV2 {
		return namesV2
	}
	return namesV1
}

// entry is an entry of a list: what it is sorted by, and what describes it once it is on the page that is asked for.
type entry struct {
	key      string
	describe func() members
}

// pageOf answers the page of a list that the caller asks for.
func (s *Server) pageOf(x *exchange, names pageNames, entries []entry) (any, error) {
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.key
	}
	from, to, next, err := paged(s, x, names.limit, names.token, keys)
	if err != nil {
		return nil, err
	}
	items := make([]members, 0, to-from)
	for _, e := range entries[from:to] {
		items = append(items, e.describe())
	}
	out := members{names.list: items}
	out.text(names.token, next)
	return out, nil
}
