package awssim

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// region is a world of one account with one region.
func oneRegion(r *Region) *World {
	r.Name = "us-east-1"
	return &World{Seed: 1, Accounts: []*Account{{ID: DemoAccount, Regions: []*Region{r}}}}
}

// TestNothingThere: what is below something unknown is not found, and the other version does not know an API.
func TestNothingThere(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	v1, v2, none, rest, http := h.apiGateway(), h.apiGatewayV2(), aws.String("nothere000"), aws.String("a1orders00"), aws.String("a3payments")
	for name, read := range map[string]func() error{
		"GetResources": func() error {
			_, err := v1.GetResources(background, &apigateway.GetResourcesInput{RestApiId: http})
			return err
		},
		"GetDeployments": func() error {
			_, err := v1.GetDeployments(background, &apigateway.GetDeploymentsInput{RestApiId: none})
			return err
		},
		"GetDeployment": func() error {
			_, err := v1.GetDeployment(background, &apigateway.GetDeploymentInput{RestApiId: rest, DeploymentId: none})
			return err
		},
		"GetAuthorizers": func() error {
			_, err := v1.GetAuthorizers(background, &apigateway.GetAuthorizersInput{RestApiId: none})
			return err
		},
		"GetModels": func() error {
			_, err := v1.GetModels(background, &apigateway.GetModelsInput{RestApiId: none})
			return err
		},
		"GetRequestValidators": func() error {
			_, err := v1.GetRequestValidators(background, &apigateway.GetRequestValidatorsInput{RestApiId: none})
			return err
		},
		"GetBasePathMappings": func() error {
			_, err := v1.GetBasePathMappings(background, &apigateway.GetBasePathMappingsInput{DomainName: none})
			return err
		},
		"private domain name": func() error {
			_, err := v1.GetBasePathMappings(background, &apigateway.GetBasePathMappingsInput{DomainName: aws.String("tools.internal.example.com")})
			return err
		},
		"GetUsagePlanKeys": func() error {
			_, err := v1.GetUsagePlanKeys(background, &apigateway.GetUsagePlanKeysInput{UsagePlanId: none})
			return err
		},
		"GetUsage": func() error {
			_, err := v1.GetUsage(background, &apigateway.GetUsageInput{
				UsagePlanId: none, StartDate: aws.String("2026-11-01"), EndDate: aws.String("2026-11-02"),
			})
			return err
		},
		"GetRoutes": func() error {
			_, err := v2.GetRoutes(background, &apigatewayv2.GetRoutesInput{ApiId: rest})
			return err
		},
		"GetIntegrations": func() error {
			_, err := v2.GetIntegrations(background, &apigatewayv2.GetIntegrationsInput{ApiId: none})
			return err
		},
		"GetDeploymentsV2": func() error {
			_, err := v2.GetDeployments(background, &apigatewayv2.GetDeploymentsInput{ApiId: none})
			return err
		},
		"GetAuthorizersV2": func() error {
			_, err := v2.GetAuthorizers(background, &apigatewayv2.GetAuthorizersInput{ApiId: none})
			return err
		},
		"GetModelsV2": func() error {
			_, err := v2.GetModels(background, &apigatewayv2.GetModelsInput{ApiId: none})
			return err
		},
		"GetApiMappings": func() error {
			_, err := v2.GetApiMappings(background, &apigatewayv2.GetApiMappingsInput{DomainName: none})
			return err
		},
		"ListRoutingRules": func() error {
			_, err := v2.ListRoutingRules(background, &apigatewayv2.ListRoutingRulesInput{DomainName: none})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, read(), "NotFoundException") })
	}
}

// TestEmbeds: answers leave out what is not asked for.
func TestEmbeds(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	id := aws.String("a1orders00")
	out, err := h.apiGateway().GetResources(background, &apigateway.GetResourcesInput{RestApiId: id})
	if err != nil {
		t.Fatal(err)
	}
	root, methods := 0, 0
	for _, r := range out.Items {
		if *r.Path == "/" {
			root++
			if r.ParentId != nil || r.PathPart != nil {
				t.Errorf("the root has a parent: %+v", r)
			}
		} else if r.ParentId == nil || *r.PathPart != (*r.Path)[strings.LastIndex(*r.Path, "/")+1:] {
			t.Errorf("resource %s has the parent %v", *r.Path, r.ParentId)
		}
		for _, m := range r.ResourceMethods {
			methods++
			if m.HttpMethod != nil || m.MethodIntegration != nil {
				t.Errorf("without embed=methods %s has %+v", *r.Path, m)
			}
		}
	}
	if root != 1 || methods != 7 || len(out.Items) != 6 {
		t.Errorf("there are %d resources, %d roots and %d methods", len(out.Items), root, methods)
	}
	one, err := h.apiGateway().GetDeployment(background, &apigateway.GetDeploymentInput{RestApiId: id, DeploymentId: aws.String("ord002")})
	if err != nil || one.ApiSummary != nil {
		t.Errorf("without embed=apisummary the deployment is %+v (%v)", one, err)
	}
}

// TestIncludeValues: keys' values only where they are asked for, and in usage plans always.
func TestIncludeValues(t *testing.T) {
	world := oneRegion(&Region{
		APIKeys:    []*APIKey{{ID: "keyone0000", Name: "one", Value: "secret-one"}, {ID: "keytwo0000", Name: "two"}},
		UsagePlans: []*UsagePlan{{ID: "plan00", Name: "plan", Keys: []*PlanKey{{KeyID: "keyone0000"}}}},
	})
	client := start(t, Config{World: world}).apiGateway()
	for _, values := range []*bool{nil, aws.Bool(false), aws.Bool(true)} {
		out, err := client.GetApiKeys(background, &apigateway.GetApiKeysInput{IncludeValues: values})
		if err != nil || len(out.Items) != 2 {
			t.Fatalf("the keys are %+v (%v)", out, err)
		}
		for _, k := range out.Items {
			if (k.Value != nil) != aws.ToBool(values) || k.Value != nil && len(*k.Value) < 10 {
				t.Errorf("with includeValues=%v the key has the value %v", values, k.Value)
			}
		}
	}
	keys, err := client.GetUsagePlanKeys(background, &apigateway.GetUsagePlanKeysInput{UsagePlanId: aws.String("plan00")})
	if err != nil || len(keys.Items) != 1 || *keys.Items[0].Value != "secret-one" || *keys.Items[0].Name != "one" {
		t.Errorf("the plan's keys are %+v (%v)", keys, err)
	}
}

// TestMethodSettingsKeys: REST writes the slashes of paths as ~1, unless the world says otherwise.
func TestMethodSettingsKeys(t *testing.T) {
	settings := map[string]MethodSettings{"/orders/{id}/GET": {Throttle: &Throttle{Rate: 0, Burst: 7}}, "//GET": {}, "*/*": {LoggingLevel: "INFO"}}
	world := oneRegion(&Region{
		APIs: []*API{{ID: "settings00", Stages: []*Stage{{Name: "escaped", Methods: settings}, {Name: "plain", Methods: settings, PlainMethodKeys: true}}}},
	})
	out, err := start(t, Config{World: world}).apiGateway().GetStages(background, &apigateway.GetStagesInput{RestApiId: aws.String("settings00")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"*/*", "~1/GET", "~1orders~1{id}/GET"}, {"*/*", "//GET", "/orders/{id}/GET"}} {
		got := out.Item[i].MethodSettings
		if len(got) != 3 || *got[want[0]].LoggingLevel != "INFO" || got[want[1]].ThrottlingBurstLimit != 5000 || got[want[2]].ThrottlingBurstLimit != 7 || got[want[2]].ThrottlingRateLimit != 0 {
			t.Errorf("the settings of %s are %+v", *out.Item[i].StageName, got)
		}
	}
}

// TestDomainNamesOfV2: v2 has members of its own, and no private domain names.
func TestDomainNamesOfV2(t *testing.T) {
	client := start(t, Config{World: DemoWorld(noon)}).apiGatewayV2()
	out, err := client.GetDomainNames(background, &apigatewayv2.GetDomainNamesInput{})
	if err != nil || len(out.Items) != 2 {
		t.Fatalf("the domain names are %+v (%v)", out, err)
	}
	api := out.Items[0]
	c := api.DomainNameConfigurations[0]
	if *api.DomainName != "api.example.com" || api.RoutingMode != "ROUTING_RULE_THEN_API_MAPPING" || *api.MutualTlsAuthentication.TruststoreVersion != "v7" ||
		*api.DomainNameArn != "arn:aws:apigateway:us-east-1::/domainnames/api.example.com" {
		t.Errorf("the domain name is %+v", api)
	}
	if c.EndpointType != "REGIONAL" || c.CertificateArn == nil || c.CertificateUploadDate == nil || !strings.HasPrefix(*c.ApiGatewayDomainName, "d-") || c.DomainNameStatus != "AVAILABLE" {
		t.Errorf("its configuration is %+v", c)
	}
	mappings, err := client.GetApiMappings(background, &apigatewayv2.GetApiMappingsInput{DomainName: api.DomainName})
	if err != nil || len(mappings.Items) != 3 {
		t.Errorf("the mappings are %+v (%v)", mappings, err)
	}
}

// TestTokensSurviveChanges: whoever pages misses nothing that stays while other entries come and go.
func TestTokensSurviveChanges(t *testing.T) {
	now := noon
	later := noon.Add(time.Minute)
	api := &API{ID: "paging0000", Type: TypeHTTP, Stages: []*Stage{{Name: "$default"}}}
	for _, id := range []string{"r1", "r2", "r3", "r4", "r5", "r6"} {
		api.Routes = append(api.Routes, &RouteDef{ID: id, RouteKey: "GET /" + id})
	}
	api.Routes[1].Deleted = later // the last one of the first page
	api.Routes = append(api.Routes, &RouteDef{ID: "r0", RouteKey: "GET /r0", Created: later}, &RouteDef{ID: "r25", RouteKey: "GET /r25", Created: later})
	client := start(t, Config{World: oneRegion(&Region{APIs: []*API{api}}), Now: func() time.Time { return now }}).apiGatewayV2()
	var got []string
	var token *string
	for {
		out, err := client.GetRoutes(background, &apigatewayv2.GetRoutesInput{ApiId: &api.ID, MaxResults: aws.String("2"), NextToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Items {
			got = append(got, *r.RouteId)
		}
		now = later
		if token = out.NextToken; token == nil {
			break
		}
	}
	if want := []string{"r1", "r2", "r25", "r3", "r4", "r5", "r6"}; !slices.Equal(got, want) {
		t.Errorf("the pages have %v, want %v", got, want)
	}
}

// TestControlPlaneQuotas: GetResources has a quota of its own beside that of all operations; a refusal says when to come again.
func TestControlPlaneQuotas(t *testing.T) {
	now := noon
	h := start(t, Config{World: DemoWorld(noon), EnforceQuotas: true, Now: func() time.Time { return now }})
	client := h.apiGateway()
	resources := func() error {
		_, err := client.GetResources(background, &apigateway.GetResourcesInput{RestApiId: aws.String("a1orders00")})
		return err
	}
	for range 5 {
		if err := resources(); err != nil {
			t.Fatal(err)
		}
	}
	err := resources()
	wantCode(t, err, "TooManyRequestsException")
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) || response.HTTPStatusCode() != 429 || response.Response.Header.Get("Retry-After") == "" {
		t.Errorf("the refusal is %+v", response)
	}
	refused := 0
	for range 45 {
		if _, err := client.GetStages(background, &apigateway.GetStagesInput{RestApiId: aws.String("a1orders00")}); err != nil {
			wantCode(t, err, "TooManyRequestsException")
			refused++
		}
	}
	if refused != 10 { // of 40 at once, 5 were taken by GetResources
		t.Errorf("%d of 45 calls were refused, want 10", refused)
	}
	now = now.Add(2 * time.Second)
	for range 5 {
		if err := resources(); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, resources(), "TooManyRequestsException")
}

// TestDenialsNameTheResource: what a policy has to allow.
func TestDenialsNameTheResource(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon), Faults: Faults{Deny: map[string]DenyKind{"*": IdentityPolicy}}})
	v1, v2 := h.apiGateway(), h.apiGatewayV2()
	for want, read := range map[string]func() error{
		"apigateway:GET on resource: arn:aws:apigateway:us-east-1::/apis/a3payments/routes because": func() error {
			_, err := v2.GetRoutes(background, &apigatewayv2.GetRoutesInput{ApiId: aws.String("a3payments")})
			return err
		},
		"apigateway:ListRoutingRules on resource: arn:aws:apigateway:us-east-1:111122223333:/domainnames/api.example.com/routingrules because": func() error {
			_, err := v2.ListRoutingRules(background, &apigatewayv2.ListRoutingRulesInput{DomainName: aws.String("api.example.com")})
			return err
		},
		"apigateway:GET on resource: arn:aws:apigateway:us-east-1:111122223333:/domainnames/tools.internal.example.com+privtools1/basepathmappings because": func() error {
			_, err := v1.GetBasePathMappings(background, &apigateway.GetBasePathMappingsInput{
				DomainName: aws.String("tools.internal.example.com"), DomainNameId: aws.String("privtools1"),
			})
			return err
		},
		"apigateway:GET on resource: arn:aws:apigateway:us-east-1::/usageplans/plngld/keys because": func() error {
			_, err := v1.GetUsagePlanKeys(background, &apigateway.GetUsagePlanKeysInput{UsagePlanId: aws.String("plngld")})
			return err
		},
	} {
		if got := wantCode(t, read(), "AccessDeniedException"); !strings.Contains(got, want) {
			t.Errorf("the denial says %q, want %q in it", got, want)
		}
	}
}

// TestMalformedInventory: entries without members, and pages without end.
func TestMalformedInventory(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon), Faults: Faults{Malformed: 1, MalformedKinds: []string{MalformedMissing}}})
	v1, v2 := h.apiGateway(), h.apiGatewayV2()
	routes, err := v2.GetRoutes(background, &apigatewayv2.GetRoutesInput{ApiId: aws.String("a3payments")})
	if err != nil || len(routes.Items) != 7 || routes.Items[0].RouteId != nil {
		t.Errorf("the routes are %+v (%v)", routes, err)
	}
	rules, err := v2.ListRoutingRules(background, &apigatewayv2.ListRoutingRulesInput{DomainName: aws.String("api.example.com")})
	if err != nil || len(rules.RoutingRules) != 2 || rules.RoutingRules[0].RoutingRuleId != nil {
		t.Errorf("the rules are %+v (%v)", rules, err)
	}
	account, err := v1.GetAccount(background, &apigateway.GetAccountInput{})
	if err != nil || account.ThrottleSettings != nil {
		t.Errorf("the account is %+v (%v)", account, err)
	}
	h.SetFaults(Faults{Malformed: 1, MalformedKinds: []string{MalformedNextToken}})
	var token *string
	for range 3 {
		out, err := v1.GetResources(background, &apigateway.GetResourcesInput{RestApiId: aws.String("a1orders00"), Position: token})
		if err != nil || len(out.Items) != 6 || out.Position == nil {
			t.Fatalf("the resources are %+v (%v)", out, err)
		}
		token = out.Position
	}
	h.SetFaults(Faults{Malformed: 1, MalformedKinds: []string{MalformedGarbage}, Only: []string{"GetRoutes"}})
	if _, err := v2.GetRoutes(background, &apigatewayv2.GetRoutesInput{ApiId: aws.String("a3payments")}); err == nil {
		t.Error("garbage was read")
	}
	if _, err := v2.GetIntegrations(background, &apigatewayv2.GetIntegrationsInput{ApiId: aws.String("a3payments")}); err != nil {
		t.Error(err)
	}
}

// TestInventoryWorld: as large as it was asked for, and each route with an integration.
func TestInventoryWorld(t *testing.T) {
	world := InventoryWorld(3, 2, 2, 10)
	count := map[string]int{}
	for _, r := range world.Resources(DemoAccount, "us-east-1", noon) {
		count[r.Kind]++
	}
	if count[KindAPI] != 5 || count[KindStage] != 8 || count[KindRoute] != 50 || count[KindIntegration] != 50 {
		t.Errorf("the world has %v", count)
	}
}

// TestAdminResources asks the admin API what exists.
func TestAdminResources(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	var answer struct{ Resources []PlacedResource }
	h.admin(t, "GET", "/world/resources?account="+DemoAccount+"&region=us-east-1&kind=stage&at="+noon.Add(5*time.Minute).Format(time.RFC3339), "", &answer)
	found := false
	for _, r := range answer.Resources {
		if r.Kind != KindStage || r.Region != "us-east-1" {
			t.Errorf("it answers %+v", r)
		}
		found = found || r.API == "a2catalog0" && r.ID == "preview" && slices.Contains(r.Links, Link{KindDeployment, "a2catalog0", "cat003"})
	}
	if !found {
		t.Error("the new stage is missing")
	}
	if code := h.admin(t, "GET", "/world/resources?kind=stages", "", nil); code != http.StatusBadRequest {
		t.Errorf("an unknown kind is answered with %d", code)
	}
}
