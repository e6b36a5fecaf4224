package traces

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// fetched is how many different traces of a minute were asked for, by the minute that they began in.
func fetched(b *bench) map[int64]int {
	seen, minutes := map[string]bool{}, map[int64]int{}
	for _, ids := range b.client.got() {
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				minutes[b.client.byID[id].began.Unix()/60]++
			}
		}
	}
	return minutes
}

type limit struct {
	traces   int // of a minute
	interval time.Duration
}

// However many traces there are, no more of a minute are retrieved than the user allows, whatever the windows' length, over both readings. What was
// left out is counted once.
func TestCapHolds(t *testing.T) {
	for _, l := range []limit{{20, 30 * time.Second}, {30, 5 * time.Minute}, {60, 10 * time.Second}} {
		t.Run(fmt.Sprint(l.traces, " in windows of ", l.interval), l.holds)
	}
}

func (l limit) holds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), func(config *Config) { config.PollInterval, config.XRay.MaxTracesPerMinute = l.interval, l.traces })
		n := 0
		for at := time.Duration(0); at < 20*time.Minute; at += time.Second {
			first := step{after: early, documents: []document{{id: segmentID(n, 0)}}}
			switch n % 3 {
			case 1: // comes after the first reading
				first.after = late
				b.client.trace(began.Add(at), n, first)
			case 2: // grows
				b.client.trace(began.Add(at), n, first, step{after: late, documents: []document{{id: segmentID(n, 0)}, {id: segmentID(n, 1)}}})
			default:
				b.client.trace(began.Add(at), n, first)
			}
			n++
		}
		stop := b.run(t.Context())
		time.Sleep(40 * time.Minute)
		stop()
		all, most := 0, 0
		for _, got := range fetched(b) {
			all, most = all+got, max(most, got)
		}
		if time.Minute%l.interval == 0 {
			assert.LessOrEqual(t, most, l.traces, "of a minute")
		}
		window := int(l.interval / time.Second)
		seconds := (1200 + window - 1) / window * window
		assert.InDelta(t, l.traces*seconds/60, all, 1, "all that is allowed, since there is more")
		assert.EqualValues(t, n-all, b.counted("left out"))
	})
}

// Where there are more traces than may be retrieved, those with faults are among them.
func TestFaultsAreAmongThoseRetrieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.XRay.MaxTracesPerMinute = 20 })
		var faults []*scripted
		for n := range 600 {
			s := b.client.trace(began.Add(time.Duration(n)*time.Second), n)
			if n%30 == 17 {
				s.Fault = true
				faults = append(faults, s)
			}
		}
		stop := b.run(t.Context())
		time.Sleep(30 * time.Minute)
		stop()
		for _, s := range faults {
			assert.Equal(t, 1, b.came()[w3c(s.ID)+"/"+b.client.byID[s.ID].steps[0].documents[0].id])
		}
		assert.Len(t, b.came(), 200)
	})
}

// The cap and the counts of what was left out hold over failures and a restart between the readings, and in the middle of one.
func TestCapHoldsOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.XRay.MaxTracesPerMinute = 30 })
		b.client.every(time.Second/2, began, 20*time.Minute)
		b.Store, b.client.latency = disk.Open(t), time.Second
		calls := 0
		b.client.getting = func([]string) ([]string, error) {
			if calls++; calls%7 == 0 {
				return nil, failure(aws.Server, "InternalFailure")
			}
			return nil, nil
		}
		for range 61 {
			b.restart()
			stop := b.run(t.Context())
			time.Sleep(37*time.Second + 300*time.Millisecond)
			stop()
		}
		for minute, got := range fetched(b) {
			assert.LessOrEqual(t, got, 30, "minute %d", minute)
		}
		came := b.came()
		require.Len(t, came, 600)
		for span, n := range came {
			require.Equal(t, 1, n, span)
		}
		assert.EqualValues(t, 1800, b.counted("left out"))
		assert.Zero(t, b.counted("checkpoint"))
	})
}

// The cap is that of a minute also where windows are so short that a part of a trace falls to each.
func TestCapOfShortWindowsHolds(t *testing.T) {
	for _, l := range []limit{{1, 30 * time.Second}, {5, 10 * time.Second}, {7, 10 * time.Second}, {25, 45 * time.Second}} {
		t.Run(fmt.Sprint(l.traces, " in windows of ", l.interval), l.holds)
	}
}
