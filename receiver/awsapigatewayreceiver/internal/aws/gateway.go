package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// RestAPIs lists the target's REST APIs, all pages (500 a page).
func (c *Client) RestAPIs(ctx context.Context) ([]model.API, error) {
	var apis []model.API
	in := &apigateway.GetRestApisInput{Limit: awssdk.Int32(restPageSize)}
	err := pages(c, opGetRestAPIs, func(token *string) (*string, error) {
		in.Position = token
		out, err := call(ctx, c, opGetRestAPIs, c.getRestAPIs, in, 0)
		if err != nil {
			return nil, err
		}
		for i := range out.Items {
			a := &out.Items[i]
			api := model.API{ID: awssdk.ToString(a.Id), Name: awssdk.ToString(a.Name), Type: model.REST, Tags: a.Tags, Created: awssdk.ToTime(a.CreatedDate)}
			if a.EndpointConfiguration != nil && len(a.EndpointConfiguration.Types) > 0 {
				api.EndpointType = string(a.EndpointConfiguration.Types[0])
			}
			if api.ID == "" {
				return nil, c.malformed(opGetRestAPIs, "an API without an id")
			}
			apis = append(apis, api)
		}
		return out.Position, nil
	})
	return apis, err
}

// RestStages lists the stages of a REST API. The operation has no pages.
func (c *Client) RestStages(ctx context.Context, id string) ([]model.Stage, error) {
	out, err := call(ctx, c, opGetRestStages, c.getRestStages, &apigateway.GetStagesInput{RestApiId: &id}, 0)
	if err != nil {
		return nil, err
	}
	stages := make([]model.Stage, 0, len(out.Item))
	for i := range out.Item {
		s := &out.Item[i]
		stage := model.Stage{Name: awssdk.ToString(s.StageName), Created: awssdk.ToTime(s.CreatedDate)}
		if stage.Name == "" {
			return nil, c.malformed(opGetRestStages, "a stage without a name")
		}
		for _, m := range s.MethodSettings {
			stage.DetailedMetrics = stage.DetailedMetrics || m.MetricsEnabled
		}
		if s.CanarySettings != nil {
			stage.CanaryPercent = s.CanarySettings.PercentTraffic
		}
		stages = append(stages, stage)
	}
	return stages, nil
}

// APIs lists the target's HTTP and WebSocket APIs, all pages (100 a page).
func (c *Client) APIs(ctx context.Context) ([]model.API, error) {
	var apis []model.API
	in := &apigatewayv2.GetApisInput{MaxResults: awssdk.String(v2PageSize)}
	err := pages(c, opGetAPIs, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := call(ctx, c, opGetAPIs, c.getAPIs, in, 0)
		if err != nil {
			return nil, err
		}
		for i := range out.Items {
			a := &out.Items[i]
			id := awssdk.ToString(a.ApiId)
			if id == "" {
				return nil, c.malformed(opGetAPIs, "an API without an id")
			}
			apis = append(apis, model.API{ID: id, Name: awssdk.ToString(a.Name), Type: model.APIType(a.ProtocolType), Tags: a.Tags, Created: awssdk.ToTime(a.CreatedDate)})
		}
		return out.NextToken, nil
	})
	return apis, err
}

// Stages lists the stages of an HTTP or WebSocket API, all pages.
func (c *Client) Stages(ctx context.Context, id string) ([]model.Stage, error) {
	var stages []model.Stage
	in := &apigatewayv2.GetStagesInput{ApiId: &id, MaxResults: awssdk.String(v2PageSize)}
	err := pages(c, opGetStages, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := call(ctx, c, opGetStages, c.getStages, in, 0)
		if err != nil {
			return nil, err
		}
		for i := range out.Items {
			s := &out.Items[i]
			stage := model.Stage{Name: awssdk.ToString(s.StageName), Created: awssdk.ToTime(s.CreatedDate)}
			if stage.Name == "" {
				return nil, c.malformed(opGetStages, "a stage without a name")
			}
			if s.DefaultRouteSettings != nil {
				stage.DetailedMetrics = awssdk.ToBool(s.DefaultRouteSettings.DetailedMetricsEnabled)
			}
			for _, r := range s.RouteSettings {
				stage.DetailedMetrics = stage.DetailedMetrics || awssdk.ToBool(r.DetailedMetricsEnabled)
			}
			stages = append(stages, stage)
		}
		return out.NextToken, nil
	})
	return stages, err
}
