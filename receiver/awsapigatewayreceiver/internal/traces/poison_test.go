package traces

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// A trace that spoils each answer it is in is given up; all others come, those that were asked for with it as well.
func TestOneTraceDoesNotStopTheOthers(t *testing.T) {
	for _, class := range []aws.Class{aws.Malformed, aws.Server, aws.Invalid} {
		t.Run(string(class), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := newBench(t, oneAPI.snapshot(t), nil)
				b.client.every(2*time.Second, began, 20*time.Minute)
				poison := b.client.world.traces[30].ID
				b.client.getting = func(ids []string) ([]string, error) {
					if slices.Contains(ids, poison) {
						return nil, failure(class, "")
					}
					return nil, nil
				}
				stop := b.run(t.Context())
				time.Sleep(time.Hour)
				stop()
				came := 0
				for i, s := range b.client.world.traces {
					came += b.times(s, segmentID(i, 0))
				}
				assert.Equal(t, 600-1, came)
				assert.EqualValues(t, 1, b.counted(Unprocessed))
				assert.Less(t, time.Since(b.Status().ReadTo), 3*time.Minute)
			})
		})
	}
}

// While nothing can be retrieved, nothing is given up: it may be AWS that fails.
func TestOutageLosesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.every(2*time.Second, began, 20*time.Minute)
		b.client.getting = func([]string) ([]string, error) {
			if since := time.Since(began); since > 5*time.Minute && since < 30*time.Minute {
				return nil, failure(aws.Server, "InternalFailure")
			}
			return nil, nil
		}
		stop := b.run(t.Context())
		time.Sleep(2 * time.Hour)
		stop()
		assertEachOnce(t, b, 600)
		assert.Zero(t, b.counted(Unprocessed))
		assert.NotEmpty(t, slices.DeleteFunc(b.reported(), func(err error) bool { return err == nil }))
	})
}

// A page that AWS never answers costs what is listed after it, and no more.
func TestPageThatNeverComesEndsTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		b.client.page = 10
		b.client.every(time.Second, began, 10*time.Minute)
		b.client.listing = func(s scan) error {
			if s.token != "" && s.Window.Start == began.Unix() {
				return failure(aws.Malformed, "")
			}
			return nil
		}
		stop := b.run(t.Context())
		time.Sleep(4 * time.Hour)
		stop()
		came := 0
		for i, s := range b.client.world.traces {
			came += min(1, b.times(s, segmentID(i, 0)))
		}
		assert.Equal(t, 600-20, came, "all but what the first window's second and third page had")
		assert.Equal(t, 2, b.says("can't be read to its end"))
		assert.InDelta(t, 30, b.lost(), 0, "its window, once")
	})
}

// Nor does a list that leads nowhere stop all others.
func TestListThatNeverEndsStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.InitialLookback = 0 })
		b.client.every(time.Second, began, 10*time.Minute)
		client := &stuckClient{fakeClient: b.client, only: began.Unix()}
		client.stuck.Store(true)
		b.Client = client
		b.restart()
		stop := b.run(t.Context())
		time.Sleep(4 * time.Hour)
		stop()
		assertEachOnce(t, b, 600)
		assert.Equal(t, 1, b.says("can't be read to its end"))
		assert.InDelta(t, 30, b.lost(), 0)
		assert.Less(t, time.Since(b.Status().ReadTo), 3*time.Minute)
	})
}
