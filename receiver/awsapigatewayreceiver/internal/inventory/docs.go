package inventory

import (
	"reflect"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// EntityDoc says how entities of a type look, for the docs.
type EntityDoc struct {
	Type, Description string
	// ID are the attributes of the id, besides the account and the region.
	ID []string
	// Daily is true where they are reported daily although they did not change.
	Daily      bool
	Relations  []RelationDoc
	Attributes []AttributeDoc
}

// RelationDoc is a kind of relation and the types of entities that it leads to.
type RelationDoc struct {
	Kind string
	To   []string
	Note string
}

// AttributeDoc is an attribute of a description: its type, and the members of AWS's answers that it comes from, or what it says where it is made
// of more than one.
type AttributeDoc struct {
	Name, Type  string
	Members     []string
	Description string
}

// EntityDocs lists all types of entities.
func EntityDocs() []EntityDoc {
	ofAPI := RelationDoc{Kind: relationPartOf, To: []string{attr.TypeAPI}}
	arnOf := extra(attr.CloudResourceID, "string", "The ARN.")
	accountName := extra(attr.AccountName, "string", "`accounts[].name`, where it is set.")
	definition := extra(attrDefinition, "string", "`draft`: what can be edited, which need not be what a stage runs.")
	return []EntityDoc{
		{
			Type: attr.TypeAccount, Description: "API Gateway's settings of the account in the region.", Daily: Daily(partAccount),
			Attributes: attributes(accountFields, arnOf, accountName),
		},
		{
			Type: attr.TypeAPI, Description: "A REST, HTTP or WebSocket API.", ID: []string{attr.APIID}, Daily: Daily(partAPI),
			Attributes: attributes(
				slices.Concat(restAPIFields, apiFields), arnOf, accountName,
				extra(attr.APIType, "string", "`REST`, `HTTP` or `WEBSOCKET`."),
				extra(attrInvokeURL, "string", "The default endpoint, whether it is disabled or not."),
				extra(attr.Prefix+"cors.max_age", "int", "Seconds."), extra(attr.Prefix+"minimum_compression_size", "int", "Bytes."),
			),
		},
		{
			Type: attr.TypeStage, Description: "A stage of an API.", ID: []string{attr.APIID, attr.Stage}, Daily: Daily(partStages),
			Relations: []RelationDoc{
				ofAPI,
				{Kind: relationRuns, To: []string{attr.TypeDeployment}, Note: "its own, and its canary's"},
				{Kind: relationProtectedBy, To: []string{attr.TypeResource}, Note: "a web ACL"},
			},
			Attributes: attributes(
				stageFields, arnOf, extra(attr.APIName, "string", "The API's name."), extra(attrInvokeURL, "string", "The stage's URL at the default endpoint."),
				extra(attr.Prefix+"connections_url", "string", "Where a backend sends messages to connected clients (WebSocket)."),
				extra(attr.Prefix+"cache.cluster_size", "string", "The size in gigabytes, as API Gateway names it."),
				extra(attr.Prefix+"route_settings", "map of maps", "Settings by route key, those of the whole stage under `"+allRoutes+"`: "+keys(settingFields)+". Times are in seconds."),
			),
		},
		{
			Type: attr.TypeDeployment, Description: "A deployment: those that a stage or canary runs, and the last five.", ID: []string{attr.APIID, attr.DeploymentID},
			Daily: Daily(partDeployments), Relations: []RelationDoc{ofAPI},
			Attributes: attributes(
				deploymentFields, arnOf,
				extra(attrMethods, "map of maps", "What is deployed, of REST deployments that run: `authorization_type` and `api_key_required` by route key."),
			),
		},
		{
			Type: attr.TypeRoute, Description: "A route, or a method of a REST API's resource, whose route key is `METHOD /path`.", ID: []string{attr.APIID, attr.RouteKey},
			Daily: Daily(partRoutes),
			Relations: []RelationDoc{
				ofAPI,
				{Kind: relationAuthorizedBy, To: []string{attr.TypeAuthorizer}},
				{Kind: relationInvokes, To: []string{attr.TypeIntegration}},
			},
			Attributes: attributes(
				routeFields, arnOf, definition, extra(attr.HTTPRequestMethod, "string", "The method, unless it is `ANY`."), extra(attr.HTTPRoute, "string", "The path."),
				extra(attr.Prefix+"resource_id", "string", "The id of the REST resource."),
			),
		},
		{
			Type: attr.TypeIntegration, Description: "What a route calls. A REST integration's id is its route key.", ID: []string{attr.APIID, attr.IntegrationID},
			Daily:     Daily(partIntegrations),
			Relations: []RelationDoc{ofAPI, {Kind: relationDependsOn, To: []string{attr.TypeResource, attr.TypeServer, attr.TypeService, attr.TypeVPCLink}}},
			Attributes: attributes(
				integrationFields, extra(attr.CloudResourceID, "string", "The ARN, of HTTP and WebSocket APIs."), definition,
				extra(attr.Prefix+"integration.timeout", "int", "Milliseconds."),
				extra(attrResponseTemplates, "map of maps", "Hashes of the mapping templates of responses, by status code and content type."),
				extra(attrCredentials, "string", "`role`, or `caller` where the caller's own credentials are passed on."),
			),
		},
		{
			Type: attr.TypeAuthorizer, Description: "An authorizer.", ID: []string{attr.APIID, attr.AuthorizerID}, Daily: Daily(partAuthorizers),
			Relations: []RelationDoc{ofAPI, {Kind: relationDependsOn, To: []string{attr.TypeResource, attr.TypeServer}, Note: "a Lambda function, user pools, an issuer's host"}},
			Attributes: attributes(
				authorizerFields, arnOf, extra(attr.Prefix+"authorizer.kind", "string", "`Lambda`, `Cognito` or `JWT`."),
				extra(attr.Prefix+"authorizer.ttl", "int", "Seconds that an answer is cached."),
			),
		},
		{
			Type: attr.TypeDomainName, Description: "A custom domain name. Private ones, of which several may have one name, also have an id.",
			ID: []string{attr.DomainName, attr.DomainNameID}, Daily: Daily(partDomain),
			Relations: []RelationDoc{{Kind: relationRoutesTo, To: []string{attr.TypeStage, attr.TypeAPI}, Note: "an API where the stage is part of the path"}},
			Attributes: attributes(
				slices.Concat(domainFields, within("domainNameConfigurations[].", regionalConfigurationFields, edgeConfigurationFields)), arnOf,
				extra(attr.Prefix+"mappings", "list of maps", "Base-path or API mappings: `api_id`, `stage`, `base_paths`."),
				extra(attr.Prefix+"routing_rules", "list of maps", "In the order of priority: `api_id`, `stage`, `base_paths`, `headers` (names only), `priority`, `strip_base_path`."),
				extra(attr.Prefix+"access_associations", "list of strings", "The VPC endpoints that reach a private domain name."),
			),
		},
		{
			Type: attr.TypeVPCLink, Description: "A VPC link of either version.", ID: []string{attr.VPCLinkID}, Daily: Daily(partVPCLinks),
			Relations:  []RelationDoc{{Kind: relationDependsOn, To: []string{attr.TypeResource}, Note: "the load balancer of a link of version 1"}},
			Attributes: attributes(vpcLinkFields, arnOf, extra(attrVersion, "string", "`V1` or `V2`.")),
		},
		{
			Type: attr.TypeUsagePlan, Description: "A usage plan.", ID: []string{attr.UsagePlanID}, Daily: Daily(partUsagePlans),
			Relations: []RelationDoc{{Kind: relationLimits, To: []string{attr.TypeStage}}},
			Attributes: attributes(
				usagePlanFields, arnOf,
				extra(attr.Prefix+"method_throttles", "list of maps", "Throttles of single methods: `api_id`, `stage`, `route_key`, `rate_limit`, `burst_limit`."),
			),
		},
		{
			Type: attr.TypeAPIKey, Description: "An API key, without its value. Needs `inventory::api_keys::enabled`.", ID: []string{attr.APIKeyID}, Daily: Daily(partAPIKeys),
			Relations:  []RelationDoc{{Kind: relationUses, To: []string{attr.TypeUsagePlan}}},
			Attributes: attributes(apiKeyFields, arnOf),
		},
		{
			Type: attr.TypeClientCertificate, Description: "A certificate by which API Gateway identifies itself to backends.", ID: []string{attr.ClientCertificateID},
			Daily: Daily(partCertificates), Attributes: attributes(clientCertificateFields, arnOf),
		},
	}
}

func extra(name, kind, description string) AttributeDoc {
	return AttributeDoc{Name: name, Type: kind, Description: description}
}

// attributes lists what fields make, each attribute once, and what is made otherwise.
func attributes(fields []field, extras ...AttributeDoc) []AttributeDoc {
	out := []AttributeDoc{}
	at := func(name string) int {
		return slices.IndexFunc(out, func(a AttributeDoc) bool { return a.Name == name })
	}
	for _, f := range fields {
		i := at(f.attribute)
		if i < 0 {
			i = len(out)
			out = append(out, AttributeDoc{Name: f.attribute, Type: f.as.doc()})
		}
		if !slices.Contains(out[i].Members, f.member) {
			out[i].Members = append(out[i].Members, f.member)
		}
	}
	for _, e := range extras {
		if i := at(e.Name); i >= 0 {
			e.Type, e.Members = out[i].Type, out[i].Members
			out[i] = e
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b AttributeDoc) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// within puts the member that fields are below in front of theirs.
func within(prefix string, lists ...[]field) []field {
	var out []field
	for _, f := range slices.Concat(lists...) {
		f.member = prefix + f.member
		out = append(out, f)
	}
	return out
}

func keys(fields []field) string {
	var names []string
	for _, f := range fields {
		if name := "`" + f.attribute + "`"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// conversionDocs say what becomes of a value.
var conversionDocs = []struct {
	as  conversion
	doc string
}{
	{text, "string"},
	{first, "string"},
	{boolean, "bool"},
	{integer, "int"},
	{decimal, "double"},
	{date, "string, RFC 3339"},
	{isARN, "string, an ARN"},
	{address, "string, a URI without user and query"},
	{list, "list of strings"},
	{dictionary, "map"},
	{names, "list of strings, the names only"},
	{digest, "string, a hash"},
	{digests, "map of hashes"},
}

func (c conversion) doc() string {
	for _, d := range conversionDocs {
		if reflect.ValueOf(d.as).Pointer() == reflect.ValueOf(c).Pointer() {
			return d.doc
		}
	}
	return ""
}
