package faults

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shortSeed is that of the short schedule, which is the same at each run of the tests.
const shortSeed = 1

// TestNothingIsLostOrTwice has no fault at all: what comes is what happened.
func TestNothingIsLostOrTwice(t *testing.T) {
	t.Parallel()
	s := &schedule{seed: shortSeed, lateMetrics: time.Second, lateLogs: time.Second, lateSegments: time.Second}
	play(t, s, limits{before: 4 * time.Minute, deadline: 4 * time.Minute, settle: 30 * time.Second})
}

func TestShortSchedule(t *testing.T) {
	t.Parallel()
	// It takes one minute, but where an event that came late waits for a sweep of its log group, which are five apart.
	play(t, shortSchedule(shortSeed), limits{before: 4 * time.Minute, deadline: 8 * time.Minute, settle: 45 * time.Second})
}

// TestLongSchedules runs FAULTS_SEEDS seeds, from FAULTS_SEED on; without that, from one that differs from run to run.
func TestLongSchedules(t *testing.T) {
	if os.Getenv("FAULTS_SEEDS") == "" {
		t.Skip("make faults runs it: a seed takes some ten minutes")
	}
	n, err := strconv.ParseUint(os.Getenv("FAULTS_SEEDS"), 10, 32)
	require.NoError(t, err)
	first := uint64(time.Now().Unix())
	if v := os.Getenv("FAULTS_SEED"); v != "" {
		first, err = strconv.ParseUint(v, 10, 64)
		require.NoError(t, err)
	}
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newSchedule(seed)
			play(t, s, limits{before: 4 * time.Minute, after: max(4*time.Minute, s.outage()+2*time.Minute), deadline: s.end() + 10*time.Minute, settle: 2 * time.Minute})
		})
	}
}
