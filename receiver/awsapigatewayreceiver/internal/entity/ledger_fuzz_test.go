package entity

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// Many chunks that are missing are said in a few words.
func TestManyMissingChunks(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	r := newRig(t, (&checkpointtest.Disk{}).Open(t), config())
	require.NoError(t, r.Store.Apply(context.Background(), map[string][]byte{r.Key: fmt.Appendf(nil, `{"v": 1, "first": 0, "next": %d}`, maxOwed)}))
	again := NewReporter(r.Settings)
	err := again.Restore(context.Background())
	assert.ErrorContains(t, err, fmt.Sprintf("cannot decode what is owed: %d chunks in all", maxOwed))
	assert.Less(t, len(err.Error()), 300)
}

// FuzzLedger: whatever is stored, what is owed stays bounded, can be handed over, and is gone from the storage then.
func FuzzLedger(f *testing.F) {
	f.Add([]byte(`{"v": 1, "first": 0, "next": 2, "form": "specification"}`), []byte(`[{"deleted": {"type": "aws.api_gateway.stage", "id": {"a": "b"}}}, {}]`), []byte(`[{"event": {}}]`))
	f.Add([]byte(`{"v": 1, "first": 0, "next": 1, "behind": true, "reported": "2026-11-20T12:00:00Z"}`), []byte(`null`), []byte(nil))
	f.Add([]byte(`{"v": 1, "first": 9223372036854775807, "next": 9223372036854775807}`), []byte(`[]`), []byte(`[`))
	f.Fuzz(func(t *testing.T, head, first, second []byte) {
		disk := &checkpointtest.Disk{}
		r := newRig(t, disk.Open(t), config())
		require.NoError(t, r.Store.Apply(context.Background(), map[string][]byte{r.Key: head, r.Key + chunkKey(0): first, r.Key + chunkKey(1): second}))
		again := NewReporter(r.Settings)
		_ = again.Restore(context.Background())
		assert.LessOrEqual(t, again.ledger.items, maxOwed)
		assert.GreaterOrEqual(t, again.ledger.next, int64(0))
		again.emitter = r.logs()
		for n := 0; again.send(context.Background()); n++ {
			require.Less(t, n, maxOwed)
		}
		assert.True(t, again.ledger.empty())
	})
}
