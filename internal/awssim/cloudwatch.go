package awssim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// cborEncoding writes empty lists as such: the SDK reads null as absent, and AWS sends them empty.
var cborEncoding = func() cbor.EncMode {
	mode, err := cbor.EncOptions{NilContainers: cbor.NilContainerAsEmpty}.EncMode()
	if err != nil {
		panic(fmt.Sprintf("cannot make the CBOR encoding: %v", err))
	}
	return mode
}()

// cborDecoding bounds what a request may hold.
var cborDecoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxNestedLevels: 16, MaxArrayElements: 10_000, MaxMapPairs: 1_000}.DecMode()
	if err != nil {
		panic(fmt.Sprintf("cannot make the CBOR decoding: %v", err))
	}
	return mode
}()

// decodeInput decodes a CloudWatch request of either protocol.
func decodeInput(p protocol, body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	var err error
	if own, ok := into.(interface{ decodeCBOR([]byte) error }); ok && p == protocolCBOR {
		err = own.decodeCBOR(body)
	} else if p == protocolCBOR {
		err = cborDecoding.Unmarshal(body, into)
	} else {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return &wireError{
			status: http.StatusBadRequest, code: "SerializationException", query: "MalformedInput",
			message: "cannot decode the request: " + err.Error(),
		}
	}
	return nil
}

// instant is a timestamp in a request: CBOR tag 1, in JSON epoch seconds or, from some versions of the AWS CLI, ISO 8601.
type instant struct{ time.Time }

// maxEpoch bounds timestamps, in seconds: to the year 5138.
const maxEpoch = 1e11

// epochTime rounds epoch seconds to the millisecond, which is as exact as AWS's timestamps are.
func epochTime(seconds float64) instant {
	whole, fraction := math.Modf(seconds)
	return instant{time.Unix(int64(whole), int64(math.Round(fraction*1e3))*1e6).UTC()}
}

// UnmarshalJSON decodes epoch seconds or an RFC 3339 string.
func (t *instant) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &t.Time)
	}
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	if math.Abs(seconds) > maxEpoch {
		return fmt.Errorf("timestamp %g is out of range", seconds)
	}
	*t = epochTime(seconds)
	return nil
}

// stamps are timestamps in an answer, in Unix seconds: tag 1 in CBOR, plain numbers in JSON.
type stamps []int64

// MarshalCBOR writes an array of tagged integers.
func (s stamps) MarshalCBOR() ([]byte, error) {
	b := cborHead(make([]byte, 0, 9+6*len(s)), 0x80, uint64(len(s)))
	for _, v := range s {
		b = append(b, 0xc1) // tag 1: epoch time
		if v < 0 {
			b = cborHead(b, 0x20, uint64(-1-v))
		} else {
			b = cborHead(b, 0x00, uint64(v))
		}
	}
	return b, nil
}

// cborHead appends the head of an item: its major type and its argument.
func cborHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= 0xff:
		return append(b, major|24, byte(n))
	case n <= 0xffff:
		return append(b, major|25, byte(n>>8), byte(n))
	case n <= 0xffffffff:
		return append(b, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	default:
		b = append(b, major|27)
		for shift := 56; shift >= 0; shift -= 8 {
			b = append(b, byte(n>>shift))
		}
		return b
	}
}

// floats are values in an answer.
type floats []float64

// MarshalCBOR writes an array of doubles.
func (f floats) MarshalCBOR() ([]byte, error) {
	b := cborHead(make([]byte, 0, 9+9*len(f)), 0x80, uint64(len(f)))
	for _, v := range f {
		bits := math.Float64bits(v)
		b = append(b, 0xfb)
		for shift := 56; shift >= 0; shift -= 8 {
			b = append(b, byte(bits>>shift))
		}
	}
	return b, nil
}

// MarshalJSON writes an array of numbers; what JSON has no number for becomes a string, as AWS's JSON protocols write it.
func (f floats) MarshalJSON() ([]byte, error) {
	values := make([]any, len(f))
	for i, v := range f {
		if values[i] = v; math.IsNaN(v) {
			values[i] = "NaN"
		}
	}
	return json.Marshal(values)
}

// encodeToken turns the state of a pagination into an opaque token, and decodeToken back.
func encodeToken(state any) string {
	return base64.RawURLEncoding.EncodeToString(mustMarshal(cbor.Marshal(state)))
}

func decodeToken(token string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	return err == nil && cborDecoding.Unmarshal(raw, into) == nil
}
