package awssim

import (
	"fmt"
	"time"
)

func (s *Server) getAPIs(x *exchange) (any, error) {
	return s.pageOfAPIs(x, x.apis(TypeHTTP, TypeWebSocket), "maxResults", "nextToken", "items", func(api *API) map[string]any {
		return describeAPI(x, api)
	})
}

func (s *Server) getAPI(x *exchange) (any, error) {
	api, err := x.api(TypeHTTP, TypeWebSocket)
	if err != nil {
		return nil, err
	}
	return describeAPI(x, api), nil
}

func (s *Server) getStagesV2(x *exchange) (any, error) {
	api, err := x.api(TypeHTTP, TypeWebSocket)
	if err != nil {
		return nil, err
	}
	stages := x.stages(api)
	keys := make([]string, len(stages))
	for i := range stages {
		keys[i] = fmt.Sprintf("%06d", i)
	}
	from, to, next, err := paged(s, x, "maxResults", "nextToken", keys)
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, stage := range stages[from:to] {
		items = append(items, describeStageV2(x, api, stage))
	}
	out := map[string]any{"items": items}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func (s *Server) getStageV2(x *exchange) (any, error) {
	api, err := x.api(TypeHTTP, TypeWebSocket)
	if err != nil {
		return nil, err
	}
	stage, err := x.stage(api)
	if err != nil {
		return nil, err
	}
	return describeStageV2(x, api, stage), nil
}

// iso is a timestamp as v2 writes it.
func iso(t time.Time) string {
	if t.IsZero() {
		t = minuteStart(0)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func describeAPI(x *exchange, api *API) map[string]any {
	scheme, selection := "https", "$request.method $request.path"
	if api.kind() == TypeWebSocket {
		scheme, selection = "wss", "$request.body.action"
	}
	out := map[string]any{
		"apiId": api.ID, "name": api.Name, "protocolType": api.kind(), "createdDate": iso(api.Created),
		"apiEndpoint":               fmt.Sprintf("%s://%s.execute-api.%s.%s", scheme, api.ID, x.caller.region, dnsSuffix(x.caller.account.partition())),
		"apiKeySelectionExpression": "$request.header.x-api-key", "routeSelectionExpression": selection,
		"disableExecuteApiEndpoint": false, "ipAddressType": "ipv4", "tags": map[string]string{},
	}
	if api.Tags != nil {
		out["tags"] = api.Tags
	}
	return out
}

func describeStageV2(x *exchange, api *API, stage *Stage) map[string]any {
	out := map[string]any{
		"stageName": stage.Name, "deploymentId": deploymentID(api, stage, false), "autoDeploy": stage.Name == "$default",
		"createdDate": iso(stage.since(api)), "lastUpdatedDate": iso(lastUpdate(api, stage, x.now)),
		"defaultRouteSettings": map[string]any{"detailedMetricsEnabled": detailed(stage, x.now)},
		"routeSettings":        map[string]any{}, "stageVariables": map[string]string{}, "tags": map[string]string{},
	}
	if stage.Tags != nil {
		out["tags"] = stage.Tags
	}
	return out
}
