package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the file exporter writes of logs: a state, another of the same entity, its deletion, a change.
const (
	resourceJSON = `{"attributes":[{"key":"cloud.account.id","value":{"stringValue":"1"}},{"key":"cloud.region","value":{"stringValue":"us-east-1"}}%s]}`
	stateJSON    = `{"timeUnixNano":"1700000000000000000","eventName":"entity.state","attributes":[{"key":"entity.type","value":{"stringValue":"aws.api_gateway.%s"}},{"key":"entity.id","value":{"kvlistValue":{"values":[{"key":"cloud.account.id","value":{"stringValue":"1"}},{"key":"cloud.region","value":{"stringValue":"us-east-1"}},%s]}}},{"key":"entity.description","value":{"kvlistValue":{"values":[%s]}}}]}`
	deleteJSON   = `{"timeUnixNano":"1700000000000000000","eventName":"entity.delete","attributes":[{"key":"entity.type","value":{"stringValue":"aws.api_gateway.%s"}},{"key":"entity.id","value":{"kvlistValue":{"values":[{"key":"cloud.account.id","value":{"stringValue":"1"}},{"key":"cloud.region","value":{"stringValue":"us-east-1"}},%s]}}}]}`
	changeJSON   = `{"timeUnixNano":"1700000000000000000","eventName":"aws.api_gateway.deployment","body":{"stringValue":"Deployed d2, was d1"},"attributes":[{"key":"aws.api_gateway.deployment_id","value":{"stringValue":"d2"}},{"key":"aws.api_gateway.deployment.rollback","value":{"boolValue":true}}]}`
)

// alarmJSON is a transition of an alarm.
const alarmJSON = `{"timeUnixNano":"1700000000000000000","eventName":"aws.cloudwatch.alarm.transition","body":{"stringValue":"Alarm updated from OK to ALARM"},"attributes":[{"key":"aws.cloudwatch.alarm.name","value":{"stringValue":"orders-5xx"}},{"key":"aws.cloudwatch.alarm.state","value":{"stringValue":"ALARM"}},{"key":"aws.cloudwatch.alarm.previous_state","value":{"stringValue":"OK"}},{"key":"aws.cloudwatch.alarm.reason","value":{"stringValue":"Threshold Crossed"}}]}`

func attribute(key, value string) string {
	return fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, key, value)
}

func line(more string, records ...string) string {
	return fmt.Sprintf(`{"resourceLogs":[{"resource":%s,"scopeLogs":[{"logRecords":[%s]}]}]}`+"\n", fmt.Sprintf(resourceJSON, more), strings.Join(records, ","))
}

func TestChangesAreSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs.jsonl")
	logs := newLogOutput()
	inv := logs.inventory
	changes, err := logs.read(path)
	require.NoError(t, err)
	assert.Empty(t, changes, "without a file")

	api := attribute("aws.api_gateway.api_id", "a1")
	stage := api + "," + attribute("aws.api_gateway.stage", "prod")
	name := attribute("aws.api_gateway.api_name", "orders")
	now := time.Unix(1700000000, 0).Format(time.TimeOnly)
	var text string
	for _, step := range []struct{ line, want string }{
		{line("", fmt.Sprintf(stateJSON, "api", api, name+","+attribute("aws.account.name", "shop"))), "  " + now + "  shop us-east-1      new api orders"},
		{line("", fmt.Sprintf(stateJSON, "stage", stage, name+","+attribute("aws.api_gateway.updated", "then"))), "  " + now + "  shop us-east-1      new stage orders/prod"},
		{line("", fmt.Sprintf(stateJSON, "stage", stage, name+","+attribute("aws.api_gateway.updated", "then"))), ""},
		{line("", fmt.Sprintf(stateJSON, "stage", stage, name+","+attribute("aws.api_gateway.updated", "now"))), "  " + now + "  shop us-east-1      changed stage orders/prod: updated"},
		{line(","+name+","+attribute("aws.api_gateway.stage", "prod"), changeJSON), "  " + now + "  shop us-east-1      deployment of orders/prod: Deployed d2, was d1, deployment.rollback true"},
		{line(","+name+","+attribute("aws.api_gateway.stage", "prod"), alarmJSON), "  " + now + "  shop us-east-1      alarm orders-5xx: ALARM, was OK"},
		{line("", fmt.Sprintf(deleteJSON, "stage", stage)), "  " + now + "  shop us-east-1      deleted stage orders/prod"},
		{line("", fmt.Sprintf(deleteJSON, "stage", stage)), ""},
	} {
		text += step.line
		require.NoError(t, os.WriteFile(path, []byte(text+`{"resourceLo`), 0o600)) // the next line is being written
		changes, err := logs.read(path)
		require.NoError(t, err)
		var said []string
		for _, c := range changes {
			said = append(said, c.String())
		}
		assert.Equal(t, step.want, strings.Join(said, "\n"))
	}
	assert.Equal(t, 1, inv.count("api"))
	assert.Equal(t, 0, inv.count("stage"))
	assert.Equal(t, 1, inv.count(""))
	assert.Equal(t, 1, inv.changes)
	assert.Equal(t, "  entity  shop us-east-1\n  api     1\n", inv.table())
}

func TestArrivalIsComplete(t *testing.T) {
	a := &arrival{quiet: 20 * time.Millisecond}
	assert.False(t, a.complete(0))
	assert.False(t, a.complete(3))
	assert.False(t, a.complete(5))
	time.Sleep(30 * time.Millisecond)
	assert.True(t, a.complete(5))
	assert.True(t, a.first.Before(a.last))
}
