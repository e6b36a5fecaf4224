package alarms

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// The metric, as the docs have it.
const (
	Metric      = "aws.cloudwatch.alarm.state"
	Unit        = "1"
	Description = "1 for the state that the alarm is in, 0 for the others."
	AttrState   = "state"
)

// States are the values of AttrState.
var States = []string{model.AlarmOK, model.AlarmRaised, model.AlarmNoData}

// maxAlarms bounds a batch.
const maxAlarms = 1000

// StatesSettings are what the metric of one target needs.
type StatesSettings struct {
	List      *List
	Resources *resource.Writer
	Emitter   *emit.Metrics
	Clock     poll.Clock
	// Version is the collector's, for the scope.
	Version string
}

// RunStates reports the states of all alarms each interval until ctx ends.
func RunStates(ctx context.Context, s StatesSettings) {
	if _, err := s.List.Inventory.Wait(ctx); err != nil {
		return
	}
	for {
		if alarms, err := s.List.Read(ctx); err == nil {
			s.report(ctx, alarms)
		}
		if s.Clock.Sleep(ctx, poll.Jitter(s.List.Interval)) != nil {
			return
		}
	}
}

func (s *StatesSettings) report(ctx context.Context, alarms []Alarm) {
	at := s.List.Client.Now()
	for batch := range slices.Chunk(alarms, maxAlarms) {
		if _, err := s.Emitter.Emit(ctx, func() pmetric.Metrics { return s.build(batch, at) }); err != nil {
			return
		}
	}
}

// build writes a point for each state of each alarm: with those that it is not in at 0, a backend that keeps old series does not take two for true.
func (s *StatesSettings) build(alarms []Alarm, at time.Time) pmetric.Metrics {
	md := pmetric.NewMetrics()
	byPlace := map[string]pmetric.NumberDataPointSlice{}
	for i := range alarms {
		a := &alarms[i]
		if a.pending {
			continue
		}
		points, ok := byPlace[a.place.key()]
		if !ok {
			points = s.metric(md, a.place)
			byPlace[a.place.key()] = points
		}
		states := States
		if !slices.Contains(States, a.State) {
			states = append(slices.Clone(States), a.State)
		}
		for _, state := range states {
			p := points.AppendEmpty()
			p.SetTimestamp(pcommon.NewTimestampFromTime(at))
			p.Attributes().PutStr(attr.AlarmName, a.Name)
			p.Attributes().PutStr(attr.AlarmType, a.Type)
			p.Attributes().PutStr(AttrState, state)
			if state == a.State {
				p.SetIntValue(1)
			} else {
				p.SetIntValue(0)
			}
		}
	}
	return md
}

func (s *StatesSettings) metric(md pmetric.Metrics, at place) pmetric.NumberDataPointSlice {
	rm := md.ResourceMetrics().AppendEmpty()
	at.describe(s.Resources, rm.Resource())
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(metadata.ScopeName)
	sm.Scope().SetVersion(s.Version)
	m := sm.Metrics().AppendEmpty()
	m.SetName(Metric)
	m.SetUnit(Unit)
	m.SetDescription(Description)
	return m.SetEmptyGauge().DataPoints()
}
