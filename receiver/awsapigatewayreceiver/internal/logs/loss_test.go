package logs

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// A loss that the pipeline has not taken when the collector stops is said after the restart, once, and the events around it come once.
func TestLossThatWasNotTakenIsSaidAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, disk := time.Now(), &checkpointtest.Disk{}
		made := began.Add(37*time.Minute + 3*time.Second)
		var losses []record
		got, seconds := map[string]int{}, 0.0
		for run := range 4 {
			b := newBench(t, oneGroup.snapshot(t), func(c *Config) { c.MaxPollInterval = c.PollInterval })
			b.Store = disk.Open(t)
			b.client.describe = func(names []string) ([]model.LogGroup, error) {
				created := made
				if time.Now().Before(made) {
					created = began.Add(-day)
				}
				return []model.LogGroup{{Name: names[0], Created: created}}, nil
			}
			b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
				return events(began, from, min(to, time.Now().UnixMilli()), 10*time.Minute), nil
			}
			b.refuse = func() error {
				if run < 2 && time.Now().After(made) {
					return errors.New("not now")
				}
				return nil
			}
			stop := b.run(t.Context())
			time.Sleep(time.Hour)
			stop()
			for _, r := range b.came() {
				if r.event == eventLost {
					losses = append(losses, r)
				} else {
					got[r.uid]++
				}
			}
			seconds += b.lostSecs
			assert.Equal(t, map[bool]int{true: 1}[run == 2], b.said.FilterMessage("Log events can't be read any more").Len())
		}
		require.Len(t, losses, 1)
		assert.Equal(t, lostDeleted, losses[0].attributes[attrLostReason])
		assert.Equal(t, made.UTC().Format(time.RFC3339Nano), losses[0].attributes[attrLostTo])
		assert.InDelta(t, 10, seconds, 1e-6, "an interval between polls")
		assert.Len(t, got, 24)
		assert.Equal(t, []int{1}, times(got))
	})
}

// However many losses are not said, few are kept, and nothing is left out of them.
func TestLossesThatWereNotSaidAreKept(t *testing.T) {
	disk := &checkpointtest.Disk{}
	k := newKeeper(disk.Open(t), t0)
	g := &group{name: "g", seen: newMemory(), pos: startAt(t0)}
	for i := range int64(maxLosses + 5) {
		g.lose(span{t0 + i*second, t0 + i*second + 500}, lostRetention)
	}
	k.save(t.Context(), g, nil, time.UnixMilli(t0))
	again := &group{name: "g", seen: newMemory()}
	ok, err := k.load(t.Context(), again)
	require.NoError(t, err)
	assert.True(t, ok)
	require.Len(t, again.losses, maxLosses)
	assert.Equal(t, g.losses, again.losses)
	assert.Equal(t, &loss{span: span{t0, t0 + 500}, reason: lostRetention}, again.losses[0])
	assert.Equal(t, &loss{span: span{t0 + 15*second, t0 + 20*second + 500}, reason: lostRetention}, again.losses[maxLosses-1])
}

// A log group that is deleted with its stage takes what was not read of it along, which is said: here, or by the next start. Where it was read up to then,
// nothing is.
func TestDeletedGroupTakesItsBacklogAlong(t *testing.T) {
	for name, c := range map[string]struct{ refused, off bool }{"read": {}, "refused": {refused: true}, "refused by a stopped collector": {true, true}, "off": {off: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, disk := time.Now(), &checkpointtest.Disk{}
				on, gone := oneGroup.snapshot(t), account{}.snapshot(t)
				deleted := began.Add(time.Hour)
				var losses []record
				seconds := 0.0
				start := func(s *inventory.Snapshot) (*bench, func()) {
					b := newBench(t, s, nil)
					b.Store = disk.Open(t)
					answer := paged(wrote(began, time.Hour, time.Second, quick), 100)
					b.client.filter = func(group string, from, to int64, token string) (page model.LogPage, err error) {
						if !time.Now().Before(deleted) {
							return page, notFound
						}
						return answer(group, from, to, token)
					}
					b.client.describe = func(names []string) ([]model.LogGroup, error) {
						if !time.Now().Before(deleted) {
							return nil, nil
						}
						return []model.LogGroup{{Name: names[0], Created: began.Add(-day)}}, nil
					}
					b.refuse = func() error {
						if c.refused && time.Since(began) > 30*time.Minute && time.Since(began) < 2*time.Hour {
							return errors.New("not now")
						}
						return nil
					}
					return b, b.run(t.Context())
				}
				b, stop := start(on)
				b.crawls(on, 50*time.Minute)
				if c.off {
					stop()
					time.Sleep(20 * time.Minute)
				} else {
					b.crawls(on, 20*time.Minute)
				}
				for run := range 3 {
					switch {
					case run > 0:
						stop()
						b, stop = start(gone)
					case c.off:
						b, stop = start(on)
						time.Sleep(10 * time.Second)
					}
					b.crawls(gone, 4*time.Hour)
					for _, r := range b.came() {
						if r.event == eventLost {
							losses = append(losses, r)
						}
					}
					seconds += b.lostSecs
				}
				stop()
				if !c.refused && !c.off {
					assert.Empty(t, losses)
					assert.Zero(t, seconds)
					return
				}
				require.Len(t, losses, 1)
				assert.Equal(t, lostDeleted, losses[0].attributes[attrLostReason])
				from, err := time.Parse(time.RFC3339Nano, losses[0].attributes[attrLostFrom].(string))
				require.NoError(t, err)
				read := map[bool]time.Duration{true: 30 * time.Minute, false: 50 * time.Minute}[c.refused]
				assert.WithinDuration(t, began.Add(read), from, 2*time.Minute)
				assert.WithinDuration(t, deleted, losses[0].at, 11*time.Minute)
				assert.InDelta(t, losses[0].at.Sub(from).Seconds(), seconds, 1)
			})
		})
	}
}

// Nor is anything said of a group that was read up to its end, and was missing for long before its stage was deleted, over a restart, too.
func TestGroupThatWasMissingForLongTookNothingAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, disk := time.Now(), &checkpointtest.Disk{}
		on, deleted := oneGroup.snapshot(t), began.Add(30*time.Minute)
		answer := paged(wrote(began, 30*time.Minute, time.Second, quick), 100)
		for _, gone := range []bool{false, true} {
			b := newBench(t, on, nil)
			b.Store = disk.Open(t)
			b.client.filter = func(group string, from, to int64, token string) (page model.LogPage, err error) {
				if !time.Now().Before(deleted) {
					return page, notFound
				}
				return answer(group, from, to, token)
			}
			b.client.describe = func(names []string) ([]model.LogGroup, error) {
				if !time.Now().Before(deleted) {
					return nil, nil
				}
				return []model.LogGroup{{Name: names[0], Created: began.Add(-day)}}, nil
			}
			stop := b.run(t.Context())
			b.crawls(on, 2*time.Hour)
			if gone {
				b.crawls(account{}.snapshot(t), 2*time.Hour)
				assert.Empty(t, b.found())
			}
			stop()
			assert.Zero(t, b.lostSecs)
		}
	})
}
