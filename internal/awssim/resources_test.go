package awssim

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// crawl reads all of an account's region with the SDK: by kind, what each resource's members are.
type crawl struct {
	t     *testing.T
	h     *harness
	found map[string][]map[string]any
}

func (c *crawl) add(kind string, members map[string]any) {
	c.found[kind] = append(c.found[kind], members)
}

// pages follows a list's tokens and adds its items.
func pages[T any](c *crawl, kind string, read func(token *string) ([]T, *string, error)) []T {
	c.t.Helper()
	var all []T
	var token *string
	for {
		items, next, err := read(token)
		if err != nil {
			c.t.Fatalf("cannot list %s: %v", kind, err)
		}
		for _, item := range items {
			c.add(kind, decoded(item))
		}
		if all = append(all, items...); next == nil {
			return all
		}
		token = next
	}
}

func (c *crawl) region() {
	v1, v2, many := c.h.apiGateway(), c.h.apiGatewayV2(), aws.Int32(500)
	account, err := v1.GetAccount(background, &apigateway.GetAccountInput{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.add(KindAccount, decoded(account))
	for _, api := range pages(c, KindAPI, func(token *string) ([]apiV1, *string, error) {
		out, err := v1.GetRestApis(background, &apigateway.GetRestApisInput{Limit: many, Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	}) {
		c.restAPI(*api.Id)
	}
	for _, api := range pages(c, KindAPI, func(token *string) ([]apiV2, *string, error) {
		out, err := v2.GetApis(background, &apigatewayv2.GetApisInput{NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	}) {
		c.httpAPI(*api.ApiId)
	}
	c.domains()
	pages(c, KindVPCLink, func(token *string) ([]vpcLinkV1, *string, error) {
		out, err := v1.GetVpcLinks(background, &apigateway.GetVpcLinksInput{Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	})
	pages(c, KindVPCLink, func(token *string) ([]vpcLinkV2, *string, error) {
		out, err := v2.GetVpcLinks(background, &apigatewayv2.GetVpcLinksInput{NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
	pages(c, KindClientCertificate, func(token *string) ([]certificate, *string, error) {
		out, err := v1.GetClientCertificates(background, &apigateway.GetClientCertificatesInput{Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	})
	pages(c, KindAPIKey, func(token *string) ([]apiKey, *string, error) {
		out, err := v1.GetApiKeys(background, &apigateway.GetApiKeysInput{Position: token, IncludeValues: aws.Bool(true)})
		return valueOr(out).Items, valueOr(out).Position, err
	})
	for _, plan := range pages(c, KindUsagePlan, func(token *string) ([]usagePlan, *string, error) {
		out, err := v1.GetUsagePlans(background, &apigateway.GetUsagePlansInput{Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	}) {
		pages(c, KindUsagePlanKey, func(token *string) ([]planKey, *string, error) {
			out, err := v1.GetUsagePlanKeys(background, &apigateway.GetUsagePlanKeysInput{UsagePlanId: plan.Id, Position: token})
			return valueOr(out).Items, valueOr(out).Position, err
		})
	}
}

func (c *crawl) restAPI(id string) {
	v1, many := c.h.apiGateway(), aws.Int32(500)
	stages, err := v1.GetStages(background, &apigateway.GetStagesInput{RestApiId: &id})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range stages.Item {
		c.add(KindStage, decoded(s))
	}
	resources := &crawl{t: c.t, h: c.h, found: map[string][]map[string]any{}}
	for _, r := range pages(resources, "resource", func(token *string) ([]resourceV1, *string, error) {
		out, err := v1.GetResources(background, &apigateway.GetResourcesInput{RestApiId: &id, Position: token, Embed: []string{"methods"}})
		return valueOr(out).Items, valueOr(out).Position, err
	}) {
		for _, m := range r.ResourceMethods {
			if m.MethodIntegration != nil {
				c.add(KindIntegration, decoded(m.MethodIntegration))
			}
			method := decoded(m)
			delete(method, "methodIntegration")
			method["path"], method["resourceId"] = *r.Path, *r.Id
			c.add(KindRoute, method)
		}
	}
	ids := &crawl{t: c.t, h: c.h, found: map[string][]map[string]any{}}
	for _, d := range pages(ids, "deployment", func(token *string) ([]deploymentV1, *string, error) {
		out, err := v1.GetDeployments(background, &apigateway.GetDeploymentsInput{RestApiId: &id, Position: token, Limit: many})
		return valueOr(out).Items, valueOr(out).Position, err
	}) {
		one, err := v1.GetDeployment(background, &apigateway.GetDeploymentInput{RestApiId: &id, DeploymentId: d.Id, Embed: []string{"apisummary"}})
		if err != nil || d.ApiSummary != nil {
			c.t.Fatalf("deployment %s: %v; in the list it has the summary %v", *d.Id, err, d.ApiSummary)
		}
		c.add(KindDeployment, decoded(one))
	}
	pages(c, KindAuthorizer, func(token *string) ([]authorizerV1, *string, error) {
		out, err := v1.GetAuthorizers(background, &apigateway.GetAuthorizersInput{RestApiId: &id, Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	})
	pages(c, KindModel, func(token *string) ([]modelV1, *string, error) {
		out, err := v1.GetModels(background, &apigateway.GetModelsInput{RestApiId: &id, Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	})
	pages(c, KindRequestValidator, func(token *string) ([]validator, *string, error) {
		out, err := v1.GetRequestValidators(background, &apigateway.GetRequestValidatorsInput{RestApiId: &id, Position: token})
		return valueOr(out).Items, valueOr(out).Position, err
	})
}

func (c *crawl) httpAPI(id string) {
	v2 := c.h.apiGatewayV2()
	pages(c, KindStage, func(token *string) ([]stageV2, *string, error) {
		out, err := v2.GetStages(background, &apigatewayv2.GetStagesInput{ApiId: &id, NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
	pages(c, KindDeployment, func(token *string) ([]deploymentV2, *string, error) {
		out, err := v2.GetDeployments(background, &apigatewayv2.GetDeploymentsInput{ApiId: &id, NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
	pages(c, KindRoute, func(token *string) ([]routeV2, *string, error) {
		out, err := v2.GetRoutes(background, &apigatewayv2.GetRoutesInput{ApiId: &id, NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
	pages(c, KindIntegration, func(token *string) ([]integrationV2, *string, error) {
		out, err := v2.GetIntegrations(background, &apigatewayv2.GetIntegrationsInput{ApiId: &id, NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
	pages(c, KindAuthorizer, func(token *string) ([]authorizerV2, *string, error) {
		out, err := v2.GetAuthorizers(background, &apigatewayv2.GetAuthorizersInput{ApiId: &id, NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
	pages(c, KindModel, func(token *string) ([]modelV2, *string, error) {
		out, err := v2.GetModels(background, &apigatewayv2.GetModelsInput{ApiId: &id, NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	})
}

// domains reads domain names of this account and of others, with what is below them.
func (c *crawl) domains() {
	v1, v2 := c.h.apiGateway(), c.h.apiGatewayV2()
	for _, owner := range []ownerV1{"SELF", "OTHER_ACCOUNTS"} {
		for _, d := range pages(c, KindDomainName, func(token *string) ([]domainV1, *string, error) {
			out, err := v1.GetDomainNames(background, &apigateway.GetDomainNamesInput{ResourceOwner: owner, Position: token})
			return valueOr(out).Items, valueOr(out).Position, err
		}) {
			pages(c, KindBasePathMapping, func(token *string) ([]basePath, *string, error) {
				out, err := v1.GetBasePathMappings(background, &apigateway.GetBasePathMappingsInput{
					DomainName: d.DomainName, DomainNameId: d.DomainNameId, Position: token,
				})
				return valueOr(out).Items, valueOr(out).Position, err
			})
			pages(c, KindRoutingRule, func(token *string) ([]routingRule, *string, error) {
				out, err := v2.ListRoutingRules(background, &apigatewayv2.ListRoutingRulesInput{
					DomainName: d.DomainName, DomainNameId: d.DomainNameId, NextToken: token,
				})
				return valueOr(out).RoutingRules, valueOr(out).NextToken, err
			})
		}
		pages(c, KindAccessAssociation, func(token *string) ([]association, *string, error) {
			out, err := v1.GetDomainNameAccessAssociations(background, &apigateway.GetDomainNameAccessAssociationsInput{ResourceOwner: owner, Position: token})
			return valueOr(out).Items, valueOr(out).Position, err
		})
	}
	names := &crawl{t: c.t, h: c.h, found: map[string][]map[string]any{}}
	for _, d := range pages(names, "domain name", func(token *string) ([]domainV2, *string, error) {
		out, err := v2.GetDomainNames(background, &apigatewayv2.GetDomainNamesInput{NextToken: token})
		return valueOr(out).Items, valueOr(out).NextToken, err
	}) {
		pages(c, KindAPIMapping, func(token *string) ([]apiMapping, *string, error) {
			out, err := v2.GetApiMappings(background, &apigatewayv2.GetApiMappingsInput{DomainName: d.DomainName, NextToken: token})
			return valueOr(out).Items, valueOr(out).NextToken, err
		})
	}
}

func valueOr[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// lines are the members of resources as sorted JSON.
func lines(t *testing.T, all []map[string]any) []string {
	t.Helper()
	var out []string
	for _, m := range all {
		line, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(line))
	}
	slices.Sort(out)
	return out
}

// TestReadsAreTheWorld reads everything that the world has, in small pages, at times between which much changes, and compares it with the world.
func TestReadsAreTheWorld(t *testing.T) {
	world := DemoWorld(noon)
	for _, minute := range []int{0, 4, 6, 9} {
		now := noon.Add(time.Duration(minute)*time.Minute + 30*time.Second)
		t.Run(fmt.Sprintf("after %d minutes", minute), func(t *testing.T) {
			t.Parallel()
			h := start(t, Config{World: world, Now: func() time.Time { return now }, MaxPage: 2})
			kinds := map[string]bool{}
			for _, place := range [][2]string{{DemoAccount, "us-east-1"}, {DemoAccount, "eu-west-1"}, {DemoOtherAccount, "us-east-1"}} {
				compareWithWorld(t, h.as(place[0], place[1]), place[0], place[1], now, kinds)
			}
			if len(kinds) != len(allKinds) {
				t.Errorf("the demonstration has only %v", kinds)
			}
		})
	}
}

func compareWithWorld(t *testing.T, h *harness, account, region string, now time.Time, kinds map[string]bool) {
	t.Helper()
	c := &crawl{t: t, h: h, found: map[string][]map[string]any{}}
	c.region()
	want := map[string][]map[string]any{}
	for _, r := range h.world.Resources(account, region, now) {
		fields := decoded(r.Fields)
		if settings, ok := fields["methodSettings"].(map[string]any); ok {
			escaped := map[string]any{}
			for key, value := range settings {
				escaped[escapeMethodKey(key)] = value
			}
			fields["methodSettings"] = escaped
		}
		want[r.Kind] = append(want[r.Kind], fields)
		kinds[r.Kind] = true
	}
	for _, kind := range allKinds {
		diff(t, account+" "+region+" "+kind, lines(t, c.found[kind]), lines(t, want[kind]))
	}
}

func diff(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: AWS has %s", what, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: the world has %s", what, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: AWS has %d, the world %d", what, len(got), len(want))
	}
}
