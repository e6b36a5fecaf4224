package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnnotationsAndMetadataKeepTheirTypes(t *testing.T) {
	span := spanOf(t, inSegment(`,"annotations":{"text":"a","int":124,"float":1.5,"yes":true,"large":12345678901234567890,"huge":1e999,"none":null,"nested":{"a":1}},`+
		`"metadata":{"default":{"text":"b","list":[1, "x"],"object":{"k":{"l":null}},"no":false},"AWS.SDK":{"n":7},"flat":"c","list":[2]}`))
	assert.Equal(t, map[string]any{
		"aws.xray.annotation.text": "a", "aws.xray.annotation.int": int64(124), "aws.xray.annotation.float": 1.5, "aws.xray.annotation.yes": true,
		"aws.xray.annotation.large": 12345678901234567890.0, "aws.xray.annotation.huge": "1e999", "aws.xray.annotation.nested": `{"a":1}`,
		"aws.xray.metadata.default.text": "b", "aws.xray.metadata.default.list": `[1, "x"]`, "aws.xray.metadata.default.object": `{"k":{"l":null}}`,
		"aws.xray.metadata.default.no": false, "aws.xray.metadata.AWS.SDK.n": int64(7), "aws.xray.metadata.flat": "c", "aws.xray.metadata.list": "[2]",
	}, span.Attributes().AsRaw())
}

func TestLinksAndPrecursors(t *testing.T) {
	span := spanOf(t, inSegment(`,"precursor_ids":["0011223344556677"],"links":[{"id":"53995c3f42cd8ad8","trace_id":"1-58406520-a006649127e371903a2de979","attributes":{"a":1,"token":"T"}},`+
		`{"span_id":"63995c3f42cd8ad8","trace_id":"58406520a006649127e371903a2de979"}]`))
	assert.Equal(t, map[string]any{"aws.xray.precursor_ids": []any{"0011223344556677"}}, span.Attributes().AsRaw())
	require.Equal(t, 2, span.Links().Len())
	first, second := span.Links().At(0), span.Links().At(1)
	assert.Equal(t, "58406520a006649127e371903a2de979", first.TraceID().String())
	assert.Equal(t, "53995c3f42cd8ad8", first.SpanID().String())
	assert.Equal(t, map[string]any{"a": int64(1)}, first.Attributes().AsRaw())
	assert.Equal(t, first.TraceID(), second.TraceID())
	assert.Equal(t, "63995c3f42cd8ad8", second.SpanID().String())
}
