package logs

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// says lets each log group have the lines, all written a second after a time, and readable at once.
func (c *fakeClient) says(began time.Time, lines map[string][]model.LogEvent) {
	c.filter = func(group string, from, to int64, _ string) (page model.LogPage, err error) {
		for i, e := range lines[group] {
			e.Timestamp, e.ID = began.UnixMilli()+1000+int64(i), group+"-"+string(rune('a'+i))
			if e.Ingested == 0 {
				e.Ingested = e.Timestamp
			}
			if e.Timestamp >= from && e.Timestamp <= to {
				page.Events = append(page.Events, e)
			}
		}
		return page, nil
	}
}

// Each line is one record: decoded in its stage's format, a documented one or by its keys, or whole; what AWS itself writes into groups is skipped.
func TestEachLineIsOneRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accounts := account{
			"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"unwanted"}]`,
			"GetStagesr1": "[" + logging("prod", arn("orders"), "$context.apiId $context.requestId $context.status") + `,{"stageName":"dev","methodSettings":{"*/*":{"loggingLevel":"INFO"}}}]`,
			"GetStagesr2": "[" + logging("prod", arn("orders"), "$context.apiId $context.requestId $context.status") + "]",
		}
		b := newBench(t, accounts.snapshot(t, "r2"), func(c *Config) { c.Execution.Enabled, c.LogStream = true, true })
		const executions = "API-Gateway-Execution-Logs_r1/dev"
		b.client.says(time.Now(), map[string][]model.LogEvent{
			"orders": {
				{Message: "r1 id-1 200", Stream: "s"},
				{Message: "r2 id-2 200"},
				{Message: `203.0.113.1 - - [01/Jan/2000:00:00:01 +0000] "GET /orders HTTP/1.1" 503 12 id-3 ext=`},
				{Message: `{"requestId":"id-4","status":"404"}`},
				{Message: "CWL CONTROL MESSAGE: Checking health of destination"},
				{Message: "Permissions are set correctly", Stream: validationStream},
				{Message: "anything"},
				{Message: "r1 id-5 200", Ingested: 1},
			},
			executions: {{Message: "(id-6) Method completed with status: 200"}, {Message: "(id-7) of which nobody knows the form"}},
		})
		stop := b.run(t.Context())
		time.Sleep(20 * time.Minute)
		stop()
		got := map[string]record{}
		for _, r := range b.came() {
			require.NotContains(t, got, r.uid)
			got[r.uid] = r
		}
		require.Len(t, got, 7)
		assert.Equal(t, "id-1", got["orders-a"].attributes["aws.request_id"])
		assert.Equal(t, "s", got["orders-a"].attributes["aws.log.stream.name"])
		assert.Equal(t, "r1", got["orders-a"].resource["aws.api_gateway.api_id"])
		assert.Equal(t, "r1 id-1 200", got["orders-a"].body)
		assert.NotContains(t, got, "orders-b", "of an API that is not wanted")
		assert.EqualValues(t, 503, got["orders-c"].attributes["http.response.status_code"])
		assert.Equal(t, "id-4", got["orders-d"].attributes["aws.request_id"])
		assert.Contains(t, got["orders-g"].attributes, "aws.api_gateway.parse.error")
		assert.Equal(t, "withheld: 8 bytes", got["orders-g"].body, "the unwanted API may have written it, in whatever format")
		for _, uid := range []string{"orders-c", "orders-d", "orders-g"} {
			assert.NotContains(t, got[uid].resource, "aws.api_gateway.stage", "it may be anybody's")
		}
		assert.Equal(t, "aws.api_gateway.execution", got[executions+"-a"].event)
		assert.Equal(t, "id-7", got[executions+"-b"].attributes["aws.request_id"])
		assert.Equal(t, "dev", got[executions+"-b"].resource["aws.api_gateway.stage"])
		for name, want := range map[string]int64{
			"records=access": 5, "records=execution": 2, "parse=stock": 1, "parse=json": 1, "parse=none": 1, "skipped": 2, "unknown": 1, "odd": 1, "refused": 0, "checkpoint": 0,
		} {
			assert.Equal(t, want, b.counted(name), name)
		}
		assert.Positive(t, b.counted("bytes=again"), "events are looked for once more")
		assert.LessOrEqual(t, b.counted("bytes=again"), 3*b.counted("bytes=new"))
		assert.Equal(t, []string{"r1"}, b.inv.asked, "lines in no format have their stages read anew")
		assert.Zero(t, b.Status().Remembered, "everything is settled")
	})
}

// A line in no format of its stage has the stage read anew, before it is given up: where its format was changed, the line is in the new one.
func TestChangedFormatIsTakenUpWithTheFirstLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changed := account{"GetRestApis": oneGroup["GetRestApis"], "GetStagesr1": "[" + logging("prod", arn("orders"), "now: $context.requestId") + "]"}.snapshot(t)
		b := newBench(t, oneGroup.snapshot(t), nil)
		b.inv.refresh = func(string) *inventory.Snapshot { return changed }
		b.client.says(time.Now(), map[string][]model.LogEvent{"orders": {{Message: "id-1 200"}, {Message: "now: id-2"}, {Message: "id-3 200"}, {Message: "? ? ?"}}})
		stop := b.run(t.Context())
		time.Sleep(2 * time.Minute)
		stop()
		var ids []any
		for _, r := range b.came() {
			ids = append(ids, r.attributes["aws.request_id"])
		}
		assert.Equal(t, []any{"id-1", "id-2", "id-3", nil}, ids)
		assert.EqualValues(t, 1, b.counted("parse=none"))
		assert.EqualValues(t, 0, b.counted("parse=stock"))
	})
}

// The stages of an API are not read anew for each line that can't be decoded: every five seconds at most, and those of all APIs every two seconds.
func TestStagesAreReadAnewNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneGroup.snapshot(t), nil)
		for range 120 {
			b.refresh(t.Context(), []string{"r1"})
			time.Sleep(time.Second)
		}
		assert.Len(t, b.inv.asked, 24)
		b.inv.asked = nil
		many := []string{"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"}
		for range 120 {
			b.refresh(t.Context(), many)
			time.Sleep(time.Second)
		}
		assert.InDelta(t, 60+askBurst, len(b.inv.asked), 1)
		assert.Equal(t, time.Now().Add(-time.Second).UnixMilli()/10_000, b.confirmed([]string{"r1"})/10_000)
		assert.Zero(t, b.confirmed([]string{"r1", "never asked"}))
	})
}

// A line that can't be decoded is only shown where the stages of its group are known to write no secrets: its format may be one that is not known yet.
func TestUnknownLinesAreShownOnceTheirStagesAreConfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		account  account
		excluded []string
		fails    bool
		want     string
	}{
		"confirmed":                       {account: oneGroup, want: "? ? ?"},
		"the stages can't be read":        {account: oneGroup, fails: true, want: "withheld: 5 bytes"},
		"an API's stages were never read": {account: account{"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"other"}]`, "GetStagesr1": oneGroup["GetStagesr1"]}, excluded: []string{"r2"}, want: "withheld: 5 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.account.snapshot(t, c.excluded...), nil)
				b.inv.fails = c.fails
				b.client.says(time.Now(), map[string][]model.LogEvent{"orders": {{Message: "? ? ?"}}})
				stop := b.run(t.Context())
				time.Sleep(2 * time.Minute)
				stop()
				require.Len(t, b.came(), 1)
				assert.Equal(t, c.want, b.came()[0].body)
			})
		})
	}
}

// A group is polled every ten seconds while it has events, ever less often up to two minutes while it has none, and at once again when it shows some.
func TestQuietGroupsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		busy := func(at time.Time) bool {
			since := at.Sub(began)
			return since < 5*time.Minute || since > time.Hour && since < 65*time.Minute
		}
		b := newBench(t, oneGroup.snapshot(t), nil)
		b.client.filter = func(_ string, from, to int64, _ string) (page model.LogPage, err error) {
			for _, e := range events(began, from, to, 5*time.Second).Events {
				if busy(time.UnixMilli(e.Timestamp)) {
					page.Events = append(page.Events, e)
				}
			}
			return page, nil
		}
		stop := b.run(t.Context())
		time.Sleep(90 * time.Minute)
		stop()
		polls := func(from, to time.Duration) (gaps []time.Duration) {
			last := time.Time{}
			for _, c := range b.client.made() {
				if since := c.at.Sub(began); since < from || since > to || c.to < c.at.Add(-time.Minute).UnixMilli() { // or it is a sweep
					continue
				}
				if !last.IsZero() {
					gaps = append(gaps, c.at.Sub(last).Round(time.Second))
				}
				last = c.at
			}
			return gaps
		}
		for _, gap := range append(polls(0, 5*time.Minute), polls(62*time.Minute, 65*time.Minute)...) {
			assert.Equal(t, 10*time.Second, gap)
		}
		quiet := polls(5*time.Minute, time.Hour)
		for i, gap := range quiet[1:] {
			assert.GreaterOrEqual(t, gap, quiet[i], "poll %d", i)
		}
		assert.Equal(t, 2*time.Minute, quiet[len(quiet)-1])
		for _, r := range b.came() {
			require.True(t, busy(r.at), "and no others")
		}
		assert.Len(t, b.came(), 60+59)
	})
}

// What the pipeline refuses is offered until it is taken; what it refuses for good is counted and left.
func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneGroup.snapshot(t), nil)
		b.refuse = func() error {
			switch since := time.Since(began); {
			case since < 5*time.Minute:
				return errors.New("not now")
			case since > 10*time.Minute && since < 11*time.Minute:
				return consumererror.NewPermanent(errors.New("never"))
			}
			return nil
		}
		b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
			return events(began, from, to, 10*time.Second), nil
		}
		stop := b.run(t.Context())
		time.Sleep(30 * time.Minute)
		stop()
		refused := b.counted("refused")
		assert.InDelta(t, 6, refused, 1)
		got := map[string]bool{}
		for _, r := range b.came() {
			require.False(t, got[r.uid], "none comes twice")
			got[r.uid] = true
		}
		assert.InDelta(t, 180-refused, len(got), 2)
	})
}

// With storage a restart goes on where the last run ended: nothing is repeated, and nothing is missing.
func TestRestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &checkpointtest.Disk{}
		began, snapshot := time.Now(), oneGroup.snapshot(t)
		var all []record
		for run := range 6 {
			b := newBench(t, snapshot, nil)
			b.Store = disk.Open(t)
			b.client.filter = func(_ string, from, to int64, _ string) (model.LogPage, error) {
				return events(began, from, to, 700*time.Millisecond), nil
			}
			stop := b.run(t.Context())
			time.Sleep(time.Duration(1+3*run)*time.Minute + 7777*time.Millisecond)
			stop()
			all = append(all, b.came()...)
			assert.Zero(t, b.counted("checkpoint"))
			time.Sleep(time.Duration(run) * time.Minute) // it is down
		}
		length := time.UnixMilli(all[len(all)-1].at.UnixMilli()).Sub(began)
		assert.Greater(t, length, 50*time.Minute)
		assertEachOnce(t, &bench{records: all}, began, length, 700*time.Millisecond)
	})
}

// Each bad setting is an error that names its key.
func TestBadSettings(t *testing.T) {
	for key, edit := range map[string]func(*Config){
		"poll_interval:":           func(c *Config) { c.PollInterval = time.Millisecond },
		"max_poll_interval:":       func(c *Config) { c.MaxPollInterval = time.Second },
		"start_at:":                func(c *Config) { c.StartAt = "yesterday" },
		"late_window:":             func(c *Config) { c.LateWindow = time.Second },
		"max_backfill:":            func(c *Config) { c.MaxBackfill = time.Minute },
		"max_requests_per_second:": func(c *Config) { c.MaxRequestsPerSecond = -1 },
		"body:":                    func(c *Config) { c.Body = "some" },
		"include[1]:":              func(c *Config) { c.Include = []string{"user.id", "user.id"} },
		"groups[0]::name:":         func(c *Config) { c.Groups = []GroupConfig{{Name: arn("orders")}} },
		"groups[1]::name:":         func(c *Config) { c.Groups = []GroupConfig{{Name: "a"}, {Name: "a"}} },
		"groups[0]::api:":          func(c *Config) { c.Groups = []GroupConfig{{Name: "a", Stage: "prod"}} },
		"groups[0]::format:":       func(c *Config) { c.Groups = []GroupConfig{{Name: "a", Format: "no variables"}} },
	} {
		c := DefaultConfig()
		require.NoError(t, c.Check())
		edit(&c)
		err := c.Check()
		require.Error(t, err, key)
		assert.True(t, strings.HasPrefix(err.Error(), key), "%s: %v", key, err)
	}
}
