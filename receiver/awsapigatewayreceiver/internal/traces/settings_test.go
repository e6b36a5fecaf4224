package traces

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// What a month costs: each trace is scanned twice, at 0.50 USD a million, and what is retrieved is billed once more.
func TestEstimate(t *testing.T) {
	racetest.Skip(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		status := b.Status()
		assert.Zero(t, status.USDPerMonth)
		assert.Zero(t, status.CallsPerHour)
		assert.True(t, status.ReadTo.IsZero())
		assert.False(t, status.First)
		began := time.Now()
		b.client.every(100*time.Millisecond, began, time.Hour) // ten a second, of which five are retrieved
		stop := b.run(t.Context())
		time.Sleep(time.Hour)
		status = b.Status()
		stop()
		require.True(t, status.First)
		const month = 30 * 24 * 3600
		assert.InEpsilon(t, (2*10+5)*month*0.50/1e6, status.USDPerMonth, 0.03)
		assert.WithinDuration(t, began.Add(time.Hour-time.Minute), status.ReadTo, 32*time.Second)
		assert.WithinDuration(t, began.Add(time.Hour), status.LastSuccess, 32*time.Second)
	})
}

// Nothing is estimated before something was read.
func TestNoEstimateBeforeTheFirstReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		stop := b.run(t.Context())
		time.Sleep(10 * time.Second)
		assert.False(t, b.Status().First)
		time.Sleep(5 * time.Minute)
		stop()
		assert.True(t, b.Status().First)
		assert.Zero(t, b.Status().USDPerMonth, "an account without traces")
		assert.Positive(t, b.Status().CallsPerHour)
	})
}

// The calls of an hour that are estimated are those that are made.
func TestEstimateOfCalls(t *testing.T) {
	racetest.Skip(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		b.client.every(500*time.Millisecond, time.Now(), 3*time.Hour)
		stop := b.run(t.Context())
		time.Sleep(3 * time.Hour)
		stop()
		made := float64(len(b.client.made())+len(b.client.got())) / 3
		assert.InEpsilon(t, made, b.Status().CallsPerHour, 0.05)
	})
}
