package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
)

// observe registers what is measured when it is asked for. collectMetrics says whether a metrics pipeline asks for them.
func (t *telemetry) observe(clients []*aws.Client, collectMetrics bool) error {
	t.metrics = collectMetrics
	for _, c := range clients {
		t.targets = append(t.targets, &targetWatch{telemetry: t, label: c.Target().Label, region: c.Target().Region, client: c, errs: map[string]error{}, said: map[string][]string{}, refusals: map[string]error{}})
	}
	ints := func(get func(w *targetWatch, s metrics.Status) (int64, bool)) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			t.each(func(w *targetWatch, s metrics.Status) {
				if v, ok := get(w, s); ok {
					o.Observe(v, metric.WithAttributes(attribute.String("target", w.label)))
				}
			})
			return nil
		}
	}
	floats := func(get func(w *targetWatch) (float64, bool)) metric.Float64Callback {
		return func(_ context.Context, o metric.Float64Observer) error {
			t.each(func(w *targetWatch, _ metrics.Status) {
				if v, ok := get(w); ok {
					o.Observe(v, metric.WithAttributes(attribute.String("target", w.label)))
				}
			})
			return nil
		}
	}
	bySignal := func(get func(w *targetWatch, readTo, success time.Time) (float64, bool)) metric.Float64Callback {
		return func(_ context.Context, o metric.Float64Observer) error {
			t.each(func(w *targetWatch, s metrics.Status) {
				observe := func(signal string, readTo, success time.Time) {
					if v, ok := get(w, readTo, success); ok {
						o.Observe(v, metric.WithAttributes(attribute.String("target", w.label), attribute.String("signal", signal)))
					}
				}
				observe(signalMetrics, s.ReadTo, s.LastSuccess)
				if w.reader != nil {
					l := w.reader.Status()
					observe(signalLogs, l.ReadTo, l.LastSuccess)
				}
				if w.traces != nil {
					x := w.traces.Status()
					observe(signalTraces, x.ReadTo, x.LastSuccess)
				}
			})
			return nil
		}
	}
	b := t.builder
	return errors.Join(
		b.RegisterReceiverAwsapigatewayTargetUpCallback(ints(func(w *targetWatch, _ metrics.Status) (int64, bool) {
			return map[bool]int64{false: 1}[w.down()], w.reported
		})),
		b.RegisterReceiverAwsapigatewaySeriesCallback(ints(func(_ *targetWatch, s metrics.Status) (int64, bool) { return int64(s.Series), s.First })),
		b.RegisterReceiverAwsapigatewayUnknownSeriesCallback(ints(func(_ *targetWatch, s metrics.Status) (int64, bool) { return int64(s.Unknown), s.First })),
		b.RegisterReceiverAwsapigatewayAmbiguousSeriesCallback(ints(func(_ *targetWatch, s metrics.Status) (int64, bool) { return int64(s.Ambiguous), s.First })),
		b.RegisterReceiverAwsapigatewayClockOffsetCallback(floats(func(w *targetWatch) (float64, bool) {
			return w.client.ClockOffset().Seconds(), w.reported
		})),
		b.RegisterReceiverAwsapigatewayInventoryAgeCallback(floats(func(w *targetWatch) (float64, bool) {
			if w.inventory == nil {
				return 0, false
			}
			age, ok := w.inventory.Age()
			return age.Seconds(), ok
		})),
		b.RegisterReceiverAwsapigatewayInventoryIntervalCallback(floats(func(w *targetWatch) (float64, bool) {
			if w.inventory == nil {
				return 0, false
			}
			d := w.inventory.Interval()
			return d.Seconds(), d != 0
		})),
		b.RegisterReceiverAwsapigatewayInventoryStalePartsCallback(ints(func(w *targetWatch, _ metrics.Status) (int64, bool) {
			if w.inventory == nil || w.inventory.Current() == nil {
				return 0, false
			}
			return int64(w.inventory.Current().Stale()), true
		})),
		b.RegisterReceiverAwsapigatewayEntitiesCallback(t.entities),
		b.RegisterReceiverAwsapigatewayLagCallback(bySignal(func(w *targetWatch, readTo, _ time.Time) (float64, bool) {
			return w.client.Now().Sub(readTo).Seconds(), !readTo.IsZero()
		})),
		b.RegisterReceiverAwsapigatewayLastSuccessCallback(bySignal(func(_ *targetWatch, _, success time.Time) (float64, bool) {
			return float64(success.Unix()), !success.IsZero()
		})),
		t.observeLogs(),
	)
}

// entities observes the resources of each target by kind.
func (t *telemetry) entities(_ context.Context, o metric.Int64Observer) error {
	t.each(func(w *targetWatch, _ metrics.Status) {
		if w.inventory == nil || w.inventory.Current() == nil {
			return
		}
		for kind, n := range w.inventory.Current().Entities() {
			o.Observe(int64(n), metric.WithAttributes(attribute.String("target", w.label), attribute.String("kind", kind)))
		}
	})
	return nil
}

func (t *telemetry) each(f func(*targetWatch, metrics.Status)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.targets {
		var s metrics.Status
		if w.collector != nil {
			s = w.collector.Status()
		}
		f(w, s)
	}
}

func (w *targetWatch) checkpointError(ctx context.Context) {
	w.builder.ReceiverAwsapigatewayCheckpointErrors.Add(ctx, 1, metric.WithAttributes(attribute.String("target", w.label)))
}

func (w *targetWatch) droppedEntityEvents(ctx context.Context, n int64) {
	w.builder.ReceiverAwsapigatewayDroppedEntityEvents.Add(ctx, n, metric.WithAttributes(attribute.String("target", w.label)))
}

// recorder counts into the internal metrics of the target.
func (w *targetWatch) recorder() metrics.Recorder {
	b := w.builder
	target := attribute.String("target", w.label)
	plain := metric.WithAttributeSet(attribute.NewSet(target))
	signal := metric.WithAttributeSet(attribute.NewSet(target, attribute.String("signal", signalMetrics)))
	low := metric.WithAttributeSet(attribute.NewSet(target, attribute.String("reading", "low")))
	high := metric.WithAttributeSet(attribute.NewSet(target, attribute.String("reading", "high")))
	return metrics.Recorder{
		Billed: func(ctx context.Context, l, h int64) {
			b.ReceiverAwsapigatewayBilledMetricsLow.Add(ctx, l, plain)
			b.ReceiverAwsapigatewayBilledMetricsHigh.Add(ctx, h, plain)
			b.ReceiverAwsapigatewayEstimatedCost.Add(ctx, float64(l)*metrics.USDPerMetric, low)
			b.ReceiverAwsapigatewayEstimatedCost.Add(ctx, float64(h)*metrics.USDPerMetric, high)
		},
		Listed: func(ctx context.Context, n int64) { w.estimatedCost(ctx, float64(n)*metrics.USDPerRequest) },
		LatePoints: func(ctx context.Context, n int64) {
			if n > 0 {
				b.ReceiverAwsapigatewayLatePoints.Add(ctx, n, plain)
			}
		},
		LostSeconds:     func(ctx context.Context, s float64) { b.ReceiverAwsapigatewayLostSeconds.Add(ctx, s, signal) },
		RefusedPoints:   func(ctx context.Context, n int64) { b.ReceiverAwsapigatewayRefusedPoints.Add(ctx, n, plain) },
		CheckpointError: w.checkpointError,
		Malformed: func(ctx context.Context, operation string) {
			b.ReceiverAwsapigatewayMalformedResults.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(target, attribute.String("operation", operation))))
		},
	}
}
