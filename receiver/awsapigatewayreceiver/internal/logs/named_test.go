package logs

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// lines are the records of lines of a group, by their places in it, after all of it was read.
func (b *bench) lines(t *testing.T, group string, messages ...string) map[string]record {
	t.Helper()
	var events []model.LogEvent
	for _, m := range messages {
		events = append(events, model.LogEvent{Message: m})
	}
	b.client.says(time.Now(), map[string][]model.LogEvent{group: events})
	stop := b.run(t.Context())
	time.Sleep(20 * time.Minute)
	stop()
	out := map[string]record{}
	for _, r := range b.came() {
		require.NotContains(t, out, r.uid)
		out[r.uid] = r
	}
	return out
}

// Where logs::groups names the group that a stage writes to anyhow, its lines stay that stage's; a format that is given there is tried before the
// stage's own.
func TestNamedGroupThatIsTheStagesOwn(t *testing.T) {
	const own, given = "$context.requestId $context.status", "$context.extendedRequestId $context.status"
	for name, c := range map[string]struct {
		named GroupConfig
		tries []string
		id    string // the attribute of the first value
	}{
		"without a format":   {GroupConfig{Name: "orders", API: "r1", Stage: "prod"}, []string{own}, "aws.request_id"},
		"by the API's name":  {GroupConfig{Name: "orders", API: "orders", Stage: "prod"}, []string{own}, "aws.request_id"},
		"with a format":      {GroupConfig{Name: "orders", API: "r1", Stage: "prod", Format: given}, []string{given, own}, "aws.api_gateway.extended_request_id"},
		"with the stage's":   {GroupConfig{Name: "orders", API: "r1", Stage: "prod", Format: own}, []string{own}, "aws.request_id"},
		"with one of a kind": {GroupConfig{Name: "orders", API: "r1", Stage: "prod", Format: "mine: $context.requestId"}, []string{"mine: $context.requestId", own}, "aws.request_id"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneGroup.snapshot(t), func(config *Config) { config.Groups = []GroupConfig{c.named} })
				got := b.lines(t, "orders", "id-1 200")
				require.Len(t, got, 1)
				assert.Equal(t, "id-1", got["orders-a"].attributes[c.id])
				assert.Equal(t, "r1", got["orders-a"].resource["aws.api_gateway.api_id"])
				assert.Equal(t, "prod", got["orders-a"].resource["aws.api_gateway.stage"])
				assert.Equal(t, map[string][]string{"orders": {"r1/prod"}}, b.found())
				var tries []string
				for _, try := range b.groups.get("orders").routes.Load().tries {
					tries = append(tries, try.text)
				}
				assert.Equal(t, c.tries, tries)
			})
		})
	}
}

// A line that names its API, and may be of any of that API's stages that the user does not want, is not emitted; one that may be of a wanted stage of
// the API is.
func TestLinesOfSeveralUnwantedStagesAreNotEmitted(t *testing.T) {
	const format = "$context.apiId $context.requestId"
	shared := account{
		"GetRestApis": `[{"id":"r1","name":"orders"},{"id":"r2","name":"search"}]`,
		"GetStagesr1": "[" + logging("prod", arn("shared"), format) + "]",
		"GetStagesr2": "[" + logging("dev", arn("shared"), format) + "," + logging("test", arn("shared"), format) + "," + logging("prod", arn("else"), format) + "]",
	}
	for name, c := range map[string]struct {
		exclude []inventory.FilterItem
		want    int
	}{
		"both": {[]inventory.FilterItem{{ID: "r2", Stage: "dev"}, {ID: "r2", Stage: "test"}}, 0},
		"one":  {[]inventory.FilterItem{{ID: "r2", Stage: "dev"}}, 1},
		"none": {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, shared.filtered(t, &inventory.Filter{Exclude: c.exclude}), nil)
				got := b.lines(t, "shared", "r1 id-1", "r2 id-2")
				require.Len(t, b.groups.get("shared").routes.Load().sources, 3)
				assert.Len(t, got, 1+c.want)
				assert.Equal(t, "r1", got["shared-a"].resource["aws.api_gateway.api_id"])
				if c.want > 0 {
					assert.NotContains(t, got["shared-b"].resource, "aws.api_gateway.stage")
				}
			})
		})
	}
}

// Execution logs in a group that is not named as AWS names theirs, as a copy, are read as such: what AWS leaves unmasked in them is masked.
func TestExecutionLogsInAnyGroupAreMasked(t *testing.T) {
	const group, token = "copies", "eyJhbGciOiJub25lIn0.s3cret"
	const line = "(8d5a4b3e-0f3c-11ef-9c9b-f33bd2a1c0de) Method request headers: {Authorization=Bearer " + token + ", Host=r1.execute-api.us-east-1.amazonaws.com}"
	for name, named := range map[string]GroupConfig{
		"of nobody": {Name: group}, "of an API": {Name: group, API: "r1"}, "of a stage": {Name: group, API: "r1", Stage: "prod"}, "with a format": {Name: group, Format: "$context.requestId $context.status"},
		"with a format of one variable": {Name: group, Format: "$context.requestId"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneGroup.snapshot(t), func(c *Config) { c.Groups = []GroupConfig{named} })
				got := b.lines(t, group, line)
				require.Len(t, got, 1)
				r := got[group+"-a"]
				assert.NotContains(t, r.body, token)
				for key, value := range r.attributes {
					assert.NotContains(t, fmt.Sprint(value), token, key)
				}
				assert.Equal(t, eventExecution, r.event)
				assert.Equal(t, "8d5a4b3e-0f3c-11ef-9c9b-f33bd2a1c0de", r.attributes["aws.request_id"])
			})
		})
	}
}
