package awssim

import "time"

// demoPayments is an HTTP API: deployed by itself, behind an identity provider, with VPC links to a load balancer and to Cloud Map, and with queues
// and state machines called without code. Its throttle changes four minutes from now.
func demoPayments(api *API, now time.Time) {
	api.Description, api.Version = "Card payments", "3"
	api.CORS = &CORS{
		AllowOrigins: []string{"https://shop.example.com"}, AllowMethods: []string{"GET", "POST"},
		AllowHeaders: []string{"authorization", "content-type"}, MaxAge: 300, AllowCredentials: true,
	}
	api.Authorizers = []*Authorizer{
		{
			ID: "jwtpay", Name: "shop-login", Type: "JWT", IdentitySource: []string{"$request.header.Authorization"},
			Issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Shop00001", Audience: []string{"3abcdefghijklmnopqrstuvwxy"},
		},
		{
			ID: "lampay", Name: "webhook-signature", Type: "REQUEST", IdentitySource: []string{"$request.header.X-Signature"},
			URI: lambdaURI("aws", "us-east-1", DemoAccount, "check-signature"), SimpleResponses: true,
		},
	}
	behindALB := &Integration{
		Method: "ANY", ConnectionID: "vpcl2a", Description: "the ledger", ServerName: "ledger.internal.example.com",
		URI:                demoARN("elasticloadbalancing", "listener/app/ledger/50dc6c495c0c9188/f2f7dc8efc522ab2"),
		ResponseParameters: map[string]map[string]string{"500": {"overwrite:statuscode": "502"}},
	}
	cloudMap := &Integration{Method: "ANY", ConnectionID: "vpcl2a", URI: demoARN("servicediscovery", "service/srv-shop4refunds0001")}
	queue := &Integration{
		Type: "AWS_PROXY", Subtype: "SQS-SendMessage", Credentials: demoRoleARN("apigateway-sqs"),
		RequestParameters: map[string]string{"QueueUrl": "https://sqs.us-east-1.amazonaws.com/" + DemoAccount + "/webhooks", "MessageBody": "$request.body"},
	}
	workflow := &Integration{
		Type: "AWS_PROXY", Subtype: "StepFunctions-StartExecution", Credentials: demoRoleARN("apigateway-states"), TimeoutMS: 5000,
		RequestParameters: map[string]string{"StateMachineArn": demoARN("states", "stateMachine:settle"), "Input": "$request.body"},
	}
	api.Routes = []*RouteDef{
		{
			Method: "POST", Path: "/charges", Authorization: "JWT", AuthorizerID: "jwtpay", Scopes: []string{"payments/write"},
			OperationName: "charge", Integration: demoLambda("charge"),
		},
		{Method: "GET", Path: "/charges/{id}", Authorization: "JWT", AuthorizerID: "jwtpay", Integration: behindALB},
		{Method: "GET", Path: "/ledger/{proxy+}", Authorization: "AWS_IAM", Integration: behindALB}, // one integration, two routes
		{Method: "ANY", Path: "/refunds", Authorization: "AWS_IAM", Integration: cloudMap},
		{Method: "POST", Path: "/webhooks", Authorization: "CUSTOM", AuthorizerID: "lampay", Integration: queue},
		{Method: "POST", Path: "/settlements", Authorization: "AWS_IAM", Integration: workflow},
		{RouteKey: "$default", Integration: &Integration{Method: "ANY", URI: "https://www.example.com/not-found"}},
	}
	usual := api.Stages[0]
	usual.AccessLog, usual.LastDeploymentStatus = demoLog("payments", demoHTTPTimed), "Successfully deployed stage with deployment ID 'pay004'"
	usual.Methods = map[string]MethodSettings{
		"*/*": {Throttle: &Throttle{Rate: 200, Burst: 100}}, "POST /charges": {Metrics: true, Throttle: &Throttle{Rate: 50, Burst: 20}},
	}
	usual.DeploymentID, usual.Variables = "pay004", map[string]string{"provider": "cards.example.com"}
	api.Deployments = []*Deployment{
		{ID: "pay004", Created: now.Add(-3 * 24 * time.Hour), Auto: true, Description: "Automatic deployment triggered by changes to the Api configuration"},
	}
	usual.Changes = []Change[Stage]{{now.Add(4 * time.Minute), func(s *Stage) {
		s.Methods = map[string]MethodSettings{
			"*/*": {Throttle: &Throttle{Rate: 400, Burst: 200}}, "POST /charges": {Metrics: true, Throttle: &Throttle{Rate: 50, Burst: 20}},
		}
	}}}
	api.Stages[1].AccessLog = AccessLog{demoARN("firehose", "deliverystream/amazon-apigateway-payments-sandbox"), demoHTTPJSON}
}

// demoChat is a WebSocket API.
func demoChat(api *API, now, old time.Time) {
	api.RouteSelection = "$request.body.action"
	api.Authorizers = []*Authorizer{{
		ID: "wsauth", Name: "agents", Type: "REQUEST", IdentitySource: []string{"route.request.querystring.token"},
		URI: lambdaURI("aws", "us-east-1", DemoAccount, "authorize-agent"), Credentials: demoRoleARN("apigateway-authorizer"),
	}}
	api.Models = []*Model{{ID: "wsmodl", Name: "Message", Schema: `{"type": "object"}`}}
	hub := demoLambda("chat-hub")
	hub.PayloadFormatVersion = ""
	api.Routes = []*RouteDef{
		{
			RouteKey: "$connect", Authorization: "CUSTOM", AuthorizerID: "wsauth",
			Parameters: map[string]bool{"route.request.querystring.token": true}, Integration: hub,
		},
		{RouteKey: "$disconnect", Integration: hub},
		{
			RouteKey: "$default", ResponseSelection: "$default",
			Integration: &Integration{Type: "MOCK", TemplateSelection: `\$default`, RequestTemplates: map[string]string{`$default`: `{"statusCode": 200}`}},
		},
		{
			RouteKey: "sendMessage", ModelSelection: "$request.body.action", RequestModels: map[string]string{"sendMessage": "Message"},
			Integration: demoLambda("chat-send:${stageVariables.alias}"),
		},
	}
	api.Deployments = []*Deployment{
		{ID: "cht001", Created: old}, {ID: "cht002", Created: now.Add(-9 * 24 * time.Hour), Status: "FAILED", StatusMessage: "Invalid model"},
	}
	prod := api.Stages[0]
	prod.DeploymentID, prod.Variables = "cht001", map[string]string{"alias": "live"}
	prod.AccessLog = demoLog("support-chat", demoWebSocketJSON)
	prod.Methods = map[string]MethodSettings{
		"*/*":         {LoggingLevel: "ERROR", DataTrace: true, Throttle: &Throttle{Rate: 1000, Burst: 500}},
		"sendMessage": {Metrics: true, LoggingLevel: "INFO"},
	}
}
