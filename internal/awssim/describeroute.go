package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// resource is a resource of a REST API: a path, and the methods on it.
type resource struct {
	id, path string
	methods  []routeNow
}

// resourceID is the id of the resource at a path.
func resourceID(api *API, path string) string {
	if path == "/" {
		return fmt.Sprintf("%010x", hashStrings(1, api.ID)&0xffffffffff)
	}
	return madeUpID(6, api.ID, "resource", path)
}

// resources are those of a REST API: each path that a route has, and all above it, in the order of their ids.
func (v *view) resources(api *API) []*resource {
	byPath := map[string]*resource{}
	var all []*resource
	add := func(path string) *resource {
		r := byPath[path]
		if r == nil {
			r = &resource{id: resourceID(api, path), path: path}
			byPath[path], all = r, append(all, r)
		}
		return r
	}
	add("/")
	for _, route := range v.routes(api) {
		for i := 1; i < len(route.Path); i++ {
			if route.Path[i] == '/' {
				add(route.Path[:i])
			}
		}
		r := add(cmp.Or(route.Path, "/"))
		if route.Method != "" {
			r.methods = append(r.methods, route)
		}
	}
	slices.SortFunc(all, func(a, b *resource) int { return strings.Compare(a.id, b.id) })
	return all
}

// resource describes a resource of a REST API, with its methods only where they are asked for.
func (v *view) resource(api *API, r *resource, methods bool) members {
	out := members{"id": r.id, "path": r.path}
	if r.path != "/" {
		i := strings.LastIndexByte(r.path, '/')
		out["parentId"], out["pathPart"] = resourceID(api, cmp.Or(r.path[:i], "/")), r.path[i+1:]
	}
	if len(r.methods) == 0 {
		return out
	}
	all := map[string]any{}
	for _, route := range r.methods {
		method := members{}
		if methods {
			method = v.method(route)
			if route.integration != nil {
				method["methodIntegration"] = v.restIntegration(api, route)
			}
		}
		all[route.Method] = method
	}
	out["resourceMethods"] = all
	return out
}

// method describes a method of a REST API, without its integration.
func (v *view) method(r routeNow) members {
	out := members{"httpMethod": r.Method, "authorizationType": cmp.Or(r.Authorization, "NONE"), "apiKeyRequired": r.APIKeyRequired}
	out.text("authorizerId", r.AuthorizerID)
	out.text("operationName", r.OperationName)
	out.text("requestValidatorId", r.ValidatorID)
	out.list("authorizationScopes", r.Scopes)
	if len(r.RequestModels) > 0 {
		out["requestModels"] = r.RequestModels
	}
	if len(r.Parameters) > 0 {
		out["requestParameters"] = r.Parameters
	}
	if !r.proxies() {
		out["methodResponses"] = members{"200": members{"statusCode": "200", "responseModels": map[string]string{"application/json": "Empty"}}}
	}
	return out
}

// proxies reports whether the integration's answer is passed as it is.
func (r routeNow) proxies() bool {
	return r.integration != nil && strings.HasSuffix(r.integration.Type, "_PROXY")
}

// restIntegration describes the integration of a REST API's method.
func (v *view) restIntegration(api *API, r routeNow) members {
	i := r.integration
	out := members{
		"type": cmp.Or(i.Type, "MOCK"), "passthroughBehavior": cmp.Or(i.Passthrough, "WHEN_NO_MATCH"), "timeoutInMillis": cmp.Or(i.TimeoutMS, 29_000),
		"cacheNamespace": cmp.Or(i.CacheNamespace, resourceID(api, cmp.Or(r.Path, "/"))), "cacheKeyParameters": append([]string{}, i.CacheKeys...),
		"responseTransferMode": cmp.Or(i.TransferMode, "BUFFERED"),
	}
	if out["type"] != "MOCK" {
		out["connectionType"] = i.connectionType()
	}
	i.describe(out)
	out.text("httpMethod", i.Method)
	out.text("uri", i.URI)
	out.text("integrationTarget", i.Target)
	out.text("credentials", i.Credentials)
	out.text("contentHandling", i.ContentHandling)
	if i.InsecureTLS {
		out["tlsConfig"] = members{"insecureSkipVerification": true}
	}
	if !r.proxies() {
		response := members{"statusCode": "200"}
		if len(i.ResponseTemplates) > 0 {
			response["responseTemplates"] = i.ResponseTemplates
		}
		out["integrationResponses"] = members{"200": response}
	}
	return out
}

func (i *Integration) connectionType() string {
	if i.ConnectionType == "" && i.ConnectionID != "" {
		return "VPC_LINK"
	}
	return cmp.Or(i.ConnectionType, "INTERNET")
}

// describe sets what both versions name alike.
func (i *Integration) describe(out members) {
	out.text("connectionId", i.ConnectionID)
	if len(i.RequestParameters) > 0 {
		out["requestParameters"] = i.RequestParameters
	}
	if len(i.RequestTemplates) > 0 {
		out["requestTemplates"] = i.RequestTemplates
	}
}

// httpIntegration describes an integration of an HTTP or WebSocket API.
func (v *view) httpIntegration(api *API, i integrationNow) members {
	kind, timeout, passthrough := "HTTP_PROXY", 30_000, ""
	if api.kind() == TypeWebSocket {
		kind, timeout, passthrough = "MOCK", 29_000, "WHEN_NO_MATCH"
	}
	out := members{
		"integrationId": i.id, "integrationType": cmp.Or(i.Type, kind), "connectionType": i.connectionType(),
		"timeoutInMillis": cmp.Or(i.TimeoutMS, timeout), "payloadFormatVersion": cmp.Or(i.PayloadFormatVersion, "1.0"),
	}
	i.describe(out)
	out.text("integrationMethod", i.Method)
	out.text("integrationUri", i.URI)
	out.text("integrationSubtype", i.Subtype)
	out.text("credentialsArn", i.Credentials)
	out.text("description", i.Description)
	out.text("contentHandlingStrategy", i.ContentHandling)
	out.text("passthroughBehavior", cmp.Or(i.Passthrough, passthrough))
	out.text("templateSelectionExpression", i.TemplateSelection)
	out.flag("apiGatewayManaged", i.Managed)
	if len(i.ResponseParameters) > 0 {
		out["responseParameters"] = i.ResponseParameters
	}
	if i.ServerName != "" {
		out["tlsConfig"] = members{"serverNameToVerify": i.ServerName}
	}
	return out
}

// httpRoute describes a route of an HTTP or WebSocket API.
func (v *view) httpRoute(api *API, r routeNow) members {
	out := members{
		"routeId": r.id(api), "routeKey": r.key, "authorizationType": cmp.Or(r.Authorization, "NONE"), "apiKeyRequired": r.APIKeyRequired,
	}
	if r.integrationID != "" {
		out["target"] = "integrations/" + r.integrationID
	}
	out.text("authorizerId", r.AuthorizerID)
	out.text("operationName", r.OperationName)
	out.text("modelSelectionExpression", r.ModelSelection)
	out.text("routeResponseSelectionExpression", r.ResponseSelection)
	out.list("authorizationScopes", r.Scopes)
	out.flag("apiGatewayManaged", r.Managed)
	if len(r.RequestModels) > 0 {
		out["requestModels"] = r.RequestModels
	}
	if len(r.Parameters) > 0 {
		parameters := members{}
		for name, required := range r.Parameters {
			parameters[name] = members{"required": required}
		}
		out["requestParameters"] = parameters
	}
	return out
}
