package awssim

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// generic is a request as a map, which any encoder writes.
func generic() map[string]any {
	return map[string]any{
		"MetricDataQueries": []any{
			map[string]any{"Id": "a", "Label": "x", "ReturnData": false, "New": []any{1, -5, 1.5, true, nil, []byte("x"), map[string]any{"k": "v"}}, "MetricStat": map[string]any{
				"Period": 300, "Stat": "p99.9", "Unit": "Milliseconds",
				"Metric": map[string]any{"Namespace": "AWS/ApiGateway", "MetricName": "Latency", "Dimensions": []any{map[string]any{"Name": "ApiName", "Value": "örders"}}},
			}},
			map[string]any{"Id": "b", "Expression": "a*2", "Period": 60, "AccountId": "111122223333"},
		},
		"ScanBy": "TimestampAscending", "MaxDatapoints": 500, "NextToken": nil,
	}
}

// TestCBORIsReadAsJSONIs: the hand-written decoder and encoding/json read the same request alike, for each way of writing lengths and times.
func TestCBORIsReadAsJSONIs(t *testing.T) {
	from, to := noon.Add(-time.Hour), noon.Add(500*time.Millisecond)
	text := generic()
	text["StartTime"], text["EndTime"] = from.Unix(), float64(to.UnixMilli())/1e3
	var want metricDataInput
	if err := json.Unmarshal(mustMarshal(json.Marshal(text)), &want); err != nil {
		t.Fatal(err)
	}
	binary := generic()
	binary["StartTime"], binary["EndTime"] = from, to
	for name, option := range map[string]cbor.EncOptions{
		"floats":   {Time: cbor.TimeUnixMicro, TimeTag: cbor.EncTagRequired},
		"untagged": {Time: cbor.TimeUnixMicro},
	} {
		mode, err := option.EncMode()
		if err != nil {
			t.Fatal(err)
		}
		var got metricDataInput
		if err := got.decodeCBOR(mustMarshal(mode.Marshal(binary))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the request is\n%+v, want\n%+v", name, got, want)
		}
	}
}

// TestHostileCBOR: what is cut off, nested too deep, or of other types is an error.
func TestHostileCBOR(t *testing.T) {
	mode, err := cbor.EncOptions{Time: cbor.TimeUnixMicro, TimeTag: cbor.EncTagRequired}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	binary := generic()
	binary["StartTime"] = noon
	whole := mustMarshal(mode.Marshal(binary))
	for n := range whole {
		if err := new(metricDataInput).decodeCBOR(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are accepted", n, len(whole))
		}
	}
	deep := []byte{0xa1, 0x61, 'x'}
	for range 100_000 {
		deep = append(deep, 0x81)
	}
	for name, data := range map[string][]byte{
		"deep": deep, "tags": append([]byte{0xa1, 0x61, 'x'}, bytesOf(0xc1, 100_000)...), "array": {0x80}, "huge": {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"nan time": append([]byte{0xa1, 0x69}, append([]byte("StartTime"), 0xc1, 0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)...),
	} {
		if err := new(metricDataInput).decodeCBOR(data); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}
