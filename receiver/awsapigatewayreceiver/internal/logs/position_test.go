package logs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Times of the tests: t0 is a full minute.
const (
	t0     = int64(1_700_000_040_000)
	second = int64(1000)
	late   = 10 * time.Minute
)

// A read of what is new begins after the newest event, or as much earlier as events come late if what lies there is little; never before what is
// settled, and in the middle of what was there at its last event.
func TestHead(t *testing.T) {
	full := newMemory() // a hundred bytes a second for ten minutes
	for at := t0 - 600*second; at <= t0; at += second {
		full.add(at, uint64(at), 100)
	}
	for name, c := range map[string]struct {
		p       position
		now     int64
		want    span
		settles bool
	}{
		"at its start":                     {startAt(t0), t0 + 60*second, span{t0, t0 + 60*second}, true},
		"everything before is settled":     {position{newest: t0, settled: t0 + 1}, t0 + 9*second, span{t0 + 1, t0 + 9*second}, true},
		"nothing may be read again":        {position{newest: t0, settled: t0 - 600*second, lateness: 20_000, credit: 1000}, t0 + 9*second, span{t0 + 1, t0 + 9*second}, false},
		"as late as events came and a bit": {position{newest: t0, settled: t0 - 600*second, lateness: 20_000, credit: 1e6}, t0 + 9*second, span{t0 + 1 - 22*second, t0 + 9*second}, false},
		"thirty seconds at most":           {position{newest: t0, settled: t0 - 600*second, lateness: 300_000, credit: 1e6}, t0 + 9*second, span{t0 + 1 - 30*second, t0 + 9*second}, false},
		"five seconds at least":            {position{newest: t0, settled: t0 - 600*second, lateness: 10, credit: 1e6}, t0 + 9*second, span{t0 + 1 - 5*second, t0 + 9*second}, false},
		"not before what is settled":       {position{newest: t0, settled: t0 - 2*second, lateness: 20_000, credit: 1e6}, t0 + 9*second, span{t0 - 2*second, t0 + 9*second}, true},
		"in the middle":                    {position{newest: t0, settled: t0 - 600*second, open: true, credit: 1e6}, t0 + 9*second, span{t0, t0 + 9*second}, false},
		"in the middle of a backlog":       {position{newest: t0, settled: t0, open: true}, t0 + 9*second, span{t0, t0 + 9*second}, true},
		"the clock was set back":           {position{newest: t0, settled: t0 - 600*second}, t0 - 60*second, span{t0 + 1, t0 + 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, settles := c.p.head(c.now, full)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.settles, settles)
		})
	}
}

// A sweep reads from what is settled to what can't come late any more, where that is a minute or more, five minutes after the last one at the earliest.
func TestSweep(t *testing.T) {
	for name, c := range map[string]struct {
		p    position
		want span
		due  bool
	}{
		"due":                         {position{newest: t0 - second, settled: t0 - 900*second, lastSweep: t0 - 300*second}, span{t0 - 900*second, t0 - 600*second}, true},
		"too soon":                    {position{newest: t0 - second, settled: t0 - 900*second, lastSweep: t0 - 299*second}, span{}, false},
		"too short":                   {position{newest: t0 - second, settled: t0 - 659*second, lastSweep: t0 - 900*second}, span{}, false},
		"long enough":                 {position{newest: t0 - second, settled: t0 - 660*second, lastSweep: t0 - 900*second}, span{t0 - 660*second, t0 - 600*second}, true},
		"a backlog is read":           {position{newest: t0 - second, settled: t0 - 900*second, open: true}, span{}, false},
		"all of it is settled":        {position{newest: t0 - 900*second, settled: t0 - 899*second}, span{}, false},
		"events come later than that": {position{newest: t0 - second, settled: t0 - 2000*second, lateMax: 800 * second}, span{t0 - 2000*second, t0 - 1200*second}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, due := c.p.sweep(t0, late)
			assert.Equal(t, c.due, due)
			assert.Equal(t, c.want, got)
		})
	}
}

// Late events are waited for as long as is configured, longer where they come later, and three times that at most.
func TestLateWindow(t *testing.T) {
	for lateMax, want := range map[int64]int64{0: 600, 400: 600, 500: 750, 1000: 1500, 1200: 1800, 86_400: 1800} {
		p := position{lateMax: lateMax * second}
		assert.Equal(t, want*second, p.lateWindow(late), "%d seconds late", lateMax)
	}
}

// What was read up to a time is settled as far as nothing can come late to it any more. It never becomes unsettled.
func TestSettle(t *testing.T) {
	p := position{settled: t0 - 1000*second}
	p.settle(t0-700*second, t0, late)
	assert.Equal(t, t0-700*second, p.settled, "all that was read")
	p.settle(t0, t0, late)
	assert.Equal(t, t0-600*second, p.settled, "less the late window")
	p.settle(t0-650*second, t0, late)
	assert.Equal(t, t0-600*second, p.settled)
}

// The delay of events is noted at once where it grows, and fades where it falls.
func TestObserve(t *testing.T) {
	event := func(delay int64) []model.LogEvent {
		return []model.LogEvent{{Timestamp: t0, Ingested: t0 + second}, {Timestamp: t0, Ingested: t0 + delay}}
	}
	p := startAt(t0)
	assert.Equal(t, 30*second, p.lateness)
	p.observe(event(500 * second))
	assert.Equal(t, 500*second, p.lateness)
	assert.Equal(t, 500*second, p.lateMax)
	for range 100 {
		p.observe(event(2 * second))
	}
	assert.InDelta(t, 500*0.1326, float64(p.lateness)/1000, 1, "by a fiftieth each time")
	assert.InDelta(t, 500*0.8186, float64(p.lateMax)/1000, 1, "by a five-hundredth")
	for range 5000 {
		p.observe(event(2 * second))
	}
	assert.Equal(t, 2*second, p.lateness)
}

// Overlaps may read three quarters of a byte again for each that is new; what they save up is bounded, and less so while everything is settled as it
// is read.
func TestEarn(t *testing.T) {
	var p position
	p.earn(1000, 0, false)
	assert.InDelta(t, 750, p.credit, 0)
	p.earn(0, 500, false)
	assert.InDelta(t, 250, p.credit, 0)
	p.earn(0, 9000, true)
	assert.InDelta(t, 250, p.credit, 0, "a read that settles is none too many")
	p.earn(1<<30, 0, true)
	assert.InDelta(t, quietCredit, p.credit, 0)
	p.earn(1<<30, 0, false)
	assert.InDelta(t, overlapCredit, p.credit, 0)
	p.earn(1<<20, 0, true)
	assert.InDelta(t, overlapCredit, p.credit, 0, "it is not taken away")
}

// What lies before the oldest time that can be read is lost from the last read on, and not what was read.
func TestClampPosition(t *testing.T) {
	for name, c := range map[string]struct {
		p      position
		oldest int64
		after  position
		lost   span
		ok     bool
	}{
		"nothing is lost":  {position{newest: t0, settled: t0 - 600*second, readTo: t0 + 9*second}, t0 - 900*second, position{newest: t0, settled: t0 - 600*second, readTo: t0 + 9*second}, span{}, false},
		"what is late may": {position{newest: t0, settled: t0 - 600*second, readTo: t0 + 9*second}, t0 - 300*second, position{newest: t0, settled: t0 - 300*second, readTo: t0 + 9*second}, span{}, false},
		"it was quiet, and was read": {
			position{newest: t0, settled: t0 - 600*second, readTo: t0 + 3600*second},
			t0 + 60*second,
			position{newest: t0 + 60*second - 1, settled: t0 + 60*second, readTo: t0 + 3600*second},
			span{},
			false,
		},
		"since the last read": {
			position{newest: t0, settled: t0 - 600*second, readTo: t0 + 9*second},
			t0 + 60*second,
			position{newest: t0 + 60*second - 1, settled: t0 + 60*second, readTo: t0 + 60*second},
			span{t0 + 9*second, t0 + 60*second},
			true,
		},
		"in the middle of a backlog": {
			position{newest: t0, settled: t0, readTo: t0 - 900*second, open: true},
			t0 + 60*second,
			position{newest: t0 + 60*second - 1, settled: t0 + 60*second, readTo: t0 + 60*second},
			span{t0 + 1, t0 + 60*second},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			lost, ok := c.p.clamp(c.oldest)
			assert.Equal(t, c.lost, lost)
			assert.Equal(t, c.ok, ok)
			assert.Equal(t, c.after, c.p)
		})
	}
}
