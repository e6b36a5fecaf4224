package logs

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// What is kept of who wrote to a group that was left, and makes no sense, is said, and reads nothing.
func TestWhoWroteToAGroupMakesNoSense(t *testing.T) {
	for kept, failures := range map[string]int64{`{`: 1, `{"v":2}`: 1, `{"v":1}`: 0, `{"v":1,"until":-1,"sources":[{}]}`: 0} {
		disk := &checkpointtest.Disk{}
		b := newBench(t, account{}.snapshot(t), nil)
		b.Store = disk.Open(t)
		b.index.Groups["orders"], b.index.Starts["orders"] = 1, 1
		require.NoError(t, disk.Set(t.Context(), b.leftKey("orders"), []byte(kept)))
		b.discover(t.Context())
		assert.Empty(t, b.found(), kept)
		assert.Equal(t, failures, b.counted("checkpoint"), kept)
	}
}

// Nothing is kept of a group that its stage writes to again at the next start.
func TestNothingIsKeptOfAGroupThatIsBack(t *testing.T) {
	disk, on := &checkpointtest.Disk{}, oneGroup.snapshot(t)
	b := newBench(t, on, nil)
	b.Store = disk.Open(t)
	b.discover(t.Context())
	b.see(t.Context(), notLogging.snapshot(t))
	require.Contains(t, disk.Keys(), b.leftKey("orders"))
	again := newBench(t, on, nil)
	again.Store = b.Store
	require.NoError(t, again.loadIndex(t.Context(), again.now()))
	again.discover(t.Context())
	assert.NotContains(t, disk.Keys(), b.leftKey("orders"))
}
