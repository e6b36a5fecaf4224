package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// The client hands out what AWS wrote; the inventory decodes it. What these tests look at in the answers is decoded here.

// item is an item of a list of APIs or stages; what has another type than AWS documents is left out.
type item map[string]any

func (i item) text(member string) string {
	s, _ := i[member].(string)
	return s
}

func (i item) below(member string) item {
	m, _ := i[member].(map[string]any)
	return m
}

func (i item) date(member string) time.Time {
	switch v := i[member].(type) {
	case float64:
		return time.Unix(int64(v), 0).UTC()
	case string:
		t, _ := time.Parse(time.RFC3339, v)
		return t.UTC()
	}
	return time.Time{}
}

// decoded reads items of a control-plane read one by one.
func decoded[T any](raw []json.RawMessage, err error, decode func(item) T) ([]T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(raw))
	for _, r := range raw {
		var i item
		if err := json.Unmarshal(r, &i); err != nil {
			return nil, fmt.Errorf("an item that is no object: %w", err)
		}
		out = append(out, decode(i))
	}
	return out, nil
}

func (c *Client) restAPIs(ctx context.Context) ([]model.API, error) {
	raw, err := c.Read(ctx, model.GetRestAPIs, model.ReadOf{})
	return decoded(raw, err, func(i item) model.API {
		a := model.API{ID: i.text("id"), Name: i.text("name"), Type: model.REST, Tags: tagsOf(i), Created: i.date("createdDate")}
		if types, _ := i.below("endpointConfiguration")["types"].([]any); len(types) > 0 {
			a.EndpointType, _ = types[0].(string)
		}
		return a
	})
}

func (c *Client) v2APIs(ctx context.Context) ([]model.API, error) {
	raw, err := c.Read(ctx, model.GetAPIs, model.ReadOf{})
	return decoded(raw, err, func(i item) model.API {
		return model.API{ID: i.text("apiId"), Name: i.text("name"), Type: model.APIType(i.text("protocolType")), Tags: tagsOf(i), Created: i.date("createdDate")}
	})
}

func tagsOf(i item) map[string]string {
	var tags map[string]string
	for k, v := range i.below("tags") {
		if tags == nil {
			tags = map[string]string{}
		}
		tags[k], _ = v.(string)
	}
	return tags
}

func (c *Client) restStages(ctx context.Context, api string) ([]model.Stage, error) {
	raw, err := c.Read(ctx, model.GetRestStages, model.ReadOf{API: api})
	return decoded(raw, err, func(i item) model.Stage {
		s := model.Stage{Name: i.text("stageName"), Created: i.date("createdDate")}
		if all, ok := i.below("methodSettings")["*/*"].(map[string]any); ok {
			s.DetailedMetrics, _ = all["metricsEnabled"].(bool)
		}
		if canary := i.below("canarySettings"); canary != nil {
			percent, _ := canary["percentTraffic"].(float64)
			s.Canary = &model.Canary{Percent: percent}
		}
		return s
	})
}

func (c *Client) v2Stages(ctx context.Context, api string) ([]model.Stage, error) {
	raw, err := c.Read(ctx, model.GetStages, model.ReadOf{API: api})
	return decoded(raw, err, func(i item) model.Stage {
		s := model.Stage{Name: i.text("stageName"), Created: i.date("createdDate")}
		s.DetailedMetrics, _ = i.below("defaultRouteSettings")["detailedMetricsEnabled"].(bool)
		return s
	})
}
