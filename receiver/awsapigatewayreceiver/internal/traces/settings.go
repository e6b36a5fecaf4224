package traces

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Client makes the AWS calls. *aws.Client does.
type Client interface {
	Now() time.Time
	// ClockKnown says whether Now is AWS's time already, since AWS has answered.
	ClockKnown() bool
	// TraceSummaries reads one page of the traces that began in a window.
	TraceSummaries(ctx context.Context, w model.Window, filter, token string) (model.TracePage, error)
	// Traces reads at most five traces.
	Traces(ctx context.Context, ids []string) (traces []model.Trace, unprocessed []string, err error)
	// TransactionSearch says whether segments go to CloudWatch Logs.
	TransactionSearch(ctx context.Context) (bool, error)
	StartRetrieval(ctx context.Context, ids []string, w model.Window) (string, error)
	Retrieved(ctx context.Context, retrieval, token string) (model.Retrieval, error)
}

// Inventory knows the APIs. *inventory.Inventory does.
type Inventory interface {
	Wait(ctx context.Context) (*inventory.Snapshot, error)
	Current() *inventory.Snapshot
}

// Settings are what the reader of one target needs.
type Settings struct {
	Target    model.Target
	Config    *Config
	Rules     *redact.Rules
	Client    Client
	Inventory Inventory
	Store     *checkpoint.Store
	Resources *resource.Writer
	Emitter   *emit.Traces
	Clock     poll.Clock
	Recorder  Recorder
	Logger    *zap.Logger
	Version   string
}

// Recorder counts into the receiver's own metrics.
type Recorder struct {
	// Scanned and Retrieved count traces, as AWS bills them.
	Scanned, Retrieved func(ctx context.Context, n int64)
	// LeftOut counts the traces that max_traces_per_minute left out.
	LeftOut func(ctx context.Context, n int64)
	// Incomplete counts traces of which something is missing for good, by why.
	Incomplete func(ctx context.Context, reason string, n int64)
	// SegmentErrors counts documents that can't be decoded, UnknownMembers what no attribute of its own is known for.
	SegmentErrors, UnknownMembers func(ctx context.Context, n int64)
	// Duplicates counts segments that were read again and had not changed.
	Duplicates      func(ctx context.Context, n int64)
	RefusedSpans    func(ctx context.Context, n int64)
	LostSeconds     func(ctx context.Context, seconds float64)
	CheckpointError func(ctx context.Context)
}

// Reasons why a trace is incomplete, the values of an attribute of the receiver's own metrics.
const (
	// Missing was listed, and can't be retrieved.
	Missing = "missing"
	// Unprocessed is what AWS did not hand out, however often it was asked.
	Unprocessed = "unprocessed"
	// Limited is longer than X-Ray keeps.
	Limited = "limited"
	// InProgress still had segments in progress when it was read last.
	InProgress = "in_progress"
)

// Reasons are all of them.
var Reasons = []string{Missing, Unprocessed, Limited, InProgress}

// Status is what the internal metrics show of a reader.
type Status struct {
	// ReadTo is up to when windows were scanned; zero before the first one.
	ReadTo      time.Time
	LastSuccess time.Time
	// First says that everything that was due at the start has been read, and the cost can be estimated.
	First bool
	// USDPerMonth and CallsPerHour are estimates by what was read.
	USDPerMonth, CallsPerHour float64
}

// Prices and time.
const (
	// USDPerTrace is what AWS bills for a trace that is scanned or retrieved (AWS X-Ray pricing). The free million a month is left out.
	USDPerTrace = 0.50 / 1e6
	month       = 30 * 24 * time.Hour
)

// tally is what was read since the start, for the estimate.
type tally struct {
	seconds           int64 // of the windows that were scanned
	scanned           int64 // traces, of first scans
	retrieved, called int64 // traces and calls, of all readings
}

func (t *tally) estimate() (usdPerMonth, callsPerHour float64) {
	if t.seconds == 0 {
		return 0, 0
	}
	seconds := float64(t.seconds)
	// Each window is scanned twice.
	traces := float64(2*t.scanned+t.retrieved) / seconds
	return traces * month.Seconds() * USDPerTrace, float64(t.called) / seconds * time.Hour.Seconds()
}
