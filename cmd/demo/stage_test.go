package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// at is a point at the end of a minute, with its attributes as OTLP's JSON.
func at(t *testing.T, minute, value int64, double float64, attributes string) *point {
	t.Helper()
	p := &point{TimeUnixNano: (minute + 1) * int64(time.Minute), AsInt: value, AsDouble: double}
	require.NoError(t, json.Unmarshal([]byte("["+attributes+"]"), &p.Attributes))
	return p
}

func TestStageIsFollowedByTheMinute(t *testing.T) {
	s := newStage(nil)
	p90 := `{"key":"quantile","value":{"doubleValue":0.9}}`
	s.add(requests, at(t, 5, 100, 0, ""))
	s.add(requests, at(t, 5, 3, 0, "")) // came late
	s.add(failures, at(t, 5, 7, 0, attribute("error.type", "4xx")))
	s.add(failures, at(t, 5, 5, 0, attribute("error.type", "5xx")))
	s.add(requestQuantile, at(t, 5, 0, 0.25, p90))
	s.add(requestQuantile, at(t, 5, 0, 0.5, `{"key":"quantile","value":{"doubleValue":0.99}}`))
	s.add(requestQuantile, at(t, 5, 0, 0.75, p90+`,{"key":"aws.api_gateway.canary","value":{"boolValue":true}}`))
	s.add(integrationQuantile, at(t, 5, 0, 0.2, p90))
	s.add("aws.api_gateway.data.processed", at(t, 9, 1, 0, ""))
	assert.Equal(t, minutes{5: {requests: 103, errors: 12, failed: 5, p90: 0.25}}, s.minutes)

	s.add(alarmState, at(t, 5, 1, 0, attribute(alarmName, "a")+","+attribute("state", "ALARM")))
	s.add(alarmState, at(t, 5, 0, 0, attribute(alarmName, "b")+","+attribute("state", "ALARM")))
	s.add(alarmState, at(t, 5, 1, 0, attribute(alarmName, "b")+","+attribute("state", "OK")))
	assert.Equal(t, []string{"a"}, s.ringing())
	s.add(alarmState, at(t, 6, 0, 0, attribute(alarmName, "a")+","+attribute("state", "ALARM")))
	assert.Empty(t, s.ringing())

	s.kind = "REST"
	s.add(stageTelemetry, at(t, 5, 1, 0, attribute("source", "access_logs")+","+attribute("state", "off")))
	s.add(stageTelemetry, at(t, 5, 1, 0, attribute("source", "xray")+","+attribute("state", "off")))
	assert.Equal(t, []string{"no access log", "no X-Ray"}, s.dark())
	s.kind = "HTTP"
	assert.Equal(t, []string{"no access log"}, s.dark(), "X-Ray traces REST APIs alone")
}

func TestIncidentsAreMinutesOfServerErrors(t *testing.T) {
	s := &stage{api: "orders", name: "prod", minutes: minutes{
		1: {requests: 100, failed: 4}, // not so many
		2: {requests: 100, failed: 5},
		3: {requests: 50, failed: 20},
		4: {requests: 1000, failed: 49}, // not such a share
		6: {requests: 10, failed: 10},
	}}
	minute := time.Minute.Milliseconds()
	first := &incidentView{API: "orders", Stage: "prod", From: 2 * minute, Until: 4 * minute, Percent: 40, Over: true}
	assert.Equal(t, []*incidentView{first, {API: "orders", Stage: "prod", From: 6 * minute, Until: 7 * minute, Percent: 100}}, s.incidents(0, 6))
	assert.Equal(t, []*incidentView{first}, s.incidents(0, 5))
}
