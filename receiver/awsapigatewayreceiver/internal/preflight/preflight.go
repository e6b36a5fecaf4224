// Package preflight tries what a receiver would do, without collecting anything: which operations it may call and who can mend what it may not, how much
// there is, what is dark, and what a month costs. All of it comes from the code that collects: the inventory, the plan of metrics, the log groups, and
// the constants of prices are the receiver's own.
package preflight

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/alarms"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

// Settings are the sections of the receiver's configuration, which must be valid, and what it stands in.
type Settings struct {
	Accounts []aws.Account
	Regions  []string
	Endpoint string
	// InsecureEndpoint allows plain HTTP to other machines.
	InsecureEndpoint bool

	Filter    *inventory.Filter
	Inventory inventory.Config
	Metrics   *metrics.Config
	Alarms    alarms.Config
	Logs      *logs.Config
	Traces    *traces.Config
	// Signals are those of the pipelines: metrics, logs, traces.
	Signals []string
	Clock   poll.Clock
	// Dial replaces the network, as tests do; nil: the machine's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// AttemptTimeout bounds one attempt of a call; 0: the receiver's own.
	AttemptTimeout time.Duration
	// Announce is told of each question of the verification, and its cost, before it is asked; nil: nothing is verified.
	Announce func(text string)
}

// in says whether the receiver stands in a signal's pipeline.
func (s *Settings) in(signal string) bool { return slices.Contains(s.Signals, signal) }

// What the receiver makes of log groups, whether it pulls from X-Ray, and whether it reads the use of usage plans: as its wiring decides.
func (s *Settings) records() bool {
	return s.in("logs") && (s.Logs.Access.Enabled || s.Logs.Execution.Enabled)
}
func (s *Settings) spans() bool { return s.in("traces") && s.Traces.AccessLogs.Enabled }
func (s *Settings) xray() bool  { return s.in("traces") && s.Traces.XRay.Enabled }
func (s *Settings) usage() bool { return s.in("metrics") && s.Inventory.Usage.Enabled }

// lines says whether lines of access logs are read.
func (s *Settings) lines() bool { return s.spans() || s.records() && s.Logs.Access.Enabled }

// maxTargets are looked at together.
const maxTargets = 8

// Run looks at all targets. The error is one of the configuration: no AWS profile of that name, or no region.
func Run(ctx context.Context, s Settings) (*Report, error) {
	builder, err := metadata.NewTelemetryBuilder(component.TelemetrySettings{
		Logger: zap.NewNop(), MeterProvider: noopmetric.NewMeterProvider(), TracerProvider: nooptrace.NewTracerProvider(), Resource: pcommon.NewResource(),
	})
	if err != nil {
		return nil, err
	}
	defer builder.Shutdown()
	session, err := aws.Open(ctx, aws.Settings{
		Accounts: s.Accounts, Regions: s.Regions, Endpoint: s.Endpoint, InsecureEndpoint: s.InsecureEndpoint, ControlPlanePerSecond: s.Inventory.RequestsPerSecond,
		LogRequestsPerSecond: s.Logs.MaxRequestsPerSecond, Clock: s.Clock, AttemptTimeout: s.AttemptTimeout, Dial: s.Dial, Telemetry: builder, Logger: zap.NewNop(),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the AWS session: %w", err)
	}
	defer session.Close()
	r := &Report{Signals: s.Signals, Works: true, Month: Price{Lines: []Line{}}, Savings: []Saving{}}
	if announce := s.Announce; announce != nil {
		var one sync.Mutex // targets are looked at together
		s.Announce = func(text string) {
			one.Lock()
			defer one.Unlock()
			announce(text)
		}
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, maxTargets)
	for _, client := range session.Clients {
		p := newProbe(&s, client)
		r.Targets = append(r.Targets, p.target)
		all.Go(func() {
			slots <- struct{}{}
			p.run(ctx)
			<-slots
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, t := range r.Targets {
		r.Works = r.Works && !slices.ContainsFunc(t.Operations, func(o Operation) bool { return o.missing() })
	}
	r.sum()
	return r, nil
}

// accountOf is the item of the accounts setting that a target is of, nil where there is none.
func accountOf(s *Settings, label string) *aws.Account {
	for i, account := range aws.Labels(s.Accounts) {
		if strings.HasPrefix(label, account+"/") {
			return &s.Accounts[i]
		}
	}
	return nil
}
