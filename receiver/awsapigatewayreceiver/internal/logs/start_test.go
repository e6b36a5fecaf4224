package logs

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// A group of which nothing was handed over before the collector stopped is read at the next start from where its first read was to begin, however long
// ago that is.
func TestGroupOfWhichNothingCameIsReadFromItsBeginning(t *testing.T) {
	racetest.Skip(t)
	racetest.Skip(t)
	denied := failure(aws.Denied, "AccessDeniedException")
	for name, c := range map[string]struct {
		start  string
		before time.Duration // the first start
		denied bool
	}{
		"it may not be read":                    {StartEnd, 0, true},
		"the pipeline refuses, from an hour on": {"1h", time.Hour, false},
		"it may not be read, from an hour on":   {"1h", time.Hour, true},
		"the pipeline refuses the very first":   {StartBeginning, 9 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, events := &checkpointtest.Disk{}, wrote(time.Now().Add(-c.before), 14*time.Hour+c.before, time.Minute, quick)
				answer := paged(events, 1000)
				var b *bench
				for run := range 3 {
					b = newBench(t, oneGroup.snapshot(t), func(config *Config) { config.StartAt = c.start })
					b.Store = disk.Open(t)
					b.client.filter = func(group string, from, to int64, token string) (model.LogPage, error) {
						if c.denied && run < 2 {
							return model.LogPage{}, denied
						}
						return answer(group, from, to, token)
					}
					if run < 2 {
						b.refuse = func() error { return errors.New("not now") }
					}
					stop := b.run(t.Context())
					time.Sleep(3 * time.Hour)
					stop()
					time.Sleep(3 * time.Hour)
				}
				assertOnce(t, b, events)
				assert.Zero(t, b.lostSecs)
				assert.Zero(t, b.counted("checkpoint"))
			})
		})
	}
}

// So much of that as max_backfill leaves out is said to be lost.
func TestGroupOfWhichNothingCameForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, disk := time.Now(), &checkpointtest.Disk{}
		events := wrote(began, 13*time.Hour, time.Minute, quick)
		for run := range 2 {
			b := newBench(t, oneGroup.snapshot(t), func(config *Config) { config.MaxBackfill = 4 * time.Hour })
			b.Store, b.client.filter = disk.Open(t), paged(events, 1000)
			if run == 0 {
				b.client.filter = func(string, int64, int64, string) (page model.LogPage, _ error) {
					return page, failure(aws.Denied, "AccessDeniedException")
				}
			}
			stop := b.run(t.Context())
			time.Sleep(time.Hour)
			stop()
			if run == 1 {
				records := b.came()
				assert.Equal(t, eventLost, records[0].event)
				assert.Equal(t, lostBackfill, records[0].attributes[attrLostReason])
				assert.InDelta(t, (7 * time.Hour).Seconds(), b.lostSecs, 10)
				assert.InDelta(t, 5*60, len(records)-1, 2)
			}
			time.Sleep(10 * time.Hour)
		}
	})
}

// A stage that appeared while the collector was off is read from when it can have appeared.
func TestStageThatAppearedMeanwhileIsReadFromItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, disk := time.Now(), &checkpointtest.Disk{}
		before, after := account{"GetRestApis": oneGroup["GetRestApis"]}.snapshot(t), oneGroup.snapshot(t)
		events := wrote(began.Add(2*time.Hour), 6*time.Hour, time.Minute, quick)
		b := newBench(t, before, nil)
		b.Store, b.client.filter = disk.Open(t), paged(events, 1000)
		stop := b.run(t.Context())
		time.Sleep(time.Hour)
		stop()
		time.Sleep(5 * time.Hour)
		b = newBench(t, before, nil) // as it was stored
		b.Store, b.client.filter = disk.Open(t), paged(events, 1000)
		stop = b.run(t.Context())
		time.Sleep(time.Minute)
		b.crawls(before, 10*time.Minute)
		b.crawls(after, 4*time.Hour)
		stop()
		assertOnce(t, b, events)
	})
}

// So is one that appeared while the APIs could not be listed, by the first start or any other.
func TestStageThatAppearedWhileNothingWasListed(t *testing.T) {
	for name, before := range map[string]account{"the list fails": {"GetRestApis": oneGroup["GetRestApis"]}, "one of the lists never came": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, old := time.Now(), *before.snapshot(t)
				if len(before) == 0 {
					old.Taken = time.Time{}
				}
				events := wrote(began.Add(2*time.Hour), 7*time.Hour, time.Minute, quick)
				b := newBench(t, &old, nil)
				b.Store, b.client.filter = (&checkpointtest.Disk{}).Open(t), paged(events, 1000)
				stop := b.run(t.Context())
				b.crawls(&old, 8*time.Hour) // whose Taken stays
				b.crawls(oneGroup.snapshot(t), 4*time.Hour)
				stop()
				assertOnce(t, b, events)
			})
		})
	}
}

// So is one that a crawl finds hours later since crawls are that far apart, though the APIs are listed in between.
func TestStageThatAppearedBetweenTwoCrawls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, before := time.Now(), account{"GetRestApis": oneGroup["GetRestApis"]}.snapshot(t)
		events := wrote(began.Add(2*time.Hour), 7*time.Hour, time.Minute, quick)
		b := newBench(t, before, nil)
		b.inv.interval = 5 * time.Hour
		b.Store, b.client.filter = (&checkpointtest.Disk{}).Open(t), paged(events, 1000)
		stop := b.run(t.Context())
		for range 13 {
			listed := *before
			listed.Taken = time.Now()
			b.crawls(&listed, 30*time.Minute)
		}
		b.crawls(oneGroup.snapshot(t), 4*time.Hour)
		stop()
		assertOnce(t, b, events)
	})
}

// What retention takes of a group that was not readable since it is known is lost as well, over a restart, too; what is older was never promised.
func TestRetentionOfAGroupThatWasNeverReadable(t *testing.T) {
	racetest.Skip(t)
	for _, start := range []string{StartEnd, StartBeginning, "72h"} {
		for _, restarts := range []bool{false, true} {
			t.Run(fmt.Sprint(start, restarts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began, disk := time.Now(), &checkpointtest.Disk{}
					reader := func() *bench {
						b := newBench(t, oneGroup.snapshot(t), func(c *Config) { c.StartAt, c.MaxBackfill = start, 7*day })
						b.Store = disk.Open(t)
						b.client.describe = func([]string) ([]model.LogGroup, error) {
							return []model.LogGroup{{Name: "orders", Created: began.Add(-30 * day), RetentionDays: 1}}, nil
						}
						b.client.filter = func(string, int64, int64, string) (page model.LogPage, err error) {
							if time.Since(began) < 3*day {
								err = failure(aws.Denied, "AccessDeniedException")
							}
							return page, err
						}
						return b
					}
					b := reader()
					stop := b.run(t.Context())
					time.Sleep(3*day - time.Minute)
					assert.Empty(t, b.came())
					if restarts {
						stop()
						time.Sleep(time.Hour)
						b = reader()
						stop = b.run(t.Context())
					}
					defer stop()
					time.Sleep(time.Hour)
					records := b.came()
					require.Len(t, records, 1)
					assert.Equal(t, lostRetention, records[0].attributes[attrLostReason])
					assert.InDelta(t, (2 * day).Seconds(), b.lostSecs, 3700)
				})
			})
		}
	}
}

// A group that did not exist has lost nothing, however long nobody looked.
func TestGroupThatIsMadeLateHasLostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &checkpointtest.Disk{}
		made := time.Now().Add(4*day + 2*time.Hour)
		events := wrote(made.Add(time.Minute), time.Hour, time.Minute, quick)
		answer := paged(events, 1000)
		var b *bench
		for range 2 {
			b = newBench(t, oneGroup.snapshot(t), nil)
			b.Store = disk.Open(t)
			b.client.describe = func([]string) ([]model.LogGroup, error) {
				if time.Now().Before(made) {
					return nil, nil
				}
				return []model.LogGroup{{Name: "orders", Created: made, RetentionDays: 1}}, nil
			}
			b.client.filter = func(group string, from, to int64, token string) (page model.LogPage, _ error) {
				if time.Now().Before(made) {
					return page, notFound
				}
				return answer(group, from, to, token)
			}
			stop := b.run(t.Context())
			time.Sleep(6 * time.Hour)
			stop()
			time.Sleep(4*day - 6*time.Hour)
		}
		assertOnce(t, b, events)
		assert.Zero(t, b.lostSecs)
	})
}
