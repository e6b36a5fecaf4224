package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

// traceRecorder counts what the reader of the target's traces does.
func (w *targetWatch) traceRecorder() traces.Recorder {
	b := w.builder
	target := attribute.String("target", w.label)
	plain := metric.WithAttributeSet(attribute.NewSet(target))
	signal := metric.WithAttributeSet(attribute.NewSet(target, attribute.String("signal", signalTraces)))
	count := func(add func(context.Context, int64, ...metric.AddOption)) func(context.Context, int64) {
		return func(ctx context.Context, n int64) {
			if n > 0 {
				add(ctx, n, plain)
			}
		}
	}
	billed := func(add func(context.Context, int64, ...metric.AddOption)) func(context.Context, int64) {
		counted := count(add)
		return func(ctx context.Context, n int64) {
			counted(ctx, n)
			w.estimatedCost(ctx, float64(n)*traces.USDPerTrace)
		}
	}
	return traces.Recorder{
		Scanned:   billed(b.ReceiverAwsapigatewayScannedTraces.Add),
		Retrieved: billed(b.ReceiverAwsapigatewayRetrievedTraces.Add),
		LeftOut:   count(b.ReceiverAwsapigatewayLeftOutTraces.Add),
		Incomplete: func(ctx context.Context, reason string, n int64) {
			b.ReceiverAwsapigatewayIncompleteTraces.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(target, attribute.String("reason", reason))))
		},
		SegmentErrors:   count(b.ReceiverAwsapigatewaySegmentErrors.Add),
		UnknownMembers:  count(b.ReceiverAwsapigatewayUnknownSegmentMembers.Add),
		Duplicates:      count(b.ReceiverAwsapigatewayRepeatedSegments.Add),
		RefusedSpans:    count(b.ReceiverAwsapigatewayRefusedSpans.Add),
		LostSeconds:     func(ctx context.Context, s float64) { b.ReceiverAwsapigatewayLostSeconds.Add(ctx, s, signal) },
		CheckpointError: w.checkpointError,
	}
}

// estimatedCost adds what costs the same by both readings of the five-statistics rule.
func (w *targetWatch) estimatedCost(ctx context.Context, usd float64) {
	for _, reading := range []string{"low", "high"} {
		w.builder.ReceiverAwsapigatewayEstimatedCost.Add(ctx, usd, metric.WithAttributes(attribute.String("target", w.label), attribute.String("reading", reading)))
	}
}
