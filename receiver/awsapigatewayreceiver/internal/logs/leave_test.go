package logs

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// notLogging is the account whose stage does not write an access log.
var notLogging = account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": `[{"stageName":"prod"}]`}

// crawls lets the inventory find the same for a time, every five minutes.
func (b *bench) crawls(s *inventory.Snapshot, length time.Duration) {
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(5 * time.Minute) {
		again := *s
		b.inv.mu.Lock()
		b.inv.snapshot = &again
		b.inv.mu.Unlock()
	}
}

// quick is the delay of events that come late by no more than AWS's usual seconds.
func quick(n int) time.Duration { return time.Duration(2+n%15) * time.Second }

// A stage whose access log is switched off for a while and on again goes on where it was, without storage, too: nothing comes out twice, and nothing is
// missing.
func TestAccessLogThatIsSwitchedOffAndOnGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		off    time.Duration
		others bool // write to the group meanwhile
	}{
		"before the group is left": {off: 10 * time.Minute}, "less than an hour": {off: 40 * time.Minute}, "hours": {off: 5 * time.Hour}, "others write": {40 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, on, off := time.Now(), oneGroup.snapshot(t), c.off
				events := wrote(began, 30*time.Minute, 5*time.Second, quick)
				if c.others {
					events = append(events, wrote(began.Add(30*time.Minute), off, 5*time.Second, func(int) time.Duration { return 0 })...)
				}
				events = append(events, wrote(began.Add(30*time.Minute+off), time.Hour, 5*time.Second, quick)...)
				b := newBench(t, on, nil)
				b.client.filter = paged(events, 1000)
				stop := b.run(t.Context())
				b.crawls(on, 30*time.Minute)
				b.crawls(notLogging.snapshot(t), off)
				if off > 20*time.Minute {
					assert.Empty(t, b.found(), "it was left")
				}
				b.crawls(on, 90*time.Minute)
				stop()
				assertOnce(t, b, events)
			})
		})
	}
}

// A group with a backlog is read to the end of it, failures or not, before it is left; then it is not read any more.
func TestGroupIsNotLeftWithItsBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, on := time.Now(), oneGroup.snapshot(t)
		events := wrote(began.Add(-6*time.Hour), 6*time.Hour, 10*time.Second, quick)
		b := newBench(t, on, func(c *Config) { c.StartAt = "6h" })
		answer, calls := paged(events, 30), atomic.Int64{}
		b.client.filter = func(group string, from, to int64, token string) (page model.LogPage, err error) {
			time.Sleep(30 * time.Second)
			if calls.Add(1)%5 == 0 {
				return page, failure(aws.Server, "InternalFailure")
			}
			return answer(group, from, to, token)
		}
		stop := b.run(t.Context())
		defer stop()
		b.crawls(on, time.Minute)
		off := notLogging.snapshot(t)
		b.crawls(off, 30*time.Minute)
		require.Less(t, len(b.came()), len(events), "it is behind")
		assert.Len(t, b.found(), 1)
		b.crawls(off, 2*time.Hour)
		assertOnce(t, b, events)
		assert.Empty(t, b.found())
		before := len(b.client.made())
		time.Sleep(time.Hour)
		assert.Len(t, b.client.made(), before)
	})
}

// A group that was left while a call was under way is not asked again when that fails.
func TestLeftGroupIsNotAskedAgain(t *testing.T) {
	for name, err := range map[string]error{
		"a failure that passes": failure(aws.Server, "InternalFailure"), "throttled": failure(aws.Throttled, "ThrottlingException"), "a key": failure(aws.Invalid, "KMSDisabledException"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := newBench(t, oneGroup.snapshot(t), nil)
				var underWay atomic.Bool
				b.client.filter = func(string, int64, int64, string) (page model.LogPage, _ error) {
					if time.Since(began) < 35*time.Minute {
						return page, nil
					}
					underWay.Store(true)
					time.Sleep(10 * time.Minute)
					return page, err
				}
				stop := b.run(t.Context())
				defer stop()
				b.crawls(oneGroup.snapshot(t), 10*time.Minute)
				b.see(t.Context(), notLogging.snapshot(t))
				time.Sleep(28 * time.Minute)
				require.True(t, underWay.Load())
				b.see(t.Context(), notLogging.snapshot(t))
				require.Empty(t, b.found(), "it was left")
				before := len(b.client.made())
				time.Sleep(2 * time.Hour)
				assert.Len(t, b.client.made(), before)
			})
		})
	}
}

// What the pipeline has not taken is not stored as read, whatever else has the group stored meanwhile: it comes out after a restart.
func TestWhatWasNotHandedOverIsNotStored(t *testing.T) {
	for name, meanwhile := range map[string]func(t *testing.T, b *bench){
		"nothing":      func(*testing.T, *bench) {},
		"another save": func(t *testing.T, b *bench) { b.save(t.Context(), b.groups.get("orders"), nil, time.Now()) },
		"its stage stops to log": func(t *testing.T, b *bench) {
			b.crawls(notLogging.snapshot(t), time.Hour)
			assert.Len(t, b.found(), 1, "it is not left")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := &checkpointtest.Disk{}
				on, backlog := oneGroup.snapshot(t), func(c *Config) { c.StartAt = "6h" }
				events := wrote(time.Now().Add(-6*time.Hour), 6*time.Hour, 10*time.Second, quick)
				b := newBench(t, on, backlog)
				b.Store = disk.Open(t)
				b.client.filter = paged(events, 300)
				b.refuse = func() error {
					if len(b.records) < 900 {
						return nil
					}
					return errors.New("not now")
				}
				stop := b.run(t.Context())
				time.Sleep(2 * time.Minute)
				require.Len(t, b.came(), 900, "the fourth page is offered again and again")
				meanwhile(t, b)
				stop()
				require.Len(t, b.came(), 900)
				again := newBench(t, on, backlog)
				again.Store = b.Store
				again.client.filter = b.client.filter
				stop = again.run(t.Context())
				time.Sleep(time.Hour)
				stop()
				assertOnce(t, &bench{records: append(b.came(), again.came()...)}, events)
			})
		})
	}
}

// The last events of a stage that is deleted, or no longer logs where it did, come after a restart, too.
func TestLastEventsOfAStageComeAfterARestart(t *testing.T) {
	for name, c := range map[string]struct {
		stages string // of today
		groups int    // that are read in the end
	}{
		"deleted":      {"[]", 0},
		"switched off": {`[{"stageName":"prod"}]`, 0},
		"moved":        {"[" + logging("prod", arn("elsewhere"), "$context.status") + "]", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := &checkpointtest.Disk{}
				on := oneGroup.snapshot(t)
				events := wrote(time.Now(), 30*time.Minute, 10*time.Second, func(n int) time.Duration { return time.Duration(n%9) * time.Minute })
				b := newBench(t, on, nil)
				b.Store = disk.Open(t)
				inOrders := paged(events, 300)
				b.client.filter = func(group string, from, to int64, token string) (model.LogPage, error) {
					if group != "orders" {
						return model.LogPage{}, nil
					}
					return inOrders(group, from, to, token)
				}
				stop := b.run(t.Context())
				b.crawls(on, 25*time.Minute)
				stop()
				time.Sleep(6 * time.Minute)
				today := account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": c.stages}.snapshot(t)
				today.Left = map[string][]inventory.Left{"r1": {{Stage: on.Stages["r1"][0], Since: time.Now(), Moved: c.stages != "[]"}}}
				again := newBench(t, today, nil)
				again.Store = b.Store
				again.client.filter = b.client.filter
				stop = again.run(t.Context())
				again.crawls(today, 2*time.Hour)
				assert.Len(t, again.found(), c.groups, "it is left in the end")
				stop()
				assertOnce(t, &bench{records: append(b.came(), again.came()...)}, events)
				for _, r := range again.came() {
					assert.Contains(t, r.attributes, "aws.request_id", "by the format that it had")
				}
			})
		})
	}
}

// A group that a stage left is read to its end, however long the collector was off, where the pipeline had not taken all of it before.
func TestBacklogOfAStageThatLeftComesAfterARestart(t *testing.T) {
	for name, c := range map[string]struct {
		today account
		moved bool
	}{
		"its API was deleted": {account{}, false},
		"deleted":             {account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[]"}, false},
		"switched off":        {notLogging, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, on, today := &checkpointtest.Disk{}, oneGroup.snapshot(t), c.today.snapshot(t)
				events := wrote(time.Now(), 30*time.Minute, 10*time.Second, quick)
				var came []record
				for run := range 3 {
					b := newBench(t, on, nil)
					b.Store = disk.Open(t)
					b.client.filter = paged(events, 300)
					b.refuse = func() error {
						if run == 0 && len(b.records) >= 60 {
							return errors.New("not now")
						}
						return nil
					}
					if run > 0 {
						b.inv.snapshot = today
					}
					stop := b.run(t.Context())
					if run == 0 {
						b.crawls(on, 30*time.Minute)
						stage := on.Stages["r1"][0]
						if len(today.APIs) == 0 {
							today.Gone, today.Stages = []inventory.Gone{{API: on.APIs[0], Since: time.Now()}}, map[string][]model.Stage{"r1": {stage}}
						} else {
							today.Left = map[string][]inventory.Left{"r1": {{Stage: stage, Since: time.Now(), Moved: c.moved}}}
						}
					}
					b.crawls(today, time.Hour)
					assert.Len(t, b.found(), map[bool]int{true: 1}[run == 0], "it is left in the end")
					stop()
					came = append(came, b.came()...)
					if run == 2 {
						assert.Empty(t, b.client.made(), "nor is it read again")
					}
					time.Sleep(time.Hour)
				}
				assertOnce(t, &bench{records: came}, events)
			})
		})
	}
}

// So is a group that was not read to its end before the inventory forgot who had written to it, by the format that it had.
func TestBacklogOfAStageThatIsForgotten(t *testing.T) {
	for name, now := range map[string]account{
		"its API was deleted": {},
		"deleted":             {"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[]"},
		"switched off":        notLogging,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, on, today := &checkpointtest.Disk{}, oneGroup.snapshot(t), now.snapshot(t)
				events := wrote(time.Now(), 30*time.Minute, 10*time.Second, quick)
				var came []record
				for run := range 4 {
					b := newBench(t, on, nil)
					b.Store = disk.Open(t)
					b.client.filter = paged(events, 300)
					b.refuse = func() error {
						if run < 2 && len(b.records) >= 60*(1-run) {
							return errors.New("not now")
						}
						return nil
					}
					if run > 0 {
						b.inv.snapshot = today
					}
					stop := b.run(t.Context())
					if run == 0 {
						b.crawls(on, 30*time.Minute)
					}
					b.crawls(today, 5*time.Hour)
					assert.Len(t, b.found(), map[bool]int{true: 1}[run < 2], "it is left once it was read")
					stop()
					came = append(came, b.came()...)
					if run == 3 {
						assert.Empty(t, b.client.made(), "nor is it read again")
						assert.NotContains(t, strings.Join(disk.Keys(), " "), "/left/")
					}
					time.Sleep(time.Hour)
				}
				assertOnce(t, &bench{records: came}, events)
				for _, r := range came {
					assert.Contains(t, r.attributes, "aws.request_id")
					assert.Equal(t, "r1", r.resource["aws.api_gateway.api_id"], r.resource)
				}
			})
		})
	}
}

// A stage that left twice, as when its canary ended and it was deleted then, is one source of its log groups: its lines are its own.
func TestStageThatLeftTwiceIsOneSource(t *testing.T) {
	on := account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": strings.Replace(oneGroup["GetStagesr1"], "{", `{"methodSettings":{"*/*":{"loggingLevel":"INFO"}},`, 1)}
	stage := on.snapshot(t).Stages["r1"][0]
	for name, ago := range map[string]time.Duration{"just now": 0, "before the collector stopped": time.Hour} {
		t.Run(name, func(t *testing.T) {
			since := time.Now().Add(-ago)
			today := account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[]"}.snapshot(t)
			today.Left = map[string][]inventory.Left{"r1": {{Stage: stage, Since: since, Moved: true}, {Stage: stage, Since: since}}}
			b := newBench(t, today, func(c *Config) { c.Execution.Enabled = true })
			logGroups := []string{"orders", executionPrefix + "r1/prod"}
			for _, name := range logGroups {
				b.index.Starts[name] = since.UnixMilli()
			}
			b.discover(t.Context())
			assert.Equal(t, map[string][]string{logGroups[0]: {"r1/prod"}, logGroups[1]: {"r1/prod execution"}}, b.found())
		})
	}
}

// A group whose stage stopped to log, and the formats of that stage, leave storage after 15 days of one run; what is still wanted stays.
func TestWhatNobodyWantsLeavesStorageInTheSameRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &checkpointtest.Disk{}
		const format = "$context.requestId $context.status"
		apis := oneGroup["GetRestApis"]
		both := account{"GetRestApis": apis, "GetStagesr1": "[" + logging("prod", arn("kept"), format) + "," + logging("dev", arn("left"), format) + "]"}.snapshot(t)
		one := account{"GetRestApis": apis, "GetStagesr1": "[" + logging("prod", arn("kept"), format) + "]"}.snapshot(t)
		b := newBench(t, both, nil)
		b.Store = disk.Open(t)
		events := wrote(time.Now(), 10*time.Minute, time.Second, quick)
		b.client.filter = paged(events, 1000)
		stop := b.run(t.Context())
		b.crawls(both, 15*time.Minute)
		b.crawls(one, time.Hour)
		stop() // what reads is not needed any more
		require.Len(t, b.found(), 1)
		stored := func() string { return strings.Join(disk.Keys(), "\n") + "\n" }
		for _, key := range []string{"group/kept\n", "group/left\n", "format/r1/prod\n", "format/r1/dev\n"} {
			require.Contains(t, stored(), key)
		}
		for range 14 {
			time.Sleep(day)
			b.see(t.Context(), one)
		}
		assert.Contains(t, stored(), "group/left\n")
		assert.Contains(t, stored(), "format/r1/dev\n")
		time.Sleep(2 * day)
		b.see(t.Context(), one)
		assert.Contains(t, stored(), "group/kept\n")
		assert.Contains(t, stored(), "format/r1/prod\n")
		assert.NotContains(t, stored(), "group/left")
		assert.NotContains(t, stored(), "format/r1/dev")
		index, err := disk.Get(t.Context(), b.key("index"))
		require.NoError(t, err)
		assert.NotContains(t, string(index), "left")
		assert.NotContains(t, string(index), "r1/dev")
		assert.EqualValues(t, 0, b.counted("checkpoint"))
	})
}
