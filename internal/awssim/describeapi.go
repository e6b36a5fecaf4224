package awssim

import (
	"cmp"
	"fmt"
	"strings"
)

// restAPI describes a REST API as it is now.
func (v *view) restAPI(api *API) members {
	endpoint := cmp.Or(api.EndpointType, "REGIONAL")
	address := "ipv4"
	if endpoint == "PRIVATE" {
		address = "dualstack"
	}
	configuration := members{"types": []string{endpoint}, "ipAddressType": cmp.Or(api.IPAddressType, address)}
	configuration.list("vpcEndpointIds", api.VPCEndpointIDs)
	out := members{
		"id": api.ID, "name": api.Name, "createdDate": v.time(api.Created),
		"apiKeySource":              cmp.Or(api.KeySource, "HEADER"),
		"endpointConfiguration":     configuration,
		"disableExecuteApiEndpoint": api.ExecuteAPIDisabled,
		"rootResourceId":            resourceID(api, "/"),
		"apiStatus":                 cmp.Or(api.Status, "AVAILABLE"),
		"endpointAccessMode":        cmp.Or(api.AccessMode, "BASIC"),
		"securityPolicy":            cmp.Or(api.SecurityPolicy, "TLS_1_0"),
	}
	out.text("apiStatusMessage", api.StatusMessage)
	out.text("description", api.Description)
	out.text("version", api.Version)
	out.text("policy", api.Policy)
	out.list("binaryMediaTypes", api.BinaryMediaTypes)
	out.list("warnings", api.Warnings)
	if api.MinimumCompression != 0 {
		out["minimumCompressionSize"] = max(api.MinimumCompression, 0)
	}
	if len(api.Tags) > 0 {
		out["tags"] = api.Tags
	}
	return out
}

// httpAPI describes an HTTP or WebSocket API as it is now.
func (v *view) httpAPI(api *API) members {
	scheme, selection := "https", "$request.method $request.path"
	if api.kind() == TypeWebSocket {
		scheme, selection = "wss", "$request.body.action"
	}
	out := members{
		"apiId": api.ID, "name": api.Name, "protocolType": api.kind(), "createdDate": v.time(api.Created),
		"apiEndpoint":               fmt.Sprintf("%s://%s.execute-api.%s.%s", scheme, api.ID, v.region.Name, dnsSuffix(v.account.partition())),
		"apiKeySelectionExpression": cmp.Or(api.KeySelection, "$request.header.x-api-key"),
		"routeSelectionExpression":  cmp.Or(api.RouteSelection, selection),
		"disableExecuteApiEndpoint": api.ExecuteAPIDisabled, "ipAddressType": cmp.Or(api.IPAddressType, "ipv4"), "tags": notNil(api.Tags),
	}
	out.text("description", api.Description)
	out.text("version", api.Version)
	out.list("warnings", api.Warnings)
	out.list("importInfo", api.ImportInfo)
	out.flag("disableSchemaValidation", api.NoSchemaValidation)
	out.flag("apiGatewayManaged", api.Managed)
	if c := api.CORS; c != nil {
		cors := members{}
		cors.list("allowOrigins", c.AllowOrigins)
		cors.list("allowMethods", c.AllowMethods)
		cors.list("allowHeaders", c.AllowHeaders)
		cors.list("exposeHeaders", c.ExposeHeaders)
		cors["allowCredentials"], cors["maxAge"] = c.AllowCredentials, c.MaxAge
		out["corsConfiguration"] = cors
	}
	return out
}

// notNil is an empty map for none: v2 writes it.
func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// restStage describes a stage of a REST API.
func (v *view) restStage(api *API, stage stageNow) members {
	status := "NOT_AVAILABLE"
	if stage.Cache {
		status = "AVAILABLE"
	}
	out := members{
		"stageName": stage.Name, "deploymentId": stage.deployment(api),
		"createdDate": v.time(stage.since(api)), "lastUpdatedDate": v.time(stage.updated),
		"cacheClusterEnabled": stage.Cache, "cacheClusterStatus": cmp.Or(stage.CacheStatus, status),
		"tracingEnabled": stage.Tracing, "methodSettings": v.methodSettings(stage.Stage),
	}
	if stage.Cache || stage.CacheSize != "" {
		out["cacheClusterSize"] = cmp.Or(stage.CacheSize, "0.5")
	}
	out.text("description", stage.Description)
	out.text("clientCertificateId", stage.ClientCertificateID)
	out.text("webAclArn", stage.WebACL)
	out.text("documentationVersion", stage.DocumentationVersion)
	if len(stage.Variables) > 0 {
		out["variables"] = stage.Variables
	}
	if len(stage.Tags) > 0 {
		out["tags"] = stage.Tags
	}
	stage.describeAccessLog(out)
	if stage.hasCanary() {
		canary := members{"percentTraffic": stage.CanaryPercent, "deploymentId": stage.canaryDeployment(api), "useStageCache": false}
		if c := stage.Canary; c != nil {
			canary["useStageCache"] = c.StageCache
			if len(c.Variables) > 0 {
				canary["stageVariableOverrides"] = c.Variables
			}
		}
		out["canarySettings"] = canary
	}
	return out
}

func (s *Stage) describeAccessLog(out members) {
	if s.AccessLog == (AccessLog{}) {
		return
	}
	settings := members{}
	settings.text("destinationArn", s.AccessLog.DestinationARN)
	settings.text("format", s.AccessLog.Format)
	out["accessLogSettings"] = settings
}

// methodSettings describes a REST stage's settings of methods. On the wire the slashes of paths are ~1, as in JSON pointers.
func (v *view) methodSettings(stage *Stage) map[string]any {
	out := map[string]any{}
	for key, settings := range stage.Methods {
		if v.form == formV1 && !stage.PlainMethodKeys {
			key = escapeMethodKey(key)
		}
		out[key] = methodSetting(settings)
	}
	all, detailed := stage.Methods["*/*"], v.detailed(stage)
	if detailed || stage.Cache {
		all.Metrics, all.Caching = all.Metrics || detailed, all.Caching || stage.Cache
		out["*/*"] = methodSetting(all)
	}
	return out
}

// escapeMethodKey makes "~1orders~1{id}/GET" of "/orders/{id}/GET".
func escapeMethodKey(key string) string {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return key
	}
	return strings.ReplaceAll(key[:i], "/", "~1") + key[i:]
}

func methodSetting(m MethodSettings) members {
	throttle := cmp.Or(m.Throttle, &Throttle{Rate: 10_000, Burst: 5000})
	return members{
		"metricsEnabled": m.Metrics, "loggingLevel": cmp.Or(m.LoggingLevel, "OFF"), "dataTraceEnabled": m.DataTrace,
		"throttlingBurstLimit": throttle.Burst, "throttlingRateLimit": throttle.Rate,
		"cachingEnabled": m.Caching, "cacheTtlInSeconds": orDefault(m.CacheTTL, 300), "cacheDataEncrypted": m.CacheEncrypted,
		"requireAuthorizationForCacheControl":    !m.OpenCacheControl,
		"unauthorizedCacheControlHeaderStrategy": cmp.Or(m.UnauthorizedCacheControl, "SUCCEED_WITH_RESPONSE_HEADER"),
	}
}

// httpStage describes a stage of an HTTP or WebSocket API.
func (v *view) httpStage(api *API, stage stageNow) members {
	defaults := stage.Methods["*/*"]
	defaults.Metrics = defaults.Metrics || v.detailed(stage.Stage)
	routes := map[string]any{}
	for key, settings := range stage.Methods {
		if key != "*/*" {
			routes[key] = routeSettings(api, settings)
		}
	}
	out := members{
		"stageName": stage.Name, "deploymentId": stage.deployment(api), "autoDeploy": stage.autoDeploys(api),
		"createdDate": v.time(stage.since(api)), "lastUpdatedDate": v.time(stage.updated),
		"defaultRouteSettings": routeSettings(api, defaults),
		"routeSettings":        routes, "stageVariables": notNil(stage.Variables), "tags": notNil(stage.Tags),
	}
	out.text("description", stage.Description)
	out.text("clientCertificateId", stage.ClientCertificateID)
	out.text("lastDeploymentStatusMessage", stage.LastDeploymentStatus)
	out.flag("apiGatewayManaged", stage.Managed)
	stage.describeAccessLog(out)
	return out
}

func routeSettings(api *API, m MethodSettings) members {
	out := members{"detailedMetricsEnabled": m.Metrics}
	if m.Throttle != nil {
		out["throttlingBurstLimit"], out["throttlingRateLimit"] = m.Throttle.Burst, m.Throttle.Rate
	}
	if api.kind() == TypeWebSocket {
		out["loggingLevel"], out["dataTraceEnabled"] = cmp.Or(m.LoggingLevel, "OFF"), m.DataTrace
	}
	return out
}
