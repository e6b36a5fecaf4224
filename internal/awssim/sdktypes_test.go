package awssim

import (
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// The SDK's types of both versions under names that differ.
type (
	apiV1         = v1.RestApi
	apiV2         = v2.Api
	vpcLinkV1     = v1.VpcLink
	vpcLinkV2     = v2.VpcLink
	certificate   = v1.ClientCertificate
	apiKey        = v1.ApiKey
	usagePlan     = v1.UsagePlan
	planKey       = v1.UsagePlanKey
	resourceV1    = v1.Resource
	deploymentV1  = v1.Deployment
	deploymentV2  = v2.Deployment
	authorizerV1  = v1.Authorizer
	authorizerV2  = v2.Authorizer
	modelV1       = v1.Model
	modelV2       = v2.Model
	validator     = v1.RequestValidator
	stageV2       = v2.Stage
	routeV2       = v2.Route
	integrationV2 = v2.Integration
	ownerV1       = v1.ResourceOwner
	domainV1      = v1.DomainName
	domainV2      = v2.DomainName
	basePath      = v1.BasePathMapping
	apiMapping    = v2.ApiMapping
	routingRule   = v2.RoutingRule
	association   = v1.DomainNameAccessAssociation
)
