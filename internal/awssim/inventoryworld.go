package awssim

import (
	"fmt"
	"time"
)

// InventoryWorld is one account with a large inventory in us-east-1 and without any traffic: that many REST APIs with so many stages and routes
// each, and that many HTTP APIs with one stage and as many routes. Each route has an integration of its own.
func InventoryWorld(restAPIs, httpAPIs, stages, routes int) *World {
	region := &Region{Name: "us-east-1", VPCLinks: []*VPCLink{{ID: "vpclink001", Name: "backends"}, {ID: "vpclink002", Name: "backends", Version: 2}}}
	created := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range restAPIs {
		api := &API{
			ID: fmt.Sprintf("rest%06d", i), Name: fmt.Sprintf("service-%04d", i), Created: created,
			Tags: map[string]string{"team": fmt.Sprintf("team-%d", i%20)},
		}
		for k := range stages {
			api.Stages = append(api.Stages, &Stage{Name: fmt.Sprintf("stage%d", k)})
		}
		for k := range routes {
			api.Routes = append(api.Routes, inventoryRoute(api, k, "vpclink001"))
		}
		region.APIs = append(region.APIs, api)
	}
	for i := range httpAPIs {
		api := &API{
			ID: fmt.Sprintf("http%06d", i), Name: fmt.Sprintf("web-%04d", i), Type: TypeHTTP, Created: created,
			Tags: map[string]string{"team": fmt.Sprintf("team-%d", i%20)}, Stages: []*Stage{{Name: "$default"}},
		}
		for k := range routes {
			api.Routes = append(api.Routes, inventoryRoute(api, k, "vpclink002"))
		}
		region.APIs = append(region.APIs, api)
	}
	return &World{Seed: 1, Accounts: []*Account{{ID: DemoAccount, Regions: []*Region{region}}}}
}

// inventoryRoute makes the k-th route of an API. Two routes share a path; integrations are Lambda functions, URLs and, behind a VPC link, URLs.
func inventoryRoute(api *API, k int, link string) *RouteDef {
	path, method := fmt.Sprintf("/things%d", k/2), "GET"
	if k%4 > 1 {
		path += "/{id}"
	}
	if k%2 == 1 {
		method = "POST"
	}
	integration := &Integration{Type: "HTTP_PROXY", Method: method, URI: "https://backend.example.com/" + api.ID + path}
	switch k % 3 {
	case 0:
		uri := lambdaURI("aws", "us-east-1", DemoAccount, fmt.Sprintf("%s-%d", api.ID, k))
		integration = &Integration{Type: "AWS_PROXY", Method: "POST", URI: uri}
	case 1:
		integration.ConnectionID = link
	}
	return &RouteDef{Method: method, Path: path, Integration: integration}
}
