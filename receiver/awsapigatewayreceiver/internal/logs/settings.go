package logs

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/emit"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

// Client makes the AWS calls. *aws.Client does.
type Client interface {
	Now() time.Time
	// ClockKnown says whether Now is AWS's time already, since AWS has answered.
	ClockKnown() bool
	// WaitLogEvents takes a turn of the limiter of FilterLogEvents, LogEventsPerSecond is its rate.
	WaitLogEvents(ctx context.Context) error
	LogEventsPerSecond() float64
	// FilterLogEvents makes one attempt at one page.
	FilterLogEvents(ctx context.Context, group string, from, to int64, token string, page *model.LogPage) error
	DescribeLogGroups(ctx context.Context, names []string) ([]model.LogGroup, error)
}

// Inventory knows the stages. *inventory.Inventory does.
type Inventory interface {
	Wait(ctx context.Context) (*inventory.Snapshot, error)
	Current() *inventory.Snapshot
	RefreshStages(ctx context.Context, api string) error
	// Interval is the time between the starts of two crawls, 0 before the first has ended.
	Interval() time.Duration
}

// Settings are what the reader of one target needs.
type Settings struct {
	Target    model.Target
	Config    *Config
	Client    Client
	Inventory Inventory
	Store     *checkpoint.Store
	Resources *resource.Writer
	// Emitter takes the records, Spans the spans that are made of access logs; nil where nobody wants them, one of them is there.
	Emitter *emit.Logs
	Spans   *emit.Traces
	// XRayPulled says that the segments of REST stages with X-Ray on are pulled: their lines make no spans.
	XRayPulled bool
	Clock      poll.Clock
	Recorder   Recorder
	Logger     *zap.Logger
	// Pages is how many pages may be in memory at once.
	Pages   int
	Version string
}

// Recorder counts into the receiver's own metrics.
type Recorder struct {
	Records         func(ctx context.Context, kind string, n int64)
	Bytes           func(ctx context.Context, read string, n int64)
	ParseErrors     func(ctx context.Context, format string, n int64)
	UnknownLines    func(ctx context.Context, n int64)
	Duplicates      func(ctx context.Context, n int64)
	Skipped         func(ctx context.Context, n int64)
	OddTimestamps   func(ctx context.Context, n int64)
	RefusedRecords  func(ctx context.Context, n int64)
	LostSeconds     func(ctx context.Context, seconds float64)
	CheckpointError func(ctx context.Context)

	// Spans were handed over, RefusedSpans never will be; SpanlessLines do not say what a span needs.
	Spans         func(ctx context.Context, n int64)
	SpanlessLines func(ctx context.Context, n int64)
	RefusedSpans  func(ctx context.Context, n int64)
}

// Status is what the internal metrics show of a reader.
type Status struct {
	Groups     int
	Unreadable map[string]int // by reason
	Remembered int
	// ReadTo is up to when the group that is furthest behind has been handed over; zero before the first read.
	ReadTo      time.Time
	LastSuccess time.Time
}

// Status is how the reader is doing.
func (r *Reader) Status() Status {
	s := Status{Unreadable: map[string]int{}}
	r.mu.Lock()
	s.LastSuccess = r.lastSuccess
	for _, reason := range r.dark {
		s.Unreadable[reason]++
	}
	r.mu.Unlock()
	for _, g := range r.groups.all() {
		g.mu.Lock()
		s.Groups++
		s.Remembered += g.seen.count
		if g.absent() {
			s.Groups--
		} else if g.unreadable != "" {
			s.Unreadable[g.unreadable]++
		} else if readTo := time.UnixMilli(g.readTo()); g.begun && (s.ReadTo.IsZero() || readTo.Before(s.ReadTo)) {
			s.ReadTo = readTo
		}
		g.mu.Unlock()
	}
	return s
}
