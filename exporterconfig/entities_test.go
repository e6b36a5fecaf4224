package exporterconfig

import (
	"bytes"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
)

// change is a log record that is no entity event, as OTLP.
const change = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"aws.api_gateway.canary"}]}]}]}`

// TestEntitiesAndOtherLogsPart sends entity events one way and other logs the other, in both forms, as OTLP to one place each.
func TestEntitiesAndOtherLogsPart(t *testing.T) {
	for form, state := range racetest.Fewer(map[string]string{"specification": "entity.state", "legacy": "entity_state"}, "specification") {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			from, to := span()
			world := logged(twins(from, to))
			want := requests(t, world, from, to)
			dir, address, sent := t.TempDir(), freePort(t), false
			entities, logs := filepath.Join(dir, "entities.jsonl"), filepath.Join(dir, "logs.jsonl")
			run(t, "entities.yaml", "[]", world, append(arrive(t, map[string]string{"entities": entities, "logs": logs}),
				"receivers::awsapigateway::inventory::entity_events: "+form,
				"receivers::awsapigateway::logs::start_at: 3h",
				"receivers::otlp::protocols::http::endpoint: "+address,
				"service::pipelines::logs/entities::receivers: [awsapigateway, otlp]",
				"service::pipelines::logs::receivers: [awsapigateway, otlp]",
			), func() bool {
				if !sent {
					resp, err := http.Post("http://"+address+"/v1/logs", "application/json", strings.NewReader(change))
					if err != nil {
						return false
					}
					defer resp.Body.Close()
					sent = resp.StatusCode == http.StatusOK
				}
				others := countLogs(t, logs)
				return countLogs(t, entities)["aws.api_gateway.stage"] == stages(world) && others["aws.api_gateway.canary"] > 0 && others["aws.api_gateway.access"] >= want
			})
			assert.Equal(t, map[string]int{"aws.api_gateway.canary": 1, "aws.api_gateway.access": want}, countLogs(t, logs))
			found := countLogs(t, entities)
			assert.Equal(t, stages(world), found["aws.api_gateway.stage"])
			assert.NotZero(t, found[state])
			assert.Zero(t, found["aws.api_gateway.canary"])
			assert.Zero(t, found["aws.api_gateway.access"])
		})
	}
}

// logged gives the stages of a world access logs.
func logged(w *awssim.World) *awssim.World {
	for _, r := range w.Accounts[0].Regions {
		for _, a := range r.APIs {
			for _, st := range a.Stages {
				st.AccessLog = awssim.AccessLog{
					DestinationARN: "arn:aws:logs:" + r.Name + ":" + account + ":log-group:/aws/apigateway/" + a.Name + "-" + st.Name,
					Format:         `{"id":"$context.requestId","time":"$context.requestTimeEpoch","status":$context.status,"agent":"$context.identity.userAgent"}`,
				}
			}
		}
	}
	return w
}

// requests is how many there are in a world.
func requests(t *testing.T, w *awssim.World, from, to time.Time) int {
	n := 0
	for _, r := range w.Accounts[0].Regions {
		for _, a := range r.APIs {
			for _, st := range a.Stages {
				for range w.AccessRecords(a, st, from, to) {
					n++
				}
			}
		}
	}
	require.NotZero(t, n)
	return n
}

// arrive makes settings that receive what the OTLP exporters send, and write it to a file for each.
func arrive(t *testing.T, files map[string]string) []string {
	var settings []string
	for name, file := range files {
		address := freePort(t)
		settings = append(settings,
			"exporters::otlp_grpc/"+name+"::endpoint: "+address,
			"exporters::otlp_grpc/"+name+"::tls::insecure: true",
			"receivers::otlp/"+name+"::protocols::grpc::endpoint: "+address,
			"exporters::file/"+name+"::path: "+file,
			"service::pipelines::logs/arrived_"+name+": {receivers: [otlp/"+name+"], exporters: [file/"+name+"]}")
	}
	return settings
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
	out := map[string]int{}
	for line := range lines(t, file) {
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

// lines are those of a file that is written to; one that is not there yet has none.
func lines(t *testing.T, file string) iter.Seq[string] {
	t.Helper()
	text, err := os.ReadFile(file)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	return strings.Lines(string(whole))
}
