package alarms

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Event is the EventName of the records.
const Event = "aws.cloudwatch.alarm.transition"

// change is a transition that is to be handed over.
type change struct {
	transition *model.Transition
	alarm      *Alarm
	uid        string
}

// uid identifies a transition: CloudWatch gives its history no ids.
func uid(t *model.Transition) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{t.Type, t.Alarm, strconv.FormatInt(t.At.UnixMilli(), 10), t.Summary, t.Data}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// build makes the records of a batch.
func (t *Transitions) build(changes []change) plog.Logs {
	logs := plog.NewLogs()
	observed := pcommon.NewTimestampFromTime(t.List.Client.Now())
	byPlace := map[string]plog.LogRecordSlice{}
	for _, c := range changes {
		records, ok := byPlace[c.alarm.place.key()]
		if !ok {
			rl := logs.ResourceLogs().AppendEmpty()
			c.alarm.place.describe(t.Resources, rl.Resource())
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(metadata.ScopeName)
			sl.Scope().SetVersion(t.Version)
			records = sl.LogRecords()
			byPlace[c.alarm.place.key()] = records
		}
		r := records.AppendEmpty()
		r.SetObservedTimestamp(observed)
		write(r, c)
	}
	return logs
}

func write(r plog.LogRecord, c change) {
	h := decodeHistory(c.transition.Data)
	r.SetEventName(Event)
	r.SetTimestamp(pcommon.NewTimestampFromTime(c.transition.At))
	number, text := severity(h.New.State)
	r.SetSeverityNumber(number)
	r.SetSeverityText(text)
	r.Body().SetStr(c.transition.Summary)
	m := r.Attributes()
	m.EnsureCapacity(7)
	m.PutStr(attr.LogRecordUID, c.uid)
	m.PutStr(attr.AlarmName, c.transition.Alarm)
	m.PutStr(attr.AlarmType, c.transition.Type)
	for _, a := range [...]struct{ name, value string }{
		{attr.AlarmARN, c.alarm.ARN}, {attr.AlarmState, h.New.State}, {attr.AlarmPreviousState, h.Old.State}, {attr.AlarmReason, h.New.Reason},
	} {
		if a.value != "" {
			m.PutStr(a.name, a.value)
		}
	}
}

func severity(state string) (plog.SeverityNumber, string) {
	switch state {
	case model.AlarmRaised:
		return plog.SeverityNumberError, "ERROR"
	case model.AlarmNoData:
		return plog.SeverityNumberWarn, "WARN"
	default:
		return plog.SeverityNumberInfo, "INFO"
	}
}

// history is what is read of a transition's data. Whatever it lacks, the record lacks too.
type history struct {
	Old historyState `json:"oldState"`
	New historyState `json:"newState"`
}

type historyState struct {
	State  string `json:"stateValue"`
	Reason string `json:"stateReason"`
}

func decodeHistory(data string) history {
	var h history
	if json.Unmarshal([]byte(data), &h) != nil {
		return history{}
	}
	return h
}
