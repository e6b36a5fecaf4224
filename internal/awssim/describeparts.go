package awssim

import (
	"cmp"
	"strings"
)

// deployment describes a deployment, with its summary (REST) only where it is asked for.
func (v *view) deployment(api *API, d *Deployment, summary bool) members {
	since := later(d.Created, api.Created)
	if api.kind() != TypeREST {
		out := members{
			"deploymentId": d.ID, "createdDate": v.time(since), "autoDeployed": d.Auto, "deploymentStatus": cmp.Or(d.Status, "DEPLOYED"),
		}
		out.text("description", d.Description)
		out.text("deploymentStatusMessage", d.StatusMessage)
		return out
	}
	out := members{"id": d.ID, "createdDate": v.time(since)}
	out.text("description", d.Description)
	if summary {
		out["apiSummary"] = v.summary(api, d)
	}
	return out
}

// summary describes what was deployed, by path and method.
func (v *view) summary(api *API, d *Deployment) members {
	deployed := d.Summary
	if deployed == nil {
		deployed = map[string]map[string]MethodSnapshot{}
		past := *v
		past.now = later(d.Created, api.Created)
		for _, r := range past.routes(api) {
			if r.Method == "" {
				continue
			}
			path := cmp.Or(r.Path, "/")
			if deployed[path] == nil {
				deployed[path] = map[string]MethodSnapshot{}
			}
			deployed[path][r.Method] = MethodSnapshot{Authorization: r.Authorization, APIKeyRequired: r.APIKeyRequired}
		}
	}
	out := members{}
	for path, methods := range deployed {
		all := members{}
		for method, m := range methods {
			all[method] = members{"authorizationType": cmp.Or(m.Authorization, "NONE"), "apiKeyRequired": m.APIKeyRequired}
		}
		out[path] = all
	}
	return out
}

func (a *Authorizer) id(api *API) string {
	return cmp.Or(a.ID, madeUpID(6, api.ID, "authorizer", a.Name))
}

func (a *Authorizer) ttl() int { return orDefault(a.TTL, 300) }

// authorizer describes an authorizer of an API of any type.
func (v *view) authorizer(api *API, a *Authorizer) members {
	if api.kind() == TypeREST {
		return v.restAuthorizer(api, a)
	}
	out := members{"authorizerId": a.id(api), "name": a.Name, "authorizerType": cmp.Or(a.Type, "REQUEST"), "identitySource": append([]string{}, a.IdentitySource...)}
	out.text("identityValidationExpression", a.Validation)
	if a.Type == "JWT" {
		out["jwtConfiguration"] = members{"issuer": a.Issuer, "audience": append([]string{}, a.Audience...)}
		return out
	}
	out.text("authorizerUri", a.URI)
	out.text("authorizerCredentialsArn", a.Credentials)
	if api.kind() == TypeHTTP {
		out["authorizerResultTtlInSeconds"] = a.ttl()
		out["authorizerPayloadFormatVersion"], out["enableSimpleResponses"] = cmp.Or(a.PayloadFormatVersion, "2.0"), a.SimpleResponses
	}
	return out
}

func (v *view) restAuthorizer(api *API, a *Authorizer) members {
	out := members{"id": a.id(api), "name": a.Name, "type": cmp.Or(a.Type, "TOKEN"), "authorizerResultTtlInSeconds": a.ttl()}
	authType := "custom"
	if a.Type == "COGNITO_USER_POOLS" {
		authType = "cognito_user_pools"
	}
	out["authType"] = cmp.Or(a.AuthType, authType)
	out.text("authorizerUri", a.URI)
	out.text("authorizerCredentials", a.Credentials)
	out.text("identitySource", strings.Join(a.IdentitySource, ","))
	out.text("identityValidationExpression", a.Validation)
	out.list("providerARNs", a.ProviderARNs)
	return out
}

func (m *Model) id(api *API) string { return cmp.Or(m.ID, madeUpID(6, api.ID, "model", m.Name)) }

// model describes a model of an API of any type.
func (v *view) model(api *API, m *Model) members {
	id := "id"
	if api.kind() != TypeREST {
		id = "modelId"
	}
	out := members{id: m.id(api), "name": m.Name, "contentType": cmp.Or(m.ContentType, "application/json")}
	out.text("description", m.Description)
	out.text("schema", m.Schema)
	return out
}

func (r *RequestValidator) id(api *API) string {
	return cmp.Or(r.ID, madeUpID(6, api.ID, "validator", r.Name))
}

func (v *view) requestValidator(api *API, r *RequestValidator) members {
	return members{"id": r.id(api), "name": r.Name, "validateRequestBody": r.Body, "validateRequestParameters": r.Parameters}
}
