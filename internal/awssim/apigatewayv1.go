package awssim

import (
	"fmt"
	"time"
)

func (s *Server) getRestAPIs(x *exchange) (any, error) {
	return s.pageOfAPIs(x, x.apis(TypeREST), "limit", "position", "item", describeRestAPI)
}

func (s *Server) getRestAPI(x *exchange) (any, error) {
	api, err := x.api(TypeREST)
	if err != nil {
		return nil, err
	}
	return describeRestAPI(api), nil
}

func (s *Server) getStages(x *exchange) (any, error) {
	api, err := x.api(TypeREST)
	if err != nil {
		return nil, err
	}
	items := []map[string]any{} // GetStages has no pages
	for _, stage := range x.stages(api) {
		items = append(items, describeRestStage(x, api, stage))
	}
	return map[string]any{"item": items}, nil
}

func (s *Server) getStage(x *exchange) (any, error) {
	api, err := x.api(TypeREST)
	if err != nil {
		return nil, err
	}
	stage, err := x.stage(api)
	if err != nil {
		return nil, err
	}
	return describeRestStage(x, api, stage), nil
}

// epoch is a timestamp as v1 writes it.
func epoch(t time.Time) int64 {
	if t.IsZero() {
		return minuteStart(0).Unix()
	}
	return t.Unix()
}

func describeRestAPI(api *API) map[string]any {
	endpoint := api.EndpointType
	if endpoint == "" {
		endpoint = "REGIONAL"
	}
	address := "ipv4"
	if endpoint == "PRIVATE" {
		address = "dualstack"
	}
	out := map[string]any{
		"id": api.ID, "name": api.Name, "createdDate": epoch(api.Created),
		"apiKeySource":              "HEADER",
		"endpointConfiguration":     map[string]any{"types": []string{endpoint}, "ipAddressType": address},
		"disableExecuteApiEndpoint": false,
		"rootResourceId":            fmt.Sprintf("%010x", hashStrings(1, api.ID)&0xffffffffff),
		"apiStatus":                 "AVAILABLE",
		"endpointAccessMode":        "BASIC",
		"securityPolicy":            "TLS_1_0",
	}
	if len(api.Tags) > 0 {
		out["tags"] = api.Tags
	}
	return out
}

func describeRestStage(x *exchange, api *API, stage *Stage) map[string]any {
	out := map[string]any{
		"stageName": stage.Name, "deploymentId": deploymentID(api, stage, false),
		"createdDate": epoch(stage.since(api)), "lastUpdatedDate": epoch(lastUpdate(api, stage, x.now)),
		"cacheClusterEnabled": stage.Cache, "cacheClusterStatus": "NOT_AVAILABLE",
		"tracingEnabled": false, "methodSettings": map[string]any{},
	}
	if stage.Cache {
		out["cacheClusterStatus"], out["cacheClusterSize"] = "AVAILABLE", "0.5"
	}
	if detailed(stage, x.now) || stage.Cache {
		out["methodSettings"] = map[string]any{"*/*": map[string]any{
			"metricsEnabled": detailed(stage, x.now), "loggingLevel": "OFF", "dataTraceEnabled": false,
			"throttlingBurstLimit": 5000, "throttlingRateLimit": 10000.0,
			"cachingEnabled": stage.Cache, "cacheTtlInSeconds": 300, "cacheDataEncrypted": false,
			"requireAuthorizationForCacheControl":    true,
			"unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
		}}
	}
	if stage.CanaryPercent > 0 {
		out["canarySettings"] = map[string]any{
			"percentTraffic": stage.CanaryPercent, "deploymentId": deploymentID(api, stage, true), "useStageCache": false,
		}
	}
	if len(stage.Tags) > 0 {
		out["tags"] = stage.Tags
	}
	return out
}
