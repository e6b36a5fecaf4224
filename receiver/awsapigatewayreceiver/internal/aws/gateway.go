package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	v1types "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// send asks for the page after the token, nil for the first one.
type send func(ctx context.Context, of *model.ReadOf, token *string) error

// read is one kind of control-plane read.
type read struct {
	op   operation
	send send
	// list is the member with the items, "" where the answer is the one item; token is the member with the next page's token.
	list, token string
}

// reads binds the service clients' operations; only those that are named here are linked.
func (c *Client) reads(v1 *apigateway.Client, v2 *apigatewayv2.Client) map[model.Read]read {
	limit, maxResults := awssdk.Int32(restPageSize), awssdk.String(v2PageSize)
	rest := func(list, resource string, s send) read {
		return read{op: operation{action: "apigateway:GET", resource: "arn:%P:apigateway:%R::" + resource, limiter: controlPlane}, send: s, list: list, token: "position"}
	}
	next := func(resource string, s send) read {
		r := rest("items", resource, s)
		r.token = "nextToken"
		return r
	}
	reads := map[model.Read]read{
		model.GetRestAPIs: rest("item", "/restapis", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetRestApis(ctx, &apigateway.GetRestApisInput{Limit: limit, Position: token}))
		}),
		model.GetRestStages: rest("item", "/restapis/*/stages", func(ctx context.Context, of *model.ReadOf, _ *string) error {
			return sent(v1.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: &of.API}))
		}),
		model.GetRestDeployments: rest("item", "/restapis/*/deployments", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetDeployments(ctx, &apigateway.GetDeploymentsInput{Limit: limit, Position: token, RestApiId: &of.API}))
		}),
		model.GetRestDeployment: rest("", "/restapis/*/deployments/*", func(ctx context.Context, of *model.ReadOf, _ *string) error {
			return sent(v1.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: &of.API, DeploymentId: &of.Deployment, Embed: []string{"apisummary"}}))
		}),
		model.GetResources: rest("item", "/restapis/*/resources", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetResources(ctx, &apigateway.GetResourcesInput{Limit: limit, Position: token, RestApiId: &of.API, Embed: []string{"methods"}}))
		}),
		model.GetRestAuthorizers: rest("item", "/restapis/*/authorizers", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetAuthorizers(ctx, &apigateway.GetAuthorizersInput{Limit: limit, Position: token, RestApiId: &of.API}))
		}),
		model.GetRestModels: rest("item", "/restapis/*/models", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetModels(ctx, &apigateway.GetModelsInput{Limit: limit, Position: token, RestApiId: &of.API}))
		}),
		model.GetRequestValidators: rest("item", "/restapis/*/requestvalidators", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetRequestValidators(ctx, &apigateway.GetRequestValidatorsInput{Limit: limit, Position: token, RestApiId: &of.API}))
		}),
		model.GetAccount: rest("", "/account", func(ctx context.Context, _ *model.ReadOf, _ *string) error {
			return sent(v1.GetAccount(ctx, &apigateway.GetAccountInput{}))
		}),
		model.GetRestDomainNames: rest("item", "/domainnames", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetDomainNames(ctx, &apigateway.GetDomainNamesInput{Limit: limit, Position: token, ResourceOwner: v1types.ResourceOwnerSelf}))
		}),
		model.GetDomainNameAccessAssociations: rest("item", "/domainnameaccessassociations", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetDomainNameAccessAssociations(ctx, &apigateway.GetDomainNameAccessAssociationsInput{Limit: limit, Position: token, ResourceOwner: v1types.ResourceOwnerSelf}))
		}),
		model.GetBasePathMappings: rest("item", "/domainnames/*/basepathmappings", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetBasePathMappings(ctx, &apigateway.GetBasePathMappingsInput{Limit: limit, Position: token, DomainName: &of.DomainName, DomainNameId: optional(of.DomainID)}))
		}),
		model.GetRestVPCLinks: rest("item", "/vpclinks", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetVpcLinks(ctx, &apigateway.GetVpcLinksInput{Limit: limit, Position: token}))
		}),
		model.GetUsagePlans: rest("item", "/usageplans", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{Limit: limit, Position: token}))
		}),
		model.GetUsagePlanKeys: rest("item", "/usageplans/*/keys", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetUsagePlanKeys(ctx, &apigateway.GetUsagePlanKeysInput{Limit: limit, Position: token, UsagePlanId: &of.UsagePlan}))
		}),
		model.GetAPIKeys: rest("item", "/apikeys", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetApiKeys(ctx, &apigateway.GetApiKeysInput{Limit: limit, Position: token, IncludeValues: awssdk.Bool(false)}))
		}),
		model.GetClientCertificates: rest("item", "/clientcertificates", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v1.GetClientCertificates(ctx, &apigateway.GetClientCertificatesInput{Limit: limit, Position: token}))
		}),
		model.GetUsage: rest("", "/usageplans/*/usage", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v1.GetUsage(ctx, &apigateway.GetUsageInput{Limit: limit, Position: token, UsagePlanId: &of.UsagePlan, StartDate: &of.From, EndDate: &of.To}))
		}),
		model.GetAPIs: next("/apis", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v2.GetApis(ctx, &apigatewayv2.GetApisInput{MaxResults: maxResults, NextToken: token}))
		}),
		model.GetStages: next("/apis/*/stages", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetStages(ctx, &apigatewayv2.GetStagesInput{MaxResults: maxResults, NextToken: token, ApiId: &of.API}))
		}),
		model.GetDeployments: next("/apis/*/deployments", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetDeployments(ctx, &apigatewayv2.GetDeploymentsInput{MaxResults: maxResults, NextToken: token, ApiId: &of.API}))
		}),
		model.GetRoutes: next("/apis/*/routes", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{MaxResults: maxResults, NextToken: token, ApiId: &of.API}))
		}),
		model.GetIntegrations: next("/apis/*/integrations", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{MaxResults: maxResults, NextToken: token, ApiId: &of.API}))
		}),
		model.GetAuthorizers: next("/apis/*/authorizers", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetAuthorizers(ctx, &apigatewayv2.GetAuthorizersInput{MaxResults: maxResults, NextToken: token, ApiId: &of.API}))
		}),
		model.GetModels: next("/apis/*/models", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetModels(ctx, &apigatewayv2.GetModelsInput{MaxResults: maxResults, NextToken: token, ApiId: &of.API}))
		}),
		model.GetDomainNames: next("/domainnames", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v2.GetDomainNames(ctx, &apigatewayv2.GetDomainNamesInput{MaxResults: maxResults, NextToken: token}))
		}),
		model.GetAPIMappings: next("/domainnames/*/apimappings", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.GetApiMappings(ctx, &apigatewayv2.GetApiMappingsInput{MaxResults: maxResults, NextToken: token, DomainName: &of.DomainName}))
		}),
		model.ListRoutingRules: next("/domainnames/*/routingrules/*", func(ctx context.Context, of *model.ReadOf, token *string) error {
			return sent(v2.ListRoutingRules(ctx, &apigatewayv2.ListRoutingRulesInput{MaxResults: awssdk.Int32(routingRulePageSize), NextToken: token, DomainName: &of.DomainName, DomainNameId: optional(of.DomainID)}))
		}),
		model.GetVPCLinks: next("/vpclinks", func(ctx context.Context, _ *model.ReadOf, token *string) error {
			return sent(v2.GetVpcLinks(ctx, &apigatewayv2.GetVpcLinksInput{MaxResults: maxResults, NextToken: token}))
		}),
	}
	for name, r := range reads {
		r.op.name = string(name)
		switch name {
		case model.GetResources:
			r.op.also = func(l *limits) *limiter { return l.getResources }
		case model.ListRoutingRules: // has an action of its own, and an ARN with the account
			r.op.action, r.op.resource = "apigateway:ListRoutingRules", "arn:%P:apigateway:%R:%A:/domainnames/*/routingrules/*"
			r.list = "routingRules"
		}
		reads[name] = r
	}
	return reads
}

func sent[O any](_ *O, err error) error { return err }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Read makes a control-plane read, all pages of it, and returns the items as AWS wrote them.
func (c *Client) Read(ctx context.Context, what model.Read, of model.ReadOf) ([]json.RawMessage, error) {
	r := c.controlPlane[what]
	var items []json.RawMessage
	var body bytes.Buffer
	size := 0
	err := pages(c, r.op, func(token *string) (*string, error) {
		p, err := call(ctx, c, r.op, func(ctx context.Context, token *string, _ ...struct{}) (*page, error) {
			if err := r.send(context.WithValue(ctx, rawKey{}, &body), &of, token); err != nil {
				return nil, err
			}
			p, err := decodePage(body.Bytes(), r.list, r.token)
			return &p, err
		}, token, 0)
		if err != nil {
			return nil, err
		}
		if size += body.Len(); size > maxListBytes {
			return nil, c.malformed(r.op, fmt.Sprintf("pages of more than %d bytes", maxListBytes))
		}
		if items == nil {
			items = p.items // an empty list is not an absent one
		} else {
			items = append(items, p.items...)
		}
		return &p.token, nil
	})
	return items, err
}

// Malformed counts a value in an answer that could not be understood; it was passed on as it is.
func (c *Client) Malformed(ctx context.Context, what model.Read) {
	c.countMalformed(ctx, c.controlPlane[what].op)
}
