package entity

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func f64(v float64) *float64 { return &v }

// What a change says, on the resource of what it happened to.
func TestEvents(t *testing.T) {
	t.Parallel()
	rest := &model.API{ID: "r1", Name: "orders", Type: model.REST}
	for name, set := range map[string]struct {
		event      inventory.Event
		attributes map[string]any
		body       string
		resource   string // its ARN
	}{
		"deployment": {
			inventory.Event{Kind: "deployment", API: rest, Stage: "prod", At: hour(11), Old: "d1", New: "d2"},
			map[string]any{"aws.api_gateway.deployment_id": "d2", "aws.api_gateway.deployment.previous_id": "d1"},
			"Deployed d2, was d1", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"rollback, seen late": {
			inventory.Event{Kind: "deployment", API: rest, Stage: "prod", At: hour(11), Old: "d2", New: "d1", Rollback: true, Late: true},
			map[string]any{"aws.api_gateway.deployment_id": "d1", "aws.api_gateway.deployment.previous_id": "d2", "aws.api_gateway.deployment.rollback": true, "aws.api_gateway.observed_late": true},
			"Rolled back to d1, was d2", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"canary started": {
			inventory.Event{Kind: "canary", API: rest, Stage: "prod", Change: "started", New: "d2", NewPercent: 10},
			map[string]any{"aws.api_gateway.canary.change": "started", "aws.api_gateway.canary.deployment_id": "d2", "aws.api_gateway.canary.percent": 10.0},
			"Canary started", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"canary changed": {
			inventory.Event{Kind: "canary", API: rest, Stage: "prod", Change: "changed", Old: "d2", New: "d2", OldPercent: 10, NewPercent: 50},
			map[string]any{
				"aws.api_gateway.canary.change": "changed", "aws.api_gateway.canary.deployment_id": "d2", "aws.api_gateway.canary.percent": 50.0,
				"aws.api_gateway.canary.previous_deployment_id": "d2", "aws.api_gateway.canary.previous_percent": 10.0,
			},
			"Canary changed", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"canary promoted": {
			inventory.Event{Kind: "canary", API: rest, Stage: "prod", Change: "promoted", Old: "d2", OldPercent: 50},
			map[string]any{"aws.api_gateway.canary.change": "promoted", "aws.api_gateway.canary.previous_deployment_id": "d2", "aws.api_gateway.canary.previous_percent": 50.0},
			"Canary promoted", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"throttle of a route": {
			inventory.Event{Kind: "throttle", API: rest, Stage: "prod", Scope: "route", Route: "GET /a", OldThrottle: model.Throttle{Rate: f64(1.5), Burst: f64(3)}, NewThrottle: model.Throttle{Rate: f64(0)}},
			map[string]any{
				"aws.api_gateway.throttle.scope": "route", "aws.api_gateway.route_key": "GET /a", "aws.api_gateway.throttle.rate_limit": 0.0,
				"aws.api_gateway.throttle.previous_rate_limit": 1.5, "aws.api_gateway.throttle.previous_burst_limit": int64(3),
			},
			"Limits changed", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"throttle of the account": {
			inventory.Event{Kind: "throttle", Scope: "account", NewThrottle: model.Throttle{Burst: f64(5000)}},
			map[string]any{"aws.api_gateway.throttle.scope": "account", "aws.api_gateway.throttle.burst_limit": int64(5000)},
			"Limits changed", "arn:aws:apigateway:eu-west-1::/account",
		},
		"quota of a usage plan": {
			inventory.Event{Kind: "throttle", Scope: "usage_plan", UsagePlan: "p", OldQuota: &model.Quota{Limit: 5, Period: "DAY"}, NewQuota: &model.Quota{Limit: 7, Period: "WEEK"}},
			map[string]any{
				"aws.api_gateway.throttle.scope": "usage_plan", "aws.api_gateway.usage_plan_id": "p", "aws.api_gateway.quota.limit": int64(7), "aws.api_gateway.quota.period": "WEEK",
				"aws.api_gateway.quota.previous_limit": int64(5), "aws.api_gateway.quota.previous_period": "DAY",
			},
			"Limits changed", "arn:aws:apigateway:eu-west-1::/account",
		},
		"throttle of a usage plan's stage": {
			inventory.Event{Kind: "throttle", API: rest, Stage: "prod", Scope: "usage_plan", UsagePlan: "p", Route: "GET /a", NewThrottle: model.Throttle{Rate: f64(1)}},
			map[string]any{"aws.api_gateway.throttle.scope": "usage_plan", "aws.api_gateway.usage_plan_id": "p", "aws.api_gateway.route_key": "GET /a", "aws.api_gateway.throttle.rate_limit": 1.0},
			"Limits changed", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod",
		},
		"of an API as a whole": {
			inventory.Event{Kind: "throttle", API: rest, Scope: "usage_plan"}, map[string]any{"aws.api_gateway.throttle.scope": "usage_plan"}, "Limits changed", "arn:aws:apigateway:eu-west-1::/restapis/r1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, legacy := range []bool{false, true} {
				w := newWriter(legacy)
				w.Event(&set.event)
				res, scope, rec := only(t, w.logs)
				assert.Equal(t, "aws.api_gateway."+set.event.Kind, rec.EventName())
				assert.Equal(t, set.attributes, rec.Attributes().AsRaw())
				assert.Equal(t, set.body, rec.Body().AsRaw())
				assert.Equal(t, plog.SeverityNumberInfo, rec.SeverityNumber())
				assert.Empty(t, scope.Attributes().AsRaw(), "it is no entity event")
				assert.Equal(t, pcommon.NewTimestampFromTime(hour(12)), rec.ObservedTimestamp())
				at := hour(12)
				if !set.event.At.IsZero() {
					at = set.event.At
				}
				assert.Equal(t, pcommon.NewTimestampFromTime(at), rec.Timestamp())
				arn, _ := res.Attributes().Get("cloud.resource_id")
				assert.Equal(t, set.resource, arn.Str())
			}
		})
	}
}
