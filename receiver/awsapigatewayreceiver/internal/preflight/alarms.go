package preflight

import (
	"context"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// watches says whether the receiver reads alarms, and recounts whether it reads their history as well.
func (s *Settings) watches() bool  { return s.Alarms.Enabled && (s.in("metrics") || s.in("logs")) }
func (s *Settings) recounts() bool { return s.Alarms.Enabled && s.in("logs") }

// alarms reads the alarms, and the last minute of their history.
func (p *probe) alarms(ctx context.Context) {
	if p.watches() {
		_ = p.try(describeAlarms, func() error { return p.client.Alarms(ctx, func([]model.Alarm) {}) }) // was noted
	}
	if p.recounts() {
		now := p.client.Now()
		_ = p.try(describeAlarmHistory, func() error {
			return p.client.Transitions(ctx, model.MetricAlarm, now.Add(-time.Minute), now, func([]model.Transition) error { return nil })
		})
	}
}
