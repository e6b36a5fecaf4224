package metrics

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// restore reads the stored positions, and hands over what was in flight when the collector was killed.
func (c *Collector) restore(ctx context.Context) error {
	now := c.Reader.Now()
	started := now.Add(c.Started.Sub(c.Clock.Now())) // by AWS's clock
	f, err := c.state.restore(ctx, started, now, c.period)
	if err != nil {
		return err
	}
	if f != nil {
		md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(f.payload)
		if err != nil {
			c.state.report(ctx, fmt.Errorf("cannot decode the stored hand-over: %w", err))
		} else {
			_, err := c.Emitter.Emit(ctx, func() pmetric.Metrics {
				again := pmetric.NewMetrics()
				md.CopyTo(again)
				return again
			})
			if err != nil {
				return err
			}
			// Handed over is handed over, whatever becomes of the storage.
			c.state.reportWrite(ctx, c.state.settle(context.WithoutCancel(ctx), f))
		}
	}
	if old := c.state.meta.Period; old != c.period {
		defer func() {
			all := make(map[inventory.Key]bool, len(c.state.byAPI))
			for key := range c.state.byAPI {
				all[key] = true
			}
			for key := range c.state.restored {
				all[key] = true
			}
			c.state.reportWrite(ctx, errors.Join(c.state.save(ctx, all, false), c.state.saveMeta(ctx)))
		}()
		if lost := c.changePeriod(old); lost > 0 {
			c.Recorder.LostSeconds(ctx, float64(lost))
			c.logger.Warn("metrics::period changed; what the old and the new periods do not share is left out", zap.Int64("series_seconds", lost))
		}
	}
	// Every stored series is asked for at once, before the first list is read: an outage may be longer than a list shows.
	for key, ledgers := range c.state.restored {
		for id := range ledgers {
			if s := c.classifier.seriesOf(key, id); s != nil && s.id() == id {
				s.listed = true
				c.state.adopt(s)
			}
		}
	}
	return nil
}

// changePeriod moves the restored positions to the next start of a period of the new length.
func (c *Collector) changePeriod(old int64) int64 {
	var lost int64
	for _, ledgers := range c.state.restored {
		for id, l := range ledgers {
			end := max(l.Settled, l.end())
			if n := len(l.Seen); n > 0 {
				end = max(end, l.Seen[n-1].TS+old)
			}
			aligned := (end + c.period - 1) / c.period * c.period
			lost += aligned - end
			l.Settled, l.Seen = aligned, nil
			ledgers[id] = l
		}
	}
	c.state.meta.Period = c.period
	return lost
}
