package awsapigatewayreceiver

import (
	"maps"
	"os"
	"slices"
	"testing"
)

// The race detector makes work several times as long. make test runs all tests under it but those that say otherwise here, whose code others run as well,
// and then these alone, without it: scripts/unraced finds them by the calls of these two functions. RACE=all runs everything under it.
var raceAll = os.Getenv("RACE") == "all"

// withoutRace leaves a test to the run without the race detector.
func withoutRace(t *testing.T) {
	t.Helper()
	if raced && !raceAll {
		t.Skip("runs without the race detector")
	}
}

// fewerRaced leaves cases of a test to the run without the race detector, all but some.
func fewerRaced[T any](cases map[string]T, some ...string) map[string]T {
	if raced && !raceAll {
		maps.DeleteFunc(cases, func(name string, _ T) bool { return !slices.Contains(some, name) })
	}
	return cases
}
