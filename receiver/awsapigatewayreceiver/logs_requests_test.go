package awsapigatewayreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// Each request of each stage is one record, whatever its access-log format is, with each attribute right.
func TestEachFormatIsRead(t *testing.T) {
	t.Parallel()
	var from, to time.Time
	r := newRecordRig(t, func(epoch time.Time) *awssim.World {
		from, to = epoch.Add(-30*time.Minute), epoch.Add(30*time.Minute)
		return formatWorld(restFormats, httpFormats, webSocketFormats, from, to, 10)
	}, func(c *awssim.Config) { c.Ingestion = awssim.Lateness{Base: 5 * time.Second} })
	stop := r.start()
	defer stop()
	r.until(to)
	want := r.accessTruth(from, to, nil)
	r.await(want)
	stop()
	compareRecords(t, r.records, want)
	assert.Zero(t, r.records.repeated)
	assert.Empty(t, r.records.lost)
}
