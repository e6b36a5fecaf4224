package exporterconfig

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// change is a log record that is no entity event, as OTLP.
const change = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"aws.api_gateway.canary"}]}]}]}`

// TestEntitiesAndOtherLogsPart sends entity events one way and other logs the other, in both forms.
func TestEntitiesAndOtherLogsPart(t *testing.T) {
	for form, state := range map[string]string{"specification": "entity.state", "legacy": "entity_state"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			from, to := span()
			world := twins(from, to)
			dir, address, sent := t.TempDir(), freePort(t), false
			entities, logs := filepath.Join(dir, "entities.jsonl"), filepath.Join(dir, "logs.jsonl")
			run(t, "entities.yaml", "[]", world, []string{
				"receivers::awsapigateway::inventory::entity_events: " + form,
				"receivers::otlp::protocols::http::endpoint: " + address,
				"exporters::file/entities::path: " + entities,
				"exporters::file/logs::path: " + logs,
				"service::pipelines::logs/entities: {receivers: [awsapigateway, otlp], exporters: [file/entities]}",
				"service::pipelines::logs: {receivers: [awsapigateway, otlp], exporters: [file/logs]}",
			}, func() bool {
				if !sent {
					resp, err := http.Post("http://"+address+"/v1/logs", "application/json", strings.NewReader(change))
					if err != nil {
						return false
					}
					defer resp.Body.Close()
					sent = resp.StatusCode == http.StatusOK
				}
				return countLogs(t, entities)["aws.api_gateway.stage"] == stages(world) && len(countLogs(t, logs)) > 0
			})
			assert.Equal(t, map[string]int{"aws.api_gateway.canary": 1}, countLogs(t, logs))
			found := countLogs(t, entities)
			assert.Equal(t, stages(world), found["aws.api_gateway.stage"])
			assert.NotZero(t, found[state])
			assert.Zero(t, found["aws.api_gateway.canary"])
		})
	}
}

func stages(w *awssim.World) int {
	n := 0
	for _, r := range w.Accounts[0].Regions {
		for _, a := range r.APIs {
			n += len(a.Stages)
		}
	}
	return n
}

// countLogs counts the records of a file by what they are: entity events by their kind and by the type of the entity, others by their name.
func countLogs(t *testing.T, file string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	out := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // is being written
		}
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(line))
		require.NoError(t, err)
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, r := range sl.LogRecords().All() {
					kind := r.EventName()
					for _, name := range []string{"entity.type", "otel.entity.type"} {
						if v, ok := r.Attributes().Get(name); ok {
							out[v.Str()]++
						}
					}
					if v, ok := r.Attributes().Get("otel.entity.event.type"); ok {
						kind = v.Str()
					}
					out[kind]++
				}
			}
		}
	}
	return out
}
