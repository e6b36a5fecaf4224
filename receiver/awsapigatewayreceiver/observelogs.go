package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
)

// observeLogs registers what of logs is measured when it is asked for.
func (t *telemetry) observeLogs() error {
	each := func(get func(s logs.Status, observe func(n int, more ...attribute.KeyValue))) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			t.each(func(w *targetWatch, _ metrics.Status) {
				if w.reader == nil {
					return
				}
				get(w.reader.Status(), func(n int, more ...attribute.KeyValue) {
					o.Observe(int64(n), metric.WithAttributes(append(more, attribute.String("target", w.label))...))
				})
			})
			return nil
		}
	}
	b := t.builder
	return errors.Join(
		b.RegisterReceiverAwsapigatewayLogGroupsCallback(each(func(s logs.Status, observe func(int, ...attribute.KeyValue)) { observe(s.Groups) })),
		b.RegisterReceiverAwsapigatewayRememberedIdsCallback(each(func(s logs.Status, observe func(int, ...attribute.KeyValue)) { observe(s.Remembered) })),
		b.RegisterReceiverAwsapigatewayUnreadableLogGroupsCallback(each(func(s logs.Status, observe func(int, ...attribute.KeyValue)) {
			for reason, n := range s.Unreadable {
				observe(n, attribute.String("reason", reason))
			}
		})),
	)
}

// logRecorder counts what the reader of the target's logs does.
func (w *targetWatch) logRecorder() logs.Recorder {
	b := w.builder
	target := attribute.String("target", w.label)
	plain := metric.WithAttributeSet(attribute.NewSet(target))
	signal := metric.WithAttributeSet(attribute.NewSet(target, attribute.String("signal", signalLogs)))
	by := func(add func(context.Context, int64, ...metric.AddOption), key string, values ...string) func(context.Context, string, int64) {
		options := map[string]metric.MeasurementOption{}
		for _, v := range values {
			options[v] = metric.WithAttributeSet(attribute.NewSet(target, attribute.String(key, v)))
		}
		return func(ctx context.Context, value string, n int64) {
			if n > 0 {
				add(ctx, n, options[value])
			}
		}
	}
	count := func(add func(context.Context, int64, ...metric.AddOption)) func(context.Context, int64) {
		return func(ctx context.Context, n int64) {
			if n > 0 {
				add(ctx, n, plain)
			}
		}
	}
	return logs.Recorder{
		Records:         by(b.ReceiverAwsapigatewayLogEvents.Add, "log", logs.KindAccess, logs.KindExecution),
		Bytes:           by(b.ReceiverAwsapigatewayLogBytes.Add, "read", logs.BytesNew, logs.BytesAgain),
		ParseErrors:     by(b.ReceiverAwsapigatewayParseErrors.Add, "format", logs.ReadStock, logs.ReadJSON, logs.ReadNone),
		UnknownLines:    count(b.ReceiverAwsapigatewayUnknownLogLines.Add),
		Duplicates:      count(b.ReceiverAwsapigatewayDuplicatesDropped.Add),
		Skipped:         count(b.ReceiverAwsapigatewaySkippedLogEvents.Add),
		OddTimestamps:   count(b.ReceiverAwsapigatewayOddTimestamps.Add),
		RefusedRecords:  count(b.ReceiverAwsapigatewayRefusedLogRecords.Add),
		Spans:           count(b.ReceiverAwsapigatewayAccessLogSpans.Add),
		SpanlessLines:   count(b.ReceiverAwsapigatewaySpanlessLogLines.Add),
		RefusedSpans:    count(b.ReceiverAwsapigatewayRefusedSpans.Add),
		LostSeconds:     func(ctx context.Context, s float64) { b.ReceiverAwsapigatewayLostSeconds.Add(ctx, s, signal) },
		CheckpointError: w.checkpointError,
	}
}
