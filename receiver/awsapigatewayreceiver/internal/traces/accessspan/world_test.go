package accessspan

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// The spans of each request of the demonstration's APIs, in the format of their type, are those of what happened, and have ids of their own.
func TestSpansAreThoseOfTheRequests(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	formats := map[string]string{awssim.TypeREST: RESTFormat, awssim.TypeHTTP: HTTPFormat, awssim.TypeWebSocket: WebSocketFormat}
	types := map[string]model.APIType{awssim.TypeREST: model.REST, awssim.TypeHTTP: model.HTTP, awssim.TypeWebSocket: model.WebSocket}
	world := awssim.DemoWorld(noon)
	requests, seen := map[string]int{}, map[string]bool{}
	for _, api := range world.Accounts[0].Regions[0].APIs {
		kind := api.Type
		if kind == "" {
			kind = awssim.TypeREST
		}
		f := bind(t, formats[kind], nil)
		for _, stage := range api.Stages {
			stage.AccessLog = awssim.AccessLog{DestinationARN: "arn:aws:logs:us-east-1:111122223333:log-group:all", Format: formats[kind]}
			for r := range world.AccessRecords(api, stage, noon.Add(-2*time.Minute), noon) {
				spans := spansOf(f.write(t, r.Line, func(l *Line) {
					l.API, l.Known = &model.API{ID: api.ID, Type: types[kind]}, accesslog.Identity{APIID: api.ID, Stage: stage.Name}
					l.Event.ID = r.EventID
				}))
				checkSpans(t, kind, r.Values, spans)
				requests[kind]++
				for _, s := range spans {
					require.False(t, seen[s.id], "two spans have one id")
					seen[s.id] = true
				}
			}
		}
	}
	for kind := range formats {
		assert.Greater(t, requests[kind], 50, kind)
	}
}

// checkSpans compares the spans of a request with what happened.
func checkSpans(t *testing.T, kind string, happened map[string]string, spans []made) {
	t.Helper()
	ms := func(variable string) int64 {
		n, err := strconv.ParseInt(happened[variable], 10, 64)
		require.NoError(t, err, variable)
		return n
	}
	_, integrated := happened["integrationLatency"]
	if kind == awssim.TypeWebSocket && !integrated && happened["authorizer.latency"] == "" {
		assert.Empty(t, spans, "nothing says how long it took")
		return
	}
	require.NotEmpty(t, spans)
	server := spans[0]
	assert.Equal(t, ms("requestTimeEpoch"), server.from)
	if kind != awssim.TypeWebSocket {
		assert.Equal(t, ms("responseLatency"), server.to-server.from)
	}
	assert.Equal(t, ms("status"), server.attributes["http.response.status_code"])
	assert.Equal(t, ms("status") >= 500, server.status == "Error")
	clients := 0
	for _, s := range spans[1:] {
		assert.Equal(t, [2]string{server.trace, server.id}, [2]string{s.trace, s.parent})
		if s.kind == "Client" {
			clients++
			assert.Equal(t, min(ms("integrationLatency"), server.to-server.from), s.to-s.from, "latencies are rounded each on its own")
		}
	}
	assert.Equal(t, integrated, clients == 1)
}
