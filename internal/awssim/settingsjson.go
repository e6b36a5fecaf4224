package awssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// duration is a time.Duration that JSON writes as "90s".
type duration time.Duration

// MarshalJSON writes the duration as Go does.
func (d duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads what time.ParseDuration reads.
func (d *duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("cannot read duration %s: want a string as \"90s\"", data)
	}
	parsed, err := time.ParseDuration(s)
	*d = duration(parsed)
	return err
}

// latenessJSON and faultsJSON are the JSON forms of Lateness and Faults: with durations as text.
type latenessJSON struct {
	Base        duration `json:"base"`
	Max         duration `json:"max"`
	Late        float64  `json:"late"`
	WholePoints float64  `json:"whole_points"`
}

// MarshalJSON writes durations as text.
func (l Lateness) MarshalJSON() ([]byte, error) {
	return json.Marshal(latenessJSON{duration(l.Base), duration(l.Max), l.Late, l.WholePoints})
}

// UnmarshalJSON reads durations as text.
func (l *Lateness) UnmarshalJSON(data []byte) error {
	var in latenessJSON
	err := strictUnmarshal(data, &in)
	*l = Lateness{time.Duration(in.Base), time.Duration(in.Max), in.Late, in.WholePoints}
	return err
}

// arrivalJSON is the JSON form of Arrival.
type arrivalJSON struct {
	Base   duration `json:"base"`
	Max    duration `json:"max"`
	Late   float64  `json:"late"`
	Pieces float64  `json:"pieces"`
}

// MarshalJSON writes durations as text.
func (a Arrival) MarshalJSON() ([]byte, error) {
	return json.Marshal(arrivalJSON{duration(a.Base), duration(a.Max), a.Late, a.Pieces})
}

// UnmarshalJSON reads durations as text.
func (a *Arrival) UnmarshalJSON(data []byte) error {
	var in arrivalJSON
	err := strictUnmarshal(data, &in)
	*a = Arrival{time.Duration(in.Base), time.Duration(in.Max), in.Late, in.Pieces}
	return err
}

type plainFaults Faults

type faultsJSON struct {
	plainFaults
	SlowBy duration `json:"slow_by,omitempty"`
}

// MarshalJSON writes durations as text.
func (f Faults) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultsJSON{plainFaults(f), duration(f.SlowBy)})
}

// UnmarshalJSON reads durations as text.
func (f *Faults) UnmarshalJSON(data []byte) error {
	var in faultsJSON
	err := strictUnmarshal(data, &in)
	*f = Faults(in.plainFaults)
	f.SlowBy = time.Duration(in.SlowBy)
	return err
}

// strictUnmarshal refuses members that are not known: a misspelt fault should not pass for none.
func strictUnmarshal(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
