package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExceptionsAreEvents(t *testing.T) {
	span := spanOf(t, inSegment(`,"fault":true,"cause":{"working_directory":"/var/task","paths":["/opt","/var/runtime"],"exceptions":[`+
		`{"id":"a1b2c3d4e5f60718","type":"PetError","message":"no such pet","cause":"b1b2c3d4e5f60718","truncated":5,"skipped":2,"stack":[`+
		`{"label":"find","path":"pets.py","line":42},{"label":"handler","path":"app.py"},{"path":"runtime.py","line":7},{}]},`+
		`{"id":"b1b2c3d4e5f60718","type":"TimeoutError","message":"too slow","remote":true,"cause":"c1b2c3d4e5f60718"}]}`))
	assert.Equal(t, map[string]any{
		"aws.xray.cause.working_directory": "/var/task", "aws.xray.cause.paths": []any{"/opt", "/var/runtime"}, "aws.xray.fault": true, "error.type": "PetError",
	}, span.Attributes().AsRaw())
	require.Equal(t, 2, span.Events().Len())
	for i, want := range []map[string]any{
		{
			"exception.type": "PetError", "exception.message": "no such pet", "aws.xray.exception.id": "a1b2c3d4e5f60718",
			"exception.stacktrace": "at find (pets.py:42)\nat handler (app.py)\nat unknown (runtime.py:7)\nat unknown\n... 5 more frames\n... 2 exceptions skipped\nCaused by: TimeoutError",
		},
		{
			"exception.type": "TimeoutError", "exception.message": "too slow", "aws.xray.exception.id": "b1b2c3d4e5f60718", "aws.xray.exception.remote": true,
			"exception.stacktrace": "Caused by: c1b2c3d4e5f60718",
		},
	} {
		event := span.Events().At(i)
		assert.Equal(t, "exception", event.Name())
		assert.Equal(t, span.EndTimestamp(), event.Timestamp())
		assert.Equal(t, want, event.Attributes().AsRaw())
	}
}

func TestACauseInAnotherSegmentIsItsID(t *testing.T) {
	span := spanOf(t, inSegment(`,"cause":"a1b2c3d4e5f60718"`))
	assert.Equal(t, map[string]any{"aws.xray.cause_id": "a1b2c3d4e5f60718"}, span.Attributes().AsRaw())
	assert.Zero(t, span.Events().Len())
}
