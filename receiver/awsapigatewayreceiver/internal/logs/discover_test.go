package logs

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// found are the sources of each log group, by name and kind.
func (b *bench) found() map[string][]string {
	out := map[string][]string{}
	for _, g := range b.groups.all() {
		out[g.name] = nil
		for _, s := range g.routes.Load().sources {
			name := s.name()
			if s.kind == execution {
				name += " execution"
			}
			if s.canary {
				name += " canary"
			}
			out[g.name] = append(out[g.name], name)
		}
	}
	return out
}

// The log group of an access log is its destination's, written with or without ":*"; what else a destination can be is said with its reason.
func TestAccessLogsAreFoundByTheirDestinations(t *testing.T) {
	b := newBench(t, nil, nil)
	for destination, want := range map[string][2]string{
		arn("/aws/apigateway/orders"):                                         {"/aws/apigateway/orders"},
		arn("/aws/apigateway/orders:*"):                                       {"/aws/apigateway/orders"},
		"arn:aws:firehose:us-east-1:111122223333:deliverystream/amazon-apigw": {"", "firehose"},
		"arn:aws:logs:us-east-1:444455556666:log-group:orders":                {"", "other_account_or_region"},
		"arn:aws:logs:eu-west-1:111122223333:log-group:orders":                {"", "other_account_or_region"},
		"arn:aws:logs:us-east-1:111122223333:destination:orders":              {"", "firehose"},
		"orders": {"", "firehose"},
	} {
		name, dark := b.groupOf(destination)
		assert.Equal(t, want, [2]string{name, dark}, destination)
	}

	const firehose, elsewhere = "arn:aws:firehose:us-east-1:111122223333:deliverystream/amazon-apigw", "arn:aws:logs:us-east-1:444455556666:log-group:x"
	snapshot := account{
		"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"unwanted"}]`,
		"GetStagesr1": "[" + strings.Join([]string{logging("a", arn("one:*"), "$context.requestId"), logging("b", firehose, ""), logging("c", elsewhere, ""), `{"stageName":"d"}`}, ",") + "]",
		"GetStagesr2": "[" + logging("a", arn("two"), "$context.requestId") + "," + logging("b", "arn:aws:firehose:us-east-1:111122223333:deliverystream/other", "") + "]",
	}.snapshot(t, "r2")
	for range 3 {
		b.see(t.Context(), snapshot)
	}
	assert.Equal(t, map[string][]string{"one": {"r1/a"}}, b.found(), "a group with nothing but what is not wanted is not read")
	assert.Equal(t, map[string]int{"firehose": 1, "other_account_or_region": 1}, b.Status().Unreadable)
	require.Equal(t, 2, b.said.Len(), "each is said once")
	for _, entry := range b.said.All() {
		fields := entry.ContextMap()
		assert.Equal(t, remedies[fields["reason"].(string)], fields["remedy"])
		assert.Contains(t, []any{firehose, elsewhere}, fields["log_group"])
	}
}

// Execution logs are in groups named for API and stage, a canary's in either of two more; HTTP APIs have none, and stages that do not log.
func TestExecutionLogsAreFoundByName(t *testing.T) {
	const traced = `"methodSettings":{"*/*":{"loggingLevel":"ERROR"}}`
	snapshot := account{
		"GetRestApis": `[{"id":"r1","name":"orders"}]`,
		"GetApis":     `[{"apiId":"h1","name":"web","protocolType":"HTTP"},{"apiId":"w1","name":"chat","protocolType":"WEBSOCKET"}]`,
		"GetStagesr1": `[{"stageName":"prod",` + traced + `,"canarySettings":{"percentTraffic":5}},{"stageName":"dev",` + traced + `},{"stageName":"off","methodSettings":{"*/*":{"loggingLevel":"OFF"}}}]`,

		"GetStages (v2)h1": `[{"stageName":"$default","defaultRouteSettings":{"loggingLevel":"INFO"}}]`,
		"GetStages (v2)w1": `[{"stageName":"live","defaultRouteSettings":{"loggingLevel":"INFO"}}]`,
	}.snapshot(t)
	b := newBench(t, snapshot, func(c *Config) { c.Execution.Enabled = true })
	b.see(t.Context(), snapshot)
	assert.Equal(t, map[string][]string{
		"API-Gateway-Execution-Logs_r1/prod":        {"r1/prod execution"},
		"API-Gateway-Execution-Logs_r1/prod/Canary": {"r1/prod execution canary"},
		"API-Gateway-Execution-Logs/r1/prod/Canary": {"r1/prod execution canary"},
		"API-Gateway-Execution-Logs_r1/dev":         {"r1/dev execution"},
		"API-Gateway-Execution-Logs_w1/live":        {"w1/live execution"},
	}, b.found())
	off := newBench(t, snapshot, nil)
	off.see(t.Context(), snapshot)
	assert.Empty(t, off.found())
}

// Groups that the user names are read as what the user says of them; an API of another target is none of this one's.
func TestNamedGroups(t *testing.T) {
	snapshot := account{
		"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"orders"}]`,
		"GetStagesr1": "[" + logging("prod", arn("own"), "$context.requestId") + "]",
	}.snapshot(t)
	b := newBench(t, snapshot, func(c *Config) {
		c.Groups = []GroupConfig{
			{Name: "copy", API: "r1", Stage: "prod"},
			{Name: "by-name", API: "orders"},
			{Name: "nobody's", Format: "$context.requestId $context.status"},
			{Name: "API-Gateway-Execution-Logs_gone/prod"},
			{Name: "elsewhere", API: "r9"},
			{Name: "own", API: "r2"},
		}
	})
	b.see(t.Context(), snapshot)
	assert.Equal(t, map[string][]string{
		"copy": {"r1/prod"}, "by-name": {"r1/"}, "nobody's": {"/"}, "API-Gateway-Execution-Logs_gone/prod": {"/ execution"}, "own": {"r1/prod", "r2/"},
	}, b.found())
	formats := map[string][]string{}
	for _, g := range b.groups.all() {
		for _, try := range g.routes.Load().tries {
			formats[g.name] = append(formats[g.name], try.text)
		}
	}
	assert.Equal(t, map[string][]string{"copy": {"$context.requestId"}, "own": {"$context.requestId"}, "nobody's": {"$context.requestId $context.status"}}, formats)
}

// A group that nobody writes to any more is read until nothing can come late to it, and then left; an API that is gone has its groups as long.
func TestGroupsAreLeftWhenNothingComesAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		with := account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + logging("prod", arn("one"), "$context.requestId") + "," + logging("dev", arn("two"), "") + "]"}
		without := account{"GetRestApis": `[{"id":"r1","name":"orders"}]`, "GetStagesr1": "[" + logging("prod", arn("one"), "$context.requestId") + "]"}
		before, after := with.snapshot(t), without.snapshot(t)
		b := newBench(t, before, nil)
		b.see(t.Context(), before)
		assert.Len(t, b.found(), 2)
		b.see(t.Context(), after)
		read := func() {
			for _, g := range b.groups.all() {
				g.pos.readTo = time.Now().UnixMilli()
			}
		}
		time.Sleep(15*time.Minute - time.Second)
		read()
		time.Sleep(time.Second)
		b.see(t.Context(), after)
		assert.Len(t, b.found(), 2, "late_window and a sweep")
		two := b.groups.get("two")
		time.Sleep(time.Second)
		b.see(t.Context(), after)
		assert.Len(t, b.found(), 2, "the second after was not read yet: it may be behind, with a backlog")
		read()
		b.see(t.Context(), after)
		assert.Equal(t, []string{"one"}, slices.Collect(maps.Keys(b.found())))
		assert.True(t, two.removed)

		// The time begins anew where the group is wanted again meanwhile.
		b.see(t.Context(), before)
		b.see(t.Context(), after)
		time.Sleep(10 * time.Minute)
		b.see(t.Context(), before)
		b.see(t.Context(), after)
		time.Sleep(10 * time.Minute)
		b.see(t.Context(), after)
		assert.Len(t, b.found(), 2)

		gone := *before
		gone.APIs, gone.Gone = nil, []inventory.Gone{{API: before.APIs[0], Since: time.Now()}}
		b.see(t.Context(), &gone)
		time.Sleep(15*time.Minute - time.Second)
		b.see(t.Context(), &gone)
		assert.Len(t, b.found(), 2)
		assert.True(t, b.groups.get("one").leaveAt.IsZero())
		time.Sleep(16 * time.Minute)
		read()
		b.see(t.Context(), &gone)
		b.see(t.Context(), &gone)
		time.Sleep(16 * time.Minute)
		read()
		b.see(t.Context(), &gone)
		assert.Empty(t, b.found())
	})
}

// The first read of a group begins where start_at says, from the first start of the target on; of one that appears later an hour back at most.
func TestFirstRead(t *testing.T) {
	first := time.UnixMilli(t0)
	for name, c := range map[string]struct {
		startAt string
		after   time.Duration // since the first start
		want    time.Time
	}{
		"the end":                        {StartEnd, 0, first},
		"the end, a moment later":        {StartEnd, 30 * time.Second, first},
		"the end, a stage appears":       {StartEnd, 50 * time.Minute, first},
		"the end, a stage appears later": {StartEnd, 5 * time.Hour, first.Add(4 * time.Hour)},
		"the beginning":                  {StartBeginning, time.Hour, time.UnixMilli(0)},
		"a duration":                     {"2h", 0, first.Add(-2 * time.Hour)},
		"a duration, a stage appears":    {"2h", 5 * time.Hour, first.Add(3 * time.Hour)},
		"none":                           {"0s", 0, first},
	} {
		b := newBench(t, nil, func(config *Config) { config.StartAt = c.startAt })
		b.index.First = t0
		assert.Equal(t, c.want.UnixMilli(), b.firstRead(first.Add(c.after)), name)
	}
}
