package main

import "encoding/json"

// What the names of our own entity types, events and attributes begin with, and attributes of ids.
const (
	prefix    = "aws.api_gateway."
	accountID = "cloud.account.id"
	apiID     = prefix + "api_id"

	alarmTransition = "aws.cloudwatch.alarm.transition"
	alarmIs         = "aws.cloudwatch.alarm.state"
	alarmWas        = "aws.cloudwatch.alarm.previous_state"
)

// logOutput is what the file exporter has written of logs so far.
type logOutput struct {
	offset    int64 // read up to here
	inventory *inventory
	requests  *requestLogs
}

func newLogOutput() *logOutput {
	return &logOutput{inventory: newInventory(), requests: newRequestLogs()}
}

// logs is a line of the file: OTLP in JSON, as far as it is needed here.
type logs struct {
	ResourceLogs []struct {
		Resource  struct{ Attributes attributes }
		ScopeLogs []struct{ LogRecords []record }
	}
}

type record struct {
	TimeUnixNano int64 `json:",string"`
	TraceID      string
	EventName    string
	Body         struct{ StringValue string }
	Attributes   attributes
}

type attributes []struct {
	Key   string
	Value json.RawMessage
}

func (a attributes) value(key string) json.RawMessage {
	for _, at := range a {
		if at.Key == key {
			return at.Value
		}
	}
	return nil
}

func (a attributes) text(key string) string {
	var v struct{ StringValue string }
	_ = json.Unmarshal(a.value(key), &v) // what is absent is empty
	return v.StringValue
}

// below are the attributes of a map.
func (a attributes) below(key string) attributes {
	var v struct{ KvlistValue struct{ Values attributes } }
	_ = json.Unmarshal(a.value(key), &v) // what is absent is empty
	return v.KvlistValue.Values
}

// number is an int or a double, 0 where it is absent.
func (a attributes) number(key string) float64 {
	var v struct {
		IntValue    float64 `json:",string"`
		DoubleValue float64
	}
	_ = json.Unmarshal(a.value(key), &v) // what is absent is 0
	return v.IntValue + v.DoubleValue
}

// read takes in what was added to the file. It returns the changes that this tells of.
func (o *logOutput) read(path string) (changes []*change, err error) {
	err = readLines(path, &o.offset, func(line []byte) error {
		var batch logs
		if err := json.Unmarshal(line, &batch); err != nil {
			return err
		}
		for i := range batch.ResourceLogs {
			rl := &batch.ResourceLogs[i]
			for _, scope := range rl.ScopeLogs {
				for k := range scope.LogRecords {
					if c := o.add(rl.Resource.Attributes, &scope.LogRecords[k]); c != nil {
						changes = append(changes, c)
					}
				}
			}
		}
		return nil
	})
	return changes, err
}

// add takes in a record. It returns what it changes in the inventory, nil where that is nothing.
func (o *logOutput) add(resource attributes, r *record) *change {
	switch r.EventName {
	case prefix + "access":
		o.requests.access(resource, r)
	case prefix + "execution":
		o.requests.execution(r)
	default:
		return o.inventory.add(resource, r)
	}
	return nil
}
