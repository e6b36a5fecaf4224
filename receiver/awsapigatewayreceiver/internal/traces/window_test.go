package traces

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// begins are the scans that begin a list, by window.
func begins(scans []scan) map[model.Window][]scan {
	first := map[model.Window][]scan{}
	for _, s := range scans {
		if s.token == "" {
			first[s.Window] = append(first[s.Window], s)
		}
	}
	return first
}

// assertCovered says that the windows follow each other, without a gap or an overlap, from one time to another at least.
func assertCovered(t *testing.T, scans []scan, from, to int64) {
	t.Helper()
	windows := slices.SortedFunc(maps.Keys(begins(scans)), func(a, b model.Window) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	at := from
	for _, w := range windows {
		require.Equal(t, at, w.Start, "%d s after the first", at-from)
		at = w.End
	}
	require.GreaterOrEqual(t, at, to)
}

// assertScannedTwice says that each window was scanned at delay and at settle, no later than slack after that, and not more often.
func assertScannedTwice(t *testing.T, b *bench, from, to int64, slack time.Duration) {
	t.Helper()
	for w, scans := range begins(b.client.made()) {
		if w.Start < from || w.End > to {
			continue
		}
		require.Len(t, scans, 2, "%d", w.Start-from)
		end := time.Unix(w.End, 0)
		for i, after := range []time.Duration{b.Config.Delay, b.Config.Settle} {
			late := scans[i].at.Sub(end.Add(after))
			require.GreaterOrEqual(t, late, time.Duration(0), "scan %d of %d", i, w.Start-from)
			require.LessOrEqual(t, late, slack, "scan %d of %d", i, w.Start-from)
		}
	}
}

// Each window is scanned at delay and once more at settle, on the minute's own seconds, and each trace is in one.
func TestEachWindowIsScannedTwice(t *testing.T) {
	for _, interval := range []time.Duration{10 * time.Second, 30 * time.Second, 35 * time.Second, 5 * time.Minute} {
		t.Run(interval.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(7 * time.Second) // starts are at any time
				began := time.Now()
				b := newBench(t, oneAPI.snapshot(t), func(c *Config) { c.PollInterval = interval })
				b.client.every(5*time.Second, began, time.Hour)
				stop := b.run(t.Context())
				time.Sleep(90 * time.Minute)
				stop()
				for w := range begins(b.client.made()) {
					require.Zero(t, w.Start%int64(interval/time.Second))
					require.EqualValues(t, interval/time.Second, w.End-w.Start)
				}
				first := began.Add(-11 * time.Minute).Unix()
				first -= first % int64(interval/time.Second)
				assertCovered(t, b.client.made(), first, began.Add(time.Hour).Unix())
				assertScannedTwice(t, b, began.Unix(), began.Add(time.Hour).Unix(), interval/20+time.Millisecond)
				came := b.came()
				assert.Len(t, came, 720)
				for span, n := range came {
					require.Equal(t, 1, n, span)
				}
				assert.EqualValues(t, 720, b.counted("retrieved"))
				assert.Empty(t, b.client.retrievals)
			})
		})
	}
}

// What was over before the start is scanned once, where it has settled, and what has not is scanned again.
func TestSettledWindowIsScannedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, oneAPI.snapshot(t), nil)
		stop := b.run(t.Context())
		time.Sleep(30 * time.Minute)
		stop()
		for w, scans := range begins(b.client.made()) {
			want := 2
			if !time.Unix(w.End, 0).Add(b.Config.Settle).After(began) {
				want = 1
			}
			if time.Unix(w.End, 0).Add(b.Config.Settle).Before(time.Now()) {
				assert.Len(t, scans, want, "the window that ends %v before the start", began.Sub(time.Unix(w.End, 0)))
			}
		}
	})
}

// Windows go on without a gap where poll_interval is another after a restart, and those that are open are scanned once more as they were.
func TestPollIntervalChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		disk := &checkpointtest.Disk{}
		b := newBench(t, oneAPI.snapshot(t), nil)
		b.client.every(5*time.Second, began, 80*time.Minute)
		b.Store = disk.Open(t)
		for _, interval := range []time.Duration{30 * time.Second, 5 * time.Minute, 10 * time.Second, 45 * time.Second, 140 * time.Second, 10 * time.Second} {
			b.Config.PollInterval = interval
			b.restart()
			stop := b.run(t.Context())
			time.Sleep(15*time.Minute + 3*time.Second)
			stop()
		}
		first := began.Add(-11 * time.Minute).Unix()
		assertCovered(t, b.client.made(), first-first%30, began.Add(80*time.Minute).Unix())
		for w, scans := range begins(b.client.made()) {
			require.LessOrEqual(t, len(scans), 2, "%d to %d", w.Start-began.Unix(), w.End-began.Unix())
		}
		assert.Len(t, b.came(), 960)
		for span, n := range b.came() {
			require.Equal(t, 1, n, span)
		}
		assert.Zero(t, b.counted("checkpoint"))
	})
}
