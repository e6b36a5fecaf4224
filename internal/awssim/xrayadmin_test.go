package awssim

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAdminTellsTraces: the admin API tells how X-Ray behaves, what it counted, and what really happened.
func TestAdminTellsTraces(t *testing.T) {
	world := tracedShop()
	h := start(t, Config{World: world})
	assert.Equal(t, http.StatusOK, h.admin(t, "POST", "/tracing", `{"base": "4s", "max": "2m", "late": 0.1, "pieces": 0.2}`, nil))
	assert.Equal(t, http.StatusBadRequest, h.admin(t, "POST", "/tracing", `{"bass": "4s"}`, nil))
	var arrival Arrival
	h.admin(t, "GET", "/tracing", "", &arrival)
	assert.Equal(t, Arrival{Base: 4 * time.Second, Max: 2 * time.Minute, Late: 0.1, Pieces: 0.2}, arrival)

	var answer struct {
		Traces []PlacedTrace
		More   bool
	}
	h.admin(t, "GET", "/world/traces?api=orders0001&from=2026-11-21T11:59:00Z&to=2026-11-21T11:59:10Z", "", &answer)
	want := traceTruth(world, noon.Add(-time.Minute), noon.Add(-50*time.Second))
	assert.False(t, answer.More)
	require.Len(t, answer.Traces, len(want))
	for _, got := range answer.Traces {
		assert.Equal(t, PlacedTrace{"111122223333", "us-east-1", "orders0001", "prod", want[got.TraceID]}, got)
	}
	h.admin(t, "GET", "/world/traces?limit=3", "", &answer)
	assert.True(t, answer.More)
	assert.Len(t, answer.Traces, 3)
	assert.Equal(t, http.StatusBadRequest, h.admin(t, "GET", "/world/traces?limit=0", "", nil))

	_, scanned, pages := h.summaries(t, during(noon.Add(-10*time.Minute), noon, ""))
	var counts map[string]TraceCount
	h.admin(t, "GET", "/traces/counts", "", &counts)
	assert.Equal(t, map[string]TraceCount{"111122223333/us-east-1": {Scanned: scanned}}, counts)
	looked := 0
	for _, c := range h.Calls() {
		looked += c.Scanned
	}
	assert.Equal(t, int64(looked), scanned)
	assert.Greater(t, pages, 1)
	assert.Equal(t, pages, h.Count("GetTraceSummaries"))
}

// TestDemoIsTraced: the demonstration has a few traces a minute of all kinds of integrations, and an account with Transaction Search.
func TestDemoIsTraced(t *testing.T) {
	world := DemoWorld(noon)
	kinds, traces := map[string]bool{}, 0
	for _, api := range world.Accounts[0].Regions[0].APIs {
		for _, stage := range api.Stages {
			for record := range world.Traces(api, stage, noon, noon.Add(10*time.Minute)) {
				traces++
				for _, s := range record.Segments[1:] {
					kinds[s.Namespace+s.Origin] = true
					kinds[s.Name] = true
				}
			}
		}
	}
	assert.Greater(t, traces, 100)
	for _, kind := range []string{"aws", "remote", "AWS::Lambda", originFunction, "Database::SQL", "SQS", "SFN", "Lambda", "DynamoDB"} {
		assert.True(t, kinds[kind], kind)
	}
	partners := world.Accounts[1].Regions[0]
	assert.True(t, partners.TransactionSearch)
	found := 0
	for range world.Traces(partners.APIs[0], partners.APIs[0].Stages[0], noon, noon.Add(10*time.Minute)) {
		found++
	}
	assert.Greater(t, found, 10)
}
