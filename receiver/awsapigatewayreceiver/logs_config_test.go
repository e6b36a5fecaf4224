package awsapigatewayreceiver

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/logs"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Each value that can't be is refused with its key.
func TestBadLogSettingsAreNamed(t *testing.T) {
	for want, set := range map[string]func(*logs.Config){
		"logs::poll_interval: 10ms is too short":               func(c *logs.Config) { c.PollInterval = 10 * time.Millisecond },
		"logs::max_poll_interval: 5s is shorter":               func(c *logs.Config) { c.MaxPollInterval = 5 * time.Second },
		`logs::start_at: "yesterday"`:                          func(c *logs.Config) { c.StartAt = "yesterday" },
		`logs::start_at: "-1h"`:                                func(c *logs.Config) { c.StartAt = "-1h" },
		`logs::start_at: ""`:                                   func(c *logs.Config) { c.StartAt = "" },
		"logs::late_window: 1s":                                func(c *logs.Config) { c.LateWindow = time.Second },
		"logs::late_window: 3h0m0s":                            func(c *logs.Config) { c.LateWindow = 3 * time.Hour },
		"logs::max_backfill: 1m0s is shorter than late_window": func(c *logs.Config) { c.MaxBackfill = time.Minute },
		"logs::max_requests_per_second: -1":                    func(c *logs.Config) { c.MaxRequestsPerSecond = -1 },
		"logs::max_requests_per_second: NaN":                   func(c *logs.Config) { c.MaxRequestsPerSecond = math.NaN() },
		"logs::max_requests_per_second: 20000":                 func(c *logs.Config) { c.MaxRequestsPerSecond = 20_000 },
		`logs::body: "all": original or none`:                  func(c *logs.Config) { c.Body = "all" },
		`logs::include[0]: ""`:                                 func(c *logs.Config) { c.Include = []string{""} },
		`logs::include[1]: "user.id" is empty or listed twice`: func(c *logs.Config) { c.Include = []string{"user.id", "user.id"} },
		"logs::redact[0]::attribute: ":                         func(c *logs.Config) { c.Redact = []redact.Rule{{Action: "drop"}} },
		`logs::redact[0]::action: "shred": drop or hash`:       func(c *logs.Config) { c.Redact = []redact.Rule{{Attribute: "user.id", Action: "shred"}} },
		"logs::redact[0]::action: hash needs a key":            func(c *logs.Config) { c.Redact = []redact.Rule{{Attribute: "user.id", Action: "hash"}} },
		"logs::hash_key: has 5 bytes":                          func(c *logs.Config) { c.HashKey = "short" },
		`logs::groups[0]::name: ""`:                            func(c *logs.Config) { c.Groups = []logs.GroupConfig{{}} },
		`logs::groups[0]::name: "arn:aws:logs`:                 func(c *logs.Config) { c.Groups = []logs.GroupConfig{{Name: groupARN("/a")}} },
		`logs::groups[1]::name: "/a" is listed twice`:          func(c *logs.Config) { c.Groups = []logs.GroupConfig{{Name: "/a"}, {Name: "/a"}} },
		"logs::groups[0]::api: is empty":                       func(c *logs.Config) { c.Groups = []logs.GroupConfig{{Name: "/a", Stage: "prod"}} },
		"logs::groups[0]::format: ":                            func(c *logs.Config) { c.Groups = []logs.GroupConfig{{Name: "/a", Format: "without variables"}} },
	} {
		t.Run(want, func(t *testing.T) {
			c := createDefaultConfig().(*Config)
			set(&c.Logs)
			err := c.Validate()
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), want), err.Error())
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "short\"", "a key is not shown")
		})
	}
}

// start_at says from when on the events of a group are read that was never read before.
func TestStartAt(t *testing.T) {
	for startAt, back := range map[string]time.Duration{"end": 0, "1h": time.Hour, "beginning": 100 * time.Hour} {
		t.Run(startAt, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var from, to time.Time
				r := newRecordRig(t, func(epoch time.Time) *awssim.World {
					from, to = epoch.Add(-3*time.Hour), epoch.Add(20*time.Minute)
					return oneGroup(from, to, 10)
				}, func(c *awssim.Config) { c.Ingestion = onTime })
				r.edit = func(c *Config) {
					readLogs(c)
					c.Logs.StartAt = startAt
				}
				before := r.now()
				stop := r.start()
				defer stop()
				require.Eventually(t, func() bool { return r.sim.Count("FilterLogEvents") > 0 }, 10*time.Second, time.Millisecond)
				begun := r.now()
				r.until(to)
				want := r.accessTruth(from, to, nil)
				// A request's time of its line is in whole seconds, and the clocks differ by what an answer takes.
				r.leaveOut(want, before.Add(-back-2*time.Minute), begun.Add(-back+2*time.Minute))
				maps.DeleteFunc(want, func(_ string, w record) bool { return w.At.Before(before.Add(-back)) })
				r.await(want)
				r.leaveOut(want, before.Add(-back-2*time.Minute), begun.Add(-back+2*time.Minute))
				stop()
				compareRecords(t, r.records, want)
			})
		})
	}
}

// Log groups that the user names are read beside those of the stages: in the format that is given or the stage's own, for the stage that is given or nobody's.
// One that does not exist is said to be missing, and looked for.
func TestNamedLogGroups(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const format = `$context.requestId took $context.responseLatency ms: $context.status`
		var from, to time.Time
		line := func(group string, i int) string {
			return fmt.Sprintf("0b1c2d3e-0000-4000-8000-%012d took %d ms: 404", len(group)*1000+i, 1500+i)
		}
		const each = 30
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(20*time.Minute)
			w := oneGroup(from, to, 10)
			here := w.Accounts[0].Regions[0]
			for _, name := range []string{"/named/format", "/named/with-stage", "/named/by-its-name"} {
				group := &awssim.LogGroup{Name: name, Created: from.Add(-time.Hour)}
				for i := range each {
					group.Lines = append(group.Lines, awssim.LogLine{At: from.Add(time.Duration(i) * time.Minute), Message: line(name, i)})
				}
				here.LogGroups = append(here.LogGroups, group)
			}
			// Lines in the format of the stage itself.
			own := &awssim.LogGroup{Name: "/named/own", Created: from.Add(-time.Hour)}
			for request := range w.AccessRecords(here.APIs[0], here.APIs[0].Stages[0], from, from.Add(5*time.Minute)) {
				own.Lines = append(own.Lines, awssim.LogLine{At: request.At, Message: request.Line})
			}
			here.LogGroups = append(here.LogGroups, own)
			return &awssim.World{Seed: w.Seed, Accounts: w.Accounts} // one that was asked already must not change
		}, func(c *awssim.Config) { c.Ingestion = onTime })
		r.measured()
		r.edit = func(c *Config) {
			readLogs(c)
			c.Logs.Groups = []logs.GroupConfig{
				{Name: "/named/format", Format: format},
				{Name: "/named/with-stage", API: "rest000001", Stage: "prod", Format: format},
				{Name: "/named/by-its-name", API: "orders", Stage: "prod", Format: format},
				{Name: "/named/own", API: "rest000001", Stage: "prod"},
				{Name: "/named/nowhere", Format: format},
				{Name: "/named/elsewhere", API: "another-targets", Format: format},
			}
		}
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.accessTruth(from, to, nil)
		stage := stageResource(r.world.Accounts[0].Regions[0].APIs[0], "prod", "")
		nobody := anyOf()
		delete(nobody, prefix+"api_ids")
		nobody["service.instance.id"] = testAccount + "/" + testRegion
		for name, resource := range map[string]map[string]any{"/named/format": nobody, "/named/with-stage": stage, "/named/by-its-name": stage} {
			for uid, e := range r.events(name) {
				var serial, ms int
				_, err := fmt.Sscanf(*e.Message, "0b1c2d3e-0000-4000-8000-%d took %d ms", &serial, &ms)
				require.NoError(t, err)
				want[uid] = record{
					Event: accessEvent, Body: *e.Message, Severity: "WARN", At: time.UnixMilli(*e.Timestamp).UTC(), Resource: within(resource, name),
					Attributes: map[string]any{
						"aws.request_id": (*e.Message)[:36], "http.response.status_code": int64(404), prefix + "response.latency": float64(ms) / 1000,
					},
				}
			}
		}
		own := map[string]record{}
		for request := range r.world.AccessRecords(r.world.Accounts[0].Regions[0].APIs[0], r.world.Accounts[0].Regions[0].APIs[0].Stages[0], from, from.Add(5*time.Minute)) {
			own[request.Line] = want[request.EventID]
		}
		for uid, e := range r.events("/named/own") {
			w := own[*e.Message]
			w.Resource = within(stage, "/named/own")
			want[uid] = w
		}
		r.await(want)
		assert.InDelta(t, 1, r.count("unreadable_log_groups", "reason", "missing"), 0)
		stop()
		compareRecords(t, r.records, want)
		said := r.logs.FilterMessage("A log group can't be read").All()
		require.Len(t, said, 1)
		assert.Equal(t, "/named/nowhere", said[0].ContextMap()["log_group"])
	})
}

// within is a resource of records from a log group.
func within(resource map[string]any, group string) map[string]any {
	out := maps.Clone(resource)
	out["aws.log.group.names"] = []any{group}
	return out
}

// Without a body, records have all else.
func TestRecordsWithoutBodies(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var from, to time.Time
		r := newRecordRig(t, func(epoch time.Time) *awssim.World {
			from, to = epoch.Add(-20*time.Minute), epoch.Add(5*time.Minute)
			return fewFormatsWorld(from, to, 10)
		}, func(c *awssim.Config) { c.Ingestion = onTime })
		r.edit = func(c *Config) {
			readLogs(c)
			c.Logs.Body, c.Logs.LogStream = logs.BodyNone, true
		}
		stop := r.start()
		defer stop()
		r.until(to)
		want := r.accessTruth(from, to, nil)
		streams := map[string]string{}
		for _, w := range want {
			group := w.Resource["aws.log.group.names"].([]any)[0].(string)
			if streams[group] == "" {
				streams[group] = "read"
				for uid, e := range r.events(group) {
					streams[uid] = *e.LogStreamName
				}
			}
		}
		for uid, w := range want {
			w.Body = ""
			w.Attributes["aws.log.stream.name"] = streams[uid]
			want[uid] = w
		}
		r.await(want)
		stop()
		compareRecords(t, r.records, want)
	})
}
