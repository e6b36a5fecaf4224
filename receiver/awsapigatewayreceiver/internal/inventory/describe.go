package inventory

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Kinds of relations.
const (
	relationPartOf       = "part_of"
	relationRuns         = "runs"
	relationProtectedBy  = "protected_by"
	relationAuthorizedBy = "authorized_by"
	relationInvokes      = "invokes"
	relationDependsOn    = "depends_on"
	relationRoutesTo     = "routes_to"
	relationLimits       = "limits"
	relationUses         = "uses"
)

// Attributes of more than one kind of entity; the rest stand in the tables of their kind.
const (
	attrName          = attr.Prefix + "name"
	attrDescription   = attr.Prefix + "description"
	attrVersion       = attr.Prefix + "version"
	attrCreated       = attr.Prefix + "created"
	attrUpdated       = attr.Prefix + "updated"
	attrStatus        = attr.Prefix + "status"
	attrStatusMessage = attr.Prefix + "status.message"
	attrTags          = attr.Prefix + "tags"
	attrTLSPolicy     = attr.Prefix + "tls_policy"
	attrIPAddressType = attr.Prefix + "ip_address_type"
	attrRateLimit     = attr.Prefix + "throttle.rate_limit"
	attrBurstLimit    = attr.Prefix + "throttle.burst_limit"
	attrManaged       = attr.Prefix + "managed"
	attrDefinition    = attr.Prefix + "definition"
	attrPolicy        = attr.Prefix + "policy.hash"
	attrEndpointMode  = attr.Prefix + "endpoint_access_mode"
	attrVPCEndpoints  = attr.Prefix + "vpc_endpoint_ids"
	attrInvokeURL     = attr.Prefix + "invoke_url"
	attrMethods       = attr.Prefix + "methods"
)

// draft is what routes and integrations are: the editable definition, which need not be what a stage runs.
const draft = "draft"

// describer turns AWS's answers of one target into entities.
type describer struct {
	at  model.Target
	bad int // values that were not what AWS documents
}

// errNoID marks an item that does not say what it is: the answer it came in can't be trusted.
var errNoID = errors.New("an item without an id")

func (d *describer) arn(path string) string {
	return "arn:" + d.at.Partition + ":apigateway:" + d.at.Region + "::" + path
}

func (d *describer) host(apiID string) string {
	return apiID + ".execute-api." + d.at.Region + "." + dnsSuffix(d.at.Partition)
}

func partOfAPI(api string) model.Relation {
	return model.Relation{Kind: relationPartOf, Type: attr.TypeAPI, ID: model.ID{attr.APIID: api}}
}

func toStage(kind, api, stage string) model.Relation {
	if stage == "" {
		return model.Relation{Kind: kind, Type: attr.TypeAPI, ID: model.ID{attr.APIID: api}}
	}
	return model.Relation{Kind: kind, Type: attr.TypeStage, ID: model.ID{attr.APIID: api, attr.Stage: stage}}
}

// unique drops relations that are there already, and sorts them, so that an entity has one form.
func unique(relations []model.Relation) []model.Relation {
	key := func(r model.Relation) string { return r.Kind + "\x00" + model.Key(r.Type, r.ID) }
	slices.SortStableFunc(relations, func(a, b model.Relation) int { return strings.Compare(key(a), key(b)) })
	return slices.CompactFunc(relations, func(a, b model.Relation) bool { return key(a) == key(b) })
}

func sortedNames[V any](m map[string]V) []any {
	out := make([]any, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k)
	}
	return out
}

var restAPIFields = []field{
	{"name", attr.APIName, text},
	{"description", attrDescription, text},
	{"version", attrVersion, text},
	{"createdDate", attrCreated, date},
	{"apiKeySource", attr.Prefix + "api_key_source", text},
	{"endpointConfiguration.types", attr.EndpointType, first},
	{"endpointConfiguration.ipAddressType", attrIPAddressType, text},
	{"endpointConfiguration.vpcEndpointIds", attrVPCEndpoints, list},
	{"endpointAccessMode", attrEndpointMode, text},
	{"securityPolicy", attrTLSPolicy, text},
	{"disableExecuteApiEndpoint", attr.Prefix + "default_endpoint.disabled", boolean},
	{"minimumCompressionSize", attr.Prefix + "minimum_compression_size", integer},
	{"binaryMediaTypes", attr.Prefix + "binary_media_types", list},
	{"policy", attrPolicy, digest},
	{"apiStatus", attrStatus, text},
	{"apiStatusMessage", attrStatusMessage, text},
	{"warnings", attr.Prefix + "import.warnings", list},
	{"tags", attrTags, dictionary},
}

var apiFields = []field{
	{"name", attr.APIName, text},
	{"description", attrDescription, text},
	{"version", attrVersion, text},
	{"createdDate", attrCreated, date},
	{"protocolType", attr.APIType, text},
	{"apiEndpoint", attrInvokeURL, text},
	{"apiKeySelectionExpression", attr.Prefix + "api_key_selection_expression", text},
	{"routeSelectionExpression", attr.Prefix + "route_selection_expression", text},
	{"ipAddressType", attrIPAddressType, text},
	{"disableExecuteApiEndpoint", attr.Prefix + "default_endpoint.disabled", boolean},
	{"disableSchemaValidation", attr.Prefix + "schema_validation.disabled", boolean},
	{"apiGatewayManaged", attrManaged, boolean},
	{"corsConfiguration.allowCredentials", attr.Prefix + "cors.allow_credentials", boolean},
	{"corsConfiguration.allowHeaders", attr.Prefix + "cors.allow_headers", list},
	{"corsConfiguration.allowMethods", attr.Prefix + "cors.allow_methods", list},
	{"corsConfiguration.allowOrigins", attr.Prefix + "cors.allow_origins", list},
	{"corsConfiguration.exposeHeaders", attr.Prefix + "cors.expose_headers", list},
	{"corsConfiguration.maxAge", attr.Prefix + "cors.max_age", integer},
	{"importInfo", attr.Prefix + "import.info", list},
	{"warnings", attr.Prefix + "import.warnings", list},
	{"tags", attrTags, dictionary},
}

// restAPI reads a REST API.
func (d *describer) restAPI(o object) (model.API, model.Entity, error) {
	a := model.API{ID: o.text("id"), Name: o.text("name"), Type: model.REST, Created: o.date("createdDate")}
	if types := o.texts("endpointConfiguration.types"); len(types) > 0 {
		a.EndpointType = types[0]
	}
	return d.anyAPI(a, o, restAPIFields)
}

// api reads an HTTP or WebSocket API.
func (d *describer) api(o object) (model.API, model.Entity, error) {
	a := model.API{ID: o.text("apiId"), Name: o.text("name"), Type: model.APIType(o.text("protocolType")), Created: o.date("createdDate")}
	return d.anyAPI(a, o, apiFields)
}

func (d *describer) anyAPI(a model.API, o object, fields []field) (model.API, model.Entity, error) {
	if a.ID == "" {
		return a, model.Entity{}, errNoID
	}
	if tags, ok := o["tags"].(map[string]any); ok && len(tags) > 0 {
		a.Tags = make(map[string]string, len(tags))
		for k, v := range tags {
			if s, ok := v.(string); ok {
				a.Tags[k] = s
			}
		}
	}
	e := model.Entity{Type: attr.TypeAPI, ID: model.ID{attr.APIID: a.ID}, Description: map[string]any{
		attr.CloudResourceID: a.ARN(d.at.Partition, d.at.Region), attr.APIType: string(a.Type), attrInvokeURL: d.scheme(&a) + d.host(a.ID),
	}}
	if a.Type == "" {
		delete(e.Description, attr.APIType)
	}
	if d.at.AccountName != "" {
		e.Description[attr.AccountName] = d.at.AccountName
	}
	d.describe(e.Description, o, fields)
	return a, e, nil
}

func (d *describer) scheme(a *model.API) string {
	if a.Type == model.WebSocket {
		return "wss://"
	}
	return "https://"
}

var accountFields = []field{
	{"cloudwatchRoleArn", attr.Prefix + "cloudwatch_role_arn", isARN},
	{"throttleSettings.rateLimit", attrRateLimit, decimal},
	{"throttleSettings.burstLimit", attrBurstLimit, integer},
	{"features", attr.Prefix + "features", list},
	{"apiKeyVersion", attr.Prefix + "api_key_version", text},
}

// account reads API Gateway's settings of the account in the region.
func (d *describer) account(o object) (model.Throttle, model.Entity) {
	e := model.Entity{Type: attr.TypeAccount, ID: model.ID{}, Description: map[string]any{attr.CloudResourceID: d.arn("/account")}}
	if d.at.AccountName != "" {
		e.Description[attr.AccountName] = d.at.AccountName
	}
	d.describe(e.Description, o, accountFields)
	return throttle(o, "throttleSettings.rateLimit", "throttleSettings.burstLimit"), e
}

// throttle reads a pair of limits; a negative one is API Gateway's way to say that none is set.
func throttle(o object, rate, burst string) model.Throttle {
	set := func(path string) *float64 {
		n := o.number(path)
		if n != nil && *n < 0 {
			return nil
		}
		return n
	}
	return model.Throttle{Rate: set(rate), Burst: set(burst)}
}
