package entity

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/resource"
)

func newWriter(legacy bool) *Writer {
	return &Writer{target: target, legacy: legacy, resources: resource.NewWriter(target, nil, nil), version: "1.2.3", at: hour(12), logs: plog.NewLogs()}
}

// kept is an entity as it comes back from where it is kept.
func kept(t *testing.T, text string) *model.Entity {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var e model.Entity
	require.NoError(t, d.Decode(&e))
	return &e
}

// only is the only record of a batch, with its resource and scope.
func only(t *testing.T, ld plog.Logs) (pcommon.Resource, pcommon.InstrumentationScope, plog.LogRecord) {
	require.Equal(t, 1, ld.LogRecordCount())
	rl := ld.ResourceLogs().At(0)
	return rl.Resource(), rl.ScopeLogs().At(0).Scope(), rl.ScopeLogs().At(0).LogRecords().At(0)
}

const aStage = `{"t": "aws.api_gateway.stage", "i": {"aws.api_gateway.api_id": "r1", "aws.api_gateway.stage": "prod"},
	"d": {"text": "x", "on": true, "count": 7, "rate": 100.0, "list": ["a", "b"], "map": {"k": {"n": 1}}},
	"r": [{"k": "part_of", "t": "aws.api_gateway.api", "i": {"aws.api_gateway.api_id": "r1"}}, {"k": "protected_by", "t": "aws.resource", "i": {"cloud.resource_id": "arn:x"}},
		{"k": "depends_on", "t": "server", "i": {"server.address": "example.com"}}, {"k": "depends_on", "t": "aws.service", "i": {"rpc.service": "sqs"}}]}`

// The specification's form, to the letter.
func TestStateOfTheSpecification(t *testing.T) {
	t.Parallel()
	w := newWriter(false)
	w.State(kept(t, aStage), 90*time.Minute+900*time.Millisecond)
	res, scope, rec := only(t, w.logs)
	assert.Equal(t, map[string]any{"cloud.provider": "aws", "cloud.account.id": "111122223333", "cloud.region": "eu-west-1"}, res.Attributes().AsRaw())
	assert.Equal(t, metadata.ScopeName, scope.Name())
	assert.Equal(t, "1.2.3", scope.Version())
	assert.Equal(t, map[string]any{"otel.entity.event_as_log": true}, scope.Attributes().AsRaw())
	assert.Equal(t, "entity.state", rec.EventName())
	assert.Equal(t, pcommon.NewTimestampFromTime(hour(12)), rec.Timestamp())
	assert.Equal(t, pcommon.NewTimestampFromTime(hour(12)), rec.ObservedTimestamp())
	assert.Equal(t, pcommon.ValueTypeEmpty, rec.Body().Type())
	assert.Equal(t, plog.SeverityNumberUnspecified, rec.SeverityNumber())
	own := func(id map[string]any) map[string]any {
		id["cloud.account.id"], id["cloud.region"] = "111122223333", "eu-west-1"
		return id
	}
	assert.Equal(t, map[string]any{
		"entity.type": "aws.api_gateway.stage",
		"entity.id":   own(map[string]any{"aws.api_gateway.api_id": "r1", "aws.api_gateway.stage": "prod"}),
		"entity.description": map[string]any{
			"text": "x", "on": true, "count": int64(7), "rate": 100.0, "list": []any{"a", "b"}, "map": map[string]any{"k": map[string]any{"n": int64(1)}},
		},
		"entity.relationships": []any{
			map[string]any{"relationship.type": "part_of", "entity.type": "aws.api_gateway.api", "entity.id": own(map[string]any{"aws.api_gateway.api_id": "r1"})},
			map[string]any{"relationship.type": "protected_by", "entity.type": "aws.resource", "entity.id": map[string]any{"cloud.resource_id": "arn:x"}},
			map[string]any{"relationship.type": "depends_on", "entity.type": "server", "entity.id": map[string]any{"server.address": "example.com"}},
			map[string]any{"relationship.type": "depends_on", "entity.type": "aws.service", "entity.id": own(map[string]any{"rpc.service": "sqs"})},
		},
		"entity.report.interval": int64(5400),
	}, rec.Attributes().AsRaw())
}

// The older form, which has no relations, and milliseconds.
func TestStateOfTheLegacyForm(t *testing.T) {
	t.Parallel()
	w := newWriter(true)
	w.State(kept(t, aStage), time.Hour)
	res, scope, rec := only(t, w.logs)
	assert.Equal(t, map[string]any{"cloud.provider": "aws", "cloud.account.id": "111122223333", "cloud.region": "eu-west-1"}, res.Attributes().AsRaw())
	assert.Equal(t, map[string]any{"otel.entity.event_as_log": true}, scope.Attributes().AsRaw())
	assert.Empty(t, rec.EventName())
	assert.Equal(t, map[string]any{
		"otel.entity.event.type": "entity_state",
		"otel.entity.type":       "aws.api_gateway.stage",
		"otel.entity.id":         map[string]any{"cloud.account.id": "111122223333", "cloud.region": "eu-west-1", "aws.api_gateway.api_id": "r1", "aws.api_gateway.stage": "prod"},
		"otel.entity.attributes": map[string]any{"text": "x", "on": true, "count": int64(7), "rate": 100.0, "list": []any{"a", "b"}, "map": map[string]any{"k": map[string]any{"n": int64(1)}}},
		"otel.entity.interval":   int64(3_600_000),
	}, rec.Attributes().AsRaw())
}

// A deletion says which entity, and nothing else.
func TestDelete(t *testing.T) {
	t.Parallel()
	gone := &inventory.Deleted{Type: "aws.api_gateway.api", ID: model.ID{"aws.api_gateway.api_id": "r1"}}
	id := map[string]any{"cloud.account.id": "111122223333", "cloud.region": "eu-west-1", "aws.api_gateway.api_id": "r1"}
	for legacy, want := range map[bool]map[string]any{
		false: {"entity.type": "aws.api_gateway.api", "entity.id": id},
		true:  {"otel.entity.event.type": "entity_delete", "otel.entity.type": "aws.api_gateway.api", "otel.entity.id": id},
	} {
		w := newWriter(legacy)
		w.Delete(gone)
		_, scope, rec := only(t, w.logs)
		assert.Equal(t, map[string]any{"otel.entity.event_as_log": true}, scope.Attributes().AsRaw())
		assert.Equal(t, map[bool]string{false: "entity.delete", true: ""}[legacy], rec.EventName())
		assert.Equal(t, want, rec.Attributes().AsRaw())
		assert.Equal(t, pcommon.NewTimestampFromTime(hour(12)), rec.Timestamp())
	}
}

// The account is an entity by account and region alone.
func TestAccountHasAnID(t *testing.T) {
	t.Parallel()
	w := newWriter(false)
	w.State(&model.Entity{Type: "aws.api_gateway.account", ID: model.ID{}}, time.Hour)
	_, _, rec := only(t, w.logs)
	assert.Equal(t, map[string]any{
		"entity.type": "aws.api_gateway.account", "entity.id": map[string]any{"cloud.account.id": "111122223333", "cloud.region": "eu-west-1"}, "entity.description": map[string]any{}, "entity.report.interval": int64(3600),
	}, rec.Attributes().AsRaw(), "no relations, no attribute of them")
}

// All entities of a batch stand on one resource and scope; events on those of what they happened to.
func TestEntitiesShareAResource(t *testing.T) {
	t.Parallel()
	w := newWriter(false)
	w.State(kept(t, aStage), time.Hour)
	w.Event(&inventory.Event{Kind: "deployment", API: &model.API{ID: "r1", Name: "orders", Type: model.REST}, Stage: "prod", Old: "d1", New: "d2"})
	w.Delete(&inventory.Deleted{Type: "aws.api_gateway.api", ID: model.ID{}})
	w.State(kept(t, aStage), time.Hour)
	require.Equal(t, 2, w.logs.ResourceLogs().Len())
	assert.Equal(t, 3, w.logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().Len())
}

// Numbers keep their kind: whether one is an integer is decided by how it is written.
func TestNumbersOfDescriptions(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		"0": int64(0), "-1": int64(-1), "9223372036854775807": int64(9223372036854775807), "9223372036854775808": 9223372036854775808.0, "0.0": 0.0, "100.0": 100.0, "1e3": 1000.0, "1e+21": 1e21, "1e999": "1e999",
	} {
		v := pcommon.NewValueEmpty()
		putValue(v, json.Number(in))
		assert.Equal(t, want, v.AsRaw(), in)
	}
	v := pcommon.NewValueEmpty()
	putValue(v, nil)
	assert.Nil(t, v.AsRaw())
}

// assertSpecification holds a record to the table of the entity-events specification (reference/collector-conventions.md, 1.2).
func assertSpecification(t *testing.T, rec plog.LogRecord) {
	t.Helper()
	known := map[string]pcommon.ValueType{"entity.type": pcommon.ValueTypeStr, "entity.id": pcommon.ValueTypeMap}
	switch rec.EventName() {
	case "entity.state":
		known["entity.description"], known["entity.relationships"], known["entity.report.interval"] = pcommon.ValueTypeMap, pcommon.ValueTypeSlice, pcommon.ValueTypeInt
	case "entity.delete":
		known["entity.delete.reason"] = pcommon.ValueTypeStr
	default:
		assert.Fail(t, "an event of another name", rec.EventName())
	}
	for k, v := range rec.Attributes().All() {
		assert.Contains(t, known, k)
		assert.Equal(t, known[k], v.Type(), k)
	}
	assertIdentity(t, rec.Attributes())
	assert.Equal(t, pcommon.ValueTypeEmpty, rec.Body().Type())
	assert.NotZero(t, rec.Timestamp())
	if relations, ok := rec.Attributes().Get("entity.relationships"); ok {
		assert.Positive(t, relations.Slice().Len())
		for _, r := range relations.Slice().All() {
			assert.Equal(t, 3, r.Map().Len())
			kind, ok := r.Map().Get("relationship.type")
			assert.True(t, ok)
			assert.NotEmpty(t, kind.Str())
			assertIdentity(t, r.Map())
		}
	}
	if interval, ok := rec.Attributes().Get("entity.report.interval"); ok {
		assert.GreaterOrEqual(t, interval.Int(), int64(0))
	}
}

func assertIdentity(t *testing.T, m pcommon.Map) {
	t.Helper()
	kind, ok := m.Get("entity.type")
	require.True(t, ok)
	assert.NotEmpty(t, kind.Str())
	id, ok := m.Get("entity.id")
	require.True(t, ok)
	assert.Positive(t, id.Map().Len())
	for k, v := range id.Map().All() {
		assert.NotEmpty(t, k)
		assert.Equal(t, pcommon.ValueTypeStr, v.Type(), k)
		assert.NotEmpty(t, v.Str(), k)
	}
}

// Every entity that any item of AWS's becomes is one of the specification.
func TestEveryEntityIsOfTheSpecification(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "inventory", "testdata", "describe", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var cases []struct {
			Out struct {
				Entities []json.RawMessage `json:"entities"`
			} `json:"out"`
		}
		require.NoError(t, json.Unmarshal(b, &cases))
		for _, c := range cases {
			for _, e := range c.Out.Entities {
				w := newWriter(false)
				entity := kept(t, string(e))
				w.State(entity, time.Hour)
				w.Delete(&inventory.Deleted{Type: entity.Type, ID: entity.ID})
				for _, rec := range w.logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
					assertSpecification(t, rec)
					n++
				}
			}
		}
	}
	assert.Greater(t, n, 100)
}
