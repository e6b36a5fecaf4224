package inventory

import (
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// routeFields serve methods (v1) and routes (v2).
var routeFields = []field{
	{"authorizationType", attr.Prefix + "authorization_type", text},
	{"authorizationScopes", attr.Prefix + "authorization_scopes", list},
	{"authorizerId", attr.AuthorizerID, text},
	{"apiKeyRequired", attr.Prefix + "api_key_required", boolean},
	{"operationName", attr.Prefix + "operation_name", text},
	{"requestValidatorId", attr.Prefix + "request_validator_id", text},
	{"requestModels", attr.Prefix + "request_models", dictionary},
	{"requestParameters", attr.Prefix + "request_parameters", names},
	{"methodResponses", attr.Prefix + "response_status_codes", names},
	{"modelSelectionExpression", attr.Prefix + "model_selection_expression", text},
	{"routeResponseSelectionExpression", attr.Prefix + "route_response_selection_expression", text},
	{"routeId", attr.Prefix + "route_id", text},
	{"apiGatewayManaged", attrManaged, boolean},
}

// attrIntegrationHash are the hashes of the mapping templates of requests, by content type; attrResponseTemplates those of responses.
const (
	attrRequestTemplates  = attr.Prefix + "request_templates"
	attrResponseTemplates = attr.Prefix + "response_templates"
	attrCredentials       = attr.Prefix + "integration.credentials"
)

// integrationFields serve both versions, whose members differ in name only.
var integrationFields = []field{
	{"type", attr.IntegrationType, text},
	{"integrationType", attr.IntegrationType, text},
	{"integrationSubtype", attr.IntegrationSubtype, text},
	{"httpMethod", attr.IntegrationMethod, text},
	{"integrationMethod", attr.IntegrationMethod, text},
	{"uri", attr.IntegrationURI, address},
	{"integrationUri", attr.IntegrationURI, address},
	{"description", attrDescription, text},
	{"timeoutInMillis", attr.Prefix + "integration.timeout", integer},
	{"connectionType", attr.Prefix + "integration.connection_type", text},
	{"connectionId", attr.Prefix + "integration.connection_id", text},
	{"integrationTarget", attr.Prefix + "integration.target", isARN},
	{"payloadFormatVersion", attr.Prefix + "integration.payload_format_version", text},
	{"responseTransferMode", attr.Prefix + "integration.response_transfer_mode", text},
	{"contentHandling", attr.Prefix + "integration.content_handling", text},
	{"contentHandlingStrategy", attr.Prefix + "integration.content_handling", text},
	{"passthroughBehavior", attr.Prefix + "integration.passthrough_behavior", text},
	{"cacheNamespace", attr.Prefix + "cache.namespace", text},
	{"cacheKeyParameters", attr.Prefix + "cache.key_parameters", list},
	{"templateSelectionExpression", attr.Prefix + "template_selection_expression", text},
	{"integrationResponseSelectionExpression", attr.Prefix + "integration_response_selection_expression", text},
	{"requestParameters", attr.Prefix + "request_parameters", names},
	{"responseParameters", attr.Prefix + "response_parameters", names},
	{"requestTemplates", attrRequestTemplates, digests},
	{"tlsConfig.insecureSkipVerification", attr.Prefix + "tls.insecure_skip_verification", boolean},
	{"tlsConfig.serverNameToVerify", attr.Prefix + "tls.server_name", text},
	{"apiGatewayManaged", attrManaged, boolean},
}

// resource reads the methods of a REST resource with their integrations: a route and an integration each.
func (d *describer) resource(a *model.API, o object) ([]model.Entity, error) {
	id, path := o.text("id"), o.text("path")
	if id == "" {
		return nil, errNoID
	}
	methods := o.members("resourceMethods")
	out := make([]model.Entity, 0, 2*len(methods))
	for _, method := range slices.Sorted(maps.Keys(methods)) {
		m := methods[method]
		key := method + " " + path
		route := d.route(a, key, method, path, m)
		route.Description[attr.Prefix+"resource_id"] = id
		route.Description[attr.CloudResourceID] = a.ARN(d.at.Partition, d.at.Region) + "/resources/" + id + "/methods/" + method
		if in, ok := m["methodIntegration"].(map[string]any); ok {
			route.Relations = unique(append(route.Relations, model.Relation{Kind: relationInvokes, Type: attr.TypeIntegration, ID: model.ID{attr.APIID: a.ID, attr.IntegrationID: key}}))
			out = append(out, d.integration(a, key, in))
		}
		out = append(out, route)
	}
	return out, nil
}

// routeV2 reads a route of an HTTP or WebSocket API.
func (d *describer) routeV2(a *model.API, o object) (model.Entity, error) {
	key := o.text("routeKey")
	if key == "" {
		return model.Entity{}, errNoID
	}
	method, path := "", ""
	if a.Type == model.HTTP {
		if m, p, ok := strings.Cut(key, " "); ok {
			method, path = m, p
		}
	}
	route := d.route(a, key, method, path, o)
	if id := o.text("routeId"); id != "" {
		route.Description[attr.CloudResourceID] = a.ARN(d.at.Partition, d.at.Region) + "/routes/" + id
	}
	if id, ok := strings.CutPrefix(o.text("target"), "integrations/"); ok && id != "" {
		route.Relations = unique(append(route.Relations, model.Relation{Kind: relationInvokes, Type: attr.TypeIntegration, ID: model.ID{attr.APIID: a.ID, attr.IntegrationID: id}}))
	}
	return route, nil
}

func (d *describer) route(a *model.API, key, method, path string, o object) model.Entity {
	e := model.Entity{Type: attr.TypeRoute, ID: model.ID{attr.APIID: a.ID, attr.RouteKey: key}, Description: map[string]any{attrDefinition: draft}}
	if method != "" && method != "ANY" {
		e.Description[attr.HTTPRequestMethod] = method
	}
	if path != "" {
		e.Description[attr.HTTPRoute] = path
	}
	d.describe(e.Description, o, routeFields)
	e.Relations = []model.Relation{partOfAPI(a.ID)}
	if id := o.text("authorizerId"); id != "" {
		e.Relations = append(e.Relations, model.Relation{Kind: relationAuthorizedBy, Type: attr.TypeAuthorizer, ID: model.ID{attr.APIID: a.ID, attr.AuthorizerID: id}})
	}
	e.Relations = unique(e.Relations)
	return e
}

// integrationV2 reads an integration of an HTTP or WebSocket API.
func (d *describer) integrationV2(a *model.API, o object) (model.Entity, error) {
	id := o.text("integrationId")
	if id == "" {
		return model.Entity{}, errNoID
	}
	e := d.integration(a, id, o)
	e.Description[attr.CloudResourceID] = a.ARN(d.at.Partition, d.at.Region) + "/integrations/" + id
	return e, nil
}

func (d *describer) integration(a *model.API, id string, o object) model.Entity {
	e := model.Entity{Type: attr.TypeIntegration, ID: model.ID{attr.APIID: a.ID, attr.IntegrationID: id}, Description: map[string]any{attrDefinition: draft}}
	d.describe(e.Description, o, integrationFields)
	d.responses(e.Description, o)
	switch c := o.text("credentials") + o.text("credentialsArn"); {
	case c == "":
	case strings.Contains(c, ":iam::*:"):
		e.Description[attrCredentials] = "caller"
	default:
		e.Description[attrCredentials] = "role"
	}
	e.Relations = append(d.dependencies(o), partOfAPI(a.ID))
	e.Relations = unique(e.Relations)
	return e
}

// responses hashes the mapping templates of responses, by status code and content type.
func (d *describer) responses(into map[string]any, o object) {
	all := map[string]any{}
	for status, v := range o.members("integrationResponses") {
		if hashes, _ := digests(v["responseTemplates"]); hashes != nil {
			all[status] = hashes
		}
	}
	if len(all) > 0 {
		into[attrResponseTemplates] = all
	}
}

// dependencies are what an integration calls, and by which VPC link.
func (d *describer) dependencies(o object) []model.Relation {
	var out []model.Relation
	uri := o.text("uri") + o.text("integrationUri")
	parameters, _ := o["requestParameters"].(map[string]any)
	templates, _ := o["requestTemplates"].(map[string]any)
	link := o.text("connectionId")
	private := o.text("connectionType") == "VPC_LINK" && link != ""
	kind := o.text("type") + o.text("integrationType")
	switch subtype := o.text("integrationSubtype"); {
	case subtype != "":
		out = append(out, d.action(subtype, parameters))
	case kind == "MOCK":
	case private && isResource(o.text("integrationTarget")):
		out = append(out, onARN(o.text("integrationTarget"))) // the URI then only names the host to send
	default:
		r, ok := d.target(uri, templates)
		if !ok {
			d.bad++
		}
		if r != nil {
			out = append(out, *r)
		}
	}
	if private && !variable(link) {
		out = append(out, dependsOn(attr.TypeVPCLink, model.ID{attr.VPCLinkID: link}))
	}
	return out
}

var authorizerFields = []field{
	{"name", attrName, text},
	{"type", attr.Prefix + "authorizer.type", text},
	{"authorizerType", attr.Prefix + "authorizer.type", text},
	{"authType", attr.Prefix + "authorizer.auth_type", text},
	{"authorizerUri", attr.Prefix + "authorizer.uri", address},
	{"authorizerResultTtlInSeconds", attr.Prefix + "authorizer.ttl", integer},
	{"authorizerPayloadFormatVersion", attr.Prefix + "authorizer.payload_format_version", text},
	{"enableSimpleResponses", attr.Prefix + "authorizer.simple_responses", boolean},
	{"identitySource", attr.Prefix + "authorizer.identity_sources", list},
	{"identityValidationExpression", attr.Prefix + "authorizer.identity_validation.hash", digest},
	{"jwtConfiguration.issuer", attr.Prefix + "authorizer.jwt.issuer", address},
	{"jwtConfiguration.audience", attr.Prefix + "authorizer.jwt.audience", list},
	{"providerARNs", attr.Prefix + "authorizer.user_pools", list},
}

// authorizer reads an authorizer of either version.
func (d *describer) authorizer(a *model.API, o object) (model.Entity, error) {
	id := o.text("id")
	if id == "" {
		id = o.text("authorizerId")
	}
	if id == "" {
		return model.Entity{}, errNoID
	}
	e := model.Entity{Type: attr.TypeAuthorizer, ID: model.ID{attr.APIID: a.ID, attr.AuthorizerID: id}, Description: map[string]any{
		attr.CloudResourceID: a.ARN(d.at.Partition, d.at.Region) + "/authorizers/" + id,
	}, Relations: []model.Relation{partOfAPI(a.ID)}}
	d.describe(e.Description, o, authorizerFields)
	kind := ""
	switch o.text("type") + o.text("authorizerType") {
	case "TOKEN", "REQUEST":
		kind = "Lambda"
	case "COGNITO_USER_POOLS":
		kind = "Cognito"
	case "JWT":
		kind = "JWT"
	}
	if kind != "" {
		e.Description[attr.Prefix+"authorizer.kind"] = kind
	}
	r, ok := d.target(o.text("authorizerUri"), nil)
	if !ok {
		d.bad++
	}
	if r != nil {
		e.Relations = append(e.Relations, *r)
	}
	for _, pool := range o.texts("providerARNs") {
		if _, ok := parseARN(pool); !ok {
			d.bad++
			continue
		}
		e.Relations = append(e.Relations, onARN(pool))
	}
	if issuer := o.text("jwtConfiguration.issuer"); issuer != "" {
		if pool := d.userPool(issuer); pool != "" {
			e.Relations = append(e.Relations, onARN(pool))
		} else if r, ok := d.target(issuer, nil); ok && r != nil {
			e.Relations = append(e.Relations, *r)
		}
	}
	e.Relations = unique(e.Relations)
	return e, nil
}
