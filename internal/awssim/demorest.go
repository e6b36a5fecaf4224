package awssim

import (
	"slices"
	"time"
)

// demoOrders gives the orders API methods with all kinds of integrations and authorizers, and what happens to it: a deployment two minutes from now
// that is rolled back three minutes later, an edit that nobody deploys.
func demoOrders(api *API, now, old time.Time) {
	api.Description, api.Version = "Orders of the shop", "2026-10"
	api.Authorizers = []*Authorizer{
		{
			ID: "authcogn", Name: "customers", Type: "COGNITO_USER_POOLS",
			ProviderARNs:   []string{demoARN("cognito-idp", "userpool/us-east-1_Shop00001")},
			IdentitySource: []string{"method.request.header.Authorization"},
		},
		{
			ID: "authtokn", Name: "legacy-token", Type: "TOKEN", URI: lambdaURI("aws", "us-east-1", DemoAccount, "authorize-token"), TTL: 600,
			IdentitySource: []string{"method.request.header.X-Token"}, Validation: "^[A-Za-z0-9._-]+$", Credentials: demoRoleARN("apigateway-authorizer"),
		},
		{
			ID: "authreqs", Name: "partners", Type: "REQUEST", URI: lambdaURI("aws", "us-east-1", DemoAccount, "authorize-request"), TTL: -1,
			IdentitySource: []string{"method.request.header.X-Partner", "stageVariables.tenant"},
		},
	}
	api.Models = []*Model{
		{Name: "Order", Schema: `{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["item"]}`},
		{Name: "Empty", Schema: `{}`},
	}
	api.RequestValidators = []*RequestValidator{{ID: "valbody", Name: "body", Body: true}, {ID: "valall", Name: "all", Body: true, Parameters: true}}
	behindNLB := &Integration{
		Type: "HTTP_PROXY", Method: "GET", URI: "http://orders.internal.example.com/orders/{id}", ConnectionID: "vpcl00orders",
		RequestParameters: map[string]string{
			"integration.request.path.id": "method.request.path.id", "integration.request.header.X-Shop-Secret": "'demo-shared-secret'",
		},
		// Slower backends are waited for from now+7m; no deployment follows.
		TimeoutMS: 10_000, Changes: []Change[Integration]{{now.Add(7 * time.Minute), func(i *Integration) { i.TimeoutMS = 20_000 }}},
	}
	api.Routes = []*RouteDef{
		{
			Method: "GET", Path: "/orders", Authorization: "COGNITO_USER_POOLS", AuthorizerID: "authcogn", Scopes: []string{"orders/read"},
			OperationName: "listOrders", Integration: demoLambda("orders-list:live"),
		},
		{
			Method: "POST", Path: "/orders", Authorization: "CUSTOM", AuthorizerID: "authtokn", APIKeyRequired: true, ValidatorID: "valbody",
			RequestModels: map[string]string{"application/json": "Order"}, Integration: demoAction("states", "action/StartExecution",
				`{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "`+demoARN("states", "stateMachine:fulfil-order")+`"}`),
		},
		{
			Method: "GET", Path: "/orders/{id}", Authorization: "AWS_IAM", Parameters: map[string]bool{"method.request.path.id": true},
			ValidatorID: "valall", Integration: behindNLB,
		},
		{
			Method: "OPTIONS", Path: "/orders",
			Integration: &Integration{Type: "MOCK", RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}},
		},
		{
			Method: "POST", Path: "/orders/{id}/events", Authorization: "CUSTOM", AuthorizerID: "authreqs",
			Integration: demoAction("sqs", "path/"+DemoAccount+"/order-events", `Action=SendMessage&MessageBody=$input.body`),
		},
		{
			Method: "POST", Path: "/workflows", Authorization: "AWS_IAM",
			Integration: demoAction("states", "action/StartExecution", `$input.json('$')`),
		}, // its caller names the state machine
		{Method: "ANY", Path: "/{proxy+}", Integration: &Integration{Type: "HTTP_PROXY", Method: "ANY", URI: "https://${stageVariables.legacyHost}/{proxy}"}},
		// Written while a demonstration runs, and part of the deployment at +2m.
		{Method: "DELETE", Path: "/orders/{id}", Created: now.Add(90 * time.Second), Authorization: "AWS_IAM", Integration: demoLambda("orders-cancel")},
	}
	api.Deployments = []*Deployment{
		{ID: "ord001", Created: old, Description: "first"},
		{ID: "ord002", Created: now.Add(-26 * time.Hour), Description: "validate bodies"},
		{ID: "ord003", Created: now.Add(2 * time.Minute), Description: "orders can be cancelled"},
	}
	prod := api.Stages[0]
	prod.Description, prod.DeploymentID, prod.Tracing = "live traffic", "ord002", true
	prod.Canary = &Canary{DeploymentID: "ord002", Variables: map[string]string{"tenant": "canary"}}
	prod.WebACL = demoARN("wafv2", "regional/webacl/shop/6f7a2f3e-0d5f-4a3b-9a51-3e2c1f0a9b7d")
	prod.AccessLog = demoLog("orders", demoJSON)
	prod.Variables = map[string]string{"tenant": "shop", "legacyHost": "legacy.example.com"}
	prod.DocumentationVersion = "2026-10"
	prod.Methods = map[string]MethodSettings{
		"*/*":              {LoggingLevel: "INFO", DataTrace: true, Throttle: &Throttle{Rate: 2000, Burst: 1000}},
		"/orders/{id}/GET": {Metrics: true, LoggingLevel: "ERROR", Throttle: &Throttle{Rate: 500, Burst: 200}},
	}
	prod.Changes = []Change[Stage]{
		{now.Add(2 * time.Minute), func(s *Stage) { s.DeploymentID = "ord003" }},
		{now.Add(5 * time.Minute), func(s *Stage) { s.DeploymentID = "ord002" }},
	}
	test := api.Stages[1]
	test.AccessLog, test.Variables = demoLog("orders", demoCLF), map[string]string{"tenant": "test", "legacyHost": "legacy.test.example.com"}
	test.Tracing, test.Sampling = true, 1
	test.Routes = append(slices.Clone(test.Routes), // one of each kind of integration, for X-Ray
		Route{Method: "OPTIONS", Path: "/orders"}, Route{Method: "POST", Path: "/orders/{id}/events"}, Route{Method: "POST", Path: "/workflows"},
		Route{Method: "ANY", Path: "/{proxy+}"})
}

// demoCatalogue is cached, and calls its backends over HTTP with a client certificate that is rotated six minutes from now. A canary starts three
// minutes from now and is promoted five minutes later; a stage is added in between.
func demoCatalogue(api *API, now, old time.Time) {
	api.MinimumCompression, api.BinaryMediaTypes = 1024, []string{"image/png", "application/pdf"}
	backend := &Integration{
		Type: "HTTP", Method: "GET", URI: "https://${stageVariables.backend}/products", CacheKeys: []string{"method.request.querystring.page"},
		ResponseTemplates: map[string]string{"application/json": `{"products": $input.json('$')}`},
	}
	api.Routes = []*RouteDef{
		{Method: "GET", Path: "/", Integration: &Integration{Type: "MOCK"}},
		{Method: "GET", Path: "/products", Parameters: map[string]bool{"method.request.querystring.page": false}, Integration: backend},
		{
			Method: "GET", Path: "/products/{id}/image",
			Integration: &Integration{
				Type: "AWS", Method: "GET", URI: "arn:aws:apigateway:us-east-1:s3:path/shop-images/{id}", Credentials: demoRoleARN("apigateway-s3"),
				ContentHandling: "CONVERT_TO_BINARY",
			},
		},
	}
	api.Deployments = []*Deployment{
		{ID: "cat001", Created: old},
		{ID: "cat002", Created: now.Add(-40 * 24 * time.Hour)},
		{ID: "cat003", Created: now.Add(3 * time.Minute), Description: "images in a new format"},
	}
	live := api.Stages[0]
	live.DeploymentID, live.ClientCertificateID = "cat002", "cert00"
	live.AccessLog, live.Variables = demoLog("catalogue", demoXML), map[string]string{"backend": "catalogue.example.com"}
	live.Methods = map[string]MethodSettings{"*/*": {CacheTTL: 3600, CacheEncrypted: true}, "/products/GET": {Caching: true, CacheTTL: 60}}
	live.Changes = []Change[Stage]{
		{now.Add(3 * time.Minute), func(s *Stage) { s.CanaryPercent, s.Canary = 10, &Canary{DeploymentID: "cat003"} }},
		{now.Add(6 * time.Minute), func(s *Stage) { s.ClientCertificateID = "cert01" }},
		// A promotion leaves the canary there, without traffic, until somebody removes it.
		{now.Add(8 * time.Minute), func(s *Stage) { s.DeploymentID, s.CanaryPercent = "cat003", 0 }},
		{now.Add(10 * time.Minute), func(s *Stage) { s.CanaryPercent, s.Canary = 0, nil }},
	}
	api.Stages = append(api.Stages, &Stage{Name: "preview", Created: now.Add(4 * time.Minute), DeploymentID: "cat003", Description: "for partners to look at"})
}

// demoInternal is private: reachable from one VPC endpoint.
func demoInternal(api *API) {
	api.VPCEndpointIDs = []string{"vpce-0a1b2c3d4e5f60718"}
	api.Policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}]}`
	api.Routes = []*RouteDef{{Method: "GET", Path: "/tools/{name}", Authorization: "AWS_IAM", Integration: &Integration{
		Type: "HTTP_PROXY", Method: "GET", URI: "https://tools.internal.example.com/{name}", ConnectionID: "vpcl2a",
		Target: demoARN("elasticloadbalancing", "loadbalancer/app/tools/50dc6c495c0c9188"),
	}}}
	api.Stages[0].AccessLog = demoLog("internal-tools", demoCSV)
}
