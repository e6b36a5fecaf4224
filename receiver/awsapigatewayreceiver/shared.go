package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/printable"
)

// Signals.
const (
	signalMetrics = "metrics"
	signalLogs    = "logs"
	signalTraces  = "traces"
)

// receivers finds the receiver that the signals of one configuration share: the collector makes one component for each signal, with the same
// pointer to the configuration.
var receivers = struct {
	sync.Mutex
	byConfig map[*Config]*shared
}{byConfig: map[*Config]*shared{}}

// shared is a receiver and the signals that were made for it and not shut down.
type shared struct {
	receiver *gatewayReceiver
	made     map[string]bool
}

// newSignal makes the signal's component of the configuration's receiver. with is called with the receiver, to tell it the signal's consumer.
func newSignal(set receiver.Settings, config *Config, clock poll.Clock, name string, with func(*gatewayReceiver)) *signalReceiver {
	receivers.Lock()
	defer receivers.Unlock()
	s, ok := receivers.byConfig[config]
	if !ok {
		s = &shared{receiver: newReceiver(set, config, clock), made: map[string]bool{}}
		receivers.byConfig[config] = s
	}
	s.made[name] = true
	with(s.receiver)
	return &signalReceiver{name: name, receiver: s.receiver}
}

func newReceiver(set receiver.Settings, config *Config, clock poll.Clock) *gatewayReceiver {
	set.Logger = printable.Logger(ofAllSignals(set.Logger))
	return &gatewayReceiver{set: set, config: config, clock: clock, signals: map[string]*activity{}}
}

// ofAllSignals takes off a logger which signal it was made for: that of the component that happened to come first.
func ofAllSignals(l *zap.Logger) *zap.Logger {
	return l.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		if injected, ok := c.(interface {
			DropInjectedAttributes(keys ...string) zapcore.Core
		}); ok {
			return injected.DropInjectedAttributes("otelcol.signal")
		}
		return c
	}))
}

// signalReceiver is one signal of a receiver, as the collector sees it.
type signalReceiver struct {
	name     string
	receiver *gatewayReceiver
}

// Start starts the signal.
func (s *signalReceiver) Start(ctx context.Context, host component.Host) error {
	return s.receiver.start(ctx, host, s.name)
}

// Shutdown stops the signal. AWS calls end at once, a Consume in flight gets up to 10 s.
func (s *signalReceiver) Shutdown(ctx context.Context) error {
	err := s.receiver.shutdown(ctx, s.name)
	receivers.Lock()
	defer receivers.Unlock()
	if made, ok := receivers.byConfig[s.receiver.config]; ok && made.receiver == s.receiver {
		delete(made.made, s.name)
		if len(made.made) == 0 {
			delete(receivers.byConfig, s.receiver.config)
		}
	}
	return err
}
